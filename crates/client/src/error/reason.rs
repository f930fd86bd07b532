//! The reasons that brokers give, which only MQTT 5 has.
use alloc::{string::String, sync::Arc};
use core::fmt;
use motemq::{Properties, ReasonCode, Text};

/// The reason that a broker of MQTT 5 gives for a refusal or for the end of a connection: a reason
/// code, and optional texts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BrokerReason(Arc<Content>);

/// The packets among which is the one that a reason is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PacketKind {
    /// All.
    Any,
    /// PUBLISH.
    Message,
    /// SUBSCRIBE and UNSUBSCRIBE.
    Subscription,
}

#[derive(PartialEq, Eq, Hash, Debug)]
struct Content {
    code: ReasonCode,
    text: Option<String>,
    servers: Option<String>,
}

impl BrokerReason {
    /// Makes a reason from a packet with this code and these properties.
    pub(crate) fn new(code: ReasonCode, properties: Properties<'_>) -> Self {
        let owned = |text: Text<'_>| String::from(text.as_str());
        BrokerReason(Arc::new(Content {
            code,
            text: properties.reason_string().map(owned),
            servers: properties.server_reference().map(owned),
        }))
    }

    /// Returns the reason code.
    pub fn code(&self) -> ReasonCode {
        self.0.code
    }

    /// Returns the kind of packet because of which a broker ends a connection with this code, and
    /// will end it when the packet is sent again; `None`: as far as can be known, it is no packet's
    /// fault.
    pub(crate) fn rejected_kind(&self) -> Option<PacketKind> {
        Some(match self.0.code {
            ReasonCode::TOPIC_NAME_INVALID
            | ReasonCode::PAYLOAD_FORMAT_INVALID
            | ReasonCode::RETAIN_NOT_SUPPORTED
            | ReasonCode::QOS_NOT_SUPPORTED => PacketKind::Message,
            ReasonCode::TOPIC_FILTER_INVALID
            | ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
            | ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED
            | ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED => PacketKind::Subscription,
            ReasonCode::MALFORMED_PACKET
            | ReasonCode::PROTOCOL_ERROR
            | ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
            | ReasonCode::NOT_AUTHORIZED
            | ReasonCode::PACKET_TOO_LARGE => PacketKind::Any,
            _ => return None,
        })
    }

    /// Returns the reason string, if the broker gave one.
    pub fn reason_string(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// Returns the server reference, if the broker sent one: other servers that the client can use,
    /// separated by spaces.
    pub fn server_reference(&self) -> Option<&str> {
        self.0.servers.as_deref()
    }
}

/// Shows the meaning of the code, and the texts, each shortened to 80 characters.
impl fmt::Display for BrokerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.code.fmt(f)?;
        if let Some(text) = self.reason_string() {
            write!(f, ", {}", super::shortened(text))?;
        }
        if let Some(servers) = self.server_reference() {
            write!(f, ", use {}", super::shortened(servers))?;
        }
        Ok(())
    }
}
