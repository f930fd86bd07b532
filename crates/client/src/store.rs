//! The state that outlives the process: an image of the session, and the messages that are not
//! acknowledged.
use crate::{Options, hash::hash};
use alloc::vec::Vec;

/// The version of the format, which is the first byte of an image.
const VERSION: u8 = 1;
/// The length of version and client identifier's hash.
const HEADER: usize = 9;

/// A published message that waits to be sent or acknowledged, as a record to be stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// The key under which the record is stored. Messages are numbered in the order in which they
    /// were published.
    pub number: u64,
    /// The message, in a format of this crate.
    pub bytes: Vec<u8>,
}

/// The changes of a client's state, which have to be stored in one transaction: see
/// [`Client::take_changes`](crate::Client::take_changes).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Changes {
    /// The version of the state that the store has after the transaction.
    pub version: u64,
    /// True if these are all records, so that all other records have to be removed.
    pub is_full: bool,
    /// The image of the state of the protocol, which replaces the last one.
    pub image: Vec<u8>,
    /// The records to be written. They replace older records with the same number.
    pub records: Vec<Record>,
    /// The numbers of the records to be removed. Some of these records may not exist.
    pub removed: Vec<u64>,
}

/// The reason why a client cannot be [restored](crate::Client::restore).
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The options cannot be used.
    #[error("{0}")]
    Options(#[from] crate::OptionsError),
    /// Another version of this crate has written the image or a record, in another format.
    #[error("the stored session has the format of another version: use that version, or remove it")]
    Version,
    /// The image or a record was written only in part, or has changed since.
    #[error("the stored session is damaged: remove it to begin a new one")]
    Damaged,
    /// The image belongs to a client with another client identifier.
    #[error("the stored session belongs to another client identifier: use another store for each")]
    OtherClient,
}

fn client_hash(options: &Options) -> [u8; 8] {
    hash(&[options.client_id.as_bytes()]).to_be_bytes()
}

/// Returns an image with this content.
pub(crate) fn seal_image(options: &Options, content: &[u8]) -> Vec<u8> {
    let mut image = Vec::from([VERSION]);
    image.extend(client_hash(options));
    image.extend(content);
    let sum = hash(&[&image]);
    image.extend(sum.to_be_bytes());
    image
}

/// Returns the content of an image.
///
/// # Errors
/// Any [`RestoreError`] but [`Options`](RestoreError::Options).
pub(crate) fn open_image<'i>(options: &Options, image: &'i [u8]) -> Result<&'i [u8], RestoreError> {
    let (body, sum) = image.split_last_chunk().ok_or(RestoreError::Damaged)?;
    let (header, content) = body
        .split_first_chunk::<HEADER>()
        .ok_or(RestoreError::Damaged)?;
    let [version, client @ ..] = *header;
    if version != VERSION {
        return Err(RestoreError::Version);
    }
    if u64::from_be_bytes(*sum) != hash(&[body]) {
        return Err(RestoreError::Damaged);
    }
    if client != client_hash(options) {
        return Err(RestoreError::OtherClient);
    }
    Ok(content)
}

/// The versions of the state: the present one, and what is known of the store.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Versions {
    present: u64,
    /// The store was asked for this one.
    asked: u64,
    stored: u64,
    /// The image of the protocol's state when it was last looked at.
    image: Vec<u8>,
}

impl Versions {
    /// Begins with a state of which nothing has to be stored.
    pub fn new(image: Vec<u8>) -> Self {
        Versions {
            image,
            ..Versions::default()
        }
    }

    /// Takes note of a change.
    pub fn on_changed(&mut self) {
        self.present += 1;
    }

    /// Takes note of a change if the image is another one.
    pub fn compare(&mut self, image: Vec<u8>) {
        if image != self.image {
            self.image = image;
            self.present += 1;
        }
    }

    pub fn present(&self) -> u64 {
        self.present
    }

    pub fn stored(&self) -> u64 {
        self.stored
    }

    pub fn is_stored(&self) -> bool {
        self.stored >= self.present
    }

    /// Returns the version that is to be stored, if the store is not at work.
    pub fn poll(&mut self) -> Option<u64> {
        if self.is_stored() || self.asked > self.stored {
            return None;
        }
        self.asked = self.present;
        Some(self.present)
    }

    /// The present version is being stored.
    pub fn take(&mut self) -> u64 {
        self.asked = self.present;
        self.present
    }

    /// A version is stored.
    pub fn on_stored(&mut self, version: u64) {
        self.stored = self.stored.max(version.min(self.present));
        self.asked = self.asked.max(self.stored);
    }
}
