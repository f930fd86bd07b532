//! Statements about connections and sessions.
use crate::dialogue::{ACCEPTED, CLIENT, Dialogue, NEW};
use motemq::*;

const PRESENT: &[u8] = b"\x20\x03\x01\0\0";
const RESUMED: &str = "Connected { session: Resumed, properties: [] }";
const RESENT: &str = "Resend { qos: AtLeastOnce, id: 1 }";
const KEPT: Connect<'_> = CLIENT.keep_session();

/// A dialogue whose kept session has a message with QoS 1 in flight.
fn kept() -> Dialogue {
    let mut d = Dialogue::<Full>::new();
    d.connect(&KEPT, ACCEPTED, &[NEW]);
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
    d.tx.clear();
    d
}

fn ended(d: &mut Dialogue) {
    d.connect(&KEPT, ACCEPTED, &["OutcomeUnknown { id: 1 }", NEW]);
}

#[test]
fn mqtt_3_1_0_1() {
    let mut d = Dialogue::<Full>::new();
    for _ in 0..2 {
        d.refuses(SendError::Offline, |s, tx| s.publish(&Publish::to("t"), tx));
        d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
        assert_eq!(d.tx.bytes()[0], 0x10);
        d.session.on_connection_lost();
    }
}

#[test]
fn mqtt_3_1_2_4() {
    let mut d = kept();
    d.connect(&CLIENT, ACCEPTED, &["OutcomeUnknown { id: 1 }", NEW]);
    assert_eq!(d.session.oldest_in_flight(), None);
    // What the server says it has resumed cannot be.
    kept().connect(&CLIENT, PRESENT, &["Unexpected"]);
}

#[test]
fn mqtt_3_1_2_20() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(Some(45_000)));
    d.session.tick(45_000, &mut d.tx).unwrap();
    d.sends(b"\xc0\0");
}

#[test]
fn mqtt_3_1_2_21() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x13\0\x05");
    d.session.tick(0, &mut d.tx).unwrap();
    d.session.tick(3_750, &mut d.tx).unwrap();
    d.sends(b"\xc0\0");
}

#[test]
fn mqtt_3_2_2_21() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x13\0\0");
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(None));
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x13\x01\0");
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(Some(192_000)));
}

#[test]
fn mqtt_3_1_2_23() {
    kept().connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
    for (expiry, is_kept) in [(0, false), (300, true), (u32::MAX, true)] {
        let list = [Property::SessionExpiryInterval(expiry)];
        let mut d = Dialogue::<Full>::new();
        d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
        d.publish_to_t(QoS::AtLeastOnce).unwrap();
        if is_kept {
            d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
        } else {
            ended(&mut d);
        }
    }
}

#[test]
fn u_3_1_2_6() {
    // Without an interval the session ends with the connection; the server's replaces the client's.
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    ended(&mut d);
    let mut d = Dialogue::<Full>::new();
    let connected = "Connected { session: New, properties: [session expiry interval 9] }";
    d.connect(&CLIENT, b"\x20\x08\0\0\x05\x11\0\0\0\x09", &[connected]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
}

#[test]
fn mqtt_3_1_2_30() {
    let list = [Property::AuthenticationMethod("m".into())];
    let mut d = Dialogue::<Full>::new();
    d.session
        .connect(&CLIENT.properties(&list), &mut d.rx, &mut d.tx)
        .unwrap();
    d.tx.clear();
    d.refuses(SendError::Offline, |s, tx| s.publish(&Publish::to("t"), tx));
    d.refuses(SendError::Offline, |s, tx| {
        s.subscribe(&[Filter::new("t", QoS::AtMostOnce)], tx)
    });
    assert!(d.session.tick(0, &mut d.tx).is_ok());
    d.sends(b"");
    let code = ReasonCode::CONTINUE_AUTHENTICATION;
    d.session.authenticate(code, &list, &mut d.tx).unwrap();
    d.sends(b"\xf0\x06\x18\x04\x15\0\x01m");
}

#[test]
fn u_3_1_2_7() {
    // This client sends nothing between CONNECT and CONNACK, which the standard allows.
    let mut d = Dialogue::<Full>::new();
    d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
    d.refuses(SendError::Offline, |s, tx| s.publish(&Publish::to("t"), tx));
}

#[test]
fn mqtt_3_1_3_2() {
    let other = Connect::new("d").keep_session();
    kept().connect(&other, ACCEPTED, &["OutcomeUnknown { id: 1 }", NEW]);
    kept().connect(&other, PRESENT, &["Unexpected"]);
    // An assigned identifier is that of the session.
    let mut d = Dialogue::<Full>::new();
    let assigned = "Connected { session: New, properties: [assigned client identifier \"c\"] }";
    let unnamed = Connect::new("").keep_session();
    d.connect(&unnamed, b"\x20\x07\0\0\x04\x12\0\x01c", &[assigned]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
}

#[test]
fn u_3_2_2_1() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&KEPT, b"\x20\x07\0\0\x04\x12\0\x01x", &["Unexpected"]);
}

