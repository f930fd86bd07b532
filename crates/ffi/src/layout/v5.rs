//! The layout of `motemq5.h`.
#[cfg(not(feature = "sensor"))]
use crate::arguments::CFilter;
use crate::{
    arguments::{CConnect, CPublish, Text},
    client::{EMPTY, SLOT},
    commands::v5::CLimits,
    error,
    events::{EventOf, Next},
    properties::{CProperties, CProperty, Field, Four, One, Two, User},
    transport::FOREVER,
};
use core::{
    mem::offset_of,
    num::{NonZeroU16, NonZeroU32},
};
#[cfg(not(feature = "sensor"))]
use motemq::RetainHandling;
use motemq::{
    Event, Fault, Message, PacketId, Properties, Property, QoS, ReasonCode, SendError, SessionState,
};

values! {
    "sizeof(motemq_text_t)" = size_of::<Text>();
    "sizeof(motemq5_publish_t)" = size_of::<CPublish>();
    "offsetof(motemq5_publish_t, topic)" = offset_of!(CPublish, topic);
    "offsetof(motemq5_publish_t, payload)" = offset_of!(CPublish, payload);
    "offsetof(motemq5_publish_t, payload_length)" = offset_of!(CPublish, payload_length);
    "offsetof(motemq5_publish_t, remaining)" = offset_of!(CPublish, remaining);
    "offsetof(motemq5_publish_t, qos)" = offset_of!(CPublish, qos);
    "offsetof(motemq5_publish_t, retain)" = offset_of!(CPublish, retain);
    "offsetof(motemq5_publish_t, properties)" = offset_of!(CPublish, properties);
    "offsetof(motemq5_publish_t, properties_count)" = offset_of!(CPublish, properties_count);
    "sizeof(motemq5_connect_t)" = size_of::<CConnect>();
    "offsetof(motemq5_connect_t, client_id)" = offset_of!(CConnect, client_id);
    "offsetof(motemq5_connect_t, user)" = offset_of!(CConnect, user);
    "offsetof(motemq5_connect_t, password)" = offset_of!(CConnect, password);
    "offsetof(motemq5_connect_t, password_length)" = offset_of!(CConnect, password_length);
    "offsetof(motemq5_connect_t, will)" = offset_of!(CConnect, will);
    "offsetof(motemq5_connect_t, properties)" = offset_of!(CConnect, properties);
    "offsetof(motemq5_connect_t, properties_count)" = offset_of!(CConnect, properties_count);
    "offsetof(motemq5_connect_t, keep_alive)" = offset_of!(CConnect, keep_alive);
    "offsetof(motemq5_connect_t, identifier_offset)" = offset_of!(CConnect, identifier_offset);
    "offsetof(motemq5_connect_t, timeout)" = offset_of!(CConnect, timeout);
    "offsetof(motemq5_connect_t, keep_session)" = offset_of!(CConnect, keep_session);
    "sizeof(motemq5_limits_t)" = size_of::<CLimits>();
    "offsetof(motemq5_limits_t, maximum_packet_size)" = offset_of!(CLimits, maximum_packet_size);
    "offsetof(motemq5_limits_t, receive_maximum)" = offset_of!(CLimits, receive_maximum);
    "offsetof(motemq5_limits_t, topic_alias_maximum)" = offset_of!(CLimits, topic_alias_maximum);
    "offsetof(motemq5_limits_t, maximum_qos)" = offset_of!(CLimits, maximum_qos);
    "offsetof(motemq5_limits_t, retain_available)" = offset_of!(CLimits, retain_available);
    "offsetof(motemq5_limits_t, wildcard_subscription_available)" = offset_of!(CLimits, wildcard_subscription_available);
    "offsetof(motemq5_limits_t, subscription_identifier_available)" = offset_of!(CLimits, subscription_identifier_available);
    "offsetof(motemq5_limits_t, shared_subscription_available)" = offset_of!(CLimits, shared_subscription_available);
    "MOTEMQ5_SIZE(1)" = (EMPTY + SLOT).next_multiple_of(size_of::<usize>());
    "MOTEMQ5_SIZE(2)" = (EMPTY + 2 * SLOT).next_multiple_of(size_of::<usize>());
    "MOTEMQ_FOREVER - 0xfffffff0u" = FOREVER - 0xffff_fff0;
}

