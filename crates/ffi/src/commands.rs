//! The commands of every profile.
#[cfg(not(feature = "sensor"))]
use crate::arguments::CFilter;
use crate::{
    arguments::{CConnect, CPublish},
    client::{Handle, client},
    error::{ARGUMENT, done, sent},
};
use core::ffi::c_int;

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_connect(m: Handle, connect: *const CConnect) -> c_int {
    let client = client!(m);
    // SAFETY: by the header it is null or the options.
    let Some(connect) = (unsafe { connect.as_ref() }).and_then(CConnect::get) else {
        return ARGUMENT;
    };
    client.rx.clear();
    client.tx.clear();
    let capacity = client.rx.capacity();
    done(
        client
            .session
            .connect_slices(&connect, capacity, &mut client.tx.out()),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_publish(m: Handle, publish: *const CPublish) -> c_int {
    let client = client!(m);
    // SAFETY: by the header it is null or a message.
    let Some(publish) = (unsafe { publish.as_ref() }).and_then(CPublish::get) else {
        return ARGUMENT;
    };
    sent(client.session.publish(publish, &mut client.tx.out()))
}

#[cfg(not(feature = "sensor"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_subscribe(m: Handle, filters: *const CFilter, count: usize) -> c_int {
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

#[cfg(not(feature = "sensor"))]
#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_unsubscribe(m: Handle, filters: *const CFilter, count: usize) -> c_int {
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

#[unsafe(no_mangle)]
unsafe extern "C" fn motemq_disconnect(m: Handle) -> c_int {
    let client = client!(m);
    done(client.session.disconnect(&mut client.tx.out()))
}
