//! Statements about the limits of servers, flow control and authentication.
use crate::dialogue::{ACCEPTED, CLIENT, Dialogue, NEW};
use motemq::*;

const METHOD: Property<'_> = Property::AuthenticationMethod(Text::new("m"));

fn alias(number: u16) -> [Property<'static>; 1] {
    [Property::TopicAlias(number.try_into().unwrap())]
}

#[test]
fn mqtt_3_2_2_11() {
    let mut d = Dialogue::<Full>::open(b"\x20\x05\0\0\x02\x24\x01");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").qos(QoS::ExactlyOnce), tx)
    });
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
}

#[test]
fn mqtt_3_2_2_14() {
    let mut d = Dialogue::<Full>::open(b"\x20\x05\0\0\x02\x25\0");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").retain(), tx)
    });
}

#[test]
fn mqtt_3_2_2_15() {
    let mut d = Dialogue::<Full>::open(b"\x20\x08\0\0\x05\x27\0\0\0\x40");
    let payload = [0; 59];
    for (length, fits) in [(58, true), (59, false)] {
        let message = Publish::to("t").payload(&payload[..length]);
        let announced = Publish::to("t").remaining(length as u32);
        if fits {
            d.publish(&message).unwrap();
            assert_eq!(d.tx.bytes().len(), 64);
            d.tx.clear();
        } else {
            d.refuses(SendError::Unsupported, |s, tx| s.publish(&message, tx));
            d.refuses(SendError::Unsupported, |s, tx| s.publish(&announced, tx));
        }
    }
}

#[test]
fn mqtt_3_2_2_17() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x22\0\x02");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias(3)), tx)
    });
    d.publish(&Publish::to("t").properties(&alias(2))).unwrap();
}

#[test]
fn mqtt_3_2_2_18() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias(1)), tx)
    });
}

#[test]
fn mqtt_3_3_2_7() {
    let limit = b"\x20\x06\0\0\x03\x22\0\x02";
    let connected = "Connected { session: New, properties: [topic alias maximum 2] }";
    let mut d = Dialogue::<Full>::open(limit);
    d.publish(&Publish::to("t").properties(&alias(2))).unwrap();
    d.connect(&CLIENT, limit, &[connected]);
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias(2)), tx)
    });
}

#[test]
fn mqtt_3_3_2_9() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x22\0\x01");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias(2)), tx)
    });
}

#[test]
fn mqtt_3_3_2_10() {
    let list = [Property::TopicAliasMaximum(3)];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
    for alias in 1..=3 {
        let event = format!(r#"Message "t" "" None [topic alias {alias}]"#);
        d.receives(&[0x30, 7, 0, 1, b't', 3, 0x23, 0, alias], &[&event]);
    }
}

#[test]
fn u_3_1_2_5() {
    let list = [Property::MaximumPacketSize(8.try_into().unwrap())];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
    d.receives(b"\x30\x06\0\x01t\0ab", &[r#"Message "t" "ab" None []"#]);
    d.receives(b"\x30\x07", &["PacketTooLarge"]);
    d.sends(b"\xe0\x01\x95");
    let list = [Property::MaximumPacketSize(5.try_into().unwrap())];
    for first_byte in [0x40, 0x50, 0x62, 0x70] {
        let mut d = Dialogue::<Full>::new();
        d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
        d.receives(&[first_byte, 3, 0, 9, 0], &[]);
        d.receives(&[first_byte, 4, 0, 9, 0, 0], &["PacketTooLarge"]);
    }
}

#[test]
fn u_3_2_2_2() {
    for (connack, filter) in [
        (&b"\x20\x05\0\0\x02\x28\0"[..], "t/#"),
        (b"\x20\x05\0\0\x02\x2a\0", "$share/g/t"),
    ] {
        let mut d = Dialogue::<Full>::open(connack);
        let filter = Filter::new(filter, QoS::AtMostOnce);
        d.refuses(SendError::Unsupported, |s, tx| s.subscribe(&[filter], tx));
        // A filter that no server takes is a fault of the program, whatever else stands there.
        for wrong in ["$share/a+b/c", "$share/g/t#", "t#", ""] {
            let wrong = Filter::new(wrong, QoS::AtMostOnce);
            for list in [[wrong, filter], [filter, wrong]] {
                d.refuses(SendError::Invalid, |s, tx| s.subscribe(&list, tx));
            }
        }
    }
    let mut d = Dialogue::<Full>::open(b"\x20\x05\0\0\x02\x29\0");
    d.refuses(SendError::Unsupported, |s, tx| {
        let list = [Property::SubscriptionIdentifier(1)];
        s.subscribe_with(&[Filter::new("t", QoS::AtMostOnce)], &list, tx)
    });
}

#[test]
fn u_3_3_2_2() {
    let list = [Property::TopicAliasMaximum(3)];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
    // What an alias stands for is kept by the application, which closes if it is unknown.
    d.receives(
        b"\x30\x06\0\0\x03\x23\0\x01",
        &[r#"Message "" "" None [topic alias 1]"#],
    );
    let code = ReasonCode::PROTOCOL_ERROR;
    d.session.disconnect_with(code, &[], &mut d.tx).unwrap();
    d.sends(b"\xe0\x01\x82");
    // Nor does this client send one that it has not set.
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x22\0\x02");
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias(1)), tx)
    });
}

