//! Clock, sleep and UART of Arm's MPS2 board with a Cortex-M4, as QEMU models it (`-M mps2-an386`).
use crate::registers::Registers;
use core::fmt;
use cortex_m::{
    Peripherals,
    interrupt::InterruptNumber,
    peripheral::{NVIC, SCB, syst::SystClkSource},
};

/// Clock ticks in a millisecond.
const TICKS: u32 = 25_000;

// SAFETY: where the board has these devices; neither of them writes into memory.
#[allow(unsafe_code)]
const UART: Registers = unsafe { Registers::at(0x4000_4000) };
// SAFETY: as above.
#[allow(unsafe_code)]
const FPGAIO: Registers = unsafe { Registers::at(0x4002_8000) };

/// Milliseconds: a counter behind a prescaler.
const COUNTER: usize = 0x18;
const PRESCALE: usize = 0x1c;

const DATA: usize = 0x00;
const STATE: usize = 0x04;
const CONTROL: usize = 0x08;
const INTERRUPTS: usize = 0x0c;
const DIVIDER: usize = 0x10;
/// Bits of `STATE`.
const IS_SENDING: u32 = 1;
const HAS_RECEIVED: u32 = 2;
/// Bits of `CONTROL`.
const SEND: u32 = 1;
const RECEIVE: u32 = 2;
const TELL_RECEIVED: u32 = 8;
/// QEMU's UART neither sends nor receives with less.
const LEAST_DIVIDER: u32 = 16;

/// What ends a sleep.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Interrupt {
    Uart = 0,
    Ethernet = 13,
}

// SAFETY: these are the numbers of two lines of this board.
#[allow(unsafe_code)]
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

/// The board's clock and its only UART.
#[derive(Debug)]
pub struct Board(());

impl Board {
    /// Starts both. `None` for the second caller.
    pub fn take() -> Option<Self> {
        let mut core = Peripherals::take()?;
        // Interrupts end a sleep; what is to be done is done in the loop, so that there are no
        // handlers.
        cortex_m::interrupt::disable();
        FPGAIO.write(PRESCALE, TICKS - 1);
        FPGAIO.write(COUNTER, 0);
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.set_reload(TICKS - 1);
        core.SYST.clear_current();
        core.SYST.enable_interrupt();
        core.SYST.enable_counter();
        UART.write(DIVIDER, LEAST_DIVIDER);
        UART.write(CONTROL, SEND | RECEIVE | TELL_RECEIVED);
        for interrupt in [Interrupt::Uart, Interrupt::Ethernet] {
            // SAFETY: interrupts stay disabled, so no handler can break a critical section.
            #[allow(unsafe_code)]
            unsafe {
                NVIC::unmask(interrupt)
            };
        }
        Some(Board(()))
    }

    /// Milliseconds since the start.
    pub fn now(&self) -> u32 {
        FPGAIO.read(COUNTER)
    }

    /// Until a frame or a byte comes, or until so many milliseconds have passed.
    pub fn sleep(&self, milliseconds: Option<u32>) {
        let begun = self.now();
        while milliseconds.is_none_or(|limit| self.now().wrapping_sub(begun) < limit) {
            cortex_m::asm::dsb();
            cortex_m::asm::wfi();
            SCB::clear_pendst();
            if [Interrupt::Uart, Interrupt::Ethernet]
                .into_iter()
                .any(NVIC::is_pending)
            {
                break;
            }
        }
        UART.write(INTERRUPTS, HAS_RECEIVED);
        NVIC::unpend(Interrupt::Uart);
        NVIC::unpend(Interrupt::Ethernet);
    }

    /// The next byte that the UART has received.
    pub fn receive(&self) -> Option<u8> {
        (UART.read(STATE) & HAS_RECEIVED != 0).then(|| UART.read(DATA) as u8)
    }
}

impl fmt::Write for Board {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while UART.read(STATE) & IS_SENDING != 0 {}
            UART.write(DATA, byte.into());
        }
        Ok(())
    }
}
