//! Bytes on their way out: memory that grows with what is to be sent, and is given back.
use alloc::{vec, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    mem,
};
use motemq::Out;

/// The most bytes of commands that wait to be written. The longest topic fits.
pub(crate) const LIMIT: usize = 72 << 10;
/// Bytes beyond the limit, for acknowledgements and the like.
const RESERVE: usize = 4 << 10;
/// The size of the first piece of memory.
const FIRST: usize = 128;

/// Bytes that are to be written to the transport.
///
/// The driver owns one, which [`Client::poll_output`](crate::Client::poll_output) fills by a swap,
/// so that no system call has to be made while the client is locked.
#[derive(Clone, Default)]
pub struct WriteBuf {
    mem: Vec<u8>,
    start: usize,
    end: usize,
}

impl WriteBuf {
    /// Makes an empty buffer without memory.
    pub const fn new() -> Self {
        WriteBuf {
            mem: Vec::new(),
            start: 0,
            end: 0,
        }
    }

    /// Returns whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the number of bytes to be written.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns the bytes to be written, oldest first.
    pub fn bytes(&self) -> &[u8] {
        self.mem.get(self.start..self.end).unwrap_or_default()
    }

    /// Removes the `n` oldest bytes, which the transport has taken.
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Removes all bytes, and keeps the memory.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Returns the memory to the allocator if the buffer is empty.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            self.mem = Vec::new();
        }
    }

    pub(crate) fn out(&mut self) -> Out<'_> {
        Out::new(&mut self.mem, &mut self.end)
    }

    /// Returns the number of bytes that fit without more memory.
    pub(crate) fn room(&self) -> usize {
        self.mem.len().saturating_sub(self.end)
    }

    /// Makes room for `n` bytes of a command. Returns `false` if that is more than the limit.
    #[inline]
    pub(crate) fn reserve(&mut self, n: usize) -> bool {
        self.grow(n, LIMIT)
    }

    /// Makes room for what must not wait for commands: acknowledgements and the like.
    #[inline]
    pub(crate) fn reserve_reply(&mut self, n: usize) -> bool {
        self.grow(n, LIMIT + RESERVE)
    }

    #[inline]
    fn grow(&mut self, n: usize, limit: usize) -> bool {
        let need = self.end.saturating_add(n);
        if need <= self.mem.len().min(limit) {
            return true;
        }
        if need > limit {
            return false;
        }
        let double = self.mem.len() * 2;
        let size = need.max(FIRST).max(double).min(LIMIT + RESERVE);
        if self.mem.is_empty() {
            // Memory that is zero already costs less.
            self.mem = vec![0; size];
        } else {
            self.mem.resize(size, 0);
        }
        true
    }

    /// Hands all bytes over to `other`, which is empty. From then on this buffer does not look
    /// empty to the session, since the broker has not received the bytes yet, until it is
    /// [cleared](Self::clear).
    pub(crate) fn pass(&mut self, other: &mut WriteBuf) {
        if self.is_empty() {
            self.clear();
            return;
        }
        mem::swap(self, other);
        (self.start, self.end) = (1, 1);
    }
}

/// Two buffers are equal for all purposes if they hold the same bytes and are used up alike.
impl Hash for WriteBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
        self.end.hash(state);
    }
}

/// Shows the number of bytes, not the bytes, which may contain a password.
impl fmt::Debug for WriteBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBuf")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use motemq::Output;

    fn fill(buffer: &mut WriteBuf, n: usize) {
        assert!(buffer.reserve(n));
        buffer.end += n;
    }

    #[test]
    fn a_buffer_grows_up_to_its_limit() {
        let mut buffer = WriteBuf::new();
        fill(&mut buffer, 10);
        assert!(buffer.mem.len() < 1000);
        assert!(!buffer.reserve(LIMIT));
        assert!(buffer.reserve(LIMIT - 10));
        assert!(buffer.reserve_reply(LIMIT) && !buffer.reserve_reply(LIMIT + RESERVE));
    }

    #[test]
    fn bytes_that_were_handed_over_are_not_written_yet() {
        let (mut buffer, mut other) = (WriteBuf::new(), WriteBuf::new());
        fill(&mut buffer, 10);
        buffer.pass(&mut other);
        assert_eq!((buffer.is_empty(), other.bytes().len()), (true, 10));
        assert!(buffer.reserve(16));
        buffer
            .out()
            .lend(|out| assert!(!format!("{out:?}").contains("taken: 0")));
        other.consume(10);
        buffer.pass(&mut other);
        assert_eq!(buffer.end, 0);
        buffer.shrink();
        assert_eq!(buffer.mem.capacity(), 0);
    }

    #[test]
    fn more_than_there_is_cannot_be_consumed() {
        let mut buffer = WriteBuf::new();
        fill(&mut buffer, 10);
        buffer.consume(4);
        assert_eq!(buffer.len(), 6);
        buffer.consume(usize::MAX);
        assert!(buffer.is_empty() && buffer.bytes().is_empty());
    }
}
