//! The board's Ethernet controller, a LAN9118, as a device of smoltcp. It is polled, and ends the
//! processor's sleep when a frame comes.
use crate::registers::Registers;
use core::fmt;
use smoltcp::{
    phy::{self, Device, DeviceCapabilities, Medium},
    time::Instant,
};

// SAFETY: where the board has the chip, which moves nothing into memory by itself.
#[allow(unsafe_code)]
const CHIP: Registers = unsafe { Registers::at(0x4020_0000) };

const RX_DATA: usize = 0x00;
const TX_DATA: usize = 0x20;
const RX_STATUS: usize = 0x40;
const TX_STATUS: usize = 0x48;
const ID_REVISION: usize = 0x50;
const INTERRUPT_CONFIG: usize = 0x54;
const INTERRUPT_STATUS: usize = 0x58;
const INTERRUPT_ENABLE: usize = 0x5c;
const BYTE_TEST: usize = 0x64;
const FIFO_INTERRUPTS: usize = 0x68;
const RX_CONFIG: usize = 0x6c;
const TX_CONFIG: usize = 0x70;
const HARDWARE_CONFIG: usize = 0x74;
const RX_CONTROL: usize = 0x78;
const RX_FIFO: usize = 0x7c;
const TX_FIFO: usize = 0x80;
const MAC_COMMAND: usize = 0xa4;
const MAC_DATA: usize = 0xa8;

/// Registers of the MAC, which are reached through two of the chip's.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Mac {
    Control = 1,
    AddressHigh = 2,
    AddressLow = 3,
}

const CHIP_118: u32 = 0x0118;
const BYTES_IN_ORDER: u32 = 0x8765_4321;
const BUSY: u32 = 1 << 31;
const MAC_READ: u32 = 1 << 30;
/// Full duplex; sender and receiver on.
const MAC_ON: u32 = 1 << 20 | 1 << 3 | 1 << 2;
const RESET: u32 = 1;
/// Frames are sent when they are there as a whole; 5 KiB for them.
const STORE_AND_FORWARD: u32 = 1 << 20 | 5 << 16;
const TX_ON: u32 = 1 << 1;
/// Enabled, active high, push-pull.
const INTERRUPT_LINE: u32 = 1 << 8 | 1 << 4 | 1;
/// A frame has come ...
const RX_STATUS_LEVEL: u32 = 1 << 3;
/// ... when there is more than none.
const LEVELS: u32 = 0x4800_0000;
const RX_ERROR: u32 = 1 << 15;
const RX_SKIP: u32 = 1 << 31;
/// The only segment of a frame.
const TX_WHOLE: u32 = 1 << 13 | 1 << 12;

/// Bytes of a frame without its checksum, and of that.
const FRAME: usize = 1514;
const CHECKSUM: usize = 4;
/// What a frame takes in the chip's queue besides its own bytes.
const TX_OVERHEAD: usize = 16;
/// Looks at a bit that is to change soon.
const PATIENCE: u32 = 1_000_000;

/// A hardware address.
pub type Address = [u8; 6];

/// The chip cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// There is none of this kind: what was read instead.
    Absent(u32),
    /// It does not come to an end with what it was told.
    Stuck,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Absent(read) => write!(
                f,
                "there is no LAN9118 ({read:08x}): is QEMU started with -nic ...,model=lan9118?"
            ),
            Error::Stuck => f.write_str("the LAN9118 does not answer"),
        }
    }
}

/// The chip, and memory for a frame in each direction.
#[derive(Debug)]
pub struct Ethernet {
    rx: [u8; (FRAME + CHECKSUM).next_multiple_of(4)],
    tx: [u8; FRAME.next_multiple_of(4)],
}

impl Ethernet {
    /// Not started yet.
    pub const fn new() -> Self {
        Ethernet {
            rx: [0; _],
            tx: [0; _],
        }
    }

