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
    /// The time of the first message, and the time at which it is published.
    begin: Option<(Duration, Duration)>,
    last: Duration,
}

impl Schedule {
    /// Makes a schedule for this speed.
    pub fn new(speed: Speed) -> Self {
        Schedule {
            speed,
            begin: None,
            last: Duration::ZERO,
        }
    }

    /// Returns when a message is due that was recorded at this time. No message is due before the
    /// one before it, even if the clock of the recorder was set back; one without a time is due at
    /// the same time.
    pub fn due(&mut self, recorded: Option<Duration>) -> Duration {
        let Speed::Times(times) = self.speed else {
            return Duration::ZERO;
        };
        if let Some(recorded) = recorded {
            let (first, begin) = *self.begin.get_or_insert((recorded, self.last));
            let since = recorded.saturating_sub(first).as_secs_f64() / times;
            let since = Duration::try_from_secs_f64(since).unwrap_or(Duration::MAX);
            self.last = self.last.max(begin.saturating_add(since));
        }
        self.last
    }

    /// The recording begins again, right after its last message.
    pub fn begin_again(&mut self) {
        self.begin = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn due(speed: Speed, recorded: &[u32]) -> Vec<Duration> {
        let mut schedule = Schedule::new(speed);
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
            [0, 100, 100, 100, 110].map(|n| MS * n)
        );
        // And before its beginning.
        let mut schedule = Schedule::new(Speed::Times(1.0));
        assert_eq!(schedule.due(Some(MS * 50)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS)), Duration::ZERO);
        assert_eq!(schedule.due(None), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 70)), MS * 20);
        assert_eq!(schedule.due(None), MS * 20);
    }

    #[test]
    fn a_recording_that_begins_again_follows_its_end() {
        let mut schedule = Schedule::new(Speed::Times(1.0));
        assert_eq!(schedule.due(Some(MS * 50)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 80)), MS * 30);
        schedule.begin_again();
        assert_eq!(schedule.due(Some(MS * 50)), MS * 30);
        assert_eq!(schedule.due(Some(MS * 80)), MS * 60);
    }

    #[test]
    fn very_slow_is_no_fault() {
        let mut schedule = Schedule::new(Speed::Times(1e-300));
        assert_eq!(schedule.due(Some(MS)), Duration::ZERO);
        assert_eq!(schedule.due(Some(MS * 2)), Duration::MAX);
    }
}
