//! What a node of the world is, and what it is to do.
use core::time::Duration;
use motemq::{QoS, Version};
use motemq_client::{AliasPolicy, Options, Overflow, Reconnect, WhenFull, Will};

/// How an application takes its messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taking {
    /// All that are there; each is processed before the next one is taken.
    Prompt,
    /// One at a time, which stays in hand for so many steps.
    Slow(u64),
    /// All that are there. After so many steps they are processed, and acknowledged by hand, the
    /// last one first.
    Manual(u64),
}

/// How a payload is read straight into the memory in which it stays. One that is published in the
/// same way is written from the memory that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direct {
    /// Into initialized memory.
    Initialized,
    /// Into memory that need not be initialized.
    Uninitialized,
}

/// What one node is and does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The version of MQTT that it speaks.
    pub version: Version,
    /// Whether its session outlives its connections.
    pub keep: bool,
    /// Whether its client outlives its process: so many steps after each change it is stored.
    pub stores: Option<u64>,
    /// What it subscribes to: a node, or all of them; and with which QoS.
    pub wants: Option<(Option<u8>, QoS)>,
    /// How many messages it publishes, with these QoS one after the other.
    pub messages: u32,
    /// See `messages`; not empty.
    pub qos: &'static [QoS],
    /// The length of a payload, least and most; at least [`message::HEAD`](super::message::HEAD).
    pub length: (usize, usize),
    /// Each message with such a number is as long as this: longer than the client's buffers.
    pub large: Option<(u32, usize)>,
    /// How a long payload goes through memory.
    pub direct: Option<Direct>,
    /// How many messages with QoS 1 and 2 are in flight at once.
    pub in_flight: usize,
    /// How many messages wait for a connection, and of how many bytes.
    pub queue: (usize, usize),
    /// How many messages wait in a stream before reading stops.
    pub stream: usize,
    /// How many bytes wait in all streams before the connection ends.
    pub backlog: usize,
    /// How the application takes messages.
    pub taking: Taking,
    /// Seconds.
    pub keep_alive: u16,
    /// Withdraws some messages, uploads others, of which no copy is kept, gives up those that are
    /// not acknowledged in time, and drops the oldest of those that wait.
    pub abandons: bool,
    /// Closes its stream at times, and opens another one.
    pub reopens: bool,
    /// How many addresses its broker has. Attempts to connect to one of several take time, and some
    /// of them fail.
    pub addresses: u32,
    /// The longest wait before it connects again.
    pub wait: Duration,
    /// The QoS of the will that it leaves with each connection, if it does.
    pub will: Option<QoS>,
    /// It subscribes to all wills, too, if it subscribes to anything; with the same QoS.
    pub hears_wills: bool,
    /// Its random numbers.
    pub seed: u64,
}

/// The limits of one that abandons messages.
pub const ACK_TIMEOUT: Duration = Duration::from_secs(2);

/// The default of the client, below which a stream is never so full that the connection ends.
pub const BACKLOG: usize = 16 << 20;

impl Plan {
    /// Has a session and a client that outlive connections and processes; does nothing.
    pub const fn quiet() -> Self {
        Plan {
            version: Version::Mqtt311,
            keep: true,
            stores: Some(0),
            wants: None,
            messages: 0,
            qos: &[QoS::AtMostOnce],
            length: (super::message::HEAD, 12),
            large: None,
            direct: None,
            in_flight: 8,
            queue: (1000, 1 << 20),
            stream: 256,
            backlog: BACKLOG,
            taking: Taking::Prompt,
            keep_alive: 60,
            abandons: false,
            reopens: false,
            addresses: 1,
            wait: Duration::ZERO,
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

    /// The options of the client of this node.
    pub fn options(&self, me: u8) -> Options {
        let (messages, bytes) = self.queue;
        let when_full = if self.abandons {
            WhenFull::DropOldest
        } else {
            WhenFull::Wait
        };
        let mut options = Options::new(format!("n{me}"))
            .version(self.version)
            .keep_alive(self.keep_alive)
            .in_flight(self.in_flight)
            .queue(messages, bytes, when_full)
            .streams(self.stream, 1 << 20)
            .backlog(self.backlog, Overflow::Disconnect)
            .ack_timeout(self.abandons.then_some(ACK_TIMEOUT))
            .reconnect(Reconnect::BackOff {
                first: self.wait,
                cap: self.wait,
                max_tries: None,
            })
            .end_if(|_, _| false);
        // Which topics have aliases, and whether the broker may use some, does not depend on
        // others.
        let aliases = AliasPolicy::Recent((self.seed >> 1 & 3) as u16);
        if self.version == Version::Mqtt5 {
            options = options.alias_policy(aliases);
            options = options.topic_alias_maximum((self.seed >> 3 & 3) as u16);
        }
        if self.large.is_some() {
            // Longer ones are read piece by piece.
            options = options.max_message(1 << 16);
        }
        if self.keep {
            options = options.keep_session();
        }
        if self.stores.is_some() {
            options = options.durable();
        }
        if self.abandons {
            options = options.given_up(20).queue_qos0();
        }
        if let Some(qos) = self.will {
            let mut will = Will::new(super::wills::TOPIC);
            will.payload = super::wills::payload((me, 0)).to_vec();
            will.qos = qos;
            options = options.will(will);
        }
        options
    }
}
