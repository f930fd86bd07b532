//! What outlives the process.
use super::*;
use crate::{
    Changes, Record, RestoreError,
    output::Gate,
    store::{open_image, seal_image},
};

impl Client {
    /// Makes a client that goes on where an earlier one ended, whose [changes](Self::take_changes)
    /// were stored. `records` have to come in the order of their numbers.
    ///
    /// Messages that were published and not acknowledged are sent, or sent again; nothing asks for
    /// their outcome. Subscriptions have to be made again, so that there are streams.
    ///
    /// # Errors
    /// A [`RestoreError`].
    pub fn restore(
        options: Options,
        image: &[u8],
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Self, RestoreError> {
        let content = open_image(&options, image)?;
        let in_flight = options.max_in_flight();
        let mut client = Client::new(options)?;
        client.protocol = ProtocolState::restore(content)?;
        while client.protocol.slots() < in_flight && client.protocol.grow_session() {}
        let offset = client.protocol.identifier_offset();
        for record in records {
            client.requests.restore(&record, offset)?;
        }
        client.requests.take_changed();
        client.versions = Versions::new(client.protocol.image());
        Ok(client)
    }

    /// Returns what has changed since the last call, and is to be stored in one transaction. Call
    /// it for [`Event::Persist`], store the changes while no lock is held, then call
    /// [`on_persisted`](Self::on_persisted).
    pub fn take_changes(&mut self) -> Changes {
        self.note_changes();
        let (records, removed) = self.requests.take_changes();
        self.changes(false, records, removed)
    }

    /// Returns everything that is to be stored: for a store that failed, and was opened again.
    pub fn full_image(&mut self) -> Changes {
        self.note_changes();
        let records = self.requests.all_records();
        self.changes(true, records, Vec::new())
    }

    fn changes(&mut self, is_full: bool, records: Vec<Record>, removed: Vec<u64>) -> Changes {
        let version = self.versions.take();
        self.output.seal(version);
        Changes {
            version,
            is_full,
            image: seal_image(&self.options, &self.protocol.image()),
            records,
            removed,
        }
    }

    /// A version of the state is stored. What follows from it may leave.
    pub fn on_persisted(&mut self, version: u64) {
        self.versions.on_stored(version);
    }

    /// Returns the version of the state now. A command that was accepted before is durable when
    /// [`persisted`](Self::persisted) is at least this. It is 0 if the client is not
    /// [durable](Options::durable).
    pub fn version(&mut self) -> u64 {
        self.note_changes();
        self.versions.present()
    }

    /// Returns the version of the state that is stored.
    pub fn persisted(&self) -> u64 {
        self.versions.stored()
    }

    /// Takes note of what has changed since the last call.
    fn note_changes(&mut self) {
        if !self.options.durable {
            return;
        }
        if self.requests.take_changed() {
            self.versions.on_changed();
        }
        if self.protocol.take_may_have_changed() {
            self.versions.compare(self.protocol.image());
        }
    }

    /// Returns what may leave.
    #[inline]
    pub(super) fn gate(&mut self) -> Gate {
        if !self.options.durable {
            return Gate::Open;
        }
        self.note_changes();
        if self.versions.is_stored() {
            Gate::Open
        } else {
            let stored = self.versions.stored();
            Gate::Closed { stored }
        }
    }

    /// Returns an event if something is to be stored.
    pub(super) fn poll_persist(&mut self) -> Option<Event> {
        if !self.options.durable {
            return None;
        }
        self.note_changes();
        let version = self.versions.poll()?;
        Some(Event::Persist { version })
    }
}
