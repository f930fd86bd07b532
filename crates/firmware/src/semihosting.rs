//! What a debugger, here QEMU, does for the program: it shows text, and ends with a status.
#![allow(unsafe_code)]
use core::fmt;

const SYS_WRITEC: u32 = 0x03;
const SYS_EXIT_EXTENDED: u32 = 0x20;
const APPLICATION_EXIT: u32 = 0x20026;

/// Ends the program; QEMU's exit status is this one.
pub fn exit(status: u32) -> ! {
    let block = [APPLICATION_EXIT, status];
    // SAFETY: the block is what this operation reads.
    unsafe { call(SYS_EXIT_EXTENDED, block.as_ptr().addr()) };
    loop {
        cortex_m::asm::wfi();
    }
}

/// Shows text.
pub fn print(text: fmt::Arguments<'_>) {
    // It has no errors of its own.
    let _ = fmt::write(&mut Console, text);
}

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: this operation reads one byte.
            unsafe { call(SYS_WRITEC, (&raw const byte).addr()) };
        }
        Ok(())
    }
}

/// # Safety
/// At `argument` lies what the operation reads or writes.
unsafe fn call(operation: u32, argument: usize) {
    // SAFETY: the debugger keeps all registers but r0.
    #[cfg(target_arch = "arm")]
    unsafe {
        core::arch::asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument, options(nostack))
    };
    // So that other machines can check the rest for lints.
    #[cfg(not(target_arch = "arm"))]
    let _ = (operation, argument);
}
