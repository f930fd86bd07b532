//! The broker's side of one session, as small as can be.
use motemq::{PacketId, Property, QoS, ReasonCode, Version, topic::TopicName};
use motemq_testing::codec::{self, Packet, Scratch, Sent as Said};

/// A reason that is longer than what the client can receive at once.
const LONG: &str = "a reason that is longer than the buffer";

/// How far a message to the client is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sent {
    Waits,
    Published,
    /// Published on an earlier connection, and to be sent again when the receive maximum of the
    /// client allows it. Only with MQTT 5.
    Again,
    Released,
    Done,
}

/// What the broker of MQTT 5 does, and what it has seen on this connection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Terms {
    /// The receive maximum that is announced next, and then for all others.
    pub windows: [u16; 2],
    /// The topic alias maximum that is announced next, and then for all others.
    pub aliases: [u16; 2],
    /// Acknowledgements give a long reason.
    pub explains: bool,
    /// The client's messages that have not been completed on this connection.
    in_flight: Vec<u16>,
    knows_alias: bool,
    /// The receive maximum of the client.
    window_of_client: u16,
    /// The messages to the client that were sent on this connection.
    sent: Vec<usize>,
    /// The client has exceeded a limit.
    pub is_exceeded: bool,
}

/// What the broker remembers, and what it has done.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Broker {
    /// It has a session for the client.
    pub known: bool,
    /// The client has said CONNECT on this connection.
    pub open: bool,
    /// It has ended this connection with DISCONNECT, and reads nothing more.
    pub has_ended: bool,
    /// It sends PUBREC again, over a new connection, for what waits for PUBREL.
    pub repeats_pubrec: bool,
    /// QoS 2 identifiers that wait for PUBREL.
    pub received: Vec<u16>,
    /// The client's messages that it has passed on, in that order.
    pub passed: Vec<u8>,
    /// The client's messages that it has refused.
    pub refused: Vec<u8>,
    /// Messages to the client, in order: QoS, and how far it is.
    pub sent: Vec<(QoS, Sent)>,
    /// With MQTT 5.
    pub terms: Option<Terms>,
}

impl Broker {
    /// Takes one packet off `up`, and answers into `down`. A message is refused if `refuses`;
    /// returns `false` if there is none to be refused.
    pub fn reads(&mut self, refuses: bool, up: &mut Vec<u8>, down: &mut Vec<u8>) -> bool {
        let bytes = up.clone();
        let mut scratch = Scratch::default();
        let (packet, length) = codec::decode(self.version(), &bytes, &mut scratch)
            .expect("the client keeps to the standard")
            .expect("packets come whole");
        // It stands by what it has done with a message.
        let mut is_refused = false;
        if let Packet::Publish {
            payload: &[number], ..
        } = packet
        {
            is_refused = self.refused.contains(&number);
            if refuses && !is_refused && !self.passed.contains(&number) {
                self.refused.push(number);
                is_refused = true;
            }
        }
        if refuses && !is_refused {
            return false;
        }
        up.drain(..length);
        match packet {
            Packet::Connect(connect) => self.connect(connect.clean, connect.properties, down),
            Packet::Publish {
                qos,
                id: Some(id),
                topic,
                payload: &[number],
                properties,
                ..
            } => {
                self.check(id, topic.is_some(), properties.topic_alias());
                if !is_refused && (qos == QoS::AtLeastOnce || !self.received.contains(&id.get())) {
                    self.passed.push(number);
                }
                if !is_refused && qos == QoS::ExactlyOnce && !self.received.contains(&id.get()) {
                    self.received.push(id.get());
                }
                let code = if is_refused {
                    ReasonCode::QUOTA_EXCEEDED
                } else {
                    ReasonCode::SUCCESS
                };
                let is_last = is_refused || qos == QoS::AtLeastOnce;
                self.acknowledge(id, code, is_last, down, |id, code, properties| match qos {
                    QoS::AtLeastOnce => Said::PubAck {
                        id,
                        code,
                        properties,
                    },
                    _ => Said::PubRec {
                        id,
                        code,
                        properties,
                    },
                });
            }
            Packet::PubRel { id, .. } => {
                let code = if self.received.contains(&id.get()) {
                    ReasonCode::SUCCESS
                } else {
                    ReasonCode::PACKET_IDENTIFIER_NOT_FOUND
                };
                self.received.retain(|&held| held != id.get());
                self.acknowledge(id, code, true, down, |id, code, properties| Said::PubComp {
                    id,
                    code,
                    properties,
                });
            }
            Packet::PubAck { id, .. } | Packet::PubComp { id, .. } => self.done(id),
            Packet::PubRec { id, code, .. } if code.is_error() => self.done(id),
            Packet::PubRec { id, .. } => {
                self.sent[at(id)].1 = Sent::Released;
                self.release(id, down);
            }
            other => panic!("a client says {other:?}"),
        }
        true
    }

