//! A session of MQTT 5 with its buffers, and methods for both ends of its connection.
#![allow(dead_code, reason = "each test program uses a part of it")]
use motemq::*;

/// A session of MQTT 5 with its buffers, and methods for both ends of its connection.
#[derive(Clone)]
pub struct Dialogue<C: Profile = Full, const SLOTS: usize = 4, const RX: usize = 128> {
    pub session: Session<[Slot; SLOTS], Mqtt5<C>>,
    pub rx: Buffer<[u8; RX]>,
    pub tx: Buffer<[u8; 256]>,
}

/// A CONNACK that says nothing but yes.
pub const ACCEPTED: &[u8] = b"\x20\x03\0\0\0";
/// The event of that.
pub const NEW: &str = "Connected { session: New, properties: [] }";

/// The options of most connections.
pub const CLIENT: Connect<'_> = Connect::new("c");

impl<C: Profile, const SLOTS: usize, const RX: usize> Dialogue<C, SLOTS, RX> {
    /// Returns a dialogue without a connection.
    pub fn new() -> Self {
        Dialogue {
            session: Session::with_protocol(),
            rx: Buffer::new(),
            tx: Buffer::new(),
        }
    }

    /// Connects with `connect`, and receives `connack`.
    #[track_caller]
    pub fn connect<'c, T: SendProperties<'c, Mqtt5<C>>>(
        &mut self,
        connect: &Connect<'c, T>,
        connack: &[u8],
        events: &[&str],
    ) {
        self.session
            .connect(connect, &mut self.rx, &mut self.tx)
            .unwrap();
        self.tx.clear();
        self.receives(connack, events);
    }

    /// Returns a dialogue that is connected with a clean session, after this CONNACK.
    #[track_caller]
    pub fn open(connack: &[u8]) -> Self {
        let mut d = Self::new();
        d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
        d.tx.clear();
        let (events, _) = d.feed(connack, connack.len());
        assert!(
            events.len() == 1 && events[0].starts_with("Connected"),
            "{events:?}"
        );
        d
    }

    /// Receives bytes, `piece` at a time, and returns the events.
    pub fn feed(&mut self, bytes: &[u8], piece: usize) -> (Vec<String>, bool) {
        let mut events = Vec::new();
        let mut is_whole = true;
        let nothing = bytes.is_empty().then_some(bytes);
        for chunk in bytes.chunks(piece).chain(nothing) {
            let mut rest = chunk;
            loop {
                let space = self.rx.space();
                let taken = space.len().min(rest.len());
                space[..taken].copy_from_slice(&rest[..taken]);
                self.rx.commit(taken);
                rest = &rest[taken..];
                let emitted = match self.session.next_event(&mut self.rx, &mut self.tx) {
                    Ok(None) if rest.is_empty() || self.session.is_closed() => break,
                    Ok(None) => {
                        assert!(taken > 0, "nothing is read, and there is no room");
                        continue;
                    }
                    Ok(Some(event)) => {
                        is_whole &= !matches!(event, Event::Payload { .. });
                        shown(&event)
                    }
                    Err(fault) => format!("{fault:?}"),
                };
                events.push(emitted);
            }
        }
        (events, is_whole)
    }

    /// Receives bytes, which emit exactly these events.
    #[track_caller]
    pub fn receives(&mut self, bytes: &[u8], expected: &[&str]) {
        let mut slow = self.clone();
        let (events, is_whole) = self.feed(bytes, bytes.len().max(1));
        assert_eq!(events, expected);
        if is_whole {
            assert_eq!(slow.feed(bytes, 1).0, expected, "byte by byte");
            assert_eq!(
                slow.tx.bytes().escape_ascii().to_string(),
                self.sent(),
                "byte by byte"
            );
        }
    }

    /// Returns the bytes in `tx` as text.
    pub fn sent(&self) -> String {
        self.tx.bytes().escape_ascii().to_string()
    }

    /// Exactly these bytes are in `tx`; they leave.
    #[track_caller]
    pub fn sends(&mut self, bytes: &[u8]) {
        assert_eq!(self.sent(), bytes.escape_ascii().to_string());
        self.tx.clear();
    }

    pub fn publish<'p, T: SendProperties<'p, Mqtt5<C>>>(
        &mut self,
        publish: &Publish<'p, T>,
    ) -> Result<Option<PacketId>, SendError> {
        self.session.publish(publish, &mut self.tx)
    }

    /// Publishes nothing to `t`, and returns the identifier.
    pub fn publish_to_t(&mut self, qos: QoS) -> Result<u16, SendError> {
        self.publish(&Publish::to("t").qos(qos))
            .map(|id| id.map_or(0, PacketId::get))
    }

    /// A command fails and has no effect.
    #[track_caller]
    pub fn refuses<R: std::fmt::Debug>(
        &mut self,
        error: SendError,
        command: impl FnOnce(&mut Session<[Slot], Mqtt5<C>>, &mut Buffer) -> Result<R, SendError>,
    ) {
        let (session, sent) = (self.session.clone(), self.sent());
        assert_eq!(command(&mut self.session, &mut self.tx).unwrap_err(), error);
        assert_eq!(self.session, session);
        assert_eq!(self.sent(), sent);
    }
}

/// Returns an event as text.
pub fn shown<T: std::fmt::Debug>(event: &Event<'_, T>) -> String {
    match event {
        Event::Message(m) => format!(
            "Message {:?} {:?} {:?} {:?}",
            m.topic,
            m.payload.escape_ascii().to_string(),
            m.id().map(PacketId::get),
            m.properties
        ),
        other => format!("{other:?}"),
    }
}
