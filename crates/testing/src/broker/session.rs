//! What the broker remembers of a client between its connections [MQTT-3.1.2-4], and the QoS 1 and
//! 2 bookkeeping of both directions.
use super::encode::append;
use motemq::{PacketId, QoS, packet::Packet, topic::TopicName};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// A message as it was published; shared by all it goes to.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
}

/// A message on its way to one client.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub message: Arc<Message>,
    pub qos: QoS,
    pub retain: bool,
}

impl Delivery {
    pub fn append(&self, id: Option<PacketId>, dup: bool, output: &mut Vec<u8>) {
        let topic = TopicName::new(&self.message.topic).expect("it was checked when it came");
        append(
            &Packet::Publish {
                dup,
                qos: self.qos,
                retain: self.retain,
                id,
                topic,
                payload: &self.message.payload,
            },
            output,
        );
    }
}

/// What the client has to send next for a message that was sent to it: PUBACK, PUBREC, PUBCOMP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Awaits {
    Ack,
    Rec,
    Comp,
}

#[derive(Clone, Debug)]
struct Sent {
    id: PacketId,
    awaits: Awaits,
    delivery: Delivery,
}

/// The client answered what was not asked.
#[derive(Debug)]
pub(super) struct WrongAnswer;

#[derive(Clone, Debug)]
pub(super) struct Session {
    /// Filters and the QoS granted.
    pub subscriptions: BTreeMap<String, QoS>,
    /// QoS 2 messages that came and were passed on, until PUBREL.
    pub received: BTreeSet<PacketId>,
    /// Under way to the client, in the order in which they were sent first.
    sent: VecDeque<Sent>,
    /// Waiting for room in the window.
    queue: VecDeque<Delivery>,
    next_id: PacketId,
}

impl Session {
    pub fn new() -> Self {
        Session {
            subscriptions: BTreeMap::new(),
            received: BTreeSet::new(),
            sent: VecDeque::new(),
            queue: VecDeque::new(),
            next_id: PacketId::MIN,
        }
    }

    /// The highest QoS with which the client subscribed to `topic` [MQTT-3.3.5-1].
    pub fn wants(&self, topic: &str) -> Option<QoS> {
        self.subscriptions
            .iter()
            .filter(|(filter, _)| motemq::topic::matches(filter, topic))
            .map(|(_, &qos)| qos)
            .max()
    }

    pub fn is_idle(&self) -> bool {
        self.received.is_empty() && self.sent.is_empty() && self.queue.is_empty()
    }

    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub fn push(&mut self, delivery: Delivery) {
        self.queue.push_back(delivery);
    }

    /// Sends what waits, as long as the window and `backlog` bytes of output allow.
    pub fn fill(&mut self, window: usize, backlog: usize, output: &mut Vec<u8>) {
        while self.sent.len() < window && output.len() < backlog {
            let Some(delivery) = self.queue.pop_front() else {
                return;
            };
            let id = self.free_id();
            delivery.append(Some(id), false, output);
            let awaits = if delivery.qos == QoS::AtLeastOnce {
                Awaits::Ack
            } else {
                Awaits::Rec
            };
            self.sent.push_back(Sent {
                id,
                awaits,
                delivery,
            });
        }
    }

    /// Sends again what the client has not answered, in the order in which it was sent first
    /// [MQTT-4.4.0-1] [MQTT-4.6.0-1].
    pub fn resend(&self, output: &mut Vec<u8>) {
        for sent in &self.sent {
            match sent.awaits {
                Awaits::Comp => append(&Packet::PubRel(sent.id), output),
                _ => sent.delivery.append(Some(sent.id), true, output),
            }
        }
    }

    /// PUBACK, PUBREC or PUBCOMP: the answer to `awaits` has come. What no longer is under way is
    /// answered, too: the client may have forgotten an earlier answer.
    pub fn answered(
        &mut self,
        id: PacketId,
        awaits: Awaits,
        output: &mut Vec<u8>,
    ) -> Result<(), WrongAnswer> {
        let at = self.sent.iter().position(|sent| sent.id == id);
        let known = at.and_then(|at| self.sent.get_mut(at));
        match (awaits, known) {
            (Awaits::Rec, None) => append(&Packet::PubRel(id), output),
            (_, None) => {}
            (Awaits::Rec, Some(sent)) if sent.awaits != Awaits::Ack => {
                sent.awaits = Awaits::Comp;
                append(&Packet::PubRel(id), output);
            }
            (_, Some(sent)) if sent.awaits == awaits => {
                self.sent.retain(|sent| sent.id != id);
            }
            _ => return Err(WrongAnswer),
        }
        Ok(())
    }

    /// Round all identifiers, so that one that has just ended is not used again soon.
    fn free_id(&mut self) -> PacketId {
        loop {
            let id = self.next_id;
            self.next_id = id.checked_add(1).unwrap_or(PacketId::MIN);
            if self.sent.iter().all(|sent| sent.id != id) {
                return id;
            }
        }
    }
}