    /// The next message goes to the client, if two at most are under way.
    pub fn sends(&mut self, down: &mut Vec<u8>) -> bool {
        let under_way = self
            .sent
            .iter()
            .filter(|(_, sent)| matches!(sent, Sent::Published | Sent::Released))
            .count();
        let is_next = |&(_, sent): &(QoS, Sent)| matches!(sent, Sent::Waits | Sent::Again);
        let next = self.sent.iter().position(is_next);
        let has_room = match &self.terms {
            None => under_way < 2,
            Some(terms) => terms.sent.len() < terms.window_of_client.into(),
        };
        let Some(at) = next.filter(|_| self.open && has_room) else {
            return false;
        };
        self.publish(at, self.sent[at].1 == Sent::Again, down);
        self.sent[at].1 = Sent::Published;
        true
    }

    /// The broker ends the connection with DISCONNECT.
    pub fn disconnects(&mut self, down: &mut Vec<u8>) -> bool {
        if !self.open {
            return false;
        }
        self.open = false;
        self.has_ended = true;
        let reason = self.reason();
        let packet = Said::Disconnect {
            code: ReasonCode::SERVER_SHUTTING_DOWN,
            properties: &reason,
        };
        codec::append(self.version(), &packet, down);
        true
    }

    /// No receipt is open.
    pub fn is_idle(&self) -> bool {
        self.received.is_empty() && self.sent.iter().all(|&(_, sent)| sent == Sent::Done)
    }

    fn version(&self) -> Version {
        match self.terms {
            Some(_) => Version::Mqtt5,
            None => Version::Mqtt311,
        }
    }

    fn connect(&mut self, clean: bool, said: motemq::Properties<'_>, down: &mut Vec<u8>) {
        if clean {
            *self = Broker {
                repeats_pubrec: self.repeats_pubrec,
                terms: self.terms.take(),
                passed: std::mem::take(&mut self.passed),
                refused: std::mem::take(&mut self.refused),
                sent: std::mem::take(&mut self.sent),
                ..Broker::default()
            };
            // What was under way to the old session is gone with it; what is published later is
            // not.
            let sent = self.sent.iter_mut().map(|(_, sent)| sent);
            sent.filter(|sent| **sent != Sent::Waits)
                .for_each(|sent| *sent = Sent::Done);
        }
        let mut properties = Vec::new();
        if let Some(terms) = &mut self.terms {
            properties = terms.begin(said);
        }
        let connack = Said::ConnAck {
            session_present: self.known,
            code: ReasonCode::SUCCESS,
            properties: &properties,
        };
        codec::append(self.version(), &connack, down);
        self.known = !clean;
        self.open = true;
        if self.repeats_pubrec {
            for &id in &self.received {
                let pubrec = Said::PubRec {
                    id: PacketId::new(id).expect("it is not 0"),
                    code: ReasonCode::SUCCESS,
                    properties: &[],
                };
                codec::append(self.version(), &pubrec, down);
            }
        }
        for at in 0..self.sent.len() {
            match self.sent[at].1 {
                Sent::Published if self.terms.is_some() => self.sent[at].1 = Sent::Again,
                Sent::Published => self.publish(at, true, down),
                Sent::Released => self.release(id(at), down),
                Sent::Waits | Sent::Again | Sent::Done => {}
            }
        }
    }

