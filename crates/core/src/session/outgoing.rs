//! The message that is being published in pieces.
use crate::SendError;

/// How much of the payload of a PUBLISH is still to be given.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Outgoing {
    /// Bytes of the payload that are still to be given. Before CONNACK, when there is no payload,
    /// where identifiers begin if the broker has a session that we do not know.
    remaining: u32,
}

impl Outgoing {
    pub const fn new() -> Self {
        Outgoing { remaining: 0 }
    }

    #[inline(always)]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.remaining == 0
    }

    /// A message begins of which so many bytes follow; or, with 0, none does.
    #[inline(always)]
    pub fn begin(&mut self, remaining: u32) {
        self.remaining = remaining;
    }

    /// CONNECT was sent.
    #[inline(always)]
    pub fn await_connack(&mut self, offset: u16) {
        self.remaining = offset.into();
    }

    /// Where identifiers begin if the broker has a session that we do not know. Asked once, when
    /// CONNACK has been received.
    #[inline(always)]
    pub fn take_connecting_offset(&mut self) -> u16 {
        core::mem::take(&mut self.remaining) as u16
    }

    /// Of `n` bytes that the caller has, the first `some` are given.
    ///
    /// # Errors
    /// `Invalid` if `n` are more than were announced; `Full` if `some` is none of them.
    #[inline(always)]
    pub fn give(&mut self, some: usize, n: usize) -> Result<(), SendError> {
        if n > self.remaining as usize {
            return Err(SendError::Invalid);
        }
        if some == 0 && n != 0 {
            return Err(SendError::Full);
        }
        self.remaining = self.remaining.wrapping_sub(some as u32);
        Ok(())
    }
}
