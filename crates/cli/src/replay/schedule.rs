//! The times at which the messages of a recording are published.
use std::time::Duration;

/// A factor for the pace of a recording.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Speed {
    /// A multiple of the recorded pace.
    Times(f64),
    /// As fast as the broker takes them.
    Max,
}

/// The times of a recording that is replayed, on a clock that begins with it.
pub struct Schedule {
    speed: Speed,
    /// No pause is longer.
    max_pause: Duration,
    /// The time of a message, and the time at which it is published. Those behind it follow from it.
    begin: Option<(Duration, Duration)>,
    /// The time of the message before, as it was recorded.
    before: Duration,
    last: Duration,
}

impl Schedule {
    /// Makes a schedule for this speed.
    pub fn new(speed: Speed, max_pause: Option<Duration>) -> Self {
        Schedule {
            speed,
            max_pause: max_pause.unwrap_or(Duration::MAX),
            begin: None,
            before: Duration::ZERO,
            last: Duration::ZERO,
        }
    }

    /// Returns when a message is due that was recorded at this time. If the clock of the recorder was
    /// set back, the message is due at the time of the one before it, and the pace goes on from there;
    /// one without a time is due at the same time, too.
    pub fn due(&mut self, recorded: Option<Duration>) -> Duration {
        let Speed::Times(times) = self.speed else {
            return Duration::ZERO;
        };
        let Some(recorded) = recorded else {
            return self.last;
        };
        let is_set_back = recorded < self.before;
        self.before = recorded;
        let (first, begin) = match self.begin {
            Some(begin) if !is_set_back => begin,
            _ => *self.begin.insert((recorded, self.last)),
        };
        let since = recorded.saturating_sub(first).as_secs_f64() / times;
        let since = Duration::try_from_secs_f64(since).unwrap_or(Duration::MAX);
        let due = begin.saturating_add(since);
        let longest = self.last.saturating_add(self.max_pause);
        if due > longest {
            self.begin = Some((recorded, longest));
        }
        self.last = self.last.max(due.min(longest));
        self.last
    }

    /// The recording begins again, right after its last message.
    pub fn begin_again(&mut self) {
        self.begin = None;
        self.before = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn due(speed: Speed, recorded: &[u32]) -> Vec<Duration> {
        let mut schedule = Schedule::new(speed, None);
        let at = |&ms: &u32| Some(MS * (1_000_000 + ms));
        recorded.iter().map(|ms| schedule.due(at(ms))).collect()
    }

    #[test]
    fn gaps_are_those_of_the_recording() {
        let recorded = [0, 10, 10, 250];
        assert_eq!(
            due(Speed::Times(1.0), &recorded),
            [0, 10, 10, 250].map(|n| MS * n)
        );
        assert_eq!(
            due(Speed::Times(2.0), &recorded),
            [0, 5, 5, 125].map(|n| MS * n)
        );
        assert_eq!(
            due(Speed::Times(0.5), &recorded),
            [0, 20, 20, 500].map(|n| MS * n)
        );
        assert_eq!(due(Speed::Max, &recorded), [Duration::ZERO; 4]);
    }

    #[test]
    fn no_message_overtakes_another() {
        // The clock was set back by 90 ms.
        let recorded = [0, 100, 10, 50, 110];
        assert_eq!(
            due(Speed::Times(1.0), &recorded),
            [0, 100, 100, 140, 200].map(|n| MS * n)
        );
        // And before its beginning.
        let mut schedule = Schedule::new(Speed::Times(1.0), None);
        assert_eq!(schedule.due(Some(MS * 50)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS)), Duration::ZERO);
        assert_eq!(schedule.due(None), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 70)), MS * 69);
        assert_eq!(schedule.due(None), MS * 69);
    }

    /// The clock of the recorder was set from 1970 to the present time.
    #[test]
    fn no_pause_is_longer_than_wanted() {
        let mut schedule = Schedule::new(Speed::Times(2.0), Some(MS * 100));
        let years = Duration::from_secs(1_700_000_000);
        let recorded = [MS, MS * 11, years, years + MS * 50, years + MS * 1050];
        let due = recorded.map(|at| schedule.due(Some(at)));
        assert_eq!(due, [0, 5, 105, 130, 230].map(|n| MS * n));
    }

    #[test]
    fn a_recording_that_begins_again_follows_its_end() {
        let mut schedule = Schedule::new(Speed::Times(1.0), None);
        assert_eq!(schedule.due(Some(MS * 50)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 80)), MS * 30);
        schedule.begin_again();
        assert_eq!(schedule.due(Some(MS * 50)), MS * 30);
        assert_eq!(schedule.due(Some(MS * 80)), MS * 60);
    }

    #[test]
    fn very_slow_is_no_fault() {
        let mut schedule = Schedule::new(Speed::Times(1e-300), None);
        assert_eq!(schedule.due(Some(MS)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 2)), Duration::MAX);
    }
}
