//! Changes of the state of a connection.
use motemq_client::Event;
use std::mem;

/// Counts changes of the state.
#[derive(Debug, Default)]
pub struct Watch {
    version: u64,
    has_changed: bool,
}

impl Watch {
    /// Returns the number of changes.
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

    /// Wakes those that wait for another state, without a change.
    pub fn wake(&mut self) {
        self.has_changed = true;
    }

    /// Returns whether to wake those that wait for another state.
    pub fn take_changed(&mut self) -> bool {
        mem::take(&mut self.has_changed)
    }
}
