//! The pending acknowledgements on hosts, where there may be as many as there are identifiers: a
//! ring, in which nothing moves. An [`index`](super::index) finds those of an identifier, so that no
//! operation takes longer the more there are.
use super::{
    PendingAck,
    index::{Index, Link},
};

/// The most places: as many as there are identifiers.
const MOST: usize = 65_535;

/// The leader of a group, and the one before it in its chain.
struct Leader {
    place: usize,
    before: Option<usize>,
}

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
    /// Free places are [`PendingAck::NONE`].
    places: Q,
}

impl<const N: usize> Pending<[PendingAck; N]> {
    /// Makes a ring of free places.
    pub const fn new() -> Self {
        const { assert!(N <= MOST, "there are 65,535 identifiers") };
        Pending {
            head: 0,
            len: 0,
            unaccepted: 0,
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
        self.get(0).filter(|first| first.is_allowed())
    }

    /// Returns the acknowledgements, the oldest first, in two parts.
    #[cfg(feature = "defmt")]
    pub fn parts(&self) -> [&[PendingAck]; 2] {
        let (before, from_head) = self
            .places
            .split_at_checked(self.head as usize)
            .unwrap_or_default();
        match from_head.get(..self.len as usize) {
            Some(part) => [part, &[]],
            None => {
                let rest = (self.len as usize).wrapping_sub(from_head.len());
                [from_head, before.get(..rest).unwrap_or_default()]
            }
        }
    }

    /// Returns whether this acknowledgement is pending.
    pub fn contains(&self, id: u16, first_byte: u8) -> bool {
        let is_it = |pending: &PendingAck| pending.id == id && pending.first_byte == first_byte;
        let leader = self.leader(id);
        leader
            .and_then(|leader| self.places.get(leader.place))
            .is_some_and(|leader| {
                let other = leader.index.other.place();
                is_it(leader)
                    || other
                        .and_then(|other| self.places.get(other))
                        .is_some_and(is_it)
            })
    }

    /// Returns the number of QoS 2 messages that the session will have to accept.
    pub fn unaccepted(&self) -> usize {
        self.unaccepted as usize
    }

    /// Adds an acknowledgement behind the others, if a place is free.
    pub fn push(&mut self, ack: PendingAck) {
        if self.is_full() {
            return;
        }
        let at = self.index(self.len);
        let mut index = Index {
            chain: self
                .places
                .get(at)
                .map_or(Link::NONE, |place| place.index.chain),
            ..Index::NONE
        };
        let leader = self.leader(ack.id);
        let before = leader.as_ref().and_then(|leader| leader.before);
        if let Some(leader) = leader
            && let Some(older) = self.places.get_mut(leader.place)
        {
            // It leads the group from now on.
            index.next = older.index.next;
            index.oldest = older.index.oldest;
            index.other = if older.first_byte == ack.first_byte {
                older.index.other
            } else {
                Link::to(leader.place)
            };
            older.index.next = Link::to(at);
        } else if let Some(first) = self.places.get(self.chain(ack.id)) {
            index.next = first.index.chain;
        }
        if !ack.is_allowed() && index.oldest == Link::NONE {
            index.oldest = Link::to(at);
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = PendingAck { index, ..ack };
        }
        self.set_next(ack.id, before, Link::to(at));
        self.len = self.len.wrapping_add(1);
        self.unaccepted = self.unaccepted.wrapping_add(u32::from(ack.is_unaccepted()));
    }

    /// Removes the oldest acknowledgement, which is allowed.
    pub fn remove_first(&mut self) {
        let head = self.head as usize;
        let Some(&first) = self.places.get(head) else {
            return;
        };
        if let Some(leader) = self.leader(first.id)
            && leader.place == head
        {
            self.set_next(first.id, leader.before, first.index.next);
        }
        if let Some(place) = self.places.get_mut(head) {
            let chain = place.index.chain;
            *place = PendingAck::NONE;
            place.index.chain = chain;
        }
        self.len = self.len.saturating_sub(1);
        // An empty ring begins anew, so that equal states are equal values more often.
        self.head = if self.len == 0 {
            0
        } else {
            self.index(1) as u32
        };
    }

    /// Allows the oldest acknowledgement with this identifier that is not allowed yet, or refuses
    /// its message with a reason code. Returns its first byte.
    pub fn set_allowed(&mut self, id: u16, answer: u8) -> Option<u8> {
        let leader = self.leader(id)?.place;
        let oldest = self.places.get(leader)?.index.oldest.place()?;
        let pending = self.places.get_mut(oldest)?;
        let is_unaccepted = pending.is_unaccepted();
        pending.answer = answer;
        let first_byte = pending.first_byte;
        self.unaccepted = self.unaccepted.wrapping_sub(u32::from(is_unaccepted));
        // Each member of the group is passed once.
        let mut next = oldest;
        while next != leader && self.places.get(next)?.is_allowed() {
            next = self.places.get(next)?.index.next.place()?;
        }
        let is_left = !self.places.get(next)?.is_allowed();
        self.places.get_mut(leader)?.index.oldest =
            if is_left { Link::to(next) } else { Link::NONE };
        Some(first_byte)
    }

    /// Removes all acknowledgements.
    pub fn clear(&mut self) {
        self.places.fill(PendingAck::NONE);
        (self.head, self.len, self.unaccepted) = (0, 0, 0);
    }

    /// Takes over the acknowledgements of a ring with as many places or fewer. Returns `None`, and
    /// changes nothing, if it has more.
    pub fn adopt(&mut self, smaller: &Self) -> Option<()> {
        if smaller.places.len() > self.places.len() {
            return None;
        }
        self.clear();
        for position in 0..smaller.len {
            self.push(*smaller.get(position)?);
        }
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

    /// Returns the place in which the chain of an identifier begins.
    #[inline(always)]
    fn chain(&self, id: u16) -> usize {
        let places = self.places.len() as u32;
        u32::from(id).checked_rem(places).unwrap_or_default() as usize
    }

    /// Finds the leader of the acknowledgements with this identifier.
    #[inline(always)]
    fn leader(&self, id: u16) -> Option<Leader> {
        let mut before = None;
        let mut next = self.places.get(self.chain(id))?.index.chain;
        loop {
            let place = next.place()?;
            let pending = self.places.get(place)?;
            if pending.id == id {
                return Some(Leader { place, before });
            }
            before = Some(place);
            next = pending.index.next;
        }
    }

    /// Sets the leader that is next in the chain of an identifier: behind the one in the place
    /// `before`, else the first.
    #[inline(always)]
    fn set_next(&mut self, id: u16, before: Option<usize>, next: Link) {
        let at = before.unwrap_or(self.chain(id));
        if let Some(place) = self.places.get_mut(at) {
            let index = &mut place.index;
            *(if before.is_some() {
                &mut index.next
            } else {
                &mut index.chain
            }) = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{ALLOWED, NOT_ALLOWED},
        *,
    };

    /// Acts at random on a ring and on a list, which look at few identifiers: some are equal, some
    /// in the same chain.
    fn run<const N: usize>(seed: u32) {
        let mut ring = Pending::<[PendingAck; N]>::new();
        let ring: &mut Pending = &mut ring;
        let (mut list, mut len) = ([PendingAck::NONE; N], 0);
        let mut random = seed;
        for _ in 0..400 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let bits = random >> 16;
            let ids = [1, 2, 17, 33, 1025, 65_535];
            let id = ids.into_iter().nth(bits as usize % 6).unwrap_or(1);
            let first_byte = if bits & 0x100 == 0 { 0x40 } else { 0x50 };
            match bits >> 9 & 7 {
                0..3 if len < N => {
                    let answer = if bits & 0x1000 == 0 {
                        NOT_ALLOWED
                    } else {
                        ALLOWED
                    };
                    let ack = PendingAck::new(id, first_byte, answer);
                    ring.push(ack);
                    list.get_mut(len).into_iter().for_each(|place| *place = ack);
                    len = len.wrapping_add(1);
                }
                3 | 4 => {
                    let mut pending = list.iter_mut().take(len);
                    let pending = pending.find(|ack| ack.id == id && !ack.is_allowed());
                    let answer = if bits & 0x1000 == 0 { ALLOWED } else { 0x97 };
                    let first_byte = pending.map(|ack| {
                        ack.answer = answer;
                        ack.first_byte
                    });
                    assert_eq!(ring.set_allowed(id, answer), first_byte);
                }
                5 | 6 if list.first().is_some_and(|ack| ack.is_allowed()) => {
                    ring.remove_first();
                    list.first_mut()
                        .into_iter()
                        .for_each(|place| *place = PendingAck::NONE);
                    list.rotate_left(1);
                    len = len.wrapping_sub(1);
                }
                7 if bits & 0xe == 0 => {
                    let mut larger = Pending::<[PendingAck; N]>::new();
                    let larger: &mut Pending = &mut larger;
                    assert_eq!(larger.adopt(ring), Some(()));
                    ring.clear();
                    assert_eq!(ring.adopt(larger), Some(()));
                }
                _ => {}
            }
            let list = list.get(..len).unwrap_or_default();
            let is_it = |ack: &PendingAck| (ack.id, ack.first_byte) == (id, first_byte);
            assert_eq!(ring.contains(id, first_byte), list.iter().any(is_it));
            let unaccepted = list.iter().filter(|ack| ack.is_unaccepted()).count();
            assert_eq!(ring.unaccepted(), unaccepted);
            let first = list.first().filter(|ack| ack.is_allowed());
            assert_eq!(ring.allowed(), first);
            assert_eq!(
                (ring.is_empty(), ring.is_full()),
                (list.is_empty(), list.len() == N)
            );
        }
    }

    #[test]
    fn the_index_finds_what_a_search_would() {
        for seed in 0..200 {
            run::<1>(seed);
            run::<3>(seed);
            run::<16>(seed);
            run::<50>(seed);
        }
    }
}
