//! The reasons why there is no response.
use super::{Ended, Human, PublishError, RequestError, SubscribeError};
use core::time::Duration;

/// The reason why a request has no response.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The message was not accepted. Nothing was published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The client could not subscribe to the response topic.
    #[error("no subscription to the response topic: {0}")]
    Subscribe(#[from] SubscribeError),
    /// The message was accepted, and did not succeed: the broker refused it, for example.
    #[error(transparent)]
    Failed(RequestError),
    /// The broker of MQTT 5 has the message, and says that no client receives it.
    #[error("no client receives the request: check that what is to respond has subscribed to it")]
    NoReceiver,
    /// There was no response in time.
    #[error("no response within {}: check that what is to respond runs, or allow more time", Human(*.0))]
    TimedOut(Duration),
    /// Messages of MQTT 3.1.1 do not name a response topic, and a client without a client
    /// identifier has none of its own.
    #[error("there is no response topic: set one, or use MQTT 5 with a client identifier")]
    ResponseTopicMissing,
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}
