//! The way to a connection: attempts that are under way, and what is left to try.
use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use core::{mem, time::Duration};

/// The wait between the beginnings of two attempts that race (RFC 8305, Connection Attempt Delay).
const RACE_DELAY: Duration = Duration::from_millis(250);
/// The most addresses of one broker that are tried.
const ADDRESSES: u32 = 64;

/// The state of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Step {
    Resolving,
    Dialing { address: u32 },
}

/// One attempt.
#[derive(Clone, Copy, Hash, Debug)]
struct Attempt {
    number: u32,
    step: Step,
    until: Duration,
    /// Something answered, so that no other attempt is begun beside it.
    has_answer: bool,
}

/// The next action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    /// Begin an attempt.
    Begin(Step),
    /// Give up the attempt with this number.
    Cancel(u32),
}

/// The state of the search, which ends when a broker has accepted a connection.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Search {
    attempts: Vec<Attempt>,
    /// Addresses of the broker that were not tried yet.
    addresses: VecDeque<u32>,
    /// The time at which the next address is dialed although attempts are under way.
    race_at: Duration,
    /// Attempts that the driver is to give up.
    cancelled: VecDeque<u32>,
    /// Brokers that refused for good.
    refused: BTreeSet<u32>,
    /// The number of brokers that had their turn since the last wait.
    brokers_tried: u32,
}

impl Search {
    /// Begins an attempt, which may take until `until`.
    pub fn begin(&mut self, number: u32, step: Step, until: Duration) {
        self.attempts.push(Attempt {
            number,
            step,
            until,
            has_answer: false,
        });
    }

    /// Returns what is to be done next, if anything is.
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        if let Some(attempt) = self.cancelled.pop_front() {
            return Some(Due::Cancel(attempt));
        }
        if !self.is_under_way() {
            return Some(Due::Begin(Step::Resolving));
        }
        if self.addresses.is_empty() || now < self.race_time().unwrap_or(now) {
            return None;
        }
        let address = self.addresses.pop_front()?;
        self.race_at = now.saturating_add(RACE_DELAY);
        Some(Due::Begin(Step::Dialing { address }))
    }

    /// Returns an attempt that the driver is to give up, if there is one.
    pub fn poll_cancelled(&mut self) -> Option<u32> {
        self.cancelled.pop_front()
    }

    /// Returns whether there is an attempt, or another address to try.
    pub fn is_under_way(&self) -> bool {
        !self.attempts.is_empty() || !self.addresses.is_empty()
    }

    /// Returns when the next address may be dialed; `None`: now.
    fn race_time(&self) -> Option<Duration> {
        if self.attempts.is_empty() {
            None
        } else if self.attempts.iter().any(|attempt| attempt.has_answer) {
            Some(Duration::MAX)
        } else {
            Some(self.race_at)
        }
    }

    /// Returns when something is to be done although nothing happens.
    pub fn timeout(&self) -> Option<Duration> {
        let race = if self.addresses.is_empty() {
            None
        } else {
            Some(self.race_time().unwrap_or(Duration::ZERO))
        };
        let attempts = self.attempts.iter().map(|attempt| attempt.until);
        attempts.chain(race).min()
    }

    /// The broker has this number of addresses. Returns whether the attempt is known.
    pub fn on_resolved(&mut self, attempt: u32, addresses: u32, now: Duration) -> bool {
        if !self.remove(attempt) {
            return false;
        }
        self.addresses = (0..addresses.min(ADDRESSES)).collect();
        self.race_at = now;
        true
    }

    /// Something answered an attempt.
    pub fn on_progress(&mut self, attempt: u32) {
        let mut attempts = self.attempts.iter_mut();
        if let Some(attempt) = attempts.find(|other| other.number == attempt) {
            attempt.has_answer = true;
        }
    }

    /// Removes an attempt, which has ended. Returns whether it is known.
    pub fn remove(&mut self, number: u32) -> bool {
        let before = self.attempts.len();
        self.attempts.retain(|attempt| attempt.number != number);
        self.attempts.len() < before
    }

    /// An attempt has opened a connection. The others are given up, and their addresses are tried
    /// again if this one leads to nothing. Returns whether the attempt is known.
    pub fn on_opened(&mut self, attempt: u32) -> bool {
        if !self.remove(attempt) {
            return false;
        }
        let others = mem::take(&mut self.attempts);
        for other in others.iter().rev() {
            if let Step::Dialing { address } = other.step {
                self.addresses.push_front(address);
            }
        }
        self.cancelled
            .extend(others.iter().map(|other| other.number));
        true
    }

    /// Gives up an attempt that has taken too long. Returns whether there was one.
    pub fn expire(&mut self, now: Duration) -> bool {
        let late = self.attempts.iter().find(|attempt| now >= attempt.until);
        let Some(&Attempt { number, .. }) = late else {
            return false;
        };
        self.cancelled.push_back(number);
        self.remove(number)
    }

    /// Gives up all attempts.
    pub fn cancel(&mut self) {
        let attempts = mem::take(&mut self.attempts);
        let numbers = attempts.iter().map(|attempt| attempt.number);
        self.cancelled.extend(numbers);
        self.addresses.clear();
    }

    // Brokers.

    /// A broker refuses for good.
    pub fn on_refused(&mut self, broker: u32) {
        self.refused.insert(broker);
    }

    /// Decides which of `brokers` brokers has its turn after `broker`. Returns it, and whether
    /// there is to be a wait before; `None` if all of them refuse for good.
    pub fn next_broker(&mut self, mut broker: u32, brokers: u32) -> Option<(u32, bool)> {
        if self.refused.len() >= brokers as usize {
            return None;
        }
        loop {
            broker = (broker + 1) % brokers;
            self.brokers_tried += 1;
            if self.brokers_tried >= brokers {
                // The next one after the wait is one that did not refuse.
                while self.refused.contains(&broker) {
                    broker = (broker + 1) % brokers;
                }
                return Some((broker, true));
            }
            if !self.refused.contains(&broker) {
                return Some((broker, false));
            }
        }
    }

    /// There is a wait before the next attempt.
    pub fn on_wait(&mut self) {
        self.brokers_tried = 0;
    }

    /// The broker has accepted a connection.
    pub fn on_connected(&mut self) {
        self.refused.clear();
        self.brokers_tried = 0;
        self.addresses.clear();
    }

    /// Returns whether nothing is under way, and no broker had its turn.
    pub fn is_empty(&self) -> bool {
        let is_begun = self.is_under_way() || self.brokers_tried > 0;
        !is_begun && self.cancelled.is_empty() && self.refused.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_empty_if_nothing_of_it_is_missed() {
        let mut search = Search::default();
        assert!(search.is_empty());
        search.begin(1, Step::Resolving, Duration::MAX);
        assert!(!search.is_empty());
        search.cancel();
        assert!(!search.is_empty());
        assert_eq!(search.poll_cancelled(), Some(1));
        assert!(search.is_empty());
        assert_eq!(search.next_broker(0, 3), Some((1, false)));
        assert!(!search.is_empty());
        search.on_wait();
        assert!(search.is_empty());
        search.on_refused(1);
        assert!(!search.is_empty());
        search.on_connected();
        assert!(search.is_empty());
    }
}
