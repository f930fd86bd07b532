//! The file in which a client stores the state that survives the end of the process.
use motemq_client::{Changes, Client, Ended, Options, OptionsError, Record, RestoreError};
use motemq_net::store::{Store, StoreError, Transaction};
use std::{error::Error, path::Path};

/// Writes changes, and waits until they are on the disk. Returns their version, which is the
/// argument of `on_persisted` of the client.
///
/// # Errors
/// A [`StoreError`] if the file cannot be written.
pub fn write(store: &Store, changes: &Changes) -> Result<u64, StoreError> {
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
///
/// # Errors
/// A [`StoreError`] if the file cannot be opened or written.
pub fn write_anew(store: Store, state: &Changes) -> Result<(Store, u64), StoreError> {
    let store = store.reopen()?;
    let version = write(&store, state)?;
    Ok((store, version))
}

/// Makes a client that continues the session in this file, and opens the file. If the file cannot
/// be used, returns a client that has ended with [`Ended::Store`], and no file.
///
/// # Errors
/// An [`OptionsError`] if the options cannot be used.
pub fn restore(path: &Path, options: Options) -> Result<(Client, Option<Store>), OptionsError> {
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

/// Returns the [`Ended::Store`] of a client whose file at `path` has failed with this error.
pub fn failed(path: &Path, error: &dyn Error) -> Ended {
    Ended::Store(format!("{}: {error}", path.display()).into())
}
