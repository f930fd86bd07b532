//! Streams of received messages.
use crate::{Client, Error, Message, inbox::Hold, receipt::Ticket, shared::Shared};
use futures_core::Stream;
use motemq_net::Granted;
use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Messages as they come for some filters, or for none of the others: a stream, which holds a
/// [bounded](crate::Options::streams) number of them.
///
/// A message is acknowledged when the next is asked for, which is when the application has dealt
/// with it; by [`recv_unacked`](Self::recv_unacked) when the application says so. What was taken
/// when the connection is lost counts as dealt with.
///
/// Dropped, it ends; messages that wait in it count as dealt with, so
/// [disconnect](Client::disconnect) first. The subscription itself stays: see
/// [`unsubscribe`](Self::unsubscribe).
pub struct Subscription {
    client: Client,
    stream: usize,
    granted: Vec<Granted>,
}

impl Subscription {
    pub(crate) fn new(client: &Client, stream: usize) -> Self {
        Subscription {
            client: client.clone(),
            stream,
            granted: Vec::new(),
        }
    }

    /// What the broker said to each filter, in their order.
    pub fn granted(&self) -> &[Granted] {
        &self.granted
    }

    /// Waits for a message; `None` when the client has left, or the broker does not grant the
    /// subscription any more.
    ///
    /// The message given before counts as dealt with, and is acknowledged. Dropped, it has taken
    /// none.
    pub async fn recv(&mut self) -> Option<Message> {
        poll_fn(|cx| self.poll_take(false, cx))
            .await
            .map(|(message, _)| message)
    }

    /// Waits for a message that is acknowledged when the [`Unacked`] beside it says so.
    ///
    /// Acknowledgements may be given in any order, and leave in the order in which the messages
    /// came [MQTT-4.6.0-2]. Reading goes on until 128 messages, or as many as there are
    /// [slots](crate::Options::slots), are not acknowledged. What is not acknowledged when the
    /// connection is lost comes again, if the session is kept.
    pub async fn recv_unacked(&mut self) -> Option<(Message, Unacked)> {
        let (message, hold) = poll_fn(|cx| self.poll_take(true, cx)).await?;
        Some((
            message,
            Unacked {
                shared: self.client.shared.clone(),
                hold,
            },
        ))
    }

    fn poll_take(
        &mut self,
        by_hand: bool,
        cx: &Context<'_>,
    ) -> Poll<Option<(Message, Option<Hold>)>> {
        self.client.shared.with(|core| {
            let was_full = core.inbox.is_full();
            let owing = core.inbox.in_hand(self.stream);
            let taken = core.inbox.poll_take(
                self.stream,
                by_hand,
                &mut core.session,
                &mut core.manual,
                cx,
            );
            if was_full || owing {
                core.nudge();
            }
            taken
        })
    }

    /// Ends the subscription at the broker, and this stream with it; messages that wait in it count
    /// as dealt with.
    ///
    /// # Errors
    /// As [`Client::unsubscribe`].
    pub async fn unsubscribe(self) -> Result<(), Error> {
        let filters = self
            .client
            .shared
            .with(|core| core.inbox.filters(self.stream).to_vec());
        if filters.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = filters.iter().map(String::as_str).collect();
        self.client.unsubscribe(&names).await
    }
}

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.poll_take(false, cx)
            .map(|taken| taken.map(|(message, _)| message))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.client.shared.with(|core| {
            core.inbox
                .close(self.stream, &mut core.session, &mut core.manual);
            core.nudge();
        });
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

/// The acknowledgement of a message, to be given when it is dealt with.
///
/// Dropped without, the message stays unacknowledged, and those behind it wait: it comes again over
/// the next connection.
#[must_use = "the message is acknowledged by `ack` only"]
pub struct Unacked {
    shared: Arc<Shared>,
    hold: Option<Hold>,
}

impl Unacked {
    /// The message is dealt with. Has no effect with QoS 0, and if the connection over which it
    /// came is gone: then it comes again.
    pub fn ack(self) {
        self.shared.had(self.hold);
    }
}

impl fmt::Debug for Unacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unacked").finish_non_exhaustive()
    }
}

/// A subscription that is being made: see [`Client::subscribe`].
#[must_use = "nothing is subscribed to if this is dropped before it was sent"]
pub struct Subscribing(Option<Result<(Subscription, Ticket), Error>>);

impl Subscribing {
    pub(crate) fn new(asked: Result<(Subscription, Ticket), Error>) -> Self {
        Subscribing(Some(asked.map(|(subscription, mut ticket)| {
            ticket.withdraws = true;
            (subscription, ticket)
        })))
    }
}

impl Future for Subscribing {
    type Output = Result<Subscription, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Some(Ok((_, ticket))) => ready!(ticket.poll(cx)),
            _ => Ok(Vec::new()),
        };
        let Some(asked) = self.0.take() else {
            return Poll::Pending;
        };
        let (mut subscription, mut ticket) = asked?;
        ticket.withdraws = false;
        let codes = outcome?;
        subscription.granted = codes.into_iter().map(Granted::from).collect();
        if subscription
            .granted
            .iter()
            .all(|granted| *granted == Granted::Refused)
        {
            let filters = "any of these filters".into();
            return Poll::Ready(Err(Error::NotGranted { filters }));
        }
        Poll::Ready(Ok(subscription))
    }
}

impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribing")
    }
}

/// A subscription that is being taken back: see [`Client::unsubscribe`].
#[must_use = "nothing is taken back if this is dropped before it was sent"]
pub struct Unsubscribing(Option<Result<Ticket, Error>>);

impl Unsubscribing {
    pub(crate) fn new(asked: Result<Ticket, Error>) -> Self {
        Unsubscribing(Some(asked.map(|mut ticket| {
            ticket.withdraws = true;
            ticket
        })))
    }
}

impl Future for Unsubscribing {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Some(Ok(ticket)) => ready!(ticket.poll(cx)).map(|_| ()),
            _ => Ok(()),
        };
        let Some(asked) = self.0.take() else {
            return Poll::Pending;
        };
        let mut ticket = asked?;
        ticket.withdraws = false;
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for Unsubscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsubscribing")
    }
}
