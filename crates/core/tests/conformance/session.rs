//! Keep-alive, the end of connections, session state, resumption and errors: 3.12, 3.14, 4.1, 4.4,
//! 4.8, 6 and 7.
use crate::{malformed, refused, same, script::*};
use motemq::{packet::Packet, *};

const ONCE: Publish<'_> = Publish::to("t").payload(b"p").qos(QoS::AtLeastOnce);
const EXACTLY: Publish<'_> = Publish::to("t").payload(b"p").qos(QoS::ExactlyOnce);

#[test]
fn mqtt_3_12_4_1() {
    let open = || {
        let mut d = Dialogue::<4>::new();
        d.connect(&Connect::new("c").keep_alive(60).timeout(5));
        d.tx.clear();
        d.receives(b"\x20\x02\0\0", &[NEW]);
        assert_eq!(d.tick(0), Ok(Some(45_000)));
        assert_eq!(d.tick(45_000), Ok(Some(5000)));
        d.sends(b"\xc0\0");
        d
    };
    // No answer: the second tick reports it, so that the caller can read in between.
    let mut d = open();
    assert_eq!(d.tick(49_999), Ok(Some(1)));
    assert_eq!(d.tick(50_000), Ok(Some(0)));
    let mut read = d.clone();
    assert_eq!(d.tick(50_000), Err(Fault::Timeout));
    assert!(d.session.is_closed());
    d.sends_nothing();
    read.receives(b"\xd0\0", &[]);
    assert_eq!(read.tick(50_000), Ok(Some(40_000)));
    // Answered, or a sign of life.
    let mut d = open();
    d.receives(b"\xd0\0", &[]);
    assert_eq!(d.tick(50_000), Ok(Some(40_000)));
    let mut d = open();
    d.receives(b"\x30", &[]);
    assert_eq!(d.tick(49_000), Ok(Some(5000)));
    assert_eq!(
        (d.tick(54_000), d.tick(54_000)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
    // Unasked for it is no harm; with something in it, it is none.
    let mut d = Dialogue::<4>::open();
    d.receives(b"\xd0\0\xd0\0", &[]);
    d.sends_nothing();
    refused(b"\xd0\x01\0");
    malformed(b"\xc0\x01\0");
    // Only clients ask.
    d.receives(b"\xc0\0", &[fault(Fault::Unexpected)]);
    d.sends_nothing();
}

#[test]
fn mqtt_3_14_1_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.disconnect(), Ok(()));
    d.sends(b"\xe0\0");
    same(&Packet::Disconnect, b"\xe0\0");
    for head in 0xe1..=0xef {
        refused(&[head, 0]);
    }
    malformed(b"\xe0\x01\0");
    // A broker does not send it.
    let mut d = Dialogue::<4>::open();
    d.receives(b"\xe0\0", &[fault(Fault::Unexpected)]);
}

#[test]
fn mqtt_3_14_4_1() {
    let mut d = Dialogue::<4>::open();
    assert!(!d.session.is_closed());
    assert_eq!(d.disconnect(), Ok(()));
    // The caller is to write the remaining bytes, and then to close the connection.
    assert!(d.session.is_closed());
    assert_eq!(d.tick(1000), Ok(None));
    d.sends(b"\xe0\0");
}

