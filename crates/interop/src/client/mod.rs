//! The clients under test, all used in the same way.
mod asynchronous;
mod blocking;
mod command;

pub use asynchronous::Asynchronous;
pub use blocking::Blocking;
pub use command::Command;

use crate::broker::Address;
use motemq_std::{QoS, Version};
use std::{fmt, time::Duration};

/// The version of MQTT that a client is told to speak.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Speech {
    /// MQTT 3.1.1.
    #[default]
    Mqtt311,
    /// MQTT 5.
    Mqtt5,
    /// MQTT 5, or MQTT 3.1.1 with a broker that does not speak MQTT 5.
    Either,
}

impl Speech {
    /// Returns all that a broker is spoken to.
    pub fn with(versions: &[Version]) -> [Self; 2] {
        let second = if versions.contains(&Version::Mqtt5) {
            Speech::Mqtt5
        } else {
            Speech::Either
        };
        [Speech::Mqtt311, second]
    }
}

impl fmt::Display for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Speech::Mqtt311 => "3.1.1",
            Speech::Mqtt5 => "5",
            Speech::Either => "5, else 3.1.1",
        })
    }
}

/// A client under test.
pub trait Client: Sync {
    /// What it is called in the matrix.
    fn name(&self) -> &'static str;

    /// A publisher connects again when its link breaks.
    fn comes_back(&self) -> bool;

    /// Connects and subscribes, or says why not.
    fn open(&self, at: &Address, who: Who<'_>) -> Result<Box<dyn Connection>, String>;
}

/// Who connects, and for what.
#[derive(Clone, Copy, Default)]
pub struct Who<'a> {
    /// Client identifier.
    pub id: &'a str,
    /// The session outlives the connection.
    pub keep: bool,
    /// It exists already, with its subscriptions.
    pub resume: bool,
    /// Topic and payload of the will.
    pub will: Option<(&'a str, &'a str)>,
    /// What to subscribe to.
    pub filter: Option<(&'a str, QoS)>,
    /// The version of MQTT.
    pub speech: Speech,
    /// It outlives a broker that is away for a while: nothing is given up.
    pub patient: bool,
}

/// A client that is connected.
pub trait Connection: Send {
    /// The QoS that the broker granted; `None`: nothing.
    fn granted(&self) -> Option<QoS>;

    /// Publishes, and waits until it is acknowledged; else what the client tells its user.
    fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<(), String>;

    /// Returns the next message, or `None` if none arrives within the time.
    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String>;

    /// Hands a message over that is to be published, and does not wait. `Err`: it cannot do so.
    fn send(&mut self, topic: &str, payload: &[u8], qos: QoS) -> Result<(), String>;

    /// Waits for the acknowledgements of all messages that were [sent](Self::send), in their order;
    /// what the client tells its user of those that were not acknowledged.
    fn outcomes(&mut self, patience: Duration) -> Vec<Result<(), String>>;

    /// Disconnects in good order.
    fn leave(self: Box<Self>) -> Result<(), String>;

    /// Is gone, as if the power failed.
    fn vanish(self: Box<Self>);
}

/// A message as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
}