#[cfg(not(feature = "sensor"))]
values! {
    "sizeof(motemq5_filter_t)" = size_of::<CFilter>();
    "offsetof(motemq5_filter_t, filter)" = offset_of!(CFilter, filter);
    "offsetof(motemq5_filter_t, qos)" = offset_of!(CFilter, qos);
    "offsetof(motemq5_filter_t, no_local)" = offset_of!(CFilter, no_local);
    "offsetof(motemq5_filter_t, retain_as_published)" = offset_of!(CFilter, retain_as_published);
    "offsetof(motemq5_filter_t, retain_handling)" = offset_of!(CFilter, retain_handling);
    "MOTEMQ5_SEND_AT_SUBSCRIBE" = RetainHandling::SendAtSubscribe;
    "MOTEMQ5_SEND_IF_NEW" = RetainHandling::SendIfNew;
    "MOTEMQ5_DO_NOT_SEND" = RetainHandling::DoNotSend;
    "sizeof(MOTEMQ5_MANUAL(1))" = size_of::<motemq::ManualAcks<[motemq::PendingAck; 1]>>();
    "sizeof(MOTEMQ5_MANUAL(5))" = size_of::<motemq::ManualAcks<[motemq::PendingAck; 5]>>();
}

#[cfg(not(any(feature = "clean", feature = "sensor")))]
values! {
    "MOTEMQ5_IMAGE_SIZE(1)" = crate::client::Session::<[motemq::Slot; 1]>::IMAGE;
    "MOTEMQ5_IMAGE_SIZE(8)" = crate::client::Session::<[motemq::Slot; 8]>::IMAGE;
    "-MOTEMQ_IMAGE_LENGTH" = -crate::resume::image(Err(motemq::SnapshotError::Length));
    "-MOTEMQ_IMAGE_VERSION" = -crate::resume::image(Err(motemq::SnapshotError::Version));
    "-MOTEMQ_IMAGE_DAMAGED" = -crate::resume::image(Err(motemq::SnapshotError::Damaged));
}

values! {
    "-MOTEMQ_FULL" = -error::failure(SendError::Full);
    "-MOTEMQ_BUSY" = -error::failure(SendError::Busy);
    "-MOTEMQ_OFFLINE" = -error::failure(SendError::Offline);
    "-MOTEMQ_INVALID" = -error::failure(SendError::Invalid);
    "-MOTEMQ_TOO_LONG" = -error::failure(SendError::TooLong);
    "-MOTEMQ_ARGUMENT" = -error::ARGUMENT;
    "-MOTEMQ_MALFORMED" = -error::ended(Fault::Malformed);
    "-MOTEMQ_UNEXPECTED" = -error::ended(Fault::Unexpected);
    "-MOTEMQ_TIMEOUT" = -error::ended(Fault::Timeout);
    "-MOTEMQ_PACKET_TOO_LARGE" = -error::ended(Fault::PacketTooLarge);
    "-MOTEMQ_TOO_MANY_QOS2" = -error::ended(Fault::TooManyQos2);
    "-MOTEMQ5_UNSUPPORTED" = -error::failure(SendError::Unsupported);
    "-MOTEMQ5_TOPIC_ALIAS" = -error::ended(Fault::TopicAlias);
    "MOTEMQ_SESSION_NEW" = SessionState::New;
    "MOTEMQ_SESSION_RESUMED" = SessionState::Resumed;
    "MOTEMQ_SESSION_UNRECOGNIZED" = SessionState::Unrecognized;
}

/// Any text.
const TEXT: motemq::Text<'_> = motemq::Text::new("");

/// The identifier of a property, which is its first byte.
const fn id(property: &Property<'_>) -> u8 {
    // SAFETY: a property is `repr(u8)`.
    unsafe { (&raw const *property).cast::<u8>().read() }
}

