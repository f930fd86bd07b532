//! Streams of received messages.
use crate::{
    Client, Message, RecvTimeoutError, SubscribeError, Unacked,
    receipt::Ticket,
    shared::{Face, Inner, wait_until},
};
use motemq::QoS;
use motemq_client::{AckMode, Acknowledgement, StreamId, Taken};
use motemq_hosted::{Handle, Stream};
use std::{fmt, thread::Thread, time::Duration};

/// A stream of received messages: of those that match its topic filters, or, from
/// [`Client::messages`], of those that no other stream receives. The number of waiting messages is
/// [limited](crate::Options::streams). As an iterator, the stream waits for each message.
///
/// A message counts as processed, and is acknowledged, when the application asks for the next one.
/// A message of [`recv_unacked`](Self::recv_unacked) is acknowledged when the application calls
/// [`Unacked::ack`]. When the connection is lost, the message that was taken last counts as
/// processed.
///
/// A stream is also a handle of its client: the client does not disconnect while there is a stream.
///
/// # Dropping
/// When a stream is dropped, the message that was taken last counts as processed. **The client stays
/// subscribed**, because programs with a kept session also drop their streams when they end.
/// Messages therefore continue to arrive, and the following happens to them:
///
/// - If the program has called [`Client::messages`], they go to that stream.
/// - Otherwise, in a clean session, they are dropped.
/// - Otherwise, in a kept session, they wait unacknowledged until the application opens a stream
///   that matches. When they fill the broker's window of messages in flight, no other messages
///   arrive: see [`Options::discard_unclaimed`](crate::Options::discard_unclaimed).
///
/// To receive no more messages, call [`unsubscribe`](Self::unsubscribe) instead.
///
/// # Examples
/// ```
/// # use motemq_std::{Client, Filter, Options, Publish, QoS};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let client = Client::connect(Options::from_url(&broker.url())?)?;
/// let mut jobs = client.subscribe(&[Filter::new("jobs/#", QoS::AtLeastOnce)])?;
/// # client.publish(&Publish::to("jobs/1").payload(b"sweep").qos(QoS::AtLeastOnce))?.wait()?;
/// if let Some((job, unacked)) = jobs.recv_unacked() {
///     assert_eq!((&*job.topic, &job.payload[..]), ("jobs/1", &b"sweep"[..]));
///     // The job is done, and must not come again.
///     unacked.ack();
/// }
/// jobs.unsubscribe()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subscription(Stream<Face>);

impl Subscription {
    pub(crate) fn new(shared: &Handle<Face>, stream: StreamId) -> Self {
        Subscription(Stream::new(shared, stream))
    }

    /// Returns the QoS that the broker has granted for each filter, in the order of the filters.
    pub fn granted(&self) -> &[QoS] {
        self.0.granted()
    }

    /// Returns the broker's answer to the subscription.
    pub fn acknowledgement(&self) -> &Acknowledgement {
        self.0.acknowledgement()
    }

    /// Waits for a message. Returns `None` if the client has ended or is disconnecting, or if the
    /// broker has refused the subscription after a reconnection.
    ///
    /// The message that was taken before counts as processed, and is acknowledged.
    pub fn recv(&mut self) -> Option<Message> {
        let (message, _) = self.take(AckMode::OnNext, None).ok()?;
        Some(message)
    }

