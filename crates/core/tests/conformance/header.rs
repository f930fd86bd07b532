//! The fixed header and packet identifiers: chapter 2.
use crate::{malformed, packet, refused, same, script::*};
use motemq::{
    packet::{Packet, decode},
    *,
};

#[test]
fn mqtt_2_2_2_1() {
    // All that a client sends, from the session.
    let mut d = Dialogue::<4>::new();
    d.connect(&Connect::new("c").keep_alive(1));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01c");
    d.receives(b"\x20\x02\0\0", &[NEW]);
    d.tick(0).unwrap();
    d.tick(1000).unwrap();
    d.sends(b"\xc0\0");
    assert_eq!(d.subscribe(&[("a", 2)]), Ok(id(1)));
    d.sends(b"\x82\x06\0\x01\0\x01a\x02");
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(2)));
    d.sends(b"\xa2\x05\0\x02\0\x01a");
    for (qos, retain, head) in [(0, false, 0x30), (0, true, 0x31)] {
        let mut publish = Publish::to("t").qos(QoS::try_from(qos).unwrap());
        publish.retain = retain;
        assert_eq!(d.publish(&publish), Ok(None));
        d.sends(packet(head, &[b"\0\x01t"]));
    }
    for (n, qos, retain, head) in [(3, 1, false, 0x32), (4, 1, true, 0x33)] {
        let mut publish = Publish::to("t").qos(QoS::try_from(qos).unwrap());
        publish.retain = retain;
        assert_eq!(d.publish(&publish), Ok(Some(id(n))));
        d.sends(packet(head, &[b"\0\x01t", &[0, n as u8]]));
    }
    let mut d = Dialogue::<4>::open();
    for (n, retain, head) in [(1, false, 0x34), (2, true, 0x35)] {
        let mut publish = Publish::to("t").qos(QoS::ExactlyOnce);
        publish.retain = retain;
        assert_eq!(d.publish(&publish), Ok(Some(id(n))));
        d.sends(packet(head, &[b"\0\x01t", &[0, n as u8]]));
    }
    d.receives(b"\x50\x02\0\x01", &[received(1)]);
    d.sends(b"\x62\x02\0\x01");
    d.receives(b"\x32\x05\0\x01t\0\x07", &[message("t", b"").qos1(7)]);
    d.sends(b"\x40\x02\0\x07");
    d.receives(b"\x34\x05\0\x01t\0\x08", &[message("t", b"").qos2(8)]);
    d.sends(b"\x50\x02\0\x08");
    d.receives(b"\x62\x02\0\x08", &[]);
    d.sends(b"\x70\x02\0\x08");
    assert_eq!(d.disconnect(), Ok(()));
    d.sends(b"\xe0\0");

    // All packets, from the codec.
    let filters = [Filter::new("a", QoS::AtMostOnce)];
    let filters = packet::Filters::from(&filters[..]);
    for (packet, bytes) in [
        (
            Packet::ConnAck {
                session_present: true,
                code: ReturnCode::ACCEPTED,
            },
            &b"\x20\x02\x01\0"[..],
        ),
        (
            Packet::ConnAck {
                session_present: false,
                code: ReturnCode::NOT_AUTHORIZED,
            },
            b"\x20\x02\0\x05",
        ),
        (Packet::PubAck(id(0x1234)), b"\x40\x02\x12\x34"),
        (Packet::PubRec(id(0x1234)), b"\x50\x02\x12\x34"),
        (Packet::PubRel(id(0x1234)), b"\x62\x02\x12\x34"),
        (Packet::PubComp(id(0x1234)), b"\x70\x02\x12\x34"),
        (
            Packet::Subscribe { id: id(1), filters },
            b"\x82\x06\0\x01\0\x01a\0",
        ),
        (
            Packet::SubAck {
                id: id(1),
                codes: b"\0\x01\x02\x80",
            },
            b"\x90\x06\0\x01\0\x01\x02\x80",
        ),
        (
            Packet::Unsubscribe { id: id(1), filters },
            b"\xa2\x05\0\x01\0\x01a",
        ),
        (Packet::UnsubAck(id(0xffff)), b"\xb0\x02\xff\xff"),
        (Packet::PingReq, b"\xc0\0"),
        (Packet::PingResp, b"\xd0\0"),
        (Packet::Disconnect, b"\xe0\0"),
    ] {
        same(&packet, bytes);
        // Without room for all of it nothing is written, now or ever.
        let (mut memory, short) = ([0; 16], bytes.len() - 1);
        let mut end = 0;
        assert_eq!(
            packet.encode(&mut Out::new(&mut memory[..short], &mut end)),
            Err(SendError::TooLong),
            "{packet:?}"
        );
        assert_eq!((end, &memory[short..]), (0, &[0; 16][short..]));
        end = 16 - short;
        assert_eq!(
            packet.encode(&mut Out::new(&mut memory, &mut end)),
            Err(SendError::Full),
            "{packet:?}"
        );
        assert_eq!(end, 16 - short);
    }
}

