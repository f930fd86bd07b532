//! SUBSCRIBE, UNSUBSCRIBE and their answers: 3.8 to 3.11.
use crate::{encoded, malformed, packet, refused, same, script::*};
use motemq::{
    packet::{Filters, Packet, decode},
    *,
};

#[test]
fn mqtt_3_8_1_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a/b", 1), ("c/d", 2)]), Ok(id(1)));
    d.sends(b"\x82\x0e\0\x01\0\x03a/b\x01\0\x03c/d\x02");
    let list = [
        Filter::new("a/b", QoS::AtLeastOnce),
        Filter::new("c/d", QoS::ExactlyOnce),
    ];
    same(
        &Packet::Subscribe {
            id: id(1),
            filters: Filters::from(&list[..]),
        },
        b"\x82\x0e\0\x01\0\x03a/b\x01\0\x03c/d\x02",
    );
    for flags in (0..16).filter(|&flags| flags != 2) {
        malformed(&packet(0x80 | flags, &[b"\0\x01\0\x03a/b\x01"]));
    }
    // Only clients send it.
    d.receives(b"\x82\x06\0\x01\0\x01a\x01", &[fault(Fault::Unexpected)]);
}

#[test]
fn mqtt_3_8_3_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("\u{e9}/+", 0)]), Ok(id(1)));
    d.sends(b"\x82\x09\0\x01\0\x04\xc3\xa9/+\0");
    for (filter, error) in [
        ("a\0", SendError::Invalid),
        ("", SendError::Invalid),
        (&*"a".repeat(65_536), SendError::TooLong),
    ] {
        assert_eq!(d.subscribe(&[(filter, 0)]), Err(error));
        assert_eq!(d.subscribe(&[("a", 0), (filter, 0)]), Err(error));
    }
    d.sends_nothing();
    for wrong in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"a\0"] {
        malformed(&packet(0x82, &[b"\0\x01", &crate::field(wrong), b"\0"]));
    }
    // The filter, or its QoS, is not all there.
    for wrong in [
        &b"\0\x01\0"[..],
        b"\0\x01\0\x02a",
        b"\0\x01\0\x01a",
        b"\0\x01\0\x01a\0\0",
        b"\0\x01\0\x01a\0\0\x01b",
        b"\0",
    ] {
        malformed(&packet(0x82, &[wrong]));
    }
}

#[test]
fn mqtt_3_8_3_2() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a/+", 1)]), Ok(id(1)));
    d.receives(b"\x90\x03\0\x01\x80", &[subscribed(1, b"\x80")]);
    // The connection stays.
    assert!(matches!(d.publish(&Publish::to("t")), Ok(None)));
}

#[test]
fn mqtt_3_8_3_3() {
    let mut d = Dialogue::<4>::open();
    let before = d.session.clone();
    assert_eq!(d.subscribe(&[]), Err(SendError::Invalid));
    d.sends_nothing();
    assert_eq!(d.session, before);
    malformed(b"\x82\x02\0\x01");
    assert_eq!(
        encoded(&Packet::Subscribe {
            id: id(1),
            filters: Filters::from(&[][..])
        }),
        Err(SendError::Invalid)
    );
}

#[test]
fn mqtt_3_8_3_4() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a", 0), ("b", 1), ("c", 2)]), Ok(id(1)));
    d.sends(b"\x82\x0e\0\x01\0\x01a\0\0\x01b\x01\0\x01c\x02");
    for qos in 0..=255 {
        let bytes = packet(0x82, &[b"\0\x01\0\x01a", &[qos]]);
        if qos <= 2 {
            let list = [Filter::new("a", QoS::try_from(qos).unwrap())];
            same(
                &Packet::Subscribe {
                    id: id(1),
                    filters: Filters::from(&list[..]),
                },
                &bytes,
            );
        } else {
            malformed(&bytes);
        }
    }
}

#[test]
fn mqtt_3_8_4_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(1)));
    d.receives(b"\x90\x03\0\x01\x01", &[subscribed(1, b"\x01")]);
    // Answered by a connection that is lost, it has ended, in a session that continues, too.
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(1)));
    d.resumes(&[outcome_unknown(1), RESUMED]);
    d.receives(b"\x90\x03\0\x01\x01", &[]);
    // By an answer of the wrong kind the connection ends.
    for wrong in [
        &b"\x40\x02\0\x02"[..],
        b"\x50\x02\0\x02",
        b"\x70\x02\0\x02",
        b"\xb0\x02\0\x02",
    ] {
        let mut d = d.clone();
        assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(2)));
        d.receives(wrong, &[fault(Fault::Unexpected)]);
    }
}

#[test]
fn mqtt_3_8_4_2() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(
        (d.subscribe(&[("a", 1)]), d.subscribe(&[("b", 2)])),
        (Ok(id(1)), Ok(id(2)))
    );
    d.receives(
        b"\x90\x03\0\x02\x02\x90\x03\0\x01\x01",
        &[subscribed(2, b"\x02"), subscribed(1, b"\x01")],
    );
}

