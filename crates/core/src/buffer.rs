//! Buffers for received bytes and for bytes to be sent.
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::{Deref, DerefMut},
};

/// A first-in, first-out buffer for received bytes (`rx`) or for bytes to be sent (`tx`).
///
/// `Buffer<[u8; N]>` takes `N` bytes of memory and two numbers of type `usize`. All functions take
/// it as `&mut Buffer` without its size, so that their code is compiled once for all sizes.
///
/// As `rx`, a buffer is filled with [`space`](Self::space) and [`commit`](Self::commit), and read
/// by [`Session::next_event`](crate::Session::next_event). As `tx`, it is filled by the commands of
/// the session, and emptied with [`bytes`](Self::bytes) and [`consume`](Self::consume).
///
/// # Examples
/// ```
/// use motemq::Buffer;
/// let mut rx = Buffer::<[u8; 64]>::new();
/// let read = b"\x20\x02\0\0";
/// rx.space()[..read.len()].copy_from_slice(read); // socket.read(rx.space())
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
    /// Makes an empty buffer of `N` bytes. `N` has to be at least 16, which is enough for every
    /// packet of MQTT 3.1.1 without text.
    ///
    /// As `tx`, the buffer needs 3 bytes more than the longest packet to be sent, without payloads
    /// that are streamed. As `rx`, it needs 9 bytes more than the longest received topic, since
    /// payloads are streamed. With MQTT 5 it also needs room for the properties of the message and
    /// for their length, for the whole of CONNACK and AUTH, and for the reason codes of SUBACK and
    /// UNSUBACK, one byte for each topic filter. Other properties that do not fit are dropped: see
    /// [`PacketTooLarge`](crate::Fault::PacketTooLarge).
    ///
    /// # Examples
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
    /// Returns the bytes in the buffer, the oldest first.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        held(&self.mem, self.start, self.end)
    }

    /// Returns whether the buffer holds no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the number of bytes that a command can append now. Consumed bytes count as room
    /// again only when the buffer is empty.
    #[inline]
    pub fn room(&self) -> usize {
        self.mem.len().saturating_sub(self.end)
    }

    /// Returns the size of the buffer in bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.mem.len()
    }

    /// Removes the `n` oldest bytes, after the transport has taken them. Removes all bytes if the
    /// buffer holds fewer than `n`.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n);
        if self.start >= self.end {
            self.clear();
        }
    }

    /// Moves the bytes in the buffer to its beginning, and returns the free memory behind them.
    ///
    /// The slice is empty if the buffer is full. Do not read then: a read into an empty slice looks
    /// like the end of the stream.
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

    /// Appends the first `n` bytes of [`space`](Self::space), after the caller has filled them.
    /// Appends all of it if it is shorter than `n`.
    #[inline]
    pub fn commit(&mut self, n: usize) {
        self.end = self.mem.len().min(self.end.saturating_add(n));
    }

    /// Removes all bytes.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

/// Two buffers are equal if they hold the same bytes and have the same room and capacity. The bytes
/// that were consumed are not compared.
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

/// Shows the number of bytes, not the bytes, which may contain a password.
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

/// Memory to which packets are appended: a [`Buffer`], or an [`Out`] over memory of the caller.
///
/// A type of the application can implement it with [`Out::new`].
pub trait Output {
    /// Returns the memory, and the number of bytes in it that wait to be sent.
    fn out(&mut self) -> Out<'_>;

    /// Calls `write` with what [`out`](Self::out) returns, and returns its result.
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

    // A copy of `self` would take code on small targets.
    #[inline(always)]
    fn lend<R>(&mut self, write: impl FnOnce(&mut Out<'_>) -> R) -> R {
        write(self)
    }
}

/// The slice form of `tx`: memory of the caller, and the number of bytes in it.
///
/// It is for programs whose memory is a ring, a DMA area or a growing vector. Like a [`Buffer`],
/// the memory needs at least 16 bytes.
///
/// # Examples
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
    /// Makes an output that appends at `mem[end..]` and advances `end`. It counts as empty, with
    /// nothing to be sent, if `end` is 0.
    pub fn new(mem: &'b mut [u8], end: &'b mut usize) -> Self {
        Out { mem, end }
    }

    /// Returns whether no bytes wait to be sent.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        *self.end == 0
    }

    /// Returns the number of bytes that can be appended.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.mem.len().saturating_sub(*self.end)
    }

    /// Returns a writer that continues behind the last byte.
    #[inline]
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        Writer {
            at: *self.end,
            mem: self.mem,
        }
    }
}

/// Shows the number of bytes, not the bytes, which may contain a password.
impl fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out")
            .field("taken", &self.end)
            .field("room", &self.room())
            .finish()
    }
}

/// Writes bytes to consecutive positions. Bytes that do not fit are counted but not written.
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
            // Both slices are in memory at the same time, so the sum does not wrap. With a
            // saturating sum the compiler would not see that both slices have the same length, and
            // would keep a panic.
            let end = self.at.wrapping_add(bytes.len());
            if let Some(to) = self.mem.get_mut(self.at..end) {
                to.copy_from_slice(bytes);
            }
            self.at = end;
        }
        #[cfg(not(feature = "fast"))]
        for &byte in bytes {
            // A call of `byte` would take more time and stack.
            if let Some(to) = self.mem.get_mut(self.at) {
                *to = byte;
            }
            self.at = self.at.wrapping_add(1);
        }
    }

    /// Moves the bytes `from..to`, which lie behind the position of the writer, to that position.
    pub fn shift(&mut self, from: usize, to: usize) {
        #[cfg(feature = "fast")]
        {
            let length = to.wrapping_sub(from);
            // The last condition follows from the others, but the compiler does not see that, and
            // would keep a panic.
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

/// Returns the bytes `start..end` of `mem`, or an empty slice if there are no such bytes.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn held(mem: &[u8], start: usize, end: usize) -> &[u8] {
    mem.get(start..end).unwrap_or_default()
}
