//! The pending acknowledgements on small machines: the oldest in the first place, free places last.
//!
//! There are few places, so every operation looks at all of them. With the feature `fast`,
//! `ring.rs` takes the place of this file.
use super::PendingAck;

impl PendingAck {
    /// Returns whether the place is free.
    fn is_free(&self) -> bool {
        self.id == 0
    }
}

/// The pending acknowledgements, in the order in which their messages were received.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub(super) struct Pending<Q: ?Sized = [PendingAck]> {
    places: Q,
}

impl<const N: usize> Pending<[PendingAck; N]> {
    /// Makes a queue of free places.
    pub const fn new() -> Self {
        Pending {
            places: [PendingAck::NONE; N],
        }
    }
}

impl Pending {
    /// Returns the number of places.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Returns whether no place is free.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.places.last().is_none_or(|last| !last.is_free())
    }

    /// Returns whether no acknowledgement is pending.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.places.first().is_none_or(PendingAck::is_free)
    }

    /// Returns the oldest acknowledgement if it is allowed.
    #[inline(always)]
    pub fn allowed(&self) -> Option<&PendingAck> {
        self.places.first().filter(|first| first.is_allowed())
    }

    /// Returns the places, the oldest acknowledgement first. The second part is empty.
    #[cfg(feature = "defmt")]
    pub fn parts(&self) -> [&[PendingAck]; 2] {
        [&self.places, &[]]
    }

    /// Returns whether this acknowledgement is pending.
    #[inline(always)]
    pub fn contains(&self, id: u16, first_byte: u8) -> bool {
        self.places
            .iter()
            .any(|pending| pending.id == id && pending.first_byte == first_byte)
    }

    /// Returns the number of QoS 2 messages that the session will have to accept.
    #[inline(always)]
    pub fn unaccepted(&self) -> usize {
        self.places
            .iter()
            .filter(|pending| pending.is_unaccepted())
            .count()
    }

    /// Adds an acknowledgement behind the others, if a place is free.
    #[inline(always)]
    pub fn push(&mut self, ack: PendingAck) {
        if let Some(place) = self.places.iter_mut().find(|place| place.is_free()) {
            *place = ack;
        }
    }

    /// Removes the oldest acknowledgement.
    pub fn remove_first(&mut self) {
        // The others move up one by one: rotating them would link memmove.
        self.places
            .iter_mut()
            .rev()
            .fold(PendingAck::NONE, |behind, pending| {
                core::mem::replace(pending, behind)
            });
    }

    /// Allows the oldest acknowledgement with this identifier that is not allowed yet, or refuses
    /// its message with a reason code. Returns its first byte.
    #[inline(always)]
    pub fn set_allowed(&mut self, id: u16, answer: u8) -> Option<u8> {
        let pending = self
            .places
            .iter_mut()
            .find(|pending| pending.id == id && !pending.is_allowed())?;
        pending.answer = answer;
        Some(pending.first_byte)
    }

    /// Removes all acknowledgements.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.places.fill(PendingAck::NONE);
    }

    /// Takes over the acknowledgements of a queue with as many places or fewer. Returns `None`, and
    /// changes nothing, if it has more.
    pub fn adopt(&mut self, smaller: &Self) -> Option<()> {
        let (taken, free) = self.places.split_at_mut_checked(smaller.places.len())?;
        for (to, from) in taken.iter_mut().zip(&smaller.places) {
            *to = *from;
        }
        free.fill(PendingAck::NONE);
        Some(())
    }
}
