//! The clients under test, all used in the same way.
mod asynchronous;
mod blocking;
mod command;
mod wire;

pub use asynchronous::Asynchronous;
pub use blocking::Blocking;
pub use command::Command;

use crate::broker::Address;
use motemq_std::QoS;
use std::time::Duration;

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
}

/// A client that is connected.
pub trait Connection {
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

    /// The next message; `None` if none comes for so long.
    fn next(&mut self, patience: Duration) -> Result<Option<Message>, String>;

    /// How often a message of QoS 2 was accepted as a new one, by the packets that passed; 1 where
    /// nobody looks.
    fn accepted(&self, _payload: &[u8]) -> usize {
        1
    }

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
