//! What follows on each packet of a client.
use super::{
    Answer, Broker, Connection,
    acknowledgements::Kind,
    message::{self, Message},
    session::{Awaits, WrongAnswer},
};
use crate::codec::{Packet, Sent};
use motemq::{
    PacketId, Properties, Property, QoS, ReasonCode, SubscriptionOptions, Version, packet::Filters,
};

impl Broker {
    /// A packet has come, which has these bytes.
    pub(super) fn packet(&mut self, from: Connection, packet: Packet<'_>, bytes: &[u8]) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        link.heard = self.now;
        let Some(client) = &link.client else {
            // [MQTT-3.1.0-1]
            return match packet {
                Packet::Connect(connect) if link.exchange.is_none() => {
                    self.connect(from, &connect, bytes);
                }
                Packet::Auth { code, properties } => self.on_auth(from, code, properties),
                Packet::Disconnect { .. } => self.close(from),
                _ => self.object(from, ReasonCode::PROTOCOL_ERROR),
            };
        };
        self.ready.insert(from);
        let mut answer = Answer::default();
        if link.output.version() == Version::Mqtt5 {
            let id = client.id.clone();
            answer = self.answer_to(&id, &packet).unwrap_or_default();
        }
        if answer.disconnects {
            return self.disconnect_with(from, answer.code, answer.reason.as_deref());
        }
        match packet {
            Packet::Publish { .. } => self.on_publish(from, &packet, answer),
            Packet::PubAck { id, code, .. } => self.on_answer(from, id, Awaits::Ack, code),
            Packet::PubRec { id, code, .. } => self.on_answer(from, id, Awaits::Rec, code),
            Packet::PubComp { id, code, .. } => self.on_answer(from, id, Awaits::Comp, code),
            Packet::PubRel { id, .. } => self.on_pubrel(from, id, answer),
            Packet::Subscribe {
                id,
                filters,
                properties,
            } => self.subscribe(from, id, filters, properties, &answer),
            Packet::Unsubscribe { id, filters, .. } => {
                self.on_unsubscribe(from, id, filters, &answer);
            }
            Packet::PingReq => {
                if let Some(link) = self.connections.get_mut(&from) {
                    link.output.send(&Sent::PingResp);
                }
            }
            Packet::Disconnect { code, properties } => self.on_disconnect(from, code, properties),
            Packet::Auth { code, properties } => self.on_auth(from, code, properties),
            // [MQTT-3.1.0-2], and packets that only brokers send.
            Packet::Connect(_)
            | Packet::ConnAck { .. }
            | Packet::SubAck { .. }
            | Packet::UnsubAck { .. }
            | Packet::PingResp => self.object(from, ReasonCode::PROTOCOL_ERROR),
        }
    }

    /// Returns the answer that a test wants to this packet.
    pub(super) fn answer_to(&self, client: &str, packet: &Packet<'_>) -> Option<Answer> {
        self.config
            .answer
            .as_ref()
            .and_then(|answer| answer(client, packet))
    }

    /// PUBLISH: the message is passed on unless it is refused or a repetition, and acknowledged.
    fn on_publish(&mut self, from: Connection, packet: &Packet<'_>, mut answer: Answer) {
        let &Packet::Publish {
            qos,
            retain,
            id,
            topic,
            payload,
            properties,
            ..
        } = packet
        else {
            return;
        };
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let Some(client) = &link.client else { return };
        let Some(session) = self.sessions.get_mut(&client.id) else {
            return;
        };
        let is_5 = link.output.version() == Version::Mqtt5;
        let objection = link.limits.objection(qos, retain);
        if let Some(code) = objection.filter(|_| is_5) {
            return self.object(from, code);
        }
        let topic = topic.map(|topic| topic.as_str().to_owned());
        let alias = properties.topic_alias();
        let topic = match alias {
            Some(alias) if alias > link.limits.topic_alias_maximum => None,
            Some(alias) => {
                // [MQTT-3.3.2-12]
                link.aliases.extend(topic.map(|topic| (alias, topic)));
                link.aliases.get(&alias).cloned()
            }
            None => topic,
        };
        let Some(topic) = topic else {
            return self.object(from, ReasonCode::TOPIC_ALIAS_INVALID);
        };
        // All others have been acknowledged.
        let others = link.in_flight.iter().filter(|&&other| Some(other) != id);
        let maximum = usize::from(link.limits.receive_maximum);
        if is_5 && id.is_some() && others.count() >= maximum {
            return self.object(from, ReasonCode::RECEIVE_MAXIMUM_EXCEEDED);
        }
        link.in_flight.extend(id);
        // A QoS 2 message is new unless its identifier has not been released [MQTT-4.3.3-2].
        let is_repeated =
            qos == QoS::ExactlyOnce && id.is_some_and(|id| session.received.contains(&id));
        if !is_repeated && !answer.code.is_error() {
            if let (QoS::ExactlyOnce, Some(id)) = (qos, id) {
                session.received.insert(id);
            }
            let name = client.id.clone();
            let message = Message {
                topic,
                payload: payload.into(),
                qos,
                properties: properties.into(),
                expiry: message::expiry(properties, self.now),
            };
            let is_wanted = self.publish(Some(&name), message, retain);
            if !is_wanted && answer.code == ReasonCode::SUCCESS {
                answer.code = ReasonCode::NO_MATCHING_SUBSCRIBERS;
            }
        } else if is_repeated && answer.code.is_error() {
            session.received.remove(&id.unwrap_or(PacketId::MIN));
        }
        self.acknowledge(from, qos, id, answer);
    }

