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

/// A stream of the messages that match some topic filters, or that no other stream receives. It
/// contains a [limited](crate::Options::streams) number of messages.
///
/// A message counts as processed, and is acknowledged, when the application asks for the next one.
/// A message of [`recv_unacked`](Self::recv_unacked) is acknowledged when the application calls
/// [`Unacked::ack`]. When the connection is lost, the message that was taken last counts as
/// processed.
///
/// A stream is also a handle of its client: the client does not disconnect while there is a stream.
///
/// # Dropping
/// A stream that is dropped ends, and the message that was taken last counts as processed. **The
/// subscription itself stays**, since programs with a kept session drop their streams before they
/// end, so messages continue to arrive. They go to [`Client::messages`] if the program has called
/// it. Otherwise they are dropped in a clean session. In a kept session they wait unacknowledged
/// until the application opens a stream that matches. When they fill the broker's window of messages
/// in flight, no other messages arrive: see
/// [`Options::discard_unclaimed`](crate::Options::discard_unclaimed). To receive no more messages,
/// call [`unsubscribe`](Self::unsubscribe) instead.
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
    ///
    /// The application can acknowledge in any order. The client sends the acknowledgements in the
    /// order in which the messages arrived [MQTT-4.6.0-2], so a message that is never acknowledged
    /// delays all later ones. If the session is kept, messages can also be acknowledged over a
    /// later connection.
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

    /// Unsubscribes from the topic filters of this stream, and closes it.
    ///
    /// # Errors
    /// As [`Client::unsubscribe`].
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

/// A subscription whose answer has not arrived yet: see [`Client::subscribe`].
#[must_use = "nothing is subscribed to if this is dropped before it was sent"]
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

/// An UNSUBSCRIBE whose answer has not arrived yet: see [`Client::unsubscribe`].
#[must_use = "nothing is unsubscribed from if this is dropped before it was sent"]
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
