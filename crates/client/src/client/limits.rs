//! The limits that the broker of MQTT 5 has announced for a connection.
use super::*;
use crate::{
    ServerLimits,
    error::shortened,
    profile::{Limit, OverLimit},
};
use motemq::{Properties, Property, Publish, QoS, Version};

/// The broker in errors, since its name is not known.
const BROKER: &str = "the broker";

impl ServerLimits {
    /// Returns the limits that CONNACK announces.
    pub(crate) fn announced(
        limits: motemq::Limits,
        properties: Properties<'_>,
        options: &Options,
    ) -> Self {
        let mut announced = ServerLimits {
            receive_maximum: limits.receive_maximum,
            maximum_packet_size: limits.maximum_packet_size.min(crate::event::LONGEST_PACKET),
            maximum_qos: limits.maximum_qos,
            retain_available: limits.retain_available,
            wildcard_subscription_available: limits.wildcard_subscription_available,
            subscription_identifier_available: limits.subscription_identifier_available,
            shared_subscription_available: limits.shared_subscription_available,
            topic_alias_maximum: limits.topic_alias_maximum,
            keep_alive: options.keep_alive,
            session_expiry: options.asked_session_expiry(),
        };
        for property in properties.iter() {
            match property {
                Property::ServerKeepAlive(seconds) => announced.keep_alive = seconds,
                Property::SessionExpiryInterval(seconds) => announced.session_expiry = seconds,
                _ => {}
            }
        }
        announced
    }

    /// Checks a message.
    pub(crate) fn check_publish<T: Copy>(
        &self,
        publish: &Publish<'_, T>,
        properties: usize,
    ) -> Result<(), OverLimit> {
        let limit = if publish.qos > self.maximum_qos {
            Limit::QoS {
                qos: publish.qos as u8,
                most: self.maximum_qos as u8,
            }
        } else if publish.retain && !self.retain_available {
            Limit::Retain
        } else {
            let id = if publish.qos == QoS::AtMostOnce { 0 } else { 2 };
            let texts = publish.topic().len() + publish.payload.len();
            let body = 2 + id + with_length(properties as u64) + texts as u64;
            let len = 1 + with_length(body + u64::from(publish.remaining));
            if len <= self.maximum_packet_size.into() {
                return Ok(());
            }
            let most = self.maximum_packet_size;
            Limit::Packet { len, most }
        };
        Err(over(limit))
    }

    /// Checks the filters of a SUBSCRIBE or UNSUBSCRIBE, which each take `others` bytes besides the
    /// text, its subscription identifier, 0: none, and the length of its other properties.
    pub(crate) fn check_filters<'f>(
        &self,
        filters: impl Iterator<Item = &'f str>,
        others: u64,
        identifier: u32,
        properties: usize,
    ) -> Result<(), OverLimit> {
        let mut properties = properties as u64;
        if identifier != 0 {
            if !self.subscription_identifier_available {
                return Err(over(Limit::SubscriptionIdentifiers));
            }
            properties += 1 + length_of(identifier.into());
        }
        let mut body = 2 + with_length(properties);
        for filter in filters {
            body += filter.len() as u64 + others;
            if !self.wildcard_subscription_available && filter.contains(['+', '#']) {
                let filter = shortened(filter);
                return Err(over(Limit::Wildcards { filter }));
            }
            if !self.shared_subscription_available && filter.starts_with("$share/") {
                let filter = shortened(filter);
                return Err(over(Limit::Shared { filter }));
            }
        }
        let (len, most) = (1 + with_length(body), self.maximum_packet_size);
        if len > most.into() {
            return Err(over(Limit::Packet { len, most }));
        }
        Ok(())
    }
}

#[cold]
fn over(limit: Limit) -> OverLimit {
    OverLimit {
        broker: BROKER,
        limit,
    }
}

/// Returns the length of `bytes` bytes with their length before them.
fn with_length(bytes: u64) -> u64 {
    bytes + length_of(bytes)
}

/// Returns the length of a variable byte integer.
fn length_of(number: u64) -> u64 {
    match number {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

impl Client {
    /// Returns the limits of the connection, if the broker has announced any.
    pub(super) fn announced_limits(&self) -> Option<&ServerLimits> {
        match &self.state {
            State::Connected {
                version: Version::Mqtt5,
                limits,
                ..
            } => Some(limits),
            _ => None,
        }
    }

    /// Checks a message against the limits that the broker has announced.
    pub(super) fn check_publish<T: Copy>(
        &self,
        publish: &Publish<'_, T>,
        properties: usize,
    ) -> Result<(), OverLimit> {
        self.announced_limits()
            .map_or(Ok(()), |limits| limits.check_publish(publish, properties))
    }

    /// Checks the filters of a packet against the limits that the broker has announced.
    pub(super) fn check_announced<'f>(
        &self,
        packet: PropertyPacket,
        filters: impl Iterator<Item = &'f str>,
        identifier: u32,
    ) -> Result<(), OverLimit> {
        let Some(limits) = self.announced_limits() else {
            return Ok(());
        };
        let others = if packet == PropertyPacket::Subscribe {
            3
        } else {
            2
        };
        let properties = self.options.user_properties_length(packet);
        limits.check_filters(filters, others, identifier, properties)
    }

    /// Returns how many requests may be in flight: what the options allow, and the broker. Messages
    /// that were given up still count for the broker.
    #[inline]
    pub(super) fn window(&self) -> usize {
        let most = self.options.max_in_flight();
        match self.receive_maximum() {
            Some(allowed) => most.min(allowed.saturating_sub(self.requests.given_up_messages())),
            None => most,
        }
    }

    /// Returns whether the broker accepts another message with QoS 1 or 2 now. The slots need not
    /// be counted if it accepts as many as there are.
    #[inline]
    pub(super) fn has_send_quota(&self) -> bool {
        let slots = self.protocol.slots();
        self.receive_maximum()
            .is_none_or(|allowed| allowed >= slots)
            || self.protocol.has_send_quota()
    }

    /// Returns the number of answers for which the client goes on reading. Without requests it is
    /// one if identifiers of which nothing else is known hold all that the broker accepts.
    #[inline]
    pub(super) fn owed(&self) -> u64 {
        match self.requests.in_flight() {
            0 => u64::from(!self.has_send_quota()),
            awaited => awaited as u64,
        }
    }

    /// Returns the number of messages with QoS 1 and 2 that may be in flight to the broker of this
    /// connection.
    #[inline]
    pub(super) fn receive_maximum(&self) -> Option<usize> {
        match &self.state {
            State::Connected { limits, .. } => Some(limits.receive_maximum.into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_as_long_as_they_are_sent() {
        for (bytes, len) in [
            (0, 1),
            (0x7f, 0x80),
            (0x80, 0x82),
            (0x3fff, 0x4001),
            (0x4000, 0x4003),
            (0x1f_ffff, 0x20_0002),
            (0x20_0000, 0x20_0004),
        ] {
            assert_eq!(with_length(bytes), len);
        }
    }
}
