//! What was received and not taken yet: a queue for each stream, and what is owed to the broker for
//! it.
mod arrivals;
mod owed;

pub(crate) use owed::Hold;

use crate::{Message, Overflow, options::Streams};
use arrivals::Partial;
use motemq::{ManualAcks, Session, SessionState};
use owed::Owed;
use slab::Slab;
use std::{collections::VecDeque, sync::Arc, task::Waker};

/// A queue that a subscription is taken from.
#[derive(Debug)]
pub(crate) struct Stream {
    /// None: it takes what no other does.
    filters: Vec<String>,
    items: VecDeque<Item>,
    bytes: usize,
    limits: Streams,
    waker: Option<Waker>,
    closed: bool,
    /// What was taken last, to be acknowledged when the next is asked for.
    in_hand: Option<Hold>,
}

#[derive(Debug)]
struct Item {
    message: Message,
    hold: Option<Hold>,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    streams: Slab<Stream>,
    owed: Slab<Owed>,
    /// Counts connections.
    epoch: u32,
    partial: Option<Box<Partial>>,
    /// The last topic, and the streams that its messages go to; empty: to be looked up.
    topic: Arc<str>,
    targets: Vec<usize>,
    /// There is no connection: what is taken is accepted at once.
    offline: bool,
    /// Nothing will be taken any more.
    leaving: bool,
    /// Messages with QoS 0 give way where there is no room.
    pub give_way: bool,
    pub dropped: u64,
    pub received: u64,
    /// To be woken when the lock is released.
    pub wakes: Vec<Waker>,
    /// To be dropped when the lock is released, since that may need it.
    pub trash: Vec<Message>,
}

impl Inbox {
    pub fn new() -> Self {
        Inbox {
            streams: Slab::new(),
            owed: Slab::new(),
            epoch: 0,
            partial: None,
            topic: Arc::default(),
            targets: Vec::new(),
            offline: true,
            leaving: false,
            give_way: false,
            dropped: 0,
            received: 0,
            wakes: Vec::new(),
            trash: Vec::new(),
        }
    }

    /// A stream for these filters; without any for what no other takes.
    pub fn open(&mut self, filters: Vec<String>, limits: Streams) -> usize {
        self.targets.clear();
        self.streams.insert(Stream {
            filters,
            items: VecDeque::new(),
            bytes: 0,
            limits,
            waker: None,
            closed: self.leaving,
            in_hand: None,
        })
    }

    /// Nobody takes from it any more; what waits in it counts as dealt with.
    pub fn close(&mut self, key: usize, session: &mut Session, manual: &mut ManualAcks) {
        self.targets.clear();
        let stream = self.streams.remove(key);
        let holds = stream
            .items
            .iter()
            .map(|item| item.hold)
            .chain([stream.in_hand]);
        holds.for_each(|hold| self.had(hold, session, manual));
        self.trash
            .extend(stream.items.into_iter().map(|item| item.message));
    }

    /// The broker does not grant these any more: a stream that has no others ends.
    pub fn revoke(&mut self, filters: &[String]) {
        self.targets.clear();
        for (_, stream) in &mut self.streams {
            if stream.filters.iter().any(|filter| filters.contains(filter)) {
                stream.filters.retain(|filter| !filters.contains(filter));
                if stream.filters.is_empty() {
                    // Not one for the rest from now on.
                    stream.closed = true;
                    self.wakes.extend(stream.waker.take());
                }
            }
        }
    }

    pub fn filters(&self, key: usize) -> &[String] {
        &self.streams[key].filters
    }

    /// Nothing more can be received now.
    pub fn is_full(&self) -> bool {
        if self.leaving || self.give_way {
            return false;
        }
        let flooded =
            matches!(self.partial.as_deref(), Some(Partial::Flowing(pipe)) if pipe.is_full());
        flooded
            || self.streams.iter().any(|(_, stream)| {
                stream.limits.overflow == Overflow::StopReading && stream.is_full()
            })
    }

    /// There is room again in every queue.
    pub fn has_room(&self) -> bool {
        self.streams.iter().all(|(_, stream)| !stream.is_full())
    }

    /// The connection is gone.
    pub fn lost(&mut self, session: &mut Session, manual: &mut ManualAcks) {
        match self.partial.take().map(|partial| *partial) {
            Some(Partial::Flowing(pipe)) => self.wakes.extend(pipe.break_off()),
            Some(Partial::Growing { message, .. }) => self.trash.push(message),
            _ => {}
        }
        self.offline = true;
        self.give_way = false;
        // What the application has in its hands it has had: with QoS 2 it must not come again.
        self.owed.retain(|_, owed| {
            if owed.taken {
                let _ = manual.ack(session, owed.token);
            }
            !owed.taken
        });
    }

    /// A new connection was accepted. If the session goes on, what was not acknowledged comes
    /// again; if not, nothing comes again, and nothing is owed.
    pub fn connected(&mut self, session: SessionState) {
        for (_, stream) in &mut self.streams {
            if session == SessionState::Resumed {
                let comes_again =
                    |item: &Item| item.hold.is_some_and(|hold| self.owed.contains(hold.key));
                let (again, kept) = std::mem::take(&mut stream.items)
                    .into_iter()
                    .partition::<VecDeque<_>, _>(comes_again);
                stream.items = kept;
                self.trash
                    .extend(again.into_iter().map(|item| item.message));
            }
            stream.items.iter_mut().for_each(|item| item.hold = None);
            stream.bytes = stream.items.iter().map(|item| item.message.weight()).sum();
            stream.in_hand = None;
        }
        self.owed.clear();
        self.epoch = self.epoch.wrapping_add(1);
        self.offline = false;
    }

    /// Nothing will be taken any more. What was taken counts as dealt with; what was not is left to
    /// the broker.
    pub fn leave(&mut self, session: &mut Session, manual: &mut ManualAcks) {
        self.leaving = true;
        for key in self.streams.iter().map(|(key, _)| key).collect::<Vec<_>>() {
            let hand = self.streams[key].in_hand.take();
            self.had(hand, session, manual);
            let stream = &mut self.streams[key];
            stream.closed = true;
            stream.bytes = 0;
            self.trash
                .extend(stream.items.drain(..).map(|item| item.message));
            self.wakes.extend(stream.waker.take());
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.owed.shrink_to_fit();
        self.wakes.shrink_to_fit();
        self.trash = Vec::new();
        self.streams
            .iter_mut()
            .for_each(|(_, stream)| stream.items.shrink_to_fit());
    }
}

impl Stream {
    fn is_full(&self) -> bool {
        self.items.len() >= self.limits.messages || self.bytes >= self.limits.bytes
    }
}