#[test]
fn u_3_3_2_4() {
    // The payload is not checked, since it can come in pieces.
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(
        b"\x30\x07\0\x01t\x02\x01\x01\xff",
        &[r#"Message "t" "\\xff" None [payload format indicator 1]"#],
    );
    let list = [Property::PayloadFormatIndicator(true)];
    d.publish(&Publish::to("t").properties(&list)).unwrap();
    d.sends(b"\x30\x06\0\x01t\x02\x01\x01");
}

#[test]
fn mqtt_3_3_4_6() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let list = [Property::SubscriptionIdentifier(1)];
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("t").properties(&list), tx)
    });
}

/// Returns a dialogue with two messages in flight, as many as the server allows.
fn full() -> Dialogue {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x21\0\x02");
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
    d.tx.clear();
    d
}

fn is_full(d: &mut Dialogue) {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        d.refuses(SendError::Busy, |s, tx| {
            s.publish(&Publish::to("t").qos(qos), tx)
        });
    }
}

#[test]
fn mqtt_3_3_4_7() {
    let mut d = full();
    is_full(&mut d);
    d.receives(b"\x50\x02\0\x01", &["Received { id: 1 }"]);
    d.tx.clear();
    is_full(&mut d);
    d.receives(b"\x40\x02\0\x02", &["Acked { id: 2 }"]);
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(3));
}

#[test]
fn mqtt_3_3_4_8() {
    let mut d = full();
    assert_eq!(d.publish_to_t(QoS::AtMostOnce), Ok(0));
    d.session
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)], &mut d.tx)
        .unwrap();
    d.session.disconnect(&mut d.tx).unwrap();
}

#[test]
fn mqtt_4_9_0_1() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT, b"\x20\x06\0\0\x03\x21\0\0", &["Unexpected"]);
    // Without a receive maximum it is that of the standard.
    let d = Dialogue::<Full>::open(ACCEPTED);
    assert_eq!(d.session.limits().receive_maximum, 65_535);
}

#[test]
fn mqtt_4_9_0_2() {
    is_full(&mut full());
}

