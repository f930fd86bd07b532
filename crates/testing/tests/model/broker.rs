//! The broker's side of one session, as small as can be.
use motemq::{
    Buffer, QoS,
    packet::{Packet, decode},
    topic::TopicName,
};

/// How far a message to the client is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sent {
    Waits,
    Published,
    Released,
    Done,
}

/// What the broker remembers, and what it has done.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Broker {
    /// It has a session for the client.
    pub known: bool,
    /// The client has said CONNECT on this connection.
    pub open: bool,
    /// It sends PUBREC again, over a new connection, for what waits for PUBREL.
    pub repeats_pubrec: bool,
    /// QoS 2 identifiers that wait for PUBREL.
    pub received: Vec<u16>,
    /// The client's messages that it has passed on, in that order.
    pub passed: Vec<u8>,
    /// Messages to the client, in order: QoS, and how far it is.
    pub sent: Vec<(QoS, Sent)>,
}

impl Broker {
    /// Takes one packet off `up`, and answers into `down`.
    pub fn reads(&mut self, up: &mut Vec<u8>, down: &mut Vec<u8>) {
        let bytes = up.clone();
        let (packet, length) = decode(&bytes)
            .expect("the client keeps to the standard")
            .expect("packets come whole");
        up.drain(..length);
        match packet {
            Packet::Connect(connect) => {
                if connect.clean {
                    *self = Broker {
                        repeats_pubrec: self.repeats_pubrec,
                        passed: std::mem::take(&mut self.passed),
                        sent: std::mem::take(&mut self.sent),
                        ..Broker::default()
                    };
                    // What was under way to the old session is gone with it; what is published
                    // later is not.
                    let sent = self.sent.iter_mut().map(|(_, sent)| sent);
                    sent.filter(|sent| **sent != Sent::Waits)
                        .for_each(|sent| *sent = Sent::Done);
                }
                write(
                    &Packet::ConnAck {
                        session_present: self.known,
                        code: 0.into(),
                    },
                    down,
                );
                self.known = !connect.clean;
                self.open = true;
                if self.repeats_pubrec {
                    for &id in &self.received {
                        let id = motemq::PacketId::new(id).expect("it is not 0");
                        write(&Packet::PubRec(id), down);
                    }
                }
                for at in 0..self.sent.len() {
                    match self.sent[at].1 {
                        Sent::Published => self.publish(at, true, down),
                        Sent::Released => write(&Packet::PubRel(id(at)), down),
                        Sent::Waits | Sent::Done => {}
                    }
                }
            }
            Packet::Publish {
                qos,
                id: Some(id),
                payload: &[number],
                ..
            } => {
                if qos == QoS::AtLeastOnce {
                    self.passed.push(number);
                    return write(&Packet::PubAck(id), down);
                }
                if !self.received.contains(&id.get()) {
                    self.received.push(id.get());
                    self.passed.push(number);
                }
                write(&Packet::PubRec(id), down);
            }
            Packet::PubRel(id) => {
                self.received.retain(|&held| held != id.get());
                write(&Packet::PubComp(id), down);
            }
            Packet::PubAck(id) | Packet::PubComp(id) => {
                self.sent[usize::from(id.get()) - 100].1 = Sent::Done
            }
            Packet::PubRec(id) => {
                self.sent[usize::from(id.get()) - 100].1 = Sent::Released;
                write(&Packet::PubRel(id), down);
            }
            other => panic!("a client says {other:?}"),
        }
    }

    /// The next message goes to the client, if two at most are under way.
    pub fn sends(&mut self, down: &mut Vec<u8>) -> bool {
        let under_way = self
            .sent
            .iter()
            .filter(|(_, sent)| matches!(sent, Sent::Published | Sent::Released))
            .count();
        let next = self.sent.iter().position(|&(_, sent)| sent == Sent::Waits);
        let Some(at) = next.filter(|_| self.open && under_way < 2) else {
            return false;
        };
        self.publish(at, false, down);
        self.sent[at].1 = Sent::Published;
        true
    }

    /// No receipt is open.
    pub fn is_idle(&self) -> bool {
        self.received.is_empty() && self.sent.iter().all(|&(_, sent)| sent == Sent::Done)
    }

    fn publish(&self, at: usize, dup: bool, down: &mut Vec<u8>) {
        let topic = TopicName::new("m").expect("it is one");
        write(
            &Packet::Publish {
                dup,
                qos: self.sent[at].0,
                retain: false,
                id: Some(id(at)),
                topic,
                payload: &[at as u8],
            },
            down,
        );
    }
}

fn id(at: usize) -> motemq::PacketId {
    motemq::PacketId::new(100 + at as u16).expect("it is not 0")
}

fn write(packet: &Packet<'_>, down: &mut Vec<u8>) {
    let mut buffer = Buffer::<[u8; 64]>::new();
    packet.encode(&mut *buffer).expect("it fits");
    down.extend_from_slice(buffer.bytes());
}
