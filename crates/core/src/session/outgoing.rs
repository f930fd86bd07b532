//! The message whose payload is being streamed out.
use crate::SendError;

/// The state of a PUBLISH that is being sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Outgoing {
    /// The number of bytes of the payload that are still to be sent. Between CONNECT and CONNACK,
    /// when there is no payload, the offset of packet identifiers if the broker has a session that
    /// the client does not know.
    remaining: u32,
}

impl Outgoing {
    /// Returns the state in which no payload is being sent.
    pub const fn new() -> Self {
        Outgoing { remaining: 0 }
    }

    /// Returns the number of bytes of the payload that are still to be sent.
    #[inline(always)]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Returns whether no payload is being sent.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.remaining == 0
    }

    /// Begins a payload of which `remaining` bytes follow, or ends it with 0.
    #[inline(always)]
    pub fn begin(&mut self, remaining: u32) {
        self.remaining = remaining;
    }

    /// Keeps the offset of packet identifiers until CONNACK, after CONNECT was written.
    #[inline(always)]
    pub fn await_connack(&mut self, offset: u16) {
        self.remaining = offset.into();
    }

    /// Takes the offset that [`await_connack`](Self::await_connack) kept. Called once, when CONNACK
    /// has been received.
    #[inline(always)]
    pub fn take_connecting_offset(&mut self) -> u16 {
        core::mem::take(&mut self.remaining) as u16
    }

    /// Counts `sent` of the `offered` bytes as sent.
    ///
    /// # Errors
    /// `Invalid` if more bytes are offered than remain; `Full` if bytes are offered and none is
    /// sent.
    #[inline(always)]
    pub fn advance(&mut self, sent: usize, offered: usize) -> Result<(), SendError> {
        if offered > self.remaining as usize {
            return Err(SendError::Invalid);
        }
        if sent == 0 && offered != 0 {
            return Err(SendError::Full);
        }
        self.remaining = self.remaining.wrapping_sub(sent as u32);
        Ok(())
    }
}
