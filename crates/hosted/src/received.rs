//! The read buffer, which grows with what arrives.

/// The number of bytes that are read at once while little arrives.
const LITTLE: usize = 4 << 10;

/// Bytes that were received and not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Received {
    mem: Vec<u8>,
    start: usize,
    end: usize,
    /// The number of bytes that are read at once.
    at_once: usize,
}

impl Received {
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.mem[self.start..self.end]
    }

    /// Keeps the last `n` bytes.
    #[inline]
    pub fn keep(&mut self, n: usize) {
        self.start = self.end - n;
        if n == 0 {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Returns room for more, so that there are never more than `limit` bytes.
    #[inline]
    pub fn space(&mut self, limit: usize) -> &mut [u8] {
        let len = self.end - self.start;
        let n = self.at_once.max(LITTLE).min(limit - len);
        if self.mem.len() < self.end + n {
            self.mem.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, len);
            if self.mem.len() < len + n {
                self.mem.resize(len + n, 0);
            }
        }
        &mut self.mem[self.end..self.end + n]
    }

    /// Adds bytes that were read into the space for them.
    #[inline]
    pub fn commit(&mut self, n: usize) {
        self.end += n;
        if n >= self.at_once.max(LITTLE) {
            // More was there: twice as much the next time.
            self.at_once = n * 2;
        }
    }

    /// Returns the last `n` bytes.
    #[inline]
    pub fn last(&self, n: usize) -> &[u8] {
        &self.mem[self.end - n..self.end]
    }

    /// Little is read at once from now on.
    #[inline]
    pub fn read_little(&mut self) {
        self.at_once = LITTLE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_bytes_stay_until_they_are_taken() {
        let mut received = Received::default();
        let mut expected = Vec::new();
        for n in 0..5_000_u32 {
            let space = received.space(72 << 10);
            assert!(!space.is_empty());
            let taken = space.len().min(1 + n as usize % 997);
            for (at, byte) in space[..taken].iter_mut().enumerate() {
                *byte = (n as usize + at) as u8;
                expected.push(*byte);
            }
            received.commit(taken);
            assert_eq!(received.bytes(), expected);
            if expected.len() > 70_000 || n % 64 == 0 {
                let rest = expected.len() / 3;
                received.keep(rest);
                expected.drain(..expected.len() - rest);
            }
        }
    }
}
