//! Requests that wait to be sent.
use super::{Requests, message_length};
use crate::RequestError;
use alloc::{collections::VecDeque, vec::Vec};

/// The keys of requests that wait to be sent, in their order.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Queue {
    keys: VecDeque<u32>,
    /// The number of requests at the beginning that were sent in a session that ended.
    sent_before: usize,
    /// The number of messages, and their size.
    messages: usize,
    bytes: usize,
}

impl Queue {
    /// Inserts a request, with the size of its message if it is one.
    pub fn insert(&mut self, at: usize, key: u32, message: Option<usize>) {
        self.messages += usize::from(message.is_some());
        self.bytes += message.unwrap_or(0);
        self.keys.insert(at.min(self.keys.len()), key);
    }

    /// Inserts a request behind those that were sent in a session that ended, as it was.
    pub fn insert_sent(&mut self, key: u32, message: Option<usize>) {
        self.insert(self.sent_before, key, message);
        self.sent_before += 1;
    }

    /// Inserts a request at the end.
    pub fn push(&mut self, key: u32, message: Option<usize>) {
        self.insert(self.keys.len(), key, message);
    }

    /// Removes the request at this place, of which `message` returns the size.
    pub fn remove(&mut self, at: usize, message: impl FnOnce(u32) -> Option<usize>) -> Option<u32> {
        let key = self.keys.remove(at)?;
        self.sent_before -= usize::from(at < self.sent_before);
        if let Some(bytes) = message(key) {
            self.messages -= 1;
            self.bytes -= bytes;
        }
        Some(key)
    }

    /// Removes requests that are no messages.
    pub fn remove_all(&mut self, keys: &[u32]) {
        self.keys.retain(|key| !keys.contains(key));
    }

    pub fn front(&self) -> Option<u32> {
        self.keys.front().copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.iter().copied()
    }

    /// Returns the place of the first request for which `is` returns `true`.
    pub fn position(&self, is: impl FnMut(u32) -> bool) -> Option<usize> {
        self.iter().position(is)
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the number of messages, and their size.
    pub fn messages(&self) -> (usize, usize) {
        (self.messages, self.bytes)
    }

    /// A session begins, or goes on.
    pub fn on_connected(&mut self) {
        self.sent_before = 0;
    }

    /// Gives memory back that nothing needs. Returns whether the queue is empty.
    pub fn shrink(&mut self) -> bool {
        self.keys.shrink_to_fit();
        self.is_empty()
    }
}

impl Requests {
    /// Drops the oldest messages that were never sent, until `fits` returns `true` for the number
    /// of messages that wait, and their size. Returns `false`, and drops none, if it would not even
    /// then.
    pub fn drop_oldest(&mut self, fits: impl Fn(usize, usize) -> bool) -> bool {
        let (mut messages, mut bytes) = self.queued();
        let mut dropped = Vec::new();
        for key in self.queue.get().into_iter().flat_map(Queue::iter) {
            if fits(messages, bytes) {
                break;
            }
            let was_sent = self
                .requests
                .get(key)
                .is_none_or(|request| request.was_sent);
            if let (false, Some(length)) = (was_sent, message_length(&self.requests, key)) {
                (messages, bytes) = (messages - 1, bytes - length);
                dropped.push(key);
            }
        }
        if !fits(messages, bytes) {
            return false;
        }
        for key in dropped {
            let queue = self.queue.get();
            if let Some(at) = queue.and_then(|queue| queue.position(|other| other == key)) {
                self.unqueue(at);
                self.end(key, Err(RequestError::Dropped));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_goes_first_in_its_order_and_messages_are_counted() {
        let mut queue = Queue::default();
        queue.push(9, Some(900));
        queue.push(8, None);
        queue.insert_sent(1, Some(10));
        queue.insert_sent(2, Some(20));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [1, 2, 9, 8]);
        assert_eq!(queue.messages(), (3, 930));
        assert_eq!(queue.remove(0, |_| Some(10)), Some(1));
        assert_eq!(queue.messages(), (2, 920));
        queue.insert_sent(3, Some(30));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [2, 3, 9, 8]);
        assert_eq!(queue.remove(3, |_| None), Some(8));
        assert_eq!(queue.messages(), (3, 950));
        queue.insert_sent(4, Some(40));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [2, 3, 4, 9]);
        // Another session begins, and ends.
        queue.on_connected();
        queue.insert_sent(5, Some(50));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [5, 2, 3, 4, 9]);
        assert!(!queue.shrink());
        assert!(Queue::default().shrink());
    }
}
