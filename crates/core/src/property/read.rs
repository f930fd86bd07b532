//! Reading properties: the check when a packet is taken, and the walk over checked ones.
use super::{
    Properties, PropertyError,
    table::{self, Entry, Place},
};
use crate::{
    Protocol,
    profile::checks_properties,
    topic::{self, Kind},
    wire,
};

/// A property as it is encoded.
#[derive(Clone, Copy, Default)]
pub(crate) struct Raw<'a> {
    pub id: u8,
    /// What is known of the property.
    pub(super) entry: Entry,
    /// The value, if it is a number.
    pub number: u32,
    /// The value, if it is text or data; the name of a user property.
    pub data: &'a [u8],
    /// The value of a user property.
    pub value: &'a [u8],
}

impl<'a> Raw<'a> {
    /// Replaces this property by the first one of `bytes`, and removes that.
    // Returned, it would be copied.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn read(&mut self, bytes: &mut &'a [u8]) -> Result<(), PropertyError> {
        let id = number(bytes, 1)? as u8;
        // An identifier is a variable byte integer. Those of all properties take one byte.
        let entry = Entry::of(id).ok_or(PropertyError::Unknown { id })?;
        *self = Raw {
            id,
            entry,
            ..Raw::default()
        };
        match entry.form() {
            table::BYTE => self.number = number(bytes, 1)?,
            table::TWO => self.number = number(bytes, 2)?,
            table::FOUR => self.number = number(bytes, 4)?,
            table::VARIABLE => {
                self.number = variable(bytes)? as u32;
            }
            form => {
                self.data = field(bytes)?;
                if form == table::PAIR {
                    self.value = field(bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Replaces this property by the first one of `bytes` with this identifier. Returns whether
    /// there is one.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn find(&mut self, mut bytes: &'a [u8], id: u8) -> bool {
        while self.read(&mut bytes).is_ok() {
            if self.id == id {
                return true;
            }
        }
        false
    }

    /// Removes the first of properties that were checked, and returns it.
    #[inline]
    pub fn next(bytes: &mut &'a [u8]) -> Option<Raw<'a>> {
        let mut raw = Raw::default();
        raw.read(bytes).ok().map(|()| raw)
    }

    /// Returns whether the property has a value that the standard allows.
    #[inline]
    fn check<P: Protocol>(&self, form: u16) -> Result<(), PropertyError> {
        let id = self.id;
        let is_zero = self.number == 0;
        let is_in_range = match form {
            table::BYTE => self.number <= 1,
            table::VARIABLE => !is_zero,
            _ => match id {
                table::RECEIVE_MAXIMUM | table::MAXIMUM_PACKET_SIZE => !is_zero,
                table::TOPIC_ALIAS if is_zero => return Err(PropertyError::TopicAlias),
                _ => true,
            },
        };
        if !is_in_range {
            return Err(PropertyError::Value { id });
        }
        if form == table::TEXT || form == table::PAIR {
            let is_text = |bytes| topic::is_valid::<P>(bytes, Kind::Text);
            if !is_text(self.data) || !is_text(self.value) {
                return Err(PropertyError::Text { id });
            }
            // [MQTT-3.3.2-14]
            if id == table::RESPONSE_TOPIC && !topic::is_valid::<P>(self.data, Kind::Name) {
                return Err(PropertyError::Value { id });
            }
        }
        Ok(())
    }
}

/// Returns whether a property can stand more than once in this place.
fn may_repeat(id: u8, place: Place) -> bool {
    id == table::USER_PROPERTY || (id == table::SUBSCRIPTION_IDENTIFIER && place == Place::PUBLISH)
}

/// Checks that these are properties which the standard allows in this place.
pub(crate) fn check<P: Protocol>(mut bytes: &[u8], place: Place) -> Result<(), PropertyError> {
    // Which identifiers were found, one bit for each. Two words, since a small target would have to
    // link a shift of 64 bits.
    let [mut low, mut high] = [0u32; 2];
    let mut raw = Raw::default();
    while !bytes.is_empty() {
        raw.read(&mut bytes)?;
        let id = raw.id;
        if !raw.entry.is_allowed(place) {
            return Err(PropertyError::NotAllowed { id });
        }
        let found = if id < 32 { &mut low } else { &mut high };
        let bit = 1u32.wrapping_shl(id.into());
        if *found & bit != 0 && !may_repeat(id, place) {
            return Err(PropertyError::Repeated { id });
        }
        *found |= bit;
        raw.check::<P>(raw.entry.form())?;
    }
    let has = |id: u8| low & 1u32.wrapping_shl(id.into()) != 0;
    if has(table::AUTHENTICATION_DATA) && !has(table::AUTHENTICATION_METHOD) {
        return Err(PropertyError::NoMethod);
    }
    Ok(())
}

/// Removes the properties of a packet, with their length before them, from `bytes`, and checks
/// them.
#[inline(always)]
pub(crate) fn section<'a, P: Protocol>(
    bytes: &mut &'a [u8],
    place: Place,
) -> Result<Properties<'a>, PropertyError> {
    // Most packets have none.
    if let Some((0, after)) = bytes.split_first() {
        *bytes = after;
        return Ok(Properties::default());
    }
    some_section::<P>(bytes, place)
}

#[inline(never)]
fn some_section<'a, P: Protocol>(
    bytes: &mut &'a [u8],
    place: Place,
) -> Result<Properties<'a>, PropertyError> {
    let length = variable(bytes)?;
    let (section, after) = bytes
        .split_at_checked(length)
        .ok_or(PropertyError::Incomplete)?;
    *bytes = after;
    if checks_properties::<P>() {
        check::<P>(section, place)?;
    }
    Ok(Properties(section))
}

/// Returns the properties at the beginning of `bytes`, where they stand with their length before
/// them and were checked.
pub(crate) fn unchecked_section(mut bytes: &[u8]) -> Properties<'_> {
    let length = variable(&mut bytes).unwrap_or_default();
    Properties(bytes.get(..length).unwrap_or_default())
}

/// Removes a variable byte integer from `bytes`.
pub(crate) fn variable(bytes: &mut &[u8]) -> Result<usize, PropertyError> {
    let Ok(Some((number, after))) = wire::variable(bytes) else {
        return Err(PropertyError::Incomplete);
    };
    *bytes = after;
    Ok(number)
}

/// Removes a number of `length` bytes from `bytes`.
#[inline]
fn number(bytes: &mut &[u8], length: usize) -> Result<u32, PropertyError> {
    let (number, after) = bytes
        .split_at_checked(length)
        .ok_or(PropertyError::Incomplete)?;
    *bytes = after;
    Ok(number
        .iter()
        .fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
}

/// Removes bytes with their length before them from `bytes`.
#[inline]
fn field<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], PropertyError> {
    let length = number(bytes, 2)?;
    let (data, after) = bytes
        .split_at_checked(length as usize)
        .ok_or(PropertyError::Incomplete)?;
    *bytes = after;
    Ok(data)
}
