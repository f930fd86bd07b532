//! Reading properties: the check when a packet is taken, and the walk over checked ones.
use super::{
    Properties, PropertyError,
    table::{self, Entry, Place},
};
use crate::{
    Fault, Protocol,
    topic::{self, Kind},
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
/// Of a user property only the name is read, and the value is the first of the bytes behind it.
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
    /// The number of bytes that are missing at the end, at least. If it is not 0, nothing is left of
    /// the bytes.
    pub missing: usize,
    /// The facts about the property.
    entry: Entry,
    pub id: u8,
}

impl<'a> Walk<'a> {
    /// The number of bytes that are missing if no bytes would do.
    pub const MALFORMED: usize = usize::MAX;

    /// Begins at the first of these bytes.
    #[inline(always)]
    pub fn over(bytes: &'a [u8]) -> Self {
        Walk {
            rest: bytes,
            data: bytes,
            number: 0,
            missing: 0,
            entry: Entry::default(),
            id: 0,
        }
    }

    /// Reads the next property. Returns `false` at the end of the bytes, if the property is not
    /// complete, or if there is none with its identifier.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn read(&mut self) -> bool {
        self.take_value();
        // An identifier is a variable byte integer. Those of all properties take one byte.
        self.take(1);
        if self.missing != 0 {
            return false;
        }
        self.id = self.number as u8;
        let Some(entry) = Entry::of(self.id) else {
            return false;
        };
        self.entry = entry;
        let form = self.entry.form();
        if form == table::VARIABLE {
            self.take_variable();
        } else {
            self.take((if form < table::TEXT { form } else { table::TWO }) as usize);
            if form >= table::TEXT {
                self.take(self.number as usize);
            }
        }
        self.missing == 0
    }

    /// Takes the value of a user property as data, if only its name has been read.
    #[inline(always)]
    pub fn take_value(&mut self) {
        if self.id == table::USER_PROPERTY {
            self.take_field();
            self.id = 0;
        }
    }

    /// Returns the name and the value of a user property.
    pub fn pair(mut self) -> (&'a [u8], &'a [u8]) {
        let name = self.data;
        self.take_value();
        (name, self.data)
    }

    /// Takes `length` bytes as data. If they can be a number, it is that, too.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn take(&mut self, length: usize) {
        match self.rest.split_at_checked(length) {
            Some((data, rest)) => {
                self.data = data;
                self.rest = rest;
            }
            None => self.miss(length.wrapping_sub(self.rest.len())),
        }
        if self.data.len() <= table::FOUR as usize {
            self.number = match *self.data {
                #[cfg(feature = "fast")]
                [byte] => byte.into(),
                #[cfg(feature = "fast")]
                [high, low] => u16::from_be_bytes([high, low]).into(),
                ref data => data.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)),
            };
        }
    }

    /// Notes that bytes are missing at the end.
    fn miss(&mut self, number: usize) {
        self.missing = self.missing.wrapping_add(number);
        self.rest = &[];
        self.data = &[];
    }

    /// Takes a variable byte integer.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn take_variable(&mut self) {
        let mut number = 0;
        let mut shift = 0u32;
        loop {
            self.take(1);
            number |= (self.number & 0x7f).wrapping_shl(shift);
            shift = shift.wrapping_add(7);
            // An encoding in more bytes than necessary is forbidden [MQTT-1.5.5-1].
            let is_last = self.number < 0x80;
            let is_too_long = self.number == 0 && shift > 7 && self.missing == 0;
            if is_too_long || (!is_last && shift == 28) {
                self.miss(Self::MALFORMED);
                number = 0;
            } else if !is_last {
                continue;
            }
            break;
        }
        self.number = number;
    }

    /// Takes bytes with their length before them as data.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    pub fn take_field(&mut self) {
        self.take(2);
        self.take(self.number as usize);
    }

    /// Takes properties, with their length before them, as data, without a check.
    #[inline]
    pub fn take_section(&mut self) {
        self.take_variable();
        // Of a length that is not complete nothing is known.
        if self.missing == 0 {
            self.take(self.number as usize);
        }
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
        if form == table::TEXT && !is_text(self.data, Kind::Text) {
            return Err(E::of_flaw(Flaw::Text, self.id));
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
    while !walk.rest.is_empty() {
        let is_read = walk.read();
        let id = walk.id;
        if !is_read {
            if walk.missing != 0 {
                return Err(E::of_flaw(Flaw::Incomplete, id));
            }
            return Err(E::of_flaw(Flaw::Unknown, id));
        }
        if !walk.entry.is_allowed(place) {
            return Err(E::of_flaw(Flaw::NotAllowed, id));
        }
        if found & table::bit(id) != 0 && !walk.entry.may_repeat(place) {
            return Err(E::of_flaw(Flaw::Repeated, id));
        }
        found |= table::bit(id);
        walk.check_value::<P, E>()?;
        if id == table::USER_PROPERTY {
            let is_text = |bytes| topic::is_valid::<P>(bytes, Kind::Text);
            let is_name_text = is_text(walk.data);
            walk.take_field();
            walk.id = 0;
            if walk.missing != 0 {
                return Err(E::of_flaw(Flaw::Incomplete, id));
            }
            if !is_name_text || !is_text(walk.data) {
                return Err(E::of_flaw(Flaw::Text, id));
            }
        }
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
    let mut walk = Walk::over(bytes);
    walk.take_section();
    if walk.missing != 0 {
        return Err(PropertyError::Incomplete);
    }
    *bytes = walk.rest;
    checked::<P>(walk.data, place)
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
