//! The complete codec, for tools, fuzzers, test brokers and benchmarks. It decodes and encodes all
//! packets, and copies nothing when it decodes.
//!
//! This module has the fourteen packets of MQTT 3.1.1, and [`v5`] the fifteen packets of MQTT 5.
//! [`Filters`] belong to both.
//!
//! [`Session`](crate::Session) does not use it. Both share the code that reads the fixed header,
//! that checks text, and that writes packets.
//!
//! # Examples
//! ```
//! use motemq::{Buffer, packet::{Packet, decode}};
//! let (packet, length) = decode(b"\x30\x05\0\x03a/bmore")?.unwrap();
//! let Packet::Publish { topic, payload, .. } = packet else { unreachable!() };
//! assert!(topic == "a/b" && payload.is_empty() && length == 7);
//!
//! let mut tx = Buffer::<[u8; 32]>::new();
//! packet.encode(&mut tx)?;
//! assert_eq!(tx.bytes(), b"\x30\x05\0\x03a/b");
//! assert!(decode(b"\x30\x05\0\x03a/+").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#[cfg(feature = "fast")]
use crate::session::fast;
use crate::{
    Connect, FilterOptions, Mqtt311, Out, Output, PacketId, Publish, QoS, ReturnCode, SendError,
    command::Checked,
    property::Place,
    topic::{self, Kind, TopicName},
    wire::{self, Draft},
};
use core::{fmt, str};

mod display;
mod filters;
pub mod v5;

pub use crate::wire::Malformed;
pub use filters::Filters;
use filters::{Source, read_filters};

/// A packet of MQTT 3.1.1, of a client or of a broker. [`decode`] reads it, and
/// [`encode`](Packet::encode) writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Packet<'a> {
    /// A client begins a connection. In a decoded packet, [`timeout`](Connect::timeout) is 0.
    Connect(Connect<'a>),
    /// The broker accepts or refuses the connection.
    ConnAck {
        /// True if the broker resumes a session.
        session_present: bool,
        /// The return code: 0 if the connection is accepted, else the reason for the refusal.
        code: ReturnCode,
    },
    /// A client or the broker sends a message.
    Publish {
        /// True if the message may have been sent before. Always `false` with QoS 0.
        dup: bool,
        /// The quality of service.
        qos: QoS,
        /// From a client: whether the broker is to store the message. From a broker: whether the
        /// message was stored before the subscription was made.
        retain: bool,
        /// The packet identifier with QoS 1 and 2, `None` with QoS 0.
        id: Option<PacketId>,
        /// The topic to which the message is published.
        topic: TopicName<'a>,
        /// The payload.
        payload: &'a [u8],
    },
    /// The receiver acknowledges a message with QoS 1.
    PubAck(PacketId),
    /// The receiver has received a message with QoS 2.
    PubRec(PacketId),
    /// The sender releases the packet identifier of a message with QoS 2.
    PubRel(PacketId),
    /// The receiver completes the exchange of a message with QoS 2.
    PubComp(PacketId),
    /// A client subscribes to topic filters.
    Subscribe {
        /// The packet identifier, which SUBACK repeats.
        id: PacketId,
        /// The topic filters with their QoS, at least one.
        filters: Filters<'a>,
    },
    /// The broker answers SUBSCRIBE.
    SubAck {
        /// The packet identifier of the SUBSCRIBE.
        id: PacketId,
        /// A return code for each filter, at least one: the QoS granted, or 0x80 for a refusal.
        codes: &'a [u8],
    },
    /// A client unsubscribes from topic filters.
    Unsubscribe {
        /// The packet identifier, which UNSUBACK repeats.
        id: PacketId,
        /// The topic filters, at least one. Their QoS is not sent; in a decoded packet it is 0.
        filters: Filters<'a>,
    },
    /// The broker answers UNSUBSCRIBE.
    UnsubAck(PacketId),
    /// A client sends a sign of life, and asks for PINGRESP.
    PingReq,
    /// The broker answers PINGREQ.
    PingResp,
    /// A client closes the connection, and the broker discards the will.
    Disconnect,
}

