//! The arguments of MQTT 5.
use super::{Text, bytes, is_qos};
use crate::properties::{CProperty, Checked};
use core::mem::MaybeUninit;
#[cfg(not(feature = "sensor"))]
use core::{mem::offset_of, slice};
use motemq::{Connect, Property, Publish, QoS};
#[cfg(not(feature = "sensor"))]
use motemq::{Filter, SubscriptionOptions};

/// The properties of a packet to be sent.
pub type List<'a> = &'a [Property<'a>];

/// `motemq5_publish_t`.
#[repr(C)]
pub struct CPublish {
    pub topic: Text,
    pub payload: *const u8,
    pub payload_length: usize,
    pub remaining: u32,
    pub qos: u8,
    pub retain: u8,
    pub properties: *const CProperty,
    pub properties_count: usize,
}

/// `motemq5_filter_t`.
#[cfg(not(feature = "sensor"))]
#[repr(C)]
pub struct CFilter {
    pub filter: Text,
    pub qos: u8,
    pub no_local: u8,
    pub retain_as_published: u8,
    pub retain_handling: u8,
}

/// `motemq5_connect_t`.
#[repr(C)]
pub struct CConnect {
    pub client_id: Text,
    pub user: Text,
    pub password: *const u8,
    pub password_length: usize,
    pub will: *const CPublish,
    pub properties: *const CProperty,
    pub properties_count: usize,
    pub keep_alive: u16,
    pub identifier_offset: u16,
    pub timeout: u8,
    pub keep_session: u8,
}

#[cfg(not(feature = "sensor"))]
type FilterOf<'a> = Filter<'a, SubscriptionOptions>;

#[cfg(not(feature = "sensor"))]
const _: () = {
    const OPTIONS: usize = offset_of!(FilterOf<'_>, options);
    assert!(size_of::<CFilter>() == size_of::<FilterOf<'_>>());
    assert!(offset_of!(CFilter, filter) == offset_of!(FilterOf<'_>, filter));
    assert!(offset_of!(CFilter, qos) == offset_of!(FilterOf<'_>, qos));
    assert!(
        offset_of!(CFilter, no_local) == OPTIONS + offset_of!(SubscriptionOptions, no_local)
            && offset_of!(CFilter, retain_as_published)
                == OPTIONS + offset_of!(SubscriptionOptions, retain_as_published)
            && offset_of!(CFilter, retain_handling)
                == OPTIONS + offset_of!(SubscriptionOptions, retain_handling)
    );
};

/// A message that is passed to the core.
pub type Message<'a> = Publish<'a, List<'a>>;

impl CPublish {
    /// The message, which is put together in `place`; `None` if a field is not what its type
    /// promises.
    // Three callers: a copy in each would be larger. Returned by value, it would be copied by
    // `memcpy`.
    #[inline(never)]
    pub fn get<'p, 'a>(
        &'a self,
        place: &'p mut MaybeUninit<Message<'a>>,
    ) -> Option<&'p Message<'a>> {
        if !is_qos(self.qos) || self.retain > 1 {
            return None;
        }
        let topic = self.topic.get()?;
        let payload = bytes(self.payload, self.payload_length)?;
        let properties = CProperty::check(self.properties, self.properties_count)?;
        let publish = place.write(Publish::to(topic).properties(properties));
        publish.payload = payload;
        publish.remaining = self.remaining;
        // SAFETY: it was seen to be the number of a QoS.
        publish.qos = unsafe { core::mem::transmute::<u8, QoS>(self.qos) };
        publish.retain = self.retain != 0;
        Some(publish)
    }
}

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
            if !filter.filter.is_valid()
                || !is_qos(filter.qos)
                || filter.no_local > 1
                || filter.retain_as_published > 1
                || filter.retain_handling > 2
            {
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
        place: &'p mut MaybeUninit<Connect<'a, List<'a>>>,
    ) -> Option<&'p Connect<'a, List<'a>>> {
        let properties: Checked<'_> = CProperty::check(self.properties, self.properties_count);
        let connect = Connect::new(self.client_id.get()?).properties(properties?);
        let connect = place.write(connect);
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
