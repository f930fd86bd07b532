//! Counts by the second.
use std::collections::VecDeque;

/// The seconds that a history has.
pub const HISTORY: usize = 60;

/// A count, and how much it grew in the last whole second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rate {
    pub total: u64,
    /// The second of the last message, and the counts in it and in the one before.
    second: u64,
    now: u32,
    before: u32,
}

impl Rate {
    /// A message has come in this second.
    pub fn add(&mut self, second: u64) {
        self.total += 1;
        if second != self.second {
            self.before = if second == self.second + 1 {
                self.now
            } else {
                0
            };
            (self.second, self.now) = (second, 0);
        }
        self.now += 1;
    }

    /// Returns the count of the last whole second.
    pub fn per_second(&self, second: u64) -> u32 {
        match second.checked_sub(self.second) {
            Some(0) => self.before,
            Some(1) => self.now,
            _ => 0,
        }
    }
}

/// The counts of the last minute, and the last values, if payloads are numbers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    second: u64,
    counts: VecDeque<u32>,
    values: VecDeque<f64>,
}

impl History {
    /// A message has come in this second, with this value if it is a number.
    pub fn add(&mut self, second: u64, value: Option<f64>) {
        self.roll(second);
        if let Some(count) = self.counts.back_mut() {
            *count += 1;
        }
        match value {
            Some(value) => self.values.push_back(value),
            // What was a number before is none any more.
            None => self.values.clear(),
        }
        if self.values.len() > HISTORY {
            self.values.pop_front();
        }
    }

    fn roll(&mut self, second: u64) {
        let missing = if self.counts.is_empty() {
            1
        } else {
            second.saturating_sub(self.second).min(HISTORY as u64)
        };
        for _ in 0..missing {
            self.counts.push_back(0);
        }
        while self.counts.len() > HISTORY {
            self.counts.pop_front();
        }
        self.second = self.second.max(second);
    }

    /// Returns the messages of each of the last seconds, the present one last.
    pub fn counts(&self, second: u64) -> Vec<u64> {
        let mut history = self.clone();
        history.roll(second);
        history.counts.iter().map(|&count| count.into()).collect()
    }

    /// Returns the last values, each as a part of 1000 between the lowest and the highest, and those
    /// two; `None` if there are fewer than two.
    pub fn values(&self) -> Option<(Vec<u64>, f64, f64)> {
        if self.values.len() < 2 {
            return None;
        }
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self
            .values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let span = if high > low { high - low } else { 1.0 };
        let parts = self
            .values
            .iter()
            .map(|value| ((value - low) / span * 1000.0) as u64);
        Some((parts.collect(), low, high))
    }
}

/// Returns the number that a payload is.
pub fn number(payload: &[u8]) -> Option<f64> {
    const LONGEST: usize = 32;
    if payload.is_empty() || payload.len() > LONGEST {
        return None;
    }
    let number: f64 = str::from_utf8(payload).ok()?.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_whole_second() {
        let mut rate = Rate::default();
        for second in [5, 5, 5, 6, 6, 9] {
            rate.add(second);
            if second == 5 {
                assert_eq!(rate.per_second(5), 0);
            }
        }
        assert_eq!(
            (rate.total, rate.per_second(9), rate.per_second(10)),
            (6, 0, 1)
        );
        assert_eq!(rate.per_second(11), 0);
        let mut rate = Rate::default();
        for second in [5, 5, 6] {
            rate.add(second);
        }
        assert_eq!((rate.per_second(6), rate.per_second(7)), (2, 1));
    }

    #[test]
    fn a_history_has_each_second_once() {
        let mut history = History::default();
        for second in [3, 3, 5] {
            history.add(second, None);
        }
        assert_eq!(history.counts(5), [2, 0, 1]);
        assert_eq!(history.counts(7), [2, 0, 1, 0, 0]);
        assert_eq!(history.counts(1000), [0; HISTORY]);
        history.add(1000, None);
        assert_eq!(history.counts(1000).len(), HISTORY);
        assert_eq!(history.counts(1000)[HISTORY - 1], 1);
    }

    #[test]
    fn values_are_drawn_between_the_lowest_and_the_highest() {
        let mut history = History::default();
        history.add(1, number(b"10"));
        assert_eq!(history.values(), None);
        history.add(1, number(b" 20.0\n"));
        history.add(2, number(b"15"));
        assert_eq!(history.values(), Some((vec![0, 1000, 500], 10.0, 20.0)));
        history.add(2, number(b"off"));
        assert_eq!(history.values(), None);
        for _ in 0..100 {
            history.add(3, Some(7.0));
        }
        assert_eq!(history.values(), Some((vec![0; HISTORY], 7.0, 7.0)));
        for text in ["", "NaN", "inf", "1e999", "12 13"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }
}
