//! The time of a message.
use jiff::{Timestamp, Zoned, fmt::strtime, tz::TimeZone};
use std::{cell::OnceCell, time::SystemTime};

/// The time of a message, in parts.
pub struct Clock<'z> {
    now: SystemTime,
    zone: &'z TimeZone,
    zoned: OnceCell<Zoned>,
}

impl<'z> Clock<'z> {
    pub fn at(now: SystemTime, zone: &'z TimeZone) -> Self {
        Clock {
            now,
            zone,
            zoned: OnceCell::new(),
        }
    }

    fn zoned(&self) -> &Zoned {
        self.zoned.get_or_init(|| {
            Timestamp::try_from(self.now)
                .unwrap_or_default()
                .to_zoned(self.zone.clone())
        })
    }

    /// Returns what strftime makes of this character; what it does not know stays as it is.
    pub fn part(&self, char: char) -> String {
        if char == 'N' {
            return format!("{:09}", self.zoned().subsec_nanosecond());
        }
        let format = format!("%{char}");
        strtime::format(&format, self.zoned()).unwrap_or(format)
    }

    /// Returns date and time as ISO 8601 has them.
    pub fn iso(&self) -> String {
        self.zoned().strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
    }

    /// Returns the same with microseconds.
    pub fn iso_with_micros(&self) -> String {
        self.zoned().strftime("%Y-%m-%dT%H:%M:%S.%6f%z").to_string()
    }

    /// Returns the seconds since 1970, with nanoseconds.
    pub fn unix(&self) -> String {
        let zoned = self.zoned();
        let seconds = zoned.timestamp().as_second();
        format!("{seconds}.{:09}", zoned.subsec_nanosecond())
    }
}
