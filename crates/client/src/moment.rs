//! Times in half the memory of [`Duration`], for what each connection or each request keeps.
use core::{num::NonZeroU64, time::Duration};

/// A time on the clock of the client, which counts nanoseconds for 584 years.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Moment {
    /// Nanoseconds, and one more.
    after: NonZeroU64,
}

impl Moment {
    #[inline]
    pub fn get(self) -> Duration {
        Duration::from_nanos(self.after.get() - 1)
    }
}

impl Default for Moment {
    fn default() -> Self {
        Moment {
            after: NonZeroU64::MIN,
        }
    }
}

impl From<Duration> for Moment {
    /// A time after the last moment becomes the last one.
    #[inline]
    fn from(time: Duration) -> Self {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Moment {
            after: NonZeroU64::MIN.saturating_add(nanoseconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_nanoseconds() {
        for time in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::new(100 * 365 * 86_400, 999_999_999),
        ] {
            assert_eq!(Moment::from(time).get(), time);
        }
        assert_eq!(Moment::default().get(), Duration::ZERO);
        let last = Duration::from_nanos(u64::MAX - 1);
        assert_eq!(Moment::from(Duration::MAX).get(), last);
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }
}