values! {
    "MOTEMQ5_PAYLOAD_FORMAT_INDICATOR" = id(&Property::PayloadFormatIndicator(true));
    "MOTEMQ5_MESSAGE_EXPIRY_INTERVAL" = id(&Property::MessageExpiryInterval(1));
    "MOTEMQ5_CONTENT_TYPE" = id(&Property::ContentType(TEXT));
    "MOTEMQ5_RESPONSE_TOPIC" = id(&Property::ResponseTopic(TEXT));
    "MOTEMQ5_CORRELATION_DATA" = id(&Property::CorrelationData(&[]));
    "MOTEMQ5_SUBSCRIPTION_IDENTIFIER" = id(&Property::SubscriptionIdentifier(1));
    "MOTEMQ5_SESSION_EXPIRY_INTERVAL" = id(&Property::SessionExpiryInterval(1));
    "MOTEMQ5_ASSIGNED_CLIENT_IDENTIFIER" = id(&Property::AssignedClientIdentifier(TEXT));
    "MOTEMQ5_SERVER_KEEP_ALIVE" = id(&Property::ServerKeepAlive(1));
    "MOTEMQ5_AUTHENTICATION_METHOD" = id(&Property::AuthenticationMethod(TEXT));
    "MOTEMQ5_AUTHENTICATION_DATA" = id(&Property::AuthenticationData(&[]));
    "MOTEMQ5_REQUEST_PROBLEM_INFORMATION" = id(&Property::RequestProblemInformation(true));
    "MOTEMQ5_WILL_DELAY_INTERVAL" = id(&Property::WillDelayInterval(1));
    "MOTEMQ5_REQUEST_RESPONSE_INFORMATION" = id(&Property::RequestResponseInformation(true));
    "MOTEMQ5_RESPONSE_INFORMATION" = id(&Property::ResponseInformation(TEXT));
    "MOTEMQ5_SERVER_REFERENCE" = id(&Property::ServerReference(TEXT));
    "MOTEMQ5_REASON_STRING" = id(&Property::ReasonString(TEXT));
    "MOTEMQ5_RECEIVE_MAXIMUM" = id(&Property::ReceiveMaximum(NonZeroU16::MIN));
    "MOTEMQ5_TOPIC_ALIAS_MAXIMUM" = id(&Property::TopicAliasMaximum(1));
    "MOTEMQ5_TOPIC_ALIAS_NUMBER" = id(&Property::TopicAlias(NonZeroU16::MIN));
    "MOTEMQ5_MAXIMUM_QOS" = id(&Property::MaximumQoS(QoS::AtMostOnce));
    "MOTEMQ5_RETAIN_AVAILABLE" = id(&Property::RetainAvailable(true));
    "MOTEMQ5_USER_PROPERTY" = id(&Property::UserProperty { name: TEXT, value: TEXT });
    "MOTEMQ5_MAXIMUM_PACKET_SIZE" = id(&Property::MaximumPacketSize(NonZeroU32::MIN));
    "MOTEMQ5_WILDCARD_SUBSCRIPTION_AVAILABLE" = id(&Property::WildcardSubscriptionAvailable(true));
    "MOTEMQ5_SUBSCRIPTION_IDENTIFIER_AVAILABLE" = id(&Property::SubscriptionIdentifierAvailable(true));
    "MOTEMQ5_SHARED_SUBSCRIPTION_AVAILABLE" = id(&Property::SharedSubscriptionAvailable(true));
}

values! {
    "sizeof(motemq5_property_t)" = size_of::<CProperty>();
    "offsetof(motemq5_property_t, one.value)" = offset_of!(One, value);
    "offsetof(motemq5_property_t, two.value)" = offset_of!(Two, value);
    "offsetof(motemq5_property_t, four.value)" = offset_of!(Four, value);
    "offsetof(motemq5_property_t, text.value)" = offset_of!(Field, value);
    "offsetof(motemq5_property_t, user.name)" = offset_of!(User, name);
    "offsetof(motemq5_property_t, user.value)" = offset_of!(User, value);
    "sizeof(motemq5_properties_t)" = size_of::<motemq::Properties<'_>>();
    "offsetof(motemq5_properties_t, length)" = offset_of!(CProperties, length);
}

