//! The unencrypted part of a handshake: up to TLS 1.2 a server asks for the client's certificate in
//! the clear, and rejects its absence without naming it.
use super::records::Records;
use std::{
    fmt,
    io::{self, Read, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes that are kept. More come before both sides encrypt only with enormous certificates.
const MAX_LOG: usize = 64 << 10;
/// Type of a record that holds a part of the handshake. Behind any other all is encrypted.
const HANDSHAKE: u8 = 22;
const CERTIFICATE_REQUEST: u8 = 13;

/// The bytes that were received in the handshake. Clones share them.
#[derive(Clone, Default)]
pub struct HandshakeLog(Arc<Mutex<Vec<u8>>>);

impl HandshakeLog {
    /// Adds bytes.
    pub fn on_read(&self, bytes: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_LOG.saturating_sub(all.len());
        all.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Returns whether the server has requested a certificate, as far as that is in the clear.
    pub fn requests_certificate(&self) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut messages = Vec::new();
        let mut records = &all[..];
        while let &[HANDSHAKE, _, _, high, low, ref rest @ ..] = records {
            let (record, behind) =
                rest.split_at(rest.len().min(u16::from_be_bytes([high, low]).into()));
            messages.extend_from_slice(record);
            records = behind;
        }
        let mut messages = &messages[..];
        while let &[kind, high, middle, low, ref rest @ ..] = messages {
            if kind == CERTIFICATE_REQUEST {
                return true;
            }
            messages = rest
                .get(u32::from_be_bytes([0, high, middle, low]) as usize..)
                .unwrap_or_default();
        }
        false
    }
}

/// A stream below TLS: logs what comes in the handshake, and follows the records.
pub struct HandshakeTap<S> {
    inner: S,
    log: Option<HandshakeLog>,
    records: Records,
    /// Something was received since the last call of `take_partial`.
    has_read: bool,
}

impl<S> fmt::Debug for HandshakeTap<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandshakeTap")
    }
}

impl<S> HandshakeTap<S> {
    pub fn new(inner: S, log: HandshakeLog) -> Self {
        HandshakeTap {
            inner,
            log: Some(log),
            records: Records::default(),
            has_read: false,
        }
    }

    /// Ends the log: the handshake is complete.
    pub fn end_log(&mut self) {
        self.log = None;
    }

    /// Returns whether anything has come since the last call that ends in the middle of a record.
    pub fn take_partial(&mut self) -> bool {
        mem::take(&mut self.has_read) && self.records.is_incomplete()
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the stream.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: Read> Read for HandshakeTap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.has_read |= n > 0;
        self.records.on_read(&buffer[..n]);
        if let Some(log) = &self.log {
            log.on_read(&buffer[..n]);
        }
        Ok(n)
    }
}

impl<S: Write> Write for HandshakeTap<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(bytes: &[u8]) -> bool {
        let log = HandshakeLog::default();
        bytes.iter().for_each(|&byte| log.on_read(&[byte]));
        log.requests_certificate()
    }

    #[test]
    fn a_request_for_a_certificate_is_found_in_the_clear() {
        // ServerHello, then a request cut by the records' ends.
        assert!(requests(
            b"\x16\x03\x03\0\x06\x02\0\0\x01.\x0d\x16\x03\x03\0\x04\0\0\x01."
        ));
        assert!(!requests(b"\x16\x03\x03\0\x05\x02\0\0\x01\x0d"));
        // Behind the change to encryption it may look like anything.
        assert!(!requests(
            b"\x16\x03\x03\0\x05\x02\0\0\x01.\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x05\x0d\0\0\x01."
        ));
        // The message before it has not come whole; nothing has; no TLS.
        assert!(!requests(b"\x16\x03\x03\0\x06\x02\xff\xff\xff\x0d\x0d"));
        assert!(!requests(b""));
        assert!(!requests(b"HTTP/1.1 400 Bad Request"));
    }

    #[test]
    fn the_log_is_bounded() {
        let log = HandshakeLog::default();
        (0..100).for_each(|_| log.on_read(&[0; 1000]));
        assert_eq!(log.0.lock().unwrap().len(), MAX_LOG);
    }
}
