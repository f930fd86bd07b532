//! A file in which a client stores the data that have to outlive its process: an image, and
//! numbered records. The store does not interpret them.
//!
//! # Examples
//! ```
//! use motemq_net::store::{Store, Transaction};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("session");
//! let store = Store::open(&path)?;
//! let transaction = Transaction { is_full: false, image: b"image", removed: &[] };
//! store.write(&transaction, [(1, &b"first"[..]), (2, b"second")])?;
//! let stored = store.read()?.expect("something was written");
//! assert_eq!((stored.image, stored.records.len()), (b"image".to_vec(), 2));
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use std::{
    error::Error,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Records by their number.
const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
/// The image.
const IMAGE: TableDefinition<'_, u8, &[u8]> = TableDefinition::new("session");
/// The time that an earlier store in this process has to close the file: its last transaction may
/// be under way.
const CLOSING: Duration = Duration::from_secs(2);

/// The error for a file that is damaged.
const DAMAGED: &str = "the file is damaged: remove it to begin a new one";

/// The error of a store that cannot be opened, read or written.
pub type StoreError = Box<dyn Error + Send + Sync>;

/// The content of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// The image that was written last.
    pub image: Vec<u8>,
    /// The records with their numbers, in the order of the numbers.
    pub records: Vec<(u64, Vec<u8>)>,
}

/// The changes of one transaction, besides the records that are written.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// True if all older records are removed first.
    pub is_full: bool,
    /// The image, which replaces the last one.
    pub image: &'a [u8],
    /// The numbers of the records to be removed. Some of these records may not exist.
    pub removed: &'a [u64],
}

/// A database file of [`redb`] with an image and numbered records.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    database: Database,
}

impl Store {
    /// Opens the file, or creates it if it does not exist. If an earlier store of this process is
    /// still closing the file, it waits for up to 2 s.
    ///
    /// # Errors
    /// A [`StoreError`] if the file cannot be opened or is damaged, or if another process has
    /// opened it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = guarded(|| {
            let begun = Instant::now();
            let mut database = loop {
                match Database::create(path) {
                    Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < CLOSING => {
                        thread::sleep(Duration::from_millis(2));
                    }
                    opened => break opened?,
                }
            };
            // It returns `false` for some files that are as they should be, too.
            database.check_integrity()?;
            Ok(database)
        })?;
        let path = path.to_owned();
        Ok(Store { path, database })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole content, or returns `None` if nothing has been written yet.
    ///
    /// # Errors
    /// A [`StoreError`] if the file cannot be read.
    pub fn read(&self) -> Result<Option<Stored>, StoreError> {
        guarded(|| self.read_tables())
    }

    fn read_tables(&self) -> Result<Option<Stored>, StoreError> {
        let read = self.database.begin_read()?;
        let (entries, images) = match (read.open_table(RECORDS), read.open_table(IMAGE)) {
            (Ok(entries), Ok(images)) => (entries, images),
            // A new store has no tables.
            (Err(TableError::TableDoesNotExist(_)), Err(TableError::TableDoesNotExist(_))) => {
                return Ok(None);
            }
            (Err(error), _) | (_, Err(error)) => return Err(error.into()),
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

    /// Writes a transaction with these records, which replace older records with the same number.
    /// Returns when the transaction is on the disk.
    ///
    /// # Errors
    /// A [`StoreError`] if the file cannot be written. Nothing of the transaction is written then.
    pub fn write<'r>(
        &self,
        transaction: &Transaction<'_>,
        records: impl IntoIterator<Item = (u64, &'r [u8])>,
    ) -> Result<(), StoreError> {
        guarded(|| self.write_tables(transaction, records))
    }

    fn write_tables<'r>(
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
        // It writes what it has not written yet, and may fail again; what is in the file counts.
        let _ = guarded(|| {
            drop(database);
            Ok(())
        });
        Store::open(&path)
    }
}

/// Does something with the file. `redb` panics over some files that are damaged.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(DAMAGED.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
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
    }

    #[test]
    fn rule_11_a_file_that_was_closed_well_is_never_called_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut chance = 7u64;
        let mut below = |end: u64| {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (chance >> 33) % end
        };
        let bytes = [5; 3000];
        for round in 0..200 {
            let store = Store::open(&path).unwrap_or_else(|error| panic!("{round}: {error}"));
            for n in 0..below(8) {
                let removed: Vec<u64> = (0..below(5)).map(|_| below(50)).collect();
                let records: Vec<_> = (0..below(5))
                    .map(|_| (below(50), &bytes[..below(300) as usize]))
                    .collect();
                let transaction = Transaction {
                    is_full: n == 0 || below(4) == 0,
                    image: &bytes[..below(3000) as usize],
                    removed: &removed,
                };
                store.write(&transaction, records).unwrap();
            }
        }
    }

    /// Reads and writes a file of this content, and returns what was read.
    fn outcome(path: &Path, content: &[u8]) -> Result<Option<Stored>, StoreError> {
        std::fs::write(path, content).unwrap();
        let store = Store::open(path)?;
        let stored = store.read()?;
        let transaction = Transaction {
            is_full: false,
            image: b"three",
            removed: &[],
        };
        store.write(&transaction, [(7, &b"b"[..])])?;
        let again = store.reopen()?.read()?;
        assert_eq!(again.unwrap().image, b"three");
        Ok(stored)
    }

    #[test]
    fn rule_11_a_damaged_file_is_an_error_and_never_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let store = Store::open(&path).unwrap();
        let records: Vec<(u64, Vec<u8>)> = (0..100).map(|n| (n, vec![n as u8; 200])).collect();
        let transaction = Transaction {
            is_full: false,
            image: &[1; 700],
            removed: &[],
        };
        let borrowed = records.iter().map(|(n, bytes)| (*n, bytes.as_slice()));
        store.write(&transaction, borrowed).unwrap();
        drop(store);
        let content = std::fs::read(&path).unwrap();
        let good = Stored {
            image: vec![1; 700],
            records,
        };
        let (mut errors, mut lost) = (0, Vec::new());
        let mut look = |what: String, content: &[u8]| match outcome(&path, content) {
            Ok(stored) if stored.as_ref() == Some(&good) => {}
            // Nothing can be told of an empty file.
            Ok(None) if content.is_empty() => {}
            Ok(_) => lost.push(what),
            Err(_) => errors += 1,
        };
        for len in (0..content.len()).step_by(content.len() / 40) {
            look(format!("cut off at {len}"), &content[..len]);
        }
        for at in (0..content.len()).step_by(content.len() / 60) {
            let mut damaged = content.clone();
            let end = (at + 64).min(damaged.len());
            damaged[at..end].iter_mut().for_each(|byte| *byte ^= 0x55);
            look(format!("other bytes at {at}"), &damaged);
        }
        assert!(errors > 30, "{errors}");
        assert!(lost.is_empty(), "{lost:?}");
    }
}