#[test]
fn mqtt_3_8_4_3() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a", 1)]), Ok(id(1)));
    assert_eq!(d.subscribe(&[("a", 2), ("a", 0)]), Ok(id(2)));
    d.sends(b"\x82\x06\0\x01\0\x01a\x01\x82\x0a\0\x02\0\x01a\x02\0\x01a\0");
}

#[test]
fn mqtt_3_8_4_4() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("a", 0), ("b", 1), ("c", 2)]), Ok(id(1)));
    d.sends(b"\x82\x0e\0\x01\0\x01a\0\0\x01b\x01\0\x01c\x02");
    d.receives(b"\x90\x05\0\x01\0\x01\x02", &[subscribed(1, b"\0\x01\x02")]);
    // As many as MQTT's answer and rx have room for, and not one more.
    let many = [("a", 0); 256];
    let mut d = Box::new(Dialogue::<4, 300, 2000>::open());
    assert_eq!(d.subscribe(&many), Err(SendError::TooLong));
    assert_eq!(d.subscribe(&many[1..]), Ok(id(1)));
    d.tx.clear();
    d.receives(
        packet(0x90, &[b"\0\x01", &[1; 255]]),
        &[subscribed(1, &[1; 255])],
    );
    let mut d = Dialogue::<4, 16, 200>::open();
    assert_eq!(d.subscribe(&many[..12]), Err(SendError::TooLong));
    assert_eq!(d.subscribe(&many[..11]), Ok(id(1)));
    d.tx.clear();
    d.receives(
        b"\x90\x0d\0\x01\0\x01\x02\0\x01\x02\0\x01\x02\0\x01",
        &[subscribed(1, b"\0\x01\x02\0\x01\x02\0\x01\x02\0\x01")],
    );
}

#[test]
fn mqtt_3_8_4_5() {
    for codes in [&b"\0"[..], b"\0\0\0", b"\x80", b"\0\x01\x02\x80"] {
        let mut d = Dialogue::<4>::open();
        assert_eq!(d.subscribe(&[("a", 0), ("b", 1)]), Ok(id(1)));
        d.tx.clear();
        d.receives(
            packet(0x90, &[b"\0\x01", codes]),
            &[fault(Fault::Malformed)],
        );
        d.sends_nothing();
    }
    refused(b"\x90\x02\0\x01");
    refused(b"\x90\x01\0");
    refused(b"\x90\0");
    assert_eq!(
        encoded(&Packet::SubAck {
            id: id(1),
            codes: b""
        }),
        Err(SendError::Invalid)
    );
}

#[test]
fn mqtt_3_8_4_6() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.subscribe(&[("t", 1)]), Ok(id(1)));
    d.tx.clear();
    d.receives(b"\x90\x03\0\x01\0", &[subscribed(1, b"\0")]);
    // A message that comes with more than was granted is acknowledged by what it came with.
    d.receives(b"\x34\x05\0\x01t\0\x05", &[message("t", b"").qos2(5)]);
    d.sends(b"\x50\x02\0\x05");
}

#[test]
fn mqtt_3_9_3_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(
        d.subscribe(&[("a", 2), ("b", 2), ("c", 2), ("d", 2)]),
        Ok(id(1))
    );
    d.receives(
        b"\x90\x06\0\x01\x02\x80\0\x01",
        &[subscribed(1, b"\x02\x80\0\x01")],
    );
    same(
        &Packet::SubAck {
            id: id(1),
            codes: b"\x02\x80\0\x01",
        },
        b"\x90\x06\0\x01\x02\x80\0\x01",
    );
}

#[test]
fn mqtt_3_9_3_2() {
    for code in 0..=255 {
        let mut d = Dialogue::<4>::open();
        assert_eq!(d.subscribe(&[("a", 2), ("b", 2)]), Ok(id(1)));
        for bytes in [[0x90, 4, 0, 1, code, 0], [0x90, 4, 0, 1, 0, code]] {
            let mut d = d.clone();
            if matches!(code, 0 | 1 | 2 | 0x80) {
                d.receives(bytes, &[subscribed(1, &bytes[4..])]);
                same(
                    &Packet::SubAck {
                        id: id(1),
                        codes: &bytes[4..],
                    },
                    &bytes,
                );
            } else {
                d.receives(bytes, &[fault(Fault::Malformed)]);
                refused(&bytes);
                assert_eq!(
                    encoded(&Packet::SubAck {
                        id: id(1),
                        codes: &bytes[4..]
                    }),
                    Err(SendError::Invalid)
                );
            }
        }
    }
}

#[test]
fn mqtt_3_10_1_1() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(1)));
    d.sends(b"\xa2\x05\0\x01\0\x01a");
    for flags in (0..16).filter(|&flags| flags != 2) {
        malformed(&packet(0xa0 | flags, &[b"\0\x01\0\x01a"]));
    }
    d.receives(b"\xa2\x05\0\x01\0\x01a", &[fault(Fault::Unexpected)]);
}

