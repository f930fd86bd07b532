//! The arguments of MQTT 3.1.1.
use super::{Text, bytes, is_qos};
use core::mem::{MaybeUninit, offset_of};
#[cfg(not(feature = "sensor"))]
use core::slice;
#[cfg(not(feature = "sensor"))]
use motemq::Filter;
use motemq::{Connect, Publish};

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

/// A message that is passed to the core.
pub type Message<'a> = Publish<'a>;

impl CPublish {
    /// The message, which is read in place; `None` if a field is not what its type promises.
    // Three callers: a copy in each would be larger.
    #[inline(never)]
    pub fn get<'a>(&'a self, _: &mut MaybeUninit<Message<'a>>) -> Option<&'a Message<'a>> {
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
    /// The options, which are put together in `place`; `None` if a field is not what its type
    /// promises.
    #[inline(always)]
    pub fn get<'p, 'a>(
        &'a self,
        place: &'p mut MaybeUninit<Connect<'a>>,
    ) -> Option<&'p Connect<'a>> {
        let connect = place.write(Connect::new(self.client_id.get()?));
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
