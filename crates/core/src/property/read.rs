//! Reading properties: the check when a packet is taken, and the walk over checked ones.
use super::{
    Properties, PropertyError,
    table::{self, Entry, Place},
};
use crate::{
    Fault, Protocol,
    profile::subscribes,
    topic::{self, Kind},
    wire,
};

/// The reason why bytes are not properties. With the identifier it makes a [`PropertyError`].
#[derive(Clone, Copy)]
enum Flaw {
    Incomplete,
    Unknown,
    NotAllowed,
    Repeated,
    Value,
    Text,
    TopicAlias,
    NoMethod,
}

/// An error that says why bytes are not properties.
trait OfFlaw {
    /// Makes the error for the property with this identifier.
    fn of_flaw(flaw: Flaw, id: u8) -> Self;
}

impl OfFlaw for Fault {
    // Inlined before anything else, each error is made of a flaw that is known.
    #[inline(always)]
    fn of_flaw(flaw: Flaw, _: u8) -> Self {
        match flaw {
            Flaw::Incomplete | Flaw::Unknown | Flaw::Text => Fault::Malformed,
            Flaw::TopicAlias => Fault::TopicAlias,
            _ => Fault::Unexpected,
        }
    }
}

impl OfFlaw for PropertyError {
    fn of_flaw(flaw: Flaw, id: u8) -> Self {
        match flaw {
            Flaw::Incomplete => PropertyError::Incomplete,
            Flaw::Unknown => PropertyError::Unknown { id },
            Flaw::NotAllowed => PropertyError::NotAllowed { id },
            Flaw::Repeated => PropertyError::Repeated { id },
            Flaw::Value => PropertyError::Value { id },
            Flaw::Text => PropertyError::Text { id },
            Flaw::TopicAlias => PropertyError::TopicAlias,
            Flaw::NoMethod => PropertyError::NoMethod,
        }
    }
}

/// A walk over bytes: the property that was read last, as it is encoded, and the bytes behind it.
/// The name and the value of a user property are read one after the other, the value as a property
/// without an identifier.
// All of it is in one place, so that a function needs one address: three registers were more code.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Walk<'a> {
    /// The bytes that are still to be read.
    pub rest: &'a [u8],
    /// The value, if it is text or data, or the name of a user property.
    pub data: &'a [u8],
    /// The value, if it is a number.
    pub number: u32,
    /// The facts about the property.
    entry: Entry,
    pub id: u8,
}

impl<'a> Walk<'a> {
    /// The identifier of the value of a user property, which no property has.
    pub const USER_VALUE: u8 = 0;

    /// Begins at the first of these bytes.
    #[inline(always)]
    pub fn over(bytes: &'a [u8]) -> Self {
        Walk {
            rest: bytes,
            data: bytes,
            number: 0,
            entry: Entry::default(),
            id: 0,
        }
    }

    /// Reads the next property. Returns `false` at the end of the bytes, if the property is not
    /// complete, or if there is none with its identifier.
    #[inline(always)]
    pub fn read(&mut self) -> bool {
        self.read_any::<true>()
    }

    /// Reads the next property of a packet that this profile has. Variable byte integers are values
    /// only in packets of programs that subscribe. Others take them for numbers of three bytes,
    /// which are not allowed in their packets either.
    #[inline(always)]
    pub fn read_of<P: Protocol>(&mut self) -> bool {
        if subscribes::<P>() {
            self.read_any::<true>()
        } else {
            self.read_any::<false>()
        }
    }

