//! `motemq_t`: a session and its two buffers, in memory of the caller.
use crate::profile::Profile;
use core::{ptr, slice};
use motemq::{Out, Slot};

/// The version of MQTT, with the parts of it that a profile names.
#[cfg(not(feature = "v5"))]
pub type Version<P> = motemq::Mqtt311<P>;
/// The version of MQTT, with the parts of it that a profile names.
#[cfg(feature = "v5")]
pub type Version<P> = motemq::Mqtt5<P>;

/// The session of the library.
pub type Session<S = [Slot]> = motemq::Session<S, Version<Profile>>;

/// `motemq_t`. C holds a pointer without a length; the number of slots stands in `slots`.
#[repr(C)]
pub struct Client<S: ?Sized = [Slot]> {
    /// Received bytes.
    pub rx: Buffer,
    /// Bytes to be sent.
    pub tx: Buffer,
    /// The number of slots behind the session.
    slots: usize,
    /// The state of the protocol.
    pub session: Session<S>,
}

/// What C points to.
pub type Handle = *mut Client<[Slot; 0]>;

/// The size of a session without slots.
const SESSION: usize = if cfg!(feature = "v5") { 60 } else { 40 };

/// The size of a client without slots.
pub const EMPTY: usize = 9 * size_of::<usize>() + SESSION;

/// The size of one slot.
pub const SLOT: usize = 4;

/// The smallest buffer.
pub const LEAST: usize = 16;

const _: () = {
    assert!(
        size_of::<Session<[Slot; 1]>>() == SESSION + SLOT && align_of::<Session<[Slot; 1]>>() == 4
    );
    let align = align_of::<usize>();
    assert!(size_of::<Client<[Slot; 2]>>() == (EMPTY + 2 * SLOT).next_multiple_of(align));
    assert!(align_of::<Client<[Slot; 2]>>() == align);
};

/// A session without a past, and its first slot; further slots are zeros.
const NEW: [u32; (SESSION + SLOT) / 4] =
    // SAFETY: a session has no padding, so that all its bytes are initialised; if it had, or had
    // another size, this would not compile.
    unsafe { core::mem::transmute::<Session<[Slot; 1]>, _>(Session::with_protocol()) };

#[cfg(not(feature = "v5"))]
const _: () = {
    let mut at = 0;
    while at < NEW.len() {
        assert!(
            NEW[at] == 0,
            "zeroed memory is not a session without a past"
        );
        at += 1;
    }
};

/// Memory of the caller, and the part of it that holds bytes: [`motemq::Buffer`] with its memory
/// elsewhere.
#[repr(C)]
pub struct Buffer {
    memory: *mut u8,
    size: usize,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The size of the memory.
    pub fn capacity(&self) -> usize {
        self.size
    }

    /// The bytes in the buffer, oldest first.
    pub fn bytes(&self) -> &'static [u8] {
        // SAFETY: `start <= end <= size`, and by the header the memory lives as long as the client.
        // It was initialised by `motemq_init`. The caller gets these bytes as a pointer that the
        // header allows to be read until a function changes them.
        unsafe { slice::from_raw_parts(self.memory.add(self.start), self.end - self.start) }
    }

    /// Keeps the last `n` of the bytes.
    pub fn keep(&mut self, n: usize) {
        self.start = self.end - n;
    }

    /// The memory, as commands take it.
    #[inline(always)]
    pub fn out(&mut self) -> Out<'_> {
        // SAFETY: by the header the memory is the client's alone; `motemq_init` initialised it.
        let memory = unsafe { slice::from_raw_parts_mut(self.memory, self.size) };
        Out::new(memory, &mut self.end)
    }

    /// Removes the `n` oldest bytes.
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n);
        if self.start >= self.end {
            self.clear();
        }
    }

    /// Removes all bytes.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Moves the bytes to the beginning, and returns the free memory behind them and its size.
    pub fn space(&mut self) -> (*mut u8, usize) {
        if self.start != 0 {
            let held = self.end - self.start;
            for at in 0..held {
                // SAFETY: `at < held`, so both lie in the memory. It is written volatile, since
                // the compiler would call `memmove` otherwise.
                unsafe {
                    let byte = self.memory.add(self.start + at).read();
                    self.memory.add(at).write_volatile(byte);
                }
            }
            self.start = 0;
            self.end = held;
        }
        // SAFETY: `end <= size`.
        (unsafe { self.memory.add(self.end) }, self.size - self.end)
    }

    /// Appends `n` bytes, or all of [`space`](Self::space) if it is smaller.
    pub fn commit(&mut self, n: usize) {
        self.end = self.size.min(self.end.saturating_add(n));
    }
}

