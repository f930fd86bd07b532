//! Answers of the broker: to CONNECT, and those that only MQTT 5 has.
use super::*;
use crate::{BrokerReason, ServerLimits};
use motemq::{PacketId, Properties, ReasonCode, Version};

impl Client {
    pub(super) fn on_connected(
        &mut self,
        session: SessionState,
        properties: Properties<'_>,
        now: Duration,
    ) {
        if !self.complete_authentication(properties, now) {
            return;
        }
        let version = self.protocol.version();
        let limits = match version {
            Version::Mqtt5 => {
                ServerLimits::announced(self.protocol.limits(), properties, &self.options)
            }
            _ => ServerLimits {
                keep_alive: self.options.keep_alive,
                session_expiry: if self.options.clean { 0 } else { u32::MAX },
                ..ServerLimits::MQTT_3_1_1
            },
        };
        if let Some(client_id) = properties.assigned_client_identifier() {
            self.reconnect.on_client_id_assigned(client_id.as_str());
        }
        self.tally.connections += 1;
        self.accepted = Some(Accepted {
            at: now.into(),
            gains: self.gains(),
        });
        self.session = Some(session);
        self.was_reuse_told = false;
        self.reconnect.on_connected(version, &self.options);
        let offset = self.protocol.identifier_offset();
        let filters = self.options.limits().map_or(255, |limits| limits.filters);
        self.requests.on_connected(session, offset, filters);
        self.inbox.on_connected(session);
        self.protocol.on_connected(session);
        self.state = State::Connected {
            version,
            session,
            limits,
            since: now,
        };
        self.emit(Event::Connected {
            version,
            session,
            limits,
        });
        self.tell_room();
    }

    /// The broker of MQTT 5 refuses a message, or does not know it.
    #[cold]
    pub(super) fn on_refused(
        &mut self,
        id: PacketId,
        code: ReasonCode,
        properties: Properties<'_>,
    ) {
        self.tally.acknowledged += 1;
        // PUBCOMP of a message that the broker has completed before.
        if code == ReasonCode::PACKET_IDENTIFIER_NOT_FOUND {
            self.requests.on_acked(id);
        } else {
            let reason = BrokerReason::new(code, properties);
            self.requests.on_message_refused(id, reason);
        }
    }

    /// The broker of MQTT 5 has accepted a message, and says more than that.
    #[cold]
    pub(super) fn on_accepted(
        &mut self,
        id: PacketId,
        code: ReasonCode,
        is_pubrec: bool,
        properties: Properties<'_>,
    ) {
        let reason = BrokerReason::new(code, properties);
        if is_pubrec {
            self.requests.on_received_with(id, reason);
        } else {
            self.tally.acknowledged += 1;
            self.requests.on_acked_with(id, reason);
        }
    }

    #[cold]
    pub(super) fn on_unsubscribed(
        &mut self,
        id: PacketId,
        codes: &[u8],
        properties: Properties<'_>,
    ) {
        self.tally.acknowledged += 1;
        let reason = reason_for(codes, properties);
        self.requests.on_unsubscribe_answered(id, codes, reason);
    }

    /// The broker of MQTT 5 ends the connection, or does not accept it.
    #[cold]
    pub(super) fn on_disconnected(
        &mut self,
        code: ReasonCode,
        properties: Properties<'_>,
        now: Duration,
    ) {
        let reason = BrokerReason::new(code, properties);
        let reason = if self.accepted.is_some() {
            DisconnectReason::Disconnected(reason)
        } else {
            DisconnectReason::RefusedWith(reason)
        };
        self.close_connection(reason, now, now);
    }

    /// The topic and properties of a message are longer than the read buffer together. The core has
    /// acknowledged it.
    #[cold]
    pub(super) fn on_skipped(&mut self, len: u32) {
        if let Some(extras) = self.extras.get_mut() {
            extras.received_aliases.on_skipped();
        }
        self.inbox.count_dropped();
        self.emit(Event::Skipped { len: len.into() });
    }
}

/// Returns the reason for the first filter that is refused. If none is, there is one for the first
/// filter, if the broker says more than its code.
pub(super) fn reason_for(codes: &[u8], properties: Properties<'_>) -> Option<BrokerReason> {
    let mut codes = codes.iter().map(|&code| ReasonCode::from(code));
    let first = codes.clone().next()?;
    match codes.find(|code| code.is_error()) {
        Some(refused) => Some(BrokerReason::new(refused, properties)),
        None => {
            properties.reason_string()?;
            Some(BrokerReason::new(first, properties))
        }
    }
}