    // It calls nothing: it is called where the stack is deepest.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn read_any<const HAS_VARIABLE: bool>(&mut self) -> bool {
        if self.id == table::USER_PROPERTY {
            // The value is text, as the name was.
            self.id = Self::USER_VALUE;
        } else {
            // An identifier is a variable byte integer. Those of all properties take one byte.
            let Some((&id, rest)) = self.rest.split_first() else {
                return false;
            };
            self.id = id;
            self.rest = rest;
            let Some(entry) = Entry::of(id) else {
                return false;
            };
            self.entry = entry;
        }
        let form = self.entry.form();
        if HAS_VARIABLE && form == table::VARIABLE {
            let Ok(Some((number, rest))) = wire::variable(self.rest) else {
                return false;
            };
            self.number = number as u32;
            self.rest = rest;
            return true;
        }
        let length = if form < table::TEXT { form } else { table::TWO };
        let Some((bytes, rest)) = self.rest.split_at_checked(length as usize) else {
            return false;
        };
        self.rest = rest;
        self.number = match *bytes {
            #[cfg(feature = "fast")]
            [byte] => byte.into(),
            #[cfg(feature = "fast")]
            [high, low] => u16::from_be_bytes([high, low]).into(),
            ref bytes => bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u32::from(byte)),
        };
        if form >= table::TEXT {
            let Some((data, rest)) = self.rest.split_at_checked(self.number as usize) else {
                return false;
            };
            self.data = data;
            self.rest = rest;
        }
        true
    }

    /// Returns the name and the value of a user property.
    pub fn pair(mut self) -> (&'a [u8], &'a [u8]) {
        let name = self.data;
        self.read();
        (name, self.data)
    }

    /// Goes on to the next property with this identifier. Returns whether there is one.
    #[inline(always)]
    pub fn find(&mut self, id: u8) -> bool {
        while self.read() {
            if self.id == id {
                return true;
            }
        }
        false
    }

    /// Checks that the property has a value that the standard allows.
    #[inline(always)]
    fn check_value<P: Protocol, E: OfFlaw>(&self) -> Result<(), E> {
        let form = self.entry.form();
        if self.number == 0 && self.entry.is_above_zero() {
            if self.id == table::TOPIC_ALIAS {
                return Err(E::of_flaw(Flaw::TopicAlias, self.id));
            }
            return Err(E::of_flaw(Flaw::Value, self.id));
        }
        if form == table::BYTE && self.number > 1 {
            return Err(E::of_flaw(Flaw::Value, self.id));
        }
        let is_text = |bytes, kind| topic::is_valid::<P>(bytes, kind);
        if (form == table::TEXT || form == table::PAIR) && !is_text(self.data, Kind::Text) {
            let id = if self.id == Self::USER_VALUE {
                table::USER_PROPERTY
            } else {
                self.id
            };
            return Err(E::of_flaw(Flaw::Text, id));
        }
        // [MQTT-3.3.2-14]
        if self.id == table::RESPONSE_TOPIC && !is_text(self.data, Kind::Name) {
            return Err(E::of_flaw(Flaw::Value, self.id));
        }
        Ok(())
    }
}

/// Fails if these are not properties which the standard allows in this place. The fault has the
/// [reason code](PropertyError::reason_code) of the error.
#[cfg_attr(not(feature = "fast"), inline(never))]
pub(crate) fn check<P: Protocol>(bytes: &[u8], place: Place) -> Result<(), Fault> {
    #[cfg(feature = "fast")]
    if super::identifiers::<P>(bytes, place).is_some() {
        return Ok(());
    }
    check_with::<P, _>(bytes, place)
}

/// Checks that these are properties which the standard allows in this place.
#[inline(always)]
fn check_with<P: Protocol, E: OfFlaw>(bytes: &[u8], place: Place) -> Result<(), E> {
    let mut found = 0;
    let mut walk = Walk::over(bytes);
    while !walk.rest.is_empty() || walk.id == table::USER_PROPERTY {
        let is_user_value = walk.id == table::USER_PROPERTY;
        let is_read = walk.read_of::<P>();
        let id = walk.id;
        if !is_read {
            if !is_user_value && Entry::of(id).is_none() {
                return Err(E::of_flaw(Flaw::Unknown, id));
            }
            return Err(E::of_flaw(Flaw::Incomplete, id));
        }
        if !walk.entry.is_allowed(place) {
            return Err(E::of_flaw(Flaw::NotAllowed, id));
        }
        if found & table::bit(id) != 0 && !walk.entry.may_repeat(place) {
            return Err(E::of_flaw(Flaw::Repeated, id));
        }
        found |= table::bit(id);
        walk.check_value::<P, E>()?;
    }
    let has = |id: u8| found & table::bit(id) != 0;
    if has(table::AUTHENTICATION_DATA) && !has(table::AUTHENTICATION_METHOD) {
        return Err(E::of_flaw(Flaw::NoMethod, 0));
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
    let Ok(Some((length, after))) = wire::variable(bytes) else {
        return Err(PropertyError::Incomplete);
    };
    let Some((properties, rest)) = after.split_at_checked(length) else {
        return Err(PropertyError::Incomplete);
    };
    *bytes = rest;
    checked::<P>(properties, place)
}

/// Checks the properties of a packet.
#[inline(always)]
pub(super) fn checked<P: Protocol>(
    bytes: &[u8],
    place: Place,
) -> Result<Properties<'_>, PropertyError> {
    #[cfg(feature = "fast")]
    if super::identifiers::<P>(bytes, place).is_some() {
        return Ok(Properties(bytes));
    }
    check_with::<P, PropertyError>(bytes, place)?;
    Ok(Properties(bytes))
}
