//! A message that asks for a response.
use core::time::Duration;
use motemq::Publish;

/// The time limit of requests that have none.
const LIMIT: Duration = Duration::from_secs(20);

/// A message for which the client expects a response. The receiver publishes the response to the
/// response topic.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use motemq::{Publish, QoS};
/// use motemq_client::Request;
/// let question = Publish::to("clock").payload(b"now").qos(QoS::AtLeastOnce);
/// let request = Request::new(question)
///     .response_topic("clock/answers/7")
///     .limit(Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Request<'p, T = ()> {
    publish: Publish<'p, T>,
    response_topic: Option<&'p str>,
    limit: Duration,
}

impl<'p, T: Copy> Request<'p, T> {
    /// Makes a request that publishes this message, with a time limit of 20 s for the response.
    pub const fn new(publish: Publish<'p, T>) -> Self {
        Request {
            publish,
            response_topic: None,
            limit: LIMIT,
        }
    }

    /// Sets the topic to which the response is published. With MQTT 5 the default is
    /// `responses/CLIENT`, with the client identifier for `CLIENT`. With MQTT 3.1.1 there is no
    /// default: the message cannot contain the topic, so both sides have to know it.
    pub const fn response_topic(mut self, topic: &'p str) -> Self {
        self.response_topic = Some(topic);
        self
    }

    /// Sets the time limit for the response, which begins when the client accepts the request.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the message that the request publishes.
    pub const fn publish(&self) -> &Publish<'p, T> {
        &self.publish
    }

    /// Returns the response topic, or `None` for the default.
    pub const fn get_response_topic(&self) -> Option<&'p str> {
        self.response_topic
    }

    /// Returns the time limit for the response.
    pub const fn get_limit(&self) -> Duration {
        self.limit
    }
}
