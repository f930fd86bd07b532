//! The counts of a run, and the times that it measures.
use crate::exit::Failure;
use hdrhistogram::Histogram;
use std::{sync::Mutex, sync::PoisonError, time::Duration};

/// The longest time in nanoseconds, an hour: longer ones count as this one.
const LONGEST: u64 = 3_600_000_000_000;

/// Times in nanoseconds, to three digits.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST, 3);
        Times(times.expect("these bounds are in order"))
    }
}

impl Times {
    /// Adds a time.
    pub fn record(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanos);
    }

    /// Adds the times of another.
    pub fn add(&mut self, other: &Times) {
        // All have the same bounds.
        let _ = self.0.add(&other.0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns the time that `percent` of all do not exceed.
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_percentile(percent))
    }

    /// Returns the longest time.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }
}

/// The counts of the clients of one thread.
#[derive(Default)]
pub struct Tally {
    pub connected: u32,
    /// Clients that are connected and, if they subscribe, subscribed.
    pub ready: u32,
    pub failed: u32,
    /// The first failure.
    pub failure: Option<Failure>,
    pub connecting: Times,
    /// Publishers that have sent all of their messages.
    pub done: u32,
    /// Messages that have arrived, each counted once.
    pub arrived: u64,
    pub latency: Times,
    /// The latencies since the last sample.
    pub recent: Times,
    /// The times from the storm until connections were back.
    pub back: Times,
}

/// A tally that a thread writes and another one reads.
#[derive(Default)]
pub struct Shared(Mutex<Tally>);

impl Shared {
    pub fn with<T>(&self, f: impl FnOnce(&mut Tally) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tally {
    /// A client could not connect or subscribe.
    pub fn on_failure(&mut self, failure: Failure) {
        self.failed += 1;
        self.failure.get_or_insert(failure);
    }

    /// Adds the counts of another thread.
    pub fn add(&mut self, other: &mut Tally) {
        self.connected += other.connected;
        self.ready += other.ready;
        self.failed += other.failed;
        if self.failure.is_none() {
            self.failure = other.failure.take();
        }
        self.connecting.add(&other.connecting);
        self.done += other.done;
        self.arrived += other.arrived;
        self.latency.add(&other.latency);
        self.recent.add(&other.recent);
        self.back.add(&other.back);
    }
}

/// The counts of one client at its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Messages that were to arrive, each counted once.
    pub expected: u64,
    pub distinct: u64,
    pub duplicates: u64,
    pub disordered: u64,
    /// Messages that arrived, and were dropped because this program did not keep up.
    pub dropped: u64,
}

impl Counts {
    pub fn add(&mut self, other: Counts) {
        self.expected += other.expected;
        self.distinct += other.distinct;
        self.duplicates += other.duplicates;
        self.disordered += other.disordered;
        self.dropped += other.dropped;
    }

    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_all_threads() {
        let mut all = Times::default();
        for thread in 0..4 {
            let mut times = Times::default();
            for n in 0..250 {
                times.record(Duration::from_micros(1 + thread + 4 * n));
            }
            all.add(&times);
        }
        assert_eq!(all.count(), 1000);
        for (percent, micros) in [(50.0, 500), (90.0, 900), (99.9, 999)] {
            let found = all.percentile(percent).as_micros();
            assert!(found.abs_diff(micros) <= micros / 500, "{percent}: {found}");
        }
        assert!(all.max() >= Duration::from_micros(1000));
        // Longer than anything is no fault.
        all.record(Duration::MAX);
        let hour = all.max().as_secs_f64();
        assert!((3590.0..3610.0).contains(&hour), "{hour}");
    }

    #[test]
    fn losses_are_counted_by_what_was_to_arrive() {
        let mut counts = Counts::default();
        for distinct in [90, 100] {
            counts.add(Counts {
                expected: 100,
                distinct,
                duplicates: 3,
                ..Counts::default()
            });
        }
        assert_eq!((counts.lost(), counts.duplicates), (10, 6));
    }
}
