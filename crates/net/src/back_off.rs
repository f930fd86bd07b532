//! How long to wait before the next attempt to connect.
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;

/// No wait is longer, so that any clock can tell when it ends.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Waiting times between attempts to connect: a random time of up to a limit that doubles from try to try, up to a cap.
///
/// The whole time is random ("full jitter"), so that a thousand clients of a broker that restarts do not come back in the same moment,
/// and two clients with one client identifier do not throw each other out in step.
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
#[derive(Debug)]
pub struct BackOff {
    builder: ExponentialBuilder,
    limits: ExponentialBackoff,
}

impl BackOff {
    /// The first wait is `first` at most, no wait is longer than `cap`, or a year, and there are `max_tries` of them; `None`: as many as it
    /// takes.
    pub fn new(first: Duration, cap: Duration, max_tries: Option<u32>) -> Self {
        let cap = cap.min(LONGEST);
        let builder = ExponentialBuilder::new().with_factor(2.0).with_min_delay(first.min(cap)).with_max_delay(cap);
        let builder = match max_tries {
            Some(tries) => builder.with_max_times(tries as usize),
            None => builder.without_max_times(),
        };
        BackOff { builder, limits: builder.build() }
    }

    /// Begins anew: the connection was good for a while.
    pub fn reset(&mut self) {
        self.limits = self.builder.build();
    }
}

impl Iterator for BackOff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.limits.next().map(|limit| limit.mul_f64(fastrand::f64()))
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
        assert!(waits.iter().any(|&wait| wait < limit / 8) && waits.iter().any(|&wait| wait > limit / 8 * 7));
    }

    #[test]
    fn a_reset_begins_anew() {
        let mut waits = BackOff::new(Duration::from_millis(1), Duration::from_secs(60), Some(2));
        assert_eq!(waits.by_ref().count(), 2);
        waits.reset();
        assert!(waits.next().unwrap() <= Duration::from_millis(1));
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
