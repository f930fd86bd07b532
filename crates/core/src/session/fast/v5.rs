//! The shortcuts of MQTT 5: PUBLISH with properties, but without a topic alias in a session.
use super::{begin_publish, put_id};
use crate::{
    Mqtt311, Out, PacketId, Properties, PropertySource, Protocol,
    property::{self, Place, identifiers, table},
    topic::{self, Kind, TopicName},
    wire,
};

/// The bit of the topic alias among [`identifiers`].
const ALIAS: u64 = 1 << table::TOPIC_ALIAS;
/// The properties that [`publish`] declines in a session: the topic alias, and what clients cannot
/// send [MQTT-3.3.4-6].
pub(super) const SPECIAL: u64 = ALIAS | 1 << table::SUBSCRIPTION_IDENTIFIER;

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

/// Appends a whole PUBLISH whose topic has been checked. Returns `None`, and appends nothing, if a
/// property is special or not allowed, if the packet is longer than `longest`, or if `out` has less
/// room than [`Draft`](wire::Draft) requires. The special properties are a bit for each identifier.
#[inline(always)]
pub(crate) fn publish<'p, P: Protocol>(
    out: &mut Out<'_>,
    (first_byte, id): (u8, Option<PacketId>),
    topic: &[u8],
    properties: impl PropertySource<'p>,
    payload: &[u8],
    (special, longest): (u64, u32),
) -> Option<()> {
    // Most messages have none.
    let is_bare =
        properties.encoded().unwrap_or_default().is_empty() && properties.list().is_empty();
    let (inner, found) = if is_bare {
        (0, 0)
    } else {
        property::measure::<P>(properties)?
    };
    if found & special != 0 || inner > 0x3fff {
        return None;
    }
    // The properties with their length before them.
    let section = inner.wrapping_add(if inner > 0x7f { 2 } else { 1 });
    let id_length = if id.is_some() { 2 } else { 0 };
    let length = topic
        .len()
        .wrapping_add(payload.len())
        .wrapping_add(id_length)
        .wrapping_add(section)
        .wrapping_add(2);
    let room = out.mem.get_mut(*out.end..)?;
    let (at, after) = begin_publish(room, first_byte, length, topic)?;
    // The topic stands behind its own length.
    let total = at.wrapping_add(length).wrapping_sub(2);
    if total > longest as usize {
        return None;
    }
    let after = put_id(after, id)?;
    let (to, after) = after.split_at_mut_checked(section)?;
    if is_bare {
        *to.first_mut()? = 0;
    } else {
        put_properties::<P>(to, inner, properties)?;
    }
    after.get_mut(..payload.len())?.copy_from_slice(payload);
    *out.end = out.end.wrapping_add(total);
    Some(())
}

/// Fills `to` with properties, which take `length` bytes, and with their length before them.
#[inline(always)]
fn put_properties<'p, P: Protocol>(
    to: &mut [u8],
    length: usize,
    properties: impl PropertySource<'p>,
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
    property::fill::<P>(to, properties)
}
