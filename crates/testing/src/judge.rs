//! A judge that reads what both ends of a connection of MQTT 5 send, and finds what exceeds a limit
//! that the other end has announced. It knows nothing of sessions: it reads packets, and counts.
//!
//! ```
//! use motemq_testing::judge::Judge;
//! let mut judge = Judge::new();
//! judge.client_sends(b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a");
//! judge.server_sends(b"\x20\x06\0\0\x03\x21\0\x01"); // one message in flight
//! judge.client_sends(b"\x32\x06\0\x01t\0\x01\0");
//! assert!(judge.findings().is_empty());
//! judge.client_sends(b"\x32\x06\0\x01t\0\x02\0");
//! assert_eq!(judge.findings(), ["the client has 2 messages in flight, and may have 1"]);
//! ```
use motemq::{
    PacketId, Properties, Property, QoS, SubscriptionOptions, TopicName,
    packet::{
        Filters,
        v5::{Packet, decode},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What both ends of one connection have announced, and what they have sent since.
#[derive(Clone, Debug)]
pub struct Judge {
    client: Side,
    server: Side,
    findings: Vec<String>,
}

/// The limits for one end of a connection, which the other end has announced.
#[derive(Clone, Debug)]
struct Side {
    name: &'static str,
    /// The beginning of a packet.
    input: Vec<u8>,
    /// The packet of which this is the beginning has completed a message already.
    is_taken: bool,
    longest: usize,
    window: usize,
    highest_qos: QoS,
    highest_alias: u16,
    lacks_retain: bool,
    lacks_wildcards: bool,
    lacks_identifiers: bool,
    lacks_shares: bool,
    /// The messages that were sent and are not completed.
    in_flight: BTreeMap<PacketId, QoS>,
    /// The topic aliases that were set.
    aliases: BTreeSet<u16>,
}

impl Judge {
    /// A connection that has just been opened.
    pub fn new() -> Self {
        Judge {
            client: Side::new("client"),
            server: Side::new("server"),
            findings: Vec::new(),
        }
    }

    /// The client sends bytes. They may be cut anywhere.
    pub fn client_sends(&mut self, bytes: &[u8]) {
        read(
            bytes,
            &mut self.client,
            &mut self.server,
            &mut self.findings,
        );
    }

    /// The client receives bytes of the server. They may be cut anywhere.
    pub fn server_sends(&mut self, bytes: &[u8]) {
        read(
            bytes,
            &mut self.server,
            &mut self.client,
            &mut self.findings,
        );
    }

    /// What exceeded a limit, or was no packet.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// The messages of the client that were sent and are not completed, and the QoS of each.
    pub fn in_flight(&self) -> impl Iterator<Item = (PacketId, QoS)> {
        self.client.in_flight.iter().map(|(&id, &qos)| (id, qos))
    }
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads what `from` sends to `to`.
fn read(bytes: &[u8], from: &mut Side, to: &mut Side, findings: &mut Vec<String>) {
    let mut input = std::mem::take(&mut from.input);
    input.extend_from_slice(bytes);
    let mut rest = input.as_slice();
    loop {
        match decode(rest) {
            Ok(Some((packet, length))) => {
                rest = rest.get(length..).unwrap_or_default();
                let name = from.name;
                if length > from.longest {
                    let longest = from.longest;
                    findings.push(format!(
                        "the {name} sends {length} bytes, and may send {longest}: {packet}"
                    ));
                }
                from.sends(&packet, findings);
                if !std::mem::take(&mut from.is_taken) {
                    to.hears(&packet);
                }
            }
            Ok(None) => {
                if let Some(id) = completed(rest).filter(|_| !from.is_taken) {
                    to.in_flight.remove(&id);
                    from.is_taken = true;
                }
                break;
            }
            Err(error) => {
                findings.push(format!("the {} sends no packet: {error}", from.name));
                rest = &[];
            }
        }
    }
    from.input = rest.to_vec();
}

/// Returns the identifier that ends with the incomplete acknowledgement at the beginning of `bytes`.
/// Behind the identifier and the code only properties follow, so the receiver need not wait for
/// them.
fn completed(bytes: &[u8]) -> Option<PacketId> {
    let (&first_byte, rest) = bytes.split_first()?;
    let length = rest.iter().position(|&byte| byte < 0x80)? + 1;
    let (&[high, low, code], _) = rest.get(length..)?.split_first_chunk()?;
    let ends = matches!(first_byte, 0x40 | 0x70) || (first_byte == 0x50 && code >= 0x80);
    PacketId::new(u16::from_be_bytes([high, low])).filter(|_| ends)
}

impl Side {
    fn new(name: &'static str) -> Self {
        Side {
            name,
            input: Vec::new(),
            is_taken: false,
            longest: usize::MAX,
            window: usize::from(u16::MAX),
            highest_qos: QoS::ExactlyOnce,
            highest_alias: 0,
            lacks_retain: false,
            lacks_wildcards: false,
            lacks_identifiers: false,
            lacks_shares: false,
            in_flight: BTreeMap::new(),
            aliases: BTreeSet::new(),
        }
    }

    /// The other end has sent a packet.
    fn hears(&mut self, packet: &Packet<'_>) {
        match *packet {
            Packet::Connect(connect) => self.learn(connect.properties),
            Packet::ConnAck { properties, .. } => self.learn(properties),
            Packet::PubAck { id, .. } | Packet::PubComp { id, .. } => {
                self.in_flight.remove(&id);
            }
            Packet::PubRec { id, code, .. } if code.is_error() => {
                self.in_flight.remove(&id);
            }
            _ => {}
        }
    }

    /// Takes over the limits that the other end announces.
    fn learn(&mut self, properties: Properties<'_>) {
        for property in properties.iter() {
            match property {
                Property::MaximumPacketSize(longest) => self.longest = longest.get() as usize,
                Property::ReceiveMaximum(window) => self.window = window.get().into(),
                Property::MaximumQoS(qos) => self.highest_qos = qos,
                Property::TopicAliasMaximum(highest) => self.highest_alias = highest,
                Property::RetainAvailable(has) => self.lacks_retain = !has,
                Property::WildcardSubscriptionAvailable(has) => self.lacks_wildcards = !has,
                Property::SubscriptionIdentifierAvailable(has) => self.lacks_identifiers = !has,
                Property::SharedSubscriptionAvailable(has) => self.lacks_shares = !has,
                _ => {}
            }
        }
    }

    /// This end has sent a packet.
    fn sends(&mut self, packet: &Packet<'_>, findings: &mut Vec<String>) {
        match *packet {
            Packet::Publish {
                qos,
                retain,
                id,
                topic,
                properties,
                ..
            } => {
                if qos > self.highest_qos || (retain && self.lacks_retain) {
                    let name = self.name;
                    findings.push(format!("the {name} sends what is not supported: {packet}"));
                }
                if let Some(id) = id {
                    self.begins(id, qos, findings);
                }
                self.uses(topic, properties.topic_alias(), findings);
            }
            Packet::Subscribe {
                filters,
                properties,
                ..
            } => self.subscribes(filters, properties, findings),
            _ => {}
        }
    }

    /// This end has sent a message that is to be acknowledged.
    fn begins(&mut self, id: PacketId, qos: QoS, findings: &mut Vec<String>) {
        let (name, window) = (self.name, self.window);
        if self.in_flight.insert(id, qos).is_some() {
            findings.push(format!("the {name} sends {id} twice on one connection"));
        }
        let count = self.in_flight.len();
        if count > window {
            findings.push(format!(
                "the {name} has {count} messages in flight, and may have {window}"
            ));
        }
    }

    /// This end has sent a message with a topic, an alias, or both.
    fn uses(
        &mut self,
        topic: Option<TopicName<'_>>,
        alias: Option<u16>,
        findings: &mut Vec<String>,
    ) {
        let Some(alias) = alias else { return };
        let (name, highest) = (self.name, self.highest_alias);
        if alias > highest {
            findings.push(format!(
                "the {name} uses the topic alias {alias}, and may use {highest}"
            ));
        }
        if topic.is_none() && !self.aliases.contains(&alias) {
            findings.push(format!("the {name} has not set the topic alias {alias}"));
        }
        self.aliases.insert(alias);
    }

    fn subscribes(
        &self,
        filters: Filters<'_, SubscriptionOptions>,
        properties: Properties<'_>,
        findings: &mut Vec<String>,
    ) {
        let name = self.name;
        if self.lacks_identifiers && properties.subscription_identifiers().next().is_some() {
            findings.push(format!("the {name} uses a subscription identifier"));
        }
        for filter in filters.iter().map(|filter| filter.filter) {
            let has_wildcards = filter.contains(['+', '#']);
            let is_shared = filter.starts_with("$share/");
            if (has_wildcards && self.lacks_wildcards) || (is_shared && self.lacks_shares) {
                findings.push(format!("the {name} subscribes to {filter}"));
            }
        }
    }
}