#[test]
fn mqtt_2_2_2_2() {
    // Each type with a body that is right, and the flags that are.
    let types: [(u8, &[u8], &[u8]); 16] = [
        (0x00, b"", &[]),
        (0x10, b"\0\x04MQTT\x04\x02\0\0\0\x01c", &[0]),
        (0x20, b"\0\0", &[0]),
        (0x30, b"\0\x01t\0\x01", &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13]),
        (0x40, b"\0\x01", &[0]),
        (0x50, b"\0\x01", &[0]),
        (0x60, b"\0\x01", &[2]),
        (0x70, b"\0\x01", &[0]),
        (0x80, b"\0\x01\0\x01a\0", &[2]),
        (0x90, b"\0\x01\0", &[0]),
        (0xa0, b"\0\x01\0\x01a", &[2]),
        (0xb0, b"\0\x01", &[0]),
        (0xc0, b"", &[0]),
        (0xd0, b"", &[0]),
        (0xe0, b"", &[0]),
        (0xf0, b"", &[]),
    ];
    for (kind, body, allowed) in types {
        for flags in 0..16 {
            let bytes = packet(kind | flags, &[body]);
            if allowed.contains(&flags) {
                assert!(
                    matches!(decode(&bytes), Ok(Some((_, n))) if n == bytes.len()),
                    "{}",
                    hex(&bytes)
                );
                let mut d = Dialogue::<4>::open();
                let emitted = d.feed(&bytes);
                // What only clients send, and a second CONNACK, are out of place; all else is
                // taken.
                let unexpected = matches!(kind, 0x10 | 0x20 | 0x80 | 0xa0 | 0xc0 | 0xe0);
                assert_eq!(
                    emitted.contains(&fault(Fault::Unexpected)),
                    unexpected,
                    "{}: {emitted:?}",
                    hex(&bytes)
                );
                assert_eq!(d.session.is_closed(), unexpected, "{}", hex(&bytes));
            } else {
                refused(&bytes);
                // The first byte suffices, and it is no better before CONNACK.
                malformed(&bytes[..1]);
                let mut d = Dialogue::<4>::new();
                d.connect(&Connect::new("c"));
                d.tx.clear();
                d.receives(&bytes, &[fault(Fault::Malformed)]);
                d.sends_nothing();
            }
        }
    }
}

