//! Data types: 1.5, and topic names and filters: 4.7.
use crate::*;
use motemq::{
    Connect, Filter, Property, Publish, QoS, Text, TopicFilter, TopicName, packet::Filters,
};

/// All packets with this text in one of their text fields.
fn packets_with(text: &[u8]) -> Vec<Vec<u8>> {
    let text = field(text);
    let pair = |name: &[u8], value: &[u8]| [b"\x26", name, value].concat();
    let mut all = vec![
        packet(0x30, &[&text, b"\0payload"]),
        packet(0x10, &[b"\0\x04MQTT\x05\x02\0\0\0", &text]),
        packet(
            0x10,
            &[b"\0\x04MQTT\x05\x06\0\0\0\0\x01c\0", &text, b"\0\0"],
        ),
        packet(0x10, &[b"\0\x04MQTT\x05\x82\0\0\0\0\x01c", &text]),
        packet(0x82, &[b"\0\x01\0", &text, b"\0"]),
        packet(0xa2, &[b"\0\x01\0", &text]),
    ];
    for (places, property) in [
        (&["PUBLISH", "will"][..], [b"\x03", &text[..]].concat()),
        (&["PUBLISH", "will"], [b"\x08", &text[..]].concat()),
        (&["CONNACK"], [b"\x12", &text[..]].concat()),
        (&["CONNECT", "CONNACK"], [b"\x15", &text[..]].concat()),
        (&["CONNACK"], [b"\x1a", &text[..]].concat()),
        (&["CONNACK", "DISCONNECT"], [b"\x1c", &text[..]].concat()),
        (
            &[
                "CONNACK", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK", "AUTH",
            ],
            [b"\x1f", &text[..]].concat(),
        ),
        (&["CONNECT", "SUBSCRIBE"], pair(&text, b"\0\x01v")),
        (&["PUBLISH", "UNSUBSCRIBE"], pair(b"\0\x01n", &text)),
    ] {
        let packets = with_properties(&property).into_iter();
        all.extend(
            packets
                .filter(|(name, _)| places.contains(name))
                .map(|(_, bytes)| bytes),
        );
    }
    all
}

#[test]
fn mqtt_1_5_4_1() {
    for wrong in [
        &b"\xed\xa0\x80"[..],
        b"\xed\xbf\xbf",
        b"\xc0\x80",
        b"a\xff",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\x80",
    ] {
        packets_with(wrong)
            .iter()
            .for_each(|bytes| malformed(bytes));
    }
    for right in ["a", "é", "\u{d7ff}", "\u{e000}", "\u{10ffff}"] {
        packets_with(right.as_bytes())
            .iter()
            .for_each(|bytes| same(bytes));
    }
}

#[test]
fn mqtt_1_5_4_2() {
    for wrong in [&b"\0"[..], b"a\0", b"\0a"] {
        packets_with(wrong)
            .iter()
            .for_each(|bytes| malformed(bytes));
    }
    for text in ["\0", "a\0"] {
        let text = Text::new(text);
        for list in [
            [Property::ReasonString(text)],
            [Property::UserProperty {
                name: text,
                value: "".into(),
            }],
            [Property::UserProperty {
                name: "".into(),
                value: text,
            }],
        ] {
            let code = ReasonCode::SUCCESS;
            let packet = Packet::Disconnect {
                code,
                properties: &list[..],
            };
            assert_eq!(encoded(&packet), Err(SendError::Invalid), "{packet:?}");
        }
    }
}

#[test]
fn mqtt_1_5_4_3() {
    for text in ["\u{feff}", "\u{feff}a"] {
        packets_with(text.as_bytes())
            .iter()
            .for_each(|bytes| same(bytes));
    }
    let bytes = packet(
        0x30,
        &[
            b"\0\x04\xef\xbb\xbfa",
            b"\x09\x03\0\x06\xef\xbb\xbf\xef\xbb\xbf",
        ],
    );
    let Ok(Some((
        Packet::Publish {
            topic, properties, ..
        },
        _,
    ))) = decode(&bytes)
    else {
        panic!("{}", hex(&bytes));
    };
    assert!(topic.unwrap() == "\u{feff}a");
    assert_eq!(properties.content_type(), Some("\u{feff}\u{feff}".into()));
}