    /// Resets the chip and starts it; returns its address.
    ///
    /// # Errors
    /// There is no such chip, or it does not answer.
    pub fn start(&mut self) -> Result<Address, Error> {
        let id = CHIP.read(ID_REVISION);
        if CHIP.read(BYTE_TEST) != BYTES_IN_ORDER || id >> 16 != CHIP_118 {
            return Err(Error::Absent(id));
        }
        // It came from an EEPROM, or from QEMU, and does not survive the reset.
        let address = (mac_read(Mac::AddressLow)?, mac_read(Mac::AddressHigh)?);
        CHIP.write(HARDWARE_CONFIG, RESET);
        until(|| CHIP.read(HARDWARE_CONFIG) & RESET == 0)?;
        CHIP.write(HARDWARE_CONFIG, STORE_AND_FORWARD);
        mac_write(Mac::AddressLow, address.0)?;
        mac_write(Mac::AddressHigh, address.1)?;
        CHIP.write(RX_CONFIG, 0);
        CHIP.write(TX_CONFIG, TX_ON);
        mac_write(Mac::Control, MAC_ON)?;
        CHIP.write(FIFO_INTERRUPTS, LEVELS);
        self.acknowledge();
        CHIP.write(INTERRUPT_CONFIG, INTERRUPT_LINE);
        CHIP.write(INTERRUPT_ENABLE, RX_STATUS_LEVEL);
        let ([a, b, c, d], [e, f, ..]) = (address.0.to_le_bytes(), address.1.to_le_bytes());
        Ok([a, b, c, d, e, f])
    }

    /// Takes the interrupt back: before the frames are taken, so that none is overslept.
    pub fn acknowledge(&self) {
        CHIP.write(INTERRUPT_STATUS, u32::MAX);
    }

    /// Moves the next frame that is whole into `rx`; its length without the checksum.
    fn take(&mut self) -> Option<usize> {
        while CHIP.read(RX_FIFO) >> 16 & 0xff > 0 {
            let status = CHIP.read(RX_STATUS);
            let length = (status >> 16 & 0x3fff) as usize;
            let words = self.rx.as_chunks_mut().0.get_mut(..length.div_ceil(4));
            if status & RX_ERROR == 0
                && length > CHECKSUM
                && let Some(words) = words
            {
                for word in words {
                    *word = CHIP.read(RX_DATA).to_le_bytes();
                }
                return Some(length - CHECKSUM);
            }
            CHIP.write(RX_CONTROL, RX_SKIP);
            // A chip that is stuck here gives no frame either.
            let _ = until(|| CHIP.read(RX_CONTROL) & RX_SKIP == 0);
        }
        None
    }

    /// The chip can take a frame of any length.
    fn can_send() -> bool {
        CHIP.read(TX_FIFO) & 0xffff >= (FRAME + TX_OVERHEAD) as u32
    }
}

impl Default for Ethernet {
    fn default() -> Self {
        Self::new()
    }
}

/// A frame that has come.
#[derive(Debug)]
pub struct Incoming<'a>(&'a [u8]);

/// Room for a frame.
#[derive(Debug)]
pub struct Outgoing<'a>(&'a mut [u8]);

impl phy::RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let result = f(&mut self.0[..length]);
        CHIP.write(TX_DATA, TX_WHOLE | length as u32);
        CHIP.write(TX_DATA, length as u32);
        for word in self.0[..length.next_multiple_of(4)].as_chunks().0 {
            CHIP.write(TX_DATA, u32::from_le_bytes(*word));
        }
        // Nobody wants to know how it went, but the queue of answers must not fill up.
        while CHIP.read(TX_FIFO) >> 16 & 0xff > 0 {
            CHIP.read(TX_STATUS);
        }
        result
    }
}

impl Device for Ethernet {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        // What cannot be answered waits.
        let length = if Self::can_send() {
            self.take()?
        } else {
            return None;
        };
        Some((Incoming(&self.rx[..length]), Outgoing(&mut self.tx)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        Self::can_send().then_some(Outgoing(&mut self.tx))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

fn mac_write(register: Mac, value: u32) -> Result<(), Error> {
    CHIP.write(MAC_DATA, value);
    CHIP.write(MAC_COMMAND, BUSY | register as u32);
    until(|| CHIP.read(MAC_COMMAND) & BUSY == 0)
}

fn mac_read(register: Mac) -> Result<u32, Error> {
    CHIP.write(MAC_COMMAND, BUSY | MAC_READ | register as u32);
    until(|| CHIP.read(MAC_COMMAND) & BUSY == 0)?;
    Ok(CHIP.read(MAC_DATA))
}

fn until(mut done: impl FnMut() -> bool) -> Result<(), Error> {
    if (0..PATIENCE).any(|_| done()) {
        Ok(())
    } else {
        Err(Error::Stuck)
    }
}
