//! Shortcuts of the feature `fast`: properties are checked in one pass over their bytes, and lists
//! of them are written where they are to stand.
//!
//! Properties that are not allowed are declined with `None`, and the general code finds the error.
use super::{
    Property, PropertySource, Walk,
    table::{self, Entry, Place},
};
use crate::{
    Protocol, Text,
    topic::{self, Kind},
    wire,
};

/// Checks that these are properties which the standard allows in this place. Returns their
/// identifiers, one bit for each.
#[inline]
pub(crate) fn identifiers<P: Protocol>(mut bytes: &[u8], place: Place) -> Option<u64> {
    let mut found = 0u64;
    while let Some((&id, after)) = bytes.split_first() {
        let entry = Entry::of(id).filter(|entry| entry.is_allowed(place))?;
        let bit = 1u64.wrapping_shl(id.into());
        if found & bit != 0 && !entry.may_repeat(place) {
            return None;
        }
        found |= bit;
        let is_number = |number: u32| !(number == 0 && entry.is_above_zero());
        bytes = match entry.form() {
            table::BYTE => {
                let (&number, after) = after.split_first()?;
                (number <= 1).then_some(after)?
            }
            table::TWO => {
                let (&number, after) = after.split_first_chunk()?;
                is_number(u16::from_be_bytes(number).into()).then_some(after)?
            }
            table::FOUR => {
                let (&number, after) = after.split_first_chunk()?;
                is_number(u32::from_be_bytes(number)).then_some(after)?
            }
            table::VARIABLE => {
                let (number, after) = wire::variable(after).ok()??;
                is_number(number as u32).then_some(after)?
            }
            table::DATA => split_field(after)?.1,
            form => {
                let (text, after) = split_field(after)?;
                let kind = if id == table::RESPONSE_TOPIC {
                    Kind::Name
                } else {
                    Kind::Text
                };
                let is_valid = |text, kind| topic::is_valid::<P>(text, kind);
                if !is_valid(text, kind) {
                    return None;
                }
                if form == table::PAIR {
                    let (value, after) = split_field(after)?;
                    is_valid(value, Kind::Text).then_some(after)?
                } else {
                    after
                }
            }
        };
    }
    let has = |id: u8| found >> id & 1 != 0;
    let is_complete = !has(table::AUTHENTICATION_DATA) || has(table::AUTHENTICATION_METHOD);
    is_complete.then_some(found)
}

/// Splits bytes with their length before them off.
#[inline(always)]
fn split_field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, after) = bytes.split_first_chunk()?;
    after.split_at_checked(u16::from_be_bytes(length).into())
}

/// Takes the first property off bytes that were checked. Returns `None` at their end.
#[inline(always)]
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<Property<'a>> {
    let (&id, value) = bytes.split_first()?;
    let (property, after) = match id {
        table::PAYLOAD_FORMAT_INDICATOR => {
            let (&number, after) = value.split_first()?;
            (Property::PayloadFormatIndicator(number != 0), after)
        }
        table::MESSAGE_EXPIRY_INTERVAL => {
            let (&number, after) = value.split_first_chunk()?;
            let seconds = u32::from_be_bytes(number);
            (Property::MessageExpiryInterval(seconds), after)
        }
        table::CONTENT_TYPE => {
            let (text, after) = split_field(value)?;
            (Property::ContentType(Text(text)), after)
        }
        table::RESPONSE_TOPIC => {
            let (text, after) = split_field(value)?;
            (Property::ResponseTopic(Text(text)), after)
        }
        table::CORRELATION_DATA => {
            let (data, after) = split_field(value)?;
            (Property::CorrelationData(data), after)
        }
        table::USER_PROPERTY => {
            let (name, after) = split_field(value)?;
            let (value, after) = split_field(after)?;
            let (name, value) = (Text(name), Text(value));
            (Property::UserProperty { name, value }, after)
        }
        _ => take_any(bytes)?,
    };
    *bytes = after;
    Some(property)
}

/// Splits any property off.
#[inline(never)]
fn take_any(bytes: &[u8]) -> Option<(Property<'_>, &[u8])> {
    let mut walk = Walk::over(bytes);
    walk.read().then(|| (Property::of(&walk), walk.rest))
}

