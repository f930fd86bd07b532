//! The numbers of messages with which flow control counts. Only MQTT 5 has it.
use super::{Ring, Slot};
use crate::wire;
use core::fmt::{self, Debug};

/// The count of hosts follows from the slots.
impl<S: Debug + ?Sized> Debug for Ring<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("next", &self.next)
            .field("offset", &self.offset)
            .field("slots", &&self.slots)
            .finish()
    }
}

impl Slot {
    /// Returns whether it holds a message that was sent over this connection and is not completed.
    #[inline(always)]
    pub(super) fn is_in_flight(self) -> bool {
        (wire::PUBACK..=wire::PUBCOMP).contains(&self.awaits) && self.count == 0
    }
}

impl Ring {
    /// Returns the number of messages that were sent over this connection and are not completed.
    pub fn in_flight(&self) -> usize {
        #[cfg(feature = "fast")]
        return self.in_flight.into();
        #[cfg(not(feature = "fast"))]
        self.slots.iter().filter(|slot| slot.is_in_flight()).count()
    }

    /// Counts the messages in flight again.
    #[cfg(feature = "fast")]
    pub(super) fn count_in_flight(&mut self) {
        self.in_flight = self.slots.iter().filter(|slot| slot.is_in_flight()).count() as u16;
    }

    /// Counts a slot that has changed. On a host there may be many slots, which are not to be counted
    /// for each message.
    #[cfg(feature = "fast")]
    #[inline(always)]
    pub(super) fn note_change(&mut self, was_in_flight: bool, is_in_flight: bool) {
        let change = u16::from(is_in_flight).wrapping_sub(was_in_flight.into());
        self.in_flight = self.in_flight.wrapping_add(change);
    }

    /// Returns the number of QoS 2 messages that can be received at once, at least 1. If the
    /// session is new, it is that of all slots.
    pub fn receive_maximum(&self, is_new: bool) -> u16 {
        #[cfg(feature = "fast")]
        if self.is_large() {
            let free = if is_new {
                self.slots.len()
            } else {
                self.free_of_many()
            };
            return (free as u16).max(1);
        }
        let mut free = self.slots.len() as u32;
        if !is_new {
            for slot in &self.slots {
                if slot.received != 0 {
                    free = free.wrapping_sub(1);
                }
            }
        }
        free.max(1) as u16
    }
}
