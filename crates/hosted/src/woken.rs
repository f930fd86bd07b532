//! The work of a turn that is left for when the lock is released.
use crate::Waiter;
use motemq_client::Event;

/// Those that are to be woken, and what is to be logged. Nothing of it is done under the lock, since
/// a subscriber of the log may call the client.
#[derive(Debug)]
pub struct Woken<W> {
    pub(crate) waiters: Vec<W>,
    pub(crate) writers: Vec<W>,
    pub(crate) events: Vec<Event>,
    /// The changes that are to be stored.
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
    /// Wakes all of them.
    #[inline]
    pub fn wake(&mut self) {
        wake(&mut self.writers);
        self.wake_readers();
    }

    /// Wakes all but those that wait for room.
    #[inline]
    pub fn wake_readers(&mut self) {
        wake(&mut self.waiters);
        if !self.events.is_empty() {
            self.events.drain(..).for_each(crate::log);
        }
    }

    /// Returns whether there are some that wait for room.
    pub fn has_writers(&self) -> bool {
        !self.writers.is_empty()
    }

    /// Gives memory back that is not needed while nothing happens.
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