/// Decodes the packet at the beginning of `bytes`. Returns the packet and its length in bytes, or
/// `None` if the packet is incomplete.
///
/// The packet borrows from `bytes`; nothing is copied. CONNACK return codes that MQTT does not
/// define are refusals, and are returned as they are.
///
/// # Errors
/// [`Malformed`] if MQTT does not allow the packet: reserved flags, a remaining length that is too
/// long, inconsistent or encoded in more bytes than necessary, the packet identifier 0, text that
/// is not UTF-8 or contains U+0000, misplaced wildcards, undefined SUBACK return codes, a CONNACK
/// that refuses the connection and has a session present, or extra bytes. The connection has to be
/// closed then [MQTT-4.8.0-1].
#[inline]
pub fn decode(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, Malformed> {
    let Some(header) = wire::fixed_header(bytes)? else {
        return Ok(None);
    };
    let Some((body, rest)) = header.body.split_at_checked(header.length) else {
        return Ok(None);
    };
    let packet = if header.first_byte >> 4 == wire::PUBLISH {
        decode_publish(header.first_byte, body)
    } else {
        decode_other(header.first_byte >> 4, body)
    };
    packet
        .map(|packet| Some((packet, bytes.len().wrapping_sub(rest.len()))))
        .ok_or(Malformed)
}

#[inline(always)]
fn decode_publish(first_byte: u8, body: &[u8]) -> Option<Packet<'_>> {
    let (topic, id, payload) = wire::publish(first_byte, body)?;
    let qos = QoS::of_first_byte(first_byte);
    let id = if qos == QoS::AtMostOnce {
        None
    } else {
        PacketId::new(id)
    };
    Some(Packet::Publish {
        dup: first_byte & wire::DUP != 0,
        qos,
        retain: first_byte & 1 != 0,
        id,
        topic,
        payload,
    })
}

fn decode_other(kind: u8, mut body: &[u8]) -> Option<Packet<'_>> {
    let packet = match kind {
        wire::CONNECT => Packet::Connect(decode_connect::<V311>(&mut body).ok()?),
        wire::CONNACK => {
            let (session_present, code) = wire::connack(read_u16(&mut body)?).ok()?;
            // A CONNACK that refuses has no session present [MQTT-3.2.2-4].
            if session_present && code != 0 {
                return None;
            }
            Packet::ConnAck {
                session_present,
                code: ReturnCode(code),
            }
        }
        wire::PUBACK => Packet::PubAck(read_id(&mut body)?),
        wire::PUBREC => Packet::PubRec(read_id(&mut body)?),
        wire::PUBREL => Packet::PubRel(read_id(&mut body)?),
        wire::PUBCOMP => Packet::PubComp(read_id(&mut body)?),
        wire::UNSUBACK => Packet::UnsubAck(read_id(&mut body)?),
        wire::SUBACK => {
            let id = read_id(&mut body)?;
            let codes = core::mem::take(&mut body);
            if codes.is_empty() || !wire::are_codes(codes) {
                return None;
            }
            Packet::SubAck { id, codes }
        }
        wire::SUBSCRIBE | wire::UNSUBSCRIBE => {
            let id = read_id(&mut body)?;
            let with_qos = kind == wire::SUBSCRIBE;
            let filters = read_filters::<V311>(core::mem::take(&mut body), with_qos).ok()?;
            if with_qos {
                Packet::Subscribe { id, filters }
            } else {
                Packet::Unsubscribe { id, filters }
            }
        }
        wire::PINGREQ => Packet::PingReq,
        wire::PINGRESP => Packet::PingResp,
        wire::DISCONNECT => Packet::Disconnect,
        _ => return None,
    };
    body.is_empty().then_some(packet)
}

/// The differences between the versions of MQTT in fields that both have.
trait Version {
    /// The level of the protocol in CONNECT.
    const LEVEL: u8;
    type Properties<'a>: Copy;
    type Options: FilterOptions;
    type Error: From<Malformed>;

    /// Removes the properties that belong to this place from the beginning of `body`.
    fn properties<'a>(
        body: &mut &'a [u8],
        place: Place,
    ) -> Result<Self::Properties<'a>, Self::Error>;

    /// Checks a topic filter that is valid in both versions, and the options behind it.
    fn check_filter(filter: &[u8], options: Option<u8>) -> Result<(), Self::Error>;
}

/// MQTT 3.1.1.
struct V311;

impl Version for V311 {
    const LEVEL: u8 = 4;
    type Properties<'a> = ();
    type Options = ();
    type Error = Malformed;

    fn properties(_: &mut &[u8], _: Place) -> Result<(), Malformed> {
        Ok(())
    }

    fn check_filter(_: &[u8], options: Option<u8>) -> Result<(), Malformed> {
        match options {
            Some(3..) => Err(Malformed),
            _ => Ok(()),
        }
    }
}

