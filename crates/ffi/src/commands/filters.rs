//! Subscribing and unsubscribing with MQTT 3.1.1.
use crate::{
    arguments::CFilter,
    client::{Handle, client},
    error::{ARGUMENT, sent},
};
use core::ffi::c_int;

/// A command with filters, which the session calls the same.
macro_rules! command {
    ($name:literal, $command:ident) => {
        #[unsafe(export_name = name!($name))]
        unsafe extern "C" fn $command(m: Handle, filters: *const CFilter, count: usize) -> c_int {
            let client = client!(m);
            let Some(filters) = CFilter::get(filters, count) else {
                return ARGUMENT;
            };
            let out = &mut client.tx.out();
            sent(client.session.$command(filters, out).map(Some))
        }
    };
}

command!("subscribe", subscribe);
command!("unsubscribe", unsubscribe);
