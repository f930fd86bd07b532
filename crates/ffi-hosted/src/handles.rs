//! `motemq_client_t *`: numbers that stand for clients.
//!
//! They are looked up and never used as addresses, and no number is used twice. So a handle that was
//! freed, or never made, is an error like any other.
use crate::{client::Managed, error::Failure};
use std::{
    collections::BTreeMap,
    ptr,
    sync::{Arc, PoisonError, RwLock},
};

/// What C points to. It has no content.
#[repr(C)]
pub struct Opaque([u8; 0]);

/// `motemq_client_t *`.
pub type Handle = *mut Opaque;

/// The clients, by their numbers.
struct Table {
    last: usize,
    clients: BTreeMap<usize, Arc<Managed>>,
}

static TABLE: RwLock<Table> = RwLock::new(Table {
    last: 0,
    clients: BTreeMap::new(),
});

/// Numbers are multiples of this, as addresses are.
const STEP: usize = 16;

/// Keeps a client, and returns its handle.
pub fn insert(client: Arc<Managed>) -> Handle {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.last += STEP;
    let number = table.last;
    table.clients.insert(number, client);
    ptr::without_provenance_mut(number)
}

/// The client of a handle.
pub fn get(handle: Handle) -> Result<Arc<Managed>, Failure> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let client = table.clients.get(&handle.addr()).cloned();
    client.ok_or_else(unknown)
}

/// Takes a client out, so that its handle is not valid any more.
pub fn remove(handle: Handle) -> Result<Arc<Managed>, Failure> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.clients.remove(&handle.addr()).ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::argument("the client is NULL, was freed, or was never opened")
}
