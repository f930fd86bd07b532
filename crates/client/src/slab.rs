//! Values under small, dense keys, which are used again.
use alloc::vec::Vec;
use core::mem;

/// No further free place.
const NONE: u32 = u32::MAX;

#[derive(Clone, Hash, Debug)]
enum Place<T> {
    /// The place is free, and names the next free one.
    Free(u32),
    Taken(T),
}

/// Values under keys that count from 0. A key is used again after its value was removed.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    first_free: u32,
    len: u32,
}

impl<T> Slab<T> {
    pub const fn new() -> Self {
        Slab {
            places: Vec::new(),
            first_free: NONE,
            len: 0,
        }
    }

    #[inline]
    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        let key = self.first_free;
        if let Some(place @ Place::Free(_)) = self.places.get_mut(key as usize) {
            if let Place::Free(next) = mem::replace(place, Place::Taken(value)) {
                self.first_free = next;
            }
            return key;
        }
        self.places.push(Place::Taken(value));
        self.places.len() as u32 - 1
    }

    #[inline]
    pub fn get(&self, key: u32) -> Option<&T> {
        match self.places.get(key as usize) {
            Some(Place::Taken(value)) => Some(value),
            _ => None,
        }
    }

    #[inline]
    pub fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        match self.places.get_mut(key as usize) {
            Some(Place::Taken(value)) => Some(value),
            _ => None,
        }
    }

    #[inline]
    pub fn remove(&mut self, key: u32) -> Option<T> {
        let place = self.places.get_mut(key as usize)?;
        if let Place::Free(_) = place {
            return None;
        }
        let taken = mem::replace(place, Place::Free(self.first_free));
        self.first_free = key;
        self.len -= 1;
        match taken {
            Place::Taken(value) => Some(value),
            Place::Free(_) => None,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let places = self.places.iter().enumerate();
        places.filter_map(|(key, place)| match place {
            Place::Taken(value) => Some((key as u32, value)),
            Place::Free(_) => None,
        })
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        let places = self.places.iter_mut().enumerate();
        places.filter_map(|(key, place)| match place {
            Place::Taken(value) => Some((key as u32, value)),
            Place::Free(_) => None,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives memory back that nothing needs.
    pub fn shrink(&mut self) {
        if self.len == 0 {
            *self = Slab::new();
        } else {
            self.places.shrink_to_fit();
        }
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_again() {
        let mut slab = Slab::new();
        let keys = [slab.insert('a'), slab.insert('b'), slab.insert('c')];
        assert_eq!(keys, [0, 1, 2]);
        assert_eq!(
            (slab.remove(1), slab.remove(1), slab.remove(9)),
            (Some('b'), None, None)
        );
        assert_eq!((slab.get(1), slab.get(2), slab.len), (None, Some(&'c'), 2));
        assert_eq!(slab.remove(0), Some('a'));
        assert_eq!(
            [slab.insert('d'), slab.insert('e'), slab.insert('f')],
            [0, 1, 3]
        );
        assert_eq!(
            slab.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            ['d', 'e', 'c', 'f']
        );
        slab.iter_mut().for_each(|(_, value)| *value = 'x');
        assert_eq!(slab.get_mut(3), Some(&mut 'x'));
    }

    #[test]
    fn an_empty_slab_holds_no_memory() {
        let mut slab = Slab::new();
        assert!(slab.is_empty());
        let key = slab.insert(1);
        assert!(!slab.is_empty());
        slab.remove(key);
        slab.shrink();
        assert_eq!(slab.places.capacity(), 0);
        assert_eq!(slab.insert(2), 0);
    }
}
