//! The file in which a client stores what outlives the process. The driver writes it, while it
//! holds no lock.
use crate::shared::{Shared, Woken};
use motemq_hosted::store::{failed, write, write_anew};
use motemq_net::store::Store;

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
                shared.on_persisted(woken, version);
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
                shared.on_persisted(woken, version);
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
