//! The encoding of packets: their types, the fixed header, and the writer that all packets share.
//! This module has no state, and knows only the form of packets.
use crate::{
    Mqtt311, Properties, Protocol, SendError,
    buffer::{Out, Writer},
    command::{Connect, Filter, FilterOptions},
    property::{Place, PropertySource},
    topic::{self, Kind, TopicName},
};
use core::marker::PhantomData;

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
/// All types that MQTT 3.1.1 defines, one bit for each.
const DEFINED: u16 = 0x7ffe;
/// All types that MQTT 5 defines.
pub(crate) const DEFINED_5: u16 = DEFINED | 1 << AUTH;
/// The first byte of a PUBREL.
pub(crate) const PUBREL_FIRST_BYTE: u8 = PUBREL << 4 | RESERVED;
/// The return code in SUBACK for a filter that the broker refuses.
pub(crate) const REFUSED: u8 = 0x80;

/// The error for bytes that are not a packet of MQTT 3.1.1.
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
pub(crate) fn has_valid_flags(first_byte: u8, defined: u16) -> bool {
    // The flags that the type allows, one bit for each of the 16 values [MQTT-2.2.2-2].
    let kind = first_byte >> 4;
    let allowed = if kind == PUBLISH {
        // Neither QoS 3 [MQTT-3.3.1-4] nor DUP with QoS 0 [MQTT-3.3.1-2].
        0b0011_1100_0011_1111
    } else {
        // The flags are `RESERVED` or 0. Types that are not defined are not allowed with any flags.
        u32::from(defined >> kind & 1) << ((WITH_RESERVED >> kind & 1) << 1)
    };
    allowed >> (first_byte & 15) & 1 != 0
}

/// Reads a variable byte integer. Returns it and the bytes that follow, or `None` if it is
/// incomplete.
#[inline(always)]
pub(crate) fn variable(mut bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Malformed> {
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

/// Takes a variable byte integer off `bytes`. Returns `None` if it is incomplete.
#[cfg_attr(feature = "fast", inline)]
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn take_variable(bytes: &mut &[u8]) -> Result<Option<u32>, Malformed> {
    let Some((number, after)) = variable(bytes)? else {
        return Ok(None);
    };
    *bytes = after;
    Ok(Some(number as u32))
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
    let free = out.mem.get_mut(*out.end..).unwrap_or_default();
    let mut written = 2usize;
    if first_byte < PINGREQ << 4 {
        let [_, _, high, low, ..] = free else {
            return false;
        };
        [*high, *low] = id.to_be_bytes();
        written = 4;
    }
    let [first, length, ..] = free else {
        return false;
    };
    *first = first_byte;
    *length = written.wrapping_sub(2) as u8;
    *out.end = out.end.wrapping_add(written);
    true
}

/// Writes what [`write_short`] writes, with a reason code behind it if the code is not 0. Then it
/// needs room for five bytes.
pub(crate) fn write_coded(out: &mut Out<'_>, first_byte: u8, id: u16, code: u8) -> bool {
    let start = *out.end;
    if code != 0 && out.room() < 5 {
        return false;
    }
    let is_written = write_short(out, first_byte, id);
    if code != 0
        && let Some([_, length, packet @ ..]) = out.mem.get_mut(start..)
    {
        if let Some(to) = packet.get_mut(usize::from(*length)) {
            *to = code;
        }
        *length = length.wrapping_add(1);
        *out.end = out.end.wrapping_add(1);
    }
    is_written
}

/// The number of bytes reserved for the fixed header while the remaining length is not known.
pub(crate) const HEADER: usize = 5;

/// A packet that is being written into the free memory of `tx`.
///
/// The body is written first. [`finish`](Self::finish) then writes the fixed header and moves the
/// body next to it, so the length of the body need not be known in advance. An error is kept, and
/// [`finish`](Self::finish) returns it. `tx` is not changed then.
#[repr(C)]
pub(crate) struct Draft<'o, P = Mqtt311> {
    writer: Writer<'o>,
    end: &'o mut usize,
    /// The state of the packet that its slot takes over when it is sent.
    pub ticket: Ticket,
    /// The first byte of the packet.
    pub first_byte: u8,
    error: Option<SendError>,
    profile: PhantomData<P>,
}

/// The state that the [`Slot`](crate::Slot) of a sent packet keeps.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Ticket {
    /// The packet identifier.
    pub id: u16,
    /// The type of the packet that the broker answers with, or 0 if it does not answer.
    pub awaits: u8,
    /// The number of filters of a SUBSCRIBE or UNSUBSCRIBE, else 0.
    pub count: u8,
}