#[test]
fn mqtt_3_14_4_2() {
    let mut d = Dialogue::<4>::open();
    d.buffer(b"\x32\x05\0\x01t\0\x05\x32\x05\0\x01t\0\x06\x34\x05\0\x01t\0\x07");
    assert_eq!(d.next_event(), Some(message("t", b"").qos1(5)));
    // The message in hand is acknowledged before; those behind never.
    assert_eq!(d.disconnect(), Ok(()));
    assert_eq!(d.drain_events(), []);
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
    assert_eq!(d.publish(&ONCE), Err(SendError::Offline));
    assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Offline));
    assert_eq!(d.unsubscribe(&["a"]), Err(SendError::Offline));
    assert_eq!(d.disconnect(), Err(SendError::Offline));
    assert_eq!((d.tick(0), d.tick(1_000_000)), (Ok(None), Ok(None)));
    d.sends(b"\x40\x02\0\x05\xe0\0");
    // Without room for both neither is sent, and nothing changes.
    let mut d = Dialogue::<4, 256, 16>::open();
    assert_eq!(d.publish(&Publish::to("t").payload(b"123456")), Ok(None));
    d.buffer(b"\x34\x05\0\x01t\0\x05");
    assert_eq!(d.next_event(), Some(message("t", b"").qos2(5)));
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Full));
    let before = (d.session.clone(), d.tx.clone());
    assert_eq!(d.disconnect(), Err(SendError::Full));
    assert_eq!((d.session.clone(), d.tx.clone()), before);
    d.sends(b"\x30\x09\0\x01t123456");
    assert_eq!(d.disconnect(), Ok(()));
    d.sends(b"\x50\x02\0\x05\xe0\0");
    // Just enough room.
    let mut d = Dialogue::<4, 256, 16>::open();
    assert_eq!(d.publish(&Publish::to("t").payload(b"12345")), Ok(None));
    d.buffer(b"\x34\x05\0\x01t\0\x05");
    assert_eq!(
        (d.next_event(), d.disconnect()),
        (Some(message("t", b"").qos2(5)), Ok(()))
    );
    d.sends(b"\x30\x08\0\x01t12345\x50\x02\0\x05\xe0\0");
    // Nor in the middle of a packet.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&Publish::to("t").remaining(1)), Ok(None));
    assert_eq!(d.disconnect(), Err(SendError::Busy));
    assert_eq!(d.session.publish_chunk(b"p", &mut d.tx), Ok(1));
    assert_eq!(d.disconnect(), Ok(()));
    assert_eq!(
        d.session.publish_chunk(b"p", &mut d.tx),
        Err(SendError::Offline)
    );
    d.sends(b"\x30\x04\0\x01tp\xe0\0");
}

#[test]
fn mqtt_4_1_0_1() {
    type Mine = Session<[Slot; 4]>;
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(2))));
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(3))));
    d.receives(
        b"\x50\x02\0\x03\x34\x05\0\x01u\0\x09",
        &[received(3), message("u", b"").qos2(9)],
    );
    d.tx.clear();
    let mut image = [0; Mine::IMAGE];
    d.session.save(&mut image).unwrap();
    let mut restored = Dialogue::<4>::new();
    restored.session.restore(&image).unwrap();
    // A connection that was lost, one that ended by a fault, and a process that began again.
    let mut faulty = d.clone();
    faulty.receives(b"\0", &[fault(Fault::Malformed)]);
    for mut d in [d, faulty, restored] {
        for _ in 0..2 {
            d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
        }
        assert_eq!(d.republish(1, &ONCE), Ok(()));
        assert_eq!(d.drain_events(), [resend(2, QoS::ExactlyOnce)]);
        assert_eq!(d.republish(2, &EXACTLY), Ok(()));
        assert_eq!(d.drain_events(), []);
        d.sends(b"\x3a\x06\0\x01t\0\x01p\x3c\x06\0\x01t\0\x02p\x62\x02\0\x03");
        d.receives(b"\x3c\x05\0\x01u\0\x09\x62\x02\0\x09", &[]);
        d.sends(b"\x50\x02\0\x09\x70\x02\0\x09");
        assert_eq!(d.publish(&ONCE), Ok(Some(id(4))));
    }
}

#[test]
fn mqtt_4_1_0_2() {
    // Nothing runs out while connected, however long it takes.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(2))));
    d.receives(b"\x34\x05\0\x01u\0\x09", &[message("u", b"").qos2(9)]);
    d.tx.clear();
    for n in 0..10u32 {
        assert_eq!(d.tick(n.wrapping_mul(1_000_000_000)), Ok(None));
    }
    d.sends_nothing();
    d.receives(b"\x3c\x05\0\x01u\0\x09", &[]);
    d.receives(
        b"\x40\x02\0\x01\x50\x02\0\x02\x70\x02\0\x02",
        &[acked(1), received(2), acked(2)],
    );
}

