//! No limit that a server announces is ever exceeded: random limits, random commands and answers,
//! and an independent judge that reads what is sent.
use super::*;
use motemq_testing::judge::Judge;
use std::collections::BTreeSet;

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

/// A server that announces limits by chance.
struct Server {
    judge: Judge,
    /// The messages that it has acknowledged with PUBREC.
    received: BTreeSet<PacketId>,
}

impl Server {
    /// Announces limits by chance. Returns the CONNACK.
    fn announce(chance: &mut Chance, is_present: bool) -> (Server, Vec<u8>) {
        let longest = 16 + chance.below(60) as u8;
        let mut list = vec![0x27, 0, 0, 0, longest];
        list.extend([0x21, 0, 1 + chance.below(4) as u8]);
        list.extend([0x22, 0, chance.below(3) as u8]);
        let qos = chance.below(3) as u8;
        if qos < 2 {
            list.extend([0x24, qos]);
        }
        for id in [0x25, 0x28, 0x29, 0x2a] {
            if chance.below(3) == 0 {
                list.extend([id, 0]);
            }
        }
        let mut connack = vec![0x20, 3 + list.len() as u8, is_present.into(), 0];
        connack.push(list.len() as u8);
        connack.extend(list);
        let server = Server {
            judge: Judge::new(),
            received: BTreeSet::new(),
        };
        (server, connack)
    }

    /// Answers a message in flight by chance, or nothing. Returns the answer.
    fn answer(&mut self, chance: &mut Chance) -> Vec<u8> {
        // Most connections are to end with messages in flight.
        if chance.below(4) != 0 {
            return Vec::new();
        }
        let count = self.judge.in_flight().count() as u64;
        let at = chance.below(count.max(1) * 2) as usize;
        let Some((id, qos)) = self.judge.in_flight().nth(at) else {
            return Vec::new();
        };
        let [high, low] = id.get().to_be_bytes();
        if self.received.remove(&id) {
            return vec![0x70, 2, high, low];
        }
        let code = [0, 0x10, 0x97][chance.below(3) as usize];
        if qos == QoS::AtLeastOnce {
            return vec![0x40, 3, high, low, code];
        }
        if code < 0x80 {
            self.received.insert(id);
        }
        vec![0x50, 3, high, low, code]
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
    let filter = ["t", "a/+", "$share/g/t", "#"][chance.below(4) as usize];
    let filters = [Filter::new(filter, qos)];
    let identifier = [Property::SubscriptionIdentifier(
        1 + chance.below(300) as u32,
    )];
    let text = ["", "0123456789012345678901234567890123456789"][chance.below(2) as usize];
    let user = [Property::UserProperty {
        name: "n".into(),
        value: text.into(),
    }];
    // What fails has sent nothing, which the judge would see.
    let _ = match chance.below(8) {
        0 => {
            let list = &identifier[..chance.below(2) as usize];
            d.session
                .subscribe_with(&filters, list, &mut d.tx)
                .map(drop)
        }
        1 => d
            .session
            .unsubscribe_with(&filters, &user, &mut d.tx)
            .map(drop),
        _ => d.publish(&publish).map(drop),
    };
}

#[test]
fn no_limit_is_exceeded() {
    let mut sent_again = 0;
    for seed in 1..=2000 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut d = Dialogue::<Full>::new();
        let mut has_session = false;
        for _ in 0..4 {
            d.session
                .connect(&CLIENT.keep_session(), &mut d.rx, &mut d.tx)
                .unwrap();
            let (mut server, connack) = Server::announce(&mut chance, has_session);
            server.judge.client_sends(d.tx.bytes());
            d.tx.clear();
            has_session = true;
            let mut received = connack;
            for _ in 0..40 {
                server.judge.server_sends(&received);
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
                        let payload = &[0; 80][..chance.below(80) as usize];
                        let message = Publish::to("t").payload(payload).qos(qos);
                        match d.session.republish(id, &message, &mut d.tx) {
                            Ok(()) => sent_again += 1,
                            Err(_) => d.session.abandon(id, &mut d.tx).unwrap(),
                        }
                    }
                }
                command(&mut d, &mut chance);
                server.judge.client_sends(d.tx.bytes());
                d.tx.clear();
                assert!(
                    server.judge.findings().is_empty(),
                    "{:?}",
                    server.judge.findings()
                );
                received = server.answer(&mut chance);
            }
        }
    }
    assert!(sent_again > 100, "{sent_again} messages were sent again");
}
