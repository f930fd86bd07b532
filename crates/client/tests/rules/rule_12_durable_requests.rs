//! Rule 12: a durable request survives the process, and no packet is sent before the change that it
//! belongs to is stored.
use crate::{common::*, durable::*};

#[test]
fn rule_12_nothing_leaves_before_its_change_is_stored() {
    let mut d = Durable::new();
    let request = d.line.publish(b"1", QoS::AtLeastOnce);
    let version = d.line.client.version();
    assert!(d.line.client.persisted() < version);
    assert!(d.is_asked());
    d.line.sends(b"");
    d.line.pass(secs(1));
    assert!(!d.is_asked(), "it was asked for");
    // The store takes its time; more is published meanwhile.
    let changes = d.line.client.take_changes();
    d.line.publish(b"2", QoS::AtLeastOnce);
    d.line.sends(b"");
    let stored = d.store.write(changes);
    d.line.client.on_persisted(stored);
    assert!(d.line.client.persisted() >= version);
    // The first may leave now, the second may not.
    d.line.sends(b"\x32\x06\0\x01t\0\x011");
    d.save();
    d.line.sends(b"\x32\x06\0\x01t\0\x022");
    d.line.receive(&puback(1));
    d.save();
    assert_eq!(d.line.client.poll_outcome(request), done());
    assert_eq!(d.store.records.len(), 1);
    // Messages with QoS 0 change nothing.
    d.line.client.publish(&Publish::to("t")).unwrap();
    d.line.sends(b"\x30\x03\0\x01t");
}

/// A program that publishes all the time does not keep earlier messages from leaving.
#[test]
fn rule_12_messages_leave_although_others_are_always_being_stored() {
    let mut d = Durable::new();
    let mut sent = 0;
    for _ in 0..100 {
        let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
        let _ = d.line.client.publish(&publish);
        if d.is_asked() {
            let changes = d.line.client.take_changes();
            let _ = d.line.client.publish(&publish);
            let stored = d.store.write(changes);
            d.line.client.on_persisted(stored);
        }
        for packet in d.line.sent().chunks(8) {
            sent += 1;
            d.line.receive(&puback(id_of(packet)));
        }
    }
    assert!(sent > 90, "{sent}");
}

#[test]
fn rule_12_messages_that_wait_for_a_connection_are_stored() {
    let mut d = Durable {
        line: Line::new(durable().queue_qos0()),
        store: Store::default(),
    };
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.line.publish(b"2", QoS::ExactlyOnce);
    let publish = Publish::to("t").payload(b"0").retain();
    d.line.client.publish(&publish).unwrap().unwrap();
    d.save();
    let mut d = d.crash();
    assert_eq!(d.line.client.counters().queued, 3);
    d.line.open();
    d.line.sent();
    d.line.receive(NEW);
    d.save();
    d.line
        .sends(b"\x32\x06\0\x01t\0\x011\x34\x06\0\x01t\0\x022\x31\x04\0\x01t0");
    assert_eq!(d.store.records.len(), 2);
}

#[test]
fn rule_12_messages_in_flight_are_sent_again_by_the_next_process() {
    let mut d = Durable::new();
    for n in [b"1", b"2", b"3"] {
        d.line.publish(n, QoS::ExactlyOnce);
    }
    d.save();
    d.line.sent();
    d.line.receive(&pubrec(1));
    d.save();
    d.line.sends(&pubrel(1));
    let mut d = d.crash();
    d.line.connect(PRESENT);
    d.save();
    d.line.sends(
        &[
            &pubrel(1)[..],
            b"\x3c\x06\0\x01t\0\x022\x3c\x06\0\x01t\0\x033",
        ]
        .concat(),
    );
    d.line.receive(&[pubrec(2), pubrec(3)].concat());
    d.save();
    d.line.sends(&[pubrel(2), pubrel(3)].concat());
    d.line
        .receive(&[pubcomp(1), pubcomp(2), pubcomp(3)].concat());
    d.save();
    assert_eq!(d.store.records.len(), 0);
    d.line.publish(b"4", QoS::AtLeastOnce);
    d.save();
    assert_eq!(id_of(&d.line.sent()), 4);
}

