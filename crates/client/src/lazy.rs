//! Parts that take memory only while something is in them.
use alloc::{boxed::Box, collections::VecDeque};
use core::hash::{Hash, Hasher};

/// A part that most clients do without most of the time. It is made when it is first needed, and
/// its memory is given back when it is empty.
#[derive(Clone, Debug)]
pub(crate) struct Lazy<T>(Option<Box<T>>);

impl<T> Lazy<T> {
    pub const fn new() -> Self {
        Lazy(None)
    }

    /// Returns the part, if it was made.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// Returns the part, if it was made.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// Removes the part.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Removes the part if it is empty.
    pub fn shrink(&mut self, is_empty: impl FnOnce(&mut T) -> bool) {
        if self.get_mut().is_some_and(is_empty) {
            self.0 = None;
        }
    }
}

impl<T: Default> Lazy<T> {
    /// Returns the part, which is made if necessary.
    #[inline]
    pub fn make(&mut self) -> &mut T {
        self.0.get_or_insert_with(Box::default)
    }
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Lazy::new()
    }
}

/// A part that was not made is as good as one that is empty.
impl<T: Hash + Default> Hash for Lazy<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.get() {
            Some(part) => part.hash(state),
            None => T::default().hash(state),
        }
    }
}

impl<T> Lazy<VecDeque<T>> {
    #[inline]
    pub fn push_back(&mut self, value: T) {
        self.make().push_back(value);
    }

    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        self.get_mut()?.pop_front()
    }

    /// Gives memory back that nothing needs.
    pub fn shrink_queue(&mut self) {
        self.shrink(|queue| {
            queue.shrink_to_fit();
            queue.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use core::hash::{BuildHasher, BuildHasherDefault};

    /// Collects what is hashed.
    #[derive(Default)]
    struct Collected(Vec<u8>);

    impl Hasher for Collected {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend(bytes);
        }

        fn finish(&self) -> u64 {
            crate::hash::hash(&[&self.0])
        }
    }

    #[test]
    fn an_empty_part_is_like_none_and_is_removed() {
        let hash = |part: &Lazy<_>| BuildHasherDefault::<Collected>::default().hash_one(part);
        let mut queue: Lazy<VecDeque<u8>> = Lazy::default();
        let none = hash(&queue);
        assert_eq!(queue.pop_front(), None);
        assert!(queue.get().is_none());
        queue.push_back(7);
        queue.shrink_queue();
        assert_ne!(hash(&queue), none);
        assert_eq!(queue.pop_front(), Some(7));
        assert!(queue.get().is_some());
        assert_eq!(hash(&queue), none);
        queue.shrink_queue();
        assert!(queue.get().is_none());
        queue.push_back(7);
        queue.clear();
        assert!(queue.get().is_none());
    }
}
