//! The faults of packets of MQTT 5.
use crate::{PropertyError, ReasonCode, wire::Malformed};
use core::{error::Error, fmt};

/// The reason why bytes are not a packet of MQTT 5.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecodeError {
    /// The packet does not have the form of the standard: reserved flags, a length that is too
    /// long, inconsistent or encoded in more bytes than necessary, the packet identifier 0, text
    /// that is not UTF-8 or contains U+0000, misplaced wildcards, or extra bytes.
    Malformed,
    /// The properties are malformed, or the packet cannot have them.
    Property(PropertyError),
    /// A packet of this type cannot have this reason code.
    Code(ReasonCode),
    /// A PUBLISH has neither a topic nor a topic alias (section 3.3.2.1).
    NoTopic,
    /// The options of a subscription contain a QoS of 3, a retain handling of 3, or No Local with a
    /// shared subscription [MQTT-3.8.3-4].
    Options,
    /// The topic filter of a shared subscription is not `$share/NAME/FILTER` with a name without
    /// wildcards [MQTT-4.8.2-1] [MQTT-4.8.2-2].
    Share,
    /// A CONNACK refuses the connection and has a session present [MQTT-3.2.2-6].
    SessionPresent,
}

impl DecodeError {
    /// Returns the reason code with which the receiver closes the connection.
    ///
    /// # Examples
    /// ```
    /// use motemq::{ReasonCode, packet::v5::decode};
    /// let error = decode(b"\xe0\x01\x7f").unwrap_err();
    /// assert_eq!(error.reason_code(), ReasonCode::PROTOCOL_ERROR);
    /// ```
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            DecodeError::Malformed => ReasonCode::MALFORMED_PACKET,
            DecodeError::Property(error) => error.reason_code(),
            _ => ReasonCode::PROTOCOL_ERROR,
        }
    }
}

impl From<Malformed> for DecodeError {
    fn from(_: Malformed) -> Self {
        DecodeError::Malformed
    }
}

impl From<PropertyError> for DecodeError {
    fn from(error: PropertyError) -> Self {
        DecodeError::Property(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Malformed => f.write_str("the bytes are not a packet of MQTT 5")?,
            DecodeError::Property(error) => error.fmt(f)?,
            DecodeError::Code(code) => write!(f, "the packet cannot have the reason code: {code}")?,
            DecodeError::NoTopic => {
                f.write_str("a PUBLISH has neither a topic nor a topic alias")?
            }
            DecodeError::Options => f.write_str("the options of a subscription are not allowed")?,
            DecodeError::Share => {
                f.write_str("a shared subscription needs a name and a topic filter")?
            }
            DecodeError::SessionPresent => {
                f.write_str("a CONNACK refuses the connection and has a session present")?
            }
        }
        write!(
            f,
            ": close the connection with the reason code 0x{:02x}",
            self.reason_code().get()
        )
    }
}

impl Error for DecodeError {}
