//! The shortcuts of MQTT 5: PUBLISH with properties, but without a topic alias in a session.
use super::{begin_publish, put_id};
use crate::{
    Mqtt311, Out, PacketId, Properties, PropertySource, Protocol,
    property::{self, Place, identifiers, table},
    topic::{self, Kind, TopicName},
    wire,
};

/// The bit of the topic alias among [`identifiers`].
pub(super) const ALIAS: u64 = 1 << table::TOPIC_ALIAS;

/// Reads the body of a PUBLISH. Returns the topic, the identifier (with QoS 0 the number 1), the
/// properties and the payload, or `None` if it is malformed or has a topic alias.
#[inline(always)]
pub(super) fn split_publish<P: Protocol>(
    first_byte: u8,
    body: &[u8],
) -> Option<(TopicName<'_>, u16, Properties<'_>, &[u8])> {
    let (&length, body) = body.split_first_chunk()?;
    let id_length = if first_byte & wire::QOS == 0 { 0 } else { 2 };
    let header_length = usize::from(u16::from_be_bytes(length)).wrapping_add(id_length);
    let (header, body) = body.split_at_checked(header_length)?;
    let (name, id) = wire::split_publish(first_byte, header);
    if id == 0 || !topic::is_valid::<Mqtt311>(name, Kind::Name) {
        return None;
    }
    let (properties, payload) = match body {
        [0, payload @ ..] => (Properties::default(), payload),
        _ => split_properties::<P>(body)?,
    };
    Some((TopicName(name), id, properties, payload))
}

/// Reads the properties of a PUBLISH, with their length before them. Returns them and the bytes
/// behind them.
#[inline(never)]
fn split_properties<P: Protocol>(body: &[u8]) -> Option<(Properties<'_>, &[u8])> {
    let (length, body) = wire::variable(body).ok()??;
    let (properties, payload) = body.split_at_checked(length)?;
    let found = identifiers::<P>(properties, Place::PUBLISH)?;
    (found & ALIAS == 0).then_some((Properties(properties), payload))
}

/// The limits within which [`publish`] writes.
pub(crate) struct Within {
    /// The place of the properties.
    pub place: Place,
    /// The properties that it declines, one bit for each identifier.
    pub without: u64,
    /// The length of the longest packet.
    pub longest: u32,
}

/// Appends a whole PUBLISH whose topic has been checked. Returns `None`, and appends nothing, if
/// the properties or the length of the packet are not within the limits, or if `out` has less room
/// than [`Draft`](wire::Draft) requires.
#[inline(always)]
pub(crate) fn publish<'p, P: Protocol>(
    out: &mut Out<'_>,
    (first_byte, id): (u8, Option<PacketId>),
    topic: &[u8],
    properties: impl PropertySource<'p>,
    payload: &[u8],
    within: &Within,
) -> Option<()> {
    let is_bare =
        properties.encoded().unwrap_or_default().is_empty() && properties.list().is_empty();
    // The properties, without and with their length before them.
    let inner = if is_bare {
        0
    } else {
        property::length_of(properties)?
    };
    let section = inner.wrapping_add(if inner > 0x7f { 2 } else { 1 });
    let id_length = if id.is_some() { 2 } else { 0 };
    let length = topic
        .len()
        .wrapping_add(payload.len())
        .wrapping_add(id_length)
        .wrapping_add(section)
        .wrapping_add(2);
    if inner > 0x3fff {
        return None;
    }
    let room = out.mem.get_mut(*out.end..)?;
    let (at, after) = begin_publish(room, first_byte, length, topic)?;
    // The topic stands behind its own length.
    let total = at.wrapping_add(length).wrapping_sub(2);
    if total > within.longest as usize {
        return None;
    }
    let after = put_id(after, id)?;
    let after = if is_bare {
        let (to, after) = after.split_first_mut()?;
        *to = 0;
        after
    } else {
        let (to, after) = after.split_at_mut_checked(section)?;
        put_properties::<P>(to, inner, properties, within)?;
        after
    };
    after.get_mut(..payload.len())?.copy_from_slice(payload);
    *out.end = out.end.wrapping_add(total);
    Some(())
}

/// Fills `to` with properties, which take `length` bytes, and with their length before them.
/// Returns `None` if they are not within the limits.
#[inline(never)]
fn put_properties<'p, P: Protocol>(
    to: &mut [u8],
    length: usize,
    properties: impl PropertySource<'p>,
    within: &Within,
) -> Option<()> {
    let to = if length > 0x7f {
        let (to_length, to) = to.split_first_chunk_mut()?;
        *to_length = [length as u8 | 0x80, (length >> 7) as u8];
        to
    } else {
        let (to_length, to) = to.split_first_mut()?;
        *to_length = length as u8;
        to
    };
    property::fill(to, properties)?;
    let found = identifiers::<P>(to, within.place)?;
    (found & within.without == 0).then_some(())
}