#[test]
fn mqtt_1_5_5_1() {
    // The remaining length, the length of the properties, and a subscription identifier.
    malformed(b"\xc0\x80\0");
    malformed(b"\x30\x84\x00\0\x01t\0");
    malformed(b"\x30\x05\0\x01t\x80\0");
    malformed(b"\x30\x08\0\x01t\x03\x0b\x81\0x");
    malformed(b"\x30\x09\0\x01t\x05\x0b\xff\xff\xff\xff\x01");
    malformed(b"\x30\x08\0\x01t\x80\x80\x80\x80\x01");
    // An identifier of a property, which takes one byte.
    malformed(b"\x30\x08\0\x01t\x04\x81\0\x01\x01");
    for (number, digits) in [
        (1, &b"\x01"[..]),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (16_383, b"\xff\x7f"),
        (16_384, b"\x80\x80\x01"),
        (2_097_151, b"\xff\xff\x7f"),
        (2_097_152, b"\x80\x80\x80\x01"),
        (268_435_455, b"\xff\xff\xff\x7f"),
    ] {
        let list = [Property::SubscriptionIdentifier(number)];
        let filters = [Filter::new("f", QoS::AtMostOnce).options(Default::default())];
        let subscribe = Packet::Subscribe {
            id: 1.try_into().unwrap(),
            filters: Filters::from(&filters[..]),
            properties: &list[..],
        };
        let section = section(&[b"\x0b", digits]);
        let bytes = packet(0x82, &[b"\0\x01", &section, b"\0\x01f\0"]);
        assert_eq!(hex(&encoded(&subscribe).unwrap()), hex(&bytes));
        same(&bytes);
    }
    // Properties of 127, 128, 16,383 and 16,384 bytes; each pair takes 5 bytes and its text.
    for length in [127, 128, 16_383, 16_384] {
        let text = "x".repeat(length - 5);
        let list = [Property::UserProperty {
            name: "".into(),
            value: text.as_str().into(),
        }];
        let disconnect = Packet::Disconnect {
            code: ReasonCode::SUCCESS,
            properties: &list[..],
        };
        let bytes = encoded(&disconnect).unwrap();
        let section = section(&[b"\x26\0\0", &field(text.as_bytes())]);
        assert_eq!(bytes, packet(0xe0, &[b"\0", &section]));
        same(&bytes);
    }
}

#[test]
fn mqtt_1_5_7_1() {
    for (name, value) in [
        (&b"\xff"[..], &b"q"[..]),
        (b"p", b"\xff"),
        (b"\0", b"q"),
        (b"p", b"\0"),
    ] {
        let property = [b"\x26", &field(name)[..], &field(value)].concat();
        with_properties(&property)
            .iter()
            .for_each(|(_, bytes)| malformed(bytes));
    }
    for (name, value) in [("", ""), ("p", ""), ("", "q"), ("é", "𝄞")] {
        let property = [
            b"\x26",
            &field(name.as_bytes())[..],
            &field(value.as_bytes()),
        ]
        .concat();
        with_properties(&property)
            .iter()
            .for_each(|(_, bytes)| same(bytes));
    }
}

#[test]
fn mqtt_2_1_3_1() {
    for bytes in of_each_type() {
        same(&bytes);
        for flags in 0..16 {
            let mut changed = bytes.clone();
            changed[0] = bytes[0] & 0xf0 | flags;
            if changed[0] != bytes[0] && bytes[0] >> 4 != 3 {
                malformed(&changed);
            }
        }
    }
    malformed(b"\x00\0");
}

