//! The properties of MQTT 5: checked when a packet is taken, and then walked in place.
mod display;
mod error;
#[cfg(feature = "fast")]
mod fast;
mod list;
mod read;
pub(crate) mod table;
mod write;

pub use error::PropertyError;
#[cfg(feature = "fast")]
pub(crate) use fast::{fill, identifiers, measure};
pub use list::Properties;
pub(crate) use read::{Walk, check, section};
pub(crate) use table::Place;
pub use write::PropertySource;
pub(crate) use write::each;

use crate::{QoS, Text};
use core::num::{NonZeroU16, NonZeroU32};

/// A property of a packet (MQTT 5, section 2.2.2.2), with the standard's name. The documentation of
/// each property begins with the packets that can have it. The properties of a will are part of
/// CONNECT.
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
#[repr(u8)]
#[non_exhaustive]
pub enum Property<'a> {
    /// PUBLISH, will: whether the payload is UTF-8 text. If not, it can be any bytes. This crate
    /// does not check the payload.
    PayloadFormatIndicator(bool) = table::PAYLOAD_FORMAT_INDICATOR,
    /// PUBLISH, will: the seconds after which the server no longer delivers the message. From a
    /// server: the seconds that remain of this time [MQTT-3.3.2-6].
    MessageExpiryInterval(u32) = table::MESSAGE_EXPIRY_INTERVAL,
    /// PUBLISH, will: the kind of payload, for example a MIME type.
    ContentType(Text<'a>) = table::CONTENT_TYPE,
    /// PUBLISH, will: the topic for the response to this message. It is a topic name, without
    /// wildcards [MQTT-3.3.2-14].
    ResponseTopic(Text<'a>) = table::RESPONSE_TOPIC,
    /// PUBLISH, will: data that the response to this message has to repeat.
    CorrelationData(&'a [u8]) = table::CORRELATION_DATA,
    /// SUBSCRIBE: an identifier, 1 to 268,435,455, for the subscriptions of the packet. PUBLISH of
    /// a server: the identifier of a subscription that the message matches, once for each of them.
    SubscriptionIdentifier(u32) = table::SUBSCRIPTION_IDENTIFIER,
    /// CONNECT, CONNACK, DISCONNECT of a client: the seconds for which the session outlives the
    /// connection. With `u32::MAX` it never expires.
    SessionExpiryInterval(u32) = table::SESSION_EXPIRY_INTERVAL,
    /// CONNACK: the client identifier that the server has chosen for a client without one
    /// [MQTT-3.1.3-7].
    AssignedClientIdentifier(Text<'a>) = table::ASSIGNED_CLIENT_IDENTIFIER,
    /// CONNACK: the keep alive in seconds that the server demands. It replaces the one of CONNECT
    /// [MQTT-3.1.2-21].
    ServerKeepAlive(u16) = table::SERVER_KEEP_ALIVE,
    /// CONNECT, CONNACK, AUTH: the name of the authentication method.
    AuthenticationMethod(Text<'a>) = table::AUTHENTICATION_METHOD,
    /// CONNECT, CONNACK, AUTH: data whose content the authentication method defines. It requires an
    /// [authentication method](Property::AuthenticationMethod).
    AuthenticationData(&'a [u8]) = table::AUTHENTICATION_DATA,
    /// CONNECT: whether the server may send reason strings and user properties in packets other
    /// than PUBLISH, CONNACK and DISCONNECT [MQTT-3.1.2-29].
    RequestProblemInformation(bool) = table::REQUEST_PROBLEM_INFORMATION,
    /// Will: the seconds for which the server delays the will after the connection has ended.
    WillDelayInterval(u32) = table::WILL_DELAY_INTERVAL,
    /// CONNECT: whether the client asks for [response information](Property::ResponseInformation).
    RequestResponseInformation(bool) = table::REQUEST_RESPONSE_INFORMATION,
    /// CONNACK: text from which the client makes its response topics.
    ResponseInformation(Text<'a>) = table::RESPONSE_INFORMATION,
    /// CONNACK, DISCONNECT of a server: other servers that the client can use, separated by spaces.
    ServerReference(Text<'a>) = table::SERVER_REFERENCE,
    /// CONNACK, AUTH, DISCONNECT and all acknowledgements: a text for people that explains the
    /// reason code.
    ReasonString(Text<'a>) = table::REASON_STRING,
    /// CONNECT, CONNACK: the number of messages with QoS 1 and 2 that may be in flight to the
    /// sender of this property.
    ReceiveMaximum(NonZeroU16) = table::RECEIVE_MAXIMUM,
    /// CONNECT, CONNACK: the highest topic alias that the sender of this property accepts, or 0 if
    /// it accepts none.
    TopicAliasMaximum(u16) = table::TOPIC_ALIAS_MAXIMUM,
    /// PUBLISH: a number that stands for the topic. A packet with a topic sets the alias, and a
    /// packet with an empty topic uses it.
    TopicAlias(NonZeroU16) = table::TOPIC_ALIAS,
    /// CONNACK: the highest quality of service that the server supports, 0 or 1. Without this
    /// property the server supports QoS 2.
    MaximumQoS(QoS) = table::MAXIMUM_QOS,
    /// CONNACK: whether the server supports retained messages.
    RetainAvailable(bool) = table::RETAIN_AVAILABLE,
    /// All packets with properties, and the will: a name and a value, whose meaning the application
    /// defines. A packet can have any number of them.
    UserProperty {
        /// The name. Several user properties can have the same name.
        name: Text<'a>,
        /// The value, which can be empty.
        value: Text<'a>,
    } = table::USER_PROPERTY,
    /// CONNECT, CONNACK: the length in bytes of the largest packet that the sender of this property
    /// accepts.
    MaximumPacketSize(NonZeroU32) = table::MAXIMUM_PACKET_SIZE,
    /// CONNACK: whether the server supports wildcards in topic filters.
    WildcardSubscriptionAvailable(bool) = table::WILDCARD_SUBSCRIPTION_AVAILABLE,
    /// CONNACK: whether the server supports subscription identifiers.
    SubscriptionIdentifierAvailable(bool) = table::SUBSCRIPTION_IDENTIFIER_AVAILABLE,
    /// CONNACK: whether the server supports shared subscriptions.
    SharedSubscriptionAvailable(bool) = table::SHARED_SUBSCRIPTION_AVAILABLE,
}

impl<'a> Property<'a> {
    /// Returns the identifier of the property as the byte in the packet.
    ///
    /// # Examples
    /// ```
    /// use motemq::Property;
    /// assert_eq!(Property::RetainAvailable(false).identifier(), 0x25);
    /// ```
    pub fn identifier(&self) -> u8 {
        // These are the discriminants, so the compiler only reads one.
        match self {
            Property::PayloadFormatIndicator(_) => table::PAYLOAD_FORMAT_INDICATOR,
            Property::MessageExpiryInterval(_) => table::MESSAGE_EXPIRY_INTERVAL,
            Property::ContentType(_) => table::CONTENT_TYPE,
            Property::ResponseTopic(_) => table::RESPONSE_TOPIC,
            Property::CorrelationData(_) => table::CORRELATION_DATA,
            Property::SubscriptionIdentifier(_) => table::SUBSCRIPTION_IDENTIFIER,
            Property::SessionExpiryInterval(_) => table::SESSION_EXPIRY_INTERVAL,
            Property::AssignedClientIdentifier(_) => table::ASSIGNED_CLIENT_IDENTIFIER,
            Property::ServerKeepAlive(_) => table::SERVER_KEEP_ALIVE,
            Property::AuthenticationMethod(_) => table::AUTHENTICATION_METHOD,
            Property::AuthenticationData(_) => table::AUTHENTICATION_DATA,
            Property::RequestProblemInformation(_) => table::REQUEST_PROBLEM_INFORMATION,
            Property::WillDelayInterval(_) => table::WILL_DELAY_INTERVAL,
            Property::RequestResponseInformation(_) => table::REQUEST_RESPONSE_INFORMATION,
            Property::ResponseInformation(_) => table::RESPONSE_INFORMATION,
            Property::ServerReference(_) => table::SERVER_REFERENCE,
            Property::ReasonString(_) => table::REASON_STRING,
            Property::ReceiveMaximum(_) => table::RECEIVE_MAXIMUM,
            Property::TopicAliasMaximum(_) => table::TOPIC_ALIAS_MAXIMUM,
            Property::TopicAlias(_) => table::TOPIC_ALIAS,
            Property::MaximumQoS(_) => table::MAXIMUM_QOS,
            Property::RetainAvailable(_) => table::RETAIN_AVAILABLE,
            Property::MaximumPacketSize(_) => table::MAXIMUM_PACKET_SIZE,
            Property::WildcardSubscriptionAvailable(_) => table::WILDCARD_SUBSCRIPTION_AVAILABLE,
            Property::SubscriptionIdentifierAvailable(_) => {
                table::SUBSCRIPTION_IDENTIFIER_AVAILABLE
            }
            Property::SharedSubscriptionAvailable(_) => table::SHARED_SUBSCRIPTION_AVAILABLE,
            Property::UserProperty { .. } => table::USER_PROPERTY,
        }
    }

    /// Returns the value for logs: a number, text or data, and the value of a user property.
    /// Authentication data is left out.
    #[cfg(feature = "defmt")]
    pub(crate) fn shown(&self) -> (u32, &'a [u8], &'a [u8]) {
        let mut number = 0;
        let (mut first, mut second): (&[u8], &[u8]) = (&[], &[]);
        match *self {
            Property::PayloadFormatIndicator(is_set)
            | Property::RequestProblemInformation(is_set)
            | Property::RequestResponseInformation(is_set)
            | Property::RetainAvailable(is_set)
            | Property::WildcardSubscriptionAvailable(is_set)
            | Property::SubscriptionIdentifierAvailable(is_set)
            | Property::SharedSubscriptionAvailable(is_set) => number = is_set.into(),
            Property::MaximumQoS(qos) => number = qos as u32,
            Property::ServerKeepAlive(two) | Property::TopicAliasMaximum(two) => {
                number = two.into();
            }
            Property::ReceiveMaximum(two) | Property::TopicAlias(two) => number = two.get().into(),
            Property::MessageExpiryInterval(four)
            | Property::SubscriptionIdentifier(four)
            | Property::SessionExpiryInterval(four)
            | Property::WillDelayInterval(four) => number = four,
            Property::MaximumPacketSize(four) => number = four.get(),
            Property::ContentType(text)
            | Property::ResponseTopic(text)
            | Property::AssignedClientIdentifier(text)
            | Property::AuthenticationMethod(text)
            | Property::ResponseInformation(text)
            | Property::ServerReference(text)
            | Property::ReasonString(text) => first = text.0,
            Property::CorrelationData(data) => first = data,
            Property::AuthenticationData(_) => {}
            Property::UserProperty { name, value } => {
                first = name.0;
                second = value.0;
            }
        }
        (number, first, second)
    }

    /// Makes a property from what was read, which is checked.
    fn of(walk: &Walk<'a>) -> Property<'a> {
        let Walk {
            id, number, data, ..
        } = *walk;
        let text = Text(data);
        let is_set = number != 0;
        let two = number as u16;
        match id {
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
            _ => {
                let (name, value) = walk.pair();
                Property::UserProperty {
                    name: Text(name),
                    value: Text(value),
                }
            }
        }
    }
}
