//! A kit to test the core by dialogues that read like tables: no sockets, a virtual clock, literal
//! bytes in and literal bytes out.
//!
//! ```text
//! let mut d = Dialogue::<2>::open();                                  // 2 slots; connected, clean, CONNACK heard
//! d.hears(b"\x32\x07\0\x01t\0\x05hi", &[message("t", b"hi").qos1(5)]);   // these bytes come: exactly these events are told
//! d.says(b"\x40\x02\0\x05");                                          // exactly these bytes are in tx; they leave
//! assert_eq!(d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)), Ok(Some(id(1))));
//! d.says(b"\x32\x05\0\x01a\0\x01");
//! d.hears(b"\x40\x02\0\x01", &[acked(1)]);
//! d.hears(b"\xd0\x01", &[fault(Fault::Malformed)]);                   // a fault comes last, and closes
//! ```
//!
//! Whatever is heard is heard twice: at once, and by a copy of the dialogue byte by byte. Both must
//! tell and say the same, once the pieces of payloads larger than `rx` are joined.
#![allow(dead_code, reason = "each test program uses a part of it")]

use motemq::*;

/// Both sides of a conversation: the session with its buffers, and a clock that moves when told to.
#[derive(Clone)]
pub struct Dialogue<const SLOTS: usize = 8, const RX: usize = 256, const TX: usize = 256> {
    pub session: Session<[Slot; SLOTS]>,
    pub rx: Buffer<[u8; RX]>,
    pub tx: Buffer<[u8; TX]>,
}

/// What a session tells: an [`Event`] that owns its bytes, or a [`Fault`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    Connected(SessionState),
    Message(Received),
    Payload(Vec<u8>, u32),
    Skipped(u32),
    Received(u16),
    Acked(u16),
    Subscribed(u16, Vec<u8>),
    Resend(u16, QoS),
    Unknown(u16),
    Fault(Fault),
}

/// A [`Message`] that owns its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    pub topic: Vec<u8>,
    pub payload: Vec<u8>,
    pub remaining: u32,
    pub qos: QoS,
    pub id: Option<u16>,
    pub retain: bool,
    pub dup: bool,
}

/// A packet identifier; not 0.
#[track_caller]
pub fn id(number: u16) -> PacketId {
    PacketId::new(number).expect("an identifier is not 0")
}

pub const NEW: Told = Told::Connected(SessionState::New);
pub const RESUMED: Told = Told::Connected(SessionState::Resumed);
pub const FOREIGN: Told = Told::Connected(SessionState::Unrecognized);

/// A whole message with QoS 0.
pub fn message(topic: &str, payload: &[u8]) -> Told {
    let (topic, payload) = (topic.as_bytes().to_vec(), payload.to_vec());
    Told::Message(Received {
        topic,
        payload,
        remaining: 0,
        qos: QoS::AtMostOnce,
        id: None,
        retain: false,
        dup: false,
    })
}

pub fn payload(data: &[u8], remaining: u32) -> Told {
    Told::Payload(data.to_vec(), remaining)
}

pub fn acked(id: u16) -> Told {
    Told::Acked(id)
}

pub fn received(id: u16) -> Told {
    Told::Received(id)
}

pub fn subscribed(id: u16, codes: &[u8]) -> Told {
    Told::Subscribed(id, codes.to_vec())
}

pub fn resend(id: u16, qos: QoS) -> Told {
    Told::Resend(id, qos)
}

pub fn unknown(id: u16) -> Told {
    Told::Unknown(id)
}

pub fn fault(fault: Fault) -> Told {
    Told::Fault(fault)
}

impl Told {
    fn change(mut self, change: impl FnOnce(&mut Received)) -> Self {
        let Told::Message(message) = &mut self else {
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

    /// So many bytes of the payload follow in pieces.
    pub fn remaining(self, remaining: u32) -> Self {
        self.change(|m| m.remaining = remaining)
    }
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Connected { session, .. } => Told::Connected(session),
            Event::Message(m) => Told::Message(Received {
                topic: m.topic.as_bytes().to_vec(),
                payload: m.payload.to_vec(),
                remaining: m.remaining,
                qos: m.qos(),
                id: m.id().map(PacketId::get),
                retain: m.retain(),
                dup: m.dup(),
            }),
            Event::Payload { data, remaining } => Told::Payload(data.to_vec(), remaining),
            Event::Skipped { len } => Told::Skipped(len),
            Event::Received { id } => Told::Received(id.get()),
            Event::Acked { id } => Told::Acked(id.get()),
            Event::Subscribed { id, codes, .. } => Told::Subscribed(id.get(), codes.to_vec()),
            Event::Resend { id, qos } => Told::Resend(id.get(), qos),
            Event::OutcomeUnknown { id } => Told::Unknown(id.get()),
            other => panic!("{other:?} is not an event of MQTT 3.1.1"),
        }
    }
}

/// The same events with the pieces of each payload joined to its message.
pub fn joined(told: &[Told]) -> Vec<Told> {
    let mut all = Vec::<Told>::new();
    for told in told {
        match (all.last_mut(), told) {
            (
                Some(
                    Told::Message(Received {
                        payload, remaining, ..
                    })
                    | Told::Payload(payload, remaining),
                ),
                Told::Payload(data, then),
            ) => {
                assert_eq!(
                    *remaining,
                    then + data.len() as u32,
                    "what remains is not what remained less the piece"
                );
                payload.extend(data);
                *remaining = *then;
            }
            _ => all.push(told.clone()),
        }
    }
    all
}

