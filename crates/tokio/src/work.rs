//! What was asked for and is not done yet: copies to send again, and who waits for which answer.
#[cfg(feature = "store")]
mod kept;

#[cfg(feature = "store")]
pub(crate) use kept::Kept;

use crate::{Error, shared::HEADER, tx::LIMIT};
use motemq::{Fault, Known, PacketId, Publish, QoS};
use motemq_net::Subscriptions;
use slab::Slab;
use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::Instant;

/// How it ended; with the broker's codes if it was a subscription.
pub(crate) type Outcome = Result<Vec<u8>, Error>;

/// A message as it is kept until the broker has it: topic and payload in one piece of memory.
#[derive(Debug)]
pub(crate) struct Letter {
    text: Box<[u8]>,
    topic: u16,
    pub qos: QoS,
    retain: bool,
}

impl Letter {
    pub fn new(publish: &Publish<'_>) -> Self {
        let text = [publish.topic.as_bytes(), publish.payload].concat().into();
        // Topics were checked, or accepted by the session.
        Letter { text, topic: publish.topic.len() as u16, qos: publish.qos, retain: publish.retain }
    }

    pub fn publish(&self) -> Publish<'_> {
        let (topic, payload) = self.text.split_at(self.topic.into());
        Publish { topic: str::from_utf8(topic).unwrap_or_default(), payload, more: 0, qos: self.qos, retain: self.retain }
    }

    pub fn len(&self) -> usize {
        self.text.len()
    }
}

