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
            self.events.drain(..).for_each(log);
        }
    }

    /// Gives memory back that is not needed while nothing happens.
    pub fn shrink(&mut self) {
        self.wakers = Vec::new();
        self.events = Vec::new();
    }
}

/// Tells the log of an event.
fn log(event: Event) {
    match event {
        Event::Connected { session, .. } => tracing::info!(?session, "connected"),
        Event::AttemptFailed { broker, reason } => {
            tracing::warn!(broker, %reason, "an attempt to connect failed");
        }
        Event::Disconnected {
            reason, repeated, ..
        } => tracing::warn!(%reason, repeated, "no connection"),
        Event::Refused { filters } => {
            tracing::warn!(?filters, "the broker refuses these subscriptions");
        }
        Event::Unclaimed => tracing::warn!(
            "messages for which there is no subscription wait unacknowledged, and hold up others: \
             subscribe, call messages(), or unsubscribe"
        ),
        Event::Skipped { len } => {
            tracing::warn!(
                len,
                "a message was dropped: its topic or its payload is too long"
            );
        }
        Event::IdentifierReused { id } => tracing::warn!(
            id,
            "the broker used an identifier for another message before it had released it"
        ),
        Event::Ended(ended) => tracing::info!(%ended, "ended"),
        _ => {}
    }
}
