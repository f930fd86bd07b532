//! Streams of received messages.
use crate::{
    Acknowledgement, Client, Message, Outcome, SubscribeError, Unacked,
    receipt::{Ticket, poll_outcome},
    shared::{Face, Inner},
};
use futures_core::Stream;
use motemq::QoS;
use motemq_client::{AckId, AckMode, StreamId, Taken};
use motemq_hosted::{self as hosted, Handle};
use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A stream of received messages: of those that match its topic filters, or, from
/// [`Client::messages`], of those that no other stream receives. The number of waiting messages is
/// [limited](crate::Options::streams).
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
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use motemq_tokio::{Client, Filter, Options, Publish, QoS};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let (client, driver) = Client::new(Options::from_url(&broker.url())?)?;
/// # tokio::spawn(driver);
/// let mut jobs = client.subscribe(&[Filter::new("jobs/#", QoS::AtLeastOnce)]).await?;
/// # client.publish(&Publish::to("jobs/1").payload(b"sweep").qos(QoS::AtLeastOnce)).await?.await?;
/// if let Some((job, unacked)) = jobs.recv_unacked().await {
///     assert_eq!((&*job.topic, &job.payload[..]), ("jobs/1", &b"sweep"[..]));
///     // The job is done, and must not come again.
///     unacked.ack();
/// }
/// jobs.unsubscribe().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Subscription(hosted::Stream<Face>);

impl Subscription {
    pub(crate) fn new(shared: &Handle<Face>, stream: StreamId) -> Self {
        Subscription(hosted::Stream::new(shared, stream))
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
    /// The message that was taken before counts as processed, and is acknowledged. If the future is
    /// dropped before it is done, it has taken no message.
    pub async fn recv(&mut self) -> Option<Message> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for a message that is acknowledged when the application calls [`Unacked::ack`].
    /// Returns `None` in the same cases as [`recv`](Self::recv). If the future is dropped before it
    /// is done, it has taken no message.
    ///
    /// The application can acknowledge in any order. The client sends the acknowledgements in the
    /// order in which the messages arrived [MQTT-4.6.0-2], so a message that is never acknowledged
    /// delays the acknowledgements of all later ones. In a kept session, messages can also be
    /// acknowledged after a reconnection.
    pub async fn recv_unacked(&mut self) -> Option<(Message, Unacked)> {
        let (message, ack) = poll_fn(|cx| self.poll_take(AckMode::Manual, cx)).await?;
        Some((message, Unacked::new(&self.0.shared, ack)))
    }

    fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<Option<Message>> {
        self.poll_take(AckMode::OnNext, cx)
            .map(|taken| taken.map(|(message, _)| message))
    }

    #[inline]
    fn poll_take(
        &mut self,
        mode: AckMode,
        cx: &Context<'_>,
    ) -> Poll<Option<(Message, Option<AckId>)>> {
        let stream = &self.0;
        let take = |inner: &mut Inner| inner.take(stream.id, mode, Some(cx.waker()));
        match stream.shared.with(take) {
            Taken::Message(item) => {
                Poll::Ready(Some((Message::new(item.message, &stream.shared), item.ack)))
            }
            Taken::Pending => Poll::Pending,
            Taken::End => Poll::Ready(None),
        }
    }

    /// Unsubscribes from the topic filters of this stream, waits for the broker's answer, and closes
    /// the stream. A stream of [`Client::messages`] has no filters: it is only closed.
    ///
    /// If the future is dropped before it is done, the stream is dropped, and the client stays
    /// subscribed unless it has sent the request.
    ///
    /// # Errors
    /// The same as those of [`Client::unsubscribe`].
    pub async fn unsubscribe(self) -> Result<Acknowledgement, SubscribeError> {
        let filters = self.0.filters();
        if filters.is_empty() {
            return Ok(Acknowledgement::default());
        }
        let filters: Vec<_> = filters.iter().map(String::as_str).collect();
        let shared = self.0.shared.clone();
        Client { shared }.unsubscribe(&filters).await
    }
}

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.poll_recv(cx)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A future that returns a [`Subscription`] when the broker has answered: see
/// [`Client::subscribe`], which also explains what happens if it is dropped.
#[must_use = "the subscription is withdrawn if this is dropped before the request was sent"]
pub struct Subscribing(Option<Result<(Subscription, Ticket), SubscribeError>>);

impl Subscribing {
    pub(crate) fn new(asked: Result<(Subscription, Ticket), SubscribeError>) -> Self {
        Subscribing(Some(
            asked.map(|(subscription, ticket)| (subscription, ticket.withdrawing())),
        ))
    }
}

impl Future for Subscribing {
    type Output = Result<Subscription, SubscribeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Some(Ok((_, ticket))) => ready!(poll_outcome(ticket, cx)),
            _ => Outcome::Ok(Default::default()),
        };
        let Some(asked) = self.0.take() else {
            return Poll::Pending;
        };
        let (mut subscription, mut ticket) = asked?;
        ticket.withdraws = false;
        subscription.0.grant(outcome?);
        Poll::Ready(Ok(subscription))
    }
}

impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribing")
    }
}

/// A future that returns the [`Acknowledgement`] of an UNSUBSCRIBE when the broker has answered: see
/// [`Client::unsubscribe`].
#[must_use = "the request is withdrawn if this is dropped before it was sent"]
pub struct Unsubscribing(Option<Result<Ticket, SubscribeError>>);

impl Unsubscribing {
    pub(crate) fn new(asked: Result<Ticket, SubscribeError>) -> Self {
        Unsubscribing(Some(asked.map(Ticket::withdrawing)))
    }
}

impl Future for Unsubscribing {
    type Output = Result<Acknowledgement, SubscribeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Some(Ok(ticket)) => ready!(poll_outcome(ticket, cx)),
            _ => Outcome::Ok(Default::default()),
        };
        let Some(asked) = self.0.take() else {
            return Poll::Pending;
        };
        let mut ticket = asked?;
        ticket.withdraws = false;
        Poll::Ready(outcome.map_err(SubscribeError::from))
    }
}

impl fmt::Debug for Unsubscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsubscribing")
    }
}
