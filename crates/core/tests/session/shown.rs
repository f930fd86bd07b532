//! Texts for people: topics, packets and errors.
use motemq::{packet::*, *};
use std::collections::BTreeSet;

#[test]
fn a_topic_shows_as_its_text() {
    let topic = TopicName::new("a/é").unwrap();
    assert_eq!(
        (topic.to_string(), format!("{topic:?}")),
        ("a/é".into(), "\"a/é\"".into())
    );
    assert_eq!(format!("{topic:>5}"), "  a/é");
}

#[test]
fn a_filter_shows_as_its_text_and_matches() {
    let filter = TopicFilter::new("a/+").unwrap();
    assert_eq!((filter.as_str(), filter.to_string()), ("a/+", "a/+".into()));
    assert!(filter.matches(TopicName::new("a/b").unwrap()));
    assert!(!filter.matches(TopicName::new("a").unwrap()));
}

#[test]
fn a_topic_error_says_what_is_wrong_and_where() {
    let of_filter = |text| TopicFilter::new(text).unwrap_err();
    for (error, at) in [
        (of_filter("a/b+"), 3),
        (of_filter("a+/b"), 1),
        (of_filter("a/#/b"), 2),
        (of_filter("a/#+"), 2),
        (of_filter("a/+#"), 3),
        (TopicName::new("ab/#").unwrap_err(), 3),
    ] {
        assert_eq!(error, TopicError::Wildcard { at });
        assert!(error.to_string().contains(&format!("byte {at}")), "{error}");
    }
    let error = TopicName::new("a\0").unwrap_err();
    assert_eq!(error, TopicError::NullCharacter { at: 1 });
    assert!(error.to_string().contains("U+0000 at byte 1"), "{error}");
}

#[test]
fn text_is_utf_8_without_null_characters() {
    for (bytes, is_text) in [
        (&b""[..], true),
        (b"a/+", true),
        ("\u{e9}".as_bytes(), true),
        (b"a\0", false),
        (b"\xe9", false),
    ] {
        assert_eq!(topic::is_text(bytes), is_text, "{bytes:?}");
    }
}

/// A packet of each type, and every optional field.
const PACKETS: &[(&[u8], &str)] = &[
    (
        b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a",
        "CONNECT id \"a\", clean session, keep alive 60 s",
    ),
    (
        b"\x10\x10\0\x04MQTT\x04\x80\0\0\0\x01a\0\x01u",
        "CONNECT id \"a\", session kept, keep alive 0 s, user \"u\"",
    ),
    (
        b"\x10\x1a\0\x04MQTT\x04\xf6\0\0\0\x01a\0\x01w\0\x02hi\0\x01u\0\x01p",
        "CONNECT id \"a\", clean session, keep alive 0 s, user \"u\" with password, will \"w\", QoS 2, retain, 2 bytes \"hi\"",
    ),
    (
        b"\x10\x12\0\x04MQTT\x04\x06\0\0\0\x01a\0\x01w\0\0",
        "CONNECT id \"a\", clean session, keep alive 0 s, will \"w\", QoS 0, 0 bytes \"\"",
    ),
    (b"\x20\x02\0\0", "CONNACK accepted (return code 0)"),
    (
        b"\x20\x02\x01\0",
        "CONNACK accepted (return code 0), session present",
    ),
    (
        b"\x30\x05\0\x01t\n\xff",
        "PUBLISH \"t\", QoS 0, 2 bytes \"\\n\\xff\"",
    ),
    (
        b"\x3d\x05\0\x01t\0\x05",
        "PUBLISH \"t\", QoS 2, id 5, retain, dup, 0 bytes \"\"",
    ),
    (b"\x40\x02\x01\0", "PUBACK id 256"),
    (b"\x50\x02\0\x02", "PUBREC id 2"),
    (b"\x62\x02\0\x03", "PUBREL id 3"),
    (b"\x70\x02\0\x04", "PUBCOMP id 4"),
    (
        b"\x82\x0a\0\x05\0\x01a\x01\0\x01#\x02",
        "SUBSCRIBE id 5, \"a\" QoS 1, \"#\" QoS 2",
    ),
    (b"\x90\x04\0\x05\x01\x80", "SUBACK id 5, QoS 1, refused"),
    (
        b"\xa2\x08\0\x06\0\x01a\0\x01#",
        "UNSUBSCRIBE id 6, \"a\", \"#\"",
    ),
    (b"\xb0\x02\0\x06", "UNSUBACK id 6"),
    (b"\xc0\0", "PINGREQ"),
    (b"\xd0\0", "PINGRESP"),
    (b"\xe0\0", "DISCONNECT"),
];

