//! What was asked for and is not done yet: copies to send again, and who waits for which answer.
mod answers;
mod ends;
#[cfg(feature = "store")]
mod kept;
mod letter;

pub(crate) use ends::Outcome;
#[cfg(feature = "store")]
pub(crate) use kept::Kept;
pub(crate) use letter::{Body, Letter};

use crate::Error;
use motemq::PacketId;
use motemq_net::{Subscriptions, Suspect};
use slab::Slab;
use std::{collections::VecDeque, task::Waker};
use tokio::time::Instant;

/// Something that the broker answers.
#[derive(Debug)]
pub(crate) struct Entry {
    pub body: Body,
    /// Somebody holds its receipt.
    owned: bool,
    waker: Option<Waker>,
    outcome: Option<Outcome>,
    /// It is queued or under way.
    open: bool,
    /// It was sent once, in this session or another.
    sent: bool,
    /// It was sent over this connection.
    out: bool,
    /// Its answer came too late, or nobody wants it any more.
    given_up: bool,
    since: Instant,
    /// Counts what is asked for.
    #[cfg(feature = "store")]
    number: u64,
}

#[derive(Debug)]
pub(crate) struct Work {
    entries: Slab<Entry>,
    /// Not sent yet, oldest first; before them those whose identifiers ended with the session, so
    /// many since the last connection.
    queue: VecDeque<usize>,
    again: usize,
    queued_messages: usize,
    queued_bytes: usize,
    /// Sent and not answered, in the order of sending.
    flights: VecDeque<(PacketId, usize)>,
    subscriptions: Subscriptions,
    #[cfg(feature = "store")]
    numbers: u64,
    suspect: Suspect<usize>,
    /// The broker asks for this one again.
    pub resend: Option<PacketId>,
    /// The payload of this one is being sent, so far up to here.
    pub streaming: Option<(usize, usize)>,
    /// To be woken when the lock is released.
    pub wakes: Vec<Waker>,
}

impl Work {
    pub fn new() -> Self {
        Work {
            entries: Slab::new(),
            queue: VecDeque::new(),
            again: 0,
            queued_messages: 0,
            queued_bytes: 0,
            flights: VecDeque::new(),
            subscriptions: Subscriptions::default(),
            #[cfg(feature = "store")]
            numbers: 0,
            suspect: Suspect::default(),
            resend: None,
            streaming: None,
            wakes: Vec::new(),
        }
    }

    fn add(&mut self, body: Body, owned: bool, now: Instant) -> usize {
        #[cfg(feature = "store")]
        {
            self.numbers += 1;
        }
        self.entries.insert(Entry {
            body,
            owned,
            waker: None,
            outcome: None,
            open: true,
            sent: false,
            out: false,
            given_up: false,
            since: now,
            #[cfg(feature = "store")]
            number: self.numbers,
        })
    }

    /// Puts it at the end of the queue.
    pub fn enqueue(&mut self, body: Body, now: Instant) -> usize {
        if let Body::Unsubscribe(filters) = &body {
            self.subscriptions.remove(filters);
        }
        let key = self.add(body, true, now);
        self.put(self.queue.len(), key);
        key
    }

    /// It was sent without having been queued.
    pub fn launch(&mut self, id: PacketId, body: Body, now: Instant) -> usize {
        let key = self.add(body, true, now);
        self.entries[key].sent = true;
        self.entries[key].out = true;
        self.flights.push_back((id, key));
        key
    }

    /// What is to be sent next.
    pub fn first(&self) -> Option<(usize, &Body)> {
        let &key = self.queue.front()?;
        Some((key, &self.entries[key].body))
    }

    /// It was sent, with this identifier if the broker answers it; else it has ended, unless its
    /// payload is still to follow.
    pub fn first_sent(&mut self, id: Option<PacketId>, streamed: bool, now: Instant) {
        let Some(key) = self.unqueue(0) else { return };
        let entry = &mut self.entries[key];
        entry.sent = true;
        entry.out = true;
        entry.since = now;
        if let Some(id) = id {
            self.flights.push_back((id, key));
        } else if !streamed {
            self.end(key, Ok(Vec::new()));
        }
        self.streaming = streamed.then_some((key, 0));
    }

