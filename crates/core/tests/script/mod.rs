//! Tests of the core as dialogues that read like tables: no sockets, a virtual clock, packets in and
//! packets out.
//!
//! ```text
//! let mut d = Dialogue::<2>::open();            // 2 slots; connected with a clean session
//! // These bytes arrive, and exactly these events are emitted.
//! d.receives(publish("t").qos1(5).payload(b"hi"), &[message("t", b"hi").qos1(5)]);
//! d.sends(puback(5));                           // exactly these bytes are in tx; they leave
//! assert_eq!(d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)), Ok(Some(id(1))));
//! d.sends(publish("a").qos1(1));
//! d.receives(puback(1), &[acked(1)]);
//! d.receives(b"\xd0\x01", &[fault(Fault::Malformed)]); // a fault comes last, and closes
//! d.sends_nothing();
//! ```
//!
//! Everything that is received is received twice: at once, and by a copy of the dialogue byte by
//! byte. Both must emit the same events, once the pieces of payloads larger than `rx` are joined,
//! and send the same bytes.
//!
//! Where the meaning of packets is the point, [`motemq_testing::packets`] builds them; where their form is the
//! point, bytes are written out.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod manual;

use motemq::*;
pub use motemq_testing::packets::*;

/// A session with its buffers, and methods for both ends of its connection.
#[derive(Clone)]
pub struct Dialogue<
    const SLOTS: usize = 8,
    const RX: usize = 256,
    const TX: usize = 256,
    P: Profile = Full,
> {
    pub session: Session<[Slot; SLOTS], Mqtt311<P>>,
    pub rx: Buffer<[u8; RX]>,
    pub tx: Buffer<[u8; TX]>,
}

/// What a session emits: an [`Event`] that owns its bytes, or a [`Fault`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Emitted {
    Connected(SessionState),
    Message(OwnedMessage),
    Payload(Vec<u8>, u32),
    Skipped(u32),
    Received(u16),
    Acked(u16),
    Subscribed(u16, Vec<u8>),
    Resend(u16, QoS),
    OutcomeUnknown(u16),
    Fault(Fault),
}

/// A [`Message`] that owns its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedMessage {
    pub topic: Vec<u8>,
    pub payload: Vec<u8>,
    pub remaining: u32,
    pub qos: QoS,
    pub id: Option<u16>,
    pub retain: bool,
    pub dup: bool,
    pub is_repeated: bool,
}

/// A packet identifier, which is not 0.
#[track_caller]
pub fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("an identifier is not 0")
}

pub const NEW: Emitted = Emitted::Connected(SessionState::New);
pub const RESUMED: Emitted = Emitted::Connected(SessionState::Resumed);
pub const UNRECOGNIZED: Emitted = Emitted::Connected(SessionState::Unrecognized);

/// A whole message with QoS 0.
pub fn message(topic: &str, payload: &[u8]) -> Emitted {
    let (topic, payload) = (topic.as_bytes().to_vec(), payload.to_vec());
    Emitted::Message(OwnedMessage {
        topic,
        payload,
        remaining: 0,
        qos: QoS::AtMostOnce,
        id: None,
        retain: false,
        dup: false,
        is_repeated: false,
    })
}

pub fn payload(data: &[u8], remaining: u32) -> Emitted {
    Emitted::Payload(data.to_vec(), remaining)
}

pub fn acked(id: u16) -> Emitted {
    Emitted::Acked(id)
}

pub fn received(id: u16) -> Emitted {
    Emitted::Received(id)
}

pub fn subscribed(id: u16, codes: &[u8]) -> Emitted {
    Emitted::Subscribed(id, codes.to_vec())
}

pub fn resend(id: u16, qos: QoS) -> Emitted {
    Emitted::Resend(id, qos)
}

pub fn outcome_unknown(id: u16) -> Emitted {
    Emitted::OutcomeUnknown(id)
}

pub fn fault(fault: Fault) -> Emitted {
    Emitted::Fault(fault)
}

impl Emitted {
    fn change(mut self, change: impl FnOnce(&mut OwnedMessage)) -> Self {
        let Emitted::Message(message) = &mut self else {
            panic!("not a message: {self:?}")
        };
        change(message);
        self
    }

    pub fn qos1(self, id: u16) -> Self {
        self.change(|m| (m.qos, m.id) = (QoS::AtLeastOnce, Some(id)))
    }

    pub fn qos2(self, id: u16) -> Self {
        self.change(|m| (m.qos, m.id) = (QoS::ExactlyOnce, Some(id)))
    }

    pub fn retain(self) -> Self {
        self.change(|m| m.retain = true)
    }

    pub fn dup(self) -> Self {
        self.change(|m| m.dup = true)
    }

