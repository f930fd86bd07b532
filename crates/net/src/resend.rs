//! Rules of sending again, for all clients that keep copies.
use motemq::{Fault, QoS};

/// What was asked of the broker, as far as sending it again goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A message, of which there is a copy.
    Message(QoS),
    /// A message without a copy: it was published from a reader, or the broker has received it.
    Gone,
    /// A subscription, or the end of one.
    Filters,
}

impl Asked {
    /// It may be asked anew when the session has ended without an answer: if it arrived before,
    /// twice does no harm. Of a message with QoS 2 nobody can say whether it arrived, and what
    /// has no copy cannot be sent.
    pub fn may_come_twice(self) -> bool {
        match self {
            Asked::Message(qos) => qos != QoS::ExactlyOnce,
            Asked::Gone => false,
            Asked::Filters => true,
        }
    }

    /// It is a message.
    pub fn is_message(self) -> bool {
        self != Asked::Filters
    }
}

/// What the broker went wrong over last. A message that makes it break the protocol would do so
/// over every connection, and nothing behind it would ever arrive; what happens once may be chance.
///
/// ```
/// use motemq::Fault;
/// use motemq_net::Suspect;
/// let mut suspect = Suspect::default();
/// assert!(!suspect.is_to_blame(7, Fault::Unexpected));
/// assert!(suspect.is_to_blame(7, Fault::Unexpected));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Suspect<K>(Option<(K, Fault)>);

impl<K> Default for Suspect<K> {
    fn default() -> Self {
        Suspect(None)
    }
}

impl<K: Copy + PartialEq> Suspect<K> {
    /// The broker made this fault while that was under way longest; whether for the second time in
    /// a row.
    pub fn is_to_blame(&mut self, key: K, fault: Fault) -> bool {
        let accused = Some((key, fault));
        std::mem::replace(&mut self.0, accused) == accused
    }

    /// It has come to its end, and its key may name another.
    pub fn ended(&mut self, key: K) {
        self.0 = self.0.filter(|&(other, _)| other != key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_fault_over_the_same_message_twice_in_a_row_counts() {
        let mut suspect = Suspect::default();
        let accused = [
            (1, Fault::Malformed),
            (1, Fault::Unexpected),
            (2, Fault::Unexpected),
            (1, Fault::Unexpected),
            (1, Fault::Unexpected),
        ];
        assert_eq!(
            accused.map(|(key, fault)| suspect.is_to_blame(key, fault)),
            [false, false, false, false, true]
        );
        suspect.ended(2);
        assert!(suspect.is_to_blame(1, Fault::Unexpected));
        suspect.ended(1);
        assert!(!suspect.is_to_blame(1, Fault::Unexpected));
    }

    #[test]
    fn what_is_to_arrive_exactly_once_is_not_asked_anew() {
        let all = [
            Asked::Message(QoS::AtLeastOnce),
            Asked::Message(QoS::ExactlyOnce),
            Asked::Gone,
            Asked::Filters,
        ];
        assert_eq!(all.map(Asked::may_come_twice), [true, false, false, true]);
        assert_eq!(all.map(Asked::is_message), [true, true, true, false]);
    }
}
