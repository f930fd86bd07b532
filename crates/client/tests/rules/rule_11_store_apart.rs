//! Rule 11, as far as it is the client's: the store runs outside of it, and a damaged one is an
//! error.
use crate::{common::*, durable::*};

/// A store that failed gets everything when it is opened again.
#[test]
fn rule_11_a_store_that_failed_gets_everything_again() {
    let mut d = Durable::new();
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.save();
    d.line.sent();
    d.line.publish(b"2", QoS::AtLeastOnce);
    assert!(d.is_asked());
    // This transaction fails.
    d.line.client.take_changes();
    d.line.publish(b"3", QoS::AtLeastOnce);
    d.store = Store::default();
    let full = d.line.client.full_image();
    assert!(full.is_full);
    let version = d.store.write(full);
    d.line.client.on_persisted(version);
    assert_eq!(d.store.records.len(), 3);
    d.line
        .sends(b"\x32\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x033");
    let mut d = d.crash();
    d.line.connect(PRESENT);
    d.save();
    assert_eq!(d.line.sent().len(), 3 * 8);
}

#[test]
fn rule_11_a_store_that_is_damaged_or_belongs_to_another_client_is_refused() {
    let mut d = Durable::new();
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.save();
    let store = d.store;
    assert!(store.restore(durable()).is_ok());
    let other = store.restore(durable().client_id("b")).unwrap_err();
    assert_eq!(other, RestoreError::OtherClient);
    for length in 0..store.image.len() {
        let mut cut = store.clone();
        cut.image.truncate(length);
        assert!(cut.restore(durable()).is_err());
        let mut changed = store.clone();
        changed.image[length] ^= 0x10;
        assert!(changed.restore(durable()).is_err());
    }
    for length in 0..6 {
        let mut cut = store.clone();
        cut.records.get_mut(&1).unwrap().truncate(length);
        assert!(cut.restore(durable()).is_err(), "{length}");
    }
    let mut newer = store.clone();
    newer.records.get_mut(&1).unwrap()[0] = 9;
    assert_eq!(newer.restore(durable()).unwrap_err(), RestoreError::Version);
    let unusable = store.restore(Options::new("").keep_session());
    assert!(unusable.is_err());
}

/// Nothing that this crate writes is like it, but what can never be sent must not bar the others.
#[test]
fn rule_11_a_stored_message_that_cannot_be_sent_does_not_bar_the_others() {
    let mut d = Durable::new();
    d.line.closed();
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.line.publish(b"2", QoS::AtLeastOnce);
    d.save();
    let first = d.store.records.values_mut().next().unwrap();
    // Its topic has a wildcard.
    first[6] = b'#';
    let mut d = d.crash();
    d.line.connect(PRESENT);
    d.save();
    d.line.sends(b"\x32\x06\0\x01t\0\x012");
}
