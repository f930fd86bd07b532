//! Sessions that outlive connections, and messages published in pieces.
use crate::{
    arguments::{CPublish, bytes},
    client::{Handle, client, client_of, zero},
    error::{ARGUMENT, OK, done, failure},
};
use core::{ffi::c_int, mem::MaybeUninit, slice};
use motemq::{PacketId, SnapshotError};

#[unsafe(export_name = name!("publish_chunk"))]
unsafe extern "C" fn publish_chunk(m: Handle, data: *const u8, length: usize) -> c_int {
    let client = client!(m);
    // Bytes beyond what an int holds wait for the next call.
    let Some(data) = bytes(data, length.min(c_int::MAX as usize)) else {
        return ARGUMENT;
    };
    client
        .session
        .publish_chunk(data, &mut client.tx.out())
        .map_or_else(failure, |n| n as c_int)
}

#[unsafe(export_name = name!("publish_direct"))]
unsafe extern "C" fn publish_direct(m: Handle, n: u32) -> c_int {
    let client = client!(m);
    done(client.session.publish_direct(n, &mut client.tx.out()))
}

#[unsafe(export_name = name!("payload_remaining"))]
unsafe extern "C" fn payload_remaining(m: Handle) -> u32 {
    client_of(m).map_or(0, |client| client.session.payload_remaining())
}

#[unsafe(export_name = name!("republish"))]
unsafe extern "C" fn republish(m: Handle, id: u16, publish: *const CPublish) -> c_int {
    let client = client!(m);
    let mut place = MaybeUninit::uninit();
    // SAFETY: by the header it is null or a message.
    let publish = (unsafe { publish.as_ref() }).and_then(|it| it.get(&mut place));
    let (Some(publish), Some(id)) = (publish, PacketId::new(id)) else {
        return ARGUMENT;
    };
    done(client.session.republish(id, publish, &mut client.tx.out()))
}

#[unsafe(export_name = name!("abandon"))]
unsafe extern "C" fn abandon(m: Handle, id: u16) -> c_int {
    let client = client!(m);
    let Some(id) = PacketId::new(id) else {
        return ARGUMENT;
    };
    done(client.session.abandon(id, &mut client.tx.out()))
}

#[unsafe(export_name = name!("pass_over"))]
unsafe extern "C" fn pass_over(m: Handle, id: u16) -> c_int {
    let client = client!(m);
    let Some(id) = PacketId::new(id) else {
        return ARGUMENT;
    };
    done(client.session.pass_over(id))
}

/// Snapshot error 1 of the core, and the others behind it.
const IMAGE: c_int = -31;

/// What the functions for images return.
pub const fn image(result: Result<(), SnapshotError>) -> c_int {
    match result {
        Ok(()) => OK,
        Err(error) => IMAGE - error.number() as c_int,
    }
}

#[unsafe(export_name = name!("save"))]
unsafe extern "C" fn save(m: Handle, to: *mut u8, size: usize) -> c_int {
    let client = client!(m);
    if to.is_null() {
        return ARGUMENT;
    }
    if size != 9 + 3 * client.session.slots() {
        return image(Err(SnapshotError::Length));
    }
    // SAFETY: by the header there is so much room. It is filled first, since the caller's memory
    // may not be initialised.
    let to = unsafe {
        zero(to, size);
        slice::from_raw_parts_mut(to, size)
    };
    image(client.session.save(to))
}

#[unsafe(export_name = name!("restore"))]
unsafe extern "C" fn restore(m: Handle, from: *const u8, size: usize) -> c_int {
    let client = client!(m);
    match bytes(from, size) {
        Some(from) => image(client.session.restore(from)),
        None => ARGUMENT,
    }
}
