//! A small broker of MQTT 3.1.1 and MQTT 5 without I/O: bytes of connections in, bytes for
//! connections out. **Not for production**: bring mosquitto, HiveMQ, EMQX or AWS IoT.
//!
//! Each connection speaks the version of its CONNECT. Clients of both versions share topics,
//! subscriptions and sessions.
//!
//! It is here so that demo, tests and simulations need nothing installed and can be repeated to the
//! byte: no socket, clock or random number is inside. [`Server`](crate::server::Server) puts it
//! behind real sockets.
//!
//! ```
//! use motemq_testing::broker::{Broker, Config, Connection};
//! let mut broker = Broker::new(Config::new());
//! let client = Connection(1);
//! broker.opened(0, client);
//! broker.received(0, client, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a");
//! assert_eq!(broker.take(client), b"\x20\x02\0\0");
//! broker.received(5, client, b"\xc0\0\xe0\0"); // PINGREQ, DISCONNECT
//! assert_eq!(broker.take(client), b"\xd0\0");
//! assert!(broker.is_closed(client));
//! ```
mod acknowledgements;
mod answers;
mod authentication;
mod config;
mod connect;
mod incoming;
mod limits;
mod message;
mod messages;
mod outbox;
mod properties;
mod session;
mod subscriptions;
mod time;

pub use answers::Answer;
pub use authentication::Challenge;
pub use config::Config;
pub use limits::Limits;

use crate::codec::{Scratch, decode, level};
use acknowledgements::Acknowledgements;
use authentication::Exchange;
use message::{Message, Will};
use motemq::{PacketId, ReasonCode, Version};
use outbox::Outbox;
use session::{Bounds, Session};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

/// Names a connection to a client. The caller chooses, a new number for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Connection(pub u64);

/// The broker: everything clients have subscribed to, everything on its way to them.
///
/// Events go in by [`opened`](Self::opened), [`received`](Self::received), [`lost`](Self::lost) and
/// [`tick`](Self::tick); afterwards [`next_ready`](Self::next_ready) names the connections for
/// which there is something to [`take`](Self::take), or that [are closed](Self::is_closed). `now`
/// is in milliseconds since whenever, and does not go back.
#[derive(Clone, Debug)]
pub struct Broker {
    config: Config,
    now: u64,
    connections: BTreeMap<Connection, Link>,
    /// The last bytes for connections that the broker has closed.
    closed: BTreeMap<Connection, Vec<u8>>,
    ready: BTreeSet<Connection>,
    /// By client identifier.
    sessions: BTreeMap<String, Session>,
    /// By topic.
    retained: BTreeMap<String, Arc<Message>>,
    /// The messages of each shared subscription, counted.
    turns: BTreeMap<String, usize>,
    /// Client identifiers given to clients without one, counted.
    named: u64,
    dropped: u64,
    objections: Vec<(Connection, ReasonCode)>,
}

/// A connection that is open.
#[derive(Clone, Debug)]
struct Link {
    /// The beginning of a packet.
    input: Vec<u8>,
    output: Outbox,
    /// When the last packet came.
    heard: u64,
    /// The limits that were announced.
    limits: Limits,
    /// The messages of the client with QoS 1 and 2 that have come on this connection, until PUBACK,
    /// PUBCOMP, or PUBREC with an error.
    in_flight: BTreeSet<PacketId>,
    acknowledgements: Acknowledgements,
    /// The topics to which the client has given an alias.
    aliases: BTreeMap<u16, String>,
    /// The authentication that the client has asked for.
    exchange: Option<Exchange>,
    /// After CONNECT.
    client: Option<Client>,
}

/// What a connection's CONNECT said.
#[derive(Clone, Debug)]
struct Client {
    id: String,
    /// The seconds for which the session outlives the connection; `u32::MAX`: for ever.
    expiry: u32,
    /// Milliseconds; 0: off.
    keep_alive: u64,
    /// The messages with QoS 1 and 2 that may be under way to it.
    window: usize,
    will: Option<Will>,
}

impl Broker {
    /// A broker that knows nobody.
    pub fn new(config: Config) -> Self {
        Broker {
            config,
            now: 0,
            connections: BTreeMap::new(),
            closed: BTreeMap::new(),
            ready: BTreeSet::new(),
            sessions: BTreeMap::new(),
            retained: BTreeMap::new(),
            turns: BTreeMap::new(),
            named: 0,
            dropped: 0,
            objections: Vec::new(),
        }
    }

    /// A client has connected; its CONNECT is to follow.
    pub fn opened(&mut self, now: u64, connection: Connection) {
        self.now = now;
        self.connections.insert(
            connection,
            Link {
                input: Vec::new(),
                output: Outbox::new(),
                heard: now,
                limits: Limits::NONE,
                in_flight: BTreeSet::new(),
                acknowledgements: Acknowledgements::default(),
                aliases: BTreeMap::new(),
                exchange: None,
                client: None,
            },
        );
    }

