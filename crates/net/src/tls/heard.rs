//! What anybody can hear of a handshake: up to TLS 1.2 a server asks for the client's certificate
//! in the clear, and objects to its absence without saying to what.
use super::Records;
use std::{
    fmt,
    io::{self, Read, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// More does not come before both sides encrypt, but by way of enormous certificates.
const MOST: usize = 64 << 10;
/// A record that holds a part of the handshake. Behind any other all is encrypted.
const HANDSHAKE: u8 = 22;
const CERTIFICATE_REQUEST: u8 = 13;

/// Takes down what comes while hands are shaken. Copies are the same.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// This came.
    pub fn note(&self, bytes: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(all.len());
        all.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether a certificate was asked for, as far as it can be heard.
    pub fn asks_for_certificate(&self) -> bool {
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

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heard")
    }
}

/// A stream below TLS that is listened to while hands are shaken, and whose records are followed.
#[derive(Debug)]
pub struct Overheard<S> {
    inner: S,
    heard: Option<Heard>,
    records: Records,
    /// Whether anything has come since it was asked last.
    has_read: bool,
}

impl<S> Overheard<S> {
    pub(super) fn new(inner: S, heard: Heard) -> Self {
        Overheard {
            inner,
            heard: Some(heard),
            records: Records::default(),
            has_read: false,
        }
    }

    /// Hands are shaken.
    pub(super) fn listen_no_more(&mut self) {
        self.heard = None;
    }

    /// Returns whether anything has come since the last call that ends in the middle of a record.
    pub fn take_underway(&mut self) -> bool {
        mem::take(&mut self.has_read) && self.records.is_incomplete()
    }

    /// What is listened to.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// What is listened to.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: Read> Read for Overheard<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.has_read |= n > 0;
        self.records.pass(&buffer[..n]);
        if let Some(heard) = &self.heard {
            heard.note(&buffer[..n]);
        }
        Ok(n)
    }
}

impl<S: Write> Write for Overheard<S> {
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

    fn asks(bytes: &[u8]) -> bool {
        let heard = Heard::default();
        bytes.iter().for_each(|&byte| heard.note(&[byte]));
        heard.asks_for_certificate()
    }

    #[test]
    fn a_certificate_is_asked_for_in_the_clear_or_not_at_all() {
        // ServerHello, then a request cut by the records' ends.
        assert!(asks(
            b"\x16\x03\x03\0\x06\x02\0\0\x01.\x0d\x16\x03\x03\0\x04\0\0\x01."
        ));
        assert!(!asks(b"\x16\x03\x03\0\x05\x02\0\0\x01\x0d"));
        // Behind the change to encryption it may look like anything.
        assert!(!asks(
            b"\x16\x03\x03\0\x05\x02\0\0\x01.\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x05\x0d\0\0\x01."
        ));
        // The message before it has not come whole; nothing has; no TLS.
        assert!(!asks(b"\x16\x03\x03\0\x06\x02\xff\xff\xff\x0d\x0d"));
        assert!(!asks(b""));
        assert!(!asks(b"HTTP/1.1 400 Bad Request"));
    }

    #[test]
    fn no_more_is_kept_than_a_handshake_may_have() {
        let heard = Heard::default();
        (0..100).for_each(|_| heard.note(&[0; 1000]));
        assert_eq!(heard.0.lock().unwrap().len(), MOST);
    }
}
