//! Requests that await a response, and responses to them.
use crate::{
    Client, Message, Receipt,
    shared::{flush, wait, when_there_is_room_until},
};
use motemq::{Publish, QoS};
use motemq_client::{PublishError, PublishProperties, Request, ResponseError};
use motemq_hosted::{Awaited, may_pass};

impl Client {
    /// Publishes a request with QoS 1, and waits up to 20 s for its response. To use another time
    /// limit or QoS, call [`request_with`](Self::request_with).
    ///
    /// # Errors
    /// The same as those of [`request_with`](Self::request_with).
    ///
    /// # Examples
    /// ```
    /// # use motemq_std::{Client, Filter, Options, QoS, Version};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// # let url = broker.url();
    /// let options = Options::from_url(&url)?.client_id("clock").version(Version::Mqtt5);
    /// let clock = Client::connect(options)?;
    /// let questions = clock.subscribe(&[Filter::new("clock", QoS::AtLeastOnce)])?;
    /// std::thread::spawn(move || {
    ///     for question in questions {
    ///         let _ = clock.respond(&question, b"half past nine");
    ///     }
    /// });
    /// let options = Options::from_url(&url)?.client_id("node-7").version(Version::Mqtt5);
    /// let client = Client::connect(options)?;
    /// let response = client.request("clock", b"now")?;
    /// assert_eq!(&response.payload[..], b"half past nine");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn request(&self, topic: &str, payload: &[u8]) -> Result<Message, ResponseError> {
        let publish = Publish::to(topic).payload(payload).qos(QoS::AtLeastOnce);
        self.request_with(&Request::new(publish))
    }

    /// Publishes a request, and waits for its response. Before the first request, the client
    /// subscribes to the response topic. Several threads can wait for responses at the same time.
    ///
    /// With MQTT 5, the request contains the response topic, and correlation data that identify the
    /// response. MQTT 3.1.1 has neither: set the [response topic](Request::response_topic), and
    /// make sure that the receiver knows it. Each message that arrives there is the response to the
    /// oldest request.
    ///
    /// # Errors
    /// A [`ResponseError`] if the request was not accepted or has failed, or if the response has
    /// not arrived within the time limit, which counts from this call.
    pub fn request_with<'p, T: PublishProperties<'p>>(
        &self,
        request: &Request<'p, T>,
    ) -> Result<Message, ResponseError> {
        let (limit, asked) = (request.get_limit(), self.shared.now());
        let accepted = when_there_is_room_until(
            &self.shared,
            Some(self.shared.after(limit)),
            |client| client.request(request, asked),
            |error| matches!(error, ResponseError::Publish(error) if may_pass(error)),
        );
        let response = accepted.unwrap_or_else(|| {
            let reason = self.state().reason().cloned();
            Err(ResponseError::TimedOut { limit, reason })
        })?;
        let mut awaited = Awaited::new(&self.shared, response);
        flush(&self.shared);
        // The driver does not know its time limit yet.
        self.shared.with(|inner| inner.wake_driver());
        let outcome = wait(&self.shared, |inner, thread| awaited.poll(inner, thread));
        outcome.map(|message| Message::new(message, &self.shared))
    }

    /// Publishes the response to a request. The request determines the topic, the correlation data
    /// and the QoS of the response. The [`Receipt`] reports the outcome. Only MQTT 5 has response
    /// topics.
    ///
    /// # Errors
    /// The same as those of [`publish`](Self::publish), and
    /// [`ResponseTopicMissing`](PublishError::ResponseTopicMissing) if the message is not a
    /// request, since it contains no response topic.
    pub fn respond(&self, request: &Message, payload: &[u8]) -> Result<Receipt, PublishError> {
        let (properties, qos) = (&request.properties, request.qos);
        self.publish_by(|client| client.respond(properties, qos, payload))
    }
}
