//! The layout of `motemq.h`.
#[cfg(not(feature = "sensor"))]
use crate::arguments::CFilter;
use crate::{
    arguments::{CConnect, CPublish, Text},
    client::{EMPTY, SLOT},
    error,
    events::{EventOf, Next},
    transport::FOREVER,
};
use core::mem::offset_of;
use motemq::{Event, Fault, Message, PacketId, QoS, ReturnCode, SendError, SessionState};

values! {
    "sizeof(motemq_text_t)" = size_of::<Text>();
    "offsetof(motemq_text_t, length)" = offset_of!(Text, length);
    "sizeof(motemq_publish_t)" = size_of::<CPublish>();
    "offsetof(motemq_publish_t, topic)" = offset_of!(CPublish, topic);
    "offsetof(motemq_publish_t, payload)" = offset_of!(CPublish, payload);
    "offsetof(motemq_publish_t, payload_length)" = offset_of!(CPublish, payload_length);
    "offsetof(motemq_publish_t, remaining)" = offset_of!(CPublish, remaining);
    "offsetof(motemq_publish_t, qos)" = offset_of!(CPublish, qos);
    "offsetof(motemq_publish_t, retain)" = offset_of!(CPublish, retain);
    "sizeof(motemq_connect_t)" = size_of::<CConnect>();
    "offsetof(motemq_connect_t, client_id)" = offset_of!(CConnect, client_id);
    "offsetof(motemq_connect_t, user)" = offset_of!(CConnect, user);
    "offsetof(motemq_connect_t, password)" = offset_of!(CConnect, password);
    "offsetof(motemq_connect_t, password_length)" = offset_of!(CConnect, password_length);
    "offsetof(motemq_connect_t, will)" = offset_of!(CConnect, will);
    "offsetof(motemq_connect_t, keep_alive)" = offset_of!(CConnect, keep_alive);
    "offsetof(motemq_connect_t, identifier_offset)" = offset_of!(CConnect, identifier_offset);
    "offsetof(motemq_connect_t, timeout)" = offset_of!(CConnect, timeout);
    "offsetof(motemq_connect_t, keep_session)" = offset_of!(CConnect, keep_session);
    "MOTEMQ_SIZE(1)" = (EMPTY + SLOT).next_multiple_of(size_of::<usize>());
    "MOTEMQ_SIZE(2)" = (EMPTY + 2 * SLOT).next_multiple_of(size_of::<usize>());
    "MOTEMQ_FOREVER - 0xfffffff0u" = FOREVER - 0xffff_fff0;
}

#[cfg(not(feature = "sensor"))]
values! {
    "sizeof(motemq_filter_t)" = size_of::<CFilter>();
    "offsetof(motemq_filter_t, filter)" = offset_of!(CFilter, filter);
    "offsetof(motemq_filter_t, qos)" = offset_of!(CFilter, qos);
    "sizeof(MOTEMQ_MANUAL(1))" = size_of::<motemq::ManualAcks<[motemq::PendingAck; 1]>>();
    "sizeof(MOTEMQ_MANUAL(5))" = size_of::<motemq::ManualAcks<[motemq::PendingAck; 5]>>();
}

#[cfg(not(any(feature = "clean", feature = "sensor")))]
values! {
    "MOTEMQ_IMAGE_SIZE(1)" = motemq::Session::<[motemq::Slot; 1]>::IMAGE;
    "MOTEMQ_IMAGE_SIZE(8)" = motemq::Session::<[motemq::Slot; 8]>::IMAGE;
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
    "5 - MOTEMQ_REFUSED" = -error::ended(Fault::Refused(ReturnCode::NOT_AUTHORIZED));
    "MOTEMQ_SESSION_NEW" = SessionState::New;
    "MOTEMQ_SESSION_RESUMED" = SessionState::Resumed;
    "MOTEMQ_SESSION_UNRECOGNIZED" = SessionState::Unrecognized;
}

/// Any identifier.
const ID: PacketId = PacketId::MIN;

values! { "sizeof(motemq_event_t)" = size_of::<Next>(); }

/// Where the message begins in its event.
const MESSAGE: usize = align_of::<Message<'_>>();

values! {
    "offsetof(motemq_event_t, message.topic)" = MESSAGE + offset_of!(Message<'_>, topic);
    "offsetof(motemq_event_t, message.payload)" = MESSAGE + offset_of!(Message<'_>, payload);
    "offsetof(motemq_event_t, message.remaining)" = MESSAGE + offset_of!(Message<'_>, remaining);
}

events! {
    "MOTEMQ_PAYLOAD" = Payload {
        remaining: 0 => "offsetof(motemq_event_t, payload.remaining)",
        data: &[] => "offsetof(motemq_event_t, payload.data)"
    };
    "MOTEMQ_SKIPPED" = Skipped { len: 0 => "offsetof(motemq_event_t, skipped.length)" };
    "MOTEMQ_RECEIVED" = Received { id: ID => "offsetof(motemq_event_t, received.id)" };
    "MOTEMQ_ACKED" = Acked { id: ID => "offsetof(motemq_event_t, acked.id)" };
    "MOTEMQ_RESEND" = Resend {
        qos: QoS::AtMostOnce => "offsetof(motemq_event_t, resend.qos)",
        id: ID => "offsetof(motemq_event_t, resend.id)"
    };
    "MOTEMQ_OUTCOME_UNKNOWN" = OutcomeUnknown {
        id: ID => "offsetof(motemq_event_t, outcome_unknown.id)"
    };
    "MOTEMQ_CONNECTED" = Connected {
        session: SessionState::New => "offsetof(motemq_event_t, connected.session)"
        | properties
    };
    "MOTEMQ_SUBSCRIBED" = Subscribed {
        id: ID => "offsetof(motemq_event_t, subscribed.id)",
        codes: &[] => "offsetof(motemq_event_t, subscribed.codes)"
        | properties
    };
}