/// Removes the fields of a CONNECT from `body`, and checks them.
fn decode_connect<'a, V: Version>(
    body: &mut &'a [u8],
) -> Result<Connect<'a, V::Properties<'a>>, V::Error> {
    let (protocol, after) = body.split_first_chunk().ok_or(Malformed)?;
    let (&[level, flags], after) = after.split_first_chunk().ok_or(Malformed)?;
    *body = after;
    // [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT-3.1.2-3]
    if protocol != b"\0\x04MQTT" || level != V::LEVEL || flags & 1 != 0 {
        return Err(Malformed.into());
    }
    // A password requires a user name [MQTT-3.1.2-22], but not with MQTT 5.
    if V::LEVEL == 4 && flags & 0xc0 == 0x40 {
        return Err(Malformed.into());
    }
    let keep_alive = read_u16(body).ok_or(Malformed)?;
    let properties = V::properties(body, Place::CONNECT)?;
    let client_id = read_text(body, Kind::Text).ok_or(Malformed)?;
    let will = if flags & 0x04 != 0 {
        let properties = V::properties(body, Place::WILL)?;
        Some(Publish {
            topic: read_text(body, Kind::Name).ok_or(Malformed)?,
            is_checked: Checked::YES,
            retain: flags & 0x20 != 0,
            qos: QoS::try_from(flags >> 3 & 3).map_err(|_| Malformed)?,
            remaining: 0,
            payload: read_data(body).ok_or(Malformed)?,
            properties,
        })
    } else if flags & 0x38 != 0 {
        return Err(Malformed.into());
    } else {
        None
    };
    let user = if flags & 0x80 != 0 {
        Some(read_text(body, Kind::Text).ok_or(Malformed)?)
    } else {
        None
    };
    let password = if flags & 0x40 != 0 {
        Some(read_data(body).ok_or(Malformed)?)
    } else {
        None
    };
    Ok(Connect {
        client_id,
        will,
        user,
        password,
        keep_alive,
        timeout: 0,
        clean: flags & 2 != 0,
        identifier_offset: 0,
        properties,
    })
}

/// Removes a number of two bytes from `body`. Returns `None` if there are fewer bytes.
fn read_u16(body: &mut &[u8]) -> Option<u16> {
    let (&number, after) = body.split_first_chunk()?;
    *body = after;
    Some(u16::from_be_bytes(number))
}

/// Removes a packet identifier from `body`. Returns `None` if it is missing or 0.
fn read_id(body: &mut &[u8]) -> Option<PacketId> {
    PacketId::new(read_u16(body)?)
}

/// Removes binary data, which begins with its length, from `body`.
fn read_data<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = read_u16(body)?;
    let (data, after) = body.split_at_checked(length.into())?;
    *body = after;
    Some(data)
}

/// Removes text, which begins with its length, from `body`, and checks that it is of that kind.
fn read_text<'a>(body: &mut &'a [u8], kind: Kind) -> Option<&'a str> {
    read_data(body)
        .filter(|data| topic::is_valid::<Mqtt311>(data, kind))
        .and_then(|data| str::from_utf8(data).ok())
}

