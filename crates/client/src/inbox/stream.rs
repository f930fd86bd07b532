//! A stream of messages: what was received and not taken yet.
use super::{Message, unacknowledged::AckKey};
use alloc::{collections::VecDeque, string::String, vec::Vec};

/// Identifies a stream of messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StreamId {
    pub(super) key: u32,
    /// Tells streams with the same key apart.
    pub(super) serial: u32,
}

impl StreamId {
    /// Returns a small number that no other stream has at the same time. An adapter can use it as
    /// an index for data of its own.
    pub fn index(self) -> usize {
        self.key as usize
    }
}

/// A message that waits to be taken.
#[derive(Clone, Hash, Debug)]
pub(super) struct Waiting {
    pub message: Message,
    pub ack: Option<AckKey>,
}

/// The limit of what may wait in a stream before reading stops.
#[derive(Clone, Copy, Hash, Debug)]
pub(crate) struct SoftLimit {
    pub messages: usize,
    pub bytes: usize,
}

/// Messages that wait to be taken, in their order.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Waiting>,
    bytes: usize,
}

impl Queue {
    #[inline]
    pub fn push(&mut self, item: Waiting) {
        self.bytes += item.message.weight();
        self.items.push_back(item);
    }

    #[inline]
    pub fn pop(&mut self) -> Option<Waiting> {
        let item = self.items.pop_front()?;
        self.bytes -= item.message.weight();
        Some(item)
    }

    /// Returns the oldest message.
    pub fn first(&self) -> Option<&Waiting> {
        self.items.front()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    #[inline]
    pub fn is_full(&self, limit: SoftLimit) -> bool {
        self.items.len() >= limit.messages || self.bytes >= limit.bytes
    }

    /// Returns the messages.
    pub fn items(&self) -> impl Iterator<Item = &Waiting> {
        self.items.iter()
    }

    /// Returns the messages.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.items.iter_mut()
    }

    /// Removes messages.
    pub fn retain(&mut self, is_kept: impl Fn(&Waiting) -> bool) {
        self.items.retain(is_kept);
        self.bytes = self.items.iter().map(|item| item.message.weight()).sum();
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }
}

/// A stream.
#[derive(Clone, Hash, Debug)]
pub(super) struct Stream {
    pub serial: u32,
    /// Its topic filters; without any it gets what no other stream gets.
    pub filters: Vec<String>,
    pub queue: Queue,
    /// The application found it empty, so an event is to be emitted.
    pub is_watched: bool,
    /// Nothing will be added any more.
    pub is_closed: bool,
    /// It holds as much as it should.
    pub is_full: bool,
    /// The acknowledgement of the message that was taken last, and that is processed when the next
    /// one is taken.
    pub in_hand: Option<AckKey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_nothing_takes_no_memory() {
        let mut queue = Queue::default();
        queue.items.reserve(10);
        queue.shrink();
        assert_eq!(queue.items.capacity(), 0);
    }
}