#[test]
fn mqtt_4_9_0_3() {
    let mut d = full();
    d.receives(
        b"\x32\x06\0\x01t\0\x05\0",
        &[r#"Message "t" "" Some(5) []"#],
    );
    d.receives(b"\x50\x02\0\x01", &["Received { id: 1 }"]);
    d.sends(b"\x40\x02\0\x05\x62\x02\0\x01");
    d.session.tick(0, &mut d.tx).unwrap();
    d.session.tick(60_000, &mut d.tx).unwrap();
    d.sends(b"\xc0\0");
}

#[test]
fn u_4_9_0_1() {
    let mut d = full();
    d.receives(
        b"\x50\x03\0\x01\x80\x40\x03\0\x02\x80",
        &[
            "Refused { code: ReasonCode(128), id: 1, properties: [] }",
            "Refused { code: ReasonCode(128), id: 2, properties: [] }",
        ],
    );
    // An answer to nothing gives nothing back.
    d.receives(b"\x40\x02\0\x03\x70\x02\0\x03", &[]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    is_full(&mut d);
}

/// Returns a dialogue that is connecting with an authentication method.
fn authenticating() -> Dialogue {
    let mut d = Dialogue::<Full>::new();
    d.session
        .connect(&CLIENT.properties(&[METHOD]), &mut d.rx, &mut d.tx)
        .unwrap();
    d.tx.clear();
    d
}

/// Returns a dialogue that has connected with an authentication method.
fn authenticated() -> Dialogue {
    let mut d = authenticating();
    let connected = "Connected { session: New, properties: [authentication method \"m\"] }";
    d.receives(b"\x20\x07\0\0\x04\x15\0\x01m", &[connected]);
    d
}

#[test]
fn mqtt_4_12_0_3() {
    let mut d = authenticating();
    let event = "Auth { code: ReasonCode(24), properties: [authentication method \"m\"] }";
    d.receives(b"\xf0\x06\x18\x04\x15\0\x01m", &[event]);
    let list = [METHOD, Property::AuthenticationData(b"x")];
    let code = ReasonCode::CONTINUE_AUTHENTICATION;
    d.session.authenticate(code, &list, &mut d.tx).unwrap();
    d.sends(b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01x");
}

#[test]
fn mqtt_4_12_0_5() {
    authenticating().receives(b"\x20\x03\0\0\0", &["Unexpected"]);
    authenticating().receives(b"\x20\x07\0\0\x04\x15\0\x01n", &["Unexpected"]);
    authenticating().receives(b"\xf0\x06\x18\x04\x15\0\x01n", &["Unexpected"]);
    authenticating().refuses(SendError::Invalid, |s, tx| {
        let other = [Property::AuthenticationMethod("n".into())];
        s.authenticate(ReasonCode::CONTINUE_AUTHENTICATION, &other, tx)
    });
}

#[test]
fn mqtt_4_12_0_7() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.refuses(SendError::Invalid, |s, tx| {
        s.authenticate(ReasonCode::RE_AUTHENTICATE, &[METHOD], tx)
    });
}

#[test]
fn mqtt_4_12_1_1() {
    let mut d = authenticated();
    d.session
        .authenticate(ReasonCode::RE_AUTHENTICATE, &[METHOD], &mut d.tx)
        .unwrap();
    d.sends(b"\xf0\x06\x19\x04\x15\0\x01m");
    // A server does not begin it.
    d.receives(b"\xf0\x06\x19\x04\x15\0\x01m", &["Unexpected"]);
}

#[test]
fn mqtt_4_12_1_2() {
    let mut d = authenticated();
    let code = ReasonCode::NOT_AUTHORIZED;
    d.refuses(SendError::Invalid, |s, tx| s.disconnect_with(code, &[], tx));
    let code = ReasonCode::UNSPECIFIED_ERROR;
    d.session.disconnect_with(code, &[], &mut d.tx).unwrap();
    assert!(d.session.is_closed());
}

#[test]
fn u_4_12_1_1() {
    let mut d = authenticated();
    d.session
        .authenticate(ReasonCode::RE_AUTHENTICATE, &[METHOD], &mut d.tx)
        .unwrap();
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
    d.receives(b"\x40\x02\0\x01", &["Acked { id: 1 }"]);
    let event = "Auth { code: ReasonCode(0), properties: [authentication method \"m\"] }";
    d.receives(b"\xf0\x06\0\x04\x15\0\x01m", &[event]);
}

#[test]
fn mqtt_3_15_2_2() {
    let mut d = Dialogue::<Full>::new();
    let connected = "Connected { session: New, properties: [authentication method \"m\", maximum packet size 12] }";
    d.session
        .connect(&CLIENT.properties(&[METHOD]), &mut d.rx, &mut d.tx)
        .unwrap();
    d.tx.clear();
    d.receives(b"\x20\x0c\0\0\x09\x15\0\x01m\x27\0\0\0\x0c", &[connected]);
    let again = |list: &[Property<'_>], s: &mut Session<[Slot], Mqtt5>, tx: &mut Buffer| {
        s.authenticate(ReasonCode::RE_AUTHENTICATE, list, tx)
    };
    let long = [METHOD, Property::ReasonString("xy".into())];
    d.refuses(SendError::Unsupported, |s, tx| again(&long, s, tx));
    let short = [METHOD, Property::ReasonString("x".into())];
    again(&short, &mut d.session, &mut d.tx).unwrap();
    assert_eq!(d.tx.bytes().len(), 12);
}

#[test]
fn mqtt_3_15_2_3() {
    let mut d = authenticated();
    let (name, value) = ("n".into(), "v".into());
    let list = [METHOD, Property::UserProperty { name, value }];
    let code = ReasonCode::RE_AUTHENTICATE;
    d.session.authenticate(code, &list, &mut d.tx).unwrap();
    d.sends(b"\xf0\x0d\x19\x0b\x15\0\x01m\x26\0\x01n\0\x01v");
}
