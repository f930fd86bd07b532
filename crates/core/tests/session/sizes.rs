//! The size of types in memory.
use motemq::*;
use std::mem::{size_of, size_of_val};

/// The memory in which a session on a host counts the messages in flight: two bytes and two of
/// padding.
const COUNT: usize = if cfg!(feature = "fast") { 4 } else { 0 };

/// Promise 8: a slot is four bytes, a session with eight slots at most 72; promise 10: no more than
/// the caller provides.
#[test]
fn a_session_is_small() {
    assert_eq!(size_of::<Slot>(), 4);
    assert!(
        size_of::<Session<[Slot; 8]>>() <= 72 + COUNT,
        "{}",
        size_of::<Session<[Slot; 8]>>()
    );
    let without = size_of::<Session<[Slot; 8]>>() - 8 * size_of::<Slot>();
    assert_eq!(size_of::<Session<[Slot; 1]>>(), without + 4);
    assert_eq!(size_of::<Session<[Slot; 1000]>>(), without + 4000);
}

#[test]
fn a_buffer_is_its_memory_and_two_numbers() {
    assert_eq!(size_of::<Buffer<[u8; 64]>>(), 64 + 2 * size_of::<usize>());
    assert_eq!(
        size_of::<Buffer<[u8; 4096]>>(),
        4096 + 2 * size_of::<usize>()
    );
}

#[test]
fn manual_acknowledgement_takes_little_for_each_message() {
    // The feature `fast` adds an index, and the three numbers of a ring.
    let is_fast = cfg!(feature = "fast");
    let (place, numbers) = if is_fast { (12, 12) } else { (4, 0) };
    assert_eq!(size_of::<PendingAck>(), place);
    assert!(
        size_of::<ManualAcks<[PendingAck; 8]>>() <= 4 + 8 * place + numbers,
        "{}",
        size_of::<ManualAcks<[PendingAck; 8]>>()
    );
    assert_eq!(
        size_of::<ManualAcks<[PendingAck; 100]>>() - size_of::<ManualAcks<[PendingAck; 10]>>(),
        90 * place
    );
    assert_eq!(size_of::<AckToken>(), 4);
}

#[test]
fn values_passed_by_value_are_small() {
    assert_eq!(size_of::<Option<PacketId>>(), 2);
    assert_eq!(size_of::<Result<(), SendError>>(), 1);
    assert!(size_of::<Fault>() <= 2);
    assert!(
        size_of::<Event<'_>>() <= 6 * size_of::<usize>(),
        "{}",
        size_of::<Event<'_>>()
    );
    assert!(size_of::<Result<Option<Event<'_>>, Fault>>() <= 6 * size_of::<usize>());
}

/// Nothing is generic over the number of slots or bytes: all sizes coerce to the same two types.
#[test]
fn all_sizes_are_one_type() {
    fn erased<'a>(session: &'a mut Session, buffer: &'a mut Buffer) -> (usize, usize) {
        (size_of_val(session), buffer.capacity())
    }
    let (mut one, mut many) = (Session::<[Slot; 1]>::new(), Session::<[Slot; 300]>::new());
    let (mut small, mut large) = (Buffer::<[u8; 16]>::new(), Buffer::<[u8; 5000]>::new());
    assert_eq!(
        erased(&mut one, &mut large),
        (size_of::<Session<[Slot; 1]>>(), 5000)
    );
    assert_eq!(
        erased(&mut many, &mut small),
        (size_of::<Session<[Slot; 300]>>(), 16)
    );
    const { assert!(size_of::<&mut Session>() == 2 * size_of::<usize>()) };
}

/// A new session is all zeros, so that cleared memory is a session. The hash of a session is that of
/// its fields: here, of the bytes of all of them.
#[test]
fn a_new_session_is_all_zeros() {
    #[derive(Default)]
    struct Bytes(Vec<u8>);
    impl std::hash::Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend(bytes);
        }
        fn write_usize(&mut self, _: usize) {
            // The number of slots is not a field.
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    fn bytes(value: &impl std::hash::Hash) -> Vec<u8> {
        let mut hasher = Bytes::default();
        value.hash(&mut hasher);
        hasher.0
    }
    let session = Session::<[Slot; 8]>::new();
    assert_eq!(bytes(&session), vec![0; size_of_val(&session) - COUNT / 2]);
    let acks = ManualAcks::<[PendingAck; 8]>::new();
    // One byte is padding, and the index of the feature `fast` is no part of the value.
    let index = 8 * (size_of::<PendingAck>() - 4);
    assert_eq!(bytes(&acks), vec![0; size_of_val(&acks) - 1 - index]);
    assert_eq!(bytes(&Slot::FREE), [0; 4]);
    assert_eq!(bytes(&PendingAck::NONE), [0; 4]);
}

/// A profile does not make a session larger.
#[test]
fn a_profile_takes_no_memory() {
    assert_eq!(size_of::<Session<[Slot; 8], Mqtt311<Clean>>>(), 72 + COUNT);
    assert_eq!(size_of::<Session<[Slot; 1], Mqtt311<Sensor>>>(), 44 + COUNT);
}
