//! Properties as text, for logs and tools.
use super::Property;
use core::fmt::{self, Debug, Display, Formatter};

/// Shows the name of the property and its value, as in `receive maximum 20`. Bytes of data that are
/// not ASCII are shown as escapes. Authentication data is not shown.
impl Display for Property<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Property::PayloadFormatIndicator(is_set)
            | Property::RequestProblemInformation(is_set)
            | Property::RequestResponseInformation(is_set)
            | Property::RetainAvailable(is_set)
            | Property::WildcardSubscriptionAvailable(is_set)
            | Property::SubscriptionIdentifierAvailable(is_set)
            | Property::SharedSubscriptionAvailable(is_set) => {
                write!(f, "{name} {}", u8::from(*is_set))
            }
            Property::MessageExpiryInterval(number)
            | Property::SubscriptionIdentifier(number)
            | Property::SessionExpiryInterval(number)
            | Property::WillDelayInterval(number) => write!(f, "{name} {number}"),
            Property::ServerKeepAlive(number) | Property::TopicAliasMaximum(number) => {
                write!(f, "{name} {number}")
            }
            Property::ReceiveMaximum(number) | Property::TopicAlias(number) => {
                write!(f, "{name} {number}")
            }
            Property::MaximumPacketSize(number) => write!(f, "{name} {number}"),
            Property::MaximumQoS(qos) => write!(f, "{name} {}", *qos as u8),
            Property::ContentType(text)
            | Property::ResponseTopic(text)
            | Property::AssignedClientIdentifier(text)
            | Property::AuthenticationMethod(text)
            | Property::ResponseInformation(text)
            | Property::ServerReference(text)
            | Property::ReasonString(text) => write!(f, "{name} {text:?}"),
            Property::CorrelationData(data) => write!(f, "{name} \"{}\"", data.escape_ascii()),
            Property::AuthenticationData(data) => write!(f, "{name} of {} bytes", data.len()),
            Property::UserProperty {
                name: of_user,
                value,
            } => write!(f, "{name} {of_user:?} {value:?}"),
        }
    }
}

/// Shows the same as `Display`.
impl Debug for Property<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Property<'_> {
    /// Returns the standard's name of the property, in lower case.
    fn name(&self) -> &'static str {
        match self {
            Property::PayloadFormatIndicator(_) => "payload format indicator",
            Property::MessageExpiryInterval(_) => "message expiry interval",
            Property::ContentType(_) => "content type",
            Property::ResponseTopic(_) => "response topic",
            Property::CorrelationData(_) => "correlation data",
            Property::SubscriptionIdentifier(_) => "subscription identifier",
            Property::SessionExpiryInterval(_) => "session expiry interval",
            Property::AssignedClientIdentifier(_) => "assigned client identifier",
            Property::ServerKeepAlive(_) => "server keep alive",
            Property::AuthenticationMethod(_) => "authentication method",
            Property::AuthenticationData(_) => "authentication data",
            Property::RequestProblemInformation(_) => "request problem information",
            Property::WillDelayInterval(_) => "will delay interval",
            Property::RequestResponseInformation(_) => "request response information",
            Property::ResponseInformation(_) => "response information",
            Property::ServerReference(_) => "server reference",
            Property::ReasonString(_) => "reason string",
            Property::ReceiveMaximum(_) => "receive maximum",
            Property::TopicAliasMaximum(_) => "topic alias maximum",
            Property::TopicAlias(_) => "topic alias",
            Property::MaximumQoS(_) => "maximum QoS",
            Property::RetainAvailable(_) => "retain available",
            Property::UserProperty { .. } => "user property",
            Property::MaximumPacketSize(_) => "maximum packet size",
            Property::WildcardSubscriptionAvailable(_) => "wildcard subscription available",
            Property::SubscriptionIdentifierAvailable(_) => "subscription identifier available",
            Property::SharedSubscriptionAvailable(_) => "shared subscription available",
        }
    }
}
