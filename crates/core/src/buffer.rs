//! Memory of its owner's choice: what a transport reads into and writes from.
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::{Deref, DerefMut},
};

/// Bytes on their way in or out, in order.
///
/// `Buffer<[u8; N]>` holds its memory and 8 bytes on a 32-bit machine besides; everything takes it
/// as `&mut Buffer`, whatever its size, so nothing is compiled twice.
///
/// As `rx` it is filled with [`space`](Self::space) and [`commit`](Self::commit), and read by
/// [`Session::next_event`](crate::Session::next_event). As `tx` it is filled by the session's
/// commands, and emptied with [`bytes`](Self::bytes) and [`consume`](Self::consume).
///
/// ```
/// use motemq::Buffer;
/// let mut rx = Buffer::<[u8; 64]>::new();
/// let read = b"\x20\x02\0\0";
/// rx.space()[..read.len()].copy_from_slice(read); // what socket.read(rx.space()) does
/// rx.commit(read.len());
/// assert_eq!(rx.bytes(), read);
/// rx.consume(2);
/// assert_eq!(rx.bytes(), b"\0\0");
/// ```
#[derive(Clone)]
#[repr(C)]
pub struct Buffer<M: ?Sized = [u8]> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) mem: M,
}

impl<const N: usize> Buffer<[u8; N]> {
    /// An empty buffer of `N` bytes, 16 at least: enough for every packet without text. As `tx` it
    /// needs room for 3 bytes more than a packet with text has; as `rx` it need not hold more
    /// than a topic and 9 bytes besides, since payloads are streamed.
    ///
    /// ```compile_fail
    /// let rx = motemq::Buffer::<[u8; 8]>::new(); // too small: does not compile
    /// ```
    pub const fn new() -> Self {
        const { assert!(N >= 16, "a buffer holds at least 16 bytes") };
        Buffer {
            start: 0,
            end: 0,
            mem: [0; N],
        }
    }
}

impl<const N: usize> Default for Buffer<[u8; N]> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Buffer<[u8; N]> {
    type Target = Buffer;
    fn deref(&self) -> &Buffer {
        self
    }
}

impl<const N: usize> DerefMut for Buffer<[u8; N]> {
    fn deref_mut(&mut self) -> &mut Buffer {
        self
    }
}

impl Buffer {
    /// The bytes held, oldest first.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        held(&self.mem, self.start, self.end)
    }

    /// No bytes are held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes that a command can append now. What was consumed counts again when all of it is.
    #[inline]
    pub fn room(&self) -> usize {
        self.mem.len().saturating_sub(self.end)
    }

    /// Bytes that it holds at most.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.mem.len()
    }

    /// Removes the `n` oldest bytes, which the transport has taken; all of them if there are fewer.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n);
        if self.start >= self.end {
            self.clear();
        }
    }

    /// The free memory, moved together behind the bytes held.
    ///
    /// Empty if the buffer is full: do not read then, since a read into no space looks like the end
    /// of the stream.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn space(&mut self) -> &mut [u8] {
        if self.start != 0 {
            let mut writer = Writer {
                mem: &mut self.mem,
                at: 0,
            };
            writer.shift(self.start, self.end);
            self.end = writer.at;
            self.start = 0;
        }
        self.mem.get_mut(self.end..).unwrap_or_default()
    }

    /// Appends the first `n` bytes of [`space`](Self::space), which the caller has filled; all of
    /// it if it was shorter.
    #[inline]
    pub fn commit(&mut self, n: usize) {
        self.end = self.mem.len().min(self.end.saturating_add(n));
    }

    /// Forgets the bytes held.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

/// Two buffers are equal if they hold the same bytes and have the same room for more; what was
/// consumed does not matter.
impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        (self.bytes(), self.room(), self.capacity())
            == (other.bytes(), other.room(), other.capacity())
    }
}

impl Eq for Buffer {}

impl Hash for Buffer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.bytes(), self.room(), self.capacity()).hash(state);
    }
}

/// How much it holds, not what: that may be a password.
impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("held", &self.bytes().len())
            .field("room", &self.room())
            .finish()
    }
}

impl<const N: usize> PartialEq for Buffer<[u8; N]> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<const N: usize> Eq for Buffer<[u8; N]> {}

impl<const N: usize> Hash for Buffer<[u8; N]> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<const N: usize> fmt::Debug for Buffer<[u8; N]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What packets are appended to: a [`Buffer`], or an [`Out`] over the caller's own memory.
pub trait Output {
    /// The memory and its fill.
    fn out(&mut self) -> Out<'_>;

