//! The part of a snapshot that belongs to the ring.
use super::{Ring, STRAY, Slot};
#[cfg(feature = "fast")]
use crate::PacketId;
use crate::{
    SnapshotError,
    snapshot::{RING_LENGTH, SLOT_LENGTH},
    wire,
};

impl Ring {
    /// Returns the number of bytes that [`save`](Self::save) writes.
    pub fn image_length(&self) -> usize {
        self.slots
            .len()
            .wrapping_mul(SLOT_LENGTH)
            .wrapping_add(RING_LENGTH)
    }

    /// Writes the state that outlives a connection.
    pub fn save(&self, image: &mut [u8]) {
        let Some((head, slots)) = image.split_first_chunk_mut::<RING_LENGTH>() else {
            return;
        };
        let numbers = [self.next, self.offset];
        for (to, number) in head.as_chunks_mut().0.iter_mut().zip(numbers) {
            *to = number.to_be_bytes();
        }
        #[cfg(feature = "fast")]
        let mut unreleased = self.unreleased();
        for (to, slot) in slots.as_chunks_mut().0.iter_mut().zip(&self.slots) {
            let received = slot.received;
            #[cfg(feature = "fast")]
            let received = if self.is_large() {
                unreleased.next().map_or(0, PacketId::get)
            } else {
                received
            };
            let [high, low] = received.to_be_bytes();
            *to = [slot.awaits, high, low];
        }
    }

    /// Reads the state that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// `Length` if the image is too short; `Damaged` for bytes that `save` never writes. Nothing is
    /// changed then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), SnapshotError> {
        let (&head, slots) = image
            .split_first_chunk::<RING_LENGTH>()
            .ok_or(SnapshotError::Length)?;
        let [n0, n1, o0, o1] = head;
        let next = u16::from_be_bytes([n0, n1]);
        let slots = slots.as_chunks::<SLOT_LENGTH>().0;
        let is_state = |&[awaits, ..]: &[u8; SLOT_LENGTH]| {
            matches!(
                awaits,
                0 | wire::PUBACK
                    | wire::PUBREC
                    | wire::PUBCOMP
                    | STRAY
                    | wire::SUBACK
                    | wire::UNSUBACK
            )
        };
        let offset = u16::from_be_bytes([o0, o1]);
        if usize::from(next) >= self.slots.len()
            || offset > self.largest_offset()
            || !slots.iter().all(is_state)
        {
            return Err(SnapshotError::Damaged);
        }
        self.next = next;
        self.offset = offset;
        for (slot, &[awaits, high, low]) in self.slots.iter_mut().zip(slots) {
            *slot = Slot {
                received: u16::from_be_bytes([high, low]),
                awaits,
                count: 0,
            };
        }
        #[cfg(feature = "fast")]
        {
            self.restore_received();
            self.count_in_flight();
        }
        Ok(())
    }
}