    /// These bytes have come. Where they were cut makes no difference. For a connection that is
    /// closed they mean nothing.
    pub fn received(&mut self, now: u64, from: Connection, bytes: &[u8]) {
        self.now = now;
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let mut input = mem::take(&mut link.input);
        input.extend_from_slice(bytes);
        let mut rest = input.as_slice();
        while let Some(link) = self.connections.get_mut(&from) {
            let is_new = link.client.is_none() && link.exchange.is_none();
            if is_new && level(rest) == Some(5) && !self.config.is_3_1_1_only {
                link.output.set_version(Version::Mqtt5);
            }
            let announced = link.limits.maximum_packet_size as usize;
            let mut scratch = Scratch::default();
            match decode(link.output.version(), rest, &mut scratch) {
                Ok(Some((_, length))) if length > announced => {
                    self.object(from, ReasonCode::PACKET_TOO_LARGE);
                }
                Ok(Some((_, length))) if length > self.config.max_packet => self.close(from),
                Ok(Some((packet, length))) => {
                    let (bytes, after) = rest.split_at(length);
                    rest = after;
                    self.packet(from, packet, bytes);
                }
                Ok(None) if rest.len() > announced => {
                    self.object(from, ReasonCode::PACKET_TOO_LARGE);
                }
                Ok(None) if rest.len() > self.config.max_packet => self.close(from),
                Ok(None) => break,
                Err(code) => self.malformed(from, rest, code),
            }
        }
        let taken = input.len() - rest.len();
        if let Some(link) = self.connections.get_mut(&from) {
            input.drain(..taken);
            link.input = input;
        }
    }

    /// The connection is gone; what was not [taken](Self::take) with it. The will is published
    /// [MQTT-3.1.2-8].
    pub fn lost(&mut self, now: u64, connection: Connection) {
        self.now = now;
        self.close(connection);
        self.closed.remove(&connection);
        self.ready.remove(&connection);
    }

    /// A connection for which something has happened since the last call for it.
    pub fn next_ready(&mut self) -> Option<Connection> {
        self.ready.pop_first()
    }

    /// The bytes for this connection, which the caller sends now. Take them when the transport can
    /// send them: a client that reads slowly is known by what lies here.
    pub fn take(&mut self, connection: Connection) -> Vec<u8> {
        let Some(link) = self.connections.get_mut(&connection) else {
            return self.closed.remove(&connection).unwrap_or_default();
        };
        let bytes = link.output.take();
        self.fill(connection);
        bytes
    }

    /// The broker has closed this connection, or never knew it: send what is still to be taken, and
    /// close the transport.
    pub fn is_closed(&self, connection: Connection) -> bool {
        !self.connections.contains_key(&connection)
    }

    /// All connections are lost at once, as when the broker is stopped and started. Sessions and
    /// retained messages are kept, or not.
    pub fn restart(&mut self, now: u64, keep: bool) {
        while let Some((&connection, _)) = self.connections.first_key_value() {
            self.lost(now, connection);
        }
        if !keep {
            self.sessions.clear();
            self.retained.clear();
        }
    }

    /// Changes the limits announced to clients of MQTT 5 that connect from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.config.limits = limits;
    }

    /// Closes a connection, with DISCONNECT if the client speaks MQTT 5.
    pub fn disconnect(
        &mut self,
        now: u64,
        connection: Connection,
        code: ReasonCode,
        reason: Option<&str>,
    ) {
        self.now = now;
        self.disconnect_with(connection, code, reason);
    }

    /// The connections that were closed because the client had not kept to the standard or had
    /// exceeded a limit, and the reason code that says why.
    pub fn objections(&self) -> &[(Connection, ReasonCode)] {
        &self.objections
    }

    /// The time of the last event.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Messages dropped since the beginning, because a queue or backlog was full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Nothing is under way to this client or waits for it, and no QoS 2 message of its waits for
    /// PUBREL; also if it is unknown.
    pub fn is_idle(&self, client_id: &str) -> bool {
        self.sessions.get(client_id).is_none_or(Session::is_idle)
    }

    /// Sends what waits for the client of this connection.
    fn fill(&mut self, connection: Connection) {
        let Some(link) = self.connections.get_mut(&connection) else {
            return;
        };
        let Some(session) = link
            .client
            .as_ref()
            .and_then(|client| self.sessions.get_mut(&client.id))
        else {
            return;
        };
        let window = link.client.as_ref().map_or(0, |client| client.window);
        let bounds = Bounds {
            window: self.config.window.min(window),
            backlog: self.config.backlog,
            now: self.now,
        };
        session.fill(bounds, &mut link.output);
        if !link.output.is_empty() {
            self.ready.insert(connection);
        }
    }
}
