//! What became of a message.
use crate::{Error, shared::Shared, work::Outcome};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Tells what became of a message: a future that ends with `Ok` when the broker has acknowledged it
/// (with QoS 0, when it is in the connection's write buffer), or with
///
/// - [`Dropped`](Error::Dropped), [`Invalid`](Error::Invalid) or [`Closed`](Error::Closed): it was
///   never sent;
/// - [`OutcomeUnknown`](Error::OutcomeUnknown) or [`NotAcknowledged`](Error::NotAcknowledged): it
///   was, and nobody can say whether it arrived.
///
/// It need not be awaited: the message goes its way all the same when the receipt is dropped.
#[must_use = "tells what became of the message; drop it if that does not matter"]
pub struct Receipt(Option<Ticket>);

impl Receipt {
    pub(crate) fn new(shared: &Arc<Shared>, key: Option<usize>) -> Self {
        Receipt(key.map(|key| Ticket::new(shared, key)))
    }

    pub(crate) fn of(ticket: Option<Ticket>) -> Self {
        Receipt(ticket)
    }
}

impl Future for Receipt {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(ticket) = &mut self.0 else {
            return Poll::Ready(Ok(()));
        };
        ticket.poll(cx).map(|outcome| {
            self.0 = None;
            outcome.map(|_| ())
        })
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("open", &self.0.is_some())
            .finish()
    }
}

/// A claim to an answer.
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    key: usize,
    /// Dropped, it takes back what it asked for, if there is still time.
    pub withdraws: bool,
}

impl Ticket {
    pub fn new(shared: &Arc<Shared>, key: usize) -> Self {
        Ticket {
            shared: shared.clone(),
            key,
            withdraws: false,
        }
    }

    pub fn poll(&mut self, cx: &Context<'_>) -> Poll<Outcome> {
        self.shared.with(|core| core.work.poll(self.key, cx))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.with(|core| {
            if self.withdraws {
                core.work.withdraw(self.key)
            } else {
                core.work.disown(self.key)
            }
        });
    }
}
