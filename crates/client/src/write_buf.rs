//! Bytes on their way out: memory that grows with what is to be sent, and is given back.
use crate::lazy::Lazy;
use alloc::{collections::VecDeque, vec, vec::Vec};
use bytes::{Buf, Bytes};
use core::{
    fmt,
    hash::{Hash, Hasher},
    iter, mem,
};
use motemq::Out;

/// The most bytes of commands that wait to be written. The longest topic fits.
pub(crate) const LIMIT: usize = 72 << 10;
/// The place of the first byte behind bytes that were handed over.
const BEHIND: usize = 1;
/// The longest topic and payload that are copied to the write buffer. They fit as soon as what was
/// written before has been handed over.
pub(crate) const LONGEST: usize = LIMIT - 16 - BEHIND;
/// The shortest payload that is written from the memory that holds it, unless it is not kept.
pub(crate) const DIRECT: usize = 16 << 10;
/// The most bytes of payloads that are written at once, so that the driver does other things, too,
/// and the most of more than one payload that wait to be written.
const AT_ONCE: usize = 256 << 10;
/// Bytes beyond the limit, for acknowledgements and the like.
const RESERVE: usize = 4 << 10;
/// The most bytes of replies that wait for more of them.
const GATHERED: usize = 1 << 10;
/// The most KiB that are read meanwhile.
const READ: u16 = 512;
/// The size of the first piece of memory.
const FIRST: usize = 128;

/// The bytes that the driver has to write to the transport.
///
/// The driver owns one such buffer, which [`Client::poll_output`](crate::Client::poll_output)
/// exchanges for a filled one, so that no system call has to be made while the client is locked.
#[derive(Clone, Default)]
pub struct WriteBuf {
    mem: Vec<u8>,
    start: u32,
    /// There may be bytes of commands, which wait for nothing.
    has_commands: bool,
    /// The number of KiB that were read while there were replies.
    read: u16,
    end: usize,
    /// Payloads that are written from the memory that holds them.
    payloads: Lazy<Payloads>,
}

#[derive(Clone, Hash, Debug, Default)]
struct Payloads {
    /// Each payload, with the place in the buffer's own memory before which it is written.
    queue: VecDeque<(usize, Bytes)>,
    /// The bytes of all of them.
    bytes: usize,
}

impl WriteBuf {
    /// Makes an empty buffer, which allocates no memory.
    pub const fn new() -> Self {
        WriteBuf {
            mem: Vec::new(),
            start: 0,
            has_commands: false,
            read: 0,
            end: 0,
            payloads: Lazy::new(),
        }
    }

    /// Returns whether there is nothing to write.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start() == self.end && self.payloads.get().is_none()
    }

    #[inline]
    fn start(&self) -> usize {
        self.start as usize
    }

    /// Removes `n` bytes of the buffer's own memory.
    #[inline]
    fn advance(&mut self, n: usize) {
        // There are never as many as could be too many.
        self.start += n as u32;
    }

    /// There are no bytes, and the next one has this place.
    #[inline]
    fn begin(&mut self, place: usize) {
        (self.start, self.end) = (place as u32, place);
        (self.has_commands, self.read) = (false, 0);
    }

    /// Returns the number of bytes to be written.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start() + self.payload_bytes()
    }

    #[inline]
    fn payload_bytes(&self) -> usize {
        self.payloads.get().map_or(0, |payloads| payloads.bytes)
    }

    /// Returns the bytes to be written next, the oldest first. The slice is empty only if the
    /// buffer is, but it may not contain all bytes: see [`chunks`](Self::chunks).
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        if self.is_contiguous() {
            return self.mem.get(self.start()..self.end).unwrap_or_default();
        }
        self.chunks().next().unwrap_or_default()
    }

    /// Returns whether [`bytes`](Self::bytes) returns all bytes of the buffer. It does not if the
    /// buffer contains a long payload, which is written from the memory of its message.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.payloads.get().is_none()
    }

    /// Returns an iterator over the contiguous pieces of the buffer, the oldest first, for vectored
    /// writes. No piece is empty. There may be more pieces than one system call can write.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let payloads = self.payloads.get().into_iter();
        let payloads = payloads.flat_map(|payloads| &payloads.queue);
        let payloads = payloads.map(|(at, payload)| (*at, &payload[..]));
        let mut start = self.start();
        let mut left = AT_ONCE;
        payloads
            .chain(iter::once((self.end, &[][..])))
            .flat_map(move |(at, payload)| {
                let header = self.mem.get(start..at).unwrap_or_default();
                start = at;
                [header, payload]
            })
            .map(move |chunk| {
                let chunk = chunk.get(..left).unwrap_or(chunk);
                left -= chunk.len();
                chunk
            })
            .filter(|chunk| !chunk.is_empty())
    }

    /// Removes the `n` oldest bytes, which the transport has taken.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        if self.is_contiguous() {
            self.advance(n.min(self.end - self.start()));
        } else {
            self.consume_chunks(n);
        }
        if self.is_empty() {
            self.clear();
        }
    }

    #[cold]
    fn consume_chunks(&mut self, mut n: usize) {
        while let Some(payloads) = self.payloads.get_mut()
            && let Some((at, payload)) = payloads.queue.front_mut()
        {
            let header = n.min(*at - self.start as usize);
            self.start += header as u32;
            let taken = (n - header).min(payload.len());
            payload.advance(taken);
            payloads.bytes -= taken;
            n -= header + taken;
            if !payload.is_empty() {
                return;
            }
            payloads.queue.pop_front();
            self.payloads.shrink(|payloads| payloads.queue.is_empty());
        }
        self.advance(n.min(self.end - self.start()));
    }

    /// Returns whether a payload of `n` bytes may follow, for which nothing is copied.
    pub(crate) fn may_append(&self, n: usize) -> bool {
        let waiting = self.payload_bytes();
        waiting == 0 || waiting + n <= AT_ONCE
    }

    /// Lets a payload follow, which is not copied.
    pub(crate) fn append(&mut self, payload: Bytes) {
        if payload.is_empty() {
            return;
        }
        let payloads = self.payloads.make();
        payloads.bytes += payload.len();
        payloads.queue.push_back((self.end, payload));
    }

    /// Removes all bytes, and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.begin(0);
        self.payloads.clear();
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
        self.has_commands = true;
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

    /// Returns whether what is to be written can wait for what follows from the `read` bytes that
    /// were read last, if more are there: it is replies only, and not too many.
    #[inline]
    pub(crate) fn may_gather(&mut self, read: usize) -> bool {
        let read = read.div_ceil(1 << 10).min(READ.into()) as u16 + self.read;
        if self.has_commands || self.len() > GATHERED || read > READ {
            return false;
        }
        self.read = if self.is_empty() { 0 } else { read };
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
        self.begin(BEHIND);
    }
}

/// The hash depends on the bytes that are to be written, and not on the time for which replies
/// wait, which makes no difference to the bytes that are sent.
impl Hash for WriteBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.mem.get(self.start()..self.end).hash(state);
        self.end.hash(state);
        self.payloads.hash(state);
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
mod tests;