#[test]
fn mqtt_2_3_1_1() {
    for wrong in [
        &b"\x32\x05\0\x01t\0\0"[..],
        b"\x34\x05\0\x01t\0\0",
        b"\x3a\x06\0\x01t\0\0p",
        b"\x3c\x06\0\x01t\0\0p",
        b"\x40\x02\0\0",
        b"\x50\x02\0\0",
        b"\x62\x02\0\0",
        b"\x70\x02\0\0",
        b"\x90\x03\0\0\0",
        b"\xb0\x02\0\0",
    ] {
        refused(wrong);
    }
    malformed(b"\x82\x06\0\0\0\x01a\0");
    malformed(b"\xa2\x05\0\0\0\x01a");
    // Any other will do.
    for number in [1, 2, 0xff, 0x100, 0x7fff, 0x8000, 0xffff] {
        let [high, low] = u16::to_be_bytes(number);
        let mut d = Dialogue::<4>::open();
        d.receives(
            packet(0x32, &[b"\0\x01t", &[high, low]]),
            &[message("t", b"").qos1(number)],
        );
        d.sends([0x40, 2, high, low]);
        d.receives(
            packet(0x34, &[b"\0\x01t", &[high, low]]),
            &[message("t", b"").qos2(number)],
        );
        d.sends([0x50, 2, high, low]);
        d.receives([0x62, 2, high, low], &[]);
        d.sends([0x70, 2, high, low]);
    }
    // Ours run from 1 to the number of slots, and then from 1 again: with the most slots there are,
    // too.
    let mut session = Box::new(Session::<[Slot; 65_535]>::new());
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let mut receive = |session: &mut Session, bytes: &[u8], tx: &mut Buffer<[u8; 64]>| {
        rx.space()[..bytes.len()].copy_from_slice(bytes);
        rx.commit(bytes.len());
        session.next_event(&mut rx, tx).unwrap().map(Emitted::from)
    };
    session
        .connect(&Connect::new("c"), &mut Buffer::<[u8; 64]>::new(), &mut tx)
        .unwrap();
    receive(&mut session, b"\x20\x02\0\0", &mut tx);
    for expected in (1..=65_535).chain(1..=2) {
        tx.clear();
        let [high, low] = u16::to_be_bytes(expected);
        assert_eq!(
            session.publish(&Publish::to("t").qos(QoS::AtLeastOnce), &mut tx),
            Ok(Some(id(expected)))
        );
        assert_eq!(tx.bytes(), [0x32, 5, 0, 1, b't', high, low]);
        assert_eq!(
            receive(&mut session, &[0x40, 2, high, low], &mut tx),
            Some(acked(expected))
        );
    }
}

#[test]
fn mqtt_2_3_1_2() {
    let reading = Publish::to("t").qos(QoS::AtLeastOnce);
    let mut d = Dialogue::<3>::open();
    // All three kinds share one space.
    assert_eq!(d.publish(&reading), Ok(Some(id(1))));
    assert_eq!(d.subscribe(&[("a", 0)]), Ok(id(2)));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(3)));
    d.sends(b"\x32\x05\0\x01t\0\x01\x82\x06\0\x02\0\x01a\0\xa2\x05\0\x03\0\x01a");
    // With all of it in use nothing that needs an identifier can be sent.
    assert_eq!(d.publish(&reading), Err(SendError::Busy));
    assert_eq!(
        d.publish(&reading.qos(QoS::ExactlyOnce)),
        Err(SendError::Busy)
    );
    assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Busy));
    assert_eq!(d.unsubscribe(&["a"]), Err(SendError::Busy));
    d.sends_nothing();
    assert_eq!(d.publish(&reading.qos(QoS::AtMostOnce)), Ok(None));
    d.sends(b"\x30\x03\0\x01t");
    // Nor while the oldest is: its turn comes first.
    d.receives(
        b"\xb0\x02\0\x03\x90\x03\0\x02\0",
        &[acked(3), subscribed(2, b"\0")],
    );
    assert_eq!(
        (d.publish(&reading), d.session.oldest_in_flight()),
        (Err(SendError::Busy), Some(id(1)))
    );
    d.receives(b"\x40\x02\0\x01", &[acked(1)]);
    assert_eq!(d.publish(&reading), Ok(Some(id(1))));
    assert_eq!(d.publish(&reading), Ok(Some(id(2))));
    d.receives(b"\x40\x02\0\x01", &[acked(1)]);
    assert_eq!(d.publish(&reading), Ok(Some(id(3))));
    assert_eq!(d.publish(&reading), Ok(Some(id(1))));
    assert_eq!(
        (d.publish(&reading), d.session.oldest_in_flight()),
        (Err(SendError::Busy), Some(id(2)))
    );
    d.sends(
        b"\x32\x05\0\x01t\0\x01\x32\x05\0\x01t\0\x02\x32\x05\0\x01t\0\x03\x32\x05\0\x01t\0\x01",
    );
}