#[test]
fn mqtt_4_7_0_1() {
    for (text, is_name) in [
        ("a/b", true),
        ("+", false),
        ("a/#", false),
        ("a/+/b", false),
    ] {
        let publish = packet(0x30, &[&field(text.as_bytes()), b"\0"]);
        let subscribe = packet(0x82, &[b"\0\x01\0", &field(text.as_bytes()), b"\0"]);
        if is_name {
            same(&publish);
        } else {
            malformed(&publish);
        }
        same(&subscribe);
    }
}

/// SUBSCRIBE and UNSUBSCRIBE with this filter, decoded and encoded, are valid or not.
#[track_caller]
fn filter(text: &str, is_valid: bool) {
    let list = [Filter::new(text, QoS::AtMostOnce).options(Default::default())];
    let (id, filters) = (1.try_into().unwrap(), Filters::from(&list[..]));
    let both = [
        (
            Packet::Subscribe {
                id,
                filters,
                properties: (),
            },
            0x82,
            &b"\0"[..],
        ),
        (
            Packet::Unsubscribe {
                id,
                filters,
                properties: (),
            },
            0xa2,
            b"",
        ),
    ];
    for (given, head, options) in both {
        let bytes = packet(head, &[b"\0\x01\0", &field(text.as_bytes()), options]);
        if is_valid {
            same(&bytes);
            assert_eq!(encoded(&given), Ok(bytes));
        } else {
            assert!(decode(&bytes).is_err(), "{text}");
            assert_eq!(encoded(&given), Err(SendError::Invalid), "{text}");
        }
    }
    assert_eq!(
        TopicFilter::new(text).is_ok(),
        is_valid || text.starts_with("$share"),
        "{text}"
    );
}

#[test]
fn mqtt_4_7_1_1() {
    for text in ["#", "a/#", "/#", "+/#", "$share/g/#"] {
        filter(text, true);
    }
    for text in ["a#", "#/a", "a/#/b", "##", "a/b#"] {
        filter(text, false);
    }
}

#[test]
fn mqtt_4_7_1_2() {
    for text in ["+", "+/+", "a/+/b", "/+", "+/", "$share/g/+"] {
        filter(text, true);
    }
    for text in ["a+", "+a", "a/b+/c", "++"] {
        filter(text, false);
    }
}

#[test]
fn mqtt_4_7_3_1() {
    filter("", false);
    filter(" ", true);
    assert!(TopicName::new("").is_err());
    // A topic name can be empty if an alias stands for it.
    protocol_error(b"\x30\x03\0\0\0");
    same(b"\x30\x06\0\0\x03\x23\0\x01");
    malformed(&packet(
        0x10,
        &[b"\0\x04MQTT\x05\x06\0\0\0\0\x01c\0", b"\0\0", b"\0\0"],
    ));
}

#[test]
fn mqtt_4_7_3_2() {
    for text in ["\0", "a/\0", "\0/b"] {
        filter(text, false);
        malformed(&packet(0x30, &[&field(text.as_bytes()), b"\0"]));
    }
}

#[test]
fn mqtt_4_7_3_3() {
    filter(&"f".repeat(65_535), true);
    let long = "t".repeat(65_536);
    let list = [Filter::new(&long, QoS::AtMostOnce).options(Default::default())];
    let subscribe = Packet::Subscribe {
        id: 1.try_into().unwrap(),
        filters: Filters::from(&list[..]),
        properties: (),
    };
    assert_eq!(encoded(&subscribe), Err(SendError::TooLong));
    let connect = Packet::Connect(Connect::new("c").will(Publish::to(&long)));
    assert_eq!(encoded(&connect), Err(SendError::TooLong));
    let list = [Property::ResponseTopic(long.as_str().into())];
    let publish = Packet::Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        id: None,
        topic: Some(TopicName::new("t").unwrap()),
        payload: b"",
        properties: &list[..],
    };
    assert!(matches!(
        encoded(&publish),
        Err(SendError::TooLong | SendError::Invalid)
    ));
    same(&packet(
        0x30,
        &[&field("t".repeat(65_535).as_bytes()), b"\0"],
    ));
}
