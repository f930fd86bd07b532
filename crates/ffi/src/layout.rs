//! What the header has to agree with, for the test that compares: each static is named as an
//! expression of C, and is one byte longer than its value.
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
use motemq::{Event, Fault, Message, PacketId, QoS, SendError, SessionState};

/// A constant of the version's header.
#[cfg(not(feature = "v5"))]
macro_rules! constant {
    ($name:literal) => {
        concat!("MOTEMQ_", $name)
    };
}

/// A constant of the version's header.
#[cfg(feature = "v5")]
macro_rules! constant {
    ($name:literal) => {
        concat!("MOTEMQ5_", $name)
    };
}

macro_rules! values {
    ($($name:expr => $value:expr;)*) => {
        $(const _: () = {
            #[unsafe(export_name = $name)]
            static VALUE: [u8; $value as usize + 1] = [0; $value as usize + 1];
        };)*
    };
}

/// Makes the offsets of the fields of a struct. The fields have the same names in C.
macro_rules! offsets {
    ($type:literal: $struct:ty { $($field:ident),* $(,)? }) => {
        values! {
            $(concat!("offsetof(", name!($type), ", ", stringify!($field), ")")
                => offset_of!($struct, $field);)*
        }
    };
}

/// An event of a kind, and where a field of it is in the member of the union. Fields of type `()`
/// stand behind the bar.
macro_rules! events {
    ($($kind:literal => $event:ident in $member:literal {
        $($field:ident: $value:expr => $name:literal),* $(| $unit:ident)?
    };)*) => {
        $(const _: () = {
            const EVENT: &EventOf = &Event::$event { $($field: $value,)* $($unit: ())? };
            const START: *const u8 = (&raw const *EVENT).cast();
            // SAFETY: the kind is the first byte of an event, which is `repr(u8)`.
            const KIND: u8 = unsafe { START.read() };
            values! { $kind => KIND; }
            $(const _: () = {
                const OFFSET: isize = match EVENT {
                    // SAFETY: the field is a part of the event.
                    Event::$event { $field, .. } => unsafe {
                        (&raw const *$field).cast::<u8>().offset_from(START)
                    },
                    _ => -1,
                };
                values! {
                    concat!("offsetof(", name!("event_t"), ", ", $member, ".", $name, ")") => OFFSET;
                }
            };)*
        };)*
    };
}

#[cfg(not(feature = "v5"))]
mod v311;
#[cfg(feature = "v5")]
mod v5;

values! {
    "sizeof(motemq_text_t)" => size_of::<Text>();
    "offsetof(motemq_text_t, length)" => offset_of!(Text, length);
    concat!("sizeof(", name!("publish_t"), ")") => size_of::<CPublish>();
    concat!("sizeof(", name!("connect_t"), ")") => size_of::<CConnect>();
    concat!("sizeof(", name!("event_t"), ")") => size_of::<Next>();
    constant!("SIZE(1)") => (EMPTY + SLOT).next_multiple_of(size_of::<usize>());
    constant!("SIZE(2)") => (EMPTY + 2 * SLOT).next_multiple_of(size_of::<usize>());
    "MOTEMQ_FOREVER - 0xfffffff0u" => FOREVER - 0xffff_fff0;
}

offsets! { "publish_t": CPublish { topic, payload, payload_length, remaining, qos, retain } }

offsets! {
    "connect_t": CConnect {
        client_id, user, password, password_length, will, keep_alive, identifier_offset, timeout,
        keep_session,
    }
}

#[cfg(not(feature = "sensor"))]
offsets! { "filter_t": CFilter { filter, qos } }

#[cfg(not(feature = "sensor"))]
values! {
    concat!("sizeof(", name!("filter_t"), ")") => size_of::<CFilter>();
    concat!("sizeof(", constant!("MANUAL(1)"), ")")
        => size_of::<motemq::ManualAcks<[motemq::PendingAck; 1]>>();
    concat!("sizeof(", constant!("MANUAL(5)"), ")")
        => size_of::<motemq::ManualAcks<[motemq::PendingAck; 5]>>();
}

#[cfg(not(any(feature = "clean", feature = "sensor")))]
values! {
    constant!("IMAGE_SIZE(1)") => crate::client::Session::<[motemq::Slot; 1]>::IMAGE;
    constant!("IMAGE_SIZE(8)") => crate::client::Session::<[motemq::Slot; 8]>::IMAGE;
    "-MOTEMQ_IMAGE_LENGTH" => -crate::resume::image(Err(motemq::SnapshotError::Length));
    "-MOTEMQ_IMAGE_VERSION" => -crate::resume::image(Err(motemq::SnapshotError::Version));
    "-MOTEMQ_IMAGE_DAMAGED" => -crate::resume::image(Err(motemq::SnapshotError::Damaged));
}

values! {
    "-MOTEMQ_FULL" => -error::failure(SendError::Full);
    "-MOTEMQ_BUSY" => -error::failure(SendError::Busy);
    "-MOTEMQ_OFFLINE" => -error::failure(SendError::Offline);
    "-MOTEMQ_INVALID" => -error::failure(SendError::Invalid);
    "-MOTEMQ_TOO_LONG" => -error::failure(SendError::TooLong);
    "-MOTEMQ_ARGUMENT" => -error::ARGUMENT;
    "-MOTEMQ_MALFORMED" => -error::ended(Fault::Malformed);
    "-MOTEMQ_UNEXPECTED" => -error::ended(Fault::Unexpected);
    "-MOTEMQ_TIMEOUT" => -error::ended(Fault::Timeout);
    "-MOTEMQ_PACKET_TOO_LARGE" => -error::ended(Fault::PacketTooLarge);
    "-MOTEMQ_TOO_MANY_QOS2" => -error::ended(Fault::TooManyQos2);
    "MOTEMQ_SESSION_NEW" => SessionState::New;
    "MOTEMQ_SESSION_RESUMED" => SessionState::Resumed;
    "MOTEMQ_SESSION_UNRECOGNIZED" => SessionState::Unrecognized;
}

/// Any identifier.
const ID: PacketId = PacketId::MIN;

/// A message in an event of the version of MQTT.
#[cfg(not(feature = "v5"))]
type MessageOf = Message<'static>;
/// A message in an event of the version of MQTT.
#[cfg(feature = "v5")]
type MessageOf = Message<'static, motemq::Properties<'static>>;

/// The offset of the message in its event.
const MESSAGE: usize = align_of::<MessageOf>();

/// Makes the offsets of the fields of the message in its event.
macro_rules! message {
    ($($field:ident)*) => {
        values! {
            $(concat!("offsetof(", name!("event_t"), ", message.", stringify!($field), ")")
                => MESSAGE + offset_of!(MessageOf, $field);)*
        }
    };
}

message! { topic payload remaining }
#[cfg(feature = "v5")]
message! { properties }

events! {
    "MOTEMQ_PAYLOAD" => Payload in "payload" { remaining: 0 => "remaining", data: &[] => "data" };
    "MOTEMQ_SKIPPED" => Skipped in "skipped" { len: 0 => "length" };
    "MOTEMQ_RECEIVED" => Received in "received" { id: ID => "id" };
    "MOTEMQ_ACKED" => Acked in "acked" { id: ID => "id" };
    "MOTEMQ_RESEND" => Resend in "resend" { qos: QoS::AtMostOnce => "qos", id: ID => "id" };
    "MOTEMQ_OUTCOME_UNKNOWN" => OutcomeUnknown in "outcome_unknown" { id: ID => "id" };
}