    /// It cannot be sent at all.
    pub fn first_refused(&mut self, error: Error) {
        if let Some(key) = self.unqueue(0) {
            self.end(key, Err(error));
        }
    }

    /// Puts it into the queue, at this place.
    fn put(&mut self, at: usize, key: usize) {
        if let Body::Publish(letter) = &self.entries[key].body {
            self.queued_messages += 1;
            self.queued_bytes += letter.len();
        }
        self.queue.insert(at, key);
    }

    fn unqueue(&mut self, at: usize) -> Option<usize> {
        let key = self.queue.remove(at)?;
        self.again -= usize::from(at < self.again);
        if let Body::Publish(letter) = &self.entries[key].body {
            self.queued_messages -= 1;
            self.queued_bytes -= letter.len();
        }
        Some(key)
    }

    /// Drops the oldest message that was never sent; tells whether there was one.
    pub fn drop_oldest(&mut self) -> bool {
        let at = self.queue.iter().position(|&key| {
            let entry = &self.entries[key];
            !entry.sent && matches!(entry.body, Body::Publish(_))
        });
        let Some(key) = at.and_then(|at| self.unqueue(at)) else {
            return false;
        };
        self.end(key, Err(Error::Dropped));
        true
    }

    pub fn queued(&self) -> (usize, usize) {
        (self.queued_messages, self.queued_bytes)
    }

    pub fn is_queue_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The one that was sent first and is not answered will not be waited for any more.
    pub fn is_blocked(&self) -> bool {
        self.flights
            .front()
            .is_some_and(|&(_, key)| self.entries[key].given_up)
    }

    /// A message is not acknowledged, or not even sent.
    pub fn has_messages(&self) -> bool {
        let keys = self
            .queue
            .iter()
            .chain(self.flights.iter().map(|(_, key)| key));
        keys.into_iter().any(|&key| {
            let entry = &self.entries[key];
            entry.body.asked().is_message() && !entry.given_up
        })
    }

    /// Somebody waits for an answer.
    pub fn is_awaited(&self) -> bool {
        self.flights
            .iter()
            .any(|&(_, key)| self.entries[key].waker.is_some())
    }

    fn place(&self, id: PacketId) -> Option<usize> {
        // Answers come mostly in the order of sending.
        self.flights.iter().position(|&(other, _)| other == id)
    }

    fn flight(&self, id: PacketId) -> Option<usize> {
        self.flights.get(self.place(id)?).map(|&(_, key)| key)
    }

    fn land(&mut self, id: PacketId) -> Option<usize> {
        self.flights.remove(self.place(id)?).map(|(_, key)| key)
    }

    /// The copy of what has this identifier, unless there is none or nobody wants it any more.
    pub fn copy(&self, id: PacketId) -> Option<(usize, &Letter)> {
        let key = self.flight(id)?;
        match &self.entries[key] {
            Entry {
                body: Body::Publish(letter),
                given_up: false,
                ..
            } => Some((key, letter)),
            _ => None,
        }
    }

    pub fn letter(&self, key: usize) -> Option<&Letter> {
        match &self.entries.get(key)?.body {
            Body::Publish(letter) => Some(letter),
            _ => None,
        }
    }

    /// All of the payload of this one is sent.
    pub fn streamed(&mut self, key: usize) {
        self.streaming = None;
        if !self.flights.iter().any(|&(_, other)| other == key) {
            self.end(key, Ok(Vec::new()));
        }
    }

    /// It was sent again.
    pub fn resent(&mut self, key: usize) {
        self.entries[key].out = true;
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        if self.entries.is_empty() {
            self.entries = Slab::new();
        }
        self.entries.shrink_to_fit();
        self.queue.shrink_to_fit();
        self.flights.shrink_to_fit();
        self.wakes.shrink_to_fit();
    }
}
