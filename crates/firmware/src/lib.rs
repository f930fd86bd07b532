//! The client on bare metal: what the programs in `src/bin` share. `cargo xtask firmware` runs them
//! in QEMU against a real broker.
//!
//! - `board`: a Cortex-M4 with Ethernet (`-M mps2-an386`), smoltcp and `motemq-smoltcp`; does what
//!   it is told over its UART.
//! - `measure`: the same processor, no network: stack and instructions of the core's calls, and
//!   `measure_nal`: of the turns of `motemq-nal`.
//! - `microbit`: a Cortex-M0 (`-M microbit`) whose UART is a pipe to the broker: no network of its
//!   own, no TCP. `polled` and `awaited` do the same over the two adapters of `motemq-nal`.
//!
//! Each has a sibling with MQTT 5, whose name ends with 5: the same sources with another `Version`.
#![no_std]

#[cfg(feature = "mps2")]
pub mod ethernet;
#[cfg(feature = "microbit")]
pub mod microbit;
#[cfg(feature = "mps2")]
pub mod mps2;
pub mod registers;
pub mod semihosting;

use cortex_m_rt::{ExceptionFrame, exception};

/// What the exit status of QEMU says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Status {
    /// All is well.
    Success = 0,
    /// What the host asked for went wrong.
    Failure = 1,
    /// The program panicked.
    Panic = 101,
    /// The processor did.
    HardFault = 102,
}

#[cfg(not(feature = "measure"))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::print(format_args!("{info}\n"));
    semihosting::exit(Status::Panic as u32)
}

/// As in `benches/firmware`: the optimiser inlines functions or not by what stands here.
#[cfg(feature = "measure")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

// SAFETY: nothing that was interrupted goes on.
#[allow(unsafe_code)]
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    semihosting::print(format_args!("HardFault: {frame:?}\n"));
    semihosting::exit(Status::HardFault as u32)
}
