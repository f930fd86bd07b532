//! What C passes: text, bytes, messages, topic filters and the options of a connection.
//!
//! Filters, and with MQTT 3.1.1 messages, have the layout of the core's types. Once every field has
//! been checked to be what its Rust type promises, they are read in place instead of being copied.
#[cfg(not(feature = "v5"))]
mod v311;
#[cfg(feature = "v5")]
mod v5;

#[cfg(feature = "v5")]
use crate::properties::CProperty;
#[cfg(not(feature = "sensor"))]
use core::mem::offset_of;
use core::{mem::MaybeUninit, slice, str};
use motemq::{Connect, Publish, QoS};
#[cfg(all(feature = "v5", not(feature = "sensor")))]
use v5::FilterOf;
#[cfg(feature = "v5")]
use v5::List;
#[cfg(all(not(feature = "v5"), not(feature = "sensor")))]
use v311::FilterOf;
#[cfg(not(feature = "v5"))]
use v311::List;

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

/// `motemq_publish_t`.
#[repr(C)]
pub struct CPublish {
    pub topic: Text,
    pub payload: *const u8,
    pub payload_length: usize,
    pub remaining: u32,
    pub qos: u8,
    pub retain: u8,
    #[cfg(feature = "v5")]
    pub properties: *const CProperty,
    #[cfg(feature = "v5")]
    pub properties_count: usize,
}

/// `motemq_filter_t`.
#[cfg(not(feature = "sensor"))]
#[repr(C)]
pub struct CFilter {
    pub filter: Text,
    pub qos: u8,
    #[cfg(feature = "v5")]
    pub no_local: u8,
    #[cfg(feature = "v5")]
    pub retain_as_published: u8,
    #[cfg(feature = "v5")]
    pub retain_handling: u8,
}

/// `motemq_connect_t`.
#[repr(C)]
pub struct CConnect {
    pub client_id: Text,
    pub user: Text,
    pub password: *const u8,
    pub password_length: usize,
    pub will: *const CPublish,
    #[cfg(feature = "v5")]
    pub properties: *const CProperty,
    #[cfg(feature = "v5")]
    pub properties_count: usize,
    pub keep_alive: u16,
    pub identifier_offset: u16,
    pub timeout: u8,
    pub keep_session: u8,
}

/// A message that is passed to the core.
pub type Message<'a> = Publish<'a, List<'a>>;

#[cfg(not(feature = "sensor"))]
const _: () = {
    assert!(size_of::<CFilter>() == size_of::<FilterOf<'_>>());
    assert!(offset_of!(CFilter, filter) == offset_of!(FilterOf<'_>, filter));
    assert!(offset_of!(CFilter, qos) == offset_of!(FilterOf<'_>, qos));
};

#[cfg(not(feature = "sensor"))]
impl CFilter {
    /// The filters; `None` if a field is not what its type promises.
    pub fn get<'a>(filters: *const CFilter, count: usize) -> Option<&'a [FilterOf<'a>]> {
        if filters.is_null() {
            return None;
        }
        // SAFETY: by the header there are so many.
        let filters = unsafe { slice::from_raw_parts(filters, count) };
        for filter in filters {
            if !filter.filter.is_valid() || !is_qos(filter.qos) || filter.has_invalid_option() {
                return None;
            }
        }
        // SAFETY: the layouts are the same, as is asserted, and every field was seen to be what its
        // type promises. By the header the bytes stay as they are during the call.
        Some(unsafe { slice::from_raw_parts(filters.as_ptr().cast(), count) })
    }
}

impl CConnect {
    /// The options, which are put together in `place`; `None` if a field is not what its type
    /// promises.
    #[inline(always)]
    pub fn get<'p, 'a>(
        &'a self,
        place: &'p mut MaybeUninit<Connect<'a, List<'a>>>,
    ) -> Option<&'p Connect<'a, List<'a>>> {
        let connect = self.begin(place)?;
        // SAFETY: by the header it is null or a message.
        if let Some(will) = unsafe { self.will.as_ref() } {
            connect.will = Some(*will.get(&mut MaybeUninit::uninit())?);
        }
        if !self.user.data.is_null() {
            connect.user = Some(self.user.get()?);
        }
        connect.password = bytes(self.password, self.password_length);
        connect.keep_alive = self.keep_alive;
        if self.timeout != 0 {
            connect.timeout = self.timeout;
        }
        connect.clean = self.keep_session == 0;
        connect.identifier_offset = self.identifier_offset;
        Some(connect)
    }
}