#[test]
fn every_packet_has_words() {
    for (bytes, words) in PACKETS {
        let (packet, length) = decode(bytes).unwrap().unwrap();
        assert_eq!((packet.to_string().as_str(), length), (*words, bytes.len()));
    }
}

#[test]
fn sixty_bytes_of_a_payload_are_shown() {
    for (length, end) in [(59, "x\""), (60, "x\""), (61, "x...\""), (200, "x...\"")] {
        let payload = vec![b'x'; length];
        let packet = Packet::Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            id: None,
            topic: TopicName::new("t").unwrap(),
            payload: &payload,
        };
        let beginning = format!(
            "PUBLISH \"t\", QoS 0, {length} bytes \"{}",
            "x".repeat(length.min(60) - 1)
        );
        assert_eq!(packet.to_string(), beginning + end);
    }
}

#[test]
fn every_return_code_has_words() {
    let words = [
        "accepted",
        "the broker does not support MQTT 3.1.1",
        "client identifier rejected",
        "server unavailable",
        "bad user name or password",
        "not authorised",
        "a reason that MQTT 3.1.1 does not define",
        "a reason that MQTT 3.1.1 does not define",
    ];
    for (number, words) in (0..).zip(words) {
        let code = ReturnCode::from(number);
        assert_eq!(
            (code.get(), code.to_string()),
            (number, format!("{words} (return code {number})"))
        );
    }
}

/// The texts of the errors of MQTT 5.
fn of_mqtt_5() -> Vec<String> {
    use v5::DecodeError::{self, *};
    let id = 0x1f;
    let of_properties = [
        PropertyError::Incomplete,
        PropertyError::Unknown { id },
        PropertyError::NotAllowed { id },
        PropertyError::Repeated { id },
        PropertyError::Value { id },
        PropertyError::Text { id },
        PropertyError::TopicAlias,
        PropertyError::NoMethod,
    ];
    let others = [
        DecodeError::Malformed,
        Code(ReasonCode::BANNED),
        NoTopic,
        Options,
        Share,
        SessionPresent,
    ];
    let all = of_properties.map(Property).into_iter().chain(others);
    assert_eq!(
        DecodeError::from(PropertyError::Repeated { id }).to_string(),
        "the property 0x1f is repeated: close the connection with the reason code 0x82"
    );
    all.map(|error| error.to_string())
        .chain(of_properties.map(|error| error.to_string()))
        .collect()
}

/// Every error has a text, and no two texts are equal.
#[test]
fn every_error_has_words_of_its_own() {
    use {Fault::*, SendError::*};
    let commands =
        [Full, Busy, Offline, Invalid, TooLong, Unsupported].map(|error| error.to_string());
    let faults = [
        Refused(ReturnCode::NOT_AUTHORIZED),
        Fault::Malformed,
        Unexpected,
        Timeout,
        PacketTooLarge,
        TooManyQos2,
        TopicAlias,
    ]
    .map(|fault| fault.to_string());
    let images = [
        SnapshotError::Length,
        SnapshotError::Version,
        SnapshotError::Damaged,
    ]
    .map(|error| error.to_string());
    let all = [
        &commands[..],
        &faults,
        &images,
        &[packet::Malformed.to_string()],
        &of_mqtt_5(),
    ]
    .concat();
    assert!(all.iter().all(|words| words.len() > 10), "{all:?}");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(
        faults[0],
        "the broker refused the connection: not authorised (return code 5): correct the options, \
         or connect again later"
    );
}

