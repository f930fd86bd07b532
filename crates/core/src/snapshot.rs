//! A session in a few bytes, for memory that outlives a reset.
use crate::{Session, Slot, wire};
use core::{error::Error, fmt};

/// First byte of an image.
const VERSION: u8 = 1;
/// Bytes before and behind those of the slots: version, ring position, client; checksum.
const HEAD: usize = 5;
const TAIL: usize = 2;

impl<const N: usize> Session<[Slot; N]> {
    /// Length of its image in bytes: 7 and 3 for each slot.
    pub const IMAGE: usize = HEAD + 3 * N + TAIL;
}

impl Session {
    /// Writes into `image` what a resumption needs; the image is [`IMAGE`](Session::IMAGE) bytes.
    ///
    /// It may be taken at any time, and equals a session whose link was just cut. To survive a loss
    /// of power it must be durable before the bytes of `tx` leave: what the broker has seen
    /// must not be forgotten. Nor must what the broker has forgotten be taken for known after the
    /// next start: save after [`Connected`](crate::Event::Connected) without a session, too. To
    /// have each message exactly once across a crash, write it in one transaction with what the
    /// application did with the last one.
    ///
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
    ///
    /// # Errors
    /// [`Length`](SnapshotError::Length) if `image` has another length; nothing is written then.
    pub fn save(&self, image: &mut [u8]) -> Result<(), SnapshotError> {
        let (body, sum) = image
            .split_last_chunk_mut::<TAIL>()
            .ok_or(SnapshotError::Length)?;
        let ([version, next @ .., client_high, client_low], slots) = body
            .split_first_chunk_mut::<HEAD>()
            .ok_or(SnapshotError::Length)?;
        let (slots, odd) = slots.as_chunks_mut();
        if slots.len() != self.slots.len() || !odd.is_empty() {
            return Err(SnapshotError::Length);
        }
        *version = VERSION;
        *next = self.next.to_be_bytes();
        [*client_high, *client_low] = self.client.to_be_bytes();
        for (to, slot) in slots.iter_mut().zip(&self.slots) {
            let [high, low] = slot.received.to_be_bytes();
            *to = [slot.awaits, high, low];
        }
        *sum = checksum(body).to_be_bytes();
        Ok(())
    }

    /// Makes this the session that was saved, without a connection; to be called before
    /// [`connect`](Self::connect). With another client identifier than the one saved, `connect`
    /// will not resume it.
    ///
    /// # Errors
    /// See [`SnapshotError`]; the session is as before then.
    pub fn restore(&mut self, image: &[u8]) -> Result<(), SnapshotError> {
        let (body, &sum) = image
            .split_last_chunk::<TAIL>()
            .ok_or(SnapshotError::Length)?;
        let (&[version, next_high, next_low, client_high, client_low], slots) = body
            .split_first_chunk::<HEAD>()
            .ok_or(SnapshotError::Length)?;
        let (slots, odd) = slots.as_chunks();
        if slots.len() != self.slots.len() || !odd.is_empty() {
            return Err(SnapshotError::Length);
        }
        if version != VERSION {
            return Err(SnapshotError::Version);
        }
        let next = u16::from_be_bytes([next_high, next_low]);
        let valid = |&[awaits, ..]: &[u8; 3]| {
            matches!(
                awaits,
                0 | wire::PUBACK | wire::PUBREC | wire::PUBCOMP | wire::SUBACK | wire::UNSUBACK
            )
        };
        if u16::from_be_bytes(sum) != checksum(body)
            || usize::from(next) >= slots.len()
            || !slots.iter().all(valid)
        {
            return Err(SnapshotError::Damaged);
        }
        self.lost();
        self.next = next;
        self.client = u16::from_be_bytes([client_high, client_low]);
        for (slot, &[awaits, high, low]) in self.slots.iter_mut().zip(slots) {
            *slot = Slot {
                received: u16::from_be_bytes([high, low]),
                awaits,
                count: 0,
            };
        }
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
