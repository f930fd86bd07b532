//! A session in a few bytes, for memory that outlives a reset.
use crate::{Protocol, Session, Slot, profile::resumes};
use core::{error::Error, fmt};

/// First byte of an image.
const VERSION: u8 = 2;
/// Length of the version and the fingerprint of the client identifier, and of the checksum.
const HEAD_LENGTH: usize = 3;
const CHECKSUM_LENGTH: usize = 2;
/// Length of what the ring of slots writes, besides its slots and for each of them.
pub(crate) const RING_LENGTH: usize = 4;
pub(crate) const SLOT_LENGTH: usize = 3;

impl<const N: usize, P: Protocol> Session<[Slot; N], P> {
    /// Length of an image in bytes: 9, and 3 for each slot.
    pub const IMAGE: usize = HEAD_LENGTH + RING_LENGTH + SLOT_LENGTH * N + CHECKSUM_LENGTH;
}

impl<P: Protocol> Session<[Slot], P> {
    /// Writes into `image`, which is [`IMAGE`](Session::IMAGE) bytes, what a later resumption needs.
    ///
    /// An image may be taken at any time, and equals a session whose connection was just lost. To
    /// survive a loss of power it has to be durable before the bytes of `tx` are sent: what the
    /// broker has seen must not be forgotten. Nor may the session remember what the broker has
    /// forgotten, so save after a [`Connected`](crate::Event::Connected) that does not resume the
    /// session, too. To have each message exactly once across a crash, write the image in one
    /// transaction with what the application did with the last message.
    ///
    /// A message counts as accepted, and is part of the image, from the call that acknowledges it:
    /// the next [`next_event`](Self::next_event), or [`ManualAcks::ack`](crate::ManualAcks::ack).
    ///
    /// # Errors
    /// [`Length`](SnapshotError::Length) if `image` has another length; nothing is written.
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
        const {
            assert!(
                resumes::<P>(),
                "this profile has no sessions that outlive a connection"
            )
        };
        let (body, sum) = image.split_last_chunk_mut().ok_or(SnapshotError::Length)?;
        let ([version, client_hash @ ..], ring) = body
            .split_first_chunk_mut::<HEAD_LENGTH>()
            .ok_or(SnapshotError::Length)?;
        if ring.len() != self.ring().image_length() {
            return Err(SnapshotError::Length);
        }
        self.ring().save(ring);
        *version = VERSION;
        *client_hash = self.client_hash().to_be_bytes();
        *sum = checksum(body).to_be_bytes();
        Ok(())
    }

    /// Makes this the session that was saved, without a connection. Call it before
    /// [`connect`](Self::connect), which resumes the session only with the client identifier that
    /// it had when it was saved.
    ///
    /// # Errors
    /// See [`SnapshotError`]; the session is not changed.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), SnapshotError> {
        const {
            assert!(
                resumes::<P>(),
                "this profile has no sessions that outlive a connection"
            )
        };
        let (body, &sum) = image.split_last_chunk().ok_or(SnapshotError::Length)?;
        let (&[version, high, low], ring) =
            body.split_first_chunk().ok_or(SnapshotError::Length)?;
        if ring.len() != self.ring().image_length() {
            return Err(SnapshotError::Length);
        }
        if version != VERSION {
            return Err(SnapshotError::Version);
        }
        if u16::from_be_bytes(sum) != checksum(body) {
            return Err(SnapshotError::Damaged);
        }
        self.ring_mut().restore(ring)?;
        self.set_client_hash(u16::from_be_bytes([high, low]));
        self.on_connection_lost();
        Ok(())
    }
}

/// CRC-16 with the polynomial 0x1021, from 0xffff on, so that memory of all zeros or ones is no
/// image. What differs in one byte or two neighbours always has different sums.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum: u16, _| {
            (sum << 1) ^ if sum >> 15 == 0 { 0 } else { 0x1021 }
        })
    })
}

/// Why an image is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SnapshotError {
    /// It has not the length of an image of a session with so many slots.
    Length,
    /// It was written by another version of this crate.
    Version,
    /// It is not what was written: memory never written, or half written.
    Damaged,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SnapshotError::Length => "the image is of a session with another number of slots",
            SnapshotError::Version => "the image is of another version",
            SnapshotError::Damaged => "the image is damaged",
        })
    }
}

impl Error for SnapshotError {}