#[test]
fn mqtt_2_3_1_3() {
    let reading = Publish::to("t").payload(b"p");
    let mut d = Dialogue::<1>::open_kept();
    assert_eq!(d.publish(&reading.qos(QoS::ExactlyOnce)), Ok(Some(id(1))));
    d.sends(b"\x34\x06\0\x01t\0\x01p");
    assert_eq!(
        d.publish(&reading.qos(QoS::AtLeastOnce)),
        Err(SendError::Busy)
    );
    // Again over the next connection, with the same identifier.
    d.resumes(&[RESUMED, resend(1, QoS::ExactlyOnce)]);
    assert_eq!(d.republish(1, &reading.qos(QoS::ExactlyOnce)), Ok(()));
    d.sends(b"\x3c\x06\0\x01t\0\x01p");
    d.receives(b"\x50\x02\0\x01", &[received(1)]);
    d.sends(b"\x62\x02\0\x01");
    assert_eq!(
        d.publish(&reading.qos(QoS::AtLeastOnce)),
        Err(SendError::Busy)
    );
    d.resumes(&[RESUMED]);
    d.sends(b"\x62\x02\0\x01");
    assert_eq!(
        d.publish(&reading.qos(QoS::AtLeastOnce)),
        Err(SendError::Busy)
    );
    d.receives(b"\x70\x02\0\x01", &[acked(1)]);
    // Now it is free, for each of the others in turn, and until the answer comes.
    assert_eq!(d.publish(&reading.qos(QoS::AtLeastOnce)), Ok(Some(id(1))));
    assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Busy));
    d.receives(b"\x40\x02\0\x01", &[acked(1)]);
    assert_eq!(d.subscribe(&[("a", 0)]), Ok(id(1)));
    assert_eq!(d.unsubscribe(&["a"]), Err(SendError::Busy));
    d.receives(b"\x90\x03\0\x01\0", &[subscribed(1, b"\0")]);
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(1)));
    assert_eq!(
        d.publish(&reading.qos(QoS::ExactlyOnce)),
        Err(SendError::Busy)
    );
    d.receives(b"\xb0\x02\0\x01", &[acked(1)]);
    assert_eq!(d.publish(&reading.qos(QoS::ExactlyOnce)), Ok(Some(id(1))));
}

#[test]
fn mqtt_2_3_1_4() {
    // The broker's identifiers and ours do not meet, in one and the same slot.
    let mut d = Dialogue::<1>::open();
    d.receives(b"\x34\x05\0\x01t\0\x01", &[message("t", b"").qos2(1)]);
    d.sends(b"\x50\x02\0\x01");
    assert_eq!(
        d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)),
        Ok(Some(id(1)))
    );
    d.sends(b"\x34\x05\0\x01t\0\x01");
    d.receives(b"\x50\x02\0\x01", &[received(1)]);
    d.sends(b"\x62\x02\0\x01");
    d.receives(b"\x62\x02\0\x01", &[]);
    d.sends(b"\x70\x02\0\x01");
    assert_eq!(d.session.oldest_in_flight(), Some(id(1)));
    d.receives(b"\x70\x02\0\x01", &[acked(1)]);
    assert_eq!(d.session.oldest_in_flight(), None);
}

