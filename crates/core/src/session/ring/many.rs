//! The identifiers of QoS 2 messages that are being received, on hosts, where there may be as many as
//! there are identifiers: a bitmap, so that a message takes no more time the more there are.
//!
//! The bitmap is in the memory that other rings use for one identifier in each slot: 4,096 slots have
//! a bit for each of 65,536 identifiers, and the next slot has the number of those that are set.
use super::{Ring, Slot};
use crate::PacketId;
use core::mem;

/// The number of slots that have the bitmap. A ring with more of them keeps one.
const BITMAP: usize = 1 << 12;

/// Returns the slot that has the bit of an identifier, and the bit.
#[inline(always)]
fn bit_of(id: u16) -> (usize, u16) {
    (usize::from(id >> 4), 1 << (id & 15))
}

impl Ring {
    /// Returns whether this ring keeps a bitmap.
    #[inline(always)]
    pub(super) fn is_large(&self) -> bool {
        self.slots.len() > BITMAP
    }

    #[inline(always)]
    fn has(&self, id: u16) -> bool {
        let (index, bit) = bit_of(id);
        self.slots
            .get(index)
            .is_some_and(|slot| slot.received & bit != 0)
    }

    /// Returns how many more messages can be accepted.
    #[inline(always)]
    pub(super) fn free_of_many(&self) -> usize {
        let accepted = self.slots.get(BITMAP).map_or(0, |slot| slot.received);
        self.slots.len().wrapping_sub(accepted.into())
    }

    /// Changes the number of messages by adding `n`, which may wrap.
    #[inline(always)]
    fn count(&mut self, n: u16) {
        if let Some(slot) = self.slots.get_mut(BITMAP) {
            slot.received = slot.received.wrapping_add(n);
        }
    }

    /// See [`is_accepted`](Self::is_accepted).
    #[inline(always)]
    pub(super) fn is_accepted_of_many(&self, id: PacketId) -> Option<bool> {
        let is_accepted = self.has(id.get());
        (is_accepted || self.free_of_many() > 0).then_some(is_accepted)
    }

    /// See [`accept`](Self::accept).
    #[inline(always)]
    pub(super) fn accept_in_many(&mut self, id: u16) {
        let (index, bit) = bit_of(id);
        if self.has(id) || self.free_of_many() == 0 {
            return;
        }
        if let Some(slot) = self.slots.get_mut(index) {
            slot.received |= bit;
            self.count(1);
        }
    }

    /// See [`release`](Self::release).
    #[inline(always)]
    pub(super) fn release_of_many(&mut self, id: PacketId) -> bool {
        let (index, bit) = bit_of(id.get());
        let is_known = self.has(id.get());
        if let Some(slot) = self.slots.get_mut(index) {
            slot.received &= !bit;
        }
        self.count(0_u16.wrapping_sub(is_known.into()));
        is_known
    }

    /// Returns the identifiers of the QoS 2 messages that were accepted and not released.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> + '_ {
        let (small, large) = if self.is_large() {
            (&[][..], &self.slots)
        } else {
            (&self.slots, &[][..])
        };
        let small = small.iter().map(|slot| slot.received);
        let large = (0..)
            .zip(large.iter().take(BITMAP))
            .flat_map(|(index, slot): (u16, &Slot)| {
                let bits = (0..16).filter(move |bit| slot.received & 1 << bit != 0);
                bits.map(move |bit| index << 4 | bit)
            });
        small.chain(large).filter_map(PacketId::new)
    }

    /// Takes over the identifiers of a ring whose slots are the first of this one's already.
    pub(super) fn adopt_received(&mut self, smaller: &Ring) {
        if self.is_large() && !smaller.is_large() {
            for slot in &mut self.slots {
                slot.received = 0;
            }
            smaller.unreleased().for_each(|id| self.accept(id.get()));
        }
    }

    /// Makes a bitmap of the identifiers of a snapshot, which has one for each slot.
    pub(super) fn restore_received(&mut self) {
        if !self.is_large() {
            return;
        }
        let mut bitmap = [0_u16; BITMAP];
        for slot in &mut self.slots {
            let (index, bit) = bit_of(mem::take(&mut slot.received));
            if let Some(bits) = bitmap.get_mut(index) {
                *bits |= bit;
            }
        }
        for (slot, bits) in self.slots.iter_mut().zip(bitmap) {
            slot.received = bits;
        }
        if let Some(first) = self.slots.first_mut() {
            // That of slots without an identifier.
            first.received &= !1;
        }
        self.count(self.unreleased().count() as u16);
    }
}
