//! The content of messages that were received and that the broker may send again.
use alloc::collections::{BTreeMap, BTreeSet};

/// The number of messages that are remembered without a look at which of them were released.
const FEW: usize = 32;

/// The hashes of the messages under one identifier.
#[derive(Clone, Copy, Hash, Debug, Default)]
struct Content {
    /// That of the message that the application has processed.
    accepted: Option<u64>,
    /// That of one that arrived later, and that it has not processed.
    pending: Option<u64>,
}

/// Hashes of topic and payload by the broker's packet identifiers.
///
/// A broker that lost its state can use an identifier again before it has released it. What arrives
/// under such an identifier is a repetition only if its content is the same.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Received {
    contents: BTreeMap<u16, Content>,
    /// The number of repetitions of messages that the application has not processed yet.
    repetitions: BTreeMap<u16, u32>,
    /// Hashes of messages with QoS 1 that were processed without a connection, so that they could
    /// not be acknowledged.
    processed_offline: BTreeMap<u16, u64>,
    /// The number of messages at which the released ones are forgotten.
    limit: usize,
}

impl Received {
    /// A message arrives under an identifier that stands for no message that was accepted and not
    /// released. What stood for it before is released.
    pub fn on_identifier_free(&mut self, id: u16) {
        if let Some(content) = self.contents.get_mut(&id) {
            content.accepted = None;
        }
    }

    /// A message arrived.
    pub fn insert(&mut self, id: u16, hash: u64) {
        self.contents.entry(id).or_default().pending = Some(hash);
    }

    /// The application has processed the message with this identifier. Returns the number of its
    /// repetitions whose acknowledgement was deferred.
    pub fn on_accepted(&mut self, id: u16) -> u32 {
        if let Some(content) = self.contents.get_mut(&id)
            && let Some(hash) = content.pending.take()
        {
            content.accepted = Some(hash);
        }
        self.repetitions.remove(&id).unwrap_or(0)
    }

    /// Defers the acknowledgement of a repetition until the application has processed the message.
    /// Returns `false` if it has.
    pub fn defer_repetition(&mut self, id: u16) -> bool {
        if self.is_accepted(id) {
            return false;
        }
        *self.repetitions.entry(id).or_default() += 1;
        true
    }

    /// Returns whether the application has processed the message with this identifier, as far as is
    /// known.
    fn is_accepted(&self, id: u16) -> bool {
        let content = self.contents.get(&id);
        content.is_none_or(|content| content.pending.is_none())
    }

    /// Returns whether the application has processed the message with this identifier, and its
    /// content is known.
    pub fn has_content(&self, id: u16) -> bool {
        let content = self.contents.get(&id);
        content.is_some_and(|content| content.accepted.is_some())
    }

    /// Returns whether this is the content of the message with this identifier. If either is not
    /// known, it is taken to be.
    pub fn is_repetition(&self, id: u16, hash: Option<u64>) -> bool {
        let content = self.contents.get(&id);
        let known = content.and_then(|content| content.pending.or(content.accepted));
        known.is_none_or(|known| hash.is_none_or(|hash| hash == known))
    }

    /// Returns the identifiers and hashes of the messages that the application has processed.
    pub fn accepted(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let contents = self.contents.iter();
        contents.filter_map(|(&id, content)| Some((id, content.accepted?)))
    }

    /// Takes over a message that an earlier client has processed.
    pub fn restore(&mut self, id: u16, hash: u64) {
        self.contents.entry(id).or_default().accepted = Some(hash);
    }

    /// A message with QoS 1 was processed without a connection.
    pub fn on_processed_offline(&mut self, id: u16, hash: u64) {
        self.processed_offline.insert(id, hash);
    }

    /// Returns whether a message with QoS 1 and this identifier was processed without a connection.
    pub fn was_processed_offline(&self, id: u16) -> bool {
        self.processed_offline.contains_key(&id)
    }

    /// Returns the hash of the message with QoS 1 and this identifier that was processed without a
    /// connection, once.
    pub fn take_processed_offline(&mut self, id: u16) -> Option<u64> {
        self.processed_offline.remove(&id)
    }

    /// A connection begins. Messages that were not accepted arrive again if the session goes on; if
    /// not, all identifiers begin anew.
    pub fn on_connected(&mut self, is_resumed: bool) {
        self.repetitions.clear();
        if !is_resumed {
            self.processed_offline.clear();
        }
        self.contents.retain(|_, content| {
            content.pending = None;
            is_resumed && content.accepted.is_some()
        });
    }

    pub fn is_empty(&self) -> bool {
        self.contents.is_empty() && self.repetitions.is_empty() && self.processed_offline.is_empty()
    }

    /// Returns whether so much is remembered that it is time to [sweep](Self::sweep).
    pub fn is_to_be_swept(&self) -> bool {
        self.contents.len() >= self.limit.max(FEW)
    }

    /// Forgets messages that the broker has released.
    pub fn sweep(&mut self, unreleased: &BTreeSet<u16>) {
        self.contents
            .retain(|id, content| content.pending.is_some() || unreleased.contains(id));
        // So the time for sweeping is a constant for each message.
        self.limit = self.contents.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_09_what_was_released_is_forgotten_and_what_was_not_is_kept() {
        let mut received = Received::default();
        for id in 1..=40 {
            received.insert(id, 7);
            received.on_accepted(id);
        }
        received.insert(41, 7);
        assert!(received.is_to_be_swept());
        received.sweep(&(1..=10).collect());
        assert_eq!(received.contents.len(), 11);
        assert!(!received.is_to_be_swept());
        assert!(received.is_repetition(10, Some(7)) && !received.is_repetition(10, Some(8)));
        // Nothing is known of it, or of what it is compared with.
        assert!(received.is_repetition(11, Some(8)) && received.is_repetition(10, None));
        assert!(received.is_accepted(10) && !received.is_accepted(41));
        received.on_connected(true);
        assert_eq!(received.contents.len(), 10);
        received.on_connected(false);
        assert_eq!(received.contents.len(), 0);
    }

    #[test]
    fn so_many_more_messages_arrive_before_the_next_look() {
        let mut received = Received::default();
        for id in 1..=100 {
            received.insert(id, 7);
            received.on_accepted(id);
        }
        received.sweep(&(1..=100).collect());
        for id in 101..=200 {
            assert!(!received.is_to_be_swept(), "{id}");
            received.insert(id, 7);
        }
        assert!(received.is_to_be_swept());
    }

    #[test]
    fn nothing_is_remembered_only_when_all_is_forgotten() {
        let mut received = Received::default();
        assert!(received.is_empty());
        received.on_processed_offline(1, 7);
        assert!(!received.is_empty());
        assert!(received.was_processed_offline(1) && !received.was_processed_offline(2));
        assert_eq!(received.take_processed_offline(2), None);
        assert_eq!(received.take_processed_offline(1), Some(7));
        assert!(received.is_empty());
        received.insert(1, 7);
        assert!(!received.is_empty() && received.defer_repetition(1));
        // What is pending is remembered, and its repetitions are counted, whatever is released.
        received.sweep(&BTreeSet::new());
        assert!(!received.is_empty());
        assert!(received.defer_repetition(1));
        assert_eq!((received.on_accepted(1), received.on_accepted(1)), (2, 0));
        assert!(!received.defer_repetition(1));
        received.sweep(&BTreeSet::new());
        assert!(received.is_empty());
    }
}
