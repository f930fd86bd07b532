//! The state that outlives the process.
use super::*;
use crate::{
    Changes, Record, RestoreError,
    output::Gate,
    store::{open_image, seal_image},
};

impl Client {
    /// Makes a client that continues the session of an earlier one from its stored
    /// [changes](Self::take_changes): the last image, and all records in the order of their
    /// numbers.
    ///
    /// The client sends messages that were published and not acknowledged, or sends them again;
    /// their outcome is not reported. The application has to subscribe again, so that there are
    /// streams.
    ///
    /// # Errors
    /// A [`RestoreError`] if the image or a record is damaged, or does not fit the options or this
    /// version of the crate.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Publish, QoS};
    /// use motemq_client::{Client, Options};
    /// let options = Options::new("node-7").keep_session().durable();
    /// let mut client = Client::new(options.clone()).unwrap();
    /// let open = Publish::to("door").payload(b"open").qos(QoS::AtLeastOnce);
    /// client.publish(&open).unwrap();
    /// let changes = client.take_changes(); // to be stored
    /// // After a restart:
    /// let client = Client::restore(options, &changes.image, changes.records)?;
    /// assert_eq!(client.counters().queued, 1);
    /// # Ok::<(), motemq_client::RestoreError>(())
    /// ```
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
        if client.versions.is_some() {
            client.versions = Some(Box::new(Versions::new(client.protocol.image())));
        }
        Ok(client)
    }

    /// Returns the changes since the last call, which have to be stored in one transaction. Call
    /// it for [`Event::Persist`], store the changes while no lock is held, then call
    /// [`on_persisted`](Self::on_persisted).
    pub fn take_changes(&mut self) -> Changes {
        self.note_changes();
        let (records, removed) = self.requests.take_changes(self.clock.now());
        self.changes(false, records, removed)
    }

    /// Returns the whole state that has to be stored, for a store that failed and was opened again.
    pub fn full_image(&mut self) -> Changes {
        self.note_changes();
        let records = self.requests.all_records(self.clock.now());
        self.changes(true, records, Vec::new())
    }

    fn changes(&mut self, is_full: bool, records: Vec<Record>, removed: Vec<u64>) -> Changes {
        let versions = self.versions.as_mut();
        let version = versions.map_or(0, |versions| versions.take());
        self.output.seal(version);
        Changes {
            version,
            is_full,
            image: seal_image(&self.options, &self.protocol.image()),
            records,
            removed,
        }
    }

    /// Reports that a version of the state is stored, so that the client can send the bytes that
    /// depend on it.
    pub fn on_persisted(&mut self, version: u64) {
        if let Some(versions) = &mut self.versions {
            versions.on_stored(version);
        }
    }

    /// Returns the present version of the state. A command that was accepted before is durable when
    /// [`persisted`](Self::persisted) returns at least this version. It is 0 if the client is not
    /// [durable](Options::durable).
    pub fn version(&mut self) -> u64 {
        let versions = self.note_changes();
        versions.map_or(0, |versions| versions.present())
    }

    /// Returns the latest version of the state that is stored: see
    /// [`on_persisted`](Self::on_persisted).
    pub fn persisted(&self) -> u64 {
        let versions = self.versions.as_ref();
        versions.map_or(0, |versions| versions.stored())
    }

    /// Takes note of what has changed since the last call. Returns the versions, unless nothing is
    /// stored.
    #[inline]
    fn note_changes(&mut self) -> Option<&mut Versions> {
        let versions = self.versions.as_deref_mut()?;
        if self.requests.take_changed() {
            versions.on_changed();
        }
        if self.protocol.take_may_have_changed() {
            versions.compare(self.protocol.image());
        }
        Some(versions)
    }

    /// Returns what may leave.
    #[inline]
    pub(super) fn gate(&mut self) -> Gate {
        match self.note_changes() {
            Some(versions) if !versions.is_stored() => Gate::Closed {
                stored: versions.stored(),
            },
            _ => Gate::Open,
        }
    }

    /// Returns an event if something is to be stored.
    pub(super) fn poll_persist(&mut self) -> Option<Event> {
        let version = self.note_changes()?.poll()?;
        Some(Event::Persist { version })
    }
}
