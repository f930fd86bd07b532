//! The outcome of a message that was published.
use crate::{
    Acknowledgement, Outcome,
    shared::{Face, Shared, wait_until},
};
use motemq_client::RequestId;
use std::{fmt, sync::Arc, time::Duration};

/// The pending outcome of a published message. The outcome is an [`Acknowledgement`] or a
/// [`RequestError`](crate::RequestError).
///
/// With QoS 1 and 2, the outcome is known when the broker has acknowledged the message; with QoS 0,
/// when the message is in the write buffer of the connection. If the receipt is dropped, the
/// message is still sent, and only its outcome is ignored.
///
/// # Examples
/// ```
/// # use motemq_std::{Client, Options, Publish, QoS, RequestError};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let client = Client::connect(Options::from_url(&broker.url())?)?;
/// let receipt = client.publish(&Publish::to("door").qos(QoS::ExactlyOnce))?;
/// match receipt.wait() {
///     Ok(acknowledgement) => println!("the broker has it: {}", acknowledgement.code()),
///     Err(RequestError::MessageRefused(reason)) => println!("the broker refused it: {reason}"),
///     Err(error @ (RequestError::Dropped | RequestError::Expired | RequestError::Ended(_))) => {
///         println!("it was never sent: {error}");
///     }
///     Err(error) => println!("it may have arrived: {error}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "only the receipt reports whether the message has arrived"]
pub struct Receipt(Option<Ticket>);

impl Receipt {
    pub(crate) fn new(shared: &Arc<Shared>, request: Option<RequestId>) -> Self {
        Receipt(request.map(|request| Ticket::new(shared, request)))
    }

    /// Waits for the outcome of the message.
    ///
    /// # Errors
    /// A [`RequestError`](crate::RequestError), which tells whether the message may have arrived.
    pub fn wait(mut self) -> Outcome {
        match &mut self.0 {
            Some(ticket) => ticket.wait(),
            None => Ok(Acknowledgement::default()),
        }
    }

    /// Waits up to `limit` for the outcome of the message. Returns `None` if it is not known after
    /// this time.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Outcome> {
        match &mut self.0 {
            Some(ticket) => ticket.wait_timeout(limit),
            None => Some(Ok(Acknowledgement::default())),
        }
    }

    /// Returns the outcome of the message, or `None` if it is not known yet.
    pub fn poll(&mut self) -> Option<Outcome> {
        self.wait_timeout(Duration::ZERO)
    }

    /// Returns whether the broker acknowledges the message.
    #[cfg(feature = "store")]
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("is_open", &self.0.is_some())
            .finish()
    }
}

/// A claim to the outcome of a request, which is kept when it is known.
pub(crate) struct Ticket {
    claim: motemq_hosted::Ticket<Face>,
    outcome: Option<Outcome>,
}

impl Ticket {
    pub fn new(shared: &Arc<Shared>, request: RequestId) -> Self {
        Ticket {
            claim: motemq_hosted::Ticket::new(shared, request),
            outcome: None,
        }
    }

    /// Sets whether the request is withdrawn when this is dropped.
    pub fn set_withdraws(&mut self, withdraws: bool) {
        self.claim.withdraws = withdraws;
    }

    /// Waits for the outcome.
    pub fn wait(&mut self) -> Outcome {
        loop {
            if let Some(outcome) = self.wait_until(None) {
                return outcome;
            }
        }
    }

    /// Waits for the outcome, for no longer than `limit`.
    pub fn wait_timeout(&mut self, limit: Duration) -> Option<Outcome> {
        self.wait_until(Some(self.claim.shared.after(limit)))
    }

    fn wait_until(&mut self, until: Option<Duration>) -> Option<Outcome> {
        if self.outcome.is_none() {
            let request = self.claim.request;
            self.outcome = wait_until(&self.claim.shared, until, |inner, thread| {
                inner.outcome(request, thread)
            });
        }
        self.outcome.clone()
    }
}
