//! The end of the answer to the request for a WebSocket.
use tungstenite::Bytes;

/// Finds the end of the answer's head, and keeps what was read with it: that belongs to the frames.
#[derive(Debug, Default)]
pub struct ResponseHead {
    /// Empty lines before the first that is not are no end.
    has_begun: bool,
    line_is_empty: bool,
    is_complete: bool,
    rest: Bytes,
}

impl ResponseHead {
    /// Returns how many of these bytes belong to the head, which are those to give on; keeps the
    /// others.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => {}
                b'\n' if self.has_begun && self.line_is_empty => {
                    self.is_complete = true;
                    self.rest = Bytes::copy_from_slice(&bytes[at + 1..]);
                    return at + 1;
                }
                b'\n' => self.line_is_empty = true,
                _ => (self.has_begun, self.line_is_empty) = (true, false),
            }
        }
        bytes.len()
    }

    /// Returns whether the head has come to its end.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns bytes that came behind the head, at most `limit` at a time; none if there are no
    /// more.
    pub fn take_rest(&mut self, limit: usize) -> Bytes {
        let n = self.rest.len().min(limit);
        self.rest.split_to(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_at_the_first_empty_line_behind_a_line() {
        for (head, rest) in [
            (&b"HTTP/1.1 101 S\r\na: b\r\n\r\n"[..], &b"\r\n\r\n"[..]),
            (b"\r\n\r\nHTTP/1.1 101 S\r\na: b\r\n\r\n", b"\x82"),
            (b"HTTP/1.1 101 S\na: b\n\n", b"\n"),
            (b"HTTP/1.1 101 S\r\n\r\n", b""),
        ] {
            let all = [head, rest].concat();
            for piece in 1..=all.len() {
                let (mut found, mut given, mut kept) = (ResponseHead::default(), 0, Vec::new());
                for piece in all.chunks(piece) {
                    if found.is_complete() {
                        kept.extend_from_slice(piece);
                    } else {
                        given += found.take(piece);
                        kept.extend_from_slice(&found.take_rest(usize::MAX));
                    }
                }
                assert_eq!((given, &kept[..]), (head.len(), rest), "pieces of {piece}");
            }
        }
    }
}