#[derive(Debug)]
pub(crate) enum Body {
    Publish(Letter),
    /// Published from a reader, or received by the broker: there is no copy.
    Gone,
    Subscribe(Vec<(String, QoS)>),
    Unsubscribe(Vec<String>),
}

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
    /// Not sent yet, oldest first; before them those whose identifiers ended with the session, so many since the last connection.
    queue: VecDeque<usize>,
    again: usize,
    queued_messages: usize,
    queued_bytes: usize,
    /// Sent and not answered, in the order of sending.
    flights: VecDeque<(PacketId, usize)>,
    subscriptions: Subscriptions,
    #[cfg(feature = "store")]
    numbers: u64,
    /// What was under way longest at the last fault of the broker, and which fault that was.
    suspect: Option<(usize, Fault)>,
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
            suspect: None,
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
        if let Body::Publish(letter) = &body {
            self.queued_messages += 1;
            self.queued_bytes += letter.len();
        }
        let key = self.add(body, true, now);
        self.queue.push_back(key);
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

    /// It was sent, with this identifier if the broker answers it; else it has ended, unless its payload is still to follow.
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
        let Some(key) = at.and_then(|at| self.unqueue(at)) else { return false };
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
        self.flights.front().is_some_and(|&(_, key)| self.entries[key].given_up)
    }

    /// A message is not acknowledged, or not even sent.
    pub fn has_messages(&self) -> bool {
        let keys = self.queue.iter().chain(self.flights.iter().map(|(_, key)| key));
        keys.into_iter().any(|&key| {
            let entry = &self.entries[key];
            matches!(entry.body, Body::Publish(_) | Body::Gone) && !entry.given_up
        })
    }

    /// Somebody waits for an answer.
    pub fn is_awaited(&self) -> bool {
        self.flights.iter().any(|&(_, key)| self.entries[key].waker.is_some())
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
            Entry { body: Body::Publish(letter), given_up: false, .. } => Some((key, letter)),
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

    /// The broker asked for this one again, and there is no copy. With QoS 2 its answer is still to come.
    pub fn abandoned(&mut self, id: PacketId) {
        if let Some(key) = self.land(id) {
            self.end(key, Err(Error::OutcomeUnknown));
        }
    }

    /// The broker has it: no copy is needed.
    pub fn received(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(key) = self.flight(id) {
            self.entries[key].body = Body::Gone;
        }
    }

    pub fn acked(&mut self, id: PacketId) {
        self.answered(id);
        if let Some(key) = self.land(id) {
            self.end(key, Ok(Vec::new()));
        }
    }

    /// An answer may come between the broker's acceptance of a resumed session and the resending.
    fn answered(&mut self, id: PacketId) {
        self.resend = self.resend.filter(|&asked| asked != id);
    }

    /// Returns the filters that the broker refuses.
    pub fn subscribed(&mut self, id: PacketId, codes: &[u8]) -> Vec<String> {
        let Some(key) = self.land(id) else { return Vec::new() };
        let body = std::mem::replace(&mut self.entries[key].body, Body::Gone);
        self.end(key, Ok(codes.to_vec()));
        if let Body::Subscribe(filters) = body { self.subscriptions.answered(filters, codes) } else { Vec::new() }
    }

    /// This identifier ended with the session.
    pub fn unknown(&mut self, id: PacketId) {
        let Some(key) = self.land(id) else { return };
        let entry = &self.entries[key];
        let twice_does_harm = match &entry.body {
            Body::Publish(letter) => letter.qos == QoS::ExactlyOnce,
            body => matches!(body, Body::Gone),
        };
        if twice_does_harm || entry.given_up {
            self.end(key, Err(Error::OutcomeUnknown));
        } else {
            self.requeue(self.again, key);
            self.again += 1;
        }
    }

    /// A connection was accepted; so many filters at once are asked for anew where they were lost.
    pub fn connected(&mut self, session: Known, filters: usize, now: Instant) {
        self.again = 0;
        if session != Known::Resumed {
            // Subscriptions that were to be made anew already.
            let (queue, entries) = (&mut self.queue, &mut self.entries);
            queue.retain(|&key| {
                let stale = !entries[key].owned && matches!(entries[key].body, Body::Subscribe(_));
                if stale {
                    entries.remove(key);
                }
                !stale
            });
            for filters in self.subscriptions.chunks(filters, LIMIT - HEADER).into_iter().rev() {
                let key = self.add(Body::Subscribe(filters), false, now);
                self.requeue(0, key);
            }
        }
        for &(_, key) in &self.flights {
            self.entries[key].since = now;
        }
    }

    fn requeue(&mut self, at: usize, key: usize) {
        if let Body::Publish(letter) = &self.entries[key].body {
            self.queued_messages += 1;
            self.queued_bytes += letter.len();
        }
        self.queue.insert(at, key);
    }

    /// The connection is gone.
    pub fn lost(&mut self) {
        self.resend = None;
        for &(_, key) in &self.flights {
            self.entries[key].out = false;
        }
        if let Some((key, _)) = self.streaming.take()
            && !self.flights.iter().any(|&(_, other)| other == key)
        {
            // With QoS 0 half a message is none, and not sent again.
            self.end(key, Err(Error::OutcomeUnknown));
        }
    }

    /// It was sent again.
    pub fn resent(&mut self, key: usize) {
        self.entries[key].out = true;
    }

    /// The broker made this fault while that was under way longest. A second time in a row it is to blame, and not sent again.
    pub fn blame(&mut self, id: PacketId, fault: Fault) {
        let Some(key) = self.flight(id).filter(|&key| self.entries[key].out) else { return };
        if !self.entries[key].owned && matches!(self.entries[key].body, Body::Subscribe(_)) {
            // Nobody would be told that a subscription is not made again.
            return;
        }
        let suspect = Some((key, fault));
        if self.suspect == suspect {
            self.entries[key].given_up = true;
            self.tell(key, Err(Error::Abandoned { fault }));
        }
        self.suspect = suspect;
    }

    /// Gives up what was sent so long ago. Returns when to look again, and whether there was something.
    pub fn expire(&mut self, now: Instant, limit: Duration) -> (Option<Instant>, bool) {
        let mut expired = false;
        for at in 0..self.flights.len() {
            let key = self.flights[at].1;
            let entry = &mut self.entries[key];
            if entry.given_up {
                continue;
            }
            let end = entry.since + limit;
            if now < end {
                return (Some(end), expired);
            }
            entry.given_up = true;
            expired = true;
            self.tell(key, Err(Error::NotAcknowledged { limit }));
        }
        (None, expired)
    }

    /// Nothing will be sent or answered any more.
    pub fn close(&mut self) {
        self.lost();
        let keys: Vec<_> = self.entries.iter().filter(|(_, entry)| entry.open).map(|(key, _)| key).collect();
        for key in keys {
            let error = if self.entries[key].sent { Error::OutcomeUnknown } else { Error::Closed };
            self.end(key, Err(error));
        }
        (self.queue, self.again, self.flights) = Default::default();
        (self.queued_messages, self.queued_bytes) = (0, 0);
    }

    /// It is neither queued nor under way any more.
    fn end(&mut self, key: usize, outcome: Outcome) {
        self.tell(key, outcome);
        self.suspect = self.suspect.filter(|&(suspect, _)| suspect != key);
        let entry = &mut self.entries[key];
        entry.open = false;
        entry.body = Body::Gone;
        if !entry.owned {
            self.entries.remove(key);
        }
    }

    fn tell(&mut self, key: usize, outcome: Outcome) {
        let entry = &mut self.entries[key];
        if entry.outcome.is_none() {
            entry.outcome = Some(outcome);
            self.wakes.extend(entry.waker.take());
        }
    }

    /// How this one has ended.
    pub fn poll(&mut self, key: usize, cx: &Context<'_>) -> Poll<Outcome> {
        let entry = &mut self.entries[key];
        if let Some(outcome) = &entry.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !entry.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            entry.waker = Some(cx.waker().clone());
        }
        Poll::Pending
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
