//! Topic names and topic filters: parsing, validation and matching.
//!
//! # Examples
//! ```
//! use motemq::topic::{TopicFilter, TopicName};
//! let (filter, name) = (TopicFilter::new("cellar/+")?, TopicName::new("cellar/humidity")?);
//! assert!(filter.matches(name));
//! # Ok::<(), motemq::topic::TopicError>(())
//! ```
use crate::{
    Mqtt311, Protocol,
    profile::{subscribes, validates},
};
use core::{fmt, str};

#[cfg(feature = "fast")]
mod plain;

#[cfg(feature = "fast")]
pub(crate) use plain::{copy_plain_filter, copy_short_text};
#[cfg(feature = "fast")]
use plain::{is_plain, is_plain_filter};

/// A topic name: 1 to 65,535 bytes of UTF-8 without U+0000 and without wildcards [MQTT-1.5.3-1]
/// [MQTT-3.3.2-2].
///
/// It is parsed once. A literal in a `const` is parsed at compile time.
///
/// # Examples
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
    /// A [`TopicError`] with the reason, if `name` is not a topic name.
    #[cfg_attr(feature = "fast", inline)]
    pub const fn new(name: &'a str) -> Result<Self, TopicError> {
        #[cfg(feature = "fast")]
        if !name.is_empty() && name.len() <= 0xffff && is_plain(name.as_bytes()) {
            return Ok(TopicName(name.as_bytes()));
        }
        match check(name.as_bytes(), Kind::Name) {
            Ok(()) => Ok(TopicName(name.as_bytes())),
            Err(error) => Err(error),
        }
    }

    /// Returns the name as UTF-8 bytes, without the length that precedes them in a packet.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the name as a string slice. A received name that is not UTF-8, which a
    /// [`Profile`](crate::Profile::VALIDATES) without validation delivers, is returned as an empty
    /// string.
    ///
    /// This function adds the UTF-8 check of Rust's `core` library to the program. A program that
    /// only compares topics does not need it: a `TopicName` can be compared with a `&str`.
    pub const fn as_str(self) -> &'a str {
        match str::from_utf8(self.0) {
            Ok(name) => name,
            // The name was checked before, unless the profile of the session leaves out validation.
            Err(_) => "",
        }
    }

    /// Returns whether a subscription to `filter` receives messages with this topic. See
    /// [`matches()`].
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

/// A topic filter: 1 to 65,535 bytes of UTF-8 without U+0000, in which `#` can be the whole last
/// level and `+` can be any whole level [MQTT-4.7.1-2] [MQTT-4.7.1-3].
///
/// It is parsed once. A literal in a `const` is parsed at compile time: see [`TopicName`].
///
/// # Examples
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
    /// A [`TopicError`] with the reason, if `filter` is not a topic filter.
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

    /// Returns whether a subscription to this filter receives messages with the topic `topic`. See
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
    /// The text is empty [MQTT-4.7.3-1].
    Empty,
    /// The text is longer than 65,535 bytes [MQTT-4.7.3-3].
    TooLong,
    /// The text contains U+0000 [MQTT-4.7.3-2].
    NullCharacter {
        /// The byte offset of the first U+0000.
        at: u16,
    },
    /// The text contains a wildcard that is not allowed: any wildcard in a topic name; in a topic
    /// filter a wildcard that is not a whole level, or `#` before the last level.
    Wildcard {
        /// The byte offset of the first wildcard that is not allowed.
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
                "the topic contains a wildcard at byte {at} that is not allowed: in a filter, make \
                 `+` a whole level and `#` the last level; in a topic name, use no wildcard"
            ),
        }
    }
}

impl core::error::Error for TopicError {}

/// Checks text that is UTF-8. Unlike [`is_valid`], it returns the reason for which text is invalid.
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
            // The wildcard is out of place. It is this byte or the one before it.
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

/// Returns whether the bytes are text that MQTT allows: UTF-8 without U+0000 [MQTT-1.5.3-1]
/// [MQTT-1.5.3-2]. Its length is not checked.
///
/// Received topics pass the same check. Programs use it for text from other sources, such as C. It
/// takes less code than [`str::from_utf8`], which also returns the position of the error.
///
/// # Examples
/// ```
/// use motemq::topic::is_text;
/// assert!(is_text("a/\u{e9}".as_bytes()) && is_text(b""));
/// assert!(!is_text(b"a/\xe9") && !is_text(b"a\0"));
/// ```
pub fn is_text(bytes: &[u8]) -> bool {
    is_valid::<Mqtt311>(bytes, Kind::Text)
}

/// Returns whether a subscription to `filter` receives messages with the topic `topic`. Both have
/// to be valid; otherwise the result has no meaning.
///
/// Text is compared byte by byte, without normalization [MQTT-4.7.3-4]. `#` and `+` at the
/// beginning of a filter do not match a topic that begins with `$` [MQTT-4.7.2-1]. For a shared
/// subscription of MQTT 5, `$share/NAME/FILTER`, pass only the part `FILTER`.
///
/// # Examples
/// ```
/// use motemq::topic::matches;
/// assert!(matches("a/+/c", "a/b/c") && matches("a/#", "a") && matches("#", "a/b"));
/// assert!(!matches("a/+", "a") && !matches("#", "$SYS/up") && !matches("a/b", "a/b/c"));
/// ```
pub fn matches(filter: &str, topic: &str) -> bool {
    matches_bytes(filter.as_bytes(), topic.as_bytes())
}

