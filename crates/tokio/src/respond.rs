//! Requests that await a response, and responses to them.
use crate::{
    Client, Message, Receipt,
    shared::{wait, when_there_is_room},
};
use motemq::{Publish, QoS};
use motemq_client::{PublishError, PublishProperties, Request, ResponseError};
use motemq_hosted::{Awaited, may_pass};
use tokio::time::timeout;

impl Client {
    /// Publishes a request with QoS 1, and waits up to 20 s for its response. To use another time
    /// limit or QoS, call [`request_with`](Self::request_with).
    ///
    /// # Errors
    /// The same as those of [`request_with`](Self::request_with).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Filter, Options, QoS, Version};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// # let url = broker.url();
    /// let options = Options::from_url(&url)?.client_id("clock").version(Version::Mqtt5);
    /// let (clock, driver) = Client::new(options)?;
    /// tokio::spawn(driver);
    /// let mut questions = clock.subscribe(&[Filter::new("clock", QoS::AtLeastOnce)]).await?;
    /// tokio::spawn(async move {
    ///     while let Some(question) = questions.recv().await {
    ///         let _ = clock.respond(&question, b"half past nine").await;
    ///     }
    /// });
    /// let options = Options::from_url(&url)?.client_id("node-7").version(Version::Mqtt5);
    /// let (client, driver) = Client::new(options)?;
    /// tokio::spawn(driver);
    /// let response = client.request("clock", b"now").await?;
    /// assert_eq!(&response.payload[..], b"half past nine");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn request(&self, topic: &str, payload: &[u8]) -> Result<Message, ResponseError> {
        let publish = Publish::to(topic).payload(payload).qos(QoS::AtLeastOnce);
        self.request_with(&Request::new(publish)).await
    }

    /// Publishes a request, and waits for its response. Before the first request, the client
    /// subscribes to the response topic. Several requests can wait for responses at the same time.
    ///
    /// With MQTT 5, the request contains the response topic, and correlation data that identify the
    /// response. MQTT 3.1.1 has neither: set the [response topic](Request::response_topic), and
    /// make sure that the receiver knows it. Each message that arrives there is the response to the
    /// oldest request.
    ///
    /// If the future is dropped, the client no longer waits for the response, and does not send the
    /// request if it was not sent before.
    ///
    /// # Errors
    /// A [`ResponseError`] if the request was not accepted or has failed, or if the response has
    /// not arrived within the time limit, which counts from this call.
    pub async fn request_with<'p, T: PublishProperties<'p>>(
        &self,
        request: &Request<'p, T>,
    ) -> Result<Message, ResponseError> {
        let (limit, asked) = (request.get_limit(), self.shared.now());
        let accepted = when_there_is_room(
            &self.shared,
            |client| client.request(request, asked),
            |error| matches!(error, ResponseError::Publish(error) if may_pass(error)),
        );
        let accepted = timeout(limit, accepted).await;
        let response = accepted.map_err(|_| {
            let reason = self.state().reason().cloned();
            ResponseError::TimedOut { limit, reason }
        })??;
        let mut awaited = Awaited::new(&self.shared, response);
        let outcome = wait(&self.shared, |inner, task| awaited.poll(inner, task)).await;
        outcome.map(|message| Message::new(message, &self.shared))
    }

    /// Publishes the response to a request. The request determines the topic, the correlation data
    /// and the QoS of the response. The [`Receipt`] reports the outcome. Only MQTT 5 has response
    /// topics. Dropping the future has the same effect as for [`publish`](Self::publish).
    ///
    /// # Errors
    /// The same as those of [`publish`](Self::publish), and
    /// [`ResponseTopicMissing`](PublishError::ResponseTopicMissing) if the message is not a
    /// request, since it contains no response topic.
    pub async fn respond(
        &self,
        request: &Message,
        payload: &[u8],
    ) -> Result<Receipt, PublishError> {
        let (properties, qos) = (&request.properties, request.qos);
        self.publish_by(|client| client.respond(properties, qos, payload))
            .await
    }
}
