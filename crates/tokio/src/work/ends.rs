//! How things end, and who is told.
use super::{Body, Work};
use crate::Error;
use std::task::{Context, Poll};

/// How it ended; with the broker's codes if it was a subscription.
pub(crate) type Outcome = Result<Vec<u8>, Error>;

impl Work {
    /// How this one has ended.
    pub fn poll(&mut self, key: usize, cx: &Context<'_>) -> Poll<Outcome> {
        let entry = &mut self.entries[key];
        if let Some(outcome) = &entry.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !entry
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            entry.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// It is neither queued nor under way any more.
    pub(super) fn end(&mut self, key: usize, outcome: Outcome) {
        self.tell(key, outcome);
        self.suspect.ended(key);
        let entry = &mut self.entries[key];
        entry.open = false;
        entry.body = Body::Gone;
        if !entry.owned {
            self.entries.remove(key);
        }
    }

    pub(super) fn tell(&mut self, key: usize, outcome: Outcome) {
        let entry = &mut self.entries[key];
        if entry.outcome.is_none() {
            entry.outcome = Some(outcome);
            self.wakes.extend(entry.waker.take());
        }
    }

    /// Nobody holds its receipt any more; the message goes its way all the same.
    pub fn disown(&mut self, key: usize) {
        let entry = &mut self.entries[key];
        entry.owned = false;
        entry.waker = None;
        if !entry.open {
            self.entries.remove(key);
        }
    }

    /// The same, and if it was not sent it never will be; whatever was sent will not be sent again.
    pub fn withdraw(&mut self, key: usize) {
        let place = self.queue.iter().position(|&other| other == key);
        if let Some(at) = place.filter(|_| !self.entries[key].sent) {
            self.unqueue(at);
            self.end(key, Err(Error::Closed));
        } else {
            self.entries[key].given_up = true;
        }
        self.disown(key);
    }

    /// Nothing will be sent or answered any more.
    pub fn close(&mut self) {
        self.lost();
        let keys: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.open)
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            let error = if self.entries[key].sent {
                Error::OutcomeUnknown
            } else {
                Error::Closed
            };
            self.end(key, Err(error));
        }
        (self.queue, self.again, self.flights) = Default::default();
        (self.queued_messages, self.queued_bytes) = (0, 0);
    }
}
