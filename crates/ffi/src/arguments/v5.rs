//! The arguments of MQTT 5.
#[cfg(not(feature = "sensor"))]
use super::CFilter;
use super::{CConnect, CPublish, Message, bytes, is_qos};
use crate::properties::{CProperty, Checked};
use core::mem::MaybeUninit;
#[cfg(not(feature = "sensor"))]
use core::mem::offset_of;
#[cfg(not(feature = "sensor"))]
use motemq::SubscriptionOptions;
use motemq::{Connect, Property, Publish, QoS};

/// The properties of a packet to be sent.
pub type List<'a> = &'a [Property<'a>];

#[cfg(not(feature = "sensor"))]
pub type FilterOf<'a> = motemq::Filter<'a, SubscriptionOptions>;

#[cfg(not(feature = "sensor"))]
const _: () = {
    const OPTIONS: usize = offset_of!(FilterOf<'_>, options);
    assert!(
        offset_of!(CFilter, no_local) == OPTIONS + offset_of!(SubscriptionOptions, no_local)
            && offset_of!(CFilter, retain_as_published)
                == OPTIONS + offset_of!(SubscriptionOptions, retain_as_published)
            && offset_of!(CFilter, retain_handling)
                == OPTIONS + offset_of!(SubscriptionOptions, retain_handling)
    );
};

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
    /// Whether an option besides the QoS is not what its type promises.
    pub(super) fn has_invalid_option(&self) -> bool {
        self.no_local > 1 || self.retain_as_published > 1 || self.retain_handling > 2
    }
}

impl CConnect {
    /// The options that need an argument, and the properties.
    #[inline(always)]
    pub(super) fn begin<'p, 'a>(
        &'a self,
        place: &'p mut MaybeUninit<Connect<'a, List<'a>>>,
    ) -> Option<&'p mut Connect<'a, List<'a>>> {
        let properties: Checked<'_> = CProperty::check(self.properties, self.properties_count);
        let connect = Connect::new(self.client_id.get()?).properties(properties?);
        Some(place.write(connect))
    }
}