/// Measures the properties of a PUBLISH. Returns the number of bytes that they take, and their
/// identifiers, one bit for each. Declines a list with a property that stands only in other packets
/// or is long, or that is repeated, unless it is a user property. The text of a list is checked
/// when it is [written](fill).
#[inline(always)]
pub(crate) fn measure<'a, P: Protocol>(
    properties: impl PropertySource<'a>,
) -> Option<(usize, u64)> {
    if let Some(encoded) = properties.encoded() {
        return Some((encoded.len(), identifiers::<P>(encoded, Place::PUBLISH)?));
    }
    let (mut length, mut found) = (0usize, 0);
    for property in properties.list() {
        length = length
            .wrapping_add(measure_value(property)?)
            .wrapping_add(1);
        let id = property.identifier();
        let bit = 1u64.wrapping_shl(id.into());
        if found & bit != 0 && id != table::USER_PROPERTY {
            return None;
        }
        found |= bit;
    }
    Some((length, found))
}

#[inline(always)]
fn measure_value(property: &Property<'_>) -> Option<usize> {
    let data = |bytes: &[u8]| (bytes.len() <= 0xffff).then_some(bytes.len().wrapping_add(2));
    Some(match *property {
        Property::PayloadFormatIndicator(_) | Property::SubscriptionIdentifier(1..=0x7f) => 1,
        Property::TopicAlias(_) | Property::SubscriptionIdentifier(0x80..=0x3fff) => 2,
        Property::MessageExpiryInterval(_) => 4,
        Property::ContentType(Text(bytes))
        | Property::ResponseTopic(Text(bytes))
        | Property::CorrelationData(bytes) => data(bytes)?,
        Property::UserProperty { name, value } => data(name.0)?.wrapping_add(data(value.0)?),
        _ => return None,
    })
}

/// Fills memory with properties that were [measured](measure), and take all of it. Declines text
/// that is not valid.
#[inline(always)]
pub(crate) fn fill<'a, P: Protocol>(
    mut to: &mut [u8],
    properties: impl PropertySource<'a>,
) -> Option<()> {
    if let Some(encoded) = properties.encoded() {
        to = put(to, encoded)?;
    }
    for property in properties.list() {
        to = put_one::<P>(to, property)?;
    }
    Some(())
}

#[inline(always)]
fn put_one<'m, P: Protocol>(to: &'m mut [u8], property: &Property<'_>) -> Option<&'m mut [u8]> {
    let (id, to) = to.split_first_mut()?;
    *id = property.identifier();
    match *property {
        Property::PayloadFormatIndicator(is_set) => put(to, &[is_set.into()]),
        Property::MessageExpiryInterval(number) => put(to, &number.to_be_bytes()),
        Property::TopicAlias(number) => put(to, &number.get().to_be_bytes()),
        Property::ContentType(text) => put_text::<P>(to, text, Kind::Text),
        Property::ResponseTopic(name) => put_text::<P>(to, name, Kind::Name),
        Property::CorrelationData(data) => put(put(to, &(data.len() as u16).to_be_bytes())?, data),
        Property::SubscriptionIdentifier(number @ 0..=0x7f) => put(to, &[number as u8]),
        Property::SubscriptionIdentifier(number) => {
            put(to, &[number as u8 | 0x80, (number >> 7) as u8])
        }
        Property::UserProperty { name, value } => {
            let to = put_text::<P>(to, name, Kind::Text)?;
            put_text::<P>(to, value, Kind::Text)
        }
        _ => None,
    }
}

#[inline(always)]
fn put<'m>(to: &'m mut [u8], bytes: &[u8]) -> Option<&'m mut [u8]> {
    let (to, after) = to.split_at_mut_checked(bytes.len())?;
    to.copy_from_slice(bytes);
    Some(after)
}

/// Writes text with its length before it.
#[inline(never)]
fn put_text<'m, P: Protocol>(
    to: &'m mut [u8],
    Text(text): Text<'_>,
    kind: Kind,
) -> Option<&'m mut [u8]> {
    let to = put(to, &(text.len() as u16).to_be_bytes())?;
    let (to, after) = to.split_at_mut_checked(text.len())?;
    if kind != Kind::Text || topic::copy_short_text(text, to).is_none() {
        topic::is_valid::<P>(text, kind).then_some(())?;
        to.copy_from_slice(text);
    }
    Some(after)
}
