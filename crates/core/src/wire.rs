//! The encoding of packets: their types, the fixed header, and the writer that all packets share.
//! This module has no state, and knows only the form of packets.
mod draft;

use crate::{
    Mqtt311, Protocol,
    buffer::Out,
    profile::{explains, receives_qos_2, subscribes},
    topic::{self, Kind, TopicName},
};
#[cfg(feature = "fast")]
pub(crate) use draft::HEADER;
pub(crate) use draft::{Draft, Ticket};

pub(crate) const CONNECT: u8 = 1;
pub(crate) const CONNACK: u8 = 2;
pub(crate) const PUBLISH: u8 = 3;
pub(crate) const PUBACK: u8 = 4;
pub(crate) const PUBREC: u8 = 5;
pub(crate) const PUBREL: u8 = 6;
pub(crate) const PUBCOMP: u8 = 7;
pub(crate) const SUBSCRIBE: u8 = 8;
pub(crate) const SUBACK: u8 = 9;
pub(crate) const UNSUBSCRIBE: u8 = 10;
pub(crate) const UNSUBACK: u8 = 11;
pub(crate) const PINGREQ: u8 = 12;
pub(crate) const PINGRESP: u8 = 13;
pub(crate) const DISCONNECT: u8 = 14;
/// Only MQTT 5 has it.
pub(crate) const AUTH: u8 = 15;

/// The DUP flag in the first byte of a PUBLISH.
pub(crate) const DUP: u8 = 8;
/// The bits of the QoS in the first byte of a PUBLISH.
pub(crate) const QOS: u8 = 6;
/// The bit of QoS 2 in the first byte of a PUBLISH.
pub(crate) const QOS_2: u8 = 4;
/// A mark in the first byte of a PUBLISH that arrived under an identifier which PUBREL has not
/// released yet. The first byte of a PUBLISH never has this bit on the wire.
pub(crate) const REPEATED: u8 = 0x80;
/// The flags in the first byte of PUBREL, SUBSCRIBE and UNSUBSCRIBE [MQTT-2.2.2-1].
pub(crate) const RESERVED: u8 = 2;
/// The types with the flags [`RESERVED`], one bit for each.
const WITH_RESERVED: u16 = 1 << PUBREL | 1 << SUBSCRIBE | 1 << UNSUBSCRIBE;
/// The flags that a PUBLISH can have, one bit for each of the 16 values: neither QoS 3
/// [MQTT-3.3.1-4] nor DUP with QoS 0 [MQTT-3.3.1-2].
const PUBLISH_FLAGS: u32 = 0b0011_1100_0011_1111;
/// All types that MQTT 3.1.1 defines, one bit for each.
const DEFINED: u16 = 0x7ffe;
/// All types that MQTT 5 defines.
const DEFINED_5: u16 = DEFINED | 1 << AUTH;
/// The first byte of a PUBREL.
pub(crate) const PUBREL_FIRST_BYTE: u8 = PUBREL << 4 | RESERVED;
/// The return code in SUBACK for a filter that the broker refuses.
pub(crate) const REFUSED: u8 = 0x80;

/// The error of [`packet::decode`](crate::packet::decode) for bytes that are not a packet of MQTT
/// 3.1.1. The receiver has to close the connection [MQTT-4.8.0-1].
///
/// # Examples
/// ```
/// use motemq::packet::{Malformed, decode};
/// assert_eq!(decode(b"\xf0\0"), Err(Malformed)); // MQTT 3.1.1 has no packet type 15
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Malformed;

/// A fixed header: the first byte, the remaining length, and the bytes that follow.
pub(crate) struct FixedHeader<'i> {
    pub first_byte: u8,
    pub length: usize,
    pub body: &'i [u8],
}

/// Reads a fixed header of MQTT 3.1.1. Returns `None` if it is incomplete.
#[inline(always)]
pub(crate) fn fixed_header(bytes: &[u8]) -> Result<Option<FixedHeader<'_>>, Malformed> {
    fixed_header_of(bytes, DEFINED)
}

/// Reads a fixed header of MQTT 5. Returns `None` if it is incomplete.
#[inline(always)]
pub(crate) fn fixed_header_5(bytes: &[u8]) -> Result<Option<FixedHeader<'_>>, Malformed> {
    fixed_header_of(bytes, DEFINED_5)
}

