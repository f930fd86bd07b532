//! The reasons why there is no response.
use super::{Ended, Human, PublishError, RequestError, SubscribeError};
use core::time::Duration;

/// The reason why a [request](crate::Client::request) has no response.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The client did not accept the message. Nothing was published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The client could not subscribe to the response topic.
    #[error("no subscription to the response topic: {0}")]
    Subscribe(#[from] SubscribeError),
    /// The client accepted the message, but it did not succeed: for example, the broker refused it.
    #[error(transparent)]
    Failed(RequestError),
    /// The broker of MQTT 5 received the message, and reports that no client has subscribed to its
    /// topic.
    #[error("no client receives the request: check that the responder has subscribed to its topic")]
    NoReceiver,
    /// There was no response within this time.
    #[error("no response within {}: check that the responder is running, or allow more time", Human(*.0))]
    TimedOut(Duration),
    /// The request has no response topic. With MQTT 3.1.1, and for a client without a client
    /// identifier, there is no default.
    #[error("there is no response topic: set one, or use MQTT 5 with a client identifier")]
    ResponseTopicMissing,
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}