    /// The message is marked: it arrived under an identifier that PUBREL has not released.
    pub fn repeated(self) -> Self {
        self.change(|m| m.is_repeated = true)
    }

    /// This many bytes of the payload follow in pieces.
    pub fn remaining(self, remaining: u32) -> Self {
        self.change(|m| m.remaining = remaining)
    }
}

impl From<Event<'_>> for Emitted {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Connected { session, .. } => Emitted::Connected(session),
            Event::Message(m) => Emitted::Message(OwnedMessage {
                topic: m.topic.as_bytes().to_vec(),
                payload: m.payload.to_vec(),
                remaining: m.remaining,
                qos: m.qos(),
                id: m.id().map(PacketId::get),
                retain: m.retain(),
                dup: m.dup(),
                is_repeated: m.is_repeated(),
            }),
            Event::Payload { data, remaining } => Emitted::Payload(data.to_vec(), remaining),
            Event::Skipped { len } => Emitted::Skipped(len),
            Event::Received { id } => Emitted::Received(id.get()),
            Event::Acked { id } => Emitted::Acked(id.get()),
            Event::Subscribed { id, codes, .. } => Emitted::Subscribed(id.get(), codes.to_vec()),
            Event::Resend { id, qos } => Emitted::Resend(id.get(), qos),
            Event::OutcomeUnknown { id } => Emitted::OutcomeUnknown(id.get()),
            other => panic!("{other:?} is not an event of MQTT 3.1.1"),
        }
    }
}

/// The same events with the pieces of each payload joined to its message.
pub fn joined(emitted: &[Emitted]) -> Vec<Emitted> {
    let mut all = Vec::<Emitted>::new();
    for event in emitted {
        match (all.last_mut(), event) {
            (
                Some(
                    Emitted::Message(OwnedMessage {
                        payload, remaining, ..
                    })
                    | Emitted::Payload(payload, remaining),
                ),
                Emitted::Payload(data, then),
            ) => {
                assert_eq!(
                    *remaining,
                    then + data.len() as u32,
                    "`remaining` does not decrease by the length of the piece"
                );
                payload.extend(data);
                *remaining = *then;
            }
            _ => all.push(event.clone()),
        }
    }
    all
}

