//! The outcome of a message that was published.
use crate::{
    Acknowledgement, Outcome,
    shared::{Face, Shared, poll},
};
use motemq_client::RequestId;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// A future that returns the outcome of a published message, which is an [`Acknowledgement`] or a
/// [`RequestError`](crate::RequestError).
///
/// With QoS 1 and 2, the outcome is known when the broker has acknowledged the message; with QoS 0,
/// when the message is in the write buffer of the connection. If the receipt is dropped, the
/// message is still sent, and only its outcome is ignored.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use motemq_tokio::{Client, Options, Publish, QoS, RequestError};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let (client, driver) = Client::new(Options::from_url(&broker.url())?)?;
/// # tokio::spawn(driver);
/// let receipt = client.publish(&Publish::to("door").qos(QoS::ExactlyOnce)).await?;
/// match receipt.await {
///     Ok(acknowledgement) => println!("the broker has it: {}", acknowledgement.code()),
///     Err(RequestError::MessageRefused(reason)) => println!("the broker refused it: {reason}"),
///     Err(error @ (RequestError::Dropped | RequestError::Expired | RequestError::Ended(_))) => {
///         println!("it was never sent: {error}");
///     }
///     Err(error) => println!("it may have arrived: {error}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "only the receipt reports whether the message has arrived"]
pub struct Receipt(Option<Ticket>);

impl Receipt {
    pub(crate) fn new(shared: &Arc<Shared>, request: Option<RequestId>) -> Self {
        Receipt(request.map(|request| Ticket::new(shared, request)))
    }
}

impl Future for Receipt {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(ticket) = &self.0 else {
            return Poll::Ready(Ok(Acknowledgement::default()));
        };
        poll_outcome(ticket, cx).map(|outcome| {
            self.0 = None;
            outcome
        })
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("is_open", &self.0.is_some())
            .finish()
    }
}

/// A claim to the outcome of a request.
pub(crate) type Ticket = motemq_hosted::Ticket<Face>;

/// Returns the outcome, or lets the task be woken when there is one.
pub(crate) fn poll_outcome(ticket: &Ticket, cx: &Context<'_>) -> Poll<Outcome> {
    poll(&ticket.shared, cx, |inner, task| {
        inner.outcome(ticket.request, task)
    })
}
