//! Messages that were received and are not processed yet: a queue for each stream, and the
//! acknowledgements that are due for it.
mod ending;
mod message;
mod partial;
mod payload;
mod receiving;
mod repetition;
mod routing;
mod stream;
mod taking;
mod unacknowledged;

use crate::{
    DisconnectReason, Options, lazy::Lazy, options::Settings, protocol::ProtocolState, slab::Slab,
};
use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::{mem, time::Duration};
pub use message::{AckMode, Item, Message, PayloadRead, Taken};
use motemq::{QoS, TopicName};
use partial::Partial;
pub use payload::PayloadId;
use payload::Payloads;
pub(crate) use receiving::Receipt;
use routing::Routing;
pub(crate) use stream::SoftLimit;
pub use stream::StreamId;
use stream::{Queue, Stream, Waiting};
pub use unacknowledged::AckId;
use unacknowledged::{AckKey, Unacknowledged};

/// Numbers of messages.
#[derive(Clone, Copy, Hash, Debug, Default)]
pub(crate) struct InboxCounters {
    pub received: u64,
    pub dropped: u64,
    pub discarded: u64,
    pub identifiers_reused: u64,
}

/// Everything that was received.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Inbox {
    streams: Slab<Stream>,
    last_serial: u32,
    routing: Lazy<Routing>,
    unacknowledged: Unacknowledged,
    payloads: Lazy<Payloads>,
    /// The serial number of the last payload.
    last_payload: u32,
    /// Messages that wait for a stream to be opened, unacknowledged.
    unclaimed: Lazy<Queue>,
    partial: Option<Partial>,
    /// A message of this connection found no room, and was left to the broker.
    is_overrun: bool,
    is_leaving: bool,
    /// The number of streams that are full.
    full_streams: u32,
    /// Bytes in all streams.
    bytes: usize,
    /// The limit of what may wait, and the treatment of the rest.
    limits: Settings,
    discards_unclaimed: bool,
    /// The session may go on over another connection.
    is_session_kept: bool,
    counters: InboxCounters,
    /// Streams for which there is something new.
    delivered: Lazy<VecDeque<StreamId>>,
    was_unclaimed_told: bool,
}

impl Inbox {
    pub fn new(options: &Options) -> Self {
        Inbox {
            streams: Slab::new(),
            last_serial: 0,
            routing: Lazy::new(),
            unacknowledged: Unacknowledged::new(),
            payloads: Lazy::new(),
            last_payload: 0,
            unclaimed: Lazy::new(),
            partial: None,
            is_overrun: false,
            is_leaving: false,
            full_streams: 0,
            bytes: 0,
            limits: options.settings.clone(),
            discards_unclaimed: options.discards_unclaimed(),
            is_session_kept: !options.clean,
            counters: InboxCounters::default(),
            delivered: Lazy::new(),
            was_unclaimed_told: false,
        }
    }

    // Streams.

    /// Opens a stream for these filters, or without any for what no other stream gets. Messages
    /// that wait unclaimed and belong to it go there.
    pub fn open(&mut self, filters: Vec<String>) -> StreamId {
        let is_catch_all = filters.is_empty();
        self.last_serial = self.last_serial.wrapping_add(1);
        let serial = self.last_serial;
        let key = self.streams.insert(Stream {
            serial,
            filters: Vec::new(),
            queue: Queue::default(),
            is_watched: false,
            is_closed: self.is_leaving,
            is_full: false,
            in_hand: None,
        });
        if is_catch_all {
            self.routing.make().insert_catch_all(key);
        }
        for filter in &filters {
            self.routing.make().insert(filter, key);
        }
        if let Some(stream) = self.streams.get_mut(key) {
            stream.filters = filters;
        }
        let mut unclaimed = mem::take(&mut self.unclaimed);
        while let Some(item) = unclaimed.get_mut().and_then(Queue::pop) {
            let topic = TopicName::new(&item.message.topic);
            let mut is_routed = |topic| self.routing.make().find(topic).1.contains(&key);
            if is_catch_all || topic.is_ok_and(&mut is_routed) {
                self.push(key, item);
            } else {
                self.unclaimed.make().push(item);
            }
        }
        self.was_unclaimed_told = false;
        StreamId { key, serial }
    }

    fn find(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.streams
            .get_mut(id.key)
            .filter(|stream| stream.serial == id.serial)
    }

    /// Returns the filters of a stream.
    pub fn filters(&self, id: StreamId) -> &[String] {
        let stream = self.streams.get(id.key);
        let stream = stream.filter(|stream| stream.serial == id.serial);
        stream.map_or(&[], |stream| &stream.filters)
    }

