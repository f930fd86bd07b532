//! What C passes: text, bytes, messages, topic filters and the options of a connection.
//!
//! Messages and filters have the layout of the core's types. Once every field has been checked to
//! be what its Rust type promises, they are read in place instead of being copied.
use core::{mem::offset_of, slice, str};
#[cfg(not(feature = "sensor"))]
use motemq::Filter;
use motemq::{Connect, Publish, QoS};

/// `motemq_text_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    pub data: *const u8,
    pub length: usize,
}

/// `motemq_publish_t`.
#[repr(C)]
pub struct CPublish {
    pub topic: Text,
    pub payload: *const u8,
    pub payload_length: usize,
    pub remaining: u32,
    pub qos: u8,
    pub retain: u8,
}

/// `motemq_filter_t`.
#[cfg(not(feature = "sensor"))]
#[repr(C)]
pub struct CFilter {
    pub filter: Text,
    pub qos: u8,
}

/// `motemq_connect_t`.
#[repr(C)]
pub struct CConnect {
    pub client_id: Text,
    pub user: Text,
    pub password: *const u8,
    pub password_length: usize,
    pub will: *const CPublish,
    pub keep_alive: u16,
    pub identifier_offset: u16,
    pub timeout: u8,
    pub keep_session: u8,
}

const _: () = {
    // SAFETY: both are two words; if not, this would not compile.
    let text: Text = unsafe { core::mem::transmute::<&[u8], _>(b"123") };
    assert!(text.length == 3, "a slice is not a pointer and a length");
    // SAFETY: as above.
    let text: Text = unsafe { core::mem::transmute::<&str, _>("123") };
    assert!(text.length == 3, "text is not a pointer and a length");
    assert!(size_of::<CPublish>() == size_of::<Publish<'_>>());
    assert!(offset_of!(CPublish, payload) == offset_of!(Publish<'_>, payload));
    assert!(offset_of!(CPublish, remaining) == offset_of!(Publish<'_>, remaining));
    assert!(offset_of!(CPublish, qos) == offset_of!(Publish<'_>, qos));
    assert!(offset_of!(CPublish, retain) == offset_of!(Publish<'_>, retain));
};
#[cfg(not(feature = "sensor"))]
const _: () = {
    assert!(size_of::<CFilter>() == size_of::<Filter<'_>>());
    assert!(offset_of!(CFilter, filter) == offset_of!(Filter<'_>, filter));
    assert!(offset_of!(CFilter, qos) == offset_of!(Filter<'_>, qos));
};

/// The time-out if none is given, in seconds.
pub const TIMEOUT: u8 = 10;

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

impl CPublish {
    /// The message; `None` if a field is not what its type promises.
    // Three callers: a copy in each would be larger.
    #[inline(never)]
    pub fn get(&self) -> Option<&Publish<'_>> {
        if !self.topic.is_valid() || self.payload.is_null() || !is_qos(self.qos) || self.retain > 1
        {
            return None;
        }
        // SAFETY: the layouts are the same, as is asserted above, and every field was seen to be
        // what its type promises. By the header the bytes stay as they are during the call.
        Some(unsafe { &*(&raw const *self).cast() })
    }
}

#[cfg(not(feature = "sensor"))]
impl CFilter {
    /// The filters; `None` if a field is not what its type promises.
    pub fn get<'a>(filters: *const CFilter, count: usize) -> Option<&'a [Filter<'a>]> {
        if filters.is_null() {
            return None;
        }
        // SAFETY: by the header there are so many.
        let filters = unsafe { slice::from_raw_parts(filters, count) };
        for filter in filters {
            if !filter.filter.is_valid() || !is_qos(filter.qos) {
                return None;
            }
        }
        // SAFETY: the layouts are the same, as is asserted above, and every field was seen to be
        // what its type promises. By the header the bytes stay as they are during the call.
        Some(unsafe { slice::from_raw_parts(filters.as_ptr().cast(), count) })
    }
}

impl CConnect {
    /// The options; `None` if a field is not what its type promises.
    #[inline(always)]
    pub fn get(&self) -> Option<Connect<'_>> {
        Some(Connect {
            // SAFETY: by the header it is null or a message.
            will: match unsafe { self.will.as_ref() } {
                Some(will) => Some(*will.get()?),
                None => None,
            },
            user: if self.user.data.is_null() {
                None
            } else {
                Some(self.user.get()?)
            },
            password: if self.password.is_null() {
                None
            } else {
                Some(bytes(self.password, self.password_length)?)
            },
            keep_alive: self.keep_alive,
            timeout: if self.timeout == 0 {
                TIMEOUT
            } else {
                self.timeout
            },
            clean: self.keep_session == 0,
            identifier_offset: self.identifier_offset,
            ..Connect::new(self.client_id.get()?)
        })
    }
}