#[test]
fn mqtt_2_3_1_5() {
    let mut d = Dialogue::<2>::open();
    assert_eq!(d.publish(&Publish::to("t").payload(b"\0\x01p")), Ok(None));
    let bytes = b"\x30\x06\0\x01t\0\x01p";
    d.sends(bytes);
    d.receives(bytes, &[message("t", b"\0\x01p")]);
    // Two bytes that would be a wrong identifier, one that would be half of one, and none.
    d.receives(
        b"\x30\x05\0\x01t\0\0\x31\x04\0\x01t\x05\x30\x03\0\x01t",
        &[
            message("t", b"\0\0"),
            message("t", b"\x05").retain(),
            message("t", b""),
        ],
    );
    d.sends_nothing();
    let packet = |id, qos| Packet::Publish {
        dup: false,
        qos,
        retain: false,
        id,
        topic: TopicName::new("t").unwrap(),
        payload: b"\0\x01p",
    };
    same(&packet(None, QoS::AtMostOnce), bytes);
    assert_eq!(
        crate::encoded(&packet(Some(id(1)), QoS::AtMostOnce)),
        Err(SendError::Invalid)
    );
    assert_eq!(
        crate::encoded(&packet(None, QoS::AtLeastOnce)),
        Err(SendError::Invalid)
    );
    assert_eq!(
        crate::encoded(&packet(None, QoS::ExactlyOnce)),
        Err(SendError::Invalid)
    );
    // With QoS 1 and 2 it is missing.
    for wrong in [
        &b"\x32\x03\0\x01t"[..],
        b"\x32\x04\0\x01t\0",
        b"\x34\x03\0\x01t",
        b"\x34\x04\0\x01t\x01",
    ] {
        refused(wrong);
    }
}

#[test]
fn mqtt_2_3_1_6() {
    for number in [1, 0x1234, 0xff00, 0xffff] {
        let [high, low] = u16::to_be_bytes(number);
        let mut d = Dialogue::<2>::open();
        d.receives(
            [0x32, 6, 0, 1, b't', high, low, b'p'],
            &[message("t", b"p").qos1(number)],
        );
        d.sends([0x40, 2, high, low]);
        d.receives(
            [0x34, 6, 0, 1, b't', high, low, b'p'],
            &[message("t", b"p").qos2(number)],
        );
        d.sends([0x50, 2, high, low]);
        d.receives([0x62, 2, high, low], &[]);
        d.sends([0x70, 2, high, low]);
    }
    // And ours, in any order.
    let mut d = Dialogue::<8>::open();
    for number in 1..=3 {
        assert_eq!(
            d.publish(&Publish::to("t").qos(QoS::ExactlyOnce)),
            Ok(Some(id(number)))
        );
    }
    d.sends(b"\x34\x05\0\x01t\0\x01\x34\x05\0\x01t\0\x02\x34\x05\0\x01t\0\x03");
    for number in [2, 3, 1] {
        d.receives([0x50, 2, 0, number], &[received(number.into())]);
        d.sends([0x62, 2, 0, number]);
    }
}

#[test]
fn mqtt_2_3_1_7() {
    // An answer to what was never asked completes nothing, and is no harm.
    let mut d = Dialogue::<2>::open();
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(1)));
    assert_eq!(d.unsubscribe(&["b"]), Ok(id(2)));
    d.sends(b"\x82\x06\0\x01\0\x01a\x01\xa2\x05\0\x02\0\x01b");
    for number in [3, 0xff, 0x0100, 0x0201, 0xffff] {
        let [high, low] = u16::to_be_bytes(number);
        d.receives(
            [
                0x90, 3, high, low, 1, 0xb0, 2, high, low, 0x40, 2, high, low, 0x70, 2, high, low,
            ],
            &[],
        );
    }
    d.sends_nothing();
    d.receives(
        b"\xb0\x02\0\x02\x90\x03\0\x01\x01",
        &[acked(2), subscribed(1, b"\x01")],
    );
    d.receives(b"\xb0\x02\0\x02\x90\x03\0\x01\x01", &[]);
}
