//! Requests that await a response, and responses to requests.
use super::*;
use crate::{
    Item, Message, MessageProperties, PublishError, PublishProperties, Request, RequestError,
    ResponseError, ResponseId, SubscribeError, error::shortened, properties::with_properties,
    responses::Responses,
};
use alloc::format;
use motemq::{Filter, Property, Publish, QoS, ReasonCode, TopicName, Version};

/// The code of a subscription that is refused.
const REFUSED: u8 = 0x80;

impl Client {
    /// Publishes a message that asks for a response, and subscribes to the response topic. The
    /// message contains the response topic, and correlation data that identify the response, so
    /// several requests can wait for their responses at the same time.
    ///
    /// With MQTT 3.1.1 a message contains neither: the receiver has to know the response topic, and
    /// a response that arrives there belongs to the oldest request with this topic.
    ///
    /// [`poll_response`](Self::poll_response) returns the response. The client stays subscribed for
    /// the next requests.
    ///
    /// `asked` is the time at which the application asked for it, from which the time limit counts:
    /// earlier than now if the application has waited for [`Event::Room`].
    ///
    /// # Errors
    /// A [`ResponseError`]. If it is [`Publish`](ResponseError::Publish) with
    /// [`Full`](PublishError::Full) or [`Offline`](PublishError::Offline), try again after
    /// [`Event::Room`].
    pub fn request<'p, T: PublishProperties<'p>>(
        &mut self,
        request: &Request<'p, T>,
        asked: Duration,
    ) -> Result<ResponseId, ResponseError> {
        self.note_time(asked);
        self.check_open().map_err(ResponseError::Ended)?;
        let own;
        let topic = match request.get_response_topic() {
            Some(topic) => topic,
            None => {
                own = self.own_response_topic()?;
                &own
            }
        };
        TopicName::new(topic).map_err(|error| {
            let topic = shortened(topic);
            PublishError::Topic { topic, error }
        })?;
        self.subscribe_to_responses(topic)?;
        let random = self.random;
        let correlation = self.responses_mut().correlation(random);
        let publish = request.publish();
        let published = if self.options.version == Version::Mqtt5 {
            let data = correlation.to_be_bytes();
            let list = [
                Property::ResponseTopic(topic.into()),
                Property::CorrelationData(&data),
            ];
            let own = publish.properties.list().iter().copied();
            let list: Vec<_> = list.into_iter().chain(own).collect();
            self.publish(&with_properties(publish, publish.topic(), &list))
        } else {
            self.publish(publish)
        };
        let published = published?;
        if let Some(published) = published {
            // From now on its outcome is an event.
            let _ = self.requests.poll_outcome(published);
        }
        let limit = request.get_limit();
        let responses = self.responses_mut();
        Ok(responses.add(topic, published, correlation, limit, asked))
    }

    /// Returns the response topic of a client that was not told one.
    fn own_response_topic(&self) -> Result<String, ResponseError> {
        let spoken = match self.state {
            State::Connected { version, .. } => version,
            _ => self.options.version,
        };
        let client_id = match &*self.options.client_id {
            "" => self.assigned_client_id().unwrap_or_default(),
            client_id => client_id,
        };
        if spoken != Version::Mqtt5 || client_id.is_empty() {
            return Err(ResponseError::ResponseTopicMissing);
        }
        Ok(format!("responses/{client_id}"))
    }

    fn responses_mut(&mut self) -> &mut Responses {
        self.extras.make().responses.make()
    }

    /// Subscribes to a response topic, unless the client has done so before.
    fn subscribe_to_responses(&mut self, topic: &str) -> Result<(), ResponseError> {
        if self.responses_mut().has_topic(topic) {
            return Ok(());
        }
        let (subscription, stream) = self.subscribe(&[Filter::new(topic, QoS::AtLeastOnce)])?;
        // From now on outcome and messages are events.
        let _ = self.requests.poll_outcome(subscription);
        let _ = self.inbox.take(stream, AckMode::Manual, &mut self.protocol);
        self.responses_mut().add_topic(topic, subscription, stream);
        if let Some((idle, stream)) = self.responses_mut().take_idle_topic() {
            self.close_stream(stream);
            if let Ok(request) = self.unsubscribe(&[&idle]) {
                self.forget(request);
            }
        }
        // The message goes behind it, if there is a connection.
        self.send_waiting();
        Ok(())
    }

    /// Returns the response to a request, or the reason why there will be none. Returns `None` if
    /// neither is known yet; [`Event::Responded`] reports when it is. Also returns `None` for a
    /// response that was returned before. A returned response counts as processed.
    pub fn poll_response(
        &mut self,
        response: ResponseId,
    ) -> Option<Result<Message, ResponseError>> {
        let responses = self.extras.get_mut()?.responses.get_mut()?;
        let outcome = responses.poll(response)?;
        Some(outcome.map(|item| {
            if let Some(ack) = item.ack {
                self.ack(ack);
            }
            item.message
        }))
    }

    /// Forgets a response, which the application does not need any more. If the request has not
    /// been sent yet, it is not sent.
    pub fn forget_response(&mut self, response: ResponseId) {
        let Some(responses) = self.extras.get_mut().and_then(|e| e.responses.get_mut()) else {
            return;
        };
        let (publish, item) = responses.forget(response);
        if let Some(publish) = publish {
            self.requests.withdraw_unsent(publish);
        }
        if let Some(item) = item {
            self.drop_response(item);
        }
    }