/// Logs and programs in C know errors by these numbers, so they never change.
#[test]
fn every_error_has_its_number() {
    use {Fault::*, SendError::*};
    assert_eq!(
        [Full, Busy, Offline, Invalid, TooLong, Unsupported].map(SendError::number),
        [1, 2, 3, 4, 5, 7]
    );
    let faults = [
        Refused(ReturnCode::ACCEPTED),
        Refused(ReturnCode::NOT_AUTHORIZED),
        Fault::Malformed,
        Unexpected,
        Timeout,
        PacketTooLarge,
        TooManyQos2,
        TopicAlias,
    ];
    assert_eq!(faults.map(Fault::number), [1, 1, 2, 3, 4, 5, 6, 7]);
    let images = [
        SnapshotError::Length,
        SnapshotError::Version,
        SnapshotError::Damaged,
    ];
    assert_eq!(images.map(SnapshotError::number), [1, 2, 3]);
    assert_eq!(images.map(|error| error as u8), [1, 2, 3]);
}

#[test]
fn buffers_show_how_many_bytes_they_hold() {
    let mut buffer = Buffer::<[u8; 20]>::new();
    buffer.commit(5);
    buffer.consume(1);
    assert_eq!(format!("{buffer:?}"), "Buffer { held: 4, room: 15 }");
    assert_eq!(
        format!("{:?}", &*buffer as &Buffer),
        "Buffer { held: 4, room: 15 }"
    );
    let (mut memory, mut taken) = ([0; 20], 5);
    assert_eq!(
        format!("{:?}", Out::new(&mut memory, &mut taken)),
        "Out { taken: 5, room: 15 }"
    );
}

#[test]
fn requests_show_their_fields() {
    let filters = [Filter::new("a", QoS::AtLeastOnce)];
    assert_eq!(
        format!("{:?}", Filters::from(&filters[..])),
        format!("{filters:?}")
    );
    let text = format!("{:?}", Connect::new("a").keep_alive(7).user("u"));
    assert!(
        text.contains("client_id: \"a\"")
            && text.contains("keep_alive: 7")
            && text.contains("user: Some(\"u\")"),
        "{text}"
    );
}

/// A packet of MQTT 5 of each type, and every optional field.
const PACKETS_5: &[(&[u8], &str)] = &[
    (
        b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01a",
        "CONNECT id \"a\", clean start, keep alive 60 s",
    ),
    (
        b"\x10\x21\0\x04MQTT\x05\x84\0\0\x03\x21\0\x05\0\x01a\x05\x18\0\0\0\x07\0\x01w\0\x02hi\0\x01u",
        "CONNECT id \"a\", session resumed, keep alive 0 s, user \"u\", will \"w\", QoS 0, 2 bytes \"hi\", of the will: will delay interval 7, receive maximum 5",
    ),
    (
        b"\x20\x06\x01\0\x03\x13\0\x05",
        "CONNACK success (reason code 0x00), session present, server keep alive 5",
    ),
    (
        b"\x30\x06\0\x01t\0\n\xff",
        "PUBLISH \"t\", QoS 0, 2 bytes \"\\n\\xff\"",
    ),
    (
        b"\x3d\x0d\0\0\0\x05\x08\x23\0\x07\x09\0\x02\xffd",
        "PUBLISH by alias, QoS 2, id 5, retain, dup, topic alias 7, correlation data \"\\xffd\", 0 bytes \"\"",
    ),
    (b"\x40\x02\x01\0", "PUBACK id 256"),
    (
        b"\x50\x08\0\x02\x87\x04\x1f\0\x01r",
        "PUBREC id 2, not authorised (reason code 0x87), reason string \"r\"",
    ),
    (b"\x62\x02\0\x03", "PUBREL id 3"),
    (
        b"\x70\x03\0\x04\x92",
        "PUBCOMP id 4, packet identifier not found (reason code 0x92)",
    ),
    (
        b"\x82\x12\0\x05\x02\x0b\x07\0\x01a\x01\0\x01#\x1e\0\x02+/\x24",
        "SUBSCRIBE id 5, subscription identifier 7, \"a\" QoS 1, \"#\" QoS 2 no local retain as published retained if new, \"+/\" QoS 0 no local none retained",
    ),
    (
        b"\x90\x05\0\x05\0\x01\x87",
        "SUBACK id 5, QoS 1, not authorised (reason code 0x87)",
    ),
    (
        b"\xa2\x09\0\x06\0\0\x01a\0\x01#",
        "UNSUBSCRIBE id 6, \"a\", \"#\"",
    ),
    (
        b"\xb0\x05\0\x06\0\0\x11",
        "UNSUBACK id 6, success (reason code 0x00), no subscription existed (reason code 0x11)",
    ),
    (b"\xc0\0", "PINGREQ"),
    (b"\xd0\0", "PINGRESP"),
    (b"\xe0\0", "DISCONNECT success (reason code 0x00)"),
    (
        b"\xf0\x0b\x18\x09\x15\0\x01m\x16\0\x02xy",
        "AUTH continue authentication (reason code 0x18), authentication method \"m\", authentication data of 2 bytes",
    ),
];

