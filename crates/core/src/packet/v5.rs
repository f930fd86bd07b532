//! The fifteen packets of MQTT 5.
//!
//! # Examples
//! ```
//! use motemq::{Buffer, Property, ReasonCode, packet::v5::{Packet, decode}};
//! let mut tx = Buffer::<[u8; 32]>::new();
//! let list = [Property::ReasonString("maintenance".into())];
//! let packet = Packet::Disconnect {
//!     code: ReasonCode::SERVER_SHUTTING_DOWN,
//!     properties: &list[..],
//! };
//! packet.encode(&mut tx)?;
//!
//! let (packet, length) = decode(tx.bytes())?.unwrap();
//! let Packet::Disconnect { properties, .. } = packet else { unreachable!() };
//! assert!(properties.reason_string() == Some("maintenance".into()) && length == 18);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod display;
mod encode;
mod error;

pub use error::DecodeError;

use super::{Filters, Version, decode_connect, read_data, read_filters, read_id};
use crate::{
    Connect, Mqtt311, PacketId, Properties, Property, PropertyError, QoS, ReasonCode,
    SubscriptionOptions, TopicName,
    property::{self, Place},
    reason::{is_allowed_in, is_allowed_in_auth},
    topic::{self, Kind},
    wire::{self, Malformed},
};

