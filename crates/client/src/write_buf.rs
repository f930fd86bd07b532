//! Bytes on their way out: memory that grows with what is to be sent, and is given back.
use crate::requests::SharedText;
use alloc::{boxed::Box, vec, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    mem,
    ops::Range,
};
use motemq::Out;

/// The most bytes of commands that wait to be written. The longest topic fits.
pub(crate) const LIMIT: usize = 72 << 10;
/// The place of the first byte behind bytes that were handed over.
const BEHIND: usize = 1;
/// The longest topic and payload that are copied to the write buffer. They fit as soon as what was
/// written before has been handed over.
pub(crate) const LONGEST: usize = LIMIT - 16 - BEHIND;
/// The most bytes of a payload that are written at once, so that the driver does other things, too.
const AT_ONCE: usize = 256 << 10;
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
    /// The payload of a message that follows, and is written from the memory that holds it.
    payload: Option<Box<(SharedText, Range<usize>)>>,
}

impl WriteBuf {
    /// Makes an empty buffer without memory.
    pub const fn new() -> Self {
        WriteBuf {
            mem: Vec::new(),
            start: 0,
            end: 0,
            payload: None,
        }
    }

    /// Returns whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.start == self.end && self.payload.is_none()
    }

    /// Returns the number of bytes to be written.
    pub fn len(&self) -> usize {
        let payload = self.payload.as_ref();
        self.end - self.start + payload.map_or(0, |payload| payload.1.len())
    }

    /// Returns the bytes to be written next, oldest first. There are none only if the buffer is
    /// empty, but these may not be all: a long payload is written from the memory that holds it, a
    /// part at a time.
    pub fn bytes(&self) -> &[u8] {
        match self.payload.as_deref() {
            Some((text, range)) if self.start == self.end => {
                let end = range.end.min(range.start.saturating_add(AT_ONCE));
                text.get(range.start..end).unwrap_or_default()
            }
            _ => self.mem.get(self.start..self.end).unwrap_or_default(),
        }
    }

    /// Removes the `n` oldest bytes, which the transport has taken.
    pub fn consume(&mut self, n: usize) {
        let taken = n.min(self.end - self.start);
        self.start += taken;
        if let Some((_, range)) = self.payload.as_deref_mut() {
            range.start = range.start.saturating_add(n - taken);
            if range.start >= range.end {
                self.payload = None;
            }
        }
        if self.is_empty() {
            self.clear();
        }
    }

    /// Lets a payload follow, which is not copied.
    pub(crate) fn append(&mut self, text: SharedText, payload: Range<usize>) {
        self.payload = Some(Box::new((text, payload)));
    }

    /// Removes all bytes, and keeps the memory.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.payload = None;
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
        (self.start, self.end) = (BEHIND, BEHIND);
    }
}

/// Two buffers are equal for all purposes if they hold the same bytes and are used up alike.
impl Hash for WriteBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mem.get(self.start..self.end).hash(state);
        self.end.hash(state);
        self.payload.hash(state);
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
    extern crate std;
    use super::*;
    use alloc::format;
    use core::hash::{BuildHasher, BuildHasherDefault};
    use motemq::Output;
    use std::hash::DefaultHasher;

    impl WriteBuf {
        /// Adds bytes.
        pub(crate) fn fill(&mut self, n: usize) {
            assert!(self.reserve(n));
            self.end += n;
        }
    }

    #[test]
    fn a_buffer_grows_up_to_its_limit() {
        let mut buffer = WriteBuf::new();
        buffer.fill(10);
        assert!(buffer.mem.len() < 1000);
        assert!(!buffer.reserve(LIMIT));
        assert!(buffer.reserve(LIMIT - 10));
        assert!(buffer.reserve_reply(LIMIT) && !buffer.reserve_reply(LIMIT + RESERVE));
    }

    #[test]
    fn bytes_that_were_handed_over_are_not_written_yet() {
        let (mut buffer, mut other) = (WriteBuf::new(), WriteBuf::new());
        buffer.fill(10);
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
    fn a_payload_follows_what_was_there_and_is_written_in_parts() {
        let mut buffer = WriteBuf::new();
        buffer.fill(10);
        let text = SharedText::new(vec![7; AT_ONCE + 100].into());
        buffer.append(text.clone(), 5..text.len());
        assert_eq!((buffer.len(), buffer.bytes().len()), (AT_ONCE + 105, 10));
        buffer.consume(12);
        assert_eq!(
            (buffer.len(), buffer.bytes().len()),
            (AT_ONCE + 93, AT_ONCE)
        );
        buffer.consume(AT_ONCE);
        assert_eq!(buffer.bytes(), [7; 93]);
        buffer.shrink();
        buffer.consume(93);
        assert!(buffer.is_empty());
        // The memory is not needed any more.
        assert_eq!(alloc::sync::Arc::strong_count(&text), 1);
    }

    #[test]
    fn more_than_there_is_cannot_be_consumed() {
        let mut buffer = WriteBuf::new();
        buffer.fill(10);
        buffer.consume(4);
        assert_eq!(buffer.len(), 6);
        buffer.consume(usize::MAX);
        assert!(buffer.is_empty() && buffer.bytes().is_empty());
    }

    /// A buffer that fills slowly is moved a few times, and never takes more than it may.
    #[test]
    fn memory_grows_by_doubling() {
        let mut buffer = WriteBuf::new();
        let mut sizes = alloc::collections::BTreeSet::new();
        while buffer.reserve_reply(16) {
            buffer.end += 16;
            sizes.insert(buffer.mem.len());
        }
        assert_eq!(sizes.first(), Some(&FIRST));
        assert_eq!(sizes.last(), Some(&(LIMIT + RESERVE)));
        assert!(sizes.len() <= 11, "{sizes:?}");
    }

    #[test]
    fn a_buffer_shows_its_length_and_hashes_its_bytes() {
        let hash =
            |buffer: &WriteBuf| BuildHasherDefault::<DefaultHasher>::default().hash_one(buffer);
        let [mut buffer, mut other] = [(); 2].map(|()| {
            let mut buffer = WriteBuf::new();
            buffer.fill(10);
            buffer
        });
        let text = format!("{buffer:?}");
        assert!(text.contains("10") && !text.contains('['), "{text}");
        // How much memory there is makes no difference.
        assert!(other.reserve(1000));
        assert_eq!(hash(&other), hash(&buffer));
        buffer.mem[3] = 7;
        assert_ne!(hash(&other), hash(&buffer));
        other.mem[3] = 7;
        assert_eq!(hash(&other), hash(&buffer));
        other.append(SharedText::new([0; 9].into()), 0..9);
        assert_ne!(hash(&other), hash(&buffer));
    }
}
