//! The file in which a client stores what outlives the process. The driver writes it, while it
//! holds no lock.
use crate::{Ended, shared::Shared, woken::Woken};
use motemq_client::{Changes, Client, Options, OptionsError, Record, RestoreError};
use motemq_net::store::{Store, StoreError, Transaction};
use std::{error::Error, path::Path};

/// Writes changes, and waits until they are on the disk. Returns their version.
fn write(store: &Store, changes: &Changes) -> Result<u64, StoreError> {
    let transaction = Transaction {
        is_full: changes.is_full,
        image: &changes.image,
        removed: &changes.removed,
    };
    let records = changes
        .records
        .iter()
        .map(|record| (record.number, record.bytes.as_slice()));
    store.write(&transaction, records)?;
    Ok(changes.version)
}

/// Closes the file, opens it again, and writes the whole state.
fn write_anew(store: Store, state: &Changes) -> Result<(Store, u64), StoreError> {
    let store = store.reopen()?;
    let version = write(&store, state)?;
    Ok((store, version))
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
            Some(stored) => {
                let records = stored.records.into_iter();
                let records = records.map(|(number, bytes)| Record { number, bytes });
                Client::restore(options.clone(), &stored.image, records)?
            }
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

/// Writes what the client wants stored, one transaction at a time.
#[derive(Debug)]
pub(crate) struct Writer(Option<Store>);

impl Writer {
    pub fn new(store: Option<Store>) -> Self {
        Writer(store)
    }

    /// Writes what is to be stored. Returns whether there was anything, so that the driver has to
    /// look again.
    pub fn write(&mut self, shared: &Shared, woken: &mut Woken) -> bool {
        let Some(changes) = woken.changes.take() else {
            return false;
        };
        let Some(store) = self.0.take() else {
            return false;
        };
        let error = match write(&store, &changes) {
            Ok(version) => {
                self.0 = Some(store);
                on_persisted(shared, woken, version);
                return true;
            }
            Err(error) => error,
        };
        tracing::warn!(%error, "the store failed, and is opened again");
        let state = shared.with(|inner| inner.client.full_image());
        let path = store.path().to_owned();
        match write_anew(store, &state) {
            Ok((store, version)) => {
                self.0 = Some(store);
                on_persisted(shared, woken, version);
            }
            Err(error) => {
                let ended = failed(&path, &*error);
                shared.drive(woken, |inner| inner.client.end(ended));
                woken.changes = None;
            }
        }
        true
    }
}

fn on_persisted(shared: &Shared, woken: &mut Woken, version: u64) {
    shared.drive(woken, |inner| {
        inner.client.on_persisted(version);
        inner.watch.on_persisted();
    });
}
