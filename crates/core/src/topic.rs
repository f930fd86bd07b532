//! TopicName names and topic filters: what is valid, and what matches.
use crate::{
    Protocol,
    profile::{subscribes, validates},
};
use core::{fmt, str};

#[cfg(feature = "fast")]
mod plain;

#[cfg(feature = "fast")]
pub(crate) use plain::copy_plain_filter;
#[cfg(feature = "fast")]
use plain::{is_plain, is_plain_by_words, is_plain_filter};

/// A topic name: 1 to 65,535 bytes of UTF-8 without U+0000 and without wildcards [MQTT-1.5.3-1]
/// [MQTT-3.3.2-2].
///
/// It is parsed once. A literal is parsed when it is compiled, in a `const`:
///
/// ```
/// use motemq::{Publish, TopicName, topic::TopicError};
///
/// const TEMPERATURE: TopicName<'_> = match TopicName::new("cellar/temperature") {
///     Ok(name) => name,
///     Err(_) => panic!("not a topic name"),
/// };
/// let reading = Publish::to_name(TEMPERATURE).payload(b"11.5");
///
/// assert!(TEMPERATURE == "cellar/temperature" && TEMPERATURE.matches("cellar/+"));
/// assert_eq!(TopicName::new("cellar/#"), Err(TopicError::Wildcard { at: 7 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicName<'a>(pub(crate) &'a [u8]);

impl<'a> TopicName<'a> {
    /// Parses a topic name.
    ///
    /// # Errors
    /// A [`TopicError`] that says what is wrong.
    pub const fn new(name: &'a str) -> Result<Self, TopicError> {
        #[cfg(feature = "fast")]
        if name.len() <= 0xffff && is_plain_by_words(name.as_bytes()) {
            return Ok(TopicName(name.as_bytes()));
        }
        match check(name.as_bytes(), Kind::Name) {
            Ok(()) => Ok(TopicName(name.as_bytes())),
            Err(error) => Err(error),
        }
    }

    /// Returns the bytes on the wire.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the name as a string slice. This links `core`'s UTF-8 check, which a program that
    /// only compares topics does not need.
    pub const fn as_str(self) -> &'a str {
        match str::from_utf8(self.0) {
            Ok(name) => name,
            // It was checked when it was made, unless the session's profile does not validate.
            Err(_) => "",
        }
    }

    /// Returns whether a subscription to `filter` covers this topic: see [`matches()`].
    pub fn matches(self, filter: &str) -> bool {
        matches_bytes(filter.as_bytes(), self.0)
    }
}

impl PartialEq<str> for TopicName<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for TopicName<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for TopicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for TopicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A topic filter: 1 to 65,535 bytes of UTF-8 without U+0000, in which `#` stands alone in the last
/// level and `+` alone in any [MQTT-4.7.1-2] [MQTT-4.7.1-3].
///
/// It is parsed once. A literal is parsed when it is compiled, in a `const`: see [`TopicName`].
///
/// ```
/// use motemq::topic::{TopicError, TopicFilter};
/// for filter in ["#", "+/a/#", "/+", "a//b"] {
///     assert!(TopicFilter::new(filter).is_ok());
/// }
/// assert_eq!(TopicFilter::new("a+/b"), Err(TopicError::Wildcard { at: 1 }));
/// assert_eq!(TopicFilter::new(""), Err(TopicError::Empty));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TopicFilter<'a>(&'a str);

impl<'a> TopicFilter<'a> {
    /// Parses a topic filter.
    ///
    /// # Errors
    /// A [`TopicError`] that says what is wrong.
    pub const fn new(filter: &'a str) -> Result<Self, TopicError> {
        match check(filter.as_bytes(), Kind::Filter) {
            Ok(()) => Ok(TopicFilter(filter)),
            Err(error) => Err(error),
        }
    }

    /// Returns the filter as a string slice.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Returns whether a message published to `topic` reaches this subscription: see
    /// [`matches()`].
    pub fn matches(self, topic: TopicName<'_>) -> bool {
        matches_bytes(self.0.as_bytes(), topic.0)
    }
}

impl fmt::Display for TopicFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The reason why a text is not a topic name or not a topic filter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TopicError {
    /// It is empty [MQTT-4.7.3-1].
    Empty,
    /// It is longer than 65,535 bytes [MQTT-4.7.3-3].
    TooLong,
    /// It contains U+0000 [MQTT-4.7.3-2].
    NullCharacter {
        /// The position of the first one in bytes.
        at: u16,
    },
    /// It contains a wildcard that is not allowed there: any in a topic name, one that does not
    /// stand alone in its level in a topic filter, or `#` before the last level.
    Wildcard {
        /// The position of the first one in bytes.
        at: u16,
    },
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicError::Empty => f.write_str("the topic is empty: give at least one character"),
            TopicError::TooLong => f.write_str("the topic is longer than 65,535 bytes: shorten it"),
            TopicError::NullCharacter { at } => {
                write!(f, "the topic contains U+0000 at byte {at}: remove it")
            }
            TopicError::Wildcard { at } => write!(
                f,
                "the topic contains a wildcard at byte {at} that is not allowed there: `+` has to \
                 be a whole level of a filter, `#` its last level, and a topic name has none"
            ),
        }
    }
}

