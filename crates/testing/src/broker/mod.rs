//! A small MQTT 3.1.1 broker without I/O: bytes of connections in, bytes for connections out. **Not
//! for production**: bring mosquitto, HiveMQ, EMQX or AWS IoT.
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
mod config;
mod connect;
mod encode;
mod messages;
mod session;

pub use config::Config;

use encode::append;
use messages::Will;
use motemq::packet::{Malformed, Packet, decode};
use session::{Awaits, Message, Session};
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
    /// Client identifiers given to clients without one, counted.
    named: u64,
    dropped: u64,
}

/// A connection that is open.
#[derive(Clone, Debug)]
struct Link {
    /// The beginning of a packet.
    input: Vec<u8>,
    output: Vec<u8>,
    /// When the last packet came.
    heard: u64,
    /// After CONNECT.
    client: Option<Client>,
}

/// What a connection's CONNECT said.
#[derive(Clone, Debug)]
struct Client {
    id: String,
    clean: bool,
    /// Milliseconds; 0: off.
    keep_alive: u64,
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
            named: 0,
            dropped: 0,
        }
    }

    /// A client has connected; its CONNECT is to follow.
    pub fn opened(&mut self, now: u64, connection: Connection) {
        self.now = now;
        self.connections.insert(
            connection,
            Link {
                input: Vec::new(),
                output: Vec::new(),
                heard: now,
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
        while self.connections.contains_key(&from) {
            match decode(rest) {
                Ok(Some((_, length))) if length > self.config.max_packet => self.close(from),
                Ok(Some((packet, length))) => {
                    rest = rest.get(length..).unwrap_or_default();
                    self.packet(from, packet);
                }
                Ok(None) if rest.len() > self.config.max_packet => self.close(from),
                Ok(None) => break,
                Err(Malformed) => self.malformed(from, rest),
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

    /// Closes connections that were silent for too long; tells in how many milliseconds the next
    /// would be.
    ///
    /// One and a half keep-alives without a packet [MQTT-3.1.2-24]; half a packet is none.
    pub fn tick(&mut self, now: u64) -> Option<u64> {
        self.now = now;
        let late: Vec<_> = self
            .deadlines()
            .filter(|&(_, deadline)| deadline <= now)
            .map(|(connection, _)| connection)
            .collect();
        for connection in late {
            self.close(connection);
        }
        self.deadlines().map(|(_, deadline)| deadline - now).min()
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
        let bytes = mem::take(&mut link.output);
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

    fn deadlines(&self) -> impl Iterator<Item = (Connection, u64)> {
        self.connections.iter().filter_map(|(&connection, link)| {
            let silence = link
                .client
                .as_ref()
                .map_or(self.config.connect_timeout, |client| {
                    client.keep_alive * 3 / 2
                });
            (silence != 0).then_some((connection, link.heard + silence))
        })
    }

    fn packet(&mut self, from: Connection, packet: Packet<'_>) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        link.heard = self.now;
        let Some(client) = &mut link.client else {
            // [MQTT-3.1.0-1]
            return match packet {
                Packet::Connect(connect) => self.connect(from, &connect),
                _ => self.close(from),
            };
        };
        let Some(session) = self.sessions.get_mut(&client.id) else {
            return;
        };
        self.ready.insert(from);
        let answer = match packet {
            Packet::Publish {
                topic,
                payload,
                qos,
                retain,
                id,
                ..
            } => {
                // A QoS 2 message is new unless its identifier has not been released
                // [MQTT-4.3.3-2].
                if id.is_none_or(|id| {
                    qos.ne(&motemq::QoS::ExactlyOnce) || session.received.insert(id)
                }) {
                    self.publish(
                        Message {
                            topic: topic.as_str().into(),
                            payload: payload.into(),
                            qos,
                        },
                        retain,
                    );
                }
                return self.acknowledge(from, qos, id);
            }
            Packet::PubAck(id) => session.answered(id, Awaits::Ack, &mut link.output),
            Packet::PubRec(id) => session.answered(id, Awaits::Rec, &mut link.output),
            Packet::PubComp(id) => session.answered(id, Awaits::Comp, &mut link.output),
            Packet::PubRel(id) => {
                // Also if it is unknown: the client has not seen an earlier PUBCOMP.
                session.received.remove(&id);
                return append(&Packet::PubComp(id), &mut link.output);
            }
            Packet::Subscribe { id, filters } => return self.subscribe(from, id, filters),
            Packet::Unsubscribe { id, filters } => {
                for filter in filters.iter() {
                    session.subscriptions.remove(filter.filter);
                }
                return append(&Packet::UnsubAck(id), &mut link.output);
            }
            Packet::PingReq => return append(&Packet::PingResp, &mut link.output),
            Packet::Disconnect => {
                // [MQTT-3.14.4-3]
                client.will = None;
                return self.close(from);
            }
            // [MQTT-3.1.0-2], and packets that only brokers send.
            Packet::Connect(_)
            | Packet::ConnAck { .. }
            | Packet::SubAck { .. }
            | Packet::UnsubAck(_)
            | Packet::PingResp => {
                return self.close(from);
            }
        };
        match answer {
            Ok(()) => self.fill(from),
            Err(session::WrongAnswer) => self.close(from),
        }
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
        session.fill(self.config.window, self.config.backlog, &mut link.output);
        if !link.output.is_empty() {
            self.ready.insert(connection);
        }
    }
}
