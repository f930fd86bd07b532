//! Which messages have to be stored, so that they outlive the process, and what of them has
//! changed.
use super::{Queue, RequestKind, Requests, StoredPublish};
use crate::{MessageProperties, Record, RestoreError};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::time::Duration;
use motemq::{PacketId, Properties, Publish, QoS};

/// The version of the format, which is the first byte of a record.
const VERSION: u8 = 1;
const RETAIN: u8 = 4;
const WAS_SENT: u8 = 8;
/// The properties, with their length before them, are between topic and payload.
const HAS_PROPERTIES: u8 = 16;

/// Numbers messages in the order in which they were published.
#[derive(Clone, Hash, Debug, Default)]
pub(super) struct Journal {
    last_number: u64,
    keys: BTreeMap<u64, u32>,
    /// Messages that have changed since the changes were taken.
    changed: BTreeSet<u64>,
    has_changed: bool,
}

impl Requests {
    /// Keeps a journal from now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Box::default());
    }

    /// A message was added.
    #[inline]
    pub(super) fn number(&mut self, key: u32) {
        if let Some(journal) = &mut self.journal {
            journal.last_number += 1;
            let number = journal.last_number;
            journal.keys.insert(number, key);
            if let Some(request) = self.requests.get_mut(key) {
                request.number = number;
            }
            self.on_changed(number);
        }
    }

    /// A request has changed.
    #[inline]
    pub(super) fn on_changed(&mut self, number: u64) {
        if number != 0
            && let Some(journal) = &mut self.journal
        {
            journal.changed.insert(number);
            journal.has_changed = true;
        }
    }

    /// Returns whether messages have changed since the last call.
    pub fn take_changed(&mut self) -> bool {
        let journal = self.journal.as_mut();
        journal.is_some_and(|journal| core::mem::take(&mut journal.has_changed))
    }

    /// Takes the changes since the last call: records to be written, and numbers of those to be
    /// removed.
    pub fn take_changes(&mut self, now: Duration) -> (Vec<Record>, Vec<u64>) {
        let (mut written, mut removed) = (Vec::new(), Vec::new());
        let Some(mut journal) = self.journal.take() else {
            return (written, removed);
        };
        for number in core::mem::take(&mut journal.changed) {
            match self.record(&journal, number, now) {
                Some(record) => written.push(record),
                None => {
                    removed.push(number);
                    journal.keys.remove(&number);
                }
            }
        }
        self.journal = Some(journal);
        (written, removed)
    }

    /// Returns all records.
    pub fn all_records(&mut self, now: Duration) -> Vec<Record> {
        if let Some(journal) = &mut self.journal {
            journal.changed.clear();
        }
        let Some(journal) = &self.journal else {
            return Vec::new();
        };
        let numbers = journal.keys.keys();
        numbers
            .filter_map(|&number| self.record(journal, number, now))
            .collect()
    }

    fn record(&self, journal: &Journal, number: u64, now: Duration) -> Option<Record> {
        let key = *journal.keys.get(&number)?;
        let request = self.requests.get(key).filter(|request| {
            request.number == number && request.is_open && !request.is_given_up
        })?;
        let RequestKind::Publish(stored) = &request.kind else {
            return None;
        };
        let publish = stored.publish();
        let mut flags = publish.qos as u8;
        if publish.retain {
            flags |= RETAIN;
        }
        if request.was_sent {
            flags |= WAS_SENT;
        }
        if stored.has_properties() {
            flags |= HAS_PROPERTIES;
        }
        let mut bytes = Vec::from([VERSION, flags]);
        bytes.extend(request.id.to_be_bytes());
        bytes.extend((publish.topic().len() as u16).to_be_bytes());
        bytes.extend(publish.topic().as_bytes());
        if stored.has_properties() {
            // The time until it expires begins anew with the next client.
            let properties = MessageProperties::new(&stored.properties(now)).ok()?;
            bytes.extend((properties.as_bytes().len() as u32).to_be_bytes());
            bytes.extend(properties.as_bytes());
        }
        bytes.extend(publish.payload);
        Some(Record { number, bytes })
    }

    /// Takes over a message of an earlier client. Messages have to come in the order of their
    /// numbers.
    ///
    /// # Errors
    /// A [`RestoreError`] for what [`take_changes`](Self::take_changes) never writes.
    pub fn restore(&mut self, record: &Record, offset: u16) -> Result<(), RestoreError> {
        let (&[version, flags, i0, i1, t0, t1], text) = record
            .bytes
            .split_first_chunk()
            .ok_or(RestoreError::Damaged)?;
        if version != VERSION {
            return Err(RestoreError::Version);
        }
        let topic_length = u16::from_be_bytes([t0, t1]);
        let (topic, mut payload) = text
            .split_at_checked(topic_length.into())
            .ok_or(RestoreError::Damaged)?;
        let mut properties = MessageProperties::default();
        if flags & HAS_PROPERTIES != 0 {
            let (length, rest) = payload.split_first_chunk().ok_or(RestoreError::Damaged)?;
            let (bytes, rest) = rest
                .split_at_checked(u32::from_be_bytes(*length) as usize)
                .ok_or(RestoreError::Damaged)?;
            let stored = Properties::of_publish(bytes).map_err(|_| RestoreError::Damaged)?;
            (properties, payload) = (MessageProperties::received(stored), rest);
        }
        let topic = str::from_utf8(topic).map_err(|_| RestoreError::Damaged)?;
        let qos = QoS::try_from(flags & 3).map_err(|_| RestoreError::Damaged)?;
        let mut publish = Publish::to(topic).payload(payload).qos(qos);
        publish.retain = flags & RETAIN != 0;
        self.offset = offset;
        let key = self.add(
            RequestKind::Publish(StoredPublish::new(&publish, properties, Duration::ZERO)),
            false,
        );
        if let Some(request) = self.requests.get_mut(key) {
            if let Some(journal) = &mut self.journal {
                journal.keys.remove(&request.number);
                journal.changed.remove(&request.number);
                journal.keys.insert(record.number, key);
                journal.last_number = journal.last_number.max(record.number);
            }
            request.number = record.number;
            request.was_sent = flags & WAS_SENT != 0;
        }
        match PacketId::new(u16::from_be_bytes([i0, i1])) {
            Some(id) => {
                self.take_off(id, key, super::NOT_WRITTEN);
                if let Some(request) = self.requests.get_mut(key) {
                    request.is_on_wire = false;
                }
            }
            None => self.put(key, Queue::push),
        }
        if let Some(journal) = &mut self.journal {
            journal.changed.remove(&record.number);
        }
        Ok(())
    }
}
