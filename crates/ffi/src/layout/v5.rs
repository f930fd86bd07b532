//! The layout of `motemq5.h` alone.
use super::{ID, error};
#[cfg(not(feature = "sensor"))]
use crate::arguments::CFilter;
use crate::{
    arguments::{CConnect, CPublish},
    commands::v5::CLimits,
    events::EventOf,
    properties::{CProperties, CProperty, Field, Four, One, Two, User},
};
use core::{
    mem::offset_of,
    num::{NonZeroU16, NonZeroU32},
};
#[cfg(not(feature = "sensor"))]
use motemq::RetainHandling;
use motemq::{Event, Fault, Properties, Property, QoS, ReasonCode, SendError, SessionState};

offsets! { "publish_t": CPublish { properties, properties_count } }

offsets! { "connect_t": CConnect { properties, properties_count } }

offsets! {
    "limits_t": CLimits {
        maximum_packet_size, receive_maximum, topic_alias_maximum, maximum_qos, retain_available,
        wildcard_subscription_available, subscription_identifier_available,
        shared_subscription_available,
    }
}

#[cfg(not(feature = "sensor"))]
offsets! { "filter_t": CFilter { no_local, retain_as_published, retain_handling } }

#[cfg(not(feature = "sensor"))]
values! {
    "MOTEMQ5_SEND_AT_SUBSCRIBE" => RetainHandling::SendAtSubscribe;
    "MOTEMQ5_SEND_IF_NEW" => RetainHandling::SendIfNew;
    "MOTEMQ5_DO_NOT_SEND" => RetainHandling::DoNotSend;
}

values! {
    "sizeof(motemq5_limits_t)" => size_of::<CLimits>();
    "-MOTEMQ5_UNSUPPORTED" => -error::failure(SendError::Unsupported);
    "-MOTEMQ5_TOPIC_ALIAS" => -error::ended(Fault::TopicAlias);
}

/// Any text.
const TEXT: motemq::Text<'_> = motemq::Text::new("");

/// The identifier of a property, which is its first byte.
const fn id(property: &Property<'_>) -> u8 {
    // SAFETY: a property is `repr(u8)`.
    unsafe { (&raw const *property).cast::<u8>().read() }
}

values! {
    "MOTEMQ5_PAYLOAD_FORMAT_INDICATOR" => id(&Property::PayloadFormatIndicator(true));
    "MOTEMQ5_MESSAGE_EXPIRY_INTERVAL" => id(&Property::MessageExpiryInterval(1));
    "MOTEMQ5_CONTENT_TYPE" => id(&Property::ContentType(TEXT));
    "MOTEMQ5_RESPONSE_TOPIC" => id(&Property::ResponseTopic(TEXT));
    "MOTEMQ5_CORRELATION_DATA" => id(&Property::CorrelationData(&[]));
    "MOTEMQ5_SUBSCRIPTION_IDENTIFIER" => id(&Property::SubscriptionIdentifier(1));
    "MOTEMQ5_SESSION_EXPIRY_INTERVAL" => id(&Property::SessionExpiryInterval(1));
    "MOTEMQ5_ASSIGNED_CLIENT_IDENTIFIER" => id(&Property::AssignedClientIdentifier(TEXT));
    "MOTEMQ5_SERVER_KEEP_ALIVE" => id(&Property::ServerKeepAlive(1));
    "MOTEMQ5_AUTHENTICATION_METHOD" => id(&Property::AuthenticationMethod(TEXT));
    "MOTEMQ5_AUTHENTICATION_DATA" => id(&Property::AuthenticationData(&[]));
    "MOTEMQ5_REQUEST_PROBLEM_INFORMATION" => id(&Property::RequestProblemInformation(true));
    "MOTEMQ5_WILL_DELAY_INTERVAL" => id(&Property::WillDelayInterval(1));
    "MOTEMQ5_REQUEST_RESPONSE_INFORMATION" => id(&Property::RequestResponseInformation(true));
    "MOTEMQ5_RESPONSE_INFORMATION" => id(&Property::ResponseInformation(TEXT));
    "MOTEMQ5_SERVER_REFERENCE" => id(&Property::ServerReference(TEXT));
    "MOTEMQ5_REASON_STRING" => id(&Property::ReasonString(TEXT));
    "MOTEMQ5_RECEIVE_MAXIMUM" => id(&Property::ReceiveMaximum(NonZeroU16::MIN));
    "MOTEMQ5_TOPIC_ALIAS_MAXIMUM" => id(&Property::TopicAliasMaximum(1));
    "MOTEMQ5_TOPIC_ALIAS_NUMBER" => id(&Property::TopicAlias(NonZeroU16::MIN));
    "MOTEMQ5_MAXIMUM_QOS" => id(&Property::MaximumQoS(QoS::AtMostOnce));
    "MOTEMQ5_RETAIN_AVAILABLE" => id(&Property::RetainAvailable(true));
    "MOTEMQ5_USER_PROPERTY" => id(&Property::UserProperty { name: TEXT, value: TEXT });
    "MOTEMQ5_MAXIMUM_PACKET_SIZE" => id(&Property::MaximumPacketSize(NonZeroU32::MIN));
    "MOTEMQ5_WILDCARD_SUBSCRIPTION_AVAILABLE" => id(&Property::WildcardSubscriptionAvailable(true));
    "MOTEMQ5_SUBSCRIPTION_IDENTIFIER_AVAILABLE" => id(&Property::SubscriptionIdentifierAvailable(true));
    "MOTEMQ5_SHARED_SUBSCRIPTION_AVAILABLE" => id(&Property::SharedSubscriptionAvailable(true));
}

values! {
    "sizeof(motemq5_property_t)" => size_of::<CProperty>();
    "offsetof(motemq5_property_t, one.value)" => offset_of!(One, value);
    "offsetof(motemq5_property_t, two.value)" => offset_of!(Two, value);
    "offsetof(motemq5_property_t, four.value)" => offset_of!(Four, value);
    "offsetof(motemq5_property_t, text.value)" => offset_of!(Field, value);
    "offsetof(motemq5_property_t, user.name)" => offset_of!(User, name);
    "offsetof(motemq5_property_t, user.value)" => offset_of!(User, value);
    "sizeof(motemq5_properties_t)" => size_of::<Properties<'_>>();
    "offsetof(motemq5_properties_t, length)" => offset_of!(CProperties, length);
}

/// No properties: a slice, as a test of them shows.
// SAFETY: both are two words; if not, this would not compile.
const NONE: Properties<'static> = unsafe { core::mem::transmute::<&[u8], _>(&[]) };

/// Any reason code.
const CODE: ReasonCode = ReasonCode::SUCCESS;

events! {
    "MOTEMQ_CONNECTED" => Connected in "connected" {
        session: SessionState::New => "session", properties: NONE => "properties"
    };
    "MOTEMQ5_REFUSED" => Refused in "refused" {
        code: CODE => "code", id: ID => "id", properties: NONE => "properties"
    };
    "MOTEMQ_SUBSCRIBED" => Subscribed in "subscribed" {
        id: ID => "id", codes: &[] => "codes", properties: NONE => "properties"
    };
    "MOTEMQ5_UNSUBSCRIBED" => Unsubscribed in "unsubscribed" {
        id: ID => "id", codes: &[] => "codes", properties: NONE => "properties"
    };
    "MOTEMQ5_DISCONNECTED" => Disconnected in "disconnected" {
        code: CODE => "code", properties: NONE => "properties"
    };
    "MOTEMQ5_AUTH" => Auth in "auth" { code: CODE => "code", properties: NONE => "properties" };
}
