//! The pending acknowledgements on hosts, where there may be as many as there are identifiers: a
//! ring, in which nothing moves.
//!
//! Most brokers count identifiers up. While the identifiers ascend, with any gaps and past 65,535,
//! a comparison with the newest one shows that an identifier is new, and a binary search finds any
//! other. Identifiers in another order are looked for one by one.
use super::PendingAck;
use core::cmp::Ordering;

/// The pending acknowledgements, in the order in which their messages were received.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(super) struct Pending<Q: ?Sized = [PendingAck]> {
    /// The index of the place of the oldest one.
    head: u32,
    /// The number of acknowledgements. They are in the places from `head` on, round the ring.
    len: u32,
    /// The number of those that are [unaccepted](PendingAck::is_unaccepted).
    unaccepted: u32,
    /// The number of the oldest ones that are out of order: the identifiers of all later ones
    /// ascend.
    unordered: u32,
    /// Free places are [`PendingAck::NONE`].
    places: Q,
}

impl<const N: usize> Pending<[PendingAck; N]> {
    /// Makes a ring of free places.
    pub const fn new() -> Self {
        Pending {
            head: 0,
            len: 0,
            unaccepted: 0,
            unordered: 0,
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
    pub fn is_full(&self) -> bool {
        self.len as usize >= self.places.len()
    }

    /// Returns whether no acknowledgement is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the oldest acknowledgement if it is allowed.
    pub fn allowed(&self) -> Option<&PendingAck> {
        self.get(0).filter(|first| first.is_allowed)
    }

    /// Returns the acknowledgements, the oldest first, in two parts.
    #[cfg(feature = "defmt")]
    pub fn parts(&self) -> [&[PendingAck]; 2] {
        self.oldest(self.len)
    }

    /// Returns whether this acknowledgement is pending.
    pub fn contains(&self, id: u16, first_byte: u8) -> bool {
        let is_it = |pending: &PendingAck| pending.id == id && pending.first_byte == first_byte;
        self.oldest(self.unordered).iter().any(|part| {
            // Without an exit the loop compares several at a time.
            part.iter()
                .fold(false, |found, pending| found | is_it(pending))
        }) || self
            .position(id)
            .and_then(|index| self.get(index))
            .is_some_and(is_it)
    }

    /// Returns the number of QoS 2 messages that the session will have to accept.
    pub fn unaccepted(&self) -> usize {
        self.unaccepted as usize
    }

    /// Adds an acknowledgement behind the others, if a place is free.
    pub fn push(&mut self, ack: PendingAck) {
        let len = self.len;
        if self.is_full() {
            return;
        }
        if let (Some(base), Some(last)) = (self.base(), self.get(len.wrapping_sub(1)))
            && ack.id.wrapping_sub(base) <= last.id.wrapping_sub(base)
        {
            self.unordered = len;
        }
        let index = self.index(len);
        if let Some(place) = self.places.get_mut(index) {
            *place = ack;
            self.len = len.wrapping_add(1);
            self.unaccepted = self.unaccepted.wrapping_add(u32::from(ack.is_unaccepted()));
        }
    }

    /// Removes the oldest acknowledgement, which is allowed.
    pub fn remove_first(&mut self) {
        let head = self.head as usize;
        if let Some(place) = self.places.get_mut(head) {
            *place = PendingAck::NONE;
        }
        self.len = self.len.saturating_sub(1);
        self.unordered = self.unordered.saturating_sub(1);
        // An empty ring begins anew, so that equal states are equal values more often.
        self.head = if self.len == 0 {
            0
        } else {
            self.index(1) as u32
        };
    }

    /// Allows the oldest acknowledgement with this identifier that is not allowed yet, and returns
    /// its first byte.
    pub fn set_allowed(&mut self, id: u16) -> Option<u8> {
        self.set_allowed_with(id, |first_byte| first_byte)
    }

    /// Allows an acknowledgement, and changes its first byte. Returns the one that it had.
    #[inline(always)]
    pub fn set_allowed_with(&mut self, id: u16, change: impl FnOnce(u8) -> u8) -> Option<u8> {
        let is_it = |pending: &PendingAck| pending.id == id && !pending.is_allowed;
        let index = (0..self.unordered)
            .find(|&index| self.get(index).is_some_and(is_it))
            .or_else(|| self.position(id))?;
        let index = self.index(index);
        let pending = self
            .places
            .get_mut(index)
            .filter(|pending| is_it(pending))?;
        let is_unaccepted = pending.is_unaccepted();
        pending.is_allowed = true;
        let first_byte = pending.first_byte;
        pending.first_byte = change(first_byte);
        self.unaccepted = self.unaccepted.wrapping_sub(u32::from(is_unaccepted));
        Some(first_byte)
    }

    /// Removes all acknowledgements.
    pub fn clear(&mut self) {
        self.places.fill(PendingAck::NONE);
        (self.head, self.len, self.unaccepted, self.unordered) = (0, 0, 0, 0);
    }

    /// Takes over the acknowledgements of a ring with as many places or fewer. Returns `None`, and
    /// changes nothing, if it has more.
    pub fn adopt(&mut self, smaller: &Self) -> Option<()> {
        if smaller.places.len() > self.places.len() {
            return None;
        }
        self.clear();
        for (index, place) in (0..smaller.len).zip(&mut self.places) {
            *place = *smaller.get(index)?;
        }
        self.len = smaller.len;
        self.unaccepted = smaller.unaccepted;
        self.unordered = smaller.unordered;
        Some(())
    }

    /// Returns where in `places` the acknowledgement is that has `position` older ones before it.
    #[inline(always)]
    fn index(&self, position: u32) -> usize {
        let index = (self.head as usize).wrapping_add(position as usize);
        if index < self.places.len() {
            index
        } else {
            index.wrapping_sub(self.places.len())
        }
    }

    /// Returns the acknowledgement that has `position` older ones before it.
    #[inline(always)]
    fn get(&self, position: u32) -> Option<&PendingAck> {
        self.places.get(self.index(position))
    }

    /// Returns the `count` oldest acknowledgements: those up to the end of the memory, and those at
    /// its beginning.
    #[inline(always)]
    fn oldest(&self, count: u32) -> [&[PendingAck]; 2] {
        let (before, from_head) = self
            .places
            .split_at_checked(self.head as usize)
            .unwrap_or_default();
        let count = count as usize;
        match from_head.get(..count) {
            Some(part) => [part, &[]],
            None => {
                let rest = count.wrapping_sub(from_head.len());
                [from_head, before.get(..rest).unwrap_or_default()]
            }
        }
    }

    /// Returns the identifier from which on all others ascend. `None` if there is none.
    #[inline(always)]
    fn base(&self) -> Option<u16> {
        if self.unordered == self.len {
            return None;
        }
        self.get(self.unordered).map(|first| first.id)
    }

    /// Returns the position of an identifier among those that ascend.
    #[inline(always)]
    fn position(&self, id: u16) -> Option<u32> {
        let base = self.base()?;
        let distance = id.wrapping_sub(base);
        // An identifier is at most as many positions behind the first one as it is greater, and
        // exactly as many if there are no gaps.
        let last = self.len.wrapping_sub(1);
        let (mut low, mut high) = (self.unordered, last);
        let mut middle = last.min(low.wrapping_add(distance.into()));
        loop {
            let here = self.get(middle)?.id.wrapping_sub(base);
            match here.cmp(&distance) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle.wrapping_add(1),
                Ordering::Greater => high = middle.checked_sub(1)?,
            }
            if low > high {
                return None;
            }
            middle = low.midpoint(high);
        }
    }
}