#[test]
fn mqtt_4_4_0_1() {
    let mut d = Dialogue::<8>::open_kept();
    assert_eq!(d.publish(&ONCE), Ok(Some(id(1))));
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(2))));
    assert_eq!(d.publish(&EXACTLY), Ok(Some(id(3))));
    d.receives(b"\x50\x02\0\x03", &[received(3)]);
    d.tx.clear();
    // Not without a new connection.
    for ms in [0, 1_000_000, 2_000_000_000] {
        assert_eq!((d.tick(ms), d.drain_events()), (Ok(None), vec![]));
    }
    d.sends_nothing();
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    // New ones wait; what is not resent may go.
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    assert_eq!(d.publish(&EXACTLY), Err(SendError::Busy));
    assert_eq!(d.publish(&Publish::to("q")), Ok(None));
    d.receives(b"\x30\x03\0\x01t", &[message("t", b"")]);
    // Only what was asked for, as it was.
    assert_eq!(d.republish(2, &EXACTLY), Err(SendError::Invalid));
    assert_eq!(d.republish(1, &EXACTLY), Err(SendError::Invalid));
    assert_eq!(d.republish(1, &ONCE), Ok(()));
    assert_eq!(d.republish(1, &ONCE), Err(SendError::Invalid));
    assert_eq!(d.drain_events(), [resend(2, QoS::ExactlyOnce)]);
    assert_eq!(d.publish(&ONCE), Err(SendError::Busy));
    assert_eq!(d.republish(2, &EXACTLY), Ok(()));
    assert_eq!(d.drain_events(), []);
    assert_eq!(d.publish(&ONCE), Ok(Some(id(4))));
    d.sends(b"\x30\x03\0\x01q\x3a\x06\0\x01t\0\x01p\x3c\x06\0\x01t\0\x02p\x62\x02\0\x03\x32\x06\0\x01t\0\x04p");
    // The documented departure: for a payload that is gone PUBREL stands in.
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert_eq!(d.abandon(2), Err(SendError::Invalid));
    assert_eq!(d.abandon(1), Ok(()));
    d.sends_nothing();
    assert_eq!(d.drain_events(), [resend(2, QoS::ExactlyOnce)]);
    assert_eq!(d.abandon(2), Ok(()));
    d.sends(b"\x62\x02\0\x02");
    assert_eq!(d.drain_events(), [resend(4, QoS::AtLeastOnce)]);
    d.sends(b"\x62\x02\0\x03");
    d.receives(b"\x70\x02\0\x02", &[acked(2)]);
}

