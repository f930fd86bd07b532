//! The token of a message that is to be acknowledged.
use crate::PacketId;

/// Identifies a message that the application has to [acknowledge](crate::ManualAcks::ack) on the
/// connection over which it was received. [`ManualAcks`](crate::ManualAcks) returns it.
///
/// It converts to and from `u32`, for C and for queues of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AckToken {
    pub(super) id: PacketId,
    pub(super) connection: u16,
}

impl From<AckToken> for u32 {
    /// Returns a number that is never 0.
    fn from(token: AckToken) -> u32 {
        u32::from(token.connection) << 16 | u32::from(token.id.get())
    }
}

impl TryFrom<u32> for AckToken {
    type Error = u32;

    /// Returns the token with this number.
    ///
    /// # Errors
    /// The number itself if no token has it.
    fn try_from(number: u32) -> Result<Self, u32> {
        let id = PacketId::new(number as u16).ok_or(number)?;
        let connection = (number >> 16) as u16;
        Ok(AckToken { id, connection })
    }
}
