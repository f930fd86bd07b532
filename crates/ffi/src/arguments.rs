//! What C passes: text, bytes, messages, topic filters and the options of a connection.
//!
//! Filters, and with MQTT 3.1.1 messages, have the layout of the core's types. Once every field has
//! been checked to be what its Rust type promises, they are read in place instead of being copied.
#[cfg(not(feature = "v5"))]
mod v311;
#[cfg(feature = "v5")]
mod v5;

use core::{slice, str};
use motemq::QoS;
#[cfg(feature = "v5")]
pub use v5::*;
#[cfg(not(feature = "v5"))]
pub use v311::*;

/// `motemq_text_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const u8,
    pub length: usize,
}

const _: () = {
    // SAFETY: both are two words; if not, this would not compile.
    let text: Text = unsafe { core::mem::transmute::<&[u8], _>(b"123") };
    assert!(text.length == 3, "a slice is not a pointer and a length");
    // SAFETY: as above.
    let text: Text = unsafe { core::mem::transmute::<&str, _>("123") };
    assert!(text.length == 3, "text is not a pointer and a length");
};

/// The time-out if none is given, in seconds.
const _: () = assert!(motemq::Connect::new("").timeout == 10);

/// Bytes of the caller; `None` for null.
pub fn bytes<'a>(data: *const u8, length: usize) -> Option<&'a [u8]> {
    if data.is_null() {
        return None;
    }
    // SAFETY: by the header there are so many, and they stay as they are during the call.
    Some(unsafe { slice::from_raw_parts(data, length) })
}

impl Text {
    /// The text; `None` for null and for bytes that are not UTF-8.
    pub fn get<'a>(self) -> Option<&'a str> {
        if !self.is_valid() {
            return None;
        }
        // SAFETY: `is_valid` has seen that it is UTF-8, and by the header it stays as it is during
        // the call.
        Some(unsafe { str::from_utf8_unchecked(slice::from_raw_parts(self.data, self.length)) })
    }

    #[inline(never)]
    fn is_valid(self) -> bool {
        bytes(self.data, self.length).is_some_and(motemq::topic::is_text)
    }
}

const fn is_qos(number: u8) -> bool {
    number <= QoS::ExactlyOnce as u8
}
