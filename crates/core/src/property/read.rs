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
    /// The facts about the property.
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
        *self = Raw::default();
        // An identifier is a variable byte integer. Those of all properties take one byte.
        if !self.take_number(bytes, 1) {
            return Err(PropertyError::Incomplete);
        }
        let id = self.number as u8;
        self.id = id;
        self.entry = Entry::of(id).ok_or(PropertyError::Unknown { id })?;
        let is_complete = match self.entry.form() {
            table::BYTE => self.take_number(bytes, 1),
            table::TWO => self.take_number(bytes, 2),
            table::FOUR => self.take_number(bytes, 4),
            table::VARIABLE => self.take_variable(bytes),
            form => {
                let mut is_complete = self.take_field(bytes);
                if form == table::PAIR {
                    let name = self.data;
                    is_complete &= self.take_field(bytes);
                    self.value = self.data;
                    self.data = name;
                }
                is_complete
            }
        };
        if is_complete {
            Ok(())
        } else {
            Err(PropertyError::Incomplete)
        }
    }

    /// Removes a number of `length` bytes from `bytes`. Returns whether it is complete.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn take_number(&mut self, bytes: &mut &[u8], length: usize) -> bool {
        let Some((number, after)) = bytes.split_at_checked(length) else {
            return false;
        };
        *bytes = after;
        self.number = number
            .iter()
            .fold(0, |sum, &byte| sum << 8 | u32::from(byte));
        true
    }

    /// Removes a variable byte integer from `bytes`. Returns whether it is complete.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn take_variable(&mut self, bytes: &mut &[u8]) -> bool {
        let Ok(Some((number, after))) = wire::variable(bytes) else {
            return false;
        };
        *bytes = after;
        self.number = number as u32;
        true
    }

    /// Removes bytes with their length before them from `bytes`. Returns whether they are complete.
    #[inline]
    fn take_field(&mut self, bytes: &mut &'a [u8]) -> bool {
        if !self.take_number(bytes, 2) {
            return false;
        }
        let Some((data, after)) = bytes.split_at_checked(self.number as usize) else {
            return false;
        };
        *bytes = after;
        self.number = 0;
        self.data = data;
        true
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
    let section = take_section(bytes).ok_or(PropertyError::Incomplete)?;
    if checks_properties::<P>() {
        check::<P>(section, place)?;
    }
    Ok(Properties(section))
}

/// Removes properties with their length before them from `bytes`, without a check.
fn take_section<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = Raw::default();
    if !length.take_variable(bytes) {
        return None;
    }
    let (section, after) = bytes.split_at_checked(length.number as usize)?;
    *bytes = after;
    Some(section)
}

/// Returns the properties at the beginning of `bytes`, where they stand with their length before
/// them and were checked.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn unchecked_section(mut bytes: &[u8]) -> Properties<'_> {
    Properties(take_section(&mut bytes).unwrap_or_default())
}
