//! What was received and not taken yet: a queue for each stream, and what is owed to the broker for it.
use crate::{
    Message, Overflow,
    message::{Pipe, Rest},
    options::Streams,
    shared::Shared,
};
use bytes::{Bytes, BytesMut};
use motemq::{Known, Manual, QoS, Token, topic::Topic};
use motemq_net::is_covered;
use slab::Slab;
use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// What is owed for a message, on one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    key: usize,
    epoch: u32,
}

#[derive(Debug)]
struct Owed {
    token: Token,
    /// Streams that have not dealt with it.
    left: usize,
    /// One of them has had it.
    taken: bool,
}

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

/// A message of which not all has come.
#[derive(Debug)]
enum Partial {
    /// It is put together in memory.
    Growing { message: Message, data: BytesMut },
    /// It is read as it comes.
    Flowing(Arc<Pipe>),
    /// Nobody wants it.
    Unwanted,
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
        self.streams.insert(Stream { filters, items: VecDeque::new(), bytes: 0, limits, waker: None, closed: self.leaving, in_hand: None })
    }

    /// Nobody takes from it any more; what waits in it counts as dealt with.
    pub fn close(&mut self, key: usize, manual: &mut Manual) {
        self.targets.clear();
        let stream = self.streams.remove(key);
        let holds = stream.items.iter().map(|item| item.hold).chain([stream.in_hand]);
        holds.for_each(|hold| self.had(hold, manual));
        self.trash.extend(stream.items.into_iter().map(|item| item.message));
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
        let flooded = matches!(self.partial.as_deref(), Some(Partial::Flowing(pipe)) if pipe.is_full());
        flooded || self.streams.iter().any(|(_, stream)| stream.limits.overflow == Overflow::StopReading && stream.is_full())
    }

    /// There is room again in every queue.
    pub fn has_room(&self) -> bool {
        self.streams.iter().all(|(_, stream)| !stream.is_full())
    }

    pub fn begin(&mut self, message: &motemq::Message<'_>, token: Option<Token>, manual: &mut Manual, shared: &Arc<Shared>) {
        if self.leaving {
            return;
        }
        self.received += 1;
        self.look_up(message.topic);
        let len = message.payload.len() as u64 + u64::from(message.left);
        let mut new = Message {
            topic: self.topic.clone(),
            payload: Bytes::new(),
            len,
            qos: message.qos(),
            retain: message.retain(),
            dup: message.dup(),
            rest: None,
        };
        if self.targets.is_empty() {
            self.dropped += 1;
            if message.left == 0 {
                self.dismiss(token, manual);
            } else {
                self.partial = Some(Box::new(Partial::Unwanted));
            }
        } else if message.left == 0 {
            new.payload = Bytes::copy_from_slice(message.payload);
            self.deliver(new, token);
        } else if len <= shared.options.max_message as u64 {
            self.partial = Some(Box::new(Partial::Growing { message: new, data: message.payload.into() }));
        } else {
            let pipe = Arc::new(Pipe::default());
            new.payload = Bytes::copy_from_slice(message.payload);
            new.rest = Some(Rest::new(pipe.clone(), shared.clone()));
            self.partial = Some(Box::new(Partial::Flowing(pipe)));
            // One reader can read it, not several.
            self.targets.truncate(1);
            self.deliver(new, None);
            self.targets.clear();
        }
    }

    pub fn more(&mut self, piece: &[u8], left: u32, token: Option<Token>, manual: &mut Manual) {
        match self.partial.as_deref_mut() {
            None => return,
            Some(Partial::Unwanted) => {}
            Some(Partial::Growing { data, .. }) => {
                // What was announced need not come: memory is taken as bytes come.
                data.extend_from_slice(piece);
            }
            Some(Partial::Flowing(pipe)) => self.wakes.extend(pipe.give(piece)),
        }
        if left > 0 {
            return;
        }
        match self.partial.take().map(|partial| *partial) {
            Some(Partial::Growing { mut message, data }) => {
                message.payload = data.freeze();
                let topic = message.topic.clone();
                self.look_up_again(topic);
                if self.targets.is_empty() {
                    self.dropped += 1;
                    self.dismiss(token, manual);
                } else {
                    self.deliver(message, token);
                }
            }
            Some(Partial::Flowing(pipe)) => {
                let hold = token.map(|token| self.owe(token, 1));
                if let Some(hold) = hold {
                    // Its reader has it in its hands already.
                    self.owed[hold.key].taken = true;
                }
                let (waker, unread) = pipe.finish(hold);
                self.wakes.extend(waker);
                self.had(unread, manual);
            }
            _ => self.dismiss(token, manual),
        }
    }

    /// A message that was drained unseen.
    pub fn dismiss(&mut self, token: Option<Token>, manual: &mut Manual) {
        if let Some(token) = token {
            // It came over this connection just now.
            let _ = manual.ack(token);
        }
    }

    fn look_up(&mut self, topic: Topic<'_>) {
        if self.targets.is_empty() || topic != *self.topic {
            self.look_up_again(topic.as_str().into());
        }
    }

    /// Every stream with a matching filter gets the message; if there is none, those for the rest do.
    fn look_up_again(&mut self, topic: Arc<str>) {
        let open = |stream: &Stream| !stream.closed;
        let covers = |stream: &Stream| stream.filters.iter().any(|filter| is_covered(filter, &topic));
        self.targets.clear();
        self.targets.extend(self.streams.iter().filter(|(_, stream)| open(stream) && covers(stream)).map(|(key, _)| key));
        if self.targets.is_empty() {
            self.targets.extend(self.streams.iter().filter(|(_, stream)| open(stream) && stream.filters.is_empty()).map(|(key, _)| key));
        }
        self.topic = topic;
    }

    fn deliver(&mut self, message: Message, token: Option<Token>) {
        let hold = token.map(|token| self.owe(token, self.targets.len()));
        let droppable = message.qos == QoS::AtMostOnce;
        let weight = message.weight();
        let mut message = Some(message);
        for at in 0..self.targets.len() {
            let stream = &mut self.streams[self.targets[at]];
            if droppable && stream.is_full() && (self.give_way || stream.limits.overflow == Overflow::DropQos0) {
                self.dropped += 1;
                continue;
            }
            let last = at + 1 == self.targets.len();
            let Some(message) = (if last { message.take() } else { message.clone() }) else { continue };
            stream.items.push_back(Item { message, hold });
            stream.bytes += weight;
            self.wakes.extend(stream.waker.take());
        }
        self.trash.extend(message);
    }

    fn owe(&mut self, token: Token, left: usize) -> Hold {
        Hold { key: self.owed.insert(Owed { token, left, taken: false }), epoch: self.epoch }
    }

    /// One stream has dealt with it.
    pub fn had(&mut self, hold: Option<Hold>, manual: &mut Manual) {
        let Some(hold) = hold.filter(|hold| hold.epoch == self.epoch) else { return };
        let Some(owed) = self.owed.get_mut(hold.key) else { return };
        owed.left -= 1;
        owed.taken = true;
        if owed.left == 0 || self.offline {
            let owed = self.owed.remove(hold.key);
            // It is owed on this connection, and once.
            let _ = manual.ack(owed.token);
        }
    }

    /// Gives what waits longest into the application's hands: to be acknowledged when it asks for the next, or says so.
    pub fn poll_take(&mut self, key: usize, by_hand: bool, manual: &mut Manual, cx: &Context<'_>) -> Poll<Option<(Message, Option<Hold>)>> {
        let hand = self.streams[key].in_hand.take();
        self.had(hand, manual);
        let stream = &mut self.streams[key];
        let Some(Item { message, hold }) = stream.items.pop_front() else {
            if stream.closed {
                return Poll::Ready(None);
            }
            if !stream.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                stream.waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        };
        stream.bytes -= message.weight();
        if by_hand {
            return Poll::Ready(Some((message, hold)));
        }
        stream.in_hand = hold;
        if self.offline {
            // As if the connection were lost only now: with QoS 2 it must not come again.
            let hand = stream.in_hand.take();
            self.had(hand, manual);
        } else if let Some(owed) = hold.and_then(|hold| self.owed.get_mut(hold.key)) {
            owed.taken = true;
        }
        Poll::Ready(Some((message, None)))
    }

    /// Something taken from this stream is to be acknowledged.
    pub fn in_hand(&self, key: usize) -> bool {
        self.streams[key].in_hand.is_some()
    }

    /// The connection is gone.
    pub fn lost(&mut self, manual: &mut Manual) {
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
                let _ = manual.ack(owed.token);
            }
            !owed.taken
        });
    }

    /// A new connection was accepted. If the session goes on, what was not acknowledged comes again; if not, nothing comes again, and
    /// nothing is owed.
    pub fn connected(&mut self, session: Known) {
        for (_, stream) in &mut self.streams {
            if session == Known::Resumed {
                let comes_again = |item: &Item| item.hold.is_some_and(|hold| self.owed.contains(hold.key));
                let (again, kept) = std::mem::take(&mut stream.items).into_iter().partition::<VecDeque<_>, _>(comes_again);
                stream.items = kept;
                self.trash.extend(again.into_iter().map(|item| item.message));
            }
            stream.items.iter_mut().for_each(|item| item.hold = None);
            stream.bytes = stream.items.iter().map(|item| item.message.weight()).sum();
            stream.in_hand = None;
        }
        self.owed.clear();
        self.epoch = self.epoch.wrapping_add(1);
        self.offline = false;
    }

    /// Nothing will be taken any more. What was taken counts as dealt with; what was not is left to the broker.
    pub fn leave(&mut self, manual: &mut Manual) {
        self.leaving = true;
        for key in self.streams.iter().map(|(key, _)| key).collect::<Vec<_>>() {
            let hand = self.streams[key].in_hand.take();
            self.had(hand, manual);
            let stream = &mut self.streams[key];
            stream.closed = true;
            stream.bytes = 0;
            self.trash.extend(stream.items.drain(..).map(|item| item.message));
            self.wakes.extend(stream.waker.take());
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.owed.shrink_to_fit();
        self.wakes.shrink_to_fit();
        self.trash = Vec::new();
        self.streams.iter_mut().for_each(|(_, stream)| stream.items.shrink_to_fit());
    }
}

impl Stream {
    fn is_full(&self) -> bool {
        self.items.len() >= self.limits.messages || self.bytes >= self.limits.bytes
    }
}
