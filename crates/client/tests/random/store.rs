//! What becomes of the store.
use super::Run;
use motemq_client::{Changes, Client, Record};
use std::time::Duration;

impl Run<'_> {
    pub(super) fn store(&mut self) {
        if let Some(changes) = self.storing.take() {
            if self.bytes.below(4) == 0 {
                // The store failed, and is opened again.
                let changes = self.client.full_image();
                self.apply(changes);
            } else {
                self.apply(changes);
            }
        }
    }

    pub(super) fn apply(&mut self, changes: Changes) {
        if changes.is_full {
            self.records.clear();
        }
        for record in changes.records {
            let topic = u16::from_be_bytes([record.bytes[4], record.bytes[5]]);
            let payload = &record.bytes[6 + usize::from(topic)..];
            let number = payload.first_chunk().copied().map(u32::from_be_bytes);
            self.stored.extend(number);
            self.records.insert(record.number, record.bytes);
        }
        for number in changes.removed {
            self.records.remove(&number);
        }
        self.image = changes.image;
        self.client.on_persisted(changes.version);
    }

    /// The process ends, and another one goes on with what is stored.
    pub(super) fn crash(&mut self) {
        let records = self.records.iter();
        let records = records.map(|(&number, bytes)| Record {
            number,
            bytes: bytes.clone(),
        });
        self.client = Client::restore(self.options.clone(), &self.image, records).unwrap();
        self.now = Duration::ZERO;
        (self.is_open, self.is_ended, self.storing) = (false, false, None);
        self.attempts.clear();
        self.requests.clear();
        self.streams.clear();
        self.acks.clear();
        self.had.clear();
        self.payloads.clear();
        self.upload = None;
        self.in_flight.clear();
        self.is_dirty = true;
    }
}
