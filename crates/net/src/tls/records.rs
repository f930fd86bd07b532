//! The records of TLS, as they look from outside.

const HEADER: usize = 5;
/// A record of application data. With TLS 1.3 others look like it from outside.
const APPLICATION_DATA: u8 = 23;

/// Follows the records of one direction. The content of a record can be read only when it is
/// complete: a slow link takes seconds for one, and meanwhile the only sign of life is below TLS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records {
    header: [u8; HEADER],
    header_len: usize,
    remaining: usize,
}

impl Records {
    /// Follows these bytes.
    pub fn on_read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.remaining == 0 {
                self.header[self.header_len] = bytes[0];
                bytes = &bytes[1..];
                self.header_len += 1;
                if self.header_len == HEADER {
                    let [.., high, low] = self.header;
                    self.remaining = u16::from_be_bytes([high, low]).into();
                    self.header_len = 0;
                }
            } else {
                let n = bytes.len().min(self.remaining);
                self.remaining -= n;
                bytes = &bytes[n..];
            }
        }
    }

    /// Returns whether a part of a record of application data has come, and a part of it has not.
    pub fn is_incomplete(&self) -> bool {
        self.remaining > 0 && self.header[0] == APPLICATION_DATA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_incomplete_from_its_header_to_its_last_byte() {
        let bytes = b"\x16\x03\x03\0\x02hh\x17\x03\x03\0\x03abc\x17\x03\x03\0\0\x14\x03\x03\0\x01!\x17\x03\x03\x01\0";
        let incomplete = [12, 13, 14, bytes.len()];
        for cut in 0..=bytes.len() {
            let mut records = Records::default();
            records.on_read(&bytes[..cut]);
            assert_eq!(records.is_incomplete(), incomplete.contains(&cut), "{cut}");
            // The same, byte by byte.
            let mut records = Records::default();
            bytes[..cut]
                .iter()
                .for_each(|&byte| records.on_read(&[byte]));
            assert_eq!(records.is_incomplete(), incomplete.contains(&cut), "{cut}");
        }
    }
}