    /// Waits up to `limit` for a message. With a limit of zero it never waits.
    ///
    /// The message that was taken before counts as processed, and is acknowledged.
    ///
    /// # Errors
    /// [`Timeout`](RecvTimeoutError::Timeout) if no message has arrived within `limit`;
    /// [`Ended`](RecvTimeoutError::Ended) if the stream has ended.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Message, RecvTimeoutError> {
        let (message, _) = self.take(AckMode::OnNext, Some(limit))?;
        Ok(message)
    }

    /// Waits for a message that is acknowledged when the application calls [`Unacked::ack`].
    /// Returns `None` in the same cases as [`recv`](Self::recv).
    ///
    /// The application can acknowledge in any order and in any thread. The client sends the
    /// acknowledgements in the order in which the messages arrived [MQTT-4.6.0-2], so a message
    /// that is never acknowledged delays the acknowledgements of all later ones. In a kept session,
    /// messages can also be acknowledged after a reconnection.
    pub fn recv_unacked(&mut self) -> Option<(Message, Unacked)> {
        self.take(AckMode::Manual, None).ok()
    }

    /// Waits up to `limit` for a message that is acknowledged when the application calls
    /// [`Unacked::ack`].
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    pub fn recv_unacked_timeout(
        &mut self,
        limit: Duration,
    ) -> Result<(Message, Unacked), RecvTimeoutError> {
        self.take(AckMode::Manual, Some(limit))
    }

    fn take(
        &mut self,
        mode: AckMode,
        limit: Option<Duration>,
    ) -> Result<(Message, Unacked), RecvTimeoutError> {
        let (shared, id) = (&self.0.shared, self.0.id);
        let attempt =
            |inner: &mut Inner, waiting: Option<&Thread>| match inner.take(id, mode, waiting) {
                Taken::Message(item) => Some(Ok(item)),
                Taken::End => Some(Err(RecvTimeoutError::Ended)),
                Taken::Pending => None,
            };
        let taken = if limit == Some(Duration::ZERO) {
            shared.with(|inner| attempt(inner, None))
        } else {
            let until = limit.map(|limit| shared.after(limit));
            wait_until(shared, until, |inner, thread| attempt(inner, Some(thread)))
        };
        let item = taken.unwrap_or(Err(RecvTimeoutError::Timeout))?;
        let unacked = Unacked::new(shared, item.ack);
        Ok((Message::new(item.message, shared), unacked))
    }

    /// Unsubscribes from the topic filters of this stream, waits for the broker's answer, and closes
    /// the stream.
    ///
    /// A stream of [`Client::messages`] has no filters: it is only closed.
    ///
    /// # Errors
    /// The same as those of [`Client::unsubscribe`].
    pub fn unsubscribe(self) -> Result<Acknowledgement, SubscribeError> {
        let filters = self.0.filters();
        if filters.is_empty() {
            return Ok(Acknowledgement::default());
        }
        let filters: Vec<_> = filters.iter().map(String::as_str).collect();
        let shared = self.0.shared.clone();
        Client { shared }.unsubscribe(&filters)
    }
}

impl Iterator for Subscription {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.recv()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A subscription that the broker may not have answered yet: see [`Client::begin_subscribe`].
///
/// If this object is dropped, the request is withdrawn unless it was sent. Messages that arrive for
/// a request that was sent are treated as the messages of a [dropped stream](Subscription).
#[must_use = "the subscription is withdrawn if this is dropped before the request was sent"]
pub struct Subscribing {
    subscription: Subscription,
    ticket: Ticket,
}

impl Subscribing {
    pub(crate) fn new(subscription: Subscription, mut ticket: Ticket) -> Self {
        ticket.set_withdraws(true);
        Subscribing {
            subscription,
            ticket,
        }
    }

    /// Returns the stream. Messages can arrive in it before the broker has answered.
    pub fn subscription(&mut self) -> &mut Subscription {
        &mut self.subscription
    }

    /// Waits for the broker's answer.
    ///
    /// # Errors
    /// [`Failed`](SubscribeError::Failed) with the reason, such as
    /// [`Refused`](crate::RequestError::Refused) if the broker refused a filter.
    pub fn wait(mut self) -> Result<Subscription, SubscribeError> {
        let outcome = self.ticket.wait();
        self.ticket.set_withdraws(false);
        self.subscription.0.grant(outcome?);
        Ok(self.subscription)
    }

    /// Waits up to `limit` for the broker's answer. Returns whether it has arrived, so that
    /// [`wait`](Self::wait) returns at once.
    pub fn wait_timeout(&mut self, limit: Duration) -> bool {
        self.ticket.wait_timeout(limit).is_some()
    }
}

impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribing")
    }
}
