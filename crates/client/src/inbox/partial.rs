//! A message of which not everything has arrived, and the memory into which the rest of it is read.
use super::{Inbox, Message, PayloadId, repetition::Header};
use crate::payload_buf::FEWEST;
use alloc::{boxed::Box, vec::Vec};
use core::mem;

/// A message of which not everything has arrived.
#[derive(Clone, Hash, Debug)]
pub(super) enum Partial {
    /// It is put together in memory.
    Growing(Box<Growing>),
    /// Its payload is read while it arrives.
    Streamed(PayloadId),
    /// It is a repetition.
    Repetition,
    /// It is acknowledged and dropped.
    Discarded,
    /// It is too large to wait for a stream.
    Unclaimed { len: u64 },
}

/// A message that is put together in memory.
#[derive(Clone, Hash, Debug)]
pub(super) struct Growing {
    pub message: Message,
    pub payload: Vec<u8>,
    pub header: Header,
    /// The driver has the memory of the payload, and reads into it.
    pub is_lent: bool,
}

impl Inbox {
    /// Returns whether a message whose payload has this length is put together in memory, and
    /// enough of it is still to come to read that straight into the memory.
    pub fn reads_directly(&self, payload: usize, remaining: usize) -> bool {
        remaining >= FEWEST && payload <= self.limits.largest_message()
    }

    /// Hands over the memory of a payload of which much is still to come, with the length of the
    /// whole payload.
    pub fn lend_payload(&mut self) -> Option<(Vec<u8>, usize)> {
        let Some(Partial::Growing(growing)) = &mut self.partial else {
            return None;
        };
        let len = growing.message.len as usize;
        if growing.is_lent || len - growing.payload.len() < FEWEST {
            return None;
        }
        growing.is_lent = true;
        Some((mem::take(&mut growing.payload), len))
    }

    /// Returns whether the driver has the memory of a payload that is still awaited.
    #[inline]
    pub fn has_lent(&self) -> bool {
        matches!(&self.partial, Some(Partial::Growing(growing)) if growing.is_lent)
    }

    /// The driver gives the memory of a payload back.
    pub fn return_payload(&mut self, payload: Vec<u8>) {
        if let Some(Partial::Growing(growing)) = &mut self.partial {
            (growing.payload, growing.is_lent) = (payload, false);
        }
    }
}
