//! Measures the core's calls on a Cortex-M4: the deepest stack below the caller, and the
//! instructions executed.
//!
//! It calls the entry points of `benches/firmware`, so that what is measured is what the stated
//! sizes are of. Run with `-icount shift=6`: an instruction then takes 64 ns of QEMU's time, and
//! the processor's own timer shows it. Each line says: bytes, instructions, what.
#![no_std]
#![no_main]
#![allow(improper_ctypes_definitions)]
mod calls;
#[path = "../../../../../benches/firmware/src/full.rs"]
#[allow(unsafe_code)]
mod full;
mod gauge;
mod node;

use cortex_m_rt::entry;
use motemq_firmware::{Status, semihosting};

/// What the entry points take, as in `benches/firmware`.
type Session = motemq::Session<[motemq::Slot; 8]>;
type Rx = motemq::Buffer<[u8; 256]>;
type Tx = motemq::Buffer<[u8; 128]>;
type List<'p> = ();
type Told<'r> = core::mem::MaybeUninit<Result<Option<motemq::Event<'r>>, motemq::Fault>>;

/// As in `benches/firmware`.
macro_rules! entries {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $call:expr;)*) => {
        $(#[unsafe(no_mangle)] pub extern "C" fn $name($($argument: $type),*) $(-> $result)? { $call })*
    };
}
use entries;

#[entry]
fn main() -> ! {
    let Some(gauge) = gauge::Gauge::take() else {
        semihosting::exit(Status::Failure as u32)
    };
    calls::measure(&gauge);
    semihosting::exit(Status::Success as u32)
}
