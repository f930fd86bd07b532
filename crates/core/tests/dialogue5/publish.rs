//! PUBLISH with properties, both ways.
use super::*;

#[test]
fn received() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(
        b"\x32\x14\0\x01t\0\x05\x09\x08\0\x02re\x0b\x07\x0b\x08hello",
        &[r#"Message "t" "hello" Some(5) [response topic "re", subscription identifier 7, subscription identifier 8]"#],
    );
    d.sends(b"\x40\x02\0\x05");
    d.receives(
        b"\x30\x04\0\x01t\0\x30\x05\0\x01t\0x",
        &[r#"Message "t" "" None []"#, r#"Message "t" "x" None []"#],
    );
    d.receives(
        b"\x34\x06\0\x01t\0\x07\0",
        &[r#"Message "t" "" Some(7) []"#],
    );
    d.sends(b"\x50\x02\0\x07");
    d.receives(b"\x62\x02\0\x07", &[]);
    d.sends(b"\x70\x02\0\x07");
}

/// A malformed message ends the connection, and DISCONNECT says why.
#[test]
fn faults() {
    let cases: [(&[u8], &str, u8); 14] = [
        (b"\x30\x03\0\x01t", "Malformed", 0x81), // no length of the properties
        (b"\x30\x04\0\x01t\x01", "Malformed", 0x81), // they are longer than the packet
        (b"\x30\x05\0\x01t\x80\0", "Malformed", 0x81), // a length of two bytes
        (b"\x30\x04\0\x01#\0", "Malformed", 0x81),
        (b"\x30\x07\0\x01t\x03\x08\0\x01", "Malformed", 0x81), // the text is not there
        (b"\x30\x06\0\x01t\x02\x7f\0", "Malformed", 0x81),     // no such property
        (b"\x30\x06\0\x01t\x02\x25\0", "Unexpected", 0x82),    // not in PUBLISH
        (b"\x30\x08\0\x01t\x04\x01\0\x01\0", "Unexpected", 0x82), // twice
        (b"\x30\x03\0\0\0", "Unexpected", 0x82),               // neither a topic nor an alias
        (b"\x30\x07\0\x01t\x03\x23\0\0", "TopicAlias", 0x94),
        (b"\x30\x07\0\x01t\x03\x23\0\x01", "TopicAlias", 0x94), // none was offered
        (b"\x36\x06\0\x01t\0\x01\0", "Malformed", 0x81),
        (b"\x32\x06\0\x01t\0\0\0", "Malformed", 0x81), // no identifier
        (b"\x34\x06\0\x01t\0\0\0", "Malformed", 0x81),
    ];
    for (packet, fault, code) in cases {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.receives(packet, &[fault]);
        d.sends(&[0xe0, 1, code]);
        assert!(d.session.is_closed());
        let mut d = Dialogue::<Clean>::open(ACCEPTED);
        d.receives(packet, &[fault]);
        d.sends(b"");
    }
}

/// A server that has been offered aliases uses them; what they stand for is the application's.
#[test]
fn aliases_that_were_offered() {
    let mut d = Dialogue::<Full>::new();
    let offer = [Property::TopicAliasMaximum(2)];
    d.connect(&CLIENT.properties(&offer), ACCEPTED, &[NEW]);
    d.receives(
        b"\x30\x07\0\x01t\x03\x23\0\x02\x30\x06\0\0\x03\x23\0\x02",
        &[
            r#"Message "t" "" None [topic alias 2]"#,
            r#"Message "" "" None [topic alias 2]"#,
        ],
    );
    d.receives(b"\x30\x06\0\0\x03\x23\0\x03", &["TopicAlias"]);
    d.sends(b"\xe0\x01\x94");
}

/// A repetition is not delivered again, but it may set an alias.
#[test]
fn aliases_of_repetitions() {
    let offer = [Property::TopicAliasMaximum(1)];
    let message = b"\x34\x0a\0\x01t\0\x07\x03\x23\0\x01x";
    let repetition = b"\x3c\x0a\0\x01t\0\x07\x03\x23\0\x01x";
    let by_alias = b"\x30\x06\0\0\x03\x23\0\x01";
    let mut d = Dialogue::<Full>::new();
    let connect = CLIENT.keep_session().properties(&offer);
    d.connect(&connect, ACCEPTED, &[NEW]);
    d.receives(message, &[r#"Message "t" "x" Some(7) [topic alias 1]"#]);
    d.sends(b"\x50\x02\0\x07");
    d.session.on_connection_lost();
    let resumed = "Connected { session: Resumed, properties: [] }";
    d.connect(&connect, b"\x20\x03\x01\0\0", &[resumed]);
    let repeated = r#"Repeated { topic: "t", properties: [topic alias 1] }"#;
    d.receives(repetition, &[repeated]);
    d.sends(b"\x50\x02\0\x07");
    d.receives(by_alias, &[r#"Message "" "" None [topic alias 1]"#]);
    d.receives(b"\x62\x02\0\x07", &[]);
    d.sends(b"\x70\x02\0\x07");
    // A payload that does not fit into `rx` is dropped.
    let mut long = b"\x34\x90\x01\0\x01t\0\x07\x03\x23\0\x01".to_vec();
    long.extend([b'x'; 135]);
    d.feed(&long, long.len());
    d.sends(b"\x50\x02\0\x07");
    d.receives(&long, &[repeated]);
    d.sends(b"\x50\x02\0\x07");
    // Where no alias is offered nothing is reported.
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(
        b"\x34\x06\0\x01t\0\x07\0",
        &[r#"Message "t" "" Some(7) []"#],
    );
    d.receives(b"\x3c\x06\0\x01t\0\x07\0", &[]);
}

#[test]
fn sent() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let list = [
        Property::ContentType("x".into()),
        Property::UserProperty {
            name: "a".into(),
            value: "b".into(),
        },
    ];
    let message = Publish::to("t")
        .properties(&list)
        .payload(b"hi")
        .qos(QoS::AtLeastOnce);
    d.publish(&message).unwrap();
    d.sends(b"\x32\x13\0\x01t\0\x01\x0b\x03\0\x01x\x26\0\x01a\0\x01bhi");
    d.publish(&Publish::to("t").payload(b"hi")).unwrap();
    d.sends(b"\x30\x06\0\x01t\0hi");
    // What a client's PUBLISH cannot have [MQTT-3.3.4-6].
    for wrong in [
        Property::SubscriptionIdentifier(1),
        Property::ReasonString("x".into()),
        Property::ContentType("\0".into()),
        Property::ResponseTopic("#".into()),
    ] {
        d.refuses(SendError::Invalid, |s, tx| {
            s.publish(&Publish::to("t").properties(&[wrong]), tx)
        });
    }
    // A payload in pieces.
    d.publish(&Publish::to("t").properties(&list[..1]).remaining(3))
        .unwrap();
    assert_eq!(d.session.publish_chunk(b"abc", &mut d.tx), Ok(3));
    d.sends(b"\x30\x0b\0\x01t\x04\x03\0\x01xabc");
}

/// Text of every length is written as it is, and each of its bytes is checked [MQTT-1.5.4-2].
#[test]
fn text_of_every_length_is_checked() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    let mut send = |value: &str| {
        let list = [Property::UserProperty {
            name: "".into(),
            value: value.into(),
        }];
        let sent = d.publish(&Publish::to("t").properties(&list));
        let bytes = d.tx.bytes().to_vec();
        d.tx.clear();
        sent.map(|_| bytes)
    };
    for length in 0..70 {
        let plain = "#".repeat(length);
        for (at, other) in (0..length).flat_map(|at| [(at, "\0"), (at, "\u{e9}")]) {
            let mut text = plain.clone();
            text.replace_range(at..=at, other);
            let sent = send(&text);
            if other == "\0" {
                assert_eq!(sent, Err(SendError::Invalid), "{text:?}");
            } else {
                assert!(sent.unwrap().ends_with(text.as_bytes()), "{text:?}");
            }
        }
        let header = [
            &[
                0x30,
                length as u8 + 9,
                0,
                1,
                b't',
                length as u8 + 5,
                0x26,
                0,
                0,
                0,
            ],
            &[length as u8][..],
        ];
        let expected = [&header.concat(), plain.as_bytes()].concat();
        assert_eq!(send(&plain), Ok(expected));
    }
}
