//! Registers of devices, which lie in memory.
#![allow(unsafe_code)]
use core::ptr::{read_volatile, write_volatile};

/// The registers of one device: 4 KiB of memory, in words.
#[derive(Clone, Copy, Debug)]
pub struct Registers(usize);

impl Registers {
    /// Registers from this address on.
    ///
    /// # Safety
    /// Nothing but a device lies in these 4 KiB, and none that writes into memory by itself.
    pub const unsafe fn at(base: usize) -> Self {
        Registers(base)
    }

    /// Reads the word at this offset.
    pub fn read(self, offset: usize) -> u32 {
        // SAFETY: it is a device's, as `at` demands, and aligned.
        unsafe { read_volatile(self.address(offset) as *const u32) }
    }

    /// Writes the word at this offset.
    pub fn write(self, offset: usize, value: u32) {
        // SAFETY: it is a device's, as `at` demands, and aligned.
        unsafe { write_volatile(self.address(offset) as *mut u32, value) }
    }

    fn address(self, offset: usize) -> usize {
        self.0 + (offset & 0xffc)
    }
}
