//! Clock, sleep and UART of the first micro:bit, a nRF51822 with a Cortex-M0, as QEMU models it
//! (`-M microbit`).
use crate::registers::Registers;
use cortex_m::{interrupt::InterruptNumber, peripheral::NVIC};

// SAFETY: where the chip has these devices; neither of them writes into memory.
#[allow(unsafe_code)]
const UART: Registers = unsafe { Registers::at(0x4000_2000) };
// SAFETY: as above.
#[allow(unsafe_code)]
const TIMER: Registers = unsafe { Registers::at(0x4000_8000) };

// Tasks, events and settings of the UART.
const START_RX: usize = 0x000;
const START_TX: usize = 0x008;
const RX_READY: usize = 0x108;
const TX_READY: usize = 0x11c;
const ENABLE: usize = 0x500;
const RXD: usize = 0x518;
const TXD: usize = 0x51c;
const ON: u32 = 4;
const TELL_RX_READY: u32 = 1 << 2;

// Tasks, events and settings of the timer.
const START: usize = 0x000;
const CAPTURE_0: usize = 0x040;
const COMPARE_1: usize = 0x144;
const BIT_MODE: usize = 0x508;
const PRESCALER: usize = 0x510;
const COUNT_0: usize = 0x540;
const COUNT_1: usize = 0x544;
const BITS_32: u32 = 3;
/// 16 MHz are divided by 2 so often: 125 ticks take 4 ms.
const HALVINGS: u32 = 9;
const TELL_COMPARE_1: u32 = 1 << 17;

/// Of both.
const TELL: usize = 0x304;

/// What ends a sleep.
#[derive(Clone, Copy)]
#[repr(u16)]
enum Interrupt {
    Uart = 2,
    Timer = 8,
}

// SAFETY: these are the numbers of two lines of this chip.
#[allow(unsafe_code)]
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

/// The chip's clock and its UART.
#[derive(Debug)]
pub struct Board(());

impl Board {
    /// Starts both. `None` for the second caller.
    pub fn take() -> Option<Self> {
        cortex_m::Peripherals::take()?;
        // Interrupts end a sleep; what is to be done is done in the loop, so that there are no
        // handlers.
        cortex_m::interrupt::disable();
        TIMER.write(BIT_MODE, BITS_32);
        TIMER.write(PRESCALER, HALVINGS);
        TIMER.write(TELL, TELL_COMPARE_1);
        TIMER.write(START, 1);
        UART.write(ENABLE, ON);
        UART.write(TELL, TELL_RX_READY);
        UART.write(START_RX, 1);
        UART.write(START_TX, 1);
        for interrupt in [Interrupt::Uart, Interrupt::Timer] {
            // SAFETY: interrupts stay disabled, so no handler can break a critical section.
            #[allow(unsafe_code)]
            unsafe {
                NVIC::unmask(interrupt)
            };
        }
        Some(Board(()))
    }

    /// Milliseconds since the start, for a day.
    pub fn now(&self) -> u32 {
        let ticks = self.ticks();
        ticks / 125 * 4 + ticks % 125 * 4 / 125
    }

    fn ticks(&self) -> u32 {
        TIMER.write(CAPTURE_0, 1);
        TIMER.read(COUNT_0)
    }

    /// Until a byte comes, or until so many milliseconds have passed; perhaps not so long.
    pub fn sleep(&self, milliseconds: Option<u32>) {
        // So that it may be counted in ticks.
        let milliseconds = milliseconds.unwrap_or(u32::MAX).clamp(1, 60_000);
        TIMER.write(COMPARE_1, 0);
        TIMER.write(COUNT_1, self.ticks().wrapping_add(milliseconds * 125 / 4));
        NVIC::unpend(Interrupt::Timer);
        cortex_m::asm::dsb();
        if UART.read(RX_READY) == 0 {
            cortex_m::asm::wfi();
        }
        NVIC::unpend(Interrupt::Uart);
    }

    /// Reads what has come; returns how many bytes there was room for.
    pub fn read(&self, space: &mut [u8]) -> usize {
        let mut read = 0;
        for byte in space {
            if UART.read(RX_READY) == 0 {
                break;
            }
            UART.write(RX_READY, 0);
            *byte = UART.read(RXD) as u8;
            read += 1;
        }
        read
    }

    /// Sends a byte, and waits for its end.
    pub fn write(&self, byte: u8) {
        UART.write(TX_READY, 0);
        UART.write(TXD, byte.into());
        while UART.read(TX_READY) == 0 {}
    }
}