#[test]
fn rule_12_a_message_that_was_processed_does_not_arrive_again() {
    let mut d = Durable::new();
    let stream = d.line.client.messages();
    d.line
        .receive(&[message(7, 2, b"a"), message(8, 2, b"b")].concat());
    d.save();
    assert_eq!(d.line.take(stream), Some(b"a".to_vec()));
    assert_eq!(d.line.take(stream), Some(b"b".to_vec()));
    // PUBREC waits for the store.
    d.line.sends(b"");
    d.save();
    d.line.sends(&pubrec(7));
    let mut d = d.crash();
    let stream = d.line.client.messages();
    d.line.connect(PRESENT);
    // The first is a repetition, the second was not processed. A third uses the first identifier.
    d.line
        .receive(&[dup(message(7, 2, b"a")), dup(message(8, 2, b"b"))].concat());
    assert_eq!(d.line.take_all(stream), [b"b"]);
    d.line.receive(&message(7, 2, b"c"));
    assert_eq!(d.line.take_all(stream), [b"c"]);
}

#[test]
fn rule_12_what_is_processed_offline_is_stored_offline() {
    let mut d = Durable::new();
    let stream = d.line.client.messages();
    d.line.receive(&message(7, 2, b"a"));
    d.save();
    d.line.closed();
    assert_eq!(d.line.take(stream), Some(b"a".to_vec()));
    assert!(d.is_asked());
    let changes = d.line.client.take_changes();
    d.store.write(changes);
    let mut d = d.crash();
    let stream = d.line.client.messages();
    d.line.connect(PRESENT);
    d.line.receive(&dup(message(7, 2, b"a")));
    assert_eq!(d.line.take(stream), None);
}

/// What is taken offline is processed at once. An adapter has to drive the client then, although
/// nothing can be sent: else nothing would be stored, and CONNECT would wait for the store.
#[test]
fn rule_12_taking_a_message_offline_says_that_it_has_to_be_stored() {
    let mut d = Durable::new();
    let stream = d.line.client.messages();
    for packet in [
        message(7, 2, b"a"),
        message(8, 2, b"b"),
        message(9, 1, b"c"),
        message(0, 0, b"d"),
    ] {
        d.line.receive(&packet);
    }
    d.save();
    assert!(!d.line.client.wants_drive(stream));
    d.line.closed();
    assert!(d.line.client.wants_drive(stream));
    assert_eq!(d.line.take(stream), Some(b"a".to_vec()));
    assert!(d.line.client.persisted() < d.line.client.version());
    d.save();
    // The broker has not answered CONNECT yet.
    d.line.pass(secs(1));
    d.line.open();
    assert!(d.line.client.wants_drive(stream));
    assert_eq!(d.line.take(stream), Some(b"b".to_vec()));
    d.line.sends(b"");
    d.save();
    assert_eq!(d.line.sent()[0], 0x10);
    // Nothing is stored of messages with QoS 0 and 1.
    for payload in [b"c", b"d"] {
        assert!(!d.line.client.wants_drive(stream));
        assert_eq!(d.line.take(stream), Some(payload.to_vec()));
        assert!(!d.is_asked());
    }
}

#[test]
fn rule_12_messages_given_up_or_withdrawn_are_not_revived() {
    let mut d = Durable {
        line: Line::new(durable().ack_timeout(Some(secs(4)))),
        store: Store::default(),
    };
    d.line.connect(NEW);
    d.save();
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.save();
    d.line.sent();
    d.line.pass(secs(6));
    let withdrawn = d.line.publish(b"2", QoS::AtLeastOnce);
    d.line.client.withdraw(withdrawn);
    d.save();
    assert_eq!(d.store.records.len(), 0);
    let mut d = d.crash();
    d.line.connect(PRESENT);
    d.save();
    d.line.sends(b"");
}

/// A message that was sent by an earlier process may have arrived, so it is not dropped for another.
#[test]
fn rule_12_the_next_process_knows_which_messages_were_sent() {
    let options = || {
        let options = durable().queue(2, 100, WhenFull::DropOldest);
        options.in_flight(1)
    };
    let mut d = Durable {
        line: Line::new(options()),
        store: Store::default(),
    };
    d.line.connect(NEW);
    d.save();
    d.line.publish(b"1", QoS::AtLeastOnce);
    d.save();
    d.line.sent();
    d.line.closed();
    d.line.publish(b"2", QoS::AtLeastOnce);
    d.line.pass(secs(1));
    d.line.open();
    d.save();
    d.line.sent();
    // The broker has lost the session, and closes this connection as well.
    d.line.client.on_read(&mut &NEW[..], d.line.now);
    d.line.closed();
    d.save();
    let mut line = Line::new(options());
    line.client = d.store.restore(options()).unwrap();
    assert_eq!(line.client.counters().queued, 2);
    line.publish(b"3", QoS::AtLeastOnce);
    assert_eq!(line.client.counters().queued, 2);
    let mut d = Durable {
        line,
        store: d.store,
    };
    d.line.open();
    d.save();
    d.line.sent();
    d.line.receive(NEW);
    for (id, payload) in [(2, b"1"), (3, b"3")] {
        d.save();
        d.line.sends(&message(id, 1, payload));
        d.line.receive(&puback(id));
    }
}