#[test]
fn mqtt_4_8_0_1() {
    // Packets before the wrong one are handled; the wrong one and all behind it are not, and nothing
    // more is sent.
    let right = b"\x30\x03\0\x01t";
    for (wrong, reason) in [
        (&b"\0\0"[..], Fault::Malformed),
        (b"\xf0\0", Fault::Malformed),
        (b"\x36\x05\0\x01t\0\x01", Fault::Malformed),
        (b"\x32\x05\0\x01t\0\0", Fault::Malformed),
        (b"\x30\x03\0\x01#", Fault::Malformed),
        (b"\x30\xff\xff\xff\xff", Fault::Malformed),
        (b"\x40\x03\0\x01\0", Fault::Malformed),
        (b"\x20\x02\0\0", Fault::Unexpected),
        (b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c", Fault::Unexpected),
        (b"\x82\x06\0\x01\0\x01a\0", Fault::Unexpected),
        (b"\xa2\x05\0\x01\0\x01a", Fault::Unexpected),
        (b"\xc0\0", Fault::Unexpected),
        (b"\xe0\0", Fault::Unexpected),
    ] {
        let mut d = Dialogue::<4>::open();
        let bytes = [&right[..], wrong, right].concat();
        d.receives(&bytes, &[message("t", b""), fault(reason)]);
        d.sends_nothing();
        assert!(d.session.is_closed());
        d.buffer(right);
        assert_eq!(
            (d.drain_events(), d.tick(0), d.tick(1_000_000)),
            (vec![], Ok(None), Ok(None))
        );
        assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
        assert_eq!(d.disconnect(), Err(SendError::Offline));
        d.sends_nothing();
        // Over a new connection all is well.
        d.connect(&Connect::new("c").keep_alive(0));
        d.tx.clear();
        d.receives(b"\x20\x02\0\0\x30\x03\0\x01t", &[NEW, message("t", b"")]);
    }
}

#[test]
fn mqtt_4_8_0_2() {
    // Messages that find no place end the connection, and are not acknowledged.
    let mut d = Dialogue::<2>::open_kept();
    let three = b"\x34\x05\0\x01t\0\x01\x34\x05\0\x01t\0\x02\x34\x05\0\x01t\0\x03";
    d.receives(
        three,
        &[message("t", b"").qos2(1), message("t", b"").qos2(2)],
    );
    d.sends(b"\x50\x02\0\x01\x50\x02\0\x02");
    let mut full = d.clone();
    assert_eq!(full.drain_events(), [fault(Fault::TooManyQos2)]);
    full.sends_nothing();
    // But those that did are completed, and the others come.
    full.resumes(&[RESUMED]);
    full.receives(b"\x62\x02\0\x01", &[]);
    full.receives(
        b"\x3c\x05\0\x01t\0\x02\x3c\x05\0\x01t\0\x03",
        &[message("t", b"").qos2(3).dup()],
    );
    full.sends(b"\x70\x02\0\x01\x50\x02\0\x02\x50\x02\0\x03");
    // A packet that cannot be read in pieces.
    let mut d = Dialogue::<2, 16>::open();
    d.receives(
        b"\x90\x0f\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0",
        &[fault(Fault::PacketTooLarge)],
    );
    d.sends_nothing();
}

#[test]
fn mqtt_6_0_0_2() {
    // However a transport cuts the stream: here in two at every place. All other tests receive all
    // bytes at once, and one by one.
    let stream = b"\x20\x02\0\0\x90\x03\0\x01\x01\x30\x05\0\x01thi\x34\x06\0\x01u\0\x05x\x62\x02\0\x05\xd0\0\x32\x05\0\x01v\0\x06";
    let emitted = [
        NEW,
        message("t", b"hi"),
        message("u", b"x").qos2(5),
        message("v", b"").qos1(6),
    ];
    for cut in 0..=stream.len() {
        let mut d = Dialogue::<4>::new();
        d.connect(&Connect::new("c"));
        d.tx.clear();
        let mut emitted_in_parts = d.feed(&stream[..cut]);
        emitted_in_parts.extend(d.feed(&stream[cut..]));
        assert_eq!(emitted_in_parts, emitted, "cut at {cut}");
        d.sends(b"\x50\x02\0\x05\x70\x02\0\x05\x40\x02\0\x06");
    }
}

#[test]
fn mqtt_7_1_2_1() {
    // All that a session asks of its transport is bytes in order: written as they can be, a few at
    // a time ...
    let mut d = Dialogue::<4>::new();
    d.connect(&Connect::new("c").keep_alive(0));
    let mut written = Vec::new();
    while !d.tx.is_empty() {
        let n = d.tx.bytes().len().min(3);
        written.extend_from_slice(&d.tx.bytes()[..n]);
        d.tx.consume(n);
    }
    assert_eq!(written, b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
    // ... while others are appended ...
    d.receives(b"\x20\x02\0\0", &[NEW]);
    let mut written = Vec::new();
    for payload in [b"1", b"2", b"3", b"4"] {
        assert_eq!(d.publish(&Publish::to("t").payload(payload)), Ok(None));
        written.extend_from_slice(&d.tx.bytes()[..5]);
        d.tx.consume(5);
    }
    written.extend_from_slice(d.tx.bytes());
    assert_eq!(
        written,
        b"\x30\x04\0\x01t1\x30\x04\0\x01t2\x30\x04\0\x01t3\x30\x04\0\x01t4"
    );
    d.tx.clear();
    // ... and read as they come, several packets and a half at once.
    d.receives(
        b"\x30\x04\0\x01t1\x30\x04\0\x01t2\x30\x04\0",
        &[message("t", b"1"), message("t", b"2")],
    );
    d.receives(b"\x01t3\x30", &[message("t", b"3")]);
    d.receives(b"\x04\0\x01t4", &[message("t", b"4")]);
}