#[inline(always)]
fn fixed_header_of(bytes: &[u8], defined: u16) -> Result<Option<FixedHeader<'_>>, Malformed> {
    let Some((&first_byte, body)) = bytes.split_first() else {
        return Ok(None);
    };
    if !has_valid_flags(first_byte, defined) {
        return Err(Malformed);
    }
    Ok(variable(body)?.map(|(length, body)| FixedHeader {
        first_byte,
        length,
        body,
    }))
}

/// Returns whether a packet can begin with this byte, if these types are defined.
#[inline(always)]
fn has_valid_flags(first_byte: u8, defined: u16) -> bool {
    // The flags that the type allows, one bit for each of the 16 values [MQTT-2.2.2-2].
    let kind = first_byte >> 4;
    let allowed = if kind == PUBLISH {
        PUBLISH_FLAGS
    } else {
        // The flags are `RESERVED` or 0. Types that are not defined are not allowed with any flags.
        u32::from(defined >> kind & 1) << ((WITH_RESERVED >> kind & 1) << 1)
    };
    allowed >> (first_byte & 15) & 1 != 0
}

/// Returns whether a packet of a server of MQTT 5 has the flags that its type allows. Types that
/// the profile does not receive are taken for malformed, if they have any flags.
// With the tables above it is 24 bytes more.
#[inline(always)]
pub(crate) fn has_valid_flags_5<P: Protocol>(first_byte: u8) -> bool {
    let kind = first_byte >> 4;
    let flags = first_byte & 15;
    if subscribes::<P>() && kind == PUBLISH {
        PUBLISH_FLAGS >> flags & 1 != 0
    } else {
        kind != 0
            && flags
                == if receives_qos_2::<P>() && kind == PUBREL {
                    RESERVED
                } else {
                    0
                }
    }
}

/// Reads a variable byte integer. Returns it and the bytes that follow, or `None` if it is
/// incomplete.
#[inline(always)]
pub(crate) fn variable(mut bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Malformed> {
    // Most have one byte, which is never more than necessary.
    #[cfg(feature = "fast")]
    if let [byte @ ..=0x7f, after @ ..] = bytes {
        return Ok(Some((usize::from(*byte), after)));
    }
    let mut number = 0;
    let mut shift = 0u32;
    loop {
        let Some((&byte, after)) = bytes.split_first() else {
            return Ok(None);
        };
        bytes = after;
        number |= (byte as usize & 0x7f).wrapping_shl(shift);
        shift = shift.wrapping_add(7);
        if byte < 0x80 {
            // MQTT 5 forbids an encoding in more bytes than necessary [MQTT-1.5.5-1]. MQTT 3.1.1
            // does not, but this crate does.
            if byte == 0 && shift > 7 {
                return Err(Malformed);
            }
            return Ok(Some((number, bytes)));
        }
        if shift == 28 {
            return Err(Malformed);
        }
    }
}

/// The position that [`section_at`] returns for bytes that are not a variable byte integer, whatever
/// follows. It is behind the end of any bytes, also if the length of a packet is added.
pub(crate) const MALFORMED: usize = usize::MAX >> 1;

/// Reads the variable byte integer at this position, which is the length of the bytes behind it.
/// Returns the positions where those bytes begin and end. The beginning is behind the end of `bytes`
/// if the integer is incomplete, and [`MALFORMED`] if it is none.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn section_at(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut length, mut shift) = (0usize, 0u32);
    loop {
        let byte = bytes.get(at);
        at = at.wrapping_add(1);
        let Some(&byte) = byte else {
            return (at, at);
        };
        length |= (byte as usize & 0x7f).wrapping_shl(shift);
        if byte < 0x80 && (byte != 0 || shift == 0) {
            return (at, at.wrapping_add(length));
        }
        shift = shift.wrapping_add(7);
        // MQTT 5 forbids an encoding in more bytes than necessary [MQTT-1.5.5-1].
        if byte == 0 || shift == 28 {
            return (MALFORMED, MALFORMED);
        }
    }
}

/// Returns the number of two bytes at this position, or 0 if they are not there.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).and_then(|bytes| bytes.first_chunk()) {
        Some(&number) => u16::from_be_bytes(number).into(),
        None => 0,
    }
}