/// Does what [`matches()`] does, for text as bytes.
fn matches_bytes(filter: &[u8], topic: &[u8]) -> bool {
    if topic.first() == Some(&b'$') && filter.first().is_some_and(|&byte| is_wildcard(byte)) {
        return false;
    }
    let mut levels = topic.split(|&byte| byte == b'/');
    for pattern in filter.split(|&byte| byte == b'/') {
        if pattern == b"#" {
            return true;
        }
        match levels.next() {
            Some(level) if pattern == b"+" || pattern == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Returns whether a topic filter is that of a shared subscription, which only MQTT 5 has.
pub(crate) fn is_shared(filter: &[u8]) -> bool {
    after_share(filter).is_some()
}

/// Returns whether the topic filter of a shared subscription, which is a topic filter otherwise, has
/// a name without wildcards and a filter behind it: `$share/NAME/FILTER` [MQTT-4.8.2-1]
/// [MQTT-4.8.2-2].
pub(crate) fn is_valid_share(filter: &[u8]) -> bool {
    after_share(filter).is_some_and(is_share)
}

/// Returns what stands behind `$share` in a topic filter, if it is that of a shared subscription.
#[inline(always)]
fn after_share(filter: &[u8]) -> Option<&[u8]> {
    // Compared as words, this is less code than byte by byte.
    let (head, rest) = filter.split_first_chunk()?;
    let (tail, rest) = rest.split_first_chunk()?;
    let is_shared = u32::from_ne_bytes(*head) == u32::from_ne_bytes(*b"$sha")
        && u16::from_ne_bytes(*tail) == u16::from_ne_bytes(*b"re")
        && matches!(rest, [] | [b'/', ..]);
    is_shared.then_some(rest)
}

/// Returns whether this is a name without wildcards and a filter behind it, each with a `/` before
/// it. In a topic filter, a wildcard is the whole name.
#[inline(always)]
fn is_share(rest: &[u8]) -> bool {
    match rest {
        [_, first, between @ .., _] => {
            // `contains` would link the search for a byte.
            *first != b'/' && !is_wildcard(*first) && !between.iter().all(|&byte| byte != b'/')
        }
        _ => false,
    }
}

/// A topic filter needs wildcards.
pub(crate) const WILDCARDS: u8 = 1 << 3;
/// A topic filter needs shared subscriptions.
pub(crate) const SHARED: u8 = 1 << 5;
/// A topic filter is not that of a shared subscription, although it begins like one.
pub(crate) const NO_SHARE: u8 = 1;

/// Returns what a topic filter needs of a server: a combination of the constants above. A filter of
/// a shared subscription cannot be `local`.
pub(crate) fn needs(filter: &[u8], is_no_local: bool) -> u8 {
    let mut needs = 0;
    if let Some(rest) = after_share(filter) {
        needs = SHARED;
        if is_no_local || !is_share(rest) {
            needs |= NO_SHARE;
        }
    }
    for &byte in filter {
        if is_wildcard(byte) {
            needs |= WILDCARDS;
        }
    }
    needs
}

/// The kind of a field of a packet. It takes a word, since a byte would have to be masked wherever
/// it is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// Any bytes.
    Data,
    /// A client identifier or a user name.
    Text,
    /// A topic name, which is not empty and has no wildcards.
    Name,
    /// A topic filter, which is not empty and has wildcards only where they are allowed.
    Filter,
}

/// Returns whether the byte is `#` or `+`.
const fn is_wildcard(byte: u8) -> bool {
    byte & !8 == b'#'
}

/// Returns whether `s` is UTF-8 without U+0000 and is of that kind, which is not [`Kind::Data`].
#[cfg_attr(feature = "fast", inline(always))]
#[cfg_attr(not(feature = "fast"), inline)]
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
    // The first byte of a character begins with as many ones as the character has bytes. The ones
    // for the bytes that are still to come are the highest bits of this number, so it is negative
    // until the character is complete.
    let mut missing = 0i32;
    for &byte in s {
        if validates::<P>() && missing < 0 {
            // The second byte also shows overlong forms, surrogates and code points above U+10FFFF.
            if byte & 0xc0 != 0x80
                || matches!(
                    (last, byte),
                    (0xe0, ..=0x9f) | (0xed, 0xa0..) | (0xf0, ..=0x8f) | (0xf4, 0x90..)
                )
            {
                return false;
            }
            missing <<= 1;
        } else {
            if subscribes::<P>() && kind == Kind::Filter && is_out_of_place(last, byte) {
                return false;
            }
            if validates::<P>() && byte >= 0x80 {
                if !(0xc2..=0xf4).contains(&byte) {
                    return false;
                }
                missing = i32::from(byte) << 25;
            } else if byte == 0 || (kind == Kind::Name && is_wildcard(byte)) {
                return false;
            }
        }
        last = byte;
    }
    missing >= 0
}

/// Returns whether two consecutive bytes of a filter show that a wildcard is out of place. For the
/// first byte of the filter, `last` is `/`.
#[inline(always)]
const fn is_out_of_place(last: u8, byte: u8) -> bool {
    last == b'#' || (last == b'+' && byte != b'/') || (is_wildcard(byte) && last != b'/')
}
