//! The wait before the next attempt to connect.
use core::time::Duration;

/// No wait is longer, so that any clock can tell when it ends.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// A connection that lasted as long was a good one, whatever the waits are.
const GOOD: Duration = Duration::from_secs(30);

/// The policy for the next attempt when a connection cannot be made or is lost.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use motemq_client::{Options, Reconnect};
/// let reconnect = Reconnect::BackOff {
///     first: Duration::from_secs(1),
///     cap: Duration::from_secs(30),
///     max_tries: Some(10),
/// };
/// let options = Options::new("node-7").reconnect(reconnect);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Reconnect {
    /// The client does not reconnect. It ends, and its methods return the reason.
    Never,
    /// The client connects again after a wait.
    ///
    /// Each wait is random, from 0 to a limit that doubles with each attempt ("full jitter").
    /// Therefore a thousand clients of a broker that restarts do not return at the same moment, and
    /// two clients with the same client identifier do not disconnect each other in step. The limit
    /// returns to its first value after a connection that has lasted at least 30 s, and at least as
    /// long as `cap`.
    BackOff {
        /// The limit of the wait before the first attempt.
        first: Duration,
        /// The limit that doubling does not exceed, at most a year.
        cap: Duration,
        /// The number of waits after which the client ends, or `None` if the number is not limited.
        max_tries: Option<u32>,
    },
}

impl Reconnect {
    /// Returns the default policy: a [`BackOff`](Self::BackOff) with waits of up to 0.5 s before the
    /// first attempt and up to 60 s before later ones. The number of attempts is not limited.
    pub const fn back_off() -> Self {
        Reconnect::BackOff {
            first: Duration::from_millis(500),
            cap: Duration::from_secs(60),
            max_tries: None,
        }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Reconnect::back_off()
    }
}

/// Counts the waits since the last good connection.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct BackOff {
    tries: u32,
}

impl BackOff {
    /// Returns how long to wait now; `None` if there is to be no other attempt.
    pub fn next(&mut self, reconnect: &Reconnect, random: u64) -> Option<Duration> {
        let Reconnect::BackOff {
            first,
            cap,
            max_tries,
        } = *reconnect
        else {
            return None;
        };
        if max_tries.is_some_and(|most| self.tries >= most) {
            return None;
        }
        let limit = first.saturating_mul(1 << self.tries.min(31));
        let limit = limit.min(cap).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        Some(limit.mul_f64(random as f64 / u64::MAX as f64))
    }

    /// Takes note of how long a connection lasted. Only a good one lets the waits begin anew:
    /// two clients with the same client identifier, which disconnect each other, wait longer and
    /// longer, and so does a client whose connections end for the same reason again and again.
    pub fn on_connection_ended(&mut self, lasted: Duration, reconnect: &Reconnect) {
        if let Reconnect::BackOff { cap, .. } = *reconnect
            && lasted >= cap.max(GOOD)
        {
            self.tries = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(first: u64, cap: u64, max_tries: Option<u32>) -> Reconnect {
        Reconnect::BackOff {
            first: Duration::from_secs(first),
            cap: Duration::from_secs(cap),
            max_tries,
        }
    }

    #[test]
    fn rule_07_waits_double_up_to_the_cap_and_end() {
        let reconnect = seconds(1, 5, Some(4));
        let mut waits = BackOff::default();
        for limit in [1, 2, 4, 5] {
            let wait = waits.next(&reconnect, u64::MAX);
            assert_eq!(wait, Some(Duration::from_secs(limit)));
        }
        assert_eq!(waits.next(&reconnect, 0), None);
        assert_eq!(BackOff::default().next(&Reconnect::Never, 0), None);
    }

    #[test]
    fn rule_07_waits_are_spread_over_the_whole_range() {
        let reconnect = seconds(8, 8, None);
        let mut waits = BackOff::default();
        for eighth in 0..=8 {
            let random = (u64::MAX / 8).saturating_mul(eighth);
            let wait = waits.next(&reconnect, random).unwrap();
            assert!(wait.abs_diff(Duration::from_secs(eighth)) < Duration::from_millis(1));
        }
    }

    #[test]
    fn rule_07_only_a_good_connection_lets_waits_begin_anew() {
        let reconnect = seconds(60, 60, Some(2));
        let mut waits = BackOff::default();
        while waits.next(&reconnect, 0).is_some() {}
        waits.on_connection_ended(Duration::from_secs(59), &reconnect);
        assert_eq!(waits.next(&reconnect, 0), None);
        waits.on_connection_ended(Duration::from_secs(60), &reconnect);
        assert!(waits.next(&reconnect, 0).is_some());
    }

    #[test]
    fn waits_end_within_a_year_and_go_on_without_a_limit() {
        let reconnect = Reconnect::BackOff {
            first: Duration::MAX,
            cap: Duration::MAX,
            max_tries: None,
        };
        let mut waits = BackOff::default();
        for _ in 0..5000 {
            let year = Duration::from_secs(31_536_000);
            assert_eq!(waits.next(&reconnect, u64::MAX), Some(year));
        }
    }
}