/// A packet of MQTT 5, of a client or of a server.
///
/// `T` is the type of its properties: [`Properties`] in a packet that was decoded. A packet that is
/// encoded can also have `()` for none, or a list (`&[Property]`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Packet<'a, T = Properties<'a>> {
    /// A client begins a connection. In a decoded packet, [`timeout`](Connect::timeout) is 0.
    Connect(Connect<'a, T>),
    /// The server accepts or refuses the connection.
    ConnAck {
        /// True if the server resumes a session.
        session_present: bool,
        /// The reason code: [`SUCCESS`](ReasonCode::SUCCESS) if the connection is accepted, else
        /// the reason for the refusal.
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// A client or the server sends a message.
    Publish {
        /// True if the message may have been sent before. Always `false` with QoS 0.
        dup: bool,
        /// The quality of service.
        qos: QoS,
        /// From a client: whether the server is to store the message. From a server: whether the
        /// message was stored before the subscription was made, or, if the subscription has
        /// [retain as published](SubscriptionOptions::retain_as_published), the flag with which
        /// the message was published.
        retain: bool,
        /// The packet identifier with QoS 1 and 2, `None` with QoS 0.
        id: Option<PacketId>,
        /// The topic to which the message is published, or `None` if a
        /// [topic alias](crate::Property::TopicAlias) stands for it.
        topic: Option<TopicName<'a>>,
        /// The payload.
        payload: &'a [u8],
        /// The properties.
        properties: T,
    },
    /// The receiver acknowledges or refuses a message with QoS 1.
    PubAck {
        /// The packet identifier of the PUBLISH.
        id: PacketId,
        /// The reason code: 0x80 or above if the receiver refuses the message.
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// The receiver has received a message with QoS 2, or refuses it.
    PubRec {
        /// The packet identifier of the PUBLISH.
        id: PacketId,
        /// The reason code: 0x80 or above if the receiver refuses the message. The exchange ends
        /// with such a code, without PUBREL and PUBCOMP.
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// The sender releases the packet identifier of a message with QoS 2.
    PubRel {
        /// The packet identifier of the PUBLISH.
        id: PacketId,
        /// The reason code: [`SUCCESS`](ReasonCode::SUCCESS) or
        /// [`PACKET_IDENTIFIER_NOT_FOUND`](ReasonCode::PACKET_IDENTIFIER_NOT_FOUND).
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// The receiver completes the exchange of a message with QoS 2.
    PubComp {
        /// The packet identifier of the PUBLISH.
        id: PacketId,
        /// The reason code: [`SUCCESS`](ReasonCode::SUCCESS) or
        /// [`PACKET_IDENTIFIER_NOT_FOUND`](ReasonCode::PACKET_IDENTIFIER_NOT_FOUND).
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// A client subscribes to topic filters.
    Subscribe {
        /// The packet identifier, which SUBACK repeats.
        id: PacketId,
        /// The topic filters with their QoS and options, at least one.
        filters: Filters<'a, SubscriptionOptions>,
        /// The properties.
        properties: T,
    },
    /// The server answers SUBSCRIBE.
    SubAck {
        /// The packet identifier of the SUBSCRIBE.
        id: PacketId,
        /// A [reason code](ReasonCode) for each filter, as a byte, at least one: the QoS granted,
        /// or the reason for a refusal.
        codes: &'a [u8],
        /// The properties.
        properties: T,
    },
    /// A client unsubscribes from topic filters.
    Unsubscribe {
        /// The packet identifier, which UNSUBACK repeats.
        id: PacketId,
        /// The topic filters, at least one. Their QoS and options are not sent; in a decoded packet
        /// they are 0.
        filters: Filters<'a, SubscriptionOptions>,
        /// The properties.
        properties: T,
    },
    /// The server answers UNSUBSCRIBE.
    UnsubAck {
        /// The packet identifier of the UNSUBSCRIBE.
        id: PacketId,
        /// A [reason code](ReasonCode) for each filter, as a byte, at least one: 0x80 or above if
        /// the server refuses.
        codes: &'a [u8],
        /// The properties.
        properties: T,
    },
    /// A client sends a sign of life, and asks for PINGRESP.
    PingReq,
    /// The server answers PINGREQ.
    PingResp,
    /// A client or the server closes the connection.
    Disconnect {
        /// The reason for closing the connection.
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
    /// A client or the server continues an authentication, or a client begins a re-authentication.
    Auth {
        /// The reason code: [`SUCCESS`](ReasonCode::SUCCESS),
        /// [`CONTINUE_AUTHENTICATION`](ReasonCode::CONTINUE_AUTHENTICATION) or
        /// [`RE_AUTHENTICATE`](ReasonCode::RE_AUTHENTICATE).
        code: ReasonCode,
        /// The properties.
        properties: T,
    },
}

/// Decodes the packet at the beginning of `bytes`. Returns the packet and its length in bytes, or
/// `None` if the packet is incomplete.
///
/// The packet borrows from `bytes`; nothing is copied. CONNACK reason codes from 0x80 on that MQTT
/// does not define are refusals, and are returned as they are.
///
/// # Errors
/// A [`DecodeError`] if MQTT does not allow the packet. The connection has to be closed then
/// [MQTT-4.13.1-1].
#[inline]
pub fn decode(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, DecodeError> {
    let Some(header) = wire::fixed_header_5(bytes)? else {
        return Ok(None);
    };
    let Some((body, rest)) = header.body.split_at_checked(header.length) else {
        return Ok(None);
    };
    let packet = if header.first_byte >> 4 == wire::PUBLISH {
        decode_publish(header.first_byte, body)?
    } else {
        decode_other(header.first_byte >> 4, body)?
    };
    Ok(Some((packet, bytes.len().wrapping_sub(rest.len()))))
}

#[inline(always)]
fn decode_publish(first_byte: u8, mut body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let name = read_data(&mut body).ok_or(Malformed)?;
    let qos = QoS::of_first_byte(first_byte);
    let id = if qos == QoS::AtMostOnce {
        None
    } else {
        Some(read_id(&mut body).ok_or(Malformed)?)
    };
    let properties = V5::properties(&mut body, Place::PUBLISH)?;
    let topic = if name.is_empty() {
        if properties.topic_alias().is_none() {
            return Err(DecodeError::NoTopic);
        }
        None
    } else if topic::is_valid::<Mqtt311>(name, Kind::Name) {
        Some(TopicName(name))
    } else {
        return Err(DecodeError::Malformed);
    };
    Ok(Packet::Publish {
        dup: first_byte & wire::DUP != 0,
        qos,
        retain: first_byte & 1 != 0,
        id,
        topic,
        payload: body,
        properties,
    })
}

fn decode_other(kind: u8, mut body: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let packet = match kind {
        wire::CONNECT => Packet::Connect(decode_connect::<V5>(&mut body)?),
        wire::CONNACK => decode_connack(&mut body)?,
        wire::PUBACK | wire::PUBREC | wire::PUBREL | wire::PUBCOMP => {
            let id = read_id(&mut body).ok_or(Malformed)?;
            let (code, properties) = read_code(&mut body, kind, Place::ACK)?;
            match kind {
                wire::PUBACK => Packet::PubAck {
                    id,
                    code,
                    properties,
                },
                wire::PUBREC => Packet::PubRec {
                    id,
                    code,
                    properties,
                },
                wire::PUBREL => Packet::PubRel {
                    id,
                    code,
                    properties,
                },
                _ => Packet::PubComp {
                    id,
                    code,
                    properties,
                },
            }
        }
        wire::SUBSCRIBE => {
            let id = read_id(&mut body).ok_or(Malformed)?;
            Packet::Subscribe {
                id,
                properties: V5::properties(&mut body, Place::SUBSCRIBE)?,
                filters: read_filters::<V5>(core::mem::take(&mut body), true)?,
            }
        }
        wire::UNSUBSCRIBE => {
            let id = read_id(&mut body).ok_or(Malformed)?;
            Packet::Unsubscribe {
                id,
                properties: V5::properties(&mut body, Place::UNSUBSCRIBE)?,
                filters: read_filters::<V5>(core::mem::take(&mut body), false)?,
            }
        }
        wire::SUBACK | wire::UNSUBACK => {
            let id = read_id(&mut body).ok_or(Malformed)?;
            let properties = V5::properties(&mut body, Place::ACK)?;
            let codes = core::mem::take(&mut body);
            check_codes(kind, codes)?;
            if kind == wire::SUBACK {
                Packet::SubAck {
                    id,
                    codes,
                    properties,
                }
            } else {
                Packet::UnsubAck {
                    id,
                    codes,
                    properties,
                }
            }
        }
        wire::PINGREQ => Packet::PingReq,
        wire::PINGRESP => Packet::PingResp,
        wire::DISCONNECT => {
            let (code, properties) = read_code(&mut body, kind, Place::DISCONNECT)?;
            Packet::Disconnect { code, properties }
        }
        wire::AUTH => {
            let (code, properties) = read_code(&mut body, kind, Place::AUTH)?;
            check_auth(code, properties.iter())?;
            Packet::Auth { code, properties }
        }
        _ => return Err(DecodeError::Malformed),
    };
    if body.is_empty() {
        Ok(packet)
    } else {
        Err(DecodeError::Malformed)
    }
}

fn decode_connack<'a>(body: &mut &'a [u8]) -> Result<Packet<'a>, DecodeError> {
    let (&[flags, code], after) = body.split_first_chunk().ok_or(Malformed)?;
    *body = after;
    // [MQTT-3.2.2-1]
    if flags > 1 {
        return Err(DecodeError::Malformed);
    }
    let properties = V5::properties(body, Place::CONNACK)?;
    check_connack(flags != 0, ReasonCode(code))?;
    Ok(Packet::ConnAck {
        session_present: flags != 0,
        code: ReasonCode(code),
        properties,
    })
}

/// Removes the reason code and the properties at the end of a packet from `body`. Either can be
/// missing.
fn read_code<'a>(
    body: &mut &'a [u8],
    kind: u8,
    place: Place,
) -> Result<(ReasonCode, Properties<'a>), DecodeError> {
    let Some((&code, after)) = body.split_first() else {
        return Ok((ReasonCode::SUCCESS, Properties::default()));
    };
    *body = after;
    let mut properties = Properties::default();
    if !after.is_empty() {
        properties = V5::properties(body, place)?;
    }
    check_codes(kind, &[code])?;
    Ok((ReasonCode(code), properties))
}

/// Checks that there is a reason code, and that a packet of this type can have all of them.
fn check_codes(kind: u8, codes: &[u8]) -> Result<(), DecodeError> {
    if codes.is_empty() {
        return Err(DecodeError::Malformed);
    }
    let is_allowed = |&code: &u8| {
        if kind == wire::AUTH {
            is_allowed_in_auth(code)
        } else {
            is_allowed_in(kind, code)
        }
    };
    match codes.iter().find(|code| !is_allowed(code)) {
        Some(&code) => Err(DecodeError::Code(ReasonCode(code))),
        None => Ok(()),
    }
}

/// Checks a CONNACK: a server that refuses the connection has no session [MQTT-3.2.2-6].
fn check_connack(session_present: bool, code: ReasonCode) -> Result<(), DecodeError> {
    if !code.is_error() {
        check_codes(wire::CONNACK, &[code.0])?;
    } else if session_present {
        return Err(DecodeError::SessionPresent);
    }
    Ok(())
}

/// Checks an AUTH: it has an authentication method, unless all of it can be left out.
fn check_auth<'a>(
    code: ReasonCode,
    properties: impl Iterator<Item = Property<'a>>,
) -> Result<(), DecodeError> {
    let mut is_empty = code == ReasonCode::SUCCESS;
    for property in properties {
        if matches!(property, Property::AuthenticationMethod(_)) {
            return Ok(());
        }
        is_empty = false;
    }
    if is_empty {
        Ok(())
    } else {
        Err(PropertyError::NoMethod.into())
    }
}

/// Checks the rules of MQTT 5 for a topic filter and the options behind it.
fn check_filter(filter: &[u8], options: u8) -> Result<(), DecodeError> {
    // [MQTT-3.8.3-5]
    if options & 0xc0 != 0 {
        return Err(DecodeError::Malformed);
    }
    if options & 3 == 3 || options & 0x30 == 0x30 {
        return Err(DecodeError::Options);
    }
    if filter.first() == Some(&b'$') {
        return check_share(filter, options);
    }
    Ok(())
}

/// Checks the rules of shared subscriptions for a topic filter that may be that of one.
// Apart from the others, which are most, so that those need no registers for it.
#[inline(never)]
fn check_share(filter: &[u8], options: u8) -> Result<(), DecodeError> {
    if !topic::is_shared(filter) {
        return Ok(());
    }
    if !topic::is_valid_share(filter) {
        return Err(DecodeError::Share);
    }
    // [MQTT-3.8.3-4]
    if options & 4 != 0 {
        return Err(DecodeError::Options);
    }
    Ok(())
}

/// MQTT 5.
struct V5;

impl Version for V5 {
    const LEVEL: u8 = 5;
    type Properties<'a> = Properties<'a>;
    type Options = SubscriptionOptions;
    type Error = DecodeError;

    #[inline(always)]
    fn properties<'a>(body: &mut &'a [u8], place: Place) -> Result<Properties<'a>, DecodeError> {
        Ok(property::section::<Mqtt311>(body, place)?)
    }

    fn check_filter(filter: &[u8], options: Option<u8>) -> Result<(), DecodeError> {
        check_filter(filter, options.unwrap_or_default())
    }
}
