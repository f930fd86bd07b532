//! The payload of a long message, which is read straight into the memory in which it stays.
use alloc::vec::Vec;
use bytes::{BufMut, buf::Limit};
use core::{fmt, mem};

/// The fewest bytes for which it is worth while.
pub(crate) const FEWEST: usize = 16 << 10;
/// The most bytes for which there is memory before as many have arrived.
const RESERVED: usize = 1 << 20;
/// The most bytes that are initialized before they are read, so that they are still in the
/// processor's cache then.
const INITIALIZED: usize = 128 << 10;

/// The memory of a message whose payload has arrived in part. The driver reads the rest from the
/// transport directly into this memory, so that no byte of it is copied.
///
/// The driver owns one such buffer for each connection.
/// [`Client::poll_payload`](crate::Client::poll_payload) puts the memory of a message into it, and
/// takes it out again when the payload is complete, so that no system call has to be made while the
/// client is locked. The memory grows with the bytes that arrive: if a broker announces a long
/// message and does not send it, no more than 1 MiB is allocated.
#[derive(Default)]
pub struct PayloadBuf {
    /// The payload, and behind it bytes that are initialized.
    mem: Vec<u8>,
    /// The number of bytes that have arrived.
    filled: usize,
    /// Of these, the ones that the client has dealt with.
    taken: usize,
    /// The length of the whole payload.
    len: usize,
}

impl PayloadBuf {
    /// Makes a buffer without the memory of a message.
    pub const fn new() -> Self {
        PayloadBuf {
            mem: Vec::new(),
            filled: 0,
            taken: 0,
            len: 0,
        }
    }

    /// Returns the number of bytes that the driver has to read into this buffer before it reads
    /// into its read buffer again. It is 0 if the buffer has no memory of a message, and while
    /// [`has_unread`](Self::has_unread) returns true.
    pub fn wanted(&self) -> usize {
        if self.has_unread() {
            return 0;
        }
        self.len - self.filled
    }

    /// Returns whether bytes were read into this buffer that
    /// [`Client::poll_payload`](crate::Client::poll_payload) has not processed yet.
    pub fn has_unread(&self) -> bool {
        self.taken < self.filled
    }

    /// Returns the bytes that were read into this buffer and that
    /// [`Client::poll_payload`](crate::Client::poll_payload) has not processed yet.
    pub fn unread(&self) -> &[u8] {
        self.mem.get(self.taken..self.filled).unwrap_or_default()
    }

    /// Calls `read` with initialized memory. `read` fills its beginning and returns the number of
    /// bytes, which this function returns, too.
    ///
    /// # Errors
    /// The errors of `read`.
    pub fn read_with<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let n = self.wanted().min(self.room()).min(INITIALIZED);
        let end = self.filled + n;
        self.mem.resize(end.max(self.mem.len()), 0);
        let space = self.mem.get_mut(self.filled..end).unwrap_or_default();
        let n = read(space)?.min(n);
        self.filled += n;
        Ok(n)
    }

    /// Calls `read` with memory that need not be initialized, to which `read` appends bytes.
    /// Returns the result of `read`.
    pub fn fill_with<T>(&mut self, read: impl FnOnce(&mut Limit<&mut Vec<u8>>) -> T) -> T {
        let n = self.wanted().min(self.room());
        self.mem.truncate(self.filled);
        let done = read(&mut (&mut self.mem).limit(n));
        self.filled = self.mem.len().min(self.len);
        done
    }

    /// Returns the number of bytes for which there is memory, and makes more if there is none.
    fn room(&mut self) -> usize {
        if self.mem.capacity() == self.filled {
            let more = (self.len - self.filled).min(self.filled.max(RESERVED));
            self.mem.truncate(self.filled);
            self.mem.reserve_exact(more);
        }
        self.mem.capacity() - self.filled
    }

    /// From now on the buffer belongs to this payload, of which the beginning is there.
    pub(crate) fn begin(&mut self, payload: Vec<u8>, len: usize) {
        let filled = payload.len();
        *self = PayloadBuf {
            mem: payload,
            filled,
            taken: filled,
            len,
        };
    }

    /// The client has dealt with so many of the bytes that were read.
    pub(crate) fn take(&mut self, n: usize) {
        self.taken += n;
    }

    /// Returns the payload, as far as the client has dealt with it, and belongs to none any more.
    pub(crate) fn end(&mut self) -> Vec<u8> {
        let PayloadBuf { mut mem, taken, .. } = mem::take(self);
        mem.truncate(taken);
        mem
    }
}

/// Returns memory for a payload of `len` bytes.
pub(crate) fn memory(len: usize) -> Vec<u8> {
    Vec::with_capacity(len.min(RESERVED))
}

/// Shows the numbers of bytes, but not the bytes.
impl fmt::Debug for PayloadBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadBuf")
            .field("filled", &self.filled)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn memory_grows_with_what_arrives_up_to_the_length() {
        let len = 5 * RESERVED + 100;
        let mut buffer = PayloadBuf::new();
        assert_eq!(buffer.wanted(), 0);
        buffer.begin(vec![1; 10], len);
        let mut filled = 10;
        while filled < len {
            assert_eq!(buffer.wanted(), len - filled);
            let read = |space: &mut [u8]| {
                assert!(!space.is_empty() && space.len() <= INITIALIZED);
                space.fill(2);
                Ok::<_, ()>(space.len())
            };
            let n = if filled % 2 == 0 {
                buffer.read_with(read).unwrap()
            } else {
                buffer.fill_with(|space| {
                    space.put_slice(&[2; 1001]);
                    1001
                })
            };
            filled += n;
            assert!(buffer.mem.capacity() <= len.min(2 * filled.max(RESERVED)));
            assert_eq!((buffer.wanted(), buffer.unread().len()), (0, n));
            buffer.take(n);
        }
        let payload = buffer.end();
        assert_eq!((payload.len(), payload.capacity()), (len, len));
        assert!(payload[..10] == [1; 10] && payload[10..].iter().all(|&byte| byte == 2));
        assert_eq!(buffer.wanted(), 0);
    }

    #[test]
    fn memory_is_made_at_once_for_what_is_announced_up_to_a_limit() {
        for (len, capacity) in [(0, 0), (1000, 1000), (3 * RESERVED, RESERVED)] {
            assert_eq!(memory(len).capacity(), capacity);
        }
    }

    #[test]
    fn a_buffer_shows_numbers_and_no_bytes() {
        let mut buffer = PayloadBuf::new();
        buffer.begin(vec![170; 10], 1000);
        let text = format!("{buffer:?}");
        assert!(text.contains("1000") && !text.contains("170"), "{text}");
    }

    #[test]
    fn a_read_that_fails_adds_nothing() {
        let mut buffer = PayloadBuf::new();
        buffer.begin(vec![1; 10], 1000);
        assert_eq!(buffer.read_with(|_| Err(())), Err(()));
        assert_eq!((buffer.wanted(), buffer.has_unread()), (990, false));
        buffer.fill_with(|_| {});
        assert_eq!((buffer.wanted(), buffer.has_unread()), (990, false));
        assert_eq!(buffer.end(), [1; 10]);
    }
}
