//! Questions about what has passed.
use super::{Entry, Passed};
use motemq_std::QoS;
use motemq_testing::link::Direction;
use std::collections::{BTreeMap, BTreeSet};

/// The packets of one client, over all its connections.
pub struct Record(pub(super) Vec<Entry>);

/// A PUBLISH as the client sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copy {
    /// The packet identifier.
    pub id: u16,
    /// The DUP flag.
    pub dup: bool,
    /// How many sessions the broker had begun for the client by then.
    pub session: usize,
}

impl Record {
    /// How many connections the broker accepted.
    pub fn connections(&self) -> usize {
        self.0
            .iter()
            .filter(|entry| matches!(entry.packet, Passed::ConnAck { accepted: true, .. }))
            .count()
    }

    /// How often the broker sent this message.
    pub fn received(&self, payload: &[u8]) -> usize {
        self.publishes(Direction::Down, payload).count()
    }

    /// How many identifiers the broker used for this message.
    pub fn identifiers(&self, payload: &[u8]) -> usize {
        let ids = self.publishes(Direction::Down, payload).map(|entry| {
            let Passed::Publish { id, .. } = &entry.packet else {
                return None;
            };
            *id
        });
        ids.collect::<BTreeSet<_>>().len()
    }

    fn publishes(&self, which: Direction, wanted: &[u8]) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| {
            entry.direction == which
                && matches!(&entry.packet, Passed::Publish { payload, .. } if payload == wanted)
        })
    }

    /// How often this message of QoS 2 was a new one to the client: its identifier was free, or
    /// stood for another message. An identifier is free after PUBREL, and when the broker says that
    /// there is no session.
    pub fn accepted(&self, wanted: &[u8]) -> usize {
        let mut pending = BTreeMap::new();
        let mut accepted = 0;
        let down = |entry: &&Entry| entry.direction == Direction::Down;
        for entry in self.0.iter().filter(down) {
            match &entry.packet {
                Passed::ConnAck {
                    session_present: false,
                    ..
                } => pending.clear(),
                Passed::Publish {
                    id: Some(id),
                    qos: QoS::ExactlyOnce,
                    payload,
                    ..
                } => {
                    let is_new = pending.insert(*id, payload) != Some(payload);
                    accepted += usize::from(is_new && payload == wanted);
                }
                Passed::PubRel(id) => {
                    pending.remove(id);
                }
                _ => {}
            }
        }
        accepted
    }

    /// How often the client sent this message, and how.
    pub fn copies(&self, wanted: &[u8]) -> Vec<Copy> {
        let mut copies = Vec::new();
        let mut session = 0;
        for entry in &self.0 {
            match &entry.packet {
                Passed::ConnAck {
                    session_present: false,
                    accepted: true,
                } => session += 1,
                Passed::Publish {
                    id: Some(id),
                    dup,
                    payload,
                    ..
                } if entry.direction == Direction::Up && payload == wanted => {
                    copies.push(Copy {
                        id: *id,
                        dup: *dup,
                        session,
                    });
                }
                _ => {}
            }
        }
        copies
    }

    /// Whether the broker acknowledged this message: with PUBACK, or with PUBREC.
    pub fn acknowledged(&self, wanted: &[u8]) -> bool {
        self.about(wanted).any(|entry| {
            entry.direction == Direction::Down
                && matches!(entry.packet, Passed::PubAck(_) | Passed::PubRec(_))
        })
    }

    /// The packets with this message and with its identifiers while they stand for it, and each
    /// CONNACK.
    pub fn story(&self, wanted: &[u8]) -> Vec<String> {
        self.about(wanted).map(ToString::to_string).collect()
    }

    fn about(&self, wanted: &[u8]) -> impl Iterator<Item = &Entry> {
        // The identifiers that stand for it, by the direction of PUBLISH.
        let mut ids = BTreeSet::new();
        self.0.iter().filter(move |entry| {
            let is_up = entry.direction == Direction::Up;
            match &entry.packet {
                Passed::Publish {
                    id: Some(id),
                    payload,
                    ..
                } => {
                    if payload == wanted {
                        ids.insert((is_up, *id));
                    } else {
                        ids.remove(&(is_up, *id));
                    }
                    payload == wanted
                }
                Passed::PubAck(id) | Passed::PubRec(id) | Passed::PubComp(id) => {
                    ids.contains(&(!is_up, *id))
                }
                Passed::PubRel(id) => ids.contains(&(is_up, *id)),
                Passed::ConnAck { .. } => true,
                _ => false,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Log;

    const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a";
    const CONNECT_5: &[u8] = b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a";
    const RESUMED: &[u8] = b"\x20\x02\x01\0";

    fn record(passed: &[(Direction, &[u8])]) -> Record {
        let mut log = Log::new();
        for (direction, bytes) in passed {
            // Wherever the bytes were cut.
            for byte in bytes.chunks(if bytes[0] == 0x10 { 99 } else { 1 }) {
                log.pass((0, 1), *direction, byte);
            }
        }
        Record(log.entries)
    }

    #[test]
    fn a_message_under_a_held_identifier_is_accepted_once() {
        use Direction::{Down, Up};
        let publish: &[u8] = b"\x34\x06\0\x01t\0\x05x";
        let before = [
            (Up, CONNECT),
            (Down, RESUMED),
            (Down, publish),
            (Up, b"\x50\x02\0\x05"),
        ];
        let again = [(Down, publish), (Up, b"\x50\x02\0\x05")];
        let released: [(Direction, &[u8]); 1] = [(Down, b"\x62\x02\0\x05")];
        let once = record(&[&before[..], &again].concat());
        assert_eq!((once.received(b"x"), once.accepted(b"x")), (2, 1));
        let twice = record(&[&before[..], &released, &again].concat());
        assert_eq!((twice.accepted(b"x"), twice.identifiers(b"x")), (2, 1));
    }

    #[test]
    fn packets_of_mqtt_5_are_understood() {
        use Direction::{Down, Up};
        let record = record(&[
            (Up, CONNECT_5),
            (Down, b"\x20\x03\0\0\0"),
            (Up, b"\x3a\x07\0\x01t\0\x05\0x"),
            (Down, b"\x40\x02\0\x05"),
        ]);
        assert_eq!(record.connections(), 1);
        assert!(record.acknowledged(b"x"));
        let copy = Copy {
            id: 5,
            dup: true,
            session: 1,
        };
        assert_eq!(record.copies(b"x"), [copy]);
        assert_eq!(record.story(b"x").len(), 3);
    }
}
