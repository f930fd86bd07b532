//! The calls that are measured, in the order of a conversation.
use crate::{List, Rx, Session, Told, Tx, full::*, gauge::Gauge, measured, v5::*};
use core::{hint::black_box, mem::MaybeUninit};
use motemq::{
    Connect, Filter, PacketId, Property, Publish, QoS, ReasonCode, RetainHandling,
    SubscriptionOptions,
};

const PAYLOAD: [u8; 64] = [b'x'; 64];
const MESSAGE: Publish<'_> = Publish::to("plant/7/pressure");
const BARE: Publish<'_, List<'_>> = MESSAGE.payload(&PAYLOAD).properties(&[]);
const OPTIONS: SubscriptionOptions = SubscriptionOptions {
    no_local: true,
    retain_as_published: false,
    retain_handling: RetainHandling::SendAtSubscribe,
};
const FILTERS: [Filter<'_, SubscriptionOptions>; 1] =
    [Filter::new("plant/+/command", QoS::ExactlyOnce).options(OPTIONS)];

/// What a server says: the same message with a content type, and with identifier 5 if it has one.
const HEAD_0: [u8; 26] = *b"\x30\x58\0\x10plant/7/pressure\x05\x03\0\x02tx";
const HEAD_1: [u8; 28] = *b"\x32\x5a\0\x10plant/7/pressure\0\x05\x05\x03\0\x02tx";
const HEAD_2: [u8; 28] = *b"\x34\x5a\0\x10plant/7/pressure\0\x05\x05\x03\0\x02tx";

struct Node {
    session: Session,
    rx: Rx,
    tx: Tx,
}

impl Node {
    fn next_event(&mut self, gauge: &Gauge, what: &str, pieces: &[&[u8]]) {
        self.tx.clear();
        for piece in pieces {
            self.rx.space()[..piece.len()].copy_from_slice(piece);
            self.rx.commit(piece.len());
        }
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

    fn publish(&mut self, gauge: &Gauge, what: &str, message: &Publish<'_, List<'_>>) {
        self.tx.clear();
        gauge.tell(
            measured!(mq_publish(&mut self.session, message, &mut self.tx)),
            what,
        );
    }

    fn connect(&mut self, gauge: &Gauge, what: &str) {
        let method = [Property::AuthenticationMethod("m".into())];
        let hello = Connect::new("node-7")
            .keep_session()
            .properties(&method)
            .login("node", b"secret")
            .will(Publish::to("gone").payload(b"node-7").properties(&[]));
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
        session: Session::with_protocol(),
        rx: Rx::new(),
        tx: Tx::new(),
    };
    let properties = [
        Property::MessageExpiryInterval(60),
        Property::ContentType("text/plain".into()),
        Property::UserProperty {
            name: "unit".into(),
            value: "hPa".into(),
        },
    ];
    let message = MESSAGE.payload(&PAYLOAD[..16]).properties(&properties);
    let method = [Property::AuthenticationMethod("m".into())];
    node.connect(gauge, "connect: with will, login and a property");
    node.next_event(gauge, "next_event: AUTH", &[b"\xf0\x06\x18\x04\x15\0\x01m"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_authenticate(
            &mut node.session,
            ReasonCode::CONTINUE_AUTHENTICATION,
            &&method[..],
            &mut node.tx
        )),
        "authenticate: one property",
    );
    node.next_event(
        gauge,
        "next_event: CONNACK with three properties",
        &[b"\x20\x0f\0\0\x0c\x21\0\x08\x27\0\0\x01\0\x15\0\x01m"],
    );
    node.tx.clear();
    let identifier = [Property::SubscriptionIdentifier(7)];
    gauge.tell(
        measured!(mq_subscribe(
            &mut node.session,
            &&FILTERS[..],
            &&identifier[..],
            &mut node.tx
        )),
        "subscribe: one filter with options, and a property",
    );
    node.next_event(gauge, "next_event: SUBACK", &[b"\x90\x04\0\x01\0\x02"]);
    node.publish(gauge, "publish: QoS 0, 64 bytes", &BARE);
    node.publish(
        gauge,
        "publish: QoS 0, 16 bytes, three properties",
        &message,
    );
    let message = message.qos(QoS::AtLeastOnce);
    node.publish(
        gauge,
        "publish: QoS 1, 16 bytes, three properties",
        &message,
    );
    node.next_event(
        gauge,
        "next_event: PUBACK that refuses, with a reason",
        &[b"\x40\x0c\0\x02\x97\x08\x1f\0\x05quota"],
    );
    let message = message.qos(QoS::ExactlyOnce);
    node.publish(
        gauge,
        "publish: QoS 2, 16 bytes, three properties",
        &message,
    );
    node.next_event(gauge, "next_event: PUBREC", &[b"\x50\x02\0\x03"]);
    node.next_event(
        gauge,
        "next_event: PUBCOMP, with PUBREL due",
        &[b"\x70\x02\0\x03"],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 0, 64 bytes, a property",
        &[&HEAD_0, &PAYLOAD],
    );
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 1, 64 bytes, a property",
        &[&HEAD_1, &PAYLOAD],
    );
    gauge.tell(
        measured!(mq_refuse(&mut node.session, ReasonCode::QUOTA_EXCEEDED)),
        "refuse",
    );
    node.next_event(gauge, "next_event: nothing but PUBACK due", &[]);
    node.next_event(
        gauge,
        "next_event: PUBLISH with QoS 2, 64 bytes, a property",
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
        &BARE.payload(&[]).remaining(64),
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
    for (now, what) in [(1u32, "tick: nothing to do"), (60_000, "tick: PINGREQ")] {
        gauge.tell(
            measured!(mq_tick(&mut node.session, now, &mut node.tx)),
            what,
        );
    }
    node.next_event(gauge, "next_event: PINGRESP", &[b"\xd0\0"]);
    node.tx.clear();
    gauge.tell(
        measured!(mq_unsubscribe(
            &mut node.session,
            &&FILTERS[..],
            &&[][..],
            &mut node.tx
        )),
        "unsubscribe: one filter",
    );
    node.next_event(gauge, "next_event: UNSUBACK", &[b"\xb0\x04\0\x04\0\0"]);

    // Two messages are lost with the connection.
    node.tx.clear();
    let message = BARE.payload(&PAYLOAD[..8]).qos(QoS::ExactlyOnce);
    for _ in 0..2 {
        let _ = mq_publish(&mut node.session, &message, &mut node.tx);
    }
    mq_on_connection_lost(&mut node.session);
    node.connect(gauge, "connect: again");
    node.next_event(
        gauge,
        "next_event: CONNACK, resumed",
        &[b"\x20\x07\x01\0\x04\x15\0\x01m"],
    );
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
        measured!(mq_disconnect(
            &mut node.session,
            ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
            &&properties[2..],
            &mut node.tx
        )),
        "disconnect: with the will and a property",
    );
}
