//! The index of the pending acknowledgements by identifier, which lies in their places.
//!
//! The acknowledgements of one identifier are a group, which its newest member leads: mostly the
//! only one. The leaders of all groups whose identifiers leave the same remainder when they are
//! divided by the number of places are a chain, which begins in the place with this number. So
//! identifiers that follow each other are in different chains. A chain has at most 256 groups with
//! any number of places, and one with 65,535, whatever identifiers the broker chooses.
use core::hash::{Hash, Hasher};

/// The number of a place, counted from 1 on, or 0 for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Link(u16);

impl Link {
    /// None.
    pub const NONE: Link = Link(0);

    /// Returns the link to a place.
    #[inline(always)]
    pub fn to(place: usize) -> Link {
        Link((place as u16).wrapping_add(1))
    }

    /// Returns the place.
    #[inline(always)]
    pub fn place(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }
}

/// The part of the index that lies in one place.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub(super) struct Index {
    /// The first leader of the chain that begins in this place. It has nothing to do with the
    /// acknowledgement in the place.
    pub chain: Link,
    /// For a leader, the next one of the chain, else the next newer member of the group.
    pub next: Link,
    /// For a leader, the oldest member of the group that is not allowed.
    pub oldest: Link,
    /// For a leader, the newest member with another first byte. It may have been removed, and
    /// another acknowledgement be in its place.
    pub other: Link,
}

impl Index {
    /// Belongs to no chain.
    pub const NONE: Index = Index {
        chain: Link::NONE,
        next: Link::NONE,
        oldest: Link::NONE,
        other: Link::NONE,
    };
}

/// The index follows from the acknowledgements.
impl PartialEq for Index {
    fn eq(&self, _: &Index) -> bool {
        true
    }
}

impl Eq for Index {}

impl Hash for Index {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
