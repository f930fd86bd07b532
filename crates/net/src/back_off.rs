//! How long to wait before the next attempt to connect.
use std::time::Duration;

/// No wait is longer, so that any clock can tell when it ends.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// So long a connection lasts at least that was a good one.
const GOOD: Duration = Duration::from_secs(30);

/// What to do when the connection is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reconnect {
    /// Nothing: calls say that the connection is lost from then on.
    Never,
    /// Connect again after waits as [`BackOff`] gives them.
    BackOff {
        /// The longest wait before the first attempt; it doubles from attempt to attempt ...
        first: Duration,
        /// ... up to this.
        cap: Duration,
        /// Attempts until it is given up; `None`: never.
        max_tries: Option<u32>,
    },
}

impl Reconnect {
    /// Up to half a second before the first attempt and up to a minute before later ones, without
    /// end.
    pub const fn back_off() -> Self {
        Reconnect::BackOff {
            first: Duration::from_millis(500),
            cap: Duration::from_secs(60),
            max_tries: None,
        }
    }

    /// The waits, if there are any.
    pub fn waits(self) -> Option<BackOff> {
        match self {
            Reconnect::Never => None,
            Reconnect::BackOff {
                first,
                cap,
                max_tries,
            } => Some(BackOff::new(first, cap, max_tries)),
        }
    }
}

/// Waiting times between attempts to connect: a random time of up to a limit that doubles from try
/// to try, up to a cap.
///
/// The whole time is random ("full jitter"), so that a thousand clients of a broker that restarts
/// do not come back in the same moment, and two clients with one client identifier do not throw
/// each other out in step.
///
/// ```
/// use motemq_net::BackOff;
/// use std::time::Duration;
/// let mut waits = BackOff::new(Duration::from_secs(1), Duration::from_secs(4), Some(4));
/// assert!(waits.next().unwrap() <= Duration::from_secs(1));
/// assert!(waits.next().unwrap() <= Duration::from_secs(2));
/// assert!(waits.next().unwrap() <= Duration::from_secs(4));
/// assert!(waits.next().unwrap() <= Duration::from_secs(4));
/// assert_eq!(waits.next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct BackOff {
    first: Duration,
    cap: Duration,
    max_tries: Option<u32>,
    tries: u32,
}

impl BackOff {
    /// The first wait is `first` at most, no wait is longer than `cap`, or a year, and there are
    /// `max_tries` of them; `None`: as many as it takes.
    pub fn new(first: Duration, cap: Duration, max_tries: Option<u32>) -> Self {
        BackOff {
            first,
            cap: cap.min(LONGEST),
            max_tries,
            tries: 0,
        }
    }

    /// As if so many attempts had been waited for, and no more: for who has no room to keep it.
    pub fn after(self, tries: u32) -> Self {
        BackOff { tries, ..self }
    }

    /// A connection that lasted so long was a good one.
    pub fn is_good(&self, time: Duration) -> bool {
        time >= self.cap.max(GOOD)
    }

    /// Begins anew: the connection was good for a while.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// A connection ended that lasted so long. Only a good one lets waiting begin anew: two clients
    /// with one client identifier, who throw each other out, wait longer and longer.
    pub fn ended_after(&mut self, time: Duration) {
        if self.is_good(time) {
            self.reset();
        }
    }
}

impl Iterator for BackOff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.max_tries.is_some_and(|most| self.tries >= most) {
            return None;
        }
        let limit = self
            .first
            .saturating_mul(1 << self.tries.min(31))
            .min(self.cap);
        self.tries = self.tries.saturating_add(1);
        Some(limit.mul_f64(fastrand::f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let limit = Duration::from_secs(8);
        let waits: Vec<_> = BackOff::new(limit, limit, Some(400)).collect();
        assert_eq!(waits.len(), 400);
        assert!(waits.iter().all(|&wait| wait <= limit));
        assert!(
            waits.iter().any(|&wait| wait < limit / 8)
                && waits.iter().any(|&wait| wait > limit / 8 * 7)
        );
    }

    #[test]
    fn a_reset_begins_anew() {
        let mut waits = BackOff::new(Duration::from_millis(1), Duration::from_secs(60), Some(2));
        assert_eq!(waits.by_ref().count(), 2);
        waits.reset();
        assert!(waits.next().unwrap() <= Duration::from_millis(1));
    }

    #[test]
    fn only_a_good_connection_is_a_reset() {
        let cap = Duration::from_secs(60);
        let mut waits = BackOff::new(cap, cap, Some(2));
        assert_eq!(waits.by_ref().count(), 2);
        waits.ended_after(Duration::from_secs(59));
        assert_eq!(waits.next(), None);
        waits.ended_after(cap);
        assert_eq!(waits.count(), 2);
    }

    #[test]
    fn waits_end_in_our_lifetime() {
        let waits = BackOff::new(Duration::MAX, Duration::MAX, Some(400));
        assert!(waits.into_iter().all(|wait| wait <= LONGEST));
    }

    #[test]
    fn without_limit_it_goes_on() {
        let mut waits = BackOff::new(Duration::from_secs(1), Duration::from_secs(2), None);
        assert!(waits.nth(5000).unwrap() <= Duration::from_secs(2));
    }
}
