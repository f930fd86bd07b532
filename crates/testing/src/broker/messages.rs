//! How messages find their way: subscriptions, retained messages.
use super::{
    Answer, Broker, Connection,
    message::{Delivery, Message},
    subscriptions::{Match, Subscription},
};
use crate::codec::Sent;
use motemq::{
    PacketId, Properties, QoS, ReasonCode, SubscriptionOptions, Version, packet::Filters, topic,
};
use std::{collections::BTreeMap, sync::Arc};

impl Broker {
    /// Gives a message to all who want it, one copy each [MQTT-3.3.5-1], and keeps it if it is to
    /// be retained. Returns whether anybody wants it.
    pub(super) fn publish(&mut self, from: Option<&str>, message: Message, retain: bool) -> bool {
        let message = Arc::new(message);
        if retain && message.payload.is_empty() {
            // [MQTT-3.3.1-10] [MQTT-3.3.1-11]
            self.retained.remove(&message.topic);
        } else if retain {
            self.retained.insert(message.topic.clone(), message.clone());
        }
        let mut wanting: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(id, session)| {
                let is_own = from == Some(id);
                let found = session.subscriptions.find(&message.topic, is_own)?;
                Some((id.clone(), found))
            })
            .collect();
        wanting.extend(self.sharing(&message.topic));
        let is_wanted = !wanting.is_empty();
        for (id, found) in wanting {
            self.deliver(
                &id,
                Delivery {
                    message: message.clone(),
                    qos: message.qos.min(found.qos),
                    // [MQTT-3.3.1-9]
                    retain: retain && found.retain_as_published,
                    identifiers: found.identifiers,
                },
            );
        }
        is_wanted
    }

    /// Chooses a session for each shared subscription that matches a topic: those that are
    /// connected take turns, or all if none is [MQTT-4.8.2-4].
    fn sharing(&mut self, topic: &str) -> Vec<(String, Match)> {
        let mut shares: BTreeMap<&str, Vec<(&String, &Subscription)>> = BTreeMap::new();
        for (id, session) in &self.sessions {
            for (filter, subscription) in session.subscriptions.shared(topic) {
                shares.entry(filter).or_default().push((id, subscription));
            }
        }
        let mut chosen = Vec::new();
        for (filter, members) in shares {
            let mut candidates: Vec<_> = members
                .iter()
                .filter(|(id, _)| self.connection_of(id).is_some())
                .collect();
            if candidates.is_empty() {
                candidates = members.iter().collect();
            }
            let turn = self.turns.entry(filter.to_owned()).or_insert(0);
            if let Some((id, subscription)) = candidates.get(*turn % candidates.len()) {
                chosen.push(((*id).clone(), subscription.only()));
            }
            *turn += 1;
        }
        chosen
    }

    /// SUBSCRIBE: an answer for each filter, then the retained messages that match [MQTT-3.8.4-4].
    pub(super) fn subscribe(
        &mut self,
        from: Connection,
        id: PacketId,
        filters: Filters<'_, SubscriptionOptions>,
        properties: Properties<'_>,
        answer: &Answer,
    ) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let Some(client) = &link.client else { return };
        let Some(session) = self.sessions.get_mut(&client.id) else {
            return;
        };
        let is_5 = link.output.version() == Version::Mqtt5;
        let refusals = filters
            .iter()
            .filter_map(|filter| link.limits.refusal(filter.filter, properties));
        if let Some(code) = refusals.filter(|_| is_5).min() {
            return self.object(from, code);
        }
        let name = client.id.clone();
        let (mut codes, mut retained) = (Vec::new(), Vec::new());
        for filter in filters.iter() {
            if answer.code.is_error() {
                codes.push(answer.code.get());
                continue;
            }
            if self
                .config
                .admit
                .as_ref()
                .is_some_and(|admit| !admit(&name, filter.filter))
            {
                codes.push(if is_5 {
                    ReasonCode::NOT_AUTHORIZED.get()
                } else {
                    0x80
                });
                continue;
            }
            let granted = filter.qos.min(self.config.max_qos);
            codes.push(granted as u8);
            let subscription = Subscription {
                qos: granted,
                options: filter.options,
                identifier: properties.subscription_identifiers().next(),
                is_shared: is_5 && filter.filter.starts_with("$share/"),
            };
            // An older one with this filter is replaced, and what is retained sent again
            // [MQTT-3.8.4-3].
            let existed = session.subscriptions.insert(filter.filter, subscription);
            if !subscription.gets_retained(existed) {
                continue;
            }
            let matching = self
                .retained
                .values()
                .filter(|message| topic::matches(filter.filter, &message.topic))
                .filter(|message| !message.is_expired(self.now));
            retained.extend(matching.map(|message| Delivery {
                message: message.clone(),
                qos: message.qos.min(granted),
                retain: true,
                identifiers: subscription.identifier.into_iter().collect(),
            }));
        }
        link.output.acknowledge(&Sent::SubAck {
            id,
            codes: &codes,
            properties: &answer.properties(),
        });
        for delivery in retained {
            self.deliver(&name, delivery);
        }
    }

    /// Sends a message to a client, or keeps it for later; QoS 0 is not kept.
    fn deliver(&mut self, client_id: &str, delivery: Delivery) {
        let connection = self.connection_of(client_id);
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        if delivery.qos != QoS::AtMostOnce {
            if session.waiting() >= self.config.queue {
                self.dropped += 1;
            } else {
                session.push(delivery);
            }
            if let Some(connection) = connection {
                self.fill(connection);
            }
            return;
        }
        let Some(connection) = connection else { return };
        let Some(link) = self.connections.get_mut(&connection) else {
            return;
        };
        if link.output.len() >= self.config.backlog {
            self.dropped += 1;
        } else {
            delivery.append(None, false, self.now, &mut link.output);
            self.ready.insert(connection);
        }
    }
}
