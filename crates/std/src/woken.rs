//! The work of a turn that is left for when the lock is released.
use motemq_client::Event;
use std::thread::Thread;

/// Threads that are to be woken, and what is to be logged. Nothing of it is done under the lock,
/// since a subscriber of the log may call the client.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    pub threads: Vec<Thread>,
    /// Threads that wait for room.
    pub writers: Vec<Thread>,
    pub events: Vec<Event>,
    /// The changes that are to be stored.
    #[cfg(feature = "store")]
    pub changes: Option<motemq_client::Changes>,
}

impl Woken {
    #[inline]
    pub fn wake(&mut self) {
        if !self.writers.is_empty() {
            self.writers.drain(..).for_each(|thread| thread.unpark());
        }
        self.wake_readers();
    }

    /// Wakes all but the threads that wait for room.
    #[inline]
    pub fn wake_readers(&mut self) {
        if !self.threads.is_empty() {
            self.threads.drain(..).for_each(|thread| thread.unpark());
        }
        if !self.events.is_empty() {
            self.events.drain(..).for_each(motemq_hosted::log);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.threads = Vec::new();
        // The threads that are left asleep stay.
        self.writers.shrink_to_fit();
        self.events = Vec::new();
    }
}