    /// Lends them to `write`.
    #[inline(always)]
    fn lend<R>(&mut self, write: impl FnOnce(&mut Out<'_>) -> R) -> R {
        write(&mut self.out())
    }
}

impl Output for Buffer {
    #[inline(always)]
    fn out(&mut self) -> Out<'_> {
        Out {
            mem: &mut self.mem,
            end: &mut self.end,
        }
    }
}

impl<const N: usize> Output for Buffer<[u8; N]> {
    #[inline(always)]
    fn out(&mut self) -> Out<'_> {
        Out {
            mem: &mut self.mem,
            end: &mut self.end,
        }
    }
}

impl Output for Out<'_> {
    #[inline(always)]
    fn out(&mut self) -> Out<'_> {
        Out {
            mem: self.mem,
            end: self.end,
        }
    }

    // Without a copy, which would take code on small targets.
    #[inline(always)]
    fn lend<R>(&mut self, write: impl FnOnce(&mut Out<'_>) -> R) -> R {
        write(self)
    }
}

/// The slice form of `tx`: the caller's memory, and how much of it is taken.
///
/// For those whose memory is a ring, a DMA area or a growing vector. At least 16 bytes, like a
/// [`Buffer`].
///
/// ```
/// use motemq::{Connect, Out, Session, Slot};
/// let (mut memory, mut taken) = ([0; 32], 0);
/// let mut session = Session::<[Slot; 1]>::new();
/// session.connect_slices(&Connect::new("a"), 64, &mut Out::new(&mut memory, &mut taken))?;
/// assert_eq!(&memory[..taken], b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a");
/// # Ok::<(), motemq::SendError>(())
/// ```
pub struct Out<'b> {
    pub(crate) mem: &'b mut [u8],
    pub(crate) end: &'b mut usize,
}

impl<'b> Out<'b> {
    /// Appends to `mem` from `end` on, and moves `end`. With `end` 0 it is empty: nothing waits to
    /// be written.
    pub fn new(mem: &'b mut [u8], end: &'b mut usize) -> Self {
        Out { mem, end }
    }

    /// Nothing waits to be sent.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        *self.end == 0
    }

    /// Bytes that can be appended.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.mem.len().saturating_sub(*self.end)
    }

    /// Where writing goes on.
    #[inline]
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        Writer {
            at: *self.end,
            mem: self.mem,
        }
    }
}

/// How much is taken, not what.
impl fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out")
            .field("taken", &self.end)
            .field("room", &self.room())
            .finish()
    }
}

/// Writes bytes one behind the other. What does not fit is counted but not written.
#[repr(C)]
pub(crate) struct Writer<'b> {
    pub mem: &'b mut [u8],
    pub at: usize,
}

impl Writer<'_> {
    #[cfg_attr(not(feature = "fast"), inline(never))]
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    #[cfg_attr(feature = "fast", inline(always))]
    pub fn bytes(&mut self, bytes: &[u8]) {
        #[cfg(feature = "fast")]
        {
            // Both are in memory at once, so the sum does not wrap. With one that saturates the
            // compiler would not see that the two pieces are of one length, and keep a
            // panic.
            let end = self.at.wrapping_add(bytes.len());
            if let Some(to) = self.mem.get_mut(self.at..end) {
                to.copy_from_slice(bytes);
            }
            self.at = end;
        }
        #[cfg(not(feature = "fast"))]
        for &byte in bytes {
            // Not a call of `byte`, which would take longer and more stack.
            if let Some(to) = self.mem.get_mut(self.at) {
                *to = byte;
            }
            self.at = self.at.wrapping_add(1);
        }
    }

    /// Moves `from..to`, which lies behind, here.
    pub fn shift(&mut self, from: usize, to: usize) {
        #[cfg(feature = "fast")]
        {
            let length = to.wrapping_sub(from);
            // The last follows from the others; the compiler does not see that, and would keep a
            // panic.
            if self.at <= from
                && from <= to
                && to <= self.mem.len()
                && self.at <= self.mem.len().wrapping_sub(length)
            {
                if self.at != from {
                    self.mem.copy_within(from..to, self.at);
                }
                self.at = self.at.wrapping_add(length);
            }
        }
        #[cfg(not(feature = "fast"))]
        for at in from..to {
            if let Some(&byte) = self.mem.get(at)
                && let Some(to) = self.mem.get_mut(self.at)
            {
                *to = byte;
                self.at = self.at.wrapping_add(1);
            }
        }
    }
}

/// What `mem` holds.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn held(mem: &[u8], start: usize, end: usize) -> &[u8] {
    mem.get(start..end).unwrap_or_default()
}
