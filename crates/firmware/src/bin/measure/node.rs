//! The session with its buffers, whose calls both programs measure.
use crate::{List, Rx, Session, Told, Tx, full::*, gauge::Gauge, measured};
use core::{hint::black_box, mem::MaybeUninit};
use motemq::{Connect, PacketId, Publish};

/// The payload of the messages, or of the longest one.
pub const PAYLOAD: [u8; 64] = [b'x'; 64];

/// A session and its buffers. Each method makes one call, and tells what it took.
pub struct Node {
    pub session: Session,
    pub rx: Rx,
    pub tx: Tx,
}

impl Node {
    /// Makes a session without a past. Links the entry points that are not measured: with them all,
    /// the others are compiled as for the sizes.
    pub fn new() -> Self {
        black_box(mq_is_closed as extern "C" fn(_) -> _);
        black_box(mq_oldest_in_flight as extern "C" fn(_) -> _);
        black_box(mq_publish_direct as extern "C" fn(_, _, _) -> _);
        black_box(mq_rx_commit as extern "C" fn(_, _));
        black_box(mq_rx_space as extern "C" fn(_, _));
        black_box(mq_tx_bytes as extern "C" fn(_, _));
        black_box(mq_tx_consume as extern "C" fn(_, _));
        Node {
            session: Session::with_protocol(),
            rx: Rx::new(),
            tx: Tx::new(),
        }
    }

    /// Receives the pieces of a packet.
    pub fn next_event(&mut self, gauge: &Gauge, what: &str, pieces: &[&[u8]]) {
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

    /// Connects.
    pub fn connect(&mut self, gauge: &Gauge, what: &str, hello: &Connect<'_, List<'_>>) {
        gauge.tell(
            measured!(mq_connect(
                &mut self.session,
                hello,
                &mut self.rx,
                &mut self.tx
            )),
            what,
        );
    }

    /// Publishes a message.
    pub fn publish(&mut self, gauge: &Gauge, what: &str, message: &Publish<'_, List<'_>>) {
        self.tx.clear();
        gauge.tell(
            measured!(mq_publish(&mut self.session, message, &mut self.tx)),
            what,
        );
    }

    /// Publishes the beginning of a message without a payload, and then 64 bytes of it. Passes the
    /// time.
    pub fn stream_and_tick(&mut self, gauge: &Gauge, message: Publish<'_, List<'_>>) {
        self.publish(
            gauge,
            "publish: QoS 0, the beginning of a stream",
            &message.payload(&[]).remaining(64),
        );
        self.tx.clear();
        gauge.tell(
            measured!(mq_publish_chunk(
                &mut self.session,
                &&PAYLOAD[..],
                &mut self.tx
            )),
            "publish_chunk: 64 bytes",
        );
        self.tx.clear();
        for (now, what) in [(1u32, "tick: nothing to do"), (60_000, "tick: PINGREQ")] {
            gauge.tell(
                measured!(mq_tick(&mut self.session, now, &mut self.tx)),
                what,
            );
        }
        self.next_event(gauge, "next_event: PINGRESP", &[b"\xd0\0"]);
        self.tx.clear();
    }

    /// Publishes a message with QoS 2 twice, and loses the connection.
    pub fn lose_two(&mut self, message: &Publish<'_, List<'_>>) {
        self.tx.clear();
        for _ in 0..2 {
            let _ = mq_publish(&mut self.session, message, &mut self.tx);
        }
        mq_on_connection_lost(&mut self.session);
    }

    /// Sends the first of two lost messages again, and abandons the second. Their identifiers are 5
    /// and 6.
    pub fn resend_two(&mut self, gauge: &Gauge, message: &Publish<'_, List<'_>>) {
        self.next_event(gauge, "next_event: what to resend", &[]);
        self.tx.clear();
        let first = PacketId::new(5).unwrap_or(PacketId::MIN);
        gauge.tell(
            measured!(mq_republish(
                &mut self.session,
                first,
                message,
                &mut self.tx
            )),
            "republish: QoS 2, 8 bytes",
        );
        self.next_event(gauge, "next_event: what to resend next", &[]);
        self.tx.clear();
        let second = PacketId::new(6).unwrap_or(PacketId::MIN);
        gauge.tell(
            measured!(mq_abandon(&mut self.session, second, &mut self.tx)),
            "abandon: QoS 2",
        );
        self.tx.clear();
    }
}
