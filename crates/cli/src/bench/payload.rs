//! The beginning of each payload: which message it is, and when it was to be sent.
use std::time::Duration;

/// The length of what each payload begins with.
pub const LEAST: usize = 24;

/// A message of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamped {
    /// A number of the run, which other messages to the same topic do not have.
    pub run: u32,
    pub publisher: u32,
    /// The number of the message, counted from 0 for each publisher.
    pub sequence: u64,
    /// The time at which it was to be sent, on the clock of the run.
    pub intended: Duration,
}

impl Stamped {
    /// Writes it at the beginning of a payload.
    pub fn write(&self, payload: &mut [u8]) {
        let intended = u64::try_from(self.intended.as_nanos()).unwrap_or(u64::MAX);
        let mut stamp = [0; LEAST];
        stamp[..4].copy_from_slice(&self.run.to_le_bytes());
        stamp[4..8].copy_from_slice(&self.publisher.to_le_bytes());
        stamp[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        stamp[16..].copy_from_slice(&intended.to_le_bytes());
        payload[..LEAST].copy_from_slice(&stamp);
    }

    /// Reads it from the beginning of a payload; `None` if that is not of this run.
    pub fn read(payload: &[u8], run: u32) -> Option<Self> {
        let word = |at| {
            let bytes = payload.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let long = |at| {
            let bytes = payload.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let stamped = Stamped {
            run: word(0)?,
            publisher: word(4)?,
            sequence: long(8)?,
            intended: Duration::from_nanos(long(16)?),
        };
        (stamped.run == run).then_some(stamped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_come_back_as_they_were() {
        let stamped = Stamped {
            run: 0x0102_0304,
            publisher: 77,
            sequence: u64::MAX - 1,
            intended: Duration::from_nanos(123_456_789_012),
        };
        let mut payload = [7; 30];
        stamped.write(&mut payload);
        assert_eq!(payload[LEAST..], [7; 6]);
        assert_eq!(Stamped::read(&payload, 0x0102_0304), Some(stamped));
        assert_eq!(Stamped::read(&payload, 5), None);
        assert_eq!(Stamped::read(&payload[..LEAST - 1], 0x0102_0304), None);
    }
}