    /// Looks whether the client keeps to the limits.
    fn check(&mut self, id: PacketId, has_topic: bool, alias: Option<u16>) {
        let Some(terms) = &mut self.terms else { return };
        if !terms.in_flight.contains(&id.get()) {
            terms.in_flight.push(id.get());
        }
        terms.is_exceeded |= terms.in_flight.len() > terms.windows[0].into()
            || alias > Some(terms.aliases[0])
            || !(has_topic || terms.knows_alias);
        terms.knows_alias |= alias.is_some();
    }

    /// Sends an acknowledgement, with which the message is completed if it `is_last`.
    fn acknowledge(
        &mut self,
        id: PacketId,
        code: ReasonCode,
        is_last: bool,
        down: &mut Vec<u8>,
        packet: impl for<'a> Fn(PacketId, ReasonCode, &'a [Property<'a>]) -> Said<'a>,
    ) {
        if let Some(terms) = self.terms.as_mut().filter(|_| is_last) {
            terms.in_flight.retain(|&open| open != id.get());
        }
        codec::append(self.version(), &packet(id, code, &self.reason()), down);
    }

    fn reason(&self) -> Vec<Property<'static>> {
        let explains = self.terms.as_ref().is_some_and(|terms| terms.explains);
        let reason = explains.then_some(Property::ReasonString(LONG.into()));
        reason.into_iter().collect()
    }

    /// The message with this identifier is completed.
    fn done(&mut self, id: PacketId) {
        self.sent[at(id)].1 = Sent::Done;
        if let Some(terms) = &mut self.terms {
            terms.sent.retain(|&sent| sent != at(id));
        }
    }

    fn release(&self, id: PacketId, down: &mut Vec<u8>) {
        let pubrel = Said::PubRel {
            id,
            code: ReasonCode::SUCCESS,
            properties: &self.reason(),
        };
        codec::append(self.version(), &pubrel, down);
    }

    fn publish(&mut self, at: usize, dup: bool, down: &mut Vec<u8>) {
        if let Some(terms) = &mut self.terms {
            terms.sent.push(at);
        }
        let message = Said::Publish {
            dup,
            qos: self.sent[at].0,
            retain: false,
            id: Some(id(at)),
            topic: Some(TopicName::new("m").expect("it is one")),
            payload: &[at as u8],
            properties: &[],
        };
        codec::append(self.version(), &message, down);
    }
}

impl Terms {
    /// No limits.
    pub fn new() -> Self {
        Terms {
            windows: [u16::MAX; 2],
            ..Terms::default()
        }
    }

    /// Begins a connection, and returns what CONNACK announces.
    fn begin(&mut self, said: motemq::Properties<'_>) -> Vec<Property<'static>> {
        self.in_flight.clear();
        self.sent.clear();
        self.knows_alias = false;
        self.window_of_client = u16::MAX;
        for property in said.iter() {
            if let Property::ReceiveMaximum(maximum) = property {
                self.window_of_client = maximum.get();
            }
        }
        let window = self.windows[0].try_into().expect("it is not 0");
        vec![
            Property::ReceiveMaximum(window),
            Property::TopicAliasMaximum(self.aliases[0]),
        ]
    }

    /// The connection is gone: the next one has other limits.
    pub fn lose(&mut self) {
        self.windows[0] = self.windows[1];
        self.aliases[0] = self.aliases[1];
    }
}

/// The identifier of a message to the client.
fn id(at: usize) -> PacketId {
    PacketId::new(100 + at as u16).expect("it is not 0")
}

/// The message to the client with this identifier.
fn at(id: PacketId) -> usize {
    usize::from(id.get()) - 100
}
