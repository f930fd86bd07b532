//! How messages find their way: subscriptions, retained messages, wills.
use super::{
    Broker, Connection, append,
    session::{Delivery, Message},
};
use motemq::{
    PacketId, Publish, QoS,
    packet::{Filters, Packet},
    topic,
};
use std::sync::Arc;

/// What is published for a client that is gone.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub message: Message,
    pub retain: bool,
}

impl From<Publish<'_>> for Will {
    fn from(will: Publish<'_>) -> Self {
        Will {
            message: Message {
                topic: will.topic().into(),
                payload: will.payload.into(),
                qos: will.qos,
            },
            retain: will.retain,
        }
    }
}

impl Broker {
    /// Gives a message to all who want it, one copy each [MQTT-3.3.5-1], and keeps it if it is to
    /// be retained.
    pub(super) fn publish(&mut self, message: Message, retain: bool) {
        let message = Arc::new(message);
        if retain && message.payload.is_empty() {
            // [MQTT-3.3.1-10] [MQTT-3.3.1-11]
            self.retained.remove(&message.topic);
        } else if retain {
            self.retained.insert(message.topic.clone(), message.clone());
        }
        let wanting: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(id, session)| Some((id.clone(), session.wants(&message.topic)?)))
            .collect();
        for (id, granted) in wanting {
            // [MQTT-3.3.1-9]
            self.deliver(
                &id,
                Delivery {
                    message: message.clone(),
                    qos: message.qos.min(granted),
                    retain: false,
                },
            );
        }
    }

    /// PUBACK or PUBREC, once the message has gone to all sessions that want it.
    pub(super) fn acknowledge(&mut self, to: Connection, qos: QoS, id: Option<PacketId>) {
        if let (Some(id), Some(link)) = (id, self.connections.get_mut(&to)) {
            append(
                &if qos == QoS::AtLeastOnce {
                    Packet::PubAck(id)
                } else {
                    Packet::PubRec(id)
                },
                &mut link.output,
            );
        }
    }

    /// SUBSCRIBE: an answer for each filter, then the retained messages that match [MQTT-3.8.4-4].
    pub(super) fn subscribe(&mut self, from: Connection, id: PacketId, filters: Filters<'_>) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let Some(client) = &link.client else { return };
        let Some(session) = self.sessions.get_mut(&client.id) else {
            return;
        };
        let name = client.id.clone();
        let (mut codes, mut retained) = (Vec::new(), Vec::new());
        for filter in filters.iter() {
            if self
                .config
                .admit
                .as_ref()
                .is_some_and(|admit| !admit(&name, filter.filter))
            {
                codes.push(0x80);
                continue;
            }
            let granted = filter.qos.min(self.config.max_qos);
            codes.push(granted as u8);
            // An older one with this filter is replaced, and what is retained sent again
            // [MQTT-3.8.4-3].
            session
                .subscriptions
                .insert(filter.filter.to_owned(), granted);
            let matching = self
                .retained
                .values()
                .filter(|message| topic::matches(filter.filter, &message.topic));
            retained.extend(matching.map(|message| Delivery {
                message: message.clone(),
                qos: message.qos.min(granted),
                retain: true,
            }));
        }
        append(&Packet::SubAck { id, codes: &codes }, &mut link.output);
        for delivery in retained {
            self.deliver(&name, delivery);
        }
    }

    /// Sends a message to a client, or keeps it for later; QoS 0 is not kept.
    fn deliver(&mut self, client_id: &str, delivery: Delivery) {
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        let mut links = self.connections.iter_mut();
        let link = links.find(|(_, link)| {
            link.client
                .as_ref()
                .is_some_and(|client| client.id == client_id)
        });
        if delivery.qos != QoS::AtMostOnce {
            if session.waiting() >= self.config.queue {
                self.dropped += 1;
            } else {
                session.push(delivery);
            }
            if let Some((&connection, _)) = link {
                self.fill(connection);
            }
        } else if let Some((&connection, link)) = link {
            if link.output.len() >= self.config.backlog {
                self.dropped += 1;
            } else {
                delivery.append(None, false, &mut link.output);
                self.ready.insert(connection);
            }
        }
    }
}
