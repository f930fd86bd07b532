//! CONNECT: 3.1.
use crate::{encoded, field, malformed, packet, script::*};
use motemq::{
    packet::{Packet, decode},
    *,
};

/// Returns the bytes that a session sends at the beginning of a connection; the codec writes the
/// same, and reads the same from them.
#[track_caller]
pub fn sent(connect: &Connect<'_>) -> Vec<u8> {
    let mut d = Dialogue::<4>::new();
    d.connect(connect);
    let bytes = d.tx.bytes().to_vec();
    let packet = Packet::Connect(connect.timeout(0));
    assert_eq!(encoded(&packet), Ok(bytes.clone()));
    assert_eq!(decode(&bytes), Ok(Some((packet, bytes.len()))));
    bytes
}

/// A CONNECT with these flags, keep-alive 0, and these fields.
pub fn packet_with(flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|bytes| field(bytes)).collect();
    packet(0x10, &[b"\0\x04MQTT\x04", &[flags], b"\0\0", &fields])
}

/// No keep-alive.
pub fn connect(client_id: &str) -> Connect<'_> {
    Connect::new(client_id).keep_alive(0)
}

/// Connecting fails, and nothing is written, neither by a session nor by the codec.
#[track_caller]
pub fn cannot(connect: &Connect<'_>, error: SendError) {
    let mut d = Box::new(Dialogue::<4, 256, 70_000>::new());
    assert_eq!(
        d.session.connect(connect, &mut d.rx, &mut d.tx),
        Err(error),
        "{connect:?}"
    );
    d.sends_nothing();
    assert!(d.session.is_closed());
    assert_eq!(
        encoded(&Packet::Connect(*connect)),
        Err(error),
        "{connect:?}"
    );
}

/// A session that has sent CONNECT and waits for CONNACK.
pub fn waiting(connect: &Connect<'_>) -> Dialogue<4> {
    let mut d = Dialogue::new();
    d.connect(connect);
    d.tx.clear();
    d
}

/// Every combination of options, with the flags and fields it gives.
pub fn combinations() -> Vec<(Connect<'static>, u8, Vec<&'static [u8]>)> {
    let mut all = Vec::new();
    for clean in [true, false] {
        for will in [
            None,
            Some((0, false)),
            Some((0, true)),
            Some((1, false)),
            Some((1, true)),
            Some((2, false)),
            Some((2, true)),
        ] {
            for login in 0..3 {
                let mut c = if clean {
                    connect("id")
                } else {
                    connect("id").keep_session()
                };
                let mut flags = if clean { 0x02 } else { 0 };
                let mut fields = vec![&b"id"[..]];
                if let Some((qos, retain)) = will {
                    let publish = Publish::to("w/t")
                        .payload(b"bye")
                        .qos(QoS::try_from(qos).unwrap());
                    c = c.will(if retain { publish.retain() } else { publish });
                    flags |= [0x04, 0x0c, 0x14][usize::from(qos)] | if retain { 0x20 } else { 0 };
                    fields.extend([&b"w/t"[..], b"bye"]);
                }
                if login == 1 {
                    c = c.user("me");
                    flags |= 0x80;
                    fields.push(b"me");
                }
                if login == 2 {
                    c = c.login("me", b"pw");
                    flags |= 0xc0;
                    fields.extend([&b"me"[..], b"pw"]);
                }
                all.push((c, flags, fields));
            }
        }
    }
    assert_eq!(all.len(), 42);
    all
}

