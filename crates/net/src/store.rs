//! A file in which a hosted client stores what outlives the process: an image, and numbered records
//! beside it. It knows nothing of what they mean.
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
    error::Error,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Records by their number.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
/// The image.
const IMAGE: TableDefinition<'_, u8, &[u8]> = TableDefinition::new("session");
/// How long an earlier store in this process may take to close the file: its last transaction may
/// be under way.
const CLOSING: Duration = Duration::from_secs(2);

/// The reason why a store failed.
pub type StoreError = Box<dyn Error + Send + Sync>;

/// What was found in a store.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// The image that was written last.
    pub image: Vec<u8>,
    /// The records by their numbers, in order.
    pub records: Vec<(u64, Vec<u8>)>,
}

/// What is to be written in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// Whether all records that were written before are removed first.
    pub is_full: bool,
    /// The image, which replaces the last one.
    pub image: &'a [u8],
    /// Numbers of the records to be removed. Some of them may not exist.
    pub removed: &'a [u64],
}

/// A file of `redb` with an image and numbered records.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    database: Database,
}

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// The file cannot be opened, is damaged, or another process has opened it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let begun = Instant::now();
        let database = loop {
            match Database::create(path) {
                Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < CLOSING => {
                    thread::sleep(Duration::from_millis(2));
                }
                opened => break opened?,
            }
        };
        let path = path.to_owned();
        Ok(Store { path, database })
    }

    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads everything; `None` if nothing was written yet.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<Option<Stored>, StoreError> {
        let read = self.database.begin_read()?;
        // A new store has no tables.
        let (Ok(entries), Ok(images)) = (read.open_table(RECORDS), read.open_table(IMAGE)) else {
            return Ok(None);
        };
        let Some(image) = images.get(0)? else {
            return Ok(None);
        };
        let mut records = Vec::new();
        for entry in entries.iter()? {
            let (number, bytes) = entry?;
            records.push((number.value(), bytes.value().to_vec()));
        }
        let image = image.value().to_vec();
        Ok(Some(Stored { image, records }))
    }

    /// Writes a transaction with these records, some of which may replace older ones, and waits
    /// until it is on the disk.
    ///
    /// # Errors
    /// The file cannot be written. Nothing of the transaction was.
    pub fn write<'r>(
        &self,
        transaction: &Transaction<'_>,
        records: impl IntoIterator<Item = (u64, &'r [u8])>,
    ) -> Result<(), StoreError> {
        let write = self.database.begin_write()?;
        if transaction.is_full {
            write.delete_table(RECORDS)?;
        }
        {
            let mut table = write.open_table(RECORDS)?;
            for (number, bytes) in records {
                table.insert(number, bytes)?;
            }
            for number in transaction.removed {
                table.remove(number)?;
            }
            let mut image = write.open_table(IMAGE)?;
            image.insert(0, transaction.image)?;
        }
        write.commit()?;
        Ok(())
    }

    /// Closes the file and opens it again, after it has failed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reopen(self) -> Result<Self, StoreError> {
        let Store { path, database } = self;
        drop(database);
        Store::open(&path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let name = format!("motemq-net-{}.redb", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.read().unwrap(), None);
        let mut transaction = Transaction {
            is_full: false,
            image: b"one",
            removed: &[],
        };
        store
            .write(&transaction, [(1, &b"a"[..]), (2, b"b")])
            .unwrap();
        (transaction.image, transaction.removed) = (b"two", &[1, 7]);
        store.write(&transaction, [(3, &b"c"[..])]).unwrap();
        let store = store.reopen().unwrap();
        let stored = store.read().unwrap().unwrap();
        assert_eq!(stored.image, b"two");
        assert_eq!(stored.records, [(2, b"b".to_vec()), (3, b"c".to_vec())]);
        transaction.is_full = true;
        store.write(&transaction, [(4, &b"d"[..])]).unwrap();
        let stored = store.read().unwrap().unwrap();
        assert_eq!(stored.records, [(4, b"d".to_vec())]);
        std::fs::remove_file(&path).unwrap();
    }
}