impl<'o, P: Protocol> Draft<'o, P> {
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn new(out: &'o mut Out<'_>, first_byte: u8) -> Self {
        let at = out.end.wrapping_add(HEADER);
        Draft {
            writer: Writer { mem: out.mem, at },
            end: out.end,
            ticket: Ticket::default(),
            first_byte,
            error: None,
            profile: PhantomData,
        }
    }

    /// Makes [`finish`](Self::finish) fail. The last error replaces those before it.
    pub fn refuse(&mut self, error: SendError) {
        self.error = Some(error);
    }

    pub fn byte(&mut self, byte: u8) {
        self.writer.byte(byte);
    }

    pub fn u16(&mut self, value: u16) {
        self.writer.u16(value);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.writer.bytes(bytes);
    }

    /// Goes back to a position, and writes to other memory from there on. Returns the memory to
    /// which it wrote.
    pub fn replace_memory(&mut self, position: usize, memory: &'o mut [u8]) -> &'o mut [u8] {
        self.writer.at = position;
        core::mem::replace(&mut self.writer.mem, memory)
    }

    /// Returns the position of the next byte.
    pub fn position(&self) -> usize {
        self.writer.at
    }

    /// Returns the properties that were written from this position on, or none if they do not fit.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn properties_since(&self, position: usize) -> Properties<'_> {
        let written = self.writer.mem.get(position..self.writer.at);
        Properties(written.unwrap_or_default())
    }

    /// Makes [`finish`](Self::finish) fail if the packet, with `remaining` bytes that follow later,
    /// is longer than the server accepts.
    pub fn limit(&mut self, longest: u32, remaining: u32) {
        let from = self.end.wrapping_add(HEADER);
        let length = (self.writer.at.wrapping_sub(from) as u32).saturating_add(remaining);
        // The fixed header takes 2 bytes, and one more for each further 7 bits of the length.
        let mut header = 2u32;
        let mut rest = length >> 7;
        while rest != 0 {
            rest >>= 7;
            header = header.wrapping_add(1);
        }
        if length.saturating_add(header) > longest {
            self.refuse(SendError::Unsupported);
        }
    }

