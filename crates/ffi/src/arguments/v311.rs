//! The arguments of MQTT 3.1.1.
#[cfg(not(feature = "sensor"))]
use super::CFilter;
use super::{CConnect, CPublish, Message, is_qos};
use core::mem::{MaybeUninit, offset_of};
use motemq::{Connect, Publish};

/// There are no properties.
pub type List<'a> = ();

#[cfg(not(feature = "sensor"))]
pub type FilterOf<'a> = motemq::Filter<'a>;

const _: () = {
    assert!(size_of::<CPublish>() == size_of::<Publish<'_>>());
    assert!(offset_of!(CPublish, payload) == offset_of!(Publish<'_>, payload));
    assert!(offset_of!(CPublish, remaining) == offset_of!(Publish<'_>, remaining));
    assert!(offset_of!(CPublish, qos) == offset_of!(Publish<'_>, qos));
    assert!(offset_of!(CPublish, retain) == offset_of!(Publish<'_>, retain));
};

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
    /// There are no options but the QoS.
    pub(super) fn has_invalid_option(&self) -> bool {
        false
    }
}

impl CConnect {
    /// The options that need an argument.
    #[inline(always)]
    pub(super) fn begin<'p, 'a>(
        &'a self,
        place: &'p mut MaybeUninit<Connect<'a>>,
    ) -> Option<&'p mut Connect<'a>> {
        Some(place.write(Connect::new(self.client_id.get()?)))
    }
}
