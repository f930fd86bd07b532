//! Events: what has happened, as a union.
use crate::{
    client::{Handle, Session, client},
    error::{ARGUMENT, ended},
};
use core::{ffi::c_int, mem::MaybeUninit};
use motemq::{Event, Fault, Out};

/// What `motemq_event_t` points to: room for what the core returns.
///
/// An event of the core is laid out as C lays out a union of structs that all begin with the kind.
/// It is as large as all of the result, so it lies at the beginning, and need not be copied.
pub type Next = Result<Option<EventOf>, Fault>;

/// An event of the version of MQTT.
#[cfg(not(feature = "v5"))]
pub type EventOf = Event<'static>;
/// An event of the version of MQTT.
#[cfg(feature = "v5")]
pub type EventOf = Event<'static, motemq::Properties<'static>>;

const _: () = assert!(size_of::<Next>() == size_of::<EventOf>());

#[unsafe(export_name = name!("next_event"))]
unsafe extern "C" fn next_event(m: Handle, event: Option<&mut MaybeUninit<Next>>) -> c_int {
    let client = client!(m);
    let Some(event) = event else {
        return ARGUMENT;
    };
    let mut input = client.rx.bytes();
    let capacity = client.rx.capacity();
    receive(
        &mut client.session,
        &mut input,
        capacity,
        &mut client.tx.out(),
        event,
    );
    client.rx.keep(input.len());
    // SAFETY: `receive` has written it.
    result(unsafe { event.assume_init_ref() })
}

// A function of its own is smaller: inlined, the compiler keeps input and output in registers, and
// spills them.
#[inline(never)]
fn receive(
    session: &mut Session,
    input: &mut &'static [u8],
    capacity: usize,
    tx: &mut Out<'_>,
    to: &mut MaybeUninit<Next>,
) {
    to.write(session.receive(input, capacity, tx));
}

/// What `motemq_next_event` returns.
pub fn result(next: &Next) -> c_int {
    match next {
        Ok(None) => 0,
        Ok(Some(_)) => 1,
        Err(fault) => ended(*fault),
    }
}