    /// Nothing awaits a message.
    fn drop_response(&mut self, item: Item) {
        if let Some(payload) = item.message.rest {
            self.discard_payload(payload);
        }
        if let Some(ack) = item.ack {
            self.ack(ack);
        }
    }

    /// Takes what has arrived in a stream, if it is one of responses.
    #[cold]
    pub(super) fn take_responses(&mut self, stream: StreamId) -> bool {
        let has_stream = |responses: &mut Responses| responses.has_stream(stream);
        if !self.responses().is_some_and(has_stream) {
            return false;
        }
        loop {
            let item = match self.take(stream, AckMode::Manual) {
                Taken::Message(item) => item,
                Taken::Pending => break,
                Taken::End => {
                    self.on_response_topic_refused(stream);
                    break;
                }
            };
            let is_correlated = self.protocol.version() == Version::Mqtt5;
            let Some(responses) = self.responses() else {
                break;
            };
            match responses.on_response(stream, item, is_correlated) {
                Ok(Some(publish)) => self.requests.forget(publish),
                Ok(None) => {}
                Err(item) => {
                    responses.want_turn();
                    self.drop_response(item);
                }
            }
        }
        true
    }

    /// The broker does not grant the subscription to a response topic, or does not grant it again.
    fn on_response_topic_refused(&mut self, stream: StreamId) {
        let Some((topic, subscription)) = self.responses().and_then(|all| all.topic(stream)) else {
            return;
        };
        let topic = shortened(topic);
        let outcome = subscription.and_then(|request| {
            let outcome = self.requests.poll_outcome(request);
            self.requests.forget(request);
            outcome
        });
        let error = match outcome {
            Some(Err(error)) => error,
            _ => RequestError::Refused {
                filters: topic,
                codes: Box::new([REFUSED]),
                reason: None,
            },
        };
        let error = ResponseError::Subscribe(SubscribeError::Failed(error));
        self.on_responses_lost(stream, &error);
    }

    #[inline]
    fn responses(&mut self) -> Option<&mut Responses> {
        self.extras.get_mut()?.responses.get_mut()
    }

    /// Responses cannot arrive in this stream any more.
    fn on_responses_lost(&mut self, stream: StreamId, error: &ResponseError) {
        let Some(responses) = self.responses() else {
            return;
        };
        for publish in responses.on_topic_lost(stream, error) {
            self.requests.withdraw_unsent(publish);
        }
        self.close_stream(stream);
    }

    /// The broker has answered the message or the subscription of a request, if it is one.
    #[cold]
    pub(super) fn on_request_answered(&mut self, request: RequestId) -> bool {
        let is_awaited = |responses: &mut Responses| responses.awaits(request);
        if !self.responses().is_some_and(is_awaited) {
            return false;
        }
        let Some(outcome) = self.requests.poll_outcome(request) else {
            return true;
        };
        self.requests.forget(request);
        let Some(responses) = self.responses() else {
            return true;
        };
        let stream = responses.stream_of(request);
        match (outcome, stream) {
            (Err(error), Some(stream)) => {
                let error = ResponseError::Subscribe(SubscribeError::Failed(error));
                self.on_responses_lost(stream, &error);
            }
            (Err(error), None) => responses.on_failed(request, ResponseError::Failed(error)),
            (Ok(told), None) if told.code() == ReasonCode::NO_MATCHING_SUBSCRIBERS => {
                responses.on_failed(request, ResponseError::NoReceiver);
            }
            (Ok(_), _) => responses.on_accepted(request),
        }
        true
    }

    /// Gives up the requests whose time is up.
    #[inline]
    pub(super) fn expire_responses(&mut self, now: Duration) {
        let reason = self.state.reason();
        if let Some(extras) = self.extras.get_mut()
            && let Some(responses) = extras.responses.get_mut()
        {
            for publish in responses.expire(now, reason) {
                self.requests.withdraw_unsent(publish);
            }
        }
    }

    /// Returns when a request is given up, or when the driver is to have another turn.
    #[inline]
    pub(super) fn responses_timeout(&self) -> Option<Duration> {
        self.extras.get()?.responses.get()?.timeout()
    }

    /// The client has ended.
    pub(super) fn end_responses(&mut self, ended: &Ended) {
        if let Some(responses) = self.responses() {
            responses.end(&ResponseError::Ended(ended.clone()));
        }
    }

    #[inline]
    pub(super) fn poll_responded(&mut self) -> Option<ResponseId> {
        self.responses()?.poll_completed()
    }

    /// Publishes the response to a request to its response topic, with its correlation data.
    /// `request` are the properties of the request, and `qos` is the quality of service of the
    /// response, usually that with which the request was delivered.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); also
    /// [`ResponseTopicMissing`](PublishError::ResponseTopicMissing) if the message has no response
    /// topic, so that it is not a request.
    pub fn respond(
        &mut self,
        request: &MessageProperties,
        qos: QoS,
        payload: &[u8],
    ) -> Result<Option<RequestId>, PublishError> {
        let properties = request.get();
        let topic = properties.response_topic();
        let topic = topic.ok_or(PublishError::ResponseTopicMissing)?;
        let publish = Publish::to(topic.as_str()).payload(payload).qos(qos);
        match properties.correlation_data() {
            Some(data) => self.publish(&publish.properties(&[Property::CorrelationData(data)])),
            None => self.publish(&publish),
        }
    }
}
