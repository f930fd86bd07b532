//! The properties of MQTT 5: checked when a packet is taken, and then walked in place.
mod display;
mod error;
mod list;
mod read;
pub(crate) mod table;
mod write;

pub use error::PropertyError;
pub use list::Properties;
use read::check;
pub(crate) use read::{Raw, section, unchecked_section};
pub(crate) use table::Place;
pub use write::PropertySource;
pub(crate) use write::each;

use crate::{QoS, Text};
use core::num::{NonZeroU16, NonZeroU32};

/// A property of a packet (MQTT 5, section 2.2.2.2), with the standard's name.
///
/// `Debug` and `Display` do not show [authentication data](Property::AuthenticationData).
///
/// # Examples
/// ```
/// use motemq::Property;
/// let request = [
///     Property::ResponseTopic("replies/7".into()),
///     Property::CorrelationData(b"41"),
///     Property::UserProperty { name: "trace".into(), value: "0af7".into() },
/// ];
/// assert_eq!(request[0].to_string(), r#"response topic "replies/7""#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Property<'a> {
    /// Whether the payload is UTF-8 (1). If not (0), it is any bytes. Nothing checks it.
    PayloadFormatIndicator(bool),
    /// The seconds after which the server does not deliver the message any more. From a server:
    /// the seconds that are left of it [MQTT-3.3.2-6].
    MessageExpiryInterval(u32),
    /// The kind of payload, for example a MIME type.
    ContentType(Text<'a>),
    /// The topic to which the answer to this message is to be published. It is a topic name
    /// [MQTT-3.3.2-14].
    ResponseTopic(Text<'a>),
    /// Data that the answer to this message is to repeat.
    CorrelationData(&'a [u8]),
    /// In SUBSCRIBE: a number, 1 to 268,435,455, for its subscriptions. In PUBLISH: the number of a
    /// subscription that matches; there is one for each.
    SubscriptionIdentifier(u32),
    /// The seconds for which the session outlives the connection; `u32::MAX`: for ever.
    SessionExpiryInterval(u32),
    /// The client identifier that the server has chosen.
    AssignedClientIdentifier(Text<'a>),
    /// The keep alive in seconds that the server demands [MQTT-3.1.2-21].
    ServerKeepAlive(u16),
    /// The name of the authentication method.
    AuthenticationMethod(Text<'a>),
    /// The data of the authentication method. It requires an authentication method.
    AuthenticationData(&'a [u8]),
    /// Whether the server may send reason strings and user properties in packets other than
    /// PUBLISH, CONNACK and DISCONNECT [MQTT-3.1.2-29].
    RequestProblemInformation(bool),
    /// The seconds for which the server delays the will.
    WillDelayInterval(u32),
    /// Whether the server is asked for [response information](Property::ResponseInformation).
    RequestResponseInformation(bool),
    /// The basis of response topics.
    ResponseInformation(Text<'a>),
    /// Other servers that the client can use, separated by spaces.
    ServerReference(Text<'a>),
    /// The reason for a reason code, for people.
    ReasonString(Text<'a>),
    /// The number of messages with QoS 1 and 2 that may be in flight to the sender.
    ReceiveMaximum(NonZeroU16),
    /// The highest topic alias that the sender accepts; 0: none.
    TopicAliasMaximum(u16),
    /// A number that stands for the topic.
    TopicAlias(NonZeroU16),
    /// The highest quality of service that the server supports: 0 or 1.
    MaximumQoS(QoS),
    /// Whether the server supports retained messages.
    RetainAvailable(bool),
    /// A name and a value, which mean what the application likes. It can stand in every packet with
    /// properties, any number of times.
    UserProperty {
        /// The name. A name can be repeated.
        name: Text<'a>,
        /// The value.
        value: Text<'a>,
    },
    /// The largest packet in bytes that the sender accepts.
    MaximumPacketSize(NonZeroU32),
    /// Whether the server supports wildcards in topic filters.
    WildcardSubscriptionAvailable(bool),
    /// Whether the server supports subscription identifiers.
    SubscriptionIdentifierAvailable(bool),
    /// Whether the server supports shared subscriptions.
    SharedSubscriptionAvailable(bool),
}

impl<'a> Property<'a> {
    /// Returns the identifier of the property, as it is sent.
    ///
    /// # Examples
    /// ```
    /// use motemq::Property;
    /// assert_eq!(Property::RetainAvailable(false).identifier(), 0x25);
    /// ```
    pub fn identifier(&self) -> u8 {
        self.raw().id
    }

    /// Returns the value for logs: a number, text or data, and the value of a user property.
    /// Authentication data is left out.
    #[cfg(feature = "defmt")]
    pub(crate) fn shown(&self) -> (u32, &'a [u8], &'a [u8]) {
        let raw = self.raw();
        let data = if raw.id == table::AUTHENTICATION_DATA {
            b""
        } else {
            raw.data
        };
        (raw.number, data, raw.value)
    }

    /// Makes a property from what was read, which is checked.
    fn of(raw: Raw<'a>) -> Property<'a> {
        let Raw {
            number,
            data,
            value,
            ..
        } = raw;
        let text = Text(data);
        let is_set = number != 0;
        let two = number as u16;
        match raw.id {
            table::PAYLOAD_FORMAT_INDICATOR => Property::PayloadFormatIndicator(is_set),
            table::MESSAGE_EXPIRY_INTERVAL => Property::MessageExpiryInterval(number),
            table::CONTENT_TYPE => Property::ContentType(text),
            table::RESPONSE_TOPIC => Property::ResponseTopic(text),
            table::CORRELATION_DATA => Property::CorrelationData(data),
            table::SUBSCRIPTION_IDENTIFIER => Property::SubscriptionIdentifier(number),
            table::SESSION_EXPIRY_INTERVAL => Property::SessionExpiryInterval(number),
            table::ASSIGNED_CLIENT_IDENTIFIER => Property::AssignedClientIdentifier(text),
            table::SERVER_KEEP_ALIVE => Property::ServerKeepAlive(two),
            table::AUTHENTICATION_METHOD => Property::AuthenticationMethod(text),
            table::AUTHENTICATION_DATA => Property::AuthenticationData(data),
            table::REQUEST_PROBLEM_INFORMATION => Property::RequestProblemInformation(is_set),
            table::WILL_DELAY_INTERVAL => Property::WillDelayInterval(number),
            table::REQUEST_RESPONSE_INFORMATION => Property::RequestResponseInformation(is_set),
            table::RESPONSE_INFORMATION => Property::ResponseInformation(text),
            table::SERVER_REFERENCE => Property::ServerReference(text),
            table::REASON_STRING => Property::ReasonString(text),
            table::RECEIVE_MAXIMUM => {
                Property::ReceiveMaximum(NonZeroU16::new(two).unwrap_or(NonZeroU16::MIN))
            }
            table::TOPIC_ALIAS_MAXIMUM => Property::TopicAliasMaximum(two),
            table::TOPIC_ALIAS => {
                Property::TopicAlias(NonZeroU16::new(two).unwrap_or(NonZeroU16::MIN))
            }
            table::MAXIMUM_QOS => Property::MaximumQoS(if is_set {
                QoS::AtLeastOnce
            } else {
                QoS::AtMostOnce
            }),
            table::RETAIN_AVAILABLE => Property::RetainAvailable(is_set),
            table::MAXIMUM_PACKET_SIZE => {
                Property::MaximumPacketSize(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))
            }
            table::WILDCARD_SUBSCRIPTION_AVAILABLE => {
                Property::WildcardSubscriptionAvailable(is_set)
            }
            table::SUBSCRIPTION_IDENTIFIER_AVAILABLE => {
                Property::SubscriptionIdentifierAvailable(is_set)
            }
            table::SHARED_SUBSCRIPTION_AVAILABLE => Property::SharedSubscriptionAvailable(is_set),
            _ => Property::UserProperty {
                name: text,
                value: Text(value),
            },
        }
    }

    /// Returns the property as it is encoded.
    fn raw(&self) -> Raw<'a> {
        let number = |id, number| Raw {
            id,
            number,
            ..Raw::default()
        };
        let data = |id, data| Raw {
            id,
            data,
            ..Raw::default()
        };
        let text = |id, text: Text<'a>| data(id, text.0);
        match *self {
            Property::PayloadFormatIndicator(is_set) => {
                number(table::PAYLOAD_FORMAT_INDICATOR, is_set.into())
            }
            Property::MessageExpiryInterval(n) => number(table::MESSAGE_EXPIRY_INTERVAL, n),
            Property::ContentType(t) => text(table::CONTENT_TYPE, t),
            Property::ResponseTopic(t) => text(table::RESPONSE_TOPIC, t),
            Property::CorrelationData(d) => data(table::CORRELATION_DATA, d),
            Property::SubscriptionIdentifier(n) => number(table::SUBSCRIPTION_IDENTIFIER, n),
            Property::SessionExpiryInterval(n) => number(table::SESSION_EXPIRY_INTERVAL, n),
            Property::AssignedClientIdentifier(t) => text(table::ASSIGNED_CLIENT_IDENTIFIER, t),
            Property::ServerKeepAlive(n) => number(table::SERVER_KEEP_ALIVE, n.into()),
            Property::AuthenticationMethod(t) => text(table::AUTHENTICATION_METHOD, t),
            Property::AuthenticationData(d) => data(table::AUTHENTICATION_DATA, d),
            Property::RequestProblemInformation(is_set) => {
                number(table::REQUEST_PROBLEM_INFORMATION, is_set.into())
            }
            Property::WillDelayInterval(n) => number(table::WILL_DELAY_INTERVAL, n),
            Property::RequestResponseInformation(is_set) => {
                number(table::REQUEST_RESPONSE_INFORMATION, is_set.into())
            }
            Property::ResponseInformation(t) => text(table::RESPONSE_INFORMATION, t),
            Property::ServerReference(t) => text(table::SERVER_REFERENCE, t),
            Property::ReasonString(t) => text(table::REASON_STRING, t),
            Property::ReceiveMaximum(n) => number(table::RECEIVE_MAXIMUM, n.get().into()),
            Property::TopicAliasMaximum(n) => number(table::TOPIC_ALIAS_MAXIMUM, n.into()),
            Property::TopicAlias(n) => number(table::TOPIC_ALIAS, n.get().into()),
            Property::MaximumQoS(qos) => number(table::MAXIMUM_QOS, qos as u32),
            Property::RetainAvailable(is_set) => number(table::RETAIN_AVAILABLE, is_set.into()),
            Property::UserProperty { name, value } => Raw {
                value: value.0,
                ..text(table::USER_PROPERTY, name)
            },
            Property::MaximumPacketSize(n) => number(table::MAXIMUM_PACKET_SIZE, n.get()),
            Property::WildcardSubscriptionAvailable(is_set) => {
                number(table::WILDCARD_SUBSCRIPTION_AVAILABLE, is_set.into())
            }
            Property::SubscriptionIdentifierAvailable(is_set) => {
                number(table::SUBSCRIPTION_IDENTIFIER_AVAILABLE, is_set.into())
            }
            Property::SharedSubscriptionAvailable(is_set) => {
                number(table::SHARED_SUBSCRIPTION_AVAILABLE, is_set.into())
            }
        }
    }
}
