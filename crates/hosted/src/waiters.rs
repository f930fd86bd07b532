//! The threads and tasks that wait for the client.
use std::{
    collections::HashSet,
    fmt,
    hash::Hash,
    task::Waker,
    thread::{Thread, ThreadId},
};

/// The number of those that wait for the same among which it is looked for one.
const FEW: usize = 16;

/// A thread or a task that waits, and can be woken.
pub trait Waiter: Clone + fmt::Debug {
    /// The identity of a waiter. Of several waiters with the same identity, only one has to be
    /// woken.
    type Id: Eq + Hash;

    /// Returns the identity of the waiter.
    fn id(&self) -> Self::Id;

    /// Wakes the thread or task.
    fn wake(self);
}

impl Waiter for Thread {
    type Id = ThreadId;

    fn id(&self) -> ThreadId {
        Thread::id(self)
    }

    fn wake(self) {
        self.unpark();
    }
}

impl Waiter for Waker {
    type Id = (usize, usize);

    fn id(&self) -> Self::Id {
        let vtable: *const _ = self.vtable();
        (self.data().addr(), vtable.addr())
    }

    fn wake(self) {
        Waker::wake(self);
    }
}

/// All that wait for something of a client. Mostly there are none, and they take no memory.
#[derive(Debug)]
pub(crate) struct Waiters<W>(Option<Box<Lists<W>>>);

#[derive(Debug)]
pub(crate) struct Lists<W> {
    /// By the index of the request.
    pub requests: ByIndex<W>,
    /// By the index of the response.
    pub responses: ByIndex<W>,
    /// By the index of the stream.
    pub streams: ByIndex<W>,
    /// Readers of payloads, of which there is mostly one.
    pub readers: Any<W>,
    /// Those that wait for room, or for a connection.
    pub room: Any<W>,
    /// Those that wait for another state, or until it is stored.
    pub changed: Any<W>,
}

impl<W: Waiter> Waiters<W> {
    pub const fn new() -> Self {
        Waiters(None)
    }

    /// Returns the lists, to add to them.
    pub fn lists(&mut self) -> &mut Lists<W> {
        self.0.get_or_insert_with(|| {
            Box::new(Lists {
                requests: ByIndex(Vec::new()),
                responses: ByIndex(Vec::new()),
                streams: ByIndex(Vec::new()),
                readers: Any(Vec::new()),
                room: Any(Vec::new()),
                changed: Any(Vec::new()),
            })
        })
    }

    /// Returns the lists, to take from them, unless all of them are empty.
    pub fn some(&mut self) -> Option<&mut Lists<W>> {
        self.0.as_deref_mut()
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        let Some(lists) = &mut self.0 else { return };
        let by_index = [
            &mut lists.requests,
            &mut lists.responses,
            &mut lists.streams,
        ];
        let any = [&mut lists.readers, &mut lists.room, &mut lists.changed];
        let mut is_empty = true;
        for list in by_index {
            while let Some(None) = list.0.last() {
                list.0.pop();
            }
            list.0.shrink_to_fit();
            is_empty &= list.0.is_empty();
        }
        for list in any {
            list.0.shrink_to_fit();
            is_empty &= list.0.is_empty();
        }
        if is_empty {
            self.0 = None;
        }
    }
}

/// At most one for each index.
#[derive(Debug)]
pub(crate) struct ByIndex<W>(Vec<Option<W>>);

impl<W: Waiter> ByIndex<W> {
    pub fn put(&mut self, index: usize, waiter: &W) {
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        match &mut self.0[index] {
            Some(other) if other.id() == waiter.id() => {}
            other => *other = Some(waiter.clone()),
        }
    }

    pub fn take(&mut self, index: usize) -> Option<W> {
        self.0.get_mut(index)?.take()
    }
}

/// Any number that wait for the same.
#[derive(Debug)]
pub(crate) struct Any<W>(Vec<W>);

impl<W: Waiter> Any<W> {
    /// Adds one, which may have waited before, and given up.
    pub fn put(&mut self, waiter: &W) {
        if self.0.len() < FEW {
            if self.0.iter().any(|other| other.id() == waiter.id()) {
                return;
            }
        } else if self.0.len() == self.0.capacity() {
            // So the list is at most twice as long as necessary, and adding takes the same time
            // however many wait.
            let mut seen = HashSet::new();
            self.0.retain(|other| seen.insert(other.id()));
            self.0.reserve(self.0.len());
        }
        self.0.push(waiter.clone());
    }

    /// Moves all of them to `woken`.
    pub fn take(&mut self, woken: &mut Vec<W>) {
        woken.append(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, task::Wake, thread};

    #[test]
    fn only_those_that_wait_take_memory() {
        let mut waiters = Waiters::new();
        assert!(waiters.some().is_none());
        let lists = waiters.lists();
        lists.requests.put(7, Waker::noop());
        lists.streams.put(1, Waker::noop());
        lists.readers.put(Waker::noop());
        assert!(lists.requests.take(7).is_some() && lists.requests.take(7).is_none());
        waiters.shrink();
        let lists = waiters.some().expect("there are others");
        assert_eq!((lists.requests.0.len(), lists.streams.0.len()), (0, 2));
        assert!(lists.streams.take(1).is_some() && lists.streams.take(2).is_none());
        let mut woken = Vec::new();
        lists.readers.take(&mut woken);
        assert_eq!(woken.len(), 1);
        waiters.shrink();
        assert!(waiters.some().is_none());
    }

    #[test]
    fn a_thread_that_waits_again_and_again_is_noted_once() {
        let (mut threads, mut woken) = (Any(Vec::new()), Vec::new());
        for _ in 0..3 {
            threads.put(&thread::current());
        }
        let other = thread::spawn(|| {});
        threads.put(other.thread());
        threads.take(&mut woken);
        assert_eq!((woken.len(), threads.0.len()), (2, 0));
        other.join().unwrap();
    }

    #[test]
    fn many_that_wait_again_and_again_take_as_much_memory_as_all_of_them() {
        struct Task;

        impl Wake for Task {
            fn wake(self: Arc<Self>) {}
        }

        let tasks: Vec<Waker> = (0..100).map(|_| Arc::new(Task).into()).collect();
        let (mut waiting, mut woken) = (Any(Vec::new()), Vec::new());
        for _ in 0..100 {
            for task in &tasks {
                waiting.put(task);
                assert!(waiting.0.capacity() <= 400);
            }
        }
        waiting.take(&mut woken);
        let woken: HashSet<_> = woken.iter().map(Waiter::id).collect();
        assert_eq!(woken.len(), tasks.len());
    }
}
