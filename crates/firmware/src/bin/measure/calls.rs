//! The calls that are measured, in the order of a conversation.
use crate::{Rx, Session, Told, Tx, full::*, gauge::Gauge, measured};
use core::{hint::black_box, mem::MaybeUninit};
use motemq::{Connect, Filter, PacketId, Publish, QoS};

const PAYLOAD: [u8; 64] = [b'x'; 64];
const MESSAGE: Publish<'_> = Publish::to("plant/7/pressure").payload(&PAYLOAD);
const FILTERS: [Filter<'_>; 1] = [Filter::new("plant/+/command", QoS::ExactlyOnce)];

/// What a broker says: the same message, with identifier 5 if it has one.
const HEAD_0: [u8; 20] = *b"\x30\x52\0\x10plant/7/pressure";
const HEAD_1: [u8; 22] = *b"\x32\x54\0\x10plant/7/pressure\0\x05";
const HEAD_2: [u8; 22] = *b"\x34\x54\0\x10plant/7/pressure\0\x05";

struct Node {
    session: Session,
    rx: Rx,
    tx: Tx,
}

impl Node {
    fn hears(&mut self, pieces: &[&[u8]]) {
        self.tx.clear();
        for piece in pieces {
            self.rx.space()[..piece.len()].copy_from_slice(piece);
            self.rx.commit(piece.len());
        }
    }

    fn next_event(&mut self, gauge: &Gauge, what: &str, pieces: &[&[u8]]) {
        self.hears(pieces);
        let mut told: Told<'_> = MaybeUninit::uninit();
        let (measured, ()) = measured!(mq_next_event(
            &mut self.session,
            &mut self.rx,
            &mut self.tx,
            &mut told
        ));
        // SAFETY: the call has written it.
        #[allow(unsafe_code)]
        gauge.tell((measured, unsafe { told.assume_init() }), what);
    }

    fn publish(&mut self, gauge: &Gauge, what: &str, message: &Publish<'_>) {
        self.tx.clear();
        gauge.tell(
            measured!(mq_publish(&mut self.session, message, &mut self.tx)),
            what,
        );
    }

    fn tick(&mut self, gauge: &Gauge, what: &str, now: u32) {
        gauge.tell(
            measured!(mq_tick(&mut self.session, now, &mut self.tx)),
            what,
        );
    }

    fn connect(&mut self, gauge: &Gauge, what: &str) {
        let hello = Connect::new("node-7")
            .keep_session()
            .login("node", b"secret")
            .will(Publish::to("gone").payload(b"node-7"));
        gauge.tell(
            measured!(mq_connect(
                &mut self.session,
                &hello,
                &mut self.rx,
                &mut self.tx
            )),
            what,
        );
    }
}

/// Links the entry points that are not measured: with them all, the others are compiled as for the
/// sizes.
fn link_the_rest() {
    black_box(mq_is_closed as extern "C" fn(_) -> _);
    black_box(mq_oldest_in_flight as extern "C" fn(_) -> _);
    black_box(mq_publish_direct as extern "C" fn(_, _, _) -> _);
    black_box(mq_rx_commit as extern "C" fn(_, _));
    black_box(mq_rx_space as extern "C" fn(_, _));
    black_box(mq_tx_bytes as extern "C" fn(_, _));
    black_box(mq_tx_consume as extern "C" fn(_, _));
}

pub fn measure(gauge: &Gauge) {
    link_the_rest();
    let mut node = Node {
        session: Session::new(),
        rx: Rx::new(),
        tx: Tx::new(),
    };
    node.connect(gauge, "connect: with will, user and password");
    node.next_event(gauge, "next_event: CONNACK", &[b"\x20\x02\0\0"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_subscribe(&mut node.session, &&FILTERS[..], &mut node.tx)),
        "subscribe: one filter",
    );
    node.next_event(gauge, "next_event: SUBACK", &[b"\x90\x03\0\x01\x02"]);
    node.publish(gauge, "publish: QoS 0, 64 bytes", &MESSAGE);
    node.publish(
        gauge,
        "publish: QoS 1, 64 bytes",
        &MESSAGE.qos(QoS::AtLeastOnce),
    );
    node.next_event(gauge, "next_event: PUBACK", &[b"\x40\x02\0\x02"]);
    node.publish(
        gauge,
        "publish: QoS 2, 64 bytes",
        &MESSAGE.qos(QoS::ExactlyOnce),
    );
    node.next_event(gauge, "next_event: PUBREC", &[b"\x50\x02\0\x03"]);
    node.next_event(
        gauge,
        "next_event: PUBCOMP, with PUBREL due",
        &[b"\x70\x02\0\x03"],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 0, 64 bytes",
        &[&HEAD_0, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 1, 64 bytes",
        &[&HEAD_1, &PAYLOAD],
    );
    node.next_event(gauge, "next_event: nothing but PUBACK due", &[]);
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 2, 64 bytes",
        &[&HEAD_2, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBREL, with PUBREC due",
        &[b"\x62\x02\0\x05"],
    );
    node.publish(
        gauge,
        "publish: QoS 0, the beginning of a stream",
        &Publish::to(MESSAGE.topic()).remaining(64),
    );
    node.tx.clear();
    gauge.tell(
        measured!(mq_publish_chunk(
            &mut node.session,
            &&PAYLOAD[..],
            &mut node.tx
        )),
        "publish_chunk: 64 bytes",
    );
    node.tx.clear();
    node.tick(gauge, "tick: nothing to do", 1);
    node.tick(gauge, "tick: PINGREQ", 60_000);
    node.next_event(gauge, "next_event: PINGRESP", &[b"\xd0\0"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_unsubscribe(
            &mut node.session,
            &&FILTERS[..],
            &mut node.tx
        )),
        "unsubscribe: one filter",
    );
    node.next_event(gauge, "next_event: UNSUBACK", &[b"\xb0\x02\0\x04"]);

    // Two messages are lost with the connection.
    node.tx.clear();
    let message = MESSAGE.payload(&PAYLOAD[..8]).qos(QoS::ExactlyOnce);
    for _ in 0..2 {
        let _ = mq_publish(&mut node.session, &message, &mut node.tx);
    }
    mq_on_connection_lost(&mut node.session);
    node.connect(gauge, "connect: again");
    node.next_event(gauge, "next_event: CONNACK, resumed", &[b"\x20\x02\x01\0"]);
    node.next_event(gauge, "next_event: what to resend", &[]);
    node.tx.clear();
    let first = PacketId::new(5).unwrap_or(PacketId::MIN);
    gauge.tell(
        measured!(mq_republish(
            &mut node.session,
            first,
            &message,
            &mut node.tx
        )),
        "republish: QoS 2, 8 bytes",
    );
    node.next_event(gauge, "next_event: what to resend next", &[]);
    node.tx.clear();
    let second = PacketId::new(6).unwrap_or(PacketId::MIN);
    gauge.tell(
        measured!(mq_abandon(&mut node.session, second, &mut node.tx)),
        "abandon: QoS 2",
    );
    node.tx.clear();
    gauge.tell(
        measured!(mq_disconnect(&mut node.session, &mut node.tx)),
        "disconnect",
    );
}
