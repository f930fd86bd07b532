//! The reasons why there is no response.
use super::{DisconnectReason, Ended, Human, PublishError, RequestError, SubscribeError};
use alloc::{format, string::String};
use core::time::Duration;

/// The reason why a [request](crate::Client::request) has no response.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The client did not accept the message of the request. Nothing was published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The client could not subscribe to the response topic.
    #[error("no subscription to the response topic: {0}")]
    Subscribe(#[from] SubscribeError),
    /// The client accepted the request, but its message failed: for example, the broker refused it.
    #[error(transparent)]
    Failed(RequestError),
    /// The broker of MQTT 5 received the message, and reports that no client has subscribed to its
    /// topic.
    #[error("no client receives the request: check that the responder has subscribed to its topic")]
    NoReceiver,
    /// No response arrived within the time limit.
    #[error("no response within {}{}", Human(*limit), late_because(reason.as_ref()))]
    TimedOut {
        /// The time limit of the request.
        limit: Duration,
        /// The reason why there was no connection at that time, or `None` if there was one.
        reason: Option<DisconnectReason>,
    },
    /// The request has no response topic, and there is no default: the client uses MQTT 3.1.1, or
    /// has no client identifier.
    #[error("there is no response topic: set one, or use MQTT 5 with a client identifier")]
    ResponseTopicMissing,
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}

fn late_because(reason: Option<&DisconnectReason>) -> String {
    match reason {
        Some(reason) => format!(", since there is no connection: {reason}"),
        None => ": check that the responder is running, or allow more time".into(),
    }
}