    /// Adds a message to a stream.
    #[inline(always)]
    fn push(&mut self, key: u32, item: Waiting) {
        let Some(stream) = self.streams.get_mut(key) else {
            return;
        };
        self.bytes += item.message.weight();
        stream.queue.push(item);
        let is_full = stream.queue.is_full(self.limits.stream());
        if is_full != stream.is_full || stream.is_watched {
            self.on_pushed(key);
        }
    }

    /// A message made a stream full, or is one for which somebody waits.
    #[inline(never)]
    fn on_pushed(&mut self, key: u32) {
        let limit = self.limits.stream();
        let Some(stream) = self.streams.get_mut(key) else {
            return;
        };
        if stream.queue.is_full(limit) && !mem::replace(&mut stream.is_full, true) {
            self.full_streams += 1;
        }
        if mem::take(&mut stream.is_watched) {
            self.tell(key);
        }
    }

    fn tell(&mut self, key: u32) {
        let stream = self.stream_id(key);
        self.delivered.push_back(stream);
    }

    /// Returns the name of the stream with this key.
    fn stream_id(&self, key: u32) -> StreamId {
        let serial = self.streams.get(key).map_or(0, |stream| stream.serial);
        StreamId { key, serial }
    }

    // What waits.

    /// Returns whether a stream holds as much as it should.
    #[inline]
    pub fn is_full(&self) -> bool {
        !self.is_leaving
            && (self.full_streams > 0 || self.has_full_unclaimed() || self.is_blocked())
    }

    #[inline]
    fn has_full_unclaimed(&self) -> bool {
        let unclaimed = self.unclaimed.get();
        unclaimed.is_some_and(|unclaimed| unclaimed.is_full(self.limits.stream()))
    }

    /// Returns whether so much waits that after an overrun another connection would soon end like
    /// the last one.
    pub fn is_crowded(&self) -> bool {
        self.is_full() || (!self.is_leaving && self.backlog() > self.limits.backlog / 2)
    }

    /// Returns whether a payload that waits to be read is in front of everything else: the rest of
    /// it, or, if more waits than may, what is behind it. Else a payload and a message behind it
    /// would end each connection on which both arrive at once.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        let Some(payloads) = self.payloads.get() else {
            return false;
        };
        let is_full = match &self.partial {
            Some(Partial::Streamed(id)) => payloads.is_full(*id),
            _ => false,
        };
        // After an overrun nothing is kept that would need room.
        !self.is_overrun
            && (is_full || (payloads.bytes() > 0 && self.backlog() > self.limits.backlog))
    }

    /// Returns whether a payload has arrived that was not read to its end.
    pub fn has_unread_payload(&self) -> bool {
        let payloads = self.payloads.get();
        payloads.is_some_and(Payloads::has_unread)
    }

    /// Notes whether answers are awaited behind a payload of which nothing is read. Returns the time
    /// since which that has been so, if it is so now.
    #[inline]
    pub fn note_unread(&mut self, is_awaited: bool, now: Duration) -> Option<Duration> {
        self.payloads.get()?;
        let is_awaited = is_awaited && !self.is_leaving && self.is_blocked();
        self.payloads.get_mut()?.note_unread(is_awaited, now)
    }

    /// Leaves what arrives to the broker, and the rest of a payload that nothing reads.
    pub fn overrun(&mut self) -> DisconnectReason {
        self.is_overrun = true;
        let bytes = self.backlog();
        DisconnectReason::Overrun { bytes }
    }

    /// Returns the bytes of messages that wait to be taken.
    pub fn backlog(&self) -> usize {
        let unclaimed = self.unclaimed.get().map_or(0, Queue::bytes);
        self.bytes + unclaimed + self.payloads.get().map_or(0, Payloads::bytes)
    }

    pub fn counters(&self) -> InboxCounters {
        self.counters
    }

    /// Takes note of a message that was dropped.
    pub fn count_dropped(&mut self) {
        self.counters.dropped += 1;
    }

    /// Returns a stream for which there is something new.
    #[inline]
    pub fn poll_delivered(&mut self) -> Option<StreamId> {
        self.delivered.pop_front()
    }

    /// Returns whether messages wait unclaimed for which this method has not returned true yet.
    #[inline]
    pub fn poll_unclaimed(&mut self) -> bool {
        self.unclaimed.get().is_some() && !mem::replace(&mut self.was_unclaimed_told, true)
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.unacknowledged.shrink();
        self.payloads.shrink(Payloads::shrink);
        self.routing.shrink(Routing::shrink);
        self.delivered.shrink_queue();
        let streams = self.streams.iter_mut().map(|(_, stream)| &mut stream.queue);
        streams
            .chain(self.unclaimed.get_mut())
            .for_each(Queue::shrink);
    }
}
