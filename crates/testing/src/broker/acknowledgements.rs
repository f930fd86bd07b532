//! The acknowledgements of messages of a client, in the order of the messages: at once, or held
//! back for as long as the test wants.
use super::{Answer, Broker, Connection, Link};
use crate::codec::Sent;
use motemq::PacketId;
use std::collections::VecDeque;

/// The acknowledgement of a message that a client has sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Ack,
    Rec,
    Comp,
}

/// An acknowledgement that is to be sent.
#[derive(Clone, Debug)]
struct Held {
    /// When it is sent, unless one before it is sent later.
    due: u64,
    kind: Kind,
    id: PacketId,
    answer: Answer,
}

/// The acknowledgements that are held back on a connection, in their order [MQTT-4.6.0-2]
/// [MQTT-4.6.0-3].
#[derive(Clone, Debug, Default)]
pub(super) struct Acknowledgements(VecDeque<Held>);

impl Acknowledgements {
    /// Returns when the next one is to be sent.
    pub fn due(&self) -> Option<u64> {
        self.0.front().map(|held| held.due)
    }
}

impl Link {
    /// Sends an acknowledgement, after the delay of its answer and after those before it.
    pub(super) fn acknowledge(&mut self, now: u64, kind: Kind, id: PacketId, answer: Answer) {
        self.acknowledgements.0.push_back(Held {
            due: now + answer.delay,
            kind,
            id,
            answer,
        });
        self.send_acknowledgements(now);
    }

    /// Sends the acknowledgements that are due.
    fn send_acknowledgements(&mut self, now: u64) {
        while self.acknowledgements.due().is_some_and(|due| due <= now) {
            let Some(held) = self.acknowledgements.0.pop_front() else {
                return;
            };
            let (id, code) = (held.id, held.answer.code);
            let properties = &held.answer.properties()[..];
            self.output.acknowledge(&match held.kind {
                Kind::Ack => Sent::PubAck {
                    id,
                    code,
                    properties,
                },
                Kind::Rec => Sent::PubRec {
                    id,
                    code,
                    properties,
                },
                Kind::Comp => Sent::PubComp {
                    id,
                    code,
                    properties,
                },
            });
            // A PUBREC without an error does not end the exchange [MQTT-4.9.0-2].
            if !matches!(held.kind, Kind::Rec) || code.is_error() {
                self.in_flight.remove(&id);
            }
        }
    }
}

impl Broker {
    /// Sends the acknowledgements whose time has come.
    pub(super) fn send_acknowledgements(&mut self) {
        let is_due = |link: &Link| {
            link.acknowledgements
                .due()
                .is_some_and(|due| due <= self.now)
        };
        let links = self.connections.iter_mut();
        let due: Vec<Connection> = links
            .filter(|(_, link)| is_due(link))
            .map(|(&connection, link)| {
                link.send_acknowledgements(self.now);
                connection
            })
            .collect();
        self.ready.extend(due);
    }
}
