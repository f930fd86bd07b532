//! How deep the stack was, and how many instructions were executed.
#![allow(unsafe_code)]
use core::{arch::asm, fmt, ptr};
use cortex_m::{
    Peripherals,
    peripheral::{SYST, syst::SystClkSource},
};
use motemq_firmware::{Status, semihosting};

/// Bytes below the caller that are looked at; nothing goes so deep.
pub const DEPTH: usize = 2048;
/// What is written there before.
pub const PAINT: u32 = 0xa5a5_5a5a;
/// The timer counts down to 0 from here.
const LAST: u32 = 0x00ff_ffff;
/// Nanoseconds of a tick and of an instruction.
const TICK: u32 = 40;
const INSTRUCTION: u32 = 64;

/// The timer, started.
pub struct Gauge {
    /// Instructions that it counts for a call of nothing.
    idle: u32,
}

impl Gauge {
    pub fn take() -> Option<Self> {
        let mut timer: SYST = Peripherals::take()?.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(LAST);
        timer.clear_current();
        timer.enable_counter();
        let mut gauge = Gauge { idle: 0 };
        gauge.idle = crate::measured!(nothing()).0.1;
        Some(gauge)
    }

    /// Tells what was measured.
    pub fn tell<T, E: fmt::Display>(
        &self,
        ((stack, instructions), result): ((usize, u32), Result<T, E>),
        what: &str,
    ) {
        if let Err(error) = result {
            semihosting::print(format_args!("{what}: {error}\n"));
            semihosting::exit(Status::Failure as u32);
        }
        semihosting::print(format_args!(
            "{stack} {} {what}\n",
            instructions.saturating_sub(self.idle)
        ));
    }
}

extern "C" fn nothing() {}

/// Instructions between two looks at the timer.
pub fn instructions(begun: u32, ended: u32) -> u32 {
    ((begun.wrapping_sub(ended) & LAST) * TICK + INSTRUCTION / 2) / INSTRUCTION
}

/// Paints the stack below the caller; returns where that begins.
#[inline(always)]
pub fn paint() -> usize {
    let top: usize;
    // SAFETY: below the stack pointer there is nothing that anybody still needs, and the stack is
    // longer than this. Interrupts, which would write there, are not enabled.
    unsafe {
        asm!(
            "mov {top}, sp",
            "sub {at}, {top}, {depth}",
            "2: str {paint}, [{at}], #4",
            "cmp {at}, {top}",
            "blo 2b",
            top = out(reg) top,
            at = out(reg) _,
            depth = in(reg) DEPTH,
            paint = in(reg) PAINT,
        );
    }
    top
}

/// Bytes from `top` down to the lowest word that is not painted any more.
pub fn depth(top: usize) -> usize {
    let untouched = (top - DEPTH..top).step_by(4).take_while(|&at| {
        // SAFETY: it is memory, and aligned; what a function left there is any bytes.
        unsafe { ptr::read_volatile(ptr::with_exposed_provenance::<u32>(at)) == PAINT }
    });
    DEPTH - 4 * untouched.count()
}

/// The deepest stack of a call below this function, its instructions, and what it returned.
#[macro_export]
macro_rules! measured {
    ($function:ident($($argument:expr),*)) => {{
        // As from outside: the compiler neither sees what is called nor what it is given.
        let function = core::hint::black_box($function as extern "C" fn($($crate::measured!(@any $argument)),*) -> _);
        let top = $crate::gauge::paint();
        let begun = cortex_m::peripheral::SYST::get_current();
        let result = function($($argument),*);
        let ended = cortex_m::peripheral::SYST::get_current();
        let depth = $crate::gauge::depth(top);
        ((depth, $crate::gauge::instructions(begun, ended)), result)
    }};
    (@any $argument:expr) => { _ };
}