/// The client ends, and what it has accepted is for the next one.
#[test]
fn rule_12_the_end_of_a_client_removes_nothing_from_the_store() {
    for is_stored in [true, false] {
        let mut d = Durable {
            line: Line::new(durable()),
            store: Store::default(),
        };
        let request = d.line.publish(b"1", QoS::AtLeastOnce);
        if is_stored {
            d.save();
        }
        d.line.client.disconnect(d.line.now);
        let ended = Ended::Unfinished;
        assert_eq!(d.line.poll_transport(), Transport::Ended(ended.clone()));
        assert!(d.line.client.poll_outcome(request).is_some());
        d.line.client.withdraw(request);
        // `poll_transport` has collected the event.
        let asked = |event: &Event| matches!(event, Event::Persist { .. });
        assert_eq!(d.line.events.iter().any(asked), !is_stored);
        let changes = d.line.client.take_changes();
        d.store.write(changes);
        let full = d.line.client.full_image();
        assert_eq!(full.records, d.store.records());
        assert_eq!(d.store.records.len(), 1);
    }
}

/// Whatever was stored last, the next process loses nothing that was accepted, and repeats nothing
/// of QoS 2 that was acknowledged.
#[test]
fn rule_12_every_stored_version_is_a_state_to_go_on_from() {
    let options = || durable().in_flight(200);
    let mut d = Durable {
        line: Line::new(options()),
        store: Store::default(),
    };
    d.line.connect(NEW);
    d.save();
    let mut versions = Vec::new();
    let stream = d.line.client.messages();
    for n in 0..40u8 {
        d.line.publish(
            &[n],
            if n % 2 == 0 {
                QoS::AtLeastOnce
            } else {
                QoS::ExactlyOnce
            },
        );
        d.line.receive(&message(u16::from(n) + 1, 2, &[n]));
        d.line.take(stream);
        d.save();
        versions.push((n, d.store.clone(), d.line.client.clone()));
        for packet in d.line.sent().chunks(8).filter(|packet| packet.len() == 8) {
            let id = id_of(packet);
            let answer = if packet[0] == 0x32 {
                puback(id)
            } else {
                pubrec(id)
            };
            if n % 3 == 0 {
                d.line.receive(&answer);
            }
        }
        d.save();
    }
    for (n, store, mut client) in versions {
        let mut restored = store.restore(options()).unwrap();
        let (full, old) = (restored.full_image(), client.full_image());
        assert_eq!((full.image, full.records), (old.image, old.records), "{n}");
    }
}

/// The image is written with every change. Messages that wait for the application take room in
/// memory, not in it.
#[test]
fn rule_12_the_image_grows_only_with_what_it_has_to_hold() {
    let (mut line, stream) =
        Line::subscribed(kept().streams(5000, 1 << 20), QoS::ExactlyOnce, PRESENT);
    let length = line.client.full_image().image.len();
    for id in 1..=1000 {
        line.receive(&message(id, 1, b"."));
    }
    assert_eq!(line.client.full_image().image.len(), length);
    assert_eq!(line.take_all(stream).len(), 1000);
    line.sent();
    // What the broker has not released is in it.
    for id in 1..=100 {
        line.receive(&message(id, 2, b"."));
    }
    assert_eq!(line.take_all(stream).len(), 100);
    line.sent();
    let grown = line.client.full_image().image.len();
    assert!(grown > length && grown < length + 100 * 24, "{grown}");
}

/// The next process may have other options.
#[test]
fn rule_12_the_next_process_has_as_many_slots_as_it_needs_and_no_more() {
    let image = Line::new(kept().in_flight(16)).client.full_image().image;
    for in_flight in [16, 40] {
        let mut line = Line::new(kept());
        line.client = Client::restore(kept().in_flight(in_flight), &image, []).unwrap();
        let is_as_long = line.client.full_image().image.len() == image.len();
        assert_eq!(is_as_long, in_flight == 16);
        line.connect(NEW);
        for _ in 0..in_flight {
            line.publish(b"x", QoS::AtLeastOnce);
        }
    }
}

/// What is in the image of a message with QoS 1 is nothing, however often it arrives.
#[test]
fn rule_12_a_message_with_qos_1_leaves_nothing_in_the_image() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    let length = line.client.full_image().image.len();
    line.receive(&message(1, 1, b"1"));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.receive(&dup(message(1, 1, b"1")));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.sends(&puback(1));
    assert_eq!(line.client.full_image().image.len(), length);
}