impl core::error::Error for TopicError {}

/// Checks a text that is UTF-8 and, unlike [`is_valid`], says what is wrong.
const fn check(text: &[u8], kind: Kind) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > 0xffff {
        return Err(TopicError::TooLong);
    }
    let mut last = b'/';
    let mut at = 0u16;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if *byte == 0 {
            return Err(TopicError::NullCharacter { at });
        }
        if matches!(kind, Kind::Name) {
            if is_wildcard(*byte) {
                return Err(TopicError::Wildcard { at });
            }
        } else if is_out_of_place(last, *byte) {
            // It is the wildcard that is out of place, not the byte behind it.
            let before = if is_wildcard(*byte) && last != b'#' {
                0
            } else {
                1
            };
            return Err(TopicError::Wildcard {
                at: at.saturating_sub(before),
            });
        }
        last = *byte;
        rest = after;
        at = at.saturating_add(1);
    }
    Ok(())
}

/// Whether a message published to `topic` reaches a subscription to `filter`, both valid.
///
/// Bytes are compared as they are [MQTT-4.7.3-4]. `#` and `+` at the beginning of a filter do not
/// match a topic that begins with `$` [MQTT-4.7.2-1].
///
/// ```
/// use motemq::topic::matches;
/// assert!(matches("a/+/c", "a/b/c") && matches("a/#", "a") && matches("#", "a/b"));
/// assert!(!matches("a/+", "a") && !matches("#", "$SYS/up") && !matches("a/b", "a/b/c"));
/// ```
pub fn matches(filter: &str, topic: &str) -> bool {
    matches_bytes(filter.as_bytes(), topic.as_bytes())
}

fn matches_bytes(filter: &[u8], topic: &[u8]) -> bool {
    if topic.first() == Some(&b'$') && filter.first().is_some_and(|&byte| is_wildcard(byte)) {
        return false;
    }
    let mut levels = topic.split(|&byte| byte == b'/');
    for wanted in filter.split(|&byte| byte == b'/') {
        if wanted == b"#" {
            return true;
        }
        match levels.next() {
            Some(level) if wanted == b"+" || wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// What a field of a packet is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes, not text.
    Data,
    /// A client identifier or user name.
    Text,
    /// A topic name: no wildcards, not empty.
    Name,
    /// A topic filter: wildcards in their places, not empty.
    Filter,
}

/// `#` or `+`.
const fn is_wildcard(byte: u8) -> bool {
    byte & !8 == b'#'
}

/// `s` is valid UTF-8 without U+0000, and what its kind asks for besides. Not for [`Kind::Data`].
#[inline]
pub(crate) fn is_valid<P: Protocol>(s: &[u8], kind: Kind) -> bool {
    #[cfg(feature = "fast")]
    if !s.is_empty() {
        let is_plain = if kind == Kind::Filter {
            is_plain_filter(s)
        } else {
            is_plain(s)
        };
        if is_plain {
            return true;
        }
    }
    is_valid_bytewise::<P>(s, kind)
}

#[cfg_attr(feature = "fast", cold)]
#[inline(never)]
fn is_valid_bytewise<P: Protocol>(s: &[u8], kind: Kind) -> bool {
    if s.is_empty() && kind != Kind::Text {
        return false;
    }
    let mut last = b'/';
    // Of a character of several bytes: how many are still to come, and between what the next one
    // lies. The first two bytes tell overlong forms, surrogates and what lies above U+10FFFF.
    let (mut need, mut low, mut high) = (0u32, 0x80, 0xbf);
    for &byte in s {
        if subscribes::<P>() && kind == Kind::Filter && is_out_of_place(last, byte) {
            return false;
        }
        last = byte;
        if validates::<P>() && need != 0 {
            if byte < low || byte > high {
                return false;
            }
            (low, high) = (0x80, 0xbf);
            need = need.wrapping_sub(1);
        } else if validates::<P>() && byte >= 0x80 {
            if !(0xc2..=0xf4).contains(&byte) {
                return false;
            }
            if byte == 0xe0 {
                low = 0xa0;
            }
            if byte == 0xed {
                high = 0x9f;
            }
            if byte == 0xf0 {
                low = 0x90;
            }
            if byte == 0xf4 {
                high = 0x8f;
            }
            need = byte.leading_ones().wrapping_sub(1);
        } else if byte == 0 || (kind == Kind::Name && is_wildcard(byte)) {
            return false;
        }
    }
    need == 0
}

/// Whether a wildcard stands in a wrong place, as two bytes of a filter that follow each other
/// tell; before the first stands `/`.
#[inline(always)]
const fn is_out_of_place(last: u8, byte: u8) -> bool {
    last == b'#' || (last == b'+' && byte != b'/') || (is_wildcard(byte) && last != b'/')
}
