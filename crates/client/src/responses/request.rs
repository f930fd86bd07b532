//! A message that asks for a response.
use core::time::Duration;
use motemq::Publish;

/// The time limit of requests that have none.
const LIMIT: Duration = Duration::from_secs(20);

/// A message that asks for a response, which the receiver publishes to a response topic.
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
    /// Makes a request of this message, with a time limit of 20 s.
    pub const fn new(publish: Publish<'p, T>) -> Self {
        Request {
            publish,
            response_topic: None,
            limit: LIMIT,
        }
    }

    /// Sets the topic to which the response is published. With MQTT 5 the default is `responses/`
    /// with the client identifier behind it. With MQTT 3.1.1, in which messages do not name it,
    /// both sides have to know it, so that it has to be set.
    pub const fn response_topic(mut self, topic: &'p str) -> Self {
        self.response_topic = Some(topic);
        self
    }

    /// Sets how long the response may take after the request was accepted.
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the message.
    pub const fn publish(&self) -> &Publish<'p, T> {
        &self.publish
    }

    /// Returns the response topic, if one was set.
    pub const fn get_response_topic(&self) -> Option<&'p str> {
        self.response_topic
    }

    /// Returns the time limit.
    pub const fn get_limit(&self) -> Duration {
        self.limit
    }
}
