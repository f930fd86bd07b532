//! What the header has to agree with, for the test that compares: each static is named as an
//! expression of C, and is one byte longer than its value.
use crate::{arguments::CPublish, error, messages::CMessage, options::COptions, state};
use std::mem::offset_of;

macro_rules! values {
    ($($name:literal = $value:expr;)*) => {
        $(const _: () = {
            #[unsafe(export_name = $name)]
            static VALUE: [u8; $value as usize + 1] = [0; $value as usize + 1];
        };)*
    };
}

values! {
    "sizeof(motemq_client_publish_t)" = size_of::<CPublish>();
    "offsetof(motemq_client_publish_t, topic)" = offset_of!(CPublish, topic);
    "offsetof(motemq_client_publish_t, payload)" = offset_of!(CPublish, payload);
    "offsetof(motemq_client_publish_t, payload_length)" = offset_of!(CPublish, payload_length);
    "offsetof(motemq_client_publish_t, qos)" = offset_of!(CPublish, qos);
    "offsetof(motemq_client_publish_t, retain)" = offset_of!(CPublish, retain);
}

values! {
    "sizeof(motemq_client_message_t)" = size_of::<CMessage>();
    "offsetof(motemq_client_message_t, topic)" = offset_of!(CMessage, topic);
    "offsetof(motemq_client_message_t, topic_length)" = offset_of!(CMessage, topic_length);
    "offsetof(motemq_client_message_t, payload)" = offset_of!(CMessage, payload);
    "offsetof(motemq_client_message_t, payload_length)" = offset_of!(CMessage, payload_length);
    "offsetof(motemq_client_message_t, payload_offset)" = offset_of!(CMessage, payload_offset);
    "offsetof(motemq_client_message_t, payload_total)" = offset_of!(CMessage, payload_total);
    "offsetof(motemq_client_message_t, packet_id)" = offset_of!(CMessage, packet_id);
    "offsetof(motemq_client_message_t, qos)" = offset_of!(CMessage, qos);
    "offsetof(motemq_client_message_t, retain)" = offset_of!(CMessage, retain);
    "offsetof(motemq_client_message_t, dup)" = offset_of!(CMessage, dup);
}

values! {
    "sizeof(motemq_client_options_t)" = size_of::<COptions>();
    "offsetof(motemq_client_options_t, size)" = offset_of!(COptions, size);
    "offsetof(motemq_client_options_t, url)" = offset_of!(COptions, url);
    "offsetof(motemq_client_options_t, client_id)" = offset_of!(COptions, client_id);
    "offsetof(motemq_client_options_t, user)" = offset_of!(COptions, user);
    "offsetof(motemq_client_options_t, password)" = offset_of!(COptions, password);
    "offsetof(motemq_client_options_t, password_length)" = offset_of!(COptions, password_length);
    "offsetof(motemq_client_options_t, will)" = offset_of!(COptions, will);
    "offsetof(motemq_client_options_t, ca_file)" = offset_of!(COptions, ca_file);
    "offsetof(motemq_client_options_t, certificate_file)" = offset_of!(COptions, certificate_file);
    "offsetof(motemq_client_options_t, key_file)" = offset_of!(COptions, key_file);
    "offsetof(motemq_client_options_t, on_message)" = offset_of!(COptions, on_message);
    "offsetof(motemq_client_options_t, on_state)" = offset_of!(COptions, on_state);
    "offsetof(motemq_client_options_t, context)" = offset_of!(COptions, context);
    "offsetof(motemq_client_options_t, connect_timeout_ms)" = offset_of!(COptions, connect_timeout_ms);
    "offsetof(motemq_client_options_t, ack_timeout_ms)" = offset_of!(COptions, ack_timeout_ms);
    "offsetof(motemq_client_options_t, keep_alive)" = offset_of!(COptions, keep_alive);
    "offsetof(motemq_client_options_t, in_flight)" = offset_of!(COptions, in_flight);
    "offsetof(motemq_client_options_t, keep_session)" = offset_of!(COptions, keep_session);
    "offsetof(motemq_client_options_t, queue_qos0)" = offset_of!(COptions, queue_qos0);
    "offsetof(motemq_client_options_t, no_keep_alive)" = offset_of!(COptions, no_keep_alive);
    "offsetof(motemq_client_options_t, version)" = offset_of!(COptions, version);
}

values! {
    "sizeof(motemq_client_state_t)" = size_of::<state::CState>();
    "offsetof(motemq_client_state_t, kind)" = offset_of!(state::CState, kind);
    "offsetof(motemq_client_state_t, session)" = offset_of!(state::CState, session);
    "offsetof(motemq_client_state_t, error)" = offset_of!(state::CState, error);
    "offsetof(motemq_client_state_t, retry_ms)" = offset_of!(state::CState, retry_ms);
    "offsetof(motemq_client_state_t, reason)" = offset_of!(state::CState, reason);
    "MOTEMQ_CLIENT_CONNECTING" = state::CONNECTING;
    "MOTEMQ_CLIENT_CONNECTED" = state::CONNECTED;
    "MOTEMQ_CLIENT_WAITING" = state::WAITING;
    "MOTEMQ_CLIENT_HAS_ENDED" = state::HAS_ENDED;
    "MOTEMQ_CLIENT_SESSION_NEW" = motemq_std::SessionState::New;
    "MOTEMQ_CLIENT_SESSION_RESUMED" = motemq_std::SessionState::Resumed;
    "MOTEMQ_CLIENT_SESSION_UNRECOGNIZED" = motemq_std::SessionState::Unrecognized;
}

values! {
    "MOTEMQ_CLIENT_OK" = error::OK;
    "-MOTEMQ_CLIENT_ARGUMENT" = -error::ARGUMENT;
    "-MOTEMQ_CLIENT_INVALID" = -error::INVALID;
    "-MOTEMQ_CLIENT_FULL" = -error::FULL;
    "-MOTEMQ_CLIENT_OFFLINE" = -error::OFFLINE;
    "-MOTEMQ_CLIENT_TOO_LONG" = -error::TOO_LONG;
    "-MOTEMQ_CLIENT_ENDED" = -error::ENDED;
    "-MOTEMQ_CLIENT_CALLBACK" = -error::CALLBACK;
    "-MOTEMQ_CLIENT_SYSTEM" = -error::SYSTEM;
    "-MOTEMQ_CLIENT_TIMEOUT" = -error::TIMEOUT;
    "-MOTEMQ_CLIENT_PANIC" = -error::PANIC;
    "-MOTEMQ_CLIENT_UNFINISHED" = -error::UNFINISHED;
    "-MOTEMQ_CLIENT_REFUSED" = -error::REFUSED;
    "-MOTEMQ_CLIENT_OUTCOME_UNKNOWN" = -error::OUTCOME_UNKNOWN;
    "-MOTEMQ_CLIENT_NOT_ANSWERED" = -error::NOT_ANSWERED;
    "-MOTEMQ_CLIENT_DROPPED" = -error::DROPPED;
    "-MOTEMQ_CLIENT_CLOSED" = -error::CLOSED;
    "-MOTEMQ_CLIENT_TRANSPORT" = -error::TRANSPORT;
    "-MOTEMQ_CLIENT_PROTOCOL" = -error::PROTOCOL;
    "-MOTEMQ_CLIENT_UNRESPONSIVE" = -error::UNRESPONSIVE;
    "-MOTEMQ_CLIENT_OVERRUN" = -error::OVERRUN;
    "-MOTEMQ_CLIENT_CONNECT_REFUSED" = -error::CONNECT_REFUSED;
}
