//! Manual acknowledgement.
use crate::{
    client::{Handle, Session, Version, client},
    error::{ARGUMENT, done},
    events::{Next, result},
    profile::Manual,
};
use core::{ffi::c_int, mem::MaybeUninit, ptr};
use motemq::{AckToken, ManualAcks, PendingAck, Slot};

const _: () = {
    assert!(size_of::<ManualAcks<[PendingAck; 1]>>() == 8);
    assert!(size_of::<ManualAcks<[PendingAck; 9]>>() == 40);
    assert!(align_of::<ManualAcks<[PendingAck; 1]>>() <= align_of::<u32>());
};

/// The session with the other name of its profile.
fn reader(session: &mut Session) -> &mut motemq::Session<[Slot], Version<Manual>> {
    let session = &raw mut *session;
    // SAFETY: a session is `repr(C)`, and no field depends on the profile.
    unsafe { &mut *(session as *mut _) }
}

/// The layer in memory of the caller, whose size says how many places it has.
fn layer<'a>(memory: *mut u32, size: usize) -> Option<&'a mut ManualAcks> {
    let places = (size / 4).checked_sub(1)?;
    if memory.is_null() || !memory.is_aligned() || places == 0 {
        return None;
    }
    let layer = ptr::slice_from_raw_parts_mut(memory.cast::<PendingAck>(), places);
    // SAFETY: by the header the memory was zero at first, which is a layer without pending
    // acknowledgements, as a test shows; only these functions have changed it since, and
    // nothing else uses it during the call.
    Some(unsafe { &mut *(layer as *mut ManualAcks) })
}

#[unsafe(export_name = name!("next_event_manual"))]
unsafe extern "C" fn next_event_manual(
    m: Handle,
    memory: *mut u32,
    size: usize,
    event: Option<&mut MaybeUninit<Next>>,
    token: Option<&mut MaybeUninit<u32>>,
) -> c_int {
    let client = client!(m);
    let (Some(layer), Some(event), Some(token)) = (layer(memory, size), event, token) else {
        return ARGUMENT;
    };
    let mut input = client.rx.bytes();
    let capacity = client.rx.capacity();
    let next = layer.receive(
        reader(&mut client.session),
        &mut input,
        capacity,
        &mut client.tx.out(),
    );
    client.rx.keep(input.len());
    let next = next.map(|next| {
        next.map(|(next, its_token)| {
            token.write(its_token.map_or(0, u32::from));
            next
        })
    });
    result(event.write(next))
}

#[unsafe(export_name = name!("ack"))]
unsafe extern "C" fn ack(m: Handle, memory: *mut u32, size: usize, token: u32) -> c_int {
    let client = client!(m);
    let (Some(layer), Ok(token)) = (layer(memory, size), AckToken::try_from(token)) else {
        return ARGUMENT;
    };
    done(layer.ack(&mut client.session, token))
}

#[unsafe(export_name = name!("disconnect_manual"))]
unsafe extern "C" fn disconnect_manual(m: Handle, memory: *mut u32, size: usize) -> c_int {
    let client = client!(m);
    let Some(layer) = layer(memory, size) else {
        return ARGUMENT;
    };
    done(layer.disconnect(&mut client.session, &mut client.tx.out()))
}

#[cfg(all(feature = "v5", not(feature = "clean")))]
#[unsafe(export_name = name!("refuse_manual"))]
unsafe extern "C" fn refuse_manual(
    m: Handle,
    memory: *mut u32,
    size: usize,
    token: u32,
    code: u8,
) -> c_int {
    let client = client!(m);
    let (Some(layer), Ok(token)) = (layer(memory, size), AckToken::try_from(token)) else {
        return ARGUMENT;
    };
    done(layer.refuse(&mut client.session, token, motemq::ReasonCode::from(code)))
}

#[cfg(feature = "v5")]
#[unsafe(export_name = name!("disconnect_with_manual"))]
unsafe extern "C" fn disconnect_with_manual(
    m: Handle,
    memory: *mut u32,
    size: usize,
    code: u8,
    properties: *const crate::properties::CProperty,
    count: usize,
) -> c_int {
    let client = client!(m);
    let properties = crate::properties::CProperty::check(properties, count);
    let (Some(layer), Some(properties)) = (layer(memory, size), properties) else {
        return ARGUMENT;
    };
    let code = motemq::ReasonCode::from(code);
    done(layer.disconnect_with(&mut client.session, code, properties, &mut client.tx.out()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroed_memory_has_no_pending_acknowledgements() {
        let mut memory = [0u32; 5];
        let zeroed = layer(memory.as_mut_ptr(), size_of_val(&memory)).unwrap();
        let new = ManualAcks::<[PendingAck; 4]>::new();
        assert!(*zeroed == *new && zeroed.places() == 4);
    }

    #[test]
    fn a_layer_has_a_place() {
        let mut memory = [0u32; 2];
        assert!(layer(memory.as_mut_ptr(), 4).is_none());
        assert!(layer(memory.as_mut_ptr(), 0).is_none());
        assert!(layer(ptr::null_mut(), 8).is_none());
        assert!(layer(memory.as_mut_ptr(), 8).is_some());
    }
}
