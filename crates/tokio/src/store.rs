//! What survives the process: messages that are not acknowledged, and the session they belong to.
use crate::{
    Error,
    shared::{Core, Shared, slots},
    work::{Kept, Work},
};
use motemq::Session;
use motemq_net::Cause;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::{collections::HashMap, io, path::Path, sync::Arc};

/// Messages by their number, in the order of publishing.
const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
/// The session's image.
const SESSION: TableDefinition<'_, u8, &[u8]> = TableDefinition::new("session");

#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
    /// What is in it: the first bytes of each message say all that changes.
    messages: HashMap<u64, [u8; 3]>,
    image: Vec<u8>,
}

impl Store {
    pub fn open(path: &Path, slots: usize) -> Result<Self, Error> {
        let database = Database::create(path).map_err(broken)?;
        Ok(Store {
            database,
            messages: HashMap::new(),
            image: vec![0; Session::<[motemq::Slot; 1]>::IMAGE + 3 * (slots - 1)],
        })
    }

    /// Takes what an earlier process left behind.
    pub fn restore(&mut self, session: &mut Session, work: &mut Work) -> Result<(), Error> {
        let read = self.database.begin_read().map_err(broken)?;
        // A new store has no tables.
        let (Ok(messages), Ok(images)) = (read.open_table(MESSAGES), read.open_table(SESSION))
        else {
            return Ok(());
        };
        if let Some(image) = images.get(0).map_err(broken)? {
            let restored = session.restore(image.value());
            restored.map_err(|error| {
                Error::Store(format!(
                    "{error}: use the number of slots it was made with, or another file"
                ))
            })?;
        }
        let mut kept = Vec::new();
        for entry in messages.iter().map_err(broken)? {
            let (number, bytes) = entry.map_err(broken)?;
            let bytes = bytes.value();
            kept.push(
                Kept::read(number.value(), bytes)
                    .ok_or_else(|| Error::Store("it was written by another version".into()))?,
            );
            self.messages.insert(number.value(), head(bytes));
        }
        work.restore(kept);
        Ok(())
    }

    /// Writes what has changed, and waits until it is on the disk.
    pub fn save(&mut self, session: &Session, work: &Work) -> Result<(), Error> {
        let mut image = vec![0; self.image.len()];
        session.save(&mut image).map_err(broken)?;
        let mut gone: HashMap<_, _> = self.messages.clone();
        let mut new = Vec::new();
        work.kept(|number, head, bytes| {
            if gone.remove(&number) != Some(head) {
                new.push((number, head, bytes()));
            }
        });
        if new.is_empty() && gone.is_empty() && image == self.image {
            return Ok(());
        }
        let write = self.database.begin_write().map_err(broken)?;
        {
            let mut messages = write.open_table(MESSAGES).map_err(broken)?;
            for (number, _, bytes) in &new {
                messages.insert(number, bytes.as_slice()).map_err(broken)?;
            }
            for number in gone.keys() {
                messages.remove(number).map_err(broken)?;
            }
            write
                .open_table(SESSION)
                .map_err(broken)?
                .insert(0, image.as_slice())
                .map_err(broken)?;
        }
        write.commit().map_err(broken)?;
        self.messages.retain(|number, _| !gone.contains_key(number));
        self.messages
            .extend(new.into_iter().map(|(number, head, _)| (number, head)));
        self.image = image;
        Ok(())
    }
}

impl Shared {
    /// Opens the store, if there is to be one, and takes what is in it.
    pub fn open_store(&self) -> Result<(), Error> {
        let Some(path) = &self.options.store else {
            return Ok(());
        };
        self.with(|core| {
            let mut store = Store::open(path, slots(self.options.slots).into())?;
            store.restore(&mut core.session, &mut core.work)?;
            core.store = Some(Box::new(store));
            Ok(())
        })
    }
}

impl Core {
    /// What leaves now must not be forgotten.
    pub fn save(&mut self) -> Result<(), Error> {
        match &mut self.store {
            Some(store) => store.save(&self.session, &self.work),
            None => Ok(()),
        }
    }
}

fn head(bytes: &[u8]) -> [u8; 3] {
    bytes.first_chunk().copied().unwrap_or_default()
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(error.to_string())
}

/// The end of a connection over which nothing may leave.
pub(crate) fn unsaved(error: Error) -> Cause {
    Cause::Io(Arc::new(io::Error::other(error.to_string())))
}
