//! The faults of properties.
use crate::ReasonCode;
use core::{error::Error, fmt};

/// The reason why bytes are not valid properties of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PropertyError {
    /// The length of the properties is larger than the rest of the packet, or a value does not end
    /// within the properties, or an integer takes more bytes than necessary [MQTT-1.5.5-1].
    Incomplete,
    /// MQTT 5 defines no property with this identifier (section 2.2.2.2).
    Unknown {
        /// The identifier that is not defined.
        id: u8,
    },
    /// A packet of this type cannot have the property (section 2.2.2.2).
    NotAllowed {
        /// The identifier of the property.
        id: u8,
    },
    /// The packet has the property more than once (section 2.2.2.2). Only user properties, and
    /// subscription identifiers in a PUBLISH, can be repeated.
    Repeated {
        /// The identifier of the property.
        id: u8,
    },
    /// The value is not in the range of the property: a boolean or a maximum QoS above 1, a receive
    /// maximum, a maximum packet size or a subscription identifier of 0, or a response topic that
    /// is not a topic name [MQTT-3.3.2-14].
    Value {
        /// The identifier of the property.
        id: u8,
    },
    /// The text is not UTF-8 [MQTT-1.5.4-1] or contains U+0000 [MQTT-1.5.4-2].
    Text {
        /// The identifier of the property.
        id: u8,
    },
    /// The topic alias is 0 [MQTT-3.3.2-8].
    TopicAlias,
    /// There is authentication data without an authentication method (section 3.1.2.11.10), or an
    /// AUTH without one (section 3.15.2.2.2).
    NoMethod,
}

impl PropertyError {
    /// Returns the reason code with which the receiver closes the connection.
    ///
    /// # Examples
    /// ```
    /// use motemq::{PropertyError, ReasonCode};
    /// let error = PropertyError::Repeated { id: 0x1f };
    /// assert_eq!(error.reason_code(), ReasonCode::PROTOCOL_ERROR);
    /// ```
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            PropertyError::Incomplete
            | PropertyError::Unknown { .. }
            | PropertyError::Text { .. } => ReasonCode::MALFORMED_PACKET,
            PropertyError::TopicAlias => ReasonCode::TOPIC_ALIAS_INVALID,
            _ => ReasonCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PropertyError::Incomplete => {
                f.write_str("the properties are incomplete, or an integer has unnecessary bytes")
            }
            PropertyError::Unknown { id } => write!(f, "MQTT 5 has no property 0x{id:02x}"),
            PropertyError::NotAllowed { id } => {
                write!(f, "the packet cannot have the property 0x{id:02x}")
            }
            PropertyError::Repeated { id } => write!(f, "the property 0x{id:02x} is repeated"),
            PropertyError::Value { id } => {
                write!(f, "the value of the property 0x{id:02x} is not allowed")
            }
            PropertyError::Text { id } => {
                write!(
                    f,
                    "the property 0x{id:02x} is not UTF-8, or contains U+0000"
                )
            }
            PropertyError::TopicAlias => f.write_str("the topic alias is 0"),
            PropertyError::NoMethod => {
                f.write_str("authentication data or AUTH has no authentication method")
            }
        }
    }
}

impl Error for PropertyError {}