impl<const SLOTS: usize, const RX: usize, const TX: usize, P: Profile> Dialogue<SLOTS, RX, TX, P> {
    /// A new session without a connection.
    pub fn new() -> Self {
        Dialogue {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    /// Connected with a clean session and without keep alive: CONNECT has left, CONNACK has arrived.
    pub fn open() -> Self {
        let mut d = Self::new();
        d.begin(&Connect::new("c").keep_alive(0));
        d.receives(connack(), &[NEW]);
        d
    }

    /// Connected with a session that is kept and that is new to the broker.
    pub fn open_kept() -> Self {
        let mut d = Self::new();
        d.begin(&Connect::new("c").keep_alive(0).keep_session());
        d.receives(connack(), &[NEW]);
        d
    }

    /// The connection is lost and opened again, and the broker continues the session: exactly these
    /// events are emitted, of which `RESUMED` is one. The buffers are empty, and CONNECT has left.
    #[track_caller]
    pub fn resumes(&mut self, emitted: &[Emitted]) {
        self.session.on_connection_lost();
        self.begin(&Connect::new("c").keep_alive(0).keep_session());
        self.receives(connack().session_present(), emitted);
    }

    /// Opens a connection, on which CONNECT has left; `tx` may be too small for it.
    #[track_caller]
    fn begin(&mut self, connect: &Connect<'_>) {
        self.tx.clear();
        assert_eq!(
            self.session
                .connect(connect, &mut self.rx, &mut Buffer::<[u8; 64]>::new()),
            Ok(())
        );
    }

    /// These bytes arrive, and exactly these events are emitted.
    #[track_caller]
    pub fn receives(&mut self, bytes: impl ToBytes, emitted: &[Emitted]) {
        let bytes = bytes.to_bytes();
        let mut slow = self.clone();
        assert_eq!(self.feed(&bytes), emitted, "emitted for {bytes:02x?}");
        let mut slowly = Vec::new();
        for byte in bytes.chunks(1) {
            slowly.extend(slow.feed(byte));
        }
        assert_eq!(
            joined(&slowly),
            joined(emitted),
            "emitted for {bytes:02x?} byte by byte"
        );
        // What fits into rx is emitted whole however it arrives.
        for whole in emitted
            .iter()
            .filter(|event| matches!(event, Emitted::Message(OwnedMessage { remaining: 0, .. })))
        {
            assert!(
                slowly.contains(whole),
                "emitted in pieces for {bytes:02x?} byte by byte: {whole:?}"
            );
        }
        assert_eq!(
            slow.tx.bytes(),
            self.tx.bytes(),
            "sent for {bytes:02x?} byte by byte"
        );
        assert_eq!(
            slow.session, self.session,
            "the session after {bytes:02x?} byte by byte"
        );
    }

    /// These bytes arrive; returns the events that are emitted.
    #[track_caller]
    pub fn feed(&mut self, bytes: impl ToBytes) -> Vec<Emitted> {
        let bytes = bytes.to_bytes();
        let mut bytes = &bytes[..];
        let mut emitted = Vec::new();
        loop {
            let space = self.rx.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.rx.commit(n);
            bytes = &bytes[n..];
            emitted.extend(self.drain_events());
            if bytes.is_empty() || self.session.is_closed() {
                return emitted;
            }
            assert!(
                n != 0 || !self.rx.space().is_empty(),
                "rx is full and nothing is read: {} bytes wait",
                bytes.len()
            );
        }
    }

    /// Returns all events that are emitted without further bytes: after `tx` was emptied, for
    /// example.
    pub fn drain_events(&mut self) -> Vec<Emitted> {
        let mut emitted = Vec::new();
        loop {
            match self.session.next_event(&mut self.rx, &mut self.tx) {
                Ok(Some(event)) => emitted.push(event.into()),
                Ok(None) => return emitted,
                Err(fault) => {
                    assert!(self.session.is_closed(), "open after {fault:?}");
                    assert_eq!(
                        self.session.next_event(&mut self.rx, &mut self.tx),
                        Ok(None),
                        "a fault is reported once"
                    );
                    emitted.push(Emitted::Fault(fault));
                    return emitted;
                }
            }
        }
    }

    /// Returns the next event, if there is one: to look between an event and its acceptance.
    pub fn next_event(&mut self) -> Option<Emitted> {
        match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(event) => event.map(Emitted::from),
            Err(fault) => Some(Emitted::Fault(fault)),
        }
    }

    /// These bytes arrive in `rx`, and the session does not read them yet.
    #[track_caller]
    pub fn buffer(&mut self, bytes: impl ToBytes) {
        let bytes = bytes.to_bytes();
        self.rx.space()[..bytes.len()].copy_from_slice(&bytes);
        self.rx.commit(bytes.len());
    }

    /// Exactly these bytes are in `tx`; they leave.
    #[track_caller]
    pub fn sends(&mut self, bytes: impl ToBytes) {
        assert_eq!(hex(self.tx.bytes()), hex(&bytes.to_bytes()));
        self.tx.clear();
    }

    /// Nothing is in `tx`.
    #[track_caller]
    pub fn sends_nothing(&mut self) {
        self.sends(b"");
    }

    /// The time is now `ms`; returns how long the caller may sleep, or the fault.
    pub fn tick(&mut self, ms: u32) -> Result<Option<u32>, Fault> {
        self.session.tick(ms, &mut self.tx)
    }

    /// Opens a connection, which must succeed; CONNECT is in `tx`.
    #[track_caller]
    pub fn connect(&mut self, connect: &Connect<'_>) {
        assert_eq!(
            self.session.connect(connect, &mut self.rx, &mut self.tx),
            Ok(())
        );
    }

    pub fn publish(&mut self, publish: &Publish<'_>) -> Result<Option<PacketId>, SendError> {
        self.session.publish(publish, &mut self.tx)
    }

    pub fn publish_chunk(&mut self, data: &[u8]) -> Result<usize, SendError> {
        self.session.publish_chunk(data, &mut self.tx)
    }

    pub fn republish(&mut self, number: u16, publish: &Publish<'_>) -> Result<(), SendError> {
        self.session.republish(id(number), publish, &mut self.tx)
    }

    pub fn abandon(&mut self, number: u16) -> Result<(), SendError> {
        self.session.abandon(id(number), &mut self.tx)
    }

    pub fn subscribe(&mut self, filters: &[(&str, u8)]) -> Result<PacketId, SendError> {
        let filters: Vec<_> = filters
            .iter()
            .map(|&(filter, qos)| Filter::new(filter, QoS::try_from(qos).unwrap()))
            .collect();
        self.session.subscribe(&filters, &mut self.tx)
    }

    pub fn unsubscribe(&mut self, filters: &[&str]) -> Result<PacketId, SendError> {
        let filters: Vec<_> = filters
            .iter()
            .map(|filter| Filter::new(filter, QoS::AtMostOnce))
            .collect();
        self.session.unsubscribe(&filters, &mut self.tx)
    }

    pub fn disconnect(&mut self) -> Result<(), SendError> {
        self.session.disconnect(&mut self.tx)
    }
}

/// Bytes as text, so that a failing comparison can be read.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}