#[test]
fn every_packet_of_mqtt_5_has_words() {
    for (bytes, words) in PACKETS_5 {
        let (packet, length) = v5::decode(bytes).unwrap().unwrap();
        assert_eq!((packet.to_string().as_str(), length), (*words, bytes.len()));
    }
}

#[test]
fn every_property_has_words_of_its_own() {
    use motemq::Property::*;
    let one = 1.try_into().unwrap();
    let all = [
        PayloadFormatIndicator(true),
        MessageExpiryInterval(1),
        ContentType("é".into()),
        ResponseTopic("a".into()),
        CorrelationData(b"\0a"),
        SubscriptionIdentifier(1),
        SessionExpiryInterval(1),
        AssignedClientIdentifier("a".into()),
        ServerKeepAlive(1),
        AuthenticationMethod("a".into()),
        AuthenticationData(b"abc"),
        RequestProblemInformation(false),
        WillDelayInterval(1),
        RequestResponseInformation(true),
        ResponseInformation("a".into()),
        ServerReference("a".into()),
        ReasonString("a".into()),
        ReceiveMaximum(one),
        TopicAliasMaximum(1),
        TopicAlias(one),
        MaximumQoS(QoS::AtLeastOnce),
        RetainAvailable(false),
        UserProperty {
            name: "a".into(),
            value: "b".into(),
        },
        MaximumPacketSize(1.try_into().unwrap()),
        WildcardSubscriptionAvailable(false),
        SubscriptionIdentifierAvailable(false),
        SharedSubscriptionAvailable(false),
    ];
    let words = all.map(|property| property.to_string());
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), all.len());
    for (property, words) in all.iter().zip(&words) {
        assert_eq!(format!("{property:?}"), *words);
    }
    let shown = [0, 2, 4, 10, 22].map(|at| words[at].as_str());
    assert_eq!(
        shown,
        [
            "payload format indicator 1",
            "content type \"é\"",
            "correlation data \"\\x00a\"",
            "authentication data of 3 bytes",
            "user property \"a\" \"b\"",
        ]
    );
}

#[test]
fn every_reason_code_has_words_of_its_own() {
    let words: Vec<_> = (0..=255)
        .map(|code| ReasonCode::from(code).to_string())
        .collect();
    let defined = words.iter().filter(|words| !words.contains("not define"));
    assert_eq!(defined.count(), 43);
    assert_eq!(words[0x8e], "session taken over (reason code 0x8e)");
    let texts = words.iter().map(|words| words.split(" (").next());
    assert_eq!(texts.collect::<BTreeSet<_>>().len(), 44);
}