/// Splits the variable header of a PUBLISH, without the length of the topic, into the topic and the
/// identifier. With QoS 0 there is no identifier, and the number is 1.
#[inline(always)]
pub(crate) fn split_publish(first_byte: u8, header: &[u8]) -> (&[u8], u16) {
    if first_byte & QOS != 0
        && let Some((name, &id)) = header.split_last_chunk()
    {
        return (name, u16::from_be_bytes(id));
    }
    (header, 1)
}

/// Reads the body of a PUBLISH. Returns the topic, the identifier (with QoS 0 the number 1) and the
/// payload, or `None` if it is malformed.
#[inline(always)]
pub(crate) fn publish(first_byte: u8, body: &[u8]) -> Option<(TopicName<'_>, u16, &[u8])> {
    let (&length, body) = body.split_first_chunk()?;
    let header_length = usize::from(u16::from_be_bytes(length))
        .wrapping_add(if first_byte & QOS == 0 { 0 } else { 2 });
    let (header, payload) = body.split_at_checked(header_length)?;
    let (name, id) = split_publish(first_byte, header);
    (id != 0 && topic::is_valid::<Mqtt311>(name, Kind::Name)).then_some((
        TopicName(name),
        id,
        payload,
    ))
}

/// Reads the body of a CONNACK. Returns whether a session is present, and the return code, which
/// may be any number.
#[inline(always)]
pub(crate) fn connack(body: u16) -> Result<(bool, u8), Malformed> {
    if body < 0x200 {
        Ok((body >= 0x100, body as u8))
    } else {
        Err(Malformed)
    }
}

/// Returns whether all return codes of a SUBACK are defined [MQTT-3.9.3-2].
#[inline(always)]
pub(crate) fn are_codes(codes: &[u8]) -> bool {
    codes.iter().all(|&code| code <= 2 || code == REFUSED)
}

/// Returns the first byte of the acknowledgement of a PUBLISH with this first byte, or 0 with QoS
/// 0, which has no acknowledgement.
#[inline]
pub(crate) fn reply(first_byte: u8) -> u8 {
    let qos = first_byte & QOS;
    // The types PUBACK and PUBREC follow PUBLISH.
    if qos == 0 {
        0
    } else {
        (PUBLISH << 4).wrapping_add(qos << 3)
    }
}

/// Writes a packet of 2 bytes, or of 4 bytes with an identifier. Returns `false`, and writes
/// nothing, if there is not enough room.
#[cfg_attr(feature = "fast", inline)]
pub(crate) fn write_short(out: &mut Out<'_>, first_byte: u8, id: u16) -> bool {
    write_short_with(out, first_byte, id, 0)
}

/// Writes what [`write_short`] writes, with MQTT 5 with a reason code behind it if the code is not 0.
#[inline(always)]
pub(crate) fn write_reply<P: Protocol>(
    out: &mut Out<'_>,
    first_byte: u8,
    id: u16,
    code: u8,
) -> bool {
    if explains::<P>() {
        write_coded(out, first_byte, id, code)
    } else {
        write_short(out, first_byte, id)
    }
}

#[cfg_attr(not(feature = "fast"), inline(never))]
fn write_coded(out: &mut Out<'_>, first_byte: u8, id: u16, code: u8) -> bool {
    write_short_with(out, first_byte, id, code)
}

/// Writes a packet of 2 to 5 bytes: with an identifier unless it is PINGREQ or a later type, and with
/// a reason code unless that is 0. Returns `false`, and takes no room, if there is not enough.
#[inline(always)]
fn write_short_with(out: &mut Out<'_>, first_byte: u8, id: u16, code: u8) -> bool {
    let free = out.mem.get_mut(*out.end..).unwrap_or_default();
    let mut written = 2usize;
    if first_byte < PINGREQ << 4 {
        let [_, _, high, low, ..] = free else {
            return false;
        };
        [*high, *low] = id.to_be_bytes();
        written = 4;
    }
    if code != 0 {
        let Some(to) = free.get_mut(written) else {
            return false;
        };
        *to = code;
        written = written.wrapping_add(1);
    }
    let [first, length, ..] = free else {
        return false;
    };
    *first = first_byte;
    *length = written.wrapping_sub(2) as u8;
    *out.end = out.end.wrapping_add(written);
    true
}