impl Packet<'_> {
    /// Appends the packet to `tx`, which needs room for 3 bytes more than the packet has.
    ///
    /// # Errors
    /// If this method fails, nothing is written:
    ///
    /// - [`Invalid`](SendError::Invalid) for a packet that [`decode`] refuses, and for an empty
    ///   client identifier without clean session, which [`decode`] accepts so that a broker can
    ///   answer it with a return code.
    /// - [`Full`](SendError::Full) if `tx` has too little room now.
    /// - [`TooLong`](SendError::TooLong) if the packet does not fit into an empty `tx`, or into the
    ///   length fields of MQTT.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn encode(&self, tx: &mut (impl Output + ?Sized)) -> Result<(), SendError> {
        let out = &mut tx.out();
        match *self {
            Packet::Connect(ref connect) => write_connect(connect, out),
            Packet::ConnAck {
                session_present,
                code,
            } => write_connack(session_present, code, out),
            Packet::Publish {
                dup,
                qos,
                retain,
                id,
                topic,
                payload,
            } => {
                let flags = u8::from(dup) << 3 | (qos as u8) << 1 | u8::from(retain);
                // [MQTT-2.3.1-1] [MQTT-2.3.1-5] [MQTT-3.3.1-2]
                if id.is_some() != (qos != QoS::AtMostOnce) || (dup && id.is_none()) {
                    return Err(SendError::Invalid);
                }
                let first_byte = wire::PUBLISH << 4 | flags;
                #[cfg(feature = "fast")]
                if fast::publish(out, first_byte, topic.as_bytes(), id, payload).is_some() {
                    return Ok(());
                }
                write_publish(first_byte, topic.as_bytes(), id, payload, out)
            }
            Packet::Subscribe { id, filters } => {
                write_filters::<true>(wire::SUBSCRIBE, id, filters, out)
            }
            Packet::Unsubscribe { id, filters } => {
                write_filters::<false>(wire::UNSUBSCRIBE, id, filters, out)
            }
            Packet::SubAck { id, codes } => write_suback(id, codes, out),
            Packet::PubAck(id) => write_short(wire::PUBACK << 4, id.get(), out),
            Packet::PubRec(id) => write_short(wire::PUBREC << 4, id.get(), out),
            Packet::PubRel(id) => write_short(wire::PUBREL_FIRST_BYTE, id.get(), out),
            Packet::PubComp(id) => write_short(wire::PUBCOMP << 4, id.get(), out),
            Packet::UnsubAck(id) => write_short(wire::UNSUBACK << 4, id.get(), out),
            Packet::PingReq => write_short(wire::PINGREQ << 4, 0, out),
            Packet::PingResp => write_short(wire::PINGRESP << 4, 0, out),
            Packet::Disconnect => write_short(wire::DISCONNECT << 4, 0, out),
        }
    }
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_connect(connect: &Connect<'_>, out: &mut Out<'_>) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, wire::CONNECT << 4);
    draft.connect(connect);
    draft.finish(0)
}

#[cfg_attr(feature = "fast", inline(always))]
fn write_connack(
    session_present: bool,
    code: ReturnCode,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    // A CONNACK that refuses has no session present [MQTT-3.2.2-4].
    if session_present && code != ReturnCode::ACCEPTED {
        return Err(SendError::Invalid);
    }
    write_short(
        wire::CONNACK << 4,
        u16::from(session_present) << 8 | u16::from(code.get()),
        out,
    )
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_publish(
    first_byte: u8,
    topic: &[u8],
    id: Option<PacketId>,
    payload: &[u8],
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, first_byte);
    draft.u16(topic.len() as u16);
    draft.bytes(topic);
    if let Some(id) = id {
        draft.u16(id.get());
    }
    draft.bytes(payload);
    draft.finish(0)
}

/// Writes a SUBSCRIBE, or an UNSUBSCRIBE, which has no QoS.
#[cfg_attr(feature = "fast", inline(always))]
fn write_filters<const WITH_QOS: bool>(
    kind: u8,
    id: PacketId,
    filters: Filters<'_>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    #[cfg(feature = "fast")]
    if let Source::List(list) = filters.0
        && fast::filters::<WITH_QOS>(kind, id, list, out).is_some()
    {
        return Ok(());
    }
    write_any_filters(kind, id, filters, out)
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_any_filters(
    kind: u8,
    id: PacketId,
    filters: Filters<'_>,
    out: &mut Out<'_>,
) -> Result<(), SendError> {
    let mut draft = Draft::<Mqtt311>::new(out, kind << 4 | wire::RESERVED);
    match filters.0 {
        // [MQTT-3.8.3-3] [MQTT-3.10.3-2]
        Source::List([]) => return Err(SendError::Invalid),
        Source::Encoded(encoded) if encoded.with_qos == (kind == wire::SUBSCRIBE) => {
            draft.u16(id.get());
            draft.bytes(encoded.bytes);
        }
        _ => draft.filters(id.get(), filters.iter()),
    }
    draft.finish(0)
}

#[cfg_attr(feature = "fast", inline(never))]
fn write_suback(id: PacketId, codes: &[u8], out: &mut Out<'_>) -> Result<(), SendError> {
    if codes.is_empty() || !wire::are_codes(codes) {
        return Err(SendError::Invalid);
    }
    let mut draft = Draft::<Mqtt311>::new(out, wire::SUBACK << 4);
    draft.u16(id.get());
    draft.bytes(codes);
    draft.finish(0)
}

#[cfg_attr(feature = "fast", inline(always))]
fn write_short(first_byte: u8, id: u16, out: &mut Out<'_>) -> Result<(), SendError> {
    if wire::write_short(out, first_byte, id) {
        Ok(())
    } else {
        Err(if *out.end == 0 {
            SendError::TooLong
        } else {
            SendError::Full
        })
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not a packet of MQTT 3.1.1: close the connection")
    }
}

impl core::error::Error for Malformed {}