#[test]
fn mqtt_3_1_0_1() {
    let mut d = Dialogue::<4>::new();
    // Before it nothing can be sent ...
    let nothing = |d: &mut Dialogue<4>| {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            assert_eq!(
                d.publish(&Publish::to("t").qos(qos)),
                Err(SendError::Offline)
            );
        }
        assert_eq!(d.subscribe(&[("a", 0)]), Err(SendError::Offline));
        assert_eq!(d.unsubscribe(&["a"]), Err(SendError::Offline));
        assert_eq!(d.disconnect(), Err(SendError::Offline));
        assert_eq!(
            d.republish(1, &Publish::to("t").qos(QoS::AtLeastOnce)),
            Err(SendError::Offline)
        );
        assert_eq!(d.abandon(1), Err(SendError::Offline));
        assert_eq!(
            d.session.publish_chunk(b"a", &mut d.tx),
            Err(SendError::Offline)
        );
    };
    nothing(&mut d);
    assert_eq!(d.tick(1_000_000), Ok(None));
    d.sends_nothing();
    // ... and behind it nothing before the broker has accepted it, neither by commands nor by the
    // clock.
    d.connect(&Connect::new("c").keep_alive(1).timeout(0));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01c");
    nothing(&mut d);
    assert_eq!((d.tick(0), d.tick(5000)), (Ok(None), Ok(None)));
    d.sends_nothing();
    // A packet half sent and one half read end with their connection.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&Publish::to("t").remaining(5)), Ok(None));
    d.receives(b"\x32\x07\0\x01t", &[]);
    d.session.on_connection_lost();
    d.connect(&connect("c"));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
    d.receives(b"\x20\x02\0\0", &[NEW]);
    assert_eq!(
        (d.session.payload_remaining(), d.publish(&Publish::to("t"))),
        (0, Ok(None))
    );
    d.sends(b"\x30\x03\0\x01t");
    // Whatever was in tx belonged to the last connection.
    let mut d = Dialogue::<4>::open();
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    d.session.on_connection_lost();
    d.connect(&connect("c"));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
}

