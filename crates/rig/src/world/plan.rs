//! What a node of the world is, and what it is to do.
use motemq::{Buffer, QoS, Session, Slot};

/// What one node is and does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether its session outlives its connections.
    pub keep: bool,
    /// What it subscribes to: a node, or all of them; and with which QoS.
    pub wants: Option<(Option<u8>, QoS)>,
    /// How many messages it publishes, with these QoS one after the other.
    pub messages: u32,
    /// See `messages`; not empty.
    pub qos: &'static [QoS],
    /// The length of a payload, least and most; at least [`message::HEAD`](super::message::HEAD).
    pub length: (usize, usize),
    /// Slots of the session: see [`session`].
    pub slots: usize,
    /// Bytes that come are read into so many; see [`buffer`].
    pub rx: usize,
    /// Bytes that go wait in so many.
    pub tx: usize,
    /// Acknowledges later, and the last first.
    pub manual: bool,
    /// Seconds.
    pub keep_alive: u16,
    /// Of the messages that it is asked for again it abandons some.
    pub abandons: bool,
    /// The QoS of the will that it leaves with each connection, if it does.
    pub will: Option<QoS>,
    /// It subscribes to all wills, too, if it subscribes to anything; with the same QoS.
    pub hears_wills: bool,
    /// Its random numbers.
    pub seed: u64,
}

impl Plan {
    /// Has a session that outlives connections, eight slots and large buffers; does nothing.
    pub const fn quiet() -> Self {
        Plan {
            keep: true,
            wants: None,
            messages: 0,
            qos: &[QoS::AtMostOnce],
            length: (super::message::HEAD, 12),
            slots: 8,
            rx: 256,
            tx: 256,
            manual: false,
            keep_alive: 60,
            abandons: false,
            will: None,
            hears_wills: false,
            seed: 0,
        }
    }

    /// Publishes so many messages with these QoS in turn.
    pub const fn publishes(mut self, messages: u32, qos: &'static [QoS]) -> Self {
        self.messages = messages;
        self.qos = qos;
        self
    }

    /// Subscribes to what all nodes publish.
    pub const fn subscribes(mut self, qos: QoS) -> Self {
        self.wants = Some((None, qos));
        self
    }

    /// The QoS that counts for messages published with `qos` by `publisher`; none if it has not
    /// subscribed to them.
    pub fn granted(&self, publisher: u8, qos: QoS) -> Option<QoS> {
        let (node, most) = self.wants?;
        (node.is_none() || node == Some(publisher)).then_some(qos.min(most))
    }
}

/// The numbers of slots that a node may have.
pub const SLOTS: [usize; 6] = [1, 2, 3, 5, 8, 20];

/// The sizes that its buffers may have; the least that a CONNECT fits into is the second, or with a
/// will the third.
pub const SIZES: [usize; 6] = [16, 24, 33, 64, 256, 1024];

/// A session with so many slots.
///
/// # Panics
/// If it is none of [`SLOTS`].
pub fn session(slots: usize) -> Box<Session> {
    match slots {
        1 => Box::new(Session::<[Slot; 1]>::new()),
        2 => Box::new(Session::<[Slot; 2]>::new()),
        3 => Box::new(Session::<[Slot; 3]>::new()),
        5 => Box::new(Session::<[Slot; 5]>::new()),
        8 => Box::new(Session::<[Slot; 8]>::new()),
        20 => Box::new(Session::<[Slot; 20]>::new()),
        other => panic!("{other} slots are none of {SLOTS:?}"),
    }
}

/// A buffer of so many bytes.
///
/// # Panics
/// If it is none of [`SIZES`].
pub fn buffer(size: usize) -> Box<Buffer> {
    match size {
        16 => Box::new(Buffer::<[u8; 16]>::new()),
        24 => Box::new(Buffer::<[u8; 24]>::new()),
        33 => Box::new(Buffer::<[u8; 33]>::new()),
        64 => Box::new(Buffer::<[u8; 64]>::new()),
        256 => Box::new(Buffer::<[u8; 256]>::new()),
        1024 => Box::new(Buffer::<[u8; 1024]>::new()),
        other => panic!("{other} bytes are none of {SIZES:?}"),
    }
}