#[test]
fn mqtt_3_10_3_1() {
    let mut d = Dialogue::<8>::open();
    for number in 1..=6 {
        assert_eq!(d.unsubscribe(&["a"]), Ok(id(number)));
    }
    d.tx.clear();
    assert_eq!(d.unsubscribe(&["tfst", "test"]), Ok(id(7)));
    d.sends(b"\xa2\x0e\0\x07\0\x04tfst\0\x04test");
    let list = [
        Filter::new("tfst", QoS::AtMostOnce),
        Filter::new("test", QoS::AtMostOnce),
    ];
    same(
        &Packet::Unsubscribe {
            id: id(7),
            filters: Filters::from(&list[..]),
        },
        b"\xa2\x0e\0\x07\0\x04tfst\0\x04test",
    );
    // Of the filters the QoS is not sent.
    let list = [
        Filter::new("tfst", QoS::ExactlyOnce),
        Filter::new("test", QoS::AtLeastOnce),
    ];
    let unsubscribe = Packet::Unsubscribe {
        id: id(7),
        filters: Filters::from(&list[..]),
    };
    assert_eq!(
        encoded(&unsubscribe).unwrap(),
        b"\xa2\x0e\0\x07\0\x04tfst\0\x04test"
    );
    for (filter, error) in [
        ("a\0", SendError::Invalid),
        ("", SendError::Invalid),
        (&*"a".repeat(65_536), SendError::TooLong),
    ] {
        assert_eq!(d.unsubscribe(&["a", filter]), Err(error));
    }
    d.sends_nothing();
    for wrong in [
        &b"\0\x07\0\x04tfst\0\x04tes"[..],
        b"\0\x07\0\x04tfst\0",
        b"\0\x07\0\x01\xff",
        b"\0\x07\0\x02\xc3\x28",
        b"\0",
    ] {
        malformed(&packet(0xa2, &[wrong]));
    }
}

#[test]
fn mqtt_3_10_3_2() {
    let mut d = Dialogue::<4>::open();
    let before = d.session.clone();
    assert_eq!(d.unsubscribe(&[]), Err(SendError::Invalid));
    d.sends_nothing();
    assert_eq!(d.session, before);
    malformed(b"\xa2\x02\0\x01");
    assert_eq!(
        encoded(&Packet::Unsubscribe {
            id: id(1),
            filters: Filters::from(&[][..])
        }),
        Err(SendError::Invalid)
    );
}

#[test]
fn mqtt_3_10_4_2() {
    // A message that was on its way comes and is acknowledged like any other.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.unsubscribe(&["t"]), Ok(id(1)));
    d.tx.clear();
    d.receives(
        b"\x32\x05\0\x01t\0\x05\xb0\x02\0\x01\x32\x05\0\x01t\0\x06",
        &[
            message("t", b"").qos1(5),
            acked(1),
            message("t", b"").qos1(6),
        ],
    );
    d.sends(b"\x40\x02\0\x05\x40\x02\0\x06");
}

#[test]
fn mqtt_3_10_4_3() {
    let mut d = Dialogue::<4>::open();
    d.receives(b"\x34\x05\0\x01t\0\x05", &[message("t", b"").qos2(5)]);
    assert_eq!(d.unsubscribe(&["t"]), Ok(id(1)));
    d.sends(b"\x50\x02\0\x05\xa2\x05\0\x01\0\x01t");
    d.receives(
        b"\xb0\x02\0\x01\x3c\x05\0\x01t\0\x05\x62\x02\0\x05",
        &[acked(1)],
    );
    d.sends(b"\x50\x02\0\x05\x70\x02\0\x05");
}

#[test]
fn mqtt_3_10_4_4() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(
        (d.unsubscribe(&["a"]), d.unsubscribe(&["b"])),
        (Ok(id(1)), Ok(id(2)))
    );
    d.receives(b"\xb0\x02\0\x02", &[acked(2)]);
    assert_eq!(d.session.oldest_in_flight(), Some(id(1)));
    d.receives(b"\xb0\x02\0\x01", &[acked(1)]);
    for wrong in [
        &b"\x40\x02\0\x03"[..],
        b"\x50\x02\0\x03",
        b"\x70\x02\0\x03",
        b"\x90\x03\0\x03\0",
    ] {
        let mut d = d.clone();
        assert_eq!(d.unsubscribe(&["a"]), Ok(id(3)));
        d.receives(wrong, &[fault(Fault::Unexpected)]);
    }
}

#[test]
fn mqtt_3_10_4_6() {
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.unsubscribe(&["a", "b/+", "#"]), Ok(id(1)));
    d.sends(b"\xa2\x0d\0\x01\0\x01a\0\x03b/+\0\x01#");
    d.receives(b"\xb0\x02\0\x01", &[acked(1)]);
    assert!(matches!(
        decode(b"\xb0\x02\0\x01"),
        Ok(Some((Packet::UnsubAck(_), 4)))
    ));
}
