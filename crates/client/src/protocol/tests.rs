//! Tests of the state of the protocol.
extern crate std;
use super::*;
use core::hash::{BuildHasher, BuildHasherDefault};
use motemq::{Connect, Publish};
use std::hash::DefaultHasher;

#[test]
fn rule_09_offsets_are_random_and_leave_room_to_grow() {
    assert_eq!(identifier_offset(0), FIRST_OFFSET);
    assert_eq!(identifier_offset(u64::MAX), OFFSETS_END - 1);
    assert_ne!(identifier_offset(1 << 62), identifier_offset(1 << 63));
}

/// If nothing is optimised, what is made passes over the stack, and the largest arrays do so
/// three times.
fn with_stack(bytes: usize, test: fn()) {
    let thread = std::thread::Builder::new().stack_size(bytes);
    thread.spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_session_grows_to_all_identifiers_and_is_cloned() {
    with_stack(4 << 20, || {
        let mut state = ProtocolState::new(20);
        assert_eq!((state.slots(), state.acks.places()), (64, 4));
        while state.grow() {}
        assert_eq!((state.slots(), state.acks.places()), (65_535, 65_535));
        let clone = state.clone();
        assert!(*clone.session == *state.session && *clone.acks == *state.acks);
    });
}

/// With an offset there are fewer identifiers than slots.
#[test]
fn a_session_that_cannot_grow_keeps_what_it_holds() {
    with_stack(4 << 20, || {
        let (mut memory, mut end) = ([0; 100], 0);
        let out = &mut Out::new(&mut memory, &mut end);
        let mut state = ProtocolState::new(20_000);
        let connect = Connect::new("a").keep_session().identifier_offset(1000);
        state.connect_slices(&connect, 100, out).unwrap();
        // The broker has a session that is not known here.
        let connack = b"\x20\x02\x01\0";
        state.receive(&mut &connack[..], 100, out).unwrap();
        let publish = Publish::to("t").qos(QoS::AtLeastOnce);
        let id = state.publish(&publish, out).unwrap();
        assert_eq!(id.map(PacketId::get), Some(1001));
        assert!(!state.grow_session());
        assert_eq!(state.oldest_in_flight(), id);
    });
}

/// Without this, a debug build needs more stack for a client than the first thread of a program has
/// on Windows.
#[test]
fn a_small_session_takes_no_room_on_the_stack_for_large_ones() {
    with_stack(128 << 10, || {
        let state = ProtocolState::new(20).clone();
        assert_eq!((state.slots(), state.acks.places()), (64, 4));
    });
}

#[test]
fn rule_11_an_image_of_another_version_is_told_as_such() {
    let mut image = ProtocolState::new(64).image();
    assert!(ProtocolState::restore(&image).is_ok_and(|state| state.slots() == 64));
    image[4] ^= 1;
    assert_eq!(
        ProtocolState::restore(&image).unwrap_err(),
        RestoreError::Version
    );
    image[4] ^= 1;
    image[5] ^= 1;
    assert_eq!(
        ProtocolState::restore(&image).unwrap_err(),
        RestoreError::Damaged
    );
    image[5] ^= 1;
    image.push(0);
    assert_eq!(
        ProtocolState::restore(&image).unwrap_err(),
        RestoreError::Damaged
    );
}

/// An image is made, and compared with the last one, only when something has happened.
#[test]
fn the_state_changes_with_what_is_done_and_arrives_and_not_with_time() {
    let (mut memory, mut end) = ([0; 100], 0);
    let out = &mut Out::new(&mut memory, &mut end);
    let mut state = ProtocolState::new(16);
    assert!(!state.take_may_have_changed());
    state.connect_slices(&Connect::new("a"), 100, out).unwrap();
    assert!(state.take_may_have_changed() && !state.take_may_have_changed());
    for (bytes, has_event, has_changed) in [
        (&b""[..], false, false),
        (b"\x20", false, false),
        (b"\x20\x02\0\0", true, true),
        (b"\xd0", false, false),
        (b"\xd0\0", false, true),
    ] {
        let event = state.receive(&mut &bytes[..], 100, out).unwrap();
        assert_eq!(event.is_some(), has_event, "{bytes:?}");
        assert_eq!(state.take_may_have_changed(), has_changed, "{bytes:?}");
        state.tick(0, out).unwrap();
        assert!(!state.take_may_have_changed());
    }
    let hash =
        |state: &ProtocolState| BuildHasherDefault::<DefaultHasher>::default().hash_one(state);
    let clone = state.clone();
    assert_eq!(hash(&clone), hash(&state));
    let message = b"\x32\x06\0\x01t\0\x01.";
    state.receive(&mut &message[..], 100, out).unwrap();
    assert_ne!(hash(&clone), hash(&state));
    let before = hash(&state);
    state.take_may_have_changed();
    assert_ne!(hash(&state), before);
}