#[test]
fn mqtt_3_1_0_2() {
    // To connect is to begin a new connection: there is never a second CONNECT behind a first, even
    // if the old transport was not given up.
    let mut d = Dialogue::<4>::new();
    d.connect(&connect("a"));
    d.connect(&connect("b"));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01b");
    d.receives(b"\x20\x02\0\0", &[NEW]);
    d.buffer(b"\x30\x03\0\x01");
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    d.connect(&connect("c"));
    d.sends(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c");
    d.receives(b"\x20\x02\0\0", &[NEW]);
    // From a broker it is out of place, before and behind CONNACK.
    d.receives(
        b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c",
        &[fault(Fault::Unexpected)],
    );
    waiting(&connect("c")).receives(
        b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c",
        &[fault(Fault::Unexpected)],
    );
}

#[test]
fn mqtt_3_1_2_1() {
    for (connect, ..) in combinations() {
        assert_eq!(sent(&connect)[2..8], *b"\0\x04MQTT");
    }
    for name in [
        &b"\0\x04mqtt"[..],
        b"\0\x04MQTT ",
        b"\0\x06MQIsdp",
        b"\0\x03MQT",
        b"\0\x05MQTTT",
        b"\0\0",
        b"\x04\0MQTT",
    ] {
        malformed(&packet(0x10, &[name, b"\x04\x02\0\0\0\x01c"]));
    }
}

#[test]
fn mqtt_3_1_2_2() {
    for (connect, ..) in combinations() {
        assert_eq!(sent(&connect)[8], 4);
    }
    for level in (0..=255).filter(|&level| level != 4) {
        malformed(&packet(
            0x10,
            &[b"\0\x04MQTT", &[level], b"\x02\0\0\0\x01c"],
        ));
    }
    let mut d = waiting(&connect("c"));
    d.receives(
        b"\x20\x02\0\x01",
        &[fault(Fault::Refused(
            ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION,
        ))],
    );
    // It does not try another version.
    d.sends_nothing();
}

#[test]
fn mqtt_3_1_2_3() {
    for (connect, flags, _) in combinations() {
        assert_eq!((sent(&connect)[9], flags & 1), (flags, 0));
    }
    malformed(&packet_with(0x03, &[b"c"]));
    malformed(&packet_with(0x01, &[b"c"]));
}

#[test]
fn mqtt_3_1_2_4() {
    let mut d = Dialogue::<4>::new();
    d.connect(&connect("c").keep_session());
    d.sends(b"\x10\x0d\0\x04MQTT\x04\0\0\0\0\x01c");
    d.receives(b"\x20\x02\0\0", &[NEW]);
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    assert_eq!(
        d.publish(&Publish::to("b").qos(QoS::ExactlyOnce)),
        Ok(Some(id(2)))
    );
    d.receives(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    d.sends(b"\x32\x05\0\x01a\0\x01\x34\x05\0\x01b\0\x02\x50\x02\0\x09");
    // A message that is on its way both times; one that has been received; and those of ours.
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
    assert_eq!(
        d.republish(1, &Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(())
    );
    d.receives(b"\x3c\x05\0\x01t\0\x09", &[resend(2, QoS::ExactlyOnce)]);
    assert_eq!(
        d.republish(2, &Publish::to("b").qos(QoS::ExactlyOnce)),
        Ok(())
    );
    d.sends(b"\x3a\x05\0\x01a\0\x01\x50\x02\0\x09\x3c\x05\0\x01b\0\x02");
    // Left in good order, the session remains, too.
    d.receives(b"\x40\x02\0\x01", &[acked(1)]);
    assert_eq!(d.disconnect(), Ok(()));
    d.sends(b"\xe0\0");
    d.resumes(&[RESUMED, resend(2, QoS::ExactlyOnce)]);
    d.sends_nothing();
    // A refusal, or a connection that comes to nothing, changes nothing of it.
    d.session.on_connection_lost();
    d.connect(&connect("c"));
    d.tx.clear();
    d.receives(
        b"\x20\x02\0\x03",
        &[fault(Fault::Refused(ReturnCode::SERVER_UNAVAILABLE))],
    );
    d.connect(&connect("c"));
    d.resumes(&[RESUMED, resend(2, QoS::ExactlyOnce)]);
    d.receives(b"\x62\x02\0\x09", &[]);
    d.sends(b"\x70\x02\0\x09");
}

#[test]
fn mqtt_3_1_2_6() {
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    assert_eq!(
        d.publish(&Publish::to("b").qos(QoS::ExactlyOnce)),
        Ok(Some(id(2)))
    );
    assert_eq!(
        d.publish(&Publish::to("c").qos(QoS::ExactlyOnce)),
        Ok(Some(id(3)))
    );
    d.receives(
        b"\x50\x02\0\x03\x34\x05\0\x01t\0\x09",
        &[received(3), message("t", b"").qos2(9)],
    );
    d.tx.clear();
    // A clean session begins empty: everything in flight is reported, and not sent again.
    d.session.on_connection_lost();
    d.connect(&connect("c"));
    d.tx.clear();
    d.receives(
        b"\x20\x02\0\0",
        &[
            outcome_unknown(1),
            outcome_unknown(2),
            outcome_unknown(3),
            NEW,
        ],
    );
    d.sends_nothing();
    assert_eq!(d.session.oldest_in_flight(), None);
    d.receives(b"\x3c\x05\0\x01t\0\x09", &[message("t", b"").qos2(9).dup()]);
    d.sends(b"\x50\x02\0\x09");
    // Nor is its state used by any other: it ends with the connection.
    assert!(matches!(
        d.publish(&Publish::to("d").qos(QoS::AtLeastOnce)),
        Ok(Some(_))
    ));
    let number = d.session.oldest_in_flight().unwrap().get();
    d.tx.clear();
    for connect in [connect("c"), connect("c").keep_session()] {
        let mut d = d.clone();
        d.session.on_connection_lost();
        d.connect(&connect);
        d.tx.clear();
        d.receives(b"\x20\x02\0\0", &[outcome_unknown(number), NEW]);
        d.receives(b"\x3c\x05\0\x01t\0\x09", &[message("t", b"").qos2(9).dup()]);
        d.sends(b"\x50\x02\0\x09");
    }
    // If the broker has kept a session, it is not this one.
    d.resumes(&[outcome_unknown(number), UNRECOGNIZED]);
    d.sends_nothing();
    d.receives(b"\x3c\x05\0\x01t\0\x09", &[message("t", b"").qos2(9).dup()]);
}

#[test]
fn mqtt_3_1_2_9() {
    assert_eq!(
        sent(&connect("c").will(Publish::to("w").payload(b"m"))),
        packet_with(0x06, &[b"c", b"w", b"m"])
    );
    assert_eq!(
        sent(&connect("c").will(Publish::to("w"))),
        packet_with(0x06, &[b"c", b"w", b""])
    );
    assert_eq!(
        sent(&connect("c").will(Publish::to("w").payload(b"\0\xff"))),
        packet_with(0x06, &[b"c", b"w", b"\0\xff"])
    );
    for wrong in [&[&b"c"[..]][..], &[b"c", b"w"]] {
        malformed(&packet_with(0x06, wrong));
    }
    let long = vec![7; 65_536];
    let will = Publish::to("w").payload(&long[1..]);
    let bytes = packet_with(0x06, &[b"c", b"w", &long[1..]]);
    assert_eq!(
        encoded(&Packet::Connect(connect("c").timeout(0).will(will))).as_ref(),
        Ok(&bytes)
    );
    cannot(
        &connect("c").will(Publish::to("w").payload(&long)),
        SendError::TooLong,
    );
    // It is given whole.
    cannot(
        &connect("c").will(Publish::to("w").remaining(1)),
        SendError::Invalid,
    );
}

#[test]
fn mqtt_3_1_2_11() {
    assert_eq!(sent(&connect("c")), packet_with(0x02, &[b"c"]));
    for (connect, flags, fields) in combinations()
        .into_iter()
        .filter(|(connect, ..)| connect.will.is_none())
    {
        assert_eq!(flags & 0x3c, 0);
        assert_eq!(sent(&connect), packet_with(flags, &fields));
    }
    malformed(&packet_with(0x02, &[b"c", b"w", b"m"]));
}

#[test]
fn mqtt_3_1_2_13() {
    for (connect, ..) in combinations()
        .into_iter()
        .filter(|(connect, ..)| connect.will.is_none())
    {
        assert_eq!(sent(&connect)[9] & 0x18, 0);
    }
    [0x0a, 0x12, 0x1a]
        .into_iter()
        .for_each(|flags| malformed(&packet_with(flags, &[b"c"])));
}

#[test]
fn mqtt_3_1_2_14() {
    for (qos, flags) in [
        (QoS::AtMostOnce, 0x06),
        (QoS::AtLeastOnce, 0x0e),
        (QoS::ExactlyOnce, 0x16),
    ] {
        assert_eq!(
            sent(&connect("c").will(Publish::to("w").qos(qos))),
            packet_with(flags, &[b"c", b"w", b""])
        );
    }
    malformed(&packet_with(0x1e, &[b"c", b"w", b""]));
    malformed(&packet_with(0x3e, &[b"c", b"w", b""]));
    assert_eq!(QoS::try_from(3), Err(3));
}

#[test]
fn mqtt_3_1_2_15() {
    for (connect, ..) in combinations() {
        let retain = connect.will.is_some_and(|will| will.retain);
        assert_eq!(sent(&connect)[9] & 0x20 != 0, retain);
    }
    malformed(&packet_with(0x22, &[b"c"]));
}

#[test]
fn mqtt_3_1_2_18() {
    for (connect, flags, fields) in combinations()
        .into_iter()
        .filter(|(connect, ..)| connect.user.is_none())
    {
        assert_eq!(flags & 0x80, 0);
        assert_eq!(sent(&connect), packet_with(flags, &fields));
    }
    malformed(&packet_with(0x02, &[b"c", b"u"]));
    malformed(&packet_with(0x06, &[b"c", b"w", b"m", b"u"]));
}

#[test]
fn mqtt_3_1_2_19() {
    assert_eq!(
        sent(&connect("c").user("u")),
        packet_with(0x82, &[b"c", b"u"])
    );
    assert_eq!(
        sent(&connect("c").user("")),
        packet_with(0x82, &[b"c", b""])
    );
    malformed(&packet_with(0x82, &[b"c"]));
}

#[test]
fn mqtt_3_1_2_20() {
    for (connect, flags, fields) in combinations()
        .into_iter()
        .filter(|(connect, ..)| connect.password.is_none())
    {
        assert_eq!(flags & 0x40, 0);
        assert_eq!(sent(&connect), packet_with(flags, &fields));
    }
    malformed(&packet_with(0x82, &[b"c", b"u", b"p"]));
}

#[test]
fn mqtt_3_1_2_21() {
    assert_eq!(
        sent(&connect("c").login("u", b"\0\xff")),
        packet_with(0xc2, &[b"c", b"u", b"\0\xff"])
    );
    assert_eq!(
        sent(&connect("c").login("", b"")),
        packet_with(0xc2, &[b"c", b"", b""])
    );
    malformed(&packet_with(0xc2, &[b"c", b"u"]));
    let long = vec![0xff; 65_536];
    let bytes = packet_with(0xc2, &[b"c", b"u", &long[1..]]);
    assert_eq!(
        encoded(&Packet::Connect(connect("c").login("u", &long[1..]))),
        Ok(bytes)
    );
    cannot(&connect("c").login("u", &long), SendError::TooLong);
}

#[test]
fn mqtt_3_1_2_22() {
    cannot(
        &Connect {
            password: Some(b"p"),
            ..connect("c")
        },
        SendError::Invalid,
    );
    cannot(
        &Connect {
            password: Some(b""),
            ..connect("c")
        },
        SendError::Invalid,
    );
    for (connect, ..) in combinations() {
        assert_ne!(sent(&connect)[9] & 0xc0, 0x40);
    }
    malformed(&packet_with(0x42, &[b"c", b"p"]));
    malformed(&packet_with(0x42, &[b"c", b"u", b"p"]));
}

#[test]
fn mqtt_3_1_2_23() {
    let open = |seconds| {
        let mut d = waiting(&Connect::new("c").keep_alive(seconds));
        assert_eq!(d.tick(0), Ok(Some(10_000)));
        d.receives(b"\x20\x02\0\0", &[NEW]);
        d
    };
    let mut d = open(5);
    assert_eq!(d.tick(1), Ok(Some(3749)));
    assert_eq!(d.tick(3749), Ok(Some(1)));
    d.sends_nothing();
    assert_eq!(d.tick(3750), Ok(Some(3750)));
    d.sends(b"\xc0\0");
    d.receives(b"\xd0\0", &[]);
    // Bytes that are sent postpone it; bytes that are received do not.
    assert_eq!(d.tick(6000), Ok(Some(1500)));
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    assert_eq!(d.tick(6000), Ok(Some(3750)));
    d.sends(b"\x30\x03\0\x01t");
    d.receives(b"\x30\x03\0\x01t", &[message("t", b"")]);
    assert_eq!(d.tick(9749), Ok(Some(1)));
    d.receives(b"\x30\x03\0\x01t", &[message("t", b"")]);
    d.sends_nothing();
    assert_eq!(d.tick(9750), Ok(Some(3750)));
    d.sends(b"\xc0\0");
    // An acknowledgement is sent, too.
    d.receives(b"\xd0\0\x32\x05\0\x01t\0\x01", &[message("t", b"").qos1(1)]);
    d.sends(b"\x40\x02\0\x01");
    assert_eq!(d.tick(10_000), Ok(Some(3750)));
    // An unanswered PINGREQ does not replace the next one.
    d.tick(13_750).unwrap();
    d.tick(17_500).unwrap();
    d.sends(b"\xc0\0\xc0\0");
    // The pieces of a payload are sent, too; a ping that is due waits for the last one.
    let mut d = open(5);
    assert_eq!(d.publish(&Publish::to("t").remaining(3)), Ok(None));
    assert_eq!(d.tick(0), Ok(Some(3750)));
    assert_eq!(d.session.publish_chunk(b"p", &mut d.tx), Ok(1));
    assert_eq!(d.tick(3000), Ok(Some(3750)));
    d.sends(b"\x30\x06\0\x01tp");
    assert_eq!(d.session.publish_direct(1, &mut d.tx), Ok(()));
    assert_eq!(d.tick(6000), Ok(Some(3750)));
    assert_eq!(d.tick(9750), Ok(Some(5000)));
    assert_eq!(d.tick(10_000), Ok(Some(4750)));
    d.sends_nothing();
    assert_eq!(d.session.publish_chunk(b"q", &mut d.tx), Ok(1));
    d.tick(10_000).unwrap();
    d.sends(b"q\xc0\0");
    // However long the keep-alive is.
    for (seconds, period) in [(1, 750), (2, 1500), (60, 45_000), (65_535, 49_151_250)] {
        let mut d = open(seconds);
        assert_eq!(d.tick(0), Ok(Some(period)));
        assert_eq!(d.tick(period - 1), Ok(Some(1)));
        d.sends_nothing();
        d.tick(period).unwrap();
        d.sends(b"\xc0\0");
    }
    // And over the end of the clock.
    let mut d = open(5);
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    d.tx.clear();
    assert_eq!(d.tick(u32::MAX - 999), Ok(Some(3750)));
    assert_eq!(d.tick(2749), Ok(Some(1)));
    d.sends_nothing();
    d.tick(2750).unwrap();
    d.sends(b"\xc0\0");
    // Without keep-alive never.
    let mut d = open(0);
    for ms in [0, 1, 1000, 1_000_000, 0x8000_0000, u32::MAX] {
        assert_eq!(d.tick(ms), Ok(None));
    }
    d.sends_nothing();
    // Its text.
    for seconds in [0, 1, 0x1234, 65_535] {
        assert_eq!(
            sent(&Connect::new("c").keep_alive(seconds))[10..12],
            seconds.to_be_bytes()
        );
    }
}