/// The client of a handle, `None` for null.
pub fn client_of<'a>(handle: Handle) -> Option<&'a mut Client> {
    if handle.is_null() {
        return None;
    }
    // SAFETY: by the header it is what `motemq_init` returned, so there are as many slots behind it
    // as it says, and nothing else uses it during the call.
    unsafe {
        let slots = (&raw const (*handle).slots).read();
        Some(&mut *(ptr::slice_from_raw_parts_mut(handle.cast::<Slot>(), slots) as *mut Client))
    }
}

/// The client of a handle; returns from the function with `MOTEMQ_ARGUMENT` for null.
macro_rules! client {
    ($handle:expr) => {
        match $crate::client::client_of($handle) {
            Some(client) => client,
            None => return $crate::error::ARGUMENT,
        }
    };
}
pub(crate) use client;

/// Fills memory with zeros. Written volatile, since the compiler would call `memset` otherwise.
///
/// # Safety
/// `to` is aligned and has room for `n` of them.
pub unsafe fn zero<T: Default>(to: *mut T, n: usize) {
    for at in 0..n {
        // SAFETY: as the caller promises.
        unsafe { to.add(at).write_volatile(T::default()) };
    }
}

/// Writes words. Written volatile, since the compiler would call `memcpy` otherwise.
///
/// # Safety
/// `to` is aligned and has room for them.
#[cfg(feature = "v5")]
unsafe fn write(to: *mut u32, words: &[u32]) {
    for (at, word) in words.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe { to.add(at).write_volatile(*word) };
    }
}

#[unsafe(export_name = name!("init"))]
unsafe extern "C" fn init(
    memory: *mut u8,
    size: usize,
    slots: u16,
    rx: *mut u8,
    rx_size: usize,
    tx: *mut u8,
    tx_size: usize,
) -> Handle {
    let are_apart = |a: *mut u8, a_size: usize, b: *mut u8, b_size: usize| {
        a.addr().wrapping_sub(b.addr()) >= b_size && b.addr().wrapping_sub(a.addr()) >= a_size
    };
    let align = align_of::<usize>();
    if memory.is_null()
        || rx.is_null()
        || tx.is_null()
        || !memory.addr().is_multiple_of(align)
        || slots == 0
        || size < (EMPTY + SLOT * usize::from(slots)).next_multiple_of(align)
        || rx_size < LEAST
        || tx_size < LEAST
        || !are_apart(rx, rx_size, tx, tx_size)
        || !are_apart(memory, size, rx, rx_size)
        || !are_apart(memory, size, tx, tx_size)
    {
        return ptr::null_mut();
    }
    let handle: Handle = memory.cast();
    // SAFETY: by the header the three are memory of the caller that nothing else uses; they were
    // seen to be apart, aligned and large enough. Zeros are initialised bytes for the buffers, and
    // with MQTT 3.1.1 a session without a past, as is asserted above.
    unsafe {
        zero(memory, size);
        zero(rx, rx_size);
        zero(tx, tx_size);
        (&raw mut (*handle).rx.memory).write(rx);
        (&raw mut (*handle).rx.size).write(rx_size);
        (&raw mut (*handle).tx.memory).write(tx);
        (&raw mut (*handle).tx.size).write(tx_size);
        (&raw mut (*handle).slots).write(slots.into());
        #[cfg(feature = "v5")]
        write((&raw mut (*handle).session).cast(), &NEW);
    }
    handle
}
