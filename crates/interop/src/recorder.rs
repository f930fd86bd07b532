//! The packets that pass between a client and a broker: they tell which of them is the reason when a
//! message is lost or comes twice.
mod record;

use motemq_std::{
    QoS, ReasonCode, ReturnCode, Version,
    motemq::{
        PacketId,
        packet::{self, v5},
    },
};
use motemq_testing::{link::Direction, proxy::Proxy};
pub use record::Record;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A proxy before each node of a broker, which writes down what passes.
pub struct Recorder {
    proxies: Vec<Proxy>,
    log: Arc<Mutex<Log>>,
}

impl Recorder {
    /// Starts a proxy before each of these addresses.
    pub fn before(nodes: &[SocketAddr]) -> Result<Self, String> {
        let log = Arc::new(Mutex::new(Log::new()));
        let proxies = nodes.iter().enumerate().map(|(node, &address)| {
            let log = log.clone();
            Proxy::watched(address, move |number, direction, bytes| {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.pass((node, number), direction, bytes);
            })
        });
        let proxies = proxies
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        Ok(Recorder { proxies, log })
    }

    /// The proxies, in the order of the nodes.
    pub fn proxies(&self) -> &[Proxy] {
        &self.proxies
    }

    /// Where they listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.proxies.iter().map(Proxy::addr).collect()
    }

    /// What has passed so far.
    pub fn record(&self) -> Record {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        Record(log.entries.clone())
    }
}

/// A connection: the node, and its number there.
type Link = (usize, u64);

struct Log {
    begun: Instant,
    entries: Vec<Entry>,
    /// Bytes that are no whole packet yet.
    halves: BTreeMap<(Link, bool), Vec<u8>>,
    versions: BTreeMap<Link, Version>,
}

impl Log {
    fn new() -> Self {
        Log {
            begun: Instant::now(),
            entries: Vec::new(),
            halves: BTreeMap::new(),
            versions: BTreeMap::new(),
        }
    }

    fn pass(&mut self, link: Link, direction: Direction, bytes: &[u8]) {
        let Log {
            begun,
            entries,
            halves,
            versions,
        } = self;
        let half = halves
            .entry((link, direction == Direction::Up))
            .or_default();
        half.extend_from_slice(bytes);
        let version = *versions.entry(link).or_insert_with(|| version(half));
        let mut rest = &half[..];
        while let Some((packet, length)) = decode(version, rest) {
            entries.push(Entry {
                at: begun.elapsed(),
                link,
                direction,
                packet,
            });
            rest = &rest[length..];
        }
        let passed = half.len() - rest.len();
        half.drain(..passed);
    }
}

/// The version in the CONNECT with which a connection begins: it stands behind the protocol name.
fn version(connect: &[u8]) -> Version {
    let name = connect.windows(4).position(|four| four == b"MQTT");
    match name.and_then(|at| connect.get(at + 4)) {
        Some(5) => Version::Mqtt5,
        _ => Version::Mqtt311,
    }
}

/// A packet that passed.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Passed {
    ConnAck {
        session_present: bool,
        accepted: bool,
    },
    Publish {
        id: Option<u16>,
        qos: QoS,
        dup: bool,
        payload: Vec<u8>,
    },
    PubAck(u16),
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    Other(String),
}

fn decode(version: Version, bytes: &[u8]) -> Option<(Passed, usize)> {
    if version == Version::Mqtt5 {
        decode_5(bytes)
    } else {
        decode_311(bytes)
    }
}

fn decode_311(bytes: &[u8]) -> Option<(Passed, usize)> {
    let (packet, length) = packet::decode(bytes).ok()??;
    let passed = match packet {
        packet::Packet::ConnAck {
            session_present,
            code,
        } => Passed::ConnAck {
            session_present,
            accepted: code == ReturnCode::ACCEPTED,
        },
        packet::Packet::Publish {
            id,
            qos,
            dup,
            payload,
            ..
        } => Passed::Publish {
            id: id.map(PacketId::get),
            qos,
            dup,
            payload: payload.to_vec(),
        },
        packet::Packet::PubAck(id) => Passed::PubAck(id.get()),
        packet::Packet::PubRec(id) => Passed::PubRec(id.get()),
        packet::Packet::PubRel(id) => Passed::PubRel(id.get()),
        packet::Packet::PubComp(id) => Passed::PubComp(id.get()),
        other => Passed::Other(other.to_string()),
    };
    Some((passed, length))
}

fn decode_5(bytes: &[u8]) -> Option<(Passed, usize)> {
    let (packet, length) = v5::decode(bytes).ok()??;
    let passed = match packet {
        v5::Packet::ConnAck {
            session_present,
            code,
            ..
        } => Passed::ConnAck {
            session_present,
            accepted: code == ReasonCode::SUCCESS,
        },
        v5::Packet::Publish {
            id,
            qos,
            dup,
            payload,
            ..
        } => Passed::Publish {
            id: id.map(PacketId::get),
            qos,
            dup,
            payload: payload.to_vec(),
        },
        v5::Packet::PubAck { id, .. } => Passed::PubAck(id.get()),
        v5::Packet::PubRec { id, .. } => Passed::PubRec(id.get()),
        v5::Packet::PubRel { id, .. } => Passed::PubRel(id.get()),
        v5::Packet::PubComp { id, .. } => Passed::PubComp(id.get()),
        other => Passed::Other(other.to_string()),
    };
    Some((passed, length))
}

#[derive(Clone, Debug)]
struct Entry {
    at: Duration,
    link: Link,
    direction: Direction,
    packet: Passed,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.direction == Direction::Up {
            "->"
        } else {
            "<-"
        };
        let (node, number) = self.link;
        let at = self.at.as_secs_f64();
        write!(f, "{at:8.3} s, node {node}, connection {number} {arrow} ")?;
        match &self.packet {
            Passed::ConnAck {
                session_present,
                accepted,
            } => write!(
                f,
                "CONNACK accepted {accepted}, session present {session_present}"
            ),
            Passed::Publish {
                id,
                qos,
                dup,
                payload,
            } => write!(
                f,
                "PUBLISH {} QoS {}, DUP {dup}, {}",
                id.unwrap_or_default(),
                *qos as u8,
                String::from_utf8_lossy(payload.get(..20).unwrap_or(payload))
            ),
            Passed::PubAck(id) => write!(f, "PUBACK {id}"),
            Passed::PubRec(id) => write!(f, "PUBREC {id}"),
            Passed::PubRel(id) => write!(f, "PUBREL {id}"),
            Passed::PubComp(id) => write!(f, "PUBCOMP {id}"),
            Passed::Other(words) => f.write_str(words),
        }
    }
}
