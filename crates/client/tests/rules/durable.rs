//! A durable client and its store.
use crate::common::*;
use std::collections::BTreeMap;

/// A store in memory.
#[derive(Clone, Default)]
pub struct Store {
    pub image: Vec<u8>,
    pub records: BTreeMap<u64, Vec<u8>>,
}

impl Store {
    pub fn write(&mut self, changes: Changes) -> u64 {
        if changes.is_full {
            self.records.clear();
        }
        self.image = changes.image;
        for record in changes.records {
            self.records.insert(record.number, record.bytes);
        }
        for number in changes.removed {
            self.records.remove(&number);
        }
        changes.version
    }

    pub fn records(&self) -> Vec<Record> {
        let records = self.records.iter();
        records
            .map(|(&number, bytes)| Record {
                number,
                bytes: bytes.clone(),
            })
            .collect()
    }

    pub fn restore(&self, options: Options) -> Result<Client, RestoreError> {
        Client::restore(options, &self.image, self.records())
    }
}

pub fn durable() -> Options {
    kept().durable()
}

/// A client whose store is asked with each call of `save`.
pub struct Durable {
    pub line: Line,
    pub store: Store,
}

impl Durable {
    pub fn new() -> Self {
        let mut durable = Durable::begin(durable());
        durable.opens(Version::Mqtt311);
        durable.line.receive(NEW);
        durable.save();
        durable
    }

    /// A client that has not connected yet.
    pub fn begin(options: Options) -> Self {
        Durable {
            line: Line::new(options),
            store: Store::default(),
        }
    }

    /// Opens a connection of this version.
    #[track_caller]
    pub fn opens(&mut self, version: Version) {
        self.line.open();
        self.save();
        let connect = self.line.sent();
        assert_eq!((connect[0], connect[8]), (0x10, version as u8));
    }

    pub fn is_asked(&mut self) -> bool {
        self.line.turn();
        let events = std::mem::take(&mut self.line.events);
        let persist = |event: &Event| matches!(event, Event::Persist { .. });
        let asked = events.iter().filter(|event| persist(event)).count();
        assert!(asked <= 1, "one transaction at a time");
        self.line.events = events.into_iter().filter(|event| !persist(event)).collect();
        asked == 1
    }

    /// Stores what has changed, if the client asks for it.
    pub fn save(&mut self) {
        while self.is_asked() {
            let changes = self.line.client.take_changes();
            let version = self.store.write(changes);
            self.line.client.on_persisted(version);
        }
    }

    /// The process ends, and another one goes on with what is stored.
    pub fn crash(self) -> Self {
        self.crash_into(durable())
    }

    /// The same, with other options.
    pub fn crash_into(self, options: Options) -> Self {
        let mut line = Line::new(options.clone());
        line.client = self.store.restore(options).unwrap();
        Durable {
            line,
            store: self.store,
        }
    }
}
