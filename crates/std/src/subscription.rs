//! Streams of received messages.
use crate::{
    Client, Message, RecvTimeoutError, SubscribeError, Unacked, receipt::Ticket, shared::Inner,
};
use motemq::QoS;
use motemq_client::{AckMode, Acknowledgement, Outcome, StreamId, Taken};
use std::{fmt, thread::Thread, time::Duration};

/// A stream of the messages that match some topic filters, or that no other stream gets. It holds a
/// [bounded](crate::Options::streams) number of them. It is an iterator that waits for each message.
///
/// A message is acknowledged when the next one is asked for: then the application has processed it.
/// With [`recv_unacked`](Self::recv_unacked) it is acknowledged when the application says so. What
/// was taken when the connection is lost counts as processed.
///
/// A stream is a handle of its client, too: it keeps the client from leaving.
///
/// # Dropping
/// A stream that is dropped ends; the message that was taken last counts as processed. **The
/// subscription itself stays**, since programs with a kept session drop their streams before they
/// end: messages go on to arrive. They go to [`Client::messages`] if that is open. If not, they are
/// dropped in a clean session; in a kept one they wait unacknowledged until a stream that matches is
/// opened, and hold up all other messages when the broker's window is full (see
/// [`Options::discard_unclaimed`](crate::Options::discard_unclaimed)). To receive no more messages,
/// call [`unsubscribe`](Self::unsubscribe) instead.
///
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
pub struct Subscription {
    client: Client,
    stream: StreamId,
    granted: Vec<QoS>,
    acknowledgement: Acknowledgement,
}

impl Subscription {
    pub(crate) fn new(client: &Client, stream: StreamId) -> Self {
        Subscription {
            client: client.clone(),
            stream,
            granted: Vec::new(),
            acknowledgement: Acknowledgement::default(),
        }
    }

    /// Returns the highest QoS with which the broker delivers the messages of each filter, in the
    /// order of the filters.
    pub fn granted(&self) -> &[QoS] {
        &self.granted
    }

    /// Returns what the broker said when it granted the subscription.
    pub fn acknowledgement(&self) -> &Acknowledgement {
        &self.acknowledgement
    }

    /// Waits for a message. Returns `None` when the client has ended or leaves, or the broker does
    /// not grant the subscription any more after a reconnection.
    ///
    /// The message that was taken before counts as processed, and is acknowledged.
    pub fn recv(&mut self) -> Option<Message> {
        let (message, _) = self.take(AckMode::OnNext, None).ok()?;
        Some(message)
    }

    /// Waits for a message, for no longer than `limit`. With a limit of zero it never waits.
    ///
    /// The message that was taken before counts as processed, and is acknowledged.
    ///
    /// # Errors
    /// [`Timeout`](RecvTimeoutError::Timeout) if there is none by then,
    /// [`Ended`](RecvTimeoutError::Ended) if there will be none.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Message, RecvTimeoutError> {
        let (message, _) = self.take(AckMode::OnNext, Some(limit))?;
        Ok(message)
    }

    /// Waits for a message that is acknowledged when [`Unacked::ack`] is called.
    ///
    /// Acknowledgements may be given in any order, and by any thread. They leave in the order in
    /// which the messages arrived [MQTT-4.6.0-2], so one that is never given holds up all behind it.
    /// They may be given over a later connection, if the session is kept.
    pub fn recv_unacked(&mut self) -> Option<(Message, Unacked)> {
        self.take(AckMode::Manual, None).ok()
    }

    /// Waits for a message that is acknowledged when [`Unacked::ack`] is called, for no longer than
    /// `limit`.
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
        let (shared, stream) = (&self.client.shared, self.stream);
        let attempt = |inner: &mut Inner, waiting: Option<&Thread>| {
            if inner.client.wants_drive(stream) {
                inner.wake_driver();
            }
            match inner.client.take(stream, mode) {
                Taken::Message(item) => Some(Some(item)),
                Taken::End => Some(None),
                Taken::Pending => {
                    if let Some(thread) = waiting {
                        inner.streams.put(stream.index(), thread);
                    }
                    None
                }
            }
        };
        let taken = if limit == Some(Duration::ZERO) {
            shared.with(|inner| attempt(inner, None))
        } else {
            let until = limit.map(|limit| shared.after(limit));
            shared.wait(until, |inner, thread| attempt(inner, Some(thread)))
        };
        let item = taken
            .ok_or(RecvTimeoutError::Timeout)?
            .ok_or(RecvTimeoutError::Ended)?;
        let unacked = Unacked::new(shared, item.ack);
        Ok((Message::new(item.message, shared), unacked))
    }

    /// Unsubscribes from the topic filters of this stream, waits for the broker's answer, and closes
    /// the stream.
    ///
    /// # Errors
    /// As [`Client::unsubscribe`].
    pub fn unsubscribe(self) -> Result<Acknowledgement, SubscribeError> {
        let filters = self
            .client
            .shared
            .with(|inner| inner.client.filters(self.stream).to_vec());
        if filters.is_empty() {
            return Ok(Acknowledgement::default());
        }
        let filters: Vec<_> = filters.iter().map(String::as_str).collect();
        self.client.unsubscribe(&filters)
    }
}

impl Iterator for Subscription {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.recv()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.client.shared.with(|inner| {
            inner.client.close_stream(self.stream);
            inner.wake_driver();
        });
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("stream", &self.stream)
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

/// A subscription that is being made: see [`Client::begin_subscribe`].
///
/// If it is dropped, the request is withdrawn if it was not sent. Messages that arrive for it all
/// the same are treated as those of a stream that was [dropped](Subscription).
#[must_use = "nothing is subscribed to if this is dropped before it was sent"]
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

    /// Returns the stream, which may have messages before the broker has answered.
    pub fn subscription(&mut self) -> &mut Subscription {
        &mut self.subscription
    }

    /// Waits for the broker's answer.
    ///
    /// # Errors
    /// [`Failed`](SubscribeError::Failed).
    pub fn wait(mut self) -> Result<Subscription, SubscribeError> {
        let outcome = self.ticket.wait();
        self.finish(outcome)
    }

    /// Waits for the broker's answer, for no longer than `limit`. Returns whether it is there, so
    /// that [`wait`](Self::wait) returns at once.
    pub fn wait_timeout(&mut self, limit: Duration) -> bool {
        self.ticket.wait_timeout(limit).is_some()
    }

    fn finish(mut self, outcome: Outcome) -> Result<Subscription, SubscribeError> {
        self.ticket.set_withdraws(false);
        let acknowledgement = outcome?;
        let codes = acknowledgement.codes().iter();
        let granted = codes.filter_map(|&code| QoS::try_from(code).ok());
        self.subscription.granted = granted.collect();
        self.subscription.acknowledgement = acknowledgement;
        Ok(self.subscription)
    }
}

impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribing")
    }
}
