//! What the broker remembers of a client between its connections [MQTT-3.1.2-4], and the QoS 1 and
//! 2 bookkeeping of both directions.
use super::{
    message::{Delivery, Will},
    outbox::Outbox,
    subscriptions::Subscriptions,
};
use crate::codec::Sent as Packet;
use motemq::{PacketId, QoS, ReasonCode};
use std::collections::{BTreeSet, VecDeque};

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
    /// Whether it was sent on the connection of now.
    is_on_connection: bool,
}

/// The client answered what was not asked.
#[derive(Debug)]
pub(super) struct WrongAnswer;

/// The bounds of what is sent to a client now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The messages with QoS 1 and 2 that are under way.
    pub window: usize,
    /// The bytes that lie ready.
    pub backlog: usize,
    pub now: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub subscriptions: Subscriptions,
    /// QoS 2 messages that came and were passed on, until PUBREL.
    pub received: BTreeSet<PacketId>,
    /// Under way to the client, in the order in which they were sent first.
    sent: VecDeque<Sent>,
    /// How many of these were not sent on the connection of now.
    to_resend: usize,
    /// Waiting for room in the window.
    queue: VecDeque<Delivery>,
    next_id: PacketId,
    /// When the session ends if the client does not come back.
    pub expiry: Option<u64>,
    /// The will of a client that is gone, and when it is published.
    pub will: Option<(u64, Will)>,
}

impl Session {
    pub fn new() -> Self {
        Session {
            subscriptions: Subscriptions::default(),
            received: BTreeSet::new(),
            sent: VecDeque::new(),
            to_resend: 0,
            queue: VecDeque::new(),
            next_id: PacketId::MIN,
            expiry: None,
            will: None,
        }
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

    /// The client is connected again: what it has not answered is sent again
    /// [MQTT-4.4.0-1], as soon as its window allows.
    pub fn resume(&mut self) {
        self.expiry = None;
        self.will = None;
        for sent in &mut self.sent {
            sent.is_on_connection = false;
        }
        self.to_resend = self.sent.len();
    }

    /// Sends what is to be sent again, in the order in which it was sent first [MQTT-4.6.0-1]. What
    /// the client no longer accepts ends. Returns whether all of it was sent.
    fn resend(&mut self, bounds: Bounds, output: &mut Outbox) -> bool {
        while self.to_resend > 0 {
            if self.sent.len() - self.to_resend >= bounds.window {
                return false;
            }
            let at = self.sent.len() - self.to_resend;
            self.to_resend -= 1;
            let Some(sent) = self.sent.get_mut(at) else {
                return true;
            };
            sent.is_on_connection = true;
            let fits = match sent.awaits {
                Awaits::Comp => output.send(&release(sent.id, ReasonCode::SUCCESS)),
                _ => sent
                    .delivery
                    .append(Some(sent.id), true, bounds.now, output),
            };
            if !fits {
                self.sent.remove(at);
            }
        }
        true
    }

    /// Sends what waits, as long as the bounds allow.
    pub fn fill(&mut self, bounds: Bounds, output: &mut Outbox) {
        if !self.resend(bounds, output) {
            return;
        }
        while self.sent.len() < bounds.window && output.len() < bounds.backlog {
            let Some(delivery) = self.queue.pop_front() else {
                return;
            };
            let id = self.free_id();
            // What the client does not accept counts as delivered [MQTT-3.1.2-25].
            if delivery.message.is_expired(bounds.now)
                || !delivery.append(Some(id), false, bounds.now, output)
            {
                continue;
            }
            let awaits = if delivery.qos == QoS::AtLeastOnce {
                Awaits::Ack
            } else {
                Awaits::Rec
            };
            self.sent.push_back(Sent {
                id,
                awaits,
                delivery,
                is_on_connection: true,
            });
        }
    }

    /// PUBACK, PUBREC or PUBCOMP: the answer to `awaits` has come. What no longer is under way is
    /// answered, too: the client may have forgotten an earlier answer.
    pub fn answered(
        &mut self,
        id: PacketId,
        awaits: Awaits,
        code: ReasonCode,
        output: &mut Outbox,
    ) -> Result<(), WrongAnswer> {
        let known = self.sent.iter_mut().find(|sent| sent.id == id);
        match (awaits, known) {
            (Awaits::Rec, None) if code.is_error() => {}
            (Awaits::Rec, None) => {
                output.send(&release(id, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND));
            }
            (_, None) => {}
            (Awaits::Rec, Some(sent)) if sent.awaits != Awaits::Ack && !code.is_error() => {
                sent.awaits = Awaits::Comp;
                output.send(&release(id, ReasonCode::SUCCESS));
            }
            (_, Some(sent)) if sent.awaits == awaits => {
                self.to_resend -= usize::from(!sent.is_on_connection);
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

/// PUBREL with a reason code, which MQTT 3.1.1 does not have.
fn release(id: PacketId, code: ReasonCode) -> Packet<'static> {
    Packet::PubRel {
        id,
        code,
        properties: &[],
    }
}
