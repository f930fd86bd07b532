//! TopicName names and topic filters: what is valid, and what matches.
use crate::{
    Mqtt311, Protocol,
    profile::{subscribes, validates},
};
use core::{fmt, str};

/// A topic name that came: valid UTF-8 of 1 to 65,535 bytes without U+0000 and wildcards
/// [MQTT-1.5.3-1] [MQTT-3.3.2-2].
///
/// ```
/// use motemq::topic::TopicName;
/// let topic = TopicName::new("cellar/temperature").unwrap();
/// assert!(topic == "cellar/temperature" && topic.matches("cellar/+"));
/// assert!(TopicName::new("cellar/#").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicName<'r>(pub(crate) &'r [u8]);

impl<'r> TopicName<'r> {
    /// A topic name of one's own, if it is one.
    pub fn new(name: &'r str) -> Option<Self> {
        is_name(name).then_some(TopicName(name.as_bytes()))
    }

    /// The bytes on the wire.
    pub const fn as_bytes(self) -> &'r [u8] {
        self.0
    }

    /// The same as a string slice. Links `core`'s UTF-8 check, which a program that only compares
    /// does not need.
    pub fn as_str(self) -> &'r str {
        // It was checked when it came, so this never is the default.
        str::from_utf8(self.0).unwrap_or_default()
    }

    /// Whether a subscription to `filter` covers this topic: see [`matches()`].
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

/// Whether a message can be published to `name`.
///
/// ```
/// use motemq::topic::is_name;
/// assert!(is_name("a/b") && is_name("/") && !is_name("") && !is_name("a/+") && !is_name("a\0"));
/// ```
pub fn is_name(name: &str) -> bool {
    name.len() <= 0xffff && is_valid::<Mqtt311>(name.as_bytes(), Kind::Name)
}

/// Whether `filter` can be subscribed to: `#` stands alone in the last level, `+` alone in any
/// [MQTT-4.7.1-2] [MQTT-4.7.1-3].
///
/// ```
/// use motemq::topic::is_filter;
/// assert!(is_filter("a/+/b") && is_filter("#") && is_filter("/+/#"));
/// assert!(!is_filter("a+") && !is_filter("a#") && !is_filter("#/a") && !is_filter(""));
/// ```
pub fn is_filter(filter: &str) -> bool {
    filter.len() <= 0xffff && is_valid::<Mqtt311>(filter.as_bytes(), Kind::Filter)
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
fn is_wildcard(byte: u8) -> bool {
    byte & !8 == b'#'
}

/// `s` is valid UTF-8 without U+0000, and what its kind asks for besides. Not for [`Kind::Data`].
#[inline]
pub(crate) fn is_valid<P: Protocol>(s: &[u8], kind: Kind) -> bool {
    #[cfg(feature = "fast")]
    if !s.is_empty() {
        if kind != Kind::Filter {
            if is_plain::<b'#'>(s) {
                return true;
            }
        } else if is_plain::<0>(s) {
            let mut last = b'/';
            return !s
                .iter()
                .any(|&byte| is_out_of_place(core::mem::replace(&mut last, byte), byte));
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
fn is_out_of_place(last: u8, byte: u8) -> bool {
    last == b'#' || (last == b'+' && byte != b'/') || (is_wildcard(byte) && last != b'/')
}

/// All of `s` is ASCII without U+0000 and without the byte `WILDCARD`, whether or not its bit 3 is
/// set: `#` stands for itself and `+`, 0 for none. A few others are taken for what is not.
// Compiled by itself, it stays what it is: a few instructions for 16 bytes.
#[cfg(feature = "fast")]
#[inline(never)]
fn is_plain<const WILDCARD: u8>(s: &[u8]) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let is_odd = |byte: u8| byte as i8 <= 0 || byte & !8 == WILDCARD;
    if let (Some(tail), (blocks, _)) = (s.last_chunk::<16>(), s.as_chunks::<16>()) {
        let look = |mut found: [u8; 16], block: &[u8; 16]| {
            found
                .iter_mut()
                .zip(block)
                .for_each(|(found, &byte)| *found |= if is_odd(byte) { 0xff } else { 0 });
            found
        };
        return blocks.iter().fold(look([0; 16], tail), look) == [0; 16];
    }
    if let (Some(tail), Some(head)) = (s.last_chunk::<8>(), s.first_chunk::<8>()) {
        // If the high bits are 0, taking 1 off sets that of a byte that is 0. What is borrowed may
        // set more, after one that is set.
        let odd = |word: u64| {
            word | word.wrapping_sub(all(1))
                | ((word & all(!8)) ^ all(WILDCARD)).wrapping_sub(all(1))
        };
        return (odd(u64::from_ne_bytes(*head)) | odd(u64::from_ne_bytes(*tail))) & all(0x80) == 0;
    }
    !s.iter().any(|&byte| is_odd(byte))
}
