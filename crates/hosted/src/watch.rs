//! A counter of the changes of the connection's state.
use motemq_client::Event;
use std::mem;

/// Counts the changes of the connection's state, and notes whether waiters for a change have to be
/// woken.
#[derive(Debug, Default)]
pub struct Watch {
    version: u64,
    has_changed: bool,
}

impl Watch {
    /// Returns the number of changes so far.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Counts the event if it changes the state.
    pub fn on_event(&mut self, event: &Event) {
        let is_change = matches!(
            event,
            Event::Connected { .. }
                | Event::AttemptFailed { .. }
                | Event::Disconnected { .. }
                | Event::Refused { .. }
                | Event::Ended(_)
        );
        if is_change {
            self.on_change();
        }
    }

    /// Counts a change of the state, with or without an event.
    pub fn on_change(&mut self) {
        self.version += 1;
        self.has_changed = true;
    }

    /// Notes that the waiters have to be woken, although the state has not changed.
    pub fn wake(&mut self) {
        self.has_changed = true;
    }

    /// Returns whether the waiters for a change have to be woken, and resets the note.
    pub fn take_changed(&mut self) -> bool {
        mem::take(&mut self.has_changed)
    }
}
