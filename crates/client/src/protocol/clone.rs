//! Clones of the state, and its hash, for those who explore states.
use super::{ProtocolState, new_acks};
use core::hash::{Hash, Hasher};

/// The acknowledgements that are pending count, not where they stand in memory.
impl Hash for ProtocolState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut acks = new_acks(self.acks.places());
        let adopted = acks.adopt(&self.acks);
        debug_assert_eq!(adopted, Ok(()), "there are as many places");
        acks.hash(state);
        self.session.hash(state);
        self.received.hash(state);
        self.may_have_changed.hash(state);
    }
}

impl Clone for ProtocolState {
    fn clone(&self) -> Self {
        let mut clone = ProtocolState::new(self.session.slots());
        clone.acks = new_acks(self.acks.places());
        // What has as many slots and places always fits.
        let adopted = [
            clone.session.adopt(&self.session),
            clone.acks.adopt(&self.acks),
        ];
        debug_assert_eq!(adopted, [Ok(()); 2]);
        clone.received = self.received.clone();
        clone.may_have_changed = self.may_have_changed;
        clone
    }
}
