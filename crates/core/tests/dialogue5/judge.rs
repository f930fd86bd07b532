//! No limit that a server announces is ever exceeded: random limits, random commands and answers,
//! and an independent judge that reads what is sent.
use super::*;
use motemq::packet::v5::{Packet, decode};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers by chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What a server has announced, and what it has seen since.
struct Judge {
    longest: usize,
    window: usize,
    aliases: u16,
    qos: u8,
    lacks: [bool; 4],
    /// The messages that are not completed, and the first byte of what answers them.
    in_flight: BTreeMap<u16, u8>,
    known: BTreeSet<u16>,
}

impl Judge {
    /// Announces limits by chance. Returns the CONNACK.
    fn announce(chance: &mut Chance, is_present: bool) -> (Judge, Vec<u8>) {
        let judge = Judge {
            longest: 16 + chance.below(60) as usize,
            window: 1 + chance.below(4) as usize,
            aliases: chance.below(3) as u16,
            qos: chance.below(3) as u8,
            lacks: [0; 4].map(|_| chance.below(3) == 0),
            in_flight: BTreeMap::new(),
            known: BTreeSet::new(),
        };
        let mut list = vec![0x27, 0, 0, 0, judge.longest as u8];
        list.extend([0x21, 0, judge.window as u8, 0x22, 0, judge.aliases as u8]);
        if judge.qos < 2 {
            list.extend([0x24, judge.qos]);
        }
        for (lacks, id) in judge.lacks.iter().zip([0x25, 0x28, 0x29, 0x2a]) {
            if *lacks {
                list.extend([id, 0]);
            }
        }
        let mut connack = vec![0x20, 3 + list.len() as u8, is_present.into(), 0];
        connack.push(list.len() as u8);
        connack.extend(list);
        (judge, connack)
    }

    /// Looks at what the client sends.
    fn look(&mut self, mut bytes: &[u8]) {
        while let Some((packet, length)) = decode(bytes).unwrap() {
            assert!(length <= self.longest, "{packet:?}");
            bytes = &bytes[length..];
            match packet {
                Packet::Publish {
                    qos,
                    retain,
                    id,
                    topic,
                    properties,
                    ..
                } => {
                    assert!(qos as u8 <= self.qos);
                    assert!(!(retain && self.lacks[0]));
                    if let Some(id) = id {
                        let answer = if qos == QoS::AtLeastOnce { 0x40 } else { 0x50 };
                        assert_eq!(self.in_flight.insert(id.get(), answer), None);
                        assert!(self.in_flight.len() <= self.window);
                    }
                    let alias = properties.topic_alias().unwrap_or(0);
                    assert!(alias <= self.aliases);
                    assert!(topic.is_some() || self.known.contains(&alias));
                    self.known.insert(alias);
                }
                Packet::Subscribe {
                    filters,
                    properties,
                    ..
                } => {
                    let has_id = properties
                        .iter()
                        .any(|property| matches!(property, Property::SubscriptionIdentifier(_)));
                    assert!(!(has_id && self.lacks[2]));
                    for filter in filters.iter() {
                        assert!(!(filter.filter.contains(['+', '#']) && self.lacks[1]));
                        assert!(!(filter.filter.starts_with("$share") && self.lacks[3]));
                    }
                }
                _ => {}
            }
        }
        assert!(bytes.is_empty(), "a packet is cut");
    }

    /// Answers a message in flight by chance, or nothing. Returns the answer.
    fn answer(&mut self, chance: &mut Chance) -> Vec<u8> {
        let count = self.in_flight.len() as u64;
        let at = chance.below(count.max(1) * 2) as usize;
        let Some((&id, &kind)) = self.in_flight.iter().nth(at) else {
            return Vec::new();
        };
        let [high, low] = id.to_be_bytes();
        if kind == 0x70 {
            return vec![kind, 2, high, low];
        }
        let code = [0, 0x10, 0x97][chance.below(3) as usize];
        if kind == 0x50 && code < 0x80 {
            self.in_flight.insert(id, 0x70);
        }
        vec![kind, 3, high, low, code]
    }
}

/// Sends something by chance, if the session allows it.
fn command(d: &mut Dialogue, chance: &mut Chance) {
    let text = ["t", "", "topic/of/some/length"][chance.below(3) as usize];
    let qos = QoS::try_from(chance.below(3) as u8).unwrap();
    let payload = &[0; 80][..chance.below(80) as usize];
    let alias = [Property::TopicAlias(
        (1 + chance.below(4) as u16).try_into().unwrap(),
    )];
    let list = &alias[..chance.below(2) as usize];
    let mut publish = Publish::to(text).payload(payload).qos(qos).properties(list);
    publish.retain = chance.below(4) == 0;
    if chance.below(4) > 0 {
        let _ = d.publish(&publish);
    } else {
        let filter = ["t", "a/+", "$share/g/t", "#"][chance.below(4) as usize];
        let identifier = [Property::SubscriptionIdentifier(
            1 + chance.below(300) as u32,
        )];
        let list = &identifier[..chance.below(2) as usize];
        let _ = d
            .session
            .subscribe_with(&[Filter::new(filter, qos)], list, &mut d.tx);
    }
}

#[test]
fn no_limit_is_exceeded() {
    for seed in 1..=300 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut d = Dialogue::<Full>::new();
        let mut has_session = false;
        for _ in 0..4 {
            d.session
                .connect(&CLIENT.keep_session(), &mut d.rx, &mut d.tx)
                .unwrap();
            d.tx.clear();
            let (mut judge, connack) = Judge::announce(&mut chance, has_session);
            has_session = true;
            let mut received = connack;
            for _ in 0..40 {
                let (events, _) = d.feed(&received, received.len().max(1));
                assert!(!d.session.is_closed(), "{events:?}");
                for event in events {
                    // A message that is to be sent again, if the limits of now allow it.
                    if let Some((_, id)) = event.split_once("Resend { qos: ") {
                        let id: u16 = id
                            .split_once("id: ")
                            .unwrap()
                            .1
                            .trim_end_matches(" }")
                            .parse()
                            .unwrap();
                        let id = PacketId::new(id).unwrap();
                        let qos = if event.contains("AtLeastOnce") {
                            QoS::AtLeastOnce
                        } else {
                            QoS::ExactlyOnce
                        };
                        let message = Publish::to("t").qos(qos);
                        if d.session.republish(id, &message, &mut d.tx).is_err() {
                            d.session.abandon(id, &mut d.tx).unwrap();
                        }
                    }
                    let ended = ["Acked", "Refused"]
                        .iter()
                        .any(|name| event.starts_with(name));
                    if ended && let Some((_, id)) = event.split_once("id: ") {
                        let id = id.split([',', ' ']).next().unwrap().parse().unwrap();
                        judge.in_flight.remove(&id);
                    }
                }
                command(&mut d, &mut chance);
                judge.look(d.tx.bytes());
                d.tx.clear();
                received = judge.answer(&mut chance);
            }
        }
    }
}
