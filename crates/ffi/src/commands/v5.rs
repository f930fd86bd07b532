//! The commands that have properties, and those that only MQTT 5 has.
#[cfg(not(feature = "sensor"))]
use crate::{arguments::CFilter, error::sent};
use crate::{
    client::{Handle, client, client_of},
    error::{ARGUMENT, OK, done},
    properties::CProperty,
};
use core::ffi::c_int;
use motemq::{Limits, ReasonCode};

/// A command with filters and properties.
#[cfg(not(feature = "sensor"))]
macro_rules! with_filters {
    ($name:literal, $command:ident) => {
        #[unsafe(export_name = name!($name))]
        unsafe extern "C" fn $command(
            m: Handle,
            filters: *const CFilter,
            count: usize,
            properties: *const CProperty,
            properties_count: usize,
        ) -> c_int {
            let client = client!(m);
            let properties = CProperty::check(properties, properties_count);
            let (Some(filters), Some(properties)) = (CFilter::get(filters, count), properties)
            else {
                return ARGUMENT;
            };
            let out = &mut client.tx.out();
            sent(client.session.$command(filters, properties, out).map(Some))
        }
    };
}

#[cfg(not(feature = "sensor"))]
with_filters!("subscribe", subscribe_with);
#[cfg(not(feature = "sensor"))]
with_filters!("unsubscribe", unsubscribe_with);

/// A command with a reason code and properties.
macro_rules! with_reason {
    ($name:literal, $command:ident) => {
        #[unsafe(export_name = name!($name))]
        unsafe extern "C" fn $command(
            m: Handle,
            code: u8,
            properties: *const CProperty,
            count: usize,
        ) -> c_int {
            let client = client!(m);
            let Some(properties) = CProperty::check(properties, count) else {
                return ARGUMENT;
            };
            let out = &mut client.tx.out();
            let code = ReasonCode::from(code);
            done(client.session.$command(code, properties, out))
        }
    };
}

with_reason!("disconnect_with", disconnect_with);
#[cfg(not(any(feature = "clean", feature = "sensor")))]
with_reason!("authenticate", authenticate);

#[cfg(not(any(feature = "clean", feature = "sensor")))]
#[unsafe(export_name = name!("refuse"))]
unsafe extern "C" fn refuse(m: Handle, code: u8) -> c_int {
    done(client!(m).session.refuse(ReasonCode::from(code)))
}

#[unsafe(export_name = name!("has_send_quota"))]
unsafe extern "C" fn has_send_quota(m: Handle) -> c_int {
    client_of(m)
        .is_some_and(|client| client.session.has_send_quota())
        .into()
}

/// `motemq5_limits_t`.
#[repr(C)]
pub struct CLimits {
    pub maximum_packet_size: u32,
    pub receive_maximum: u16,
    pub topic_alias_maximum: u16,
    pub maximum_qos: u8,
    pub retain_available: u8,
    pub wildcard_subscription_available: u8,
    pub subscription_identifier_available: u8,
    pub shared_subscription_available: u8,
}

impl From<Limits> for CLimits {
    fn from(limits: Limits) -> Self {
        CLimits {
            maximum_packet_size: limits.maximum_packet_size,
            receive_maximum: limits.receive_maximum,
            topic_alias_maximum: limits.topic_alias_maximum,
            maximum_qos: limits.maximum_qos as u8,
            retain_available: limits.retain_available.into(),
            wildcard_subscription_available: limits.wildcard_subscription_available.into(),
            subscription_identifier_available: limits.subscription_identifier_available.into(),
            shared_subscription_available: limits.shared_subscription_available.into(),
        }
    }
}

#[unsafe(export_name = name!("limits"))]
unsafe extern "C" fn limits(m: Handle, limits: *mut CLimits) -> c_int {
    let client = client!(m);
    if limits.is_null() {
        return ARGUMENT;
    }
    // SAFETY: by the header there is room for them.
    unsafe { limits.write(client.session.limits().into()) };
    OK
}
