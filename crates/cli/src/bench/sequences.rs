//! The messages that a subscriber has had, by their numbers.

/// The numbers of the messages that have arrived from one publisher.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sequences {
    /// A bit for each number.
    seen: Vec<u64>,
    distinct: u64,
    duplicates: u64,
    /// Messages that came after one with a higher number.
    disordered: u64,
    next: u64,
}

impl Sequences {
    /// A message has arrived. Returns whether it has not arrived before.
    pub fn insert(&mut self, sequence: u64) -> bool {
        let (word, bit) = ((sequence / 64) as usize, 1 << (sequence % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit != 0 {
            self.duplicates += 1;
            return false;
        }
        self.seen[word] |= bit;
        self.distinct += 1;
        self.disordered += u64::from(sequence < self.next);
        self.next = self.next.max(sequence + 1);
        true
    }

    /// Returns how many messages have arrived, each counted once.
    pub fn distinct(&self) -> u64 {
        self.distinct
    }

    /// Returns how many have arrived again.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Returns how many have arrived after a later one.
    pub fn disordered(&self) -> u64 {
        self.disordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn losses_duplicates_and_order_are_counted() {
        let mut sequences = Sequences::default();
        for sequence in [0, 1, 1, 5, 3, 5, 64, 63] {
            sequences.insert(sequence);
        }
        assert_eq!(sequences.distinct(), 6);
        assert_eq!(sequences.duplicates(), 2);
        assert_eq!(sequences.disordered(), 2);
    }

    #[test]
    fn any_numbers_are_counted_as_a_set_counts_them() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut sequences = Sequences::default();
            let (mut set, mut duplicates, mut disordered) = (BTreeSet::new(), 0, 0);
            for _ in 0..random.usize(..300) {
                let sequence = random.u64(..200);
                let highest = set.last().copied();
                let is_new = set.insert(sequence);
                if !is_new {
                    duplicates += 1;
                } else if highest.is_some_and(|highest| highest > sequence) {
                    disordered += 1;
                }
                assert_eq!(sequences.insert(sequence), is_new);
            }
            assert_eq!(sequences.distinct(), set.len() as u64);
            assert_eq!(sequences.duplicates(), duplicates);
            assert_eq!(sequences.disordered(), disordered);
        }
    }
}
