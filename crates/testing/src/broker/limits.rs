//! The limits that a server of MQTT 5 announces in CONNACK, and what exceeds them.
use motemq::{Properties, Property, QoS, ReasonCode};

/// The limits that the broker announces to clients of MQTT 5. It closes the connection of a client
/// that exceeds one, and [records](super::Broker::objections) that.
///
/// ```
/// use motemq::QoS;
/// use motemq_testing::broker::{Config, Limits};
/// let narrow = Config::new().limits(Limits {
///     receive_maximum: 2,
///     maximum_qos: QoS::AtLeastOnce,
///     ..Limits::NONE
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// The messages with QoS 1 and 2 that a client may have in flight, at least 1.
    pub receive_maximum: u16,
    /// The longest packet of a client in bytes, at least 1; `u32::MAX`: any.
    pub maximum_packet_size: u32,
    /// The highest QoS with which a client may publish.
    pub maximum_qos: QoS,
    /// The highest topic alias of a client; 0: none.
    pub topic_alias_maximum: u16,
    /// Whether a client may publish retained messages.
    pub retain_available: bool,
    /// Whether a topic filter may have wildcards.
    pub wildcards_available: bool,
    /// Whether a subscription may have an identifier.
    pub identifiers_available: bool,
    /// Whether a subscription may be shared.
    pub shared_available: bool,
    /// The keep alive in seconds in place of that of the client.
    pub server_keep_alive: Option<u16>,
    /// The longest session expiry interval in seconds.
    pub session_expiry_maximum: u32,
}

impl Limits {
    /// Everything is allowed, and there are 16 topic aliases.
    pub const NONE: Limits = Limits {
        receive_maximum: u16::MAX,
        maximum_packet_size: u32::MAX,
        maximum_qos: QoS::ExactlyOnce,
        topic_alias_maximum: 16,
        retain_available: true,
        wildcards_available: true,
        identifiers_available: true,
        shared_available: true,
        server_keep_alive: None,
        session_expiry_maximum: u32::MAX,
    };

    /// Returns the properties of CONNACK that announce the limits.
    pub(super) fn properties(&self) -> Vec<Property<'static>> {
        let mut list = Vec::new();
        if self.receive_maximum < u16::MAX {
            let maximum = self.receive_maximum.try_into();
            list.push(Property::ReceiveMaximum(maximum.expect("it is not 0")));
        }
        if self.maximum_qos < QoS::ExactlyOnce {
            list.push(Property::MaximumQoS(self.maximum_qos));
        }
        if !self.retain_available {
            list.push(Property::RetainAvailable(false));
        }
        if self.maximum_packet_size < u32::MAX {
            let maximum = self.maximum_packet_size.try_into();
            list.push(Property::MaximumPacketSize(maximum.expect("it is not 0")));
        }
        if self.topic_alias_maximum > 0 {
            list.push(Property::TopicAliasMaximum(self.topic_alias_maximum));
        }
        if !self.wildcards_available {
            list.push(Property::WildcardSubscriptionAvailable(false));
        }
        if !self.identifiers_available {
            list.push(Property::SubscriptionIdentifierAvailable(false));
        }
        if !self.shared_available {
            list.push(Property::SharedSubscriptionAvailable(false));
        }
        list.extend(self.server_keep_alive.map(Property::ServerKeepAlive));
        list
    }

    /// Returns the reason to close the connection if the limits do not allow a message or a will
    /// with this QoS and this retain flag.
    pub(super) fn objection(&self, qos: QoS, retain: bool) -> Option<ReasonCode> {
        if qos > self.maximum_qos {
            Some(ReasonCode::QOS_NOT_SUPPORTED)
        } else if retain && !self.retain_available {
            Some(ReasonCode::RETAIN_NOT_SUPPORTED)
        } else {
            None
        }
    }

    /// Returns the reason to refuse a subscription that the limits do not allow.
    pub(super) fn refusal(&self, filter: &str, properties: Properties<'_>) -> Option<ReasonCode> {
        let has_identifier = properties.subscription_identifiers().next().is_some();
        if filter.contains(['+', '#']) && !self.wildcards_available {
            Some(ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED)
        } else if filter.starts_with("$share/") && !self.shared_available {
            Some(ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED)
        } else if has_identifier && !self.identifiers_available {
            Some(ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED)
        } else {
            None
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::NONE
    }
}
