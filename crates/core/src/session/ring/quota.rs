//! The numbers of messages with which flow control counts. Only MQTT 5 has it.
use super::{Ring, Slot};
use crate::wire;

impl Ring {
    /// Returns the number of messages that were sent over this connection and are not completed.
    pub fn in_flight(&self) -> usize {
        let is_publish = |slot: &&Slot| (wire::PUBACK..=wire::PUBCOMP).contains(&slot.awaits);
        let is_sent = |slot: &&Slot| is_publish(slot) && slot.count == 0;
        self.slots.iter().filter(is_sent).count()
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