/// Any identifier.
const ID: PacketId = PacketId::MIN;

/// No properties: a slice, as a test of them shows.
// SAFETY: both are two words; if not, this would not compile.
const NONE: Properties<'static> = unsafe { core::mem::transmute::<&[u8], _>(&[]) };

/// Any reason code.
const CODE: ReasonCode = ReasonCode::SUCCESS;

values! { "sizeof(motemq5_event_t)" = size_of::<Next>(); }

/// Where the message begins in its event.
const MESSAGE: usize = align_of::<MessageOf>();

/// A message of MQTT 5.
type MessageOf = Message<'static, Properties<'static>>;

values! {
    "offsetof(motemq5_event_t, message.topic)" = MESSAGE + offset_of!(MessageOf, topic);
    "offsetof(motemq5_event_t, message.payload)" = MESSAGE + offset_of!(MessageOf, payload);
    "offsetof(motemq5_event_t, message.remaining)" = MESSAGE + offset_of!(MessageOf, remaining);
    "offsetof(motemq5_event_t, message.properties)" = MESSAGE + offset_of!(MessageOf, properties);
}

events! {
    "MOTEMQ_PAYLOAD" = Payload {
        remaining: 0 => "offsetof(motemq5_event_t, payload.remaining)",
        data: &[] => "offsetof(motemq5_event_t, payload.data)"
    };
    "MOTEMQ_SKIPPED" = Skipped {
        len: 0 => "offsetof(motemq5_event_t, skipped.length)"
    };
    "MOTEMQ_RECEIVED" = Received {
        id: ID => "offsetof(motemq5_event_t, received.id)"
    };
    "MOTEMQ_ACKED" = Acked {
        id: ID => "offsetof(motemq5_event_t, acked.id)"
    };
    "MOTEMQ_RESEND" = Resend {
        qos: QoS::AtMostOnce => "offsetof(motemq5_event_t, resend.qos)",
        id: ID => "offsetof(motemq5_event_t, resend.id)"
    };
    "MOTEMQ_OUTCOME_UNKNOWN" = OutcomeUnknown {
        id: ID => "offsetof(motemq5_event_t, outcome_unknown.id)"
    };
    "MOTEMQ_CONNECTED" = Connected {
        session: SessionState::New => "offsetof(motemq5_event_t, connected.session)",
        properties: NONE => "offsetof(motemq5_event_t, connected.properties)"
    };
    "MOTEMQ5_REFUSED" = Refused {
        code: CODE => "offsetof(motemq5_event_t, refused.code)",
        id: ID => "offsetof(motemq5_event_t, refused.id)",
        properties: NONE => "offsetof(motemq5_event_t, refused.properties)"
    };
    "MOTEMQ_SUBSCRIBED" = Subscribed {
        id: ID => "offsetof(motemq5_event_t, subscribed.id)",
        codes: &[] => "offsetof(motemq5_event_t, subscribed.codes)",
        properties: NONE => "offsetof(motemq5_event_t, subscribed.properties)"
    };
    "MOTEMQ5_UNSUBSCRIBED" = Unsubscribed {
        id: ID => "offsetof(motemq5_event_t, unsubscribed.id)",
        codes: &[] => "offsetof(motemq5_event_t, unsubscribed.codes)",
        properties: NONE => "offsetof(motemq5_event_t, unsubscribed.properties)"
    };
    "MOTEMQ5_DISCONNECTED" = Disconnected {
        code: CODE => "offsetof(motemq5_event_t, disconnected.code)",
        properties: NONE => "offsetof(motemq5_event_t, disconnected.properties)"
    };
    "MOTEMQ5_AUTH" = Auth {
        code: CODE => "offsetof(motemq5_event_t, auth.code)",
        properties: NONE => "offsetof(motemq5_event_t, auth.properties)"
    };
}