impl<const SLOTS: usize, const RX: usize, const TX: usize> Dialogue<SLOTS, RX, TX> {
    /// A session without a past and without a connection.
    pub fn new() -> Self {
        Dialogue {
            session: Session::new(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    /// Connected with a clean session: CONNECT has left, CONNACK has come. No keep-alive.
    pub fn open() -> Self {
        let mut d = Self::new();
        d.begin(&Connect::new("c").keep_alive(0));
        d.hears(b"\x20\x02\0\0", &[NEW]);
        d
    }

    /// Connected with a session that is kept, new at the broker.
    pub fn open_kept() -> Self {
        let mut d = Self::new();
        d.begin(&Connect::new("c").keep_alive(0).keep_session());
        d.hears(b"\x20\x02\0\0", &[NEW]);
        d
    }

    /// The link is cut and made anew, the session continues: the broker says session present, and
    /// all these events are told at once, of which `RESUMED` is one. What was in the buffers is
    /// gone, CONNECT has left.
    #[track_caller]
    pub fn resumes(&mut self, told: &[Told]) {
        self.session.on_connection_lost();
        self.begin(&Connect::new("c").keep_alive(0).keep_session());
        self.hears(b"\x20\x02\x01\0", told);
    }

    /// Begins a connection, and CONNECT has left; `tx` may be too small for it.
    #[track_caller]
    fn begin(&mut self, connect: &Connect<'_>) {
        self.tx.clear();
        assert_eq!(
            self.session
                .connect(connect, &mut self.rx, &mut Buffer::<[u8; 64]>::new()),
            Ok(())
        );
    }

    /// These bytes come, and exactly these events are told.
    #[track_caller]
    pub fn hears(&mut self, bytes: &[u8], told: &[Told]) {
        let mut slow = self.clone();
        assert_eq!(self.feed(bytes), told, "told for {bytes:02x?}");
        let mut slowly = Vec::new();
        for byte in bytes.chunks(1) {
            slowly.extend(slow.feed(byte));
        }
        assert_eq!(
            joined(&slowly),
            joined(told),
            "told for {bytes:02x?} byte by byte"
        );
        // What fits into rx is told whole however it comes.
        for whole in told
            .iter()
            .filter(|told| matches!(told, Told::Message(Received { remaining: 0, .. })))
        {
            assert!(
                slowly.contains(whole),
                "told in pieces for {bytes:02x?} byte by byte: {whole:?}"
            );
        }
        assert_eq!(
            slow.tx.bytes(),
            self.tx.bytes(),
            "said to {bytes:02x?} byte by byte"
        );
        assert_eq!(
            slow.session, self.session,
            "the session after {bytes:02x?} byte by byte"
        );
    }

    /// These bytes come; what is told.
    #[track_caller]
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Told> {
        let mut told = Vec::new();
        loop {
            let space = self.rx.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.rx.commit(n);
            bytes = &bytes[n..];
            told.extend(self.turn());
            if bytes.is_empty() || self.session.is_closed() {
                return told;
            }
            assert!(
                n != 0 || !self.rx.space().is_empty(),
                "rx is full and nothing is read: {} bytes wait",
                bytes.len()
            );
        }
    }

    /// All that is told now, without more bytes: after `tx` was emptied, for example.
    pub fn turn(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        loop {
            match self.session.next_event(&mut self.rx, &mut self.tx) {
                Ok(Some(event)) => told.push(event.into()),
                Ok(None) => return told,
                Err(fault) => {
                    assert!(self.session.is_closed(), "open after {fault:?}");
                    assert_eq!(
                        self.session.next_event(&mut self.rx, &mut self.tx),
                        Ok(None),
                        "a fault is told once"
                    );
                    told.push(Told::Fault(fault));
                    return told;
                }
            }
        }
    }

    /// One event, or none: to look between an event and its acceptance.
    pub fn next(&mut self) -> Option<Told> {
        match self.session.next_event(&mut self.rx, &mut self.tx) {
            Ok(event) => event.map(Told::from),
            Err(fault) => Some(Told::Fault(fault)),
        }
    }

    /// These bytes come, and nobody looks yet.
    #[track_caller]
    pub fn gets(&mut self, bytes: &[u8]) {
        self.rx.space()[..bytes.len()].copy_from_slice(bytes);
        self.rx.commit(bytes.len());
    }

    /// Exactly these bytes are in `tx`; they leave.
    #[track_caller]
    pub fn says(&mut self, bytes: &[u8]) {
        assert_eq!(hex(self.tx.bytes()), hex(bytes));
        self.tx.clear();
    }

    /// Nothing is in `tx`.
    #[track_caller]
    pub fn silent(&mut self) {
        self.says(b"");
    }

    /// The time is now `ms`; how long one may sleep, or what is wrong.
    pub fn at(&mut self, ms: u32) -> Result<Option<u32>, Fault> {
        self.session.tick(ms, &mut self.tx)
    }

    /// Begins a connection, which must succeed; CONNECT is in `tx`.
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
