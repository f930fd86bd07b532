//! The identifiers of QoS 2 messages that are being received: one in each slot.
use super::{Ring, Slot};
use crate::PacketId;

impl Ring {
    /// Returns the slot that holds the received QoS 2 message with this identifier, or else a slot
    /// that is free for it.
    fn place_of(&mut self, id: u16) -> Option<&mut Slot> {
        let mut free = None;
        for slot in self.slots.iter_mut().rev() {
            if slot.received == id {
                return Some(slot);
            }
            if slot.received == 0 {
                free = Some(slot);
            }
        }
        free
    }

    /// Returns whether a QoS 2 message with this identifier was accepted and is not released yet.
    /// Returns `None` if it was not, and no other can be accepted.
    #[inline(always)]
    pub fn is_accepted(&mut self, id: PacketId) -> Option<bool> {
        #[cfg(feature = "fast")]
        if self.is_large() {
            return self.is_accepted_of_many(id);
        }
        self.place_of(id.get()).map(|slot| slot.received != 0)
    }

    /// Returns whether `n + 1` more QoS 2 messages can be accepted.
    pub fn can_accept_more_than(&self, n: usize) -> bool {
        #[cfg(feature = "fast")]
        if self.is_large() {
            return self.free_of_many() > n;
        }
        self.slots
            .iter()
            .filter(|slot| slot.received == 0)
            .nth(n)
            .is_some()
    }

    /// Returns the identifiers of the QoS 2 messages that were accepted and not released.
    #[cfg(not(feature = "fast"))]
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> + '_ {
        self.slots
            .iter()
            .filter_map(|slot| PacketId::new(slot.received))
    }

    /// Accepts a QoS 2 message. From now on it is not delivered again [MQTT-4.3.3-2].
    #[inline(always)]
    pub fn accept(&mut self, id: u16) {
        #[cfg(feature = "fast")]
        if self.is_large() {
            return self.accept_in_many(id);
        }
        if let Some(slot) = self.place_of(id) {
            slot.received = id;
        }
    }

    /// Releases a QoS 2 message after PUBREL, so that its identifier can be that of another
    /// message. Returns whether there was such a message.
    #[inline(always)]
    pub fn release(&mut self, id: PacketId) -> bool {
        #[cfg(feature = "fast")]
        if self.is_large() {
            return self.release_of_many(id);
        }
        let mut is_known = false;
        if let Some(slot) = self.place_of(id.get()) {
            is_known = slot.received != 0;
            slot.received = 0;
        }
        is_known
    }
}
