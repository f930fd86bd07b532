//! Random numbers that are the same in each run, and sums of what comes of them.
use std::fmt;

/// Returns the next number of Xorshift.
pub fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// FNV-1a of text.
pub struct Sum(pub u64);

impl Sum {
    /// The sum of no text.
    pub fn new() -> Self {
        Sum(0xcbf2_9ce4_8422_2325)
    }
}

impl fmt::Write for Sum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        Ok(())
    }
}
