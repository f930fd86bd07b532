//! The file in which a client stores what outlives the process. It is written by a thread for
//! blocking work.
use crate::{Ended, shared::Shared, woken::Woken};
use motemq_client::{Changes, Client, Options, OptionsError, Record, RestoreError};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
    error::Error,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};
use tokio::task::{JoinHandle, spawn_blocking};

/// Messages by their number.
const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
/// The image of the session.
const SESSION: TableDefinition<'_, u8, &[u8]> = TableDefinition::new("session");
/// How long an earlier client in this process may take to close the file: its last transaction may
/// be under way.
const CLOSING: Duration = Duration::from_secs(2);

type Failure = Box<dyn Error + Send + Sync>;
/// What is stored: the image of a session, and messages.
type Stored = (Vec<u8>, Vec<Record>);

/// The file.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    database: Database,
}

impl Store {
    fn open(path: &Path) -> Result<Self, Failure> {
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

    /// Returns what an earlier client has stored, if there was one.
    fn read(&self) -> Result<Option<Stored>, Failure> {
        let read = self.database.begin_read()?;
        // A new store has no tables.
        let (Ok(messages), Ok(images)) = (read.open_table(MESSAGES), read.open_table(SESSION))
        else {
            return Ok(None);
        };
        let Some(image) = images.get(0)? else {
            return Ok(None);
        };
        let mut records = Vec::new();
        for entry in messages.iter()? {
            let (number, bytes) = entry?;
            records.push(Record {
                number: number.value(),
                bytes: bytes.value().to_vec(),
            });
        }
        Ok(Some((image.value().to_vec(), records)))
    }

    /// Writes changes, and waits until they are on the disk. Returns their version.
    fn write(&self, changes: &Changes) -> Result<u64, Failure> {
        let write = self.database.begin_write()?;
        if changes.is_full {
            write.delete_table(MESSAGES)?;
        }
        {
            let mut messages = write.open_table(MESSAGES)?;
            for record in &changes.records {
                messages.insert(record.number, record.bytes.as_slice())?;
            }
            for number in &changes.removed {
                messages.remove(number)?;
            }
            let mut session = write.open_table(SESSION)?;
            session.insert(0, changes.image.as_slice())?;
        }
        write.commit()?;
        Ok(changes.version)
    }

    /// Closes the file, opens it again, and writes the whole state.
    fn write_anew(self, state: &Changes) -> Result<(Self, u64), Failure> {
        let Store { path, database } = self;
        drop(database);
        let store = Store::open(&path)?;
        let version = store.write(state)?;
        Ok((store, version))
    }
}

/// Makes a client that goes on where an earlier one with this file ended. If the file cannot be
/// used, the client has ended for that reason.
///
/// # Errors
/// An [`OptionsError`] if the options cannot be used.
pub(crate) fn restore(
    path: &Path,
    options: Options,
) -> Result<(Client, Option<Store>), OptionsError> {
    options.check()?;
    let options = options.durable();
    let opened = Store::open(path).and_then(|store| {
        let client = match store.read()? {
            Some((image, records)) => Client::restore(options.clone(), &image, records)?,
            None => Client::new(options.clone()).map_err(RestoreError::Options)?,
        };
        Ok((client, store))
    });
    match opened {
        Ok((client, store)) => Ok((client, Some(store))),
        Err(error) => {
            let mut client = Client::new(options)?;
            client.end(failed(path, &*error));
            Ok((client, None))
        }
    }
}

fn failed(path: &Path, error: &dyn Error) -> Ended {
    Ended::Store(format!("{}: {error}", path.display()).into())
}

/// What the store does now.
enum Work {
    Nothing(Store),
    /// It writes changes.
    Write(JoinHandle<(Store, Result<u64, Failure>)>),
    /// It writes the whole state, since writing changes has failed.
    WriteAnew(JoinHandle<Result<(Store, u64), Failure>>, PathBuf),
}

/// Writes what the client wants stored, one transaction at a time.
pub(crate) struct Writer(Option<Work>);

impl Writer {
    pub fn new(store: Option<Store>) -> Self {
        Writer(store.map(Work::Nothing))
    }

    /// Returns whether nothing is being written.
    pub fn is_idle(&self) -> bool {
        matches!(self.0, None | Some(Work::Nothing(_)))
    }

    /// Goes on writing. Returns whether anything was completed, so that the driver has to look
    /// again.
    pub fn poll(&mut self, shared: &Shared, woken: &mut Woken, cx: &mut Context<'_>) -> bool {
        let mut has_completed = false;
        while let Some(work) = self.0.take() {
            self.0 = match work {
                Work::Nothing(store) => {
                    let Some(changes) = woken.changes.take() else {
                        self.0 = Some(Work::Nothing(store));
                        break;
                    };
                    Some(Work::Write(spawn_blocking(move || {
                        let written = store.write(&changes);
                        (store, written)
                    })))
                }
                Work::Write(mut job) => match Pin::new(&mut job).poll(cx) {
                    Poll::Pending => {
                        self.0 = Some(Work::Write(job));
                        break;
                    }
                    Poll::Ready(Ok((store, Ok(version)))) => {
                        has_completed = true;
                        on_persisted(shared, woken, version);
                        Some(Work::Nothing(store))
                    }
                    Poll::Ready(Ok((store, Err(error)))) => {
                        tracing::warn!(%error, "the store failed, and is opened again");
                        let state = shared.with(|inner| inner.client.full_image());
                        let path = store.path.clone();
                        let job = spawn_blocking(move || store.write_anew(&state));
                        Some(Work::WriteAnew(job, path))
                    }
                    // The runtime shuts down.
                    Poll::Ready(Err(_)) => None,
                },
                Work::WriteAnew(mut job, path) => match Pin::new(&mut job).poll(cx) {
                    Poll::Pending => {
                        self.0 = Some(Work::WriteAnew(job, path));
                        break;
                    }
                    Poll::Ready(Ok(Ok((store, version)))) => {
                        has_completed = true;
                        on_persisted(shared, woken, version);
                        Some(Work::Nothing(store))
                    }
                    Poll::Ready(Ok(Err(error))) => {
                        has_completed = true;
                        let ended = failed(&path, &*error);
                        shared.drive(woken, |inner| inner.client.end(ended));
                        None
                    }
                    Poll::Ready(Err(_)) => None,
                },
            };
        }
        if self.0.is_none() {
            woken.changes = None;
        }
        has_completed
    }
}

fn on_persisted(shared: &Shared, woken: &mut Woken, version: u64) {
    shared.drive(woken, |inner| inner.client.on_persisted(version));
    shared.persisted.notify_waiters();
}