#[test]
fn mqtt_3_2_2_4() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&KEPT, PRESENT, &["Unexpected"]);
    assert!(d.session.is_closed());
    d.sends(b"");
    // The state of another client is none, and is still there when its client connects.
    let mut d = kept();
    d.connect(&Connect::new("d").keep_session(), PRESENT, &["Unexpected"]);
    d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
    // A client that cannot have state.
    let mut d = Dialogue::<Clean>::new();
    d.connect(&CLIENT, PRESENT, &["Unexpected"]);
    // A client that says where identifiers begin then is ready for such a session.
    let mut d = Dialogue::<Full>::new();
    let ready = KEPT.identifier_offset(100);
    let unrecognized = "Connected { session: Unrecognized, properties: [] }";
    d.connect(&ready, PRESENT, &[unrecognized]);
}

/// A CONNACK that refuses the connection and has session present set is a fault of the server.
#[test]
fn mqtt_3_2_2_6() {
    for code in 0x80..=0xff {
        let mut d = kept();
        d.connect(&KEPT, &[0x20, 3, 1, code, 0], &["Unexpected"]);
        d.sends(b"");
        // It says nothing about the session.
        d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
    }
}

/// A server that does not tell the identifier that it has assigned is not refused: the session then
/// belongs to the empty identifier.
#[test]
fn mqtt_3_2_2_16() {
    let unnamed = Connect::new("").keep_session();
    let mut d = Dialogue::<Full>::new();
    d.connect(&unnamed, ACCEPTED, &[NEW]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    let mut named = d.clone();
    named.connect(&KEPT, PRESENT, &["Unexpected"]);
    d.connect(&unnamed, PRESENT, &[RESUMED, RESENT]);
    // An empty identifier is none that a server assigns to a client that has one.
    let empty = b"\x20\x06\0\0\x03\x12\0\0";
    d.connect(&KEPT, empty, &["OutcomeUnknown { id: 1 }", "Unexpected"]);
}

#[test]
fn mqtt_3_2_2_5() {
    let mut d = kept();
    ended(&mut d);
    assert_eq!(d.session.oldest_in_flight(), None);
}

#[test]
fn u_3_2_2_3() {
    let mut d = Dialogue::<Full>::new();
    let moved = "Disconnected { code: ReasonCode(157), properties: [server reference \"a b\"] }";
    d.connect(&CLIENT, b"\x20\x09\0\x9d\x06\x1c\0\x03a b", &[moved]);
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(b"\xe0\x08\x9d\x06\x1c\0\x03a b", &[moved]);
}

#[test]
fn mqtt_3_14_4_1() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(
        b"\x32\x06\0\x01t\0\x05\0",
        &[r#"Message "t" "" Some(5) []"#],
    );
    d.session.disconnect(&mut d.tx).unwrap();
    d.sends(b"\x40\x02\0\x05\xe0\0");
    d.refuses(SendError::Offline, |s, tx| s.publish(&Publish::to("t"), tx));
    assert_eq!(d.session.tick(1 << 20, &mut d.tx), Ok(None));
    d.receives(b"\x32\x06\0\x01t\0\x06\0", &[]);
    d.sends(b"");
}

#[test]
fn mqtt_3_14_4_2() {
    // The session is closed; the transport is closed when the bytes of `tx` have left.
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let code = ReasonCode::UNSPECIFIED_ERROR;
    d.session.disconnect_with(code, &[], &mut d.tx).unwrap();
    d.sends(b"\xe0\x01\x80");
    assert!(d.session.is_closed());
}

#[test]
fn mqtt_3_14_2_3() {
    let mut d = Dialogue::<Full>::open(b"\x20\x08\0\0\x05\x27\0\0\0\x0a");
    let leave = |reason: &'static str| {
        move |s: &mut Session<[Slot], Mqtt5>, tx: &mut Buffer| {
            let list = [Property::ReasonString(reason.into())];
            s.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &list, tx)
        }
    };
    d.refuses(SendError::Unsupported, leave("longer"));
    leave("short")(&mut d.session, &mut d.tx).unwrap_err();
    leave("fits")(&mut d.session, &mut d.tx).unwrap_err();
    leave("fit")(&mut d.session, &mut d.tx).unwrap();
    assert_eq!(d.tx.bytes().len(), 10);
}

