//! Subscribing and unsubscribing with MQTT 3.1.1.
use crate::{
    arguments::CFilter,
    client::{Handle, client},
    error::{ARGUMENT, sent},
};
use core::ffi::c_int;

#[unsafe(export_name = name!("subscribe"))]
unsafe extern "C" fn subscribe(m: Handle, filters: *const CFilter, count: usize) -> c_int {
    let client = client!(m);
    let Some(filters) = CFilter::get(filters, count) else {
        return ARGUMENT;
    };
    sent(
        client
            .session
            .subscribe(filters, &mut client.tx.out())
            .map(Some),
    )
}

#[unsafe(export_name = name!("unsubscribe"))]
unsafe extern "C" fn unsubscribe(m: Handle, filters: *const CFilter, count: usize) -> c_int {
    let client = client!(m);
    let Some(filters) = CFilter::get(filters, count) else {
        return ARGUMENT;
    };
    sent(
        client
            .session
            .unsubscribe(filters, &mut client.tx.out())
            .map(Some),
    )
}
