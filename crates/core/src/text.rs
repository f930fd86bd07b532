//! Text fields of MQTT 5.
use core::{fmt, str};

/// Text in a [`Property`](crate::Property): 0 to 65,535 bytes of UTF-8 without U+0000
/// [MQTT-1.5.4-1] [MQTT-1.5.4-2].
///
/// It is kept as bytes, so that a program that only compares text does not contain the UTF-8 check
/// of Rust's `core` library. Text that is to be sent is checked when it is sent.
///
/// # Examples
/// ```
/// use motemq::Text;
/// let text = Text::new("text/plain");
/// assert!(text == "text/plain" && text.as_bytes().len() == 10);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Text<'a>(pub(crate) &'a [u8]);

impl<'a> Text<'a> {
    /// Makes a text from a string slice.
    pub const fn new(text: &'a str) -> Self {
        Text(text.as_bytes())
    }

    /// Returns the text as UTF-8 bytes, without the length that precedes them in a packet.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the text as a string slice.
    ///
    /// Received text that is not UTF-8, which a [`Profile`](crate::Profile::VALIDATES) without
    /// validation delivers, is returned as an empty string. This function adds the UTF-8 check of
    /// Rust's `core` library to the program.
    pub const fn as_str(self) -> &'a str {
        match str::from_utf8(self.0) {
            Ok(text) => text,
            // The text was checked before, unless the profile of the session leaves out validation.
            Err(_) => "",
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text::new(text)
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
