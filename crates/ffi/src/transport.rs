//! Bytes in and out, and the state of the connection.
use crate::{
    client::{Handle, client, client_of},
    error::{OK, ended},
};
use core::{ffi::c_int, ptr};
use motemq::PacketId;

/// `MOTEMQ_FOREVER`.
pub const FOREVER: u32 = u32::MAX;

#[unsafe(export_name = name!("rx_space"))]
unsafe extern "C" fn rx_space(m: Handle, size: *mut usize) -> *mut u8 {
    match client_of(m) {
        Some(client) if !size.is_null() => {
            let (space, room) = client.rx.space();
            // SAFETY: by the header there is room for it.
            unsafe { size.write(room) };
            space
        }
        _ => ptr::null_mut(),
    }
}

#[unsafe(export_name = name!("rx_commit"))]
unsafe extern "C" fn rx_commit(m: Handle, n: usize) {
    if let Some(client) = client_of(m) {
        client.rx.commit(n);
    }
}

#[unsafe(export_name = name!("tx_bytes"))]
unsafe extern "C" fn tx_bytes(m: Handle, length: *mut usize) -> *const u8 {
    match client_of(m) {
        Some(client) if !length.is_null() => {
            let bytes = client.tx.bytes();
            // SAFETY: by the header there is room for it.
            unsafe { length.write(bytes.len()) };
            bytes.as_ptr()
        }
        _ => ptr::null(),
    }
}

#[unsafe(export_name = name!("tx_consume"))]
unsafe extern "C" fn tx_consume(m: Handle, n: usize) {
    if let Some(client) = client_of(m) {
        client.tx.consume(n);
    }
}

#[unsafe(export_name = name!("tick"))]
unsafe extern "C" fn tick(m: Handle, now_ms: u32, sleep_ms: *mut u32) -> c_int {
    let client = client!(m);
    match client.session.tick(now_ms, &mut client.tx.out()) {
        Ok(sleep) => {
            if !sleep_ms.is_null() {
                // SAFETY: by the header there is room for it.
                unsafe { sleep_ms.write(sleep.unwrap_or(FOREVER)) };
            }
            OK
        }
        Err(fault) => ended(fault),
    }
}

#[unsafe(export_name = name!("on_connection_lost"))]
unsafe extern "C" fn on_connection_lost(m: Handle) {
    if let Some(client) = client_of(m) {
        client.session.on_connection_lost();
    }
}

#[unsafe(export_name = name!("on_reading_paused"))]
unsafe extern "C" fn on_reading_paused(m: Handle) {
    if let Some(client) = client_of(m) {
        client.session.on_reading_paused();
    }
}

#[unsafe(export_name = name!("is_closed"))]
unsafe extern "C" fn is_closed(m: Handle) -> c_int {
    client_of(m)
        .is_none_or(|client| client.session.is_closed())
        .into()
}

#[unsafe(export_name = name!("is_open"))]
unsafe extern "C" fn is_open(m: Handle) -> c_int {
    client_of(m)
        .is_some_and(|client| client.session.is_open())
        .into()
}

#[unsafe(export_name = name!("has_free_slot"))]
unsafe extern "C" fn has_free_slot(m: Handle) -> c_int {
    client_of(m)
        .is_some_and(|client| client.session.has_free_slot())
        .into()
}

#[unsafe(export_name = name!("oldest_in_flight"))]
unsafe extern "C" fn oldest_in_flight(m: Handle) -> u16 {
    client_of(m)
        .and_then(|client| client.session.oldest_in_flight())
        .map_or(0, PacketId::get)
}
