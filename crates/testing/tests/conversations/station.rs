//! What a station does, and what happens to it.
use crate::message::{Message, Outcome};
use motemq::Version;
use std::collections::{BTreeMap, VecDeque};

/// What a station does.
#[derive(Clone, Debug)]
pub struct Plan {
    pub messages: VecDeque<Message>,
    /// The topic to which it subscribes.
    pub subscribes: Option<&'static str>,
    /// The session outlives its connections.
    pub keep: bool,
    /// It uses a topic alias where the server accepts one.
    pub alias: bool,
    /// The topic aliases that it offers the server.
    pub alias_maximum: u16,
    /// The keep alive in seconds.
    pub keep_alive: u16,
    /// The version of each connection, round and round, where there is a choice.
    pub versions: Vec<Version>,
}

impl Plan {
    /// A session that is kept, and nothing to do.
    pub fn quiet() -> Self {
        Plan {
            messages: VecDeque::new(),
            subscribes: None,
            keep: true,
            alias: false,
            alias_maximum: 0,
            keep_alive: 60,
            versions: vec![Version::Mqtt5],
        }
    }
}

/// A station with a session of either version.
pub trait Station {
    fn name(&self) -> &'static str;
    /// The version that it speaks now.
    fn version(&self) -> Version;
    /// Whether some of its connections speak this version.
    fn speaks(&self, version: Version) -> bool;
    /// Gives it more to publish.
    fn publishes(&mut self, messages: Vec<Message>);
    fn connect(&mut self);
    /// Takes events and gives commands until there is nothing to do; returns for how many
    /// milliseconds.
    fn turn(&mut self, now: u64) -> Option<u32>;
    /// The bytes to be written.
    fn output(&self) -> &[u8];
    fn written(&mut self, count: usize);
    /// How many bytes can be read.
    fn room(&mut self) -> usize;
    fn read(&mut self, bytes: &[u8]);
    /// The connection is lost.
    fn lost(&mut self);
    /// The process ends, and begins again with a snapshot and its copies.
    fn restart(&mut self);
    /// The session has ended the connection.
    fn is_closed(&self) -> bool;
    fn is_subscribed(&self) -> bool;
    /// Everything that was to be published has its outcome.
    fn is_done(&self) -> bool;
    fn record(&self) -> &Record;
}

/// What has happened to a station.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What was delivered: topic and payload.
    pub delivered: Vec<(String, Vec<u8>)>,
    pub outcomes: BTreeMap<usize, Outcome>,
    /// The number of connections that the server has ended with DISCONNECT.
    pub disconnections: usize,
    /// How often a message had to wait for the send quota.
    pub waits: usize,
    /// What should not have happened.
    pub problem: Option<String>,
}
