//! The work of a turn of the driver that is left for when the lock is released.
use crate::shared::Shared;
use motemq_client::Event;
use std::task::Waker;

/// Those who are to be woken, and what is to be logged. Nothing of it is done under the lock, since
/// a subscriber of the log may call the client.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    pub wakers: Vec<Waker>,
    pub events: Vec<Event>,
    /// The changes that are to be stored.
    #[cfg(feature = "store")]
    pub changes: Option<Box<motemq_client::Changes>>,
    pub room: bool,
    pub changed: bool,
}

impl Woken {
    #[inline]
    pub fn wake(&mut self, shared: &Shared) {
        self.wakers.drain(..).for_each(Waker::wake);
        if self.room {
            self.room = false;
            shared.room.notify_waiters();
        }
        if self.changed {
            self.changed = false;
            shared.changed.notify_waiters();
            // If the client has ended, nothing more is stored.
            #[cfg(feature = "store")]
            shared.persisted.notify_waiters();
        }
        if !self.events.is_empty() {
            self.events.drain(..).for_each(motemq_hosted::log);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.wakers = Vec::new();
        self.events = Vec::new();
    }
}
