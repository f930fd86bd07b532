//! The commands of every profile.
#[cfg(all(not(feature = "v5"), not(feature = "sensor")))]
mod filters;
#[cfg(feature = "v5")]
pub mod v5;

use crate::{
    arguments::{CConnect, CPublish},
    client::{Handle, client},
    error::{ARGUMENT, done, sent},
};
use core::{ffi::c_int, mem::MaybeUninit};

#[unsafe(export_name = name!("connect"))]
unsafe extern "C" fn connect(m: Handle, connect: *const CConnect) -> c_int {
    let client = client!(m);
    let mut place = MaybeUninit::uninit();
    // SAFETY: by the header it is null or the options.
    let Some(connect) = (unsafe { connect.as_ref() }).and_then(|it| it.get(&mut place)) else {
        return ARGUMENT;
    };
    client.rx.clear();
    client.tx.clear();
    let capacity = client.rx.capacity();
    done(
        client
            .session
            .connect_slices(connect, capacity, &mut client.tx.out()),
    )
}

#[unsafe(export_name = name!("publish"))]
unsafe extern "C" fn publish(m: Handle, publish: *const CPublish) -> c_int {
    let client = client!(m);
    let mut place = MaybeUninit::uninit();
    // SAFETY: by the header it is null or a message.
    let Some(publish) = (unsafe { publish.as_ref() }).and_then(|it| it.get(&mut place)) else {
        return ARGUMENT;
    };
    sent(client.session.publish(publish, &mut client.tx.out()))
}

#[unsafe(export_name = name!("disconnect"))]
unsafe extern "C" fn disconnect(m: Handle) -> c_int {
    let client = client!(m);
    done(client.session.disconnect(&mut client.tx.out()))
}
