//! The work of a turn that is done after the lock was released.
use crate::Waiter;
use motemq_client::Event;

/// The waiters to be woken and the events to be logged after the lock was released. Neither is done
/// under the lock, since a waker or a subscriber of `tracing` may call the client.
#[derive(Debug)]
pub struct Woken<W> {
    pub(crate) waiters: Vec<W>,
    pub(crate) writers: Vec<W>,
    pub(crate) events: Vec<Event>,
    /// The changes to be stored, if there are any.
    #[cfg(feature = "store")]
    pub changes: Option<Box<motemq_client::Changes>>,
}

impl<W> Default for Woken<W> {
    fn default() -> Self {
        Woken {
            waiters: Vec::new(),
            writers: Vec::new(),
            events: Vec::new(),
            #[cfg(feature = "store")]
            changes: None,
        }
    }
}

impl<W: Waiter> Woken<W> {
    /// Wakes all waiters, and logs the events.
    #[inline]
    pub fn wake(&mut self) {
        wake(&mut self.writers);
        self.wake_readers();
    }

    /// Wakes all waiters except those that wait for room, and logs the events.
    #[inline]
    pub fn wake_readers(&mut self) {
        wake(&mut self.waiters);
        if !self.events.is_empty() {
            self.events.drain(..).for_each(crate::log);
        }
    }

    /// Returns whether there are waiters for room that must be woken.
    pub fn has_writers(&self) -> bool {
        !self.writers.is_empty()
    }

    /// Frees the memory that an idle connection does not need.
    pub fn shrink(&mut self) {
        self.waiters = Vec::new();
        // Those that are left asleep stay.
        self.writers.shrink_to_fit();
        self.events = Vec::new();
    }
}

/// Wakes all of them, of whom there are none in most turns.
#[inline]
fn wake<W: Waiter>(waiters: &mut Vec<W>) {
    if !waiters.is_empty() {
        waiters.drain(..).for_each(Waiter::wake);
    }
}