    /// PUBACK or PUBREC, once the message has gone to all sessions that want it.
    fn acknowledge(&mut self, to: Connection, qos: QoS, id: Option<PacketId>, answer: Answer) {
        let kind = match qos {
            QoS::ExactlyOnce => Kind::Rec,
            _ => Kind::Ack,
        };
        if let (Some(id), Some(link)) = (id, self.connections.get_mut(&to)) {
            link.acknowledge(self.now, kind, id, answer);
        }
    }

    /// PUBACK, PUBREC or PUBCOMP.
    fn on_answer(&mut self, from: Connection, id: PacketId, awaits: Awaits, code: ReasonCode) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let session = link
            .client
            .as_ref()
            .and_then(|client| self.sessions.get_mut(&client.id));
        let Some(session) = session else { return };
        match session.answered(id, awaits, code, &mut link.output) {
            Ok(()) => self.fill(from),
            Err(WrongAnswer) => self.object(from, ReasonCode::PROTOCOL_ERROR),
        }
    }

    /// PUBREL.
    fn on_pubrel(&mut self, from: Connection, id: PacketId, mut answer: Answer) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let session = link
            .client
            .as_ref()
            .and_then(|client| self.sessions.get_mut(&client.id));
        let Some(session) = session else { return };
        // It is answered also if it is unknown: the client has not seen an earlier PUBCOMP.
        if !session.received.remove(&id) && answer.code == ReasonCode::SUCCESS {
            answer.code = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
        }
        link.acknowledge(self.now, Kind::Comp, id, answer);
    }

    /// UNSUBSCRIBE.
    fn on_unsubscribe(
        &mut self,
        from: Connection,
        id: PacketId,
        filters: Filters<'_, SubscriptionOptions>,
        answer: &Answer,
    ) {
        let Some(link) = self.connections.get_mut(&from) else {
            return;
        };
        let session = link
            .client
            .as_ref()
            .and_then(|client| self.sessions.get_mut(&client.id));
        let Some(session) = session else { return };
        let mut codes = Vec::new();
        for filter in filters.iter() {
            let code = if answer.code.is_error() {
                answer.code
            } else if session.subscriptions.remove(filter.filter) {
                ReasonCode::SUCCESS
            } else {
                ReasonCode::NO_SUBSCRIPTION_EXISTED
            };
            codes.push(code.get());
        }
        link.output.acknowledge(&Sent::UnsubAck {
            id,
            codes: &codes,
            properties: &answer.properties(),
        });
    }

    /// DISCONNECT: the will is discarded [MQTT-3.14.4-3], unless the client wants it published.
    fn on_disconnect(&mut self, from: Connection, code: ReasonCode, properties: Properties<'_>) {
        let Some(client) = self
            .connections
            .get_mut(&from)
            .and_then(|link| link.client.as_mut())
        else {
            return;
        };
        for property in properties.iter() {
            if let Property::SessionExpiryInterval(seconds) = property {
                if client.expiry == 0 && seconds > 0 {
                    return self.object(from, ReasonCode::PROTOCOL_ERROR);
                }
                client.expiry = seconds;
            }
        }
        if code == ReasonCode::NORMAL_DISCONNECTION {
            client.will = None;
        }
        self.close(from);
    }
}