#[test]
fn mqtt_3_14_2_4() {
    let mut d = Dialogue::<Full>::open(b"\x20\x08\0\0\x05\x27\0\0\0\x0a");
    let (name, value) = ("n".into(), "v".into());
    let list = [Property::UserProperty { name, value }];
    d.refuses(SendError::Unsupported, |s, tx| {
        s.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &list, tx)
    });
}

#[test]
fn u_3_14_2_2() {
    let list = [Property::SessionExpiryInterval(60)];
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.refuses(SendError::Invalid, |s, tx| {
        s.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &list, tx)
    });
}

#[test]
fn u_3_14_4_1() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let event = "Disconnected { code: ReasonCode(139), properties: [reason string \"x\"] }";
    d.receives(b"\xe0\x06\x8b\x04\x1f\0\x01x", &[event]);
    assert!(d.session.is_closed());
}

#[test]
fn mqtt_4_13_2_1() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let event = "Disconnected { code: ReasonCode(139), properties: [] }";
    d.receives(b"\xe0\x01\x8b", &[event]);
    assert!(d.session.is_closed());
    d.connect(&CLIENT, b"\x20\x03\0\x8b\0", &[event]);
    assert!(d.session.is_closed());
}

#[test]
fn u_4_13_1_1() {
    for (packet, fault, code) in [
        (&b"\x30\x04\0\x01#\0"[..], "Malformed", 0x81),
        (b"\x20\x03\0\0\0", "Unexpected", 0x82),
        (b"\x30\x07\0\x01t\x03\x23\0\x01", "TopicAlias", 0x94),
    ] {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.receives(packet, &[fault]);
        d.sends(&[0xe0, 1, code]);
    }
}

#[test]
fn u_4_13_1_2() {
    let list = [
        Property::AuthenticationMethod("m".into()),
        Property::MaximumPacketSize(40.try_into().unwrap()),
    ];
    for (packet, fault) in [
        (&b"\x20\x03\x02\0\0"[..], "Malformed"),
        (b"\x20\x03\0\0\0", "Unexpected"), // without the method
        (b"\x20\x0a\0\0\x07\x15\0\x01m\x21\0\0", "Unexpected"),
        (b"\x20\x27", "PacketTooLarge"),
        (b"\x20\x80\0", "Malformed"),
        (b"\x21\x03\0\0\0", "Malformed"),
        (b"\x30\x04\0\x01t\0", "Unexpected"),
        (b"\x40\x02\0\x01", "Unexpected"),
        (b"\x62\x02\0\x01", "Unexpected"),
        (b"\x90\x04\0\x01\0\0", "Unexpected"),
        (b"\xd0\0", "Unexpected"),
        (b"\xe0\x01\x8b", "Unexpected"),
        (b"\xf0\x06\0\x04\x15\0\x01m", "Unexpected"),
        (b"\xf0\x06\x18\x04\x15\0\x01n", "Unexpected"),
    ] {
        let mut d = Dialogue::<Full>::new();
        d.connect(&CLIENT.properties(&list), packet, &[fault]);
        assert!(d.session.is_closed());
        d.sends(b"");
    }
}

#[test]
fn mqtt_4_1_0_1() {
    let mut d = kept();
    for minute in 0..100 {
        d.session.tick(minute * 60_000, &mut d.tx).unwrap();
        d.receives(b"\xd0\0", &[]);
        d.tx.clear();
    }
    d.receives(b"\x40\x02\0\x01", &["Acked { id: 1 }"]);
}

#[test]
fn mqtt_4_4_0_1() {
    let mut d = kept();
    d.connect(&KEPT, PRESENT, &[RESUMED, RESENT]);
    let id = PacketId::new(1).unwrap();
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    d.session.republish(id, &message, &mut d.tx).unwrap();
    d.sends(b"\x3a\x06\0\x01t\0\x01\0");
    // At no other time.
    d.refuses(SendError::Invalid, |s, tx| s.republish(id, &message, tx));
    let mut d = kept();
    d.connect(&CLIENT, ACCEPTED, &["OutcomeUnknown { id: 1 }", NEW]);
    d.sends(b"");
}

#[test]
fn mqtt_4_4_0_2() {
    let mut d = kept();
    let refused = "Refused { code: ReasonCode(151), id: 1, properties: [] }";
    d.receives(b"\x40\x03\0\x01\x97", &[refused]);
    d.connect(&KEPT, PRESENT, &[RESUMED]);
}
