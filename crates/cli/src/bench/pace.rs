//! The times at which a publisher sends. They follow from the rate alone, and not from how fast the
//! broker takes messages: so a message that waits for the broker is late, and the wait is part of
//! its latency.
use super::Rate;
use std::time::Duration;

/// The times of one publisher.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The time between two messages; `None` if each follows the one before.
    interval: Option<Duration>,
    begin: Duration,
    end: Duration,
    sent: u64,
    limit: u64,
}

/// The next thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Send the message that was to be sent then.
    Send(Duration),
    Wait {
        until: Duration,
    },
    Done,
}

impl Pace {
    /// Makes the pace of one of so many publishers that send at a rate together, from `begin` to
    /// `end`, and no more than `count` messages together.
    pub fn new(
        rate: Rate,
        (publisher, publishers): (u32, u32),
        (begin, end): (Duration, Duration),
        count: Option<u64>,
    ) -> Self {
        let (index, all) = (u64::from(publisher), u64::from(publishers.max(1)));
        let limit = count.map_or(u64::MAX, |count| {
            count / all + u64::from(index < count % all)
        });
        let interval = match rate {
            Rate::Max => None,
            Rate::PerSecond(rate) => {
                let interval = Duration::try_from_secs_f64(all as f64 / rate);
                Some(interval.unwrap_or(Duration::MAX))
            }
        };
        // Not all at the same time.
        let offset = interval.map_or(Duration::ZERO, |interval| {
            interval.mul_f64(index as f64 / all as f64)
        });
        Pace {
            interval,
            begin: begin.saturating_add(offset),
            end,
            sent: 0,
            limit,
        }
    }

    /// Returns the next step. If it is to send a message, this message counts as sent from now on.
    pub fn next(&mut self, now: Duration) -> Next {
        if self.sent >= self.limit {
            return Next::Done;
        }
        let due = match self.interval {
            None => now.max(self.begin),
            Some(interval) => self.begin.saturating_add(times(interval, self.sent)),
        };
        if due >= self.end {
            Next::Done
        } else if due > now {
            Next::Wait { until: due }
        } else {
            self.sent += 1;
            Next::Send(due)
        }
    }
}

/// Multiplies without rounding that adds up.
fn times(interval: Duration, times: u64) -> Duration {
    let nanos = interval.as_nanos().saturating_mul(times.into());
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn messages_are_due_at_the_rate_whatever_the_broker_does() {
        let mut pace = Pace::new(Rate::PerSecond(100.0), (0, 1), (MS * 5, MS * 50), None);
        assert_eq!(pace.next(MS), Next::Wait { until: MS * 5 });
        assert_eq!(pace.next(MS * 5), Next::Send(MS * 5));
        assert_eq!(pace.next(MS * 5), Next::Wait { until: MS * 15 });
        // The broker took nothing for a while: the messages were to be sent earlier.
        assert_eq!(pace.next(MS * 40), Next::Send(MS * 15));
        assert_eq!(pace.next(MS * 40), Next::Send(MS * 25));
        assert_eq!(pace.next(MS * 60), Next::Send(MS * 35));
        assert_eq!(pace.next(MS * 60), Next::Send(MS * 45));
        assert_eq!(pace.next(MS * 60), Next::Done);
    }

    #[test]
    fn publishers_share_the_rate_and_the_count() {
        let mut times = Vec::new();
        for publisher in 0..4 {
            let span = (Duration::ZERO, Duration::from_secs(9));
            let mut pace = Pace::new(Rate::PerSecond(1000.0), (publisher, 4), span, Some(10));
            while let Next::Send(due) = pace.next(Duration::MAX) {
                times.push(due);
            }
        }
        times.sort();
        let wanted: Vec<_> = (0..10).map(|n| MS * n).collect();
        assert_eq!(times, wanted);
    }

    #[test]
    fn without_a_rate_each_message_is_due_at_once() {
        let mut pace = Pace::new(Rate::Max, (0, 1), (MS, MS * 9), Some(2));
        assert_eq!(pace.next(Duration::ZERO), Next::Wait { until: MS });
        assert_eq!(pace.next(MS * 3), Next::Send(MS * 3));
        assert_eq!(pace.next(MS * 4), Next::Send(MS * 4));
        assert_eq!(pace.next(MS * 4), Next::Done);
        let mut pace = Pace::new(Rate::Max, (0, 1), (MS, MS * 9), None);
        assert_eq!(pace.next(MS * 9), Next::Done);
    }
}
