//! Snapshots: the state of a session in a few bytes, for memory that outlives a reset.
use crate::{Protocol, Session, Slot, profile::require_sessions};
use core::{error::Error, fmt};

/// The version of the format, which is the first byte of an image.
const VERSION: u8 = 2;
/// The bit of the version in images of sessions of MQTT 5.
const OF_5: u8 = 0x80;
/// The length in bytes of the version and the fingerprint of the client identifier.
const HEADER_LENGTH: usize = 3;
/// The length in bytes of the checksum at the end.
const CHECKSUM_LENGTH: usize = 2;
/// The length in bytes of the state of the ring without its slots.
pub(crate) const RING_LENGTH: usize = 4;
/// The length in bytes of the state of one slot.
pub(crate) const SLOT_LENGTH: usize = 3;

impl<const N: usize, P: Protocol> Session<[Slot; N], P> {
    /// The length in bytes of an image that [`save`](Session::save) writes: 9, and 3 for each slot.
    pub const IMAGE: usize = HEADER_LENGTH + RING_LENGTH + SLOT_LENGTH * N + CHECKSUM_LENGTH;
}

impl<P: Protocol> Session<[Slot], P> {
    /// Writes a snapshot of the session, with which it can be resumed later, into `image`, which
    /// has to be [`IMAGE`](Session::IMAGE) bytes long.
    ///
    /// An image can be taken at any time. It describes the session as if its connection had just
    /// been lost. To survive a loss of power, the image has to be durable before the bytes of `tx`
    /// are sent, because the session must not forget what the broker has received. It must not
    /// remember what the broker has forgotten either: also save it after a
    /// [`Connected`](crate::Event::Connected) that does not resume the session. To process each
    /// message exactly once across a crash, write the image and the result of processing the last
    /// message in one transaction.
    ///
    /// A message counts as accepted, and is part of the image, from the call that acknowledges it:
    /// the next [`next_event`](Self::next_event), or [`ManualAcks::ack`](crate::ManualAcks::ack).
    ///
    /// # Errors
    /// [`Length`](SnapshotError::Length) if `image` has another length. Nothing was written.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Session, Slot};
    /// type Mine = Session<[Slot; 8]>;
    /// let mut image = [0; Mine::IMAGE];
    /// let session = Mine::new();
    /// session.save(&mut image)?;
    /// let mut again = Mine::new();
    /// again.restore(&image)?;
    /// assert!(again == session);
    /// # Ok::<(), motemq::SnapshotError>(())
    /// ```
    pub fn save(&self, image: &mut [u8]) -> Result<(), SnapshotError> {
        const { require_sessions::<P>() };
        let (body, sum) = image.split_last_chunk_mut().ok_or(SnapshotError::Length)?;
        let ([version, client_hash @ ..], ring) = body
            .split_first_chunk_mut::<HEADER_LENGTH>()
            .ok_or(SnapshotError::Length)?;
        if ring.len() != self.ring().image_length() {
            return Err(SnapshotError::Length);
        }
        self.ring().save(ring);
        *version = if self.is_5() { VERSION | OF_5 } else { VERSION };
        *client_hash = self.client_hash().to_be_bytes();
        *sum = checksum(body).to_be_bytes();
        Ok(())
    }

    /// Replaces the state of this session by the state in `image`, which [`save`](Self::save) has
    /// written. The session then has no connection. With [`Either`](crate::Either) it also uses
    /// the version of MQTT of the saved session.
    ///
    /// Call it before [`connect`](Self::connect). The session is resumed only if CONNECT has the
    /// client identifier that the session had when it was saved.
    ///
    /// # Errors
    /// Any [`SnapshotError`]. The session is not changed then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), SnapshotError> {
        const { require_sessions::<P>() };
        let (body, &sum) = image.split_last_chunk().ok_or(SnapshotError::Length)?;
        let (&[version, high, low], ring) =
            body.split_first_chunk().ok_or(SnapshotError::Length)?;
        if ring.len() != self.ring().image_length() {
            return Err(SnapshotError::Length);
        }
        let is_5 = version & OF_5 != 0;
        if version & !OF_5 != VERSION || !P::speaks(is_5) {
            return Err(SnapshotError::Version);
        }
        if u16::from_be_bytes(sum) != checksum(body) {
            return Err(SnapshotError::Damaged);
        }
        self.ring_mut().restore(ring)?;
        self.set_5(is_5);
        self.set_client_hash(u16::from_be_bytes([high, low]));
        self.on_connection_lost();
        Ok(())
    }
}

/// Returns the CRC-16 with the polynomial 0x1021 and the initial value 0xffff, so that memory
/// filled with zeros or ones is not an image. Images that differ in one byte, or only in two
/// adjacent bytes, always have different checksums.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |sum, &byte| {
        if cfg!(feature = "fast") {
            add_byte(sum, byte)
        } else {
            add_bits(sum, byte)
        }
    })
}

fn add_bits(sum: u16, byte: u8) -> u16 {
    (0..8).fold(sum ^ u16::from(byte) << 8, |sum: u16, _| {
        (sum << 1) ^ if sum >> 15 == 0 { 0 } else { 0x1021 }
    })
}

/// The same. A host that stores its state after every change spends most of the time here.
fn add_byte(sum: u16, byte: u8) -> u16 {
    let high = (sum >> 8) ^ u16::from(byte);
    let mixed = high ^ high >> 4;
    (sum << 8) ^ (mixed << 12) ^ (mixed << 5) ^ mixed
}

/// The reason why the image of a session cannot be [saved](Session::save) or
/// [restored](Session::restore).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The image does not have the [length](Session::IMAGE) of an image of this session: it belongs
    /// to a session with another number of slots.
    Length = 1,
    /// The image was written by a version of this crate that uses another format, or for another
    /// version of MQTT.
    Version = 2,
    /// The checksum or the content is wrong: the memory was never written, was written only in
    /// part, or has changed since.
    Damaged = 3,
}

impl SnapshotError {
    /// Returns the number of the error, 1 to 3. The numbers are stable, for logs and for C: later
    /// versions add numbers, but do not change or reuse them.
    ///
    /// # Examples
    /// ```
    /// use motemq::SnapshotError;
    /// assert_eq!(SnapshotError::Damaged.number(), 3);
    /// ```
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SnapshotError::Length => {
                "the image belongs to a session with another number of slots: use as many slots, \
                 or begin a new session"
            }
            SnapshotError::Version => {
                "the image has the format of another version: use that version, or begin a new \
                 session"
            }
            SnapshotError::Damaged => "the image is damaged: begin a new session",
        })
    }
}

impl Error for SnapshotError {}