    /// Writes the topic of a PUBLISH.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn topic(&mut self, topic: &str) {
        // With MQTT 5 a topic alias can stand for it.
        let kind = if P::HAS_5 && topic.is_empty() {
            Kind::Text
        } else {
            Kind::Name
        };
        self.field(topic.as_bytes(), kind);
    }

    /// Writes the length of `bytes` and then the bytes, and checks that they are of that kind.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn field(&mut self, bytes: &[u8], kind: Kind) {
        if bytes.len() > 0xffff {
            self.refuse(SendError::TooLong);
        } else if kind != Kind::Data && !topic::is_valid::<P>(bytes, kind) {
            self.refuse(SendError::Invalid);
        }
        self.u16(bytes.len() as u16);
        self.bytes(bytes);
    }

    /// Completes the packet, whose remaining length includes `remaining` bytes that follow later,
    /// and appends it to `tx`.
    ///
    /// # Errors
    /// The error that was kept, `TooLong` or `Full`. `tx` is not changed then.
    #[cfg_attr(feature = "fast", inline(always))]
    pub fn finish(&mut self, remaining: u32) -> Result<(), SendError> {
        let start = *self.end;
        let from = start.wrapping_add(HEADER);
        let to = self.writer.at;
        let mut length = (to.wrapping_sub(from) as u32).saturating_add(remaining);
        if let Some(error) = self.error {
            return Err(error);
        }
        let fits = to <= self.writer.mem.len();
        if length >> 28 != 0 || (start == 0 && !fits) {
            return Err(SendError::TooLong);
        }
        if !fits {
            return Err(SendError::Full);
        }
        self.writer.at = start;
        self.writer.byte(self.first_byte);
        // Where `byte` is inlined, a copy of it for the last byte is faster; where not, larger.
        while cfg!(feature = "fast") && length > 0x7f {
            self.writer.byte(length as u8 | 0x80);
            length >>= 7;
        }
        loop {
            let more = if length > 0x7f { 0x80 } else { 0 };
            self.writer.byte(length as u8 | more);
            length >>= 7;
            if length == 0 {
                break;
            }
        }
        self.writer.shift(from, to);
        *self.end = self.writer.at;
        Ok(())
    }

    /// Writes the body of a CONNECT of MQTT 3.1.1.
    #[inline(always)]
    pub fn connect<'c, T: PropertySource<'c>>(&mut self, c: &Connect<'c, T>) {
        self.connect_of(c, false, |_| {});
    }

    /// Writes the body of a CONNECT of MQTT 5, whose properties `properties` writes.
    #[inline(always)]
    pub fn connect_5<'c, T: PropertySource<'c>>(
        &mut self,
        c: &Connect<'c, T>,
        properties: impl FnOnce(&mut Self),
    ) {
        self.connect_of(c, true, properties);
    }

    #[inline(always)]
    fn connect_of<'c, T: PropertySource<'c>>(
        &mut self,
        c: &Connect<'c, T>,
        is_5: bool,
        properties: impl FnOnce(&mut Self),
    ) {
        if !c.clean && c.client_id.is_empty() && !is_5 {
            self.refuse(SendError::Invalid);
        }
        // The name and level of the protocol, and a placeholder for the flags.
        self.bytes(if is_5 {
            b"\0\x04MQTT\x05\0"
        } else {
            b"\0\x04MQTT\x04\0"
        });
        let at = self.writer.at.wrapping_sub(1);
        let mut flags = (c.clean as u8) << 1;
        self.u16(c.keep_alive);
        properties(self);
        self.field(c.client_id.as_bytes(), Kind::Text);
        if let Some(will) = &c.will {
            flags |= 0x04 | (will.qos as u8) << 3 | (will.retain as u8) << 5;
            if is_5 {
                self.properties(will.properties, Place::WILL);
            }
            self.field(will.topic.as_bytes(), Kind::Name);
            self.field(will.payload, Kind::Data);
            if will.remaining != 0 {
                self.refuse(SendError::Invalid);
            }
        }
        if let Some(user) = c.user {
            flags |= 0x80;
            self.field(user.as_bytes(), Kind::Text);
        }
        if let Some(password) = c.password {
            // [MQTT-3.1.2-22] of MQTT 3.1.1
            if c.user.is_none() && !is_5 {
                self.refuse(SendError::Invalid);
            }
            flags |= 0x40;
            self.field(password, Kind::Data);
        }
        if let Some(to) = self.writer.mem.get_mut(at) {
            *to = flags;
        }
    }

    /// Writes the body of a SUBSCRIBE or UNSUBSCRIBE.
    #[inline(always)]
    pub fn filters<'f, O: FilterOptions>(
        &mut self,
        id: u16,
        filters: impl Iterator<Item = Filter<'f, O>>,
    ) {
        self.u16(id);
        self.filters_of(filters);
    }

    /// Writes the filters of a SUBSCRIBE or UNSUBSCRIBE.
    #[inline(always)]
    pub fn filters_of<'f, O: FilterOptions>(
        &mut self,
        filters: impl Iterator<Item = Filter<'f, O>>,
    ) {
        for filter in filters {
            self.field(filter.filter.as_bytes(), Kind::Filter);
            if self.first_byte == SUBSCRIBE << 4 | RESERVED {
                self.byte(filter.qos as u8 | filter.options.bits());
            }
        }
    }
}
