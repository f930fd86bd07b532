//! PUBLISH: 3.3.
use crate::*;
use motemq::{PacketId, Property, QoS, TopicName};

fn publish<'a>(
    qos: u8,
    id: u16,
    topic: &'a str,
    list: &'a [Property<'a>],
) -> Packet<'a, &'a [Property<'a>]> {
    Packet::Publish {
        dup: false,
        qos: qos.try_into().unwrap(),
        retain: false,
        id: PacketId::new(id),
        topic: TopicName::new(topic).ok(),
        payload: b"hi",
        properties: list,
    }
}

#[test]
fn mqtt_2_2_1_2() {
    assert_eq!(
        encoded(&publish(0, 0, "t", &[])).unwrap(),
        b"\x30\x06\0\x01t\0hi"
    );
    assert_eq!(
        encoded(&publish(1, 7, "t", &[])).unwrap(),
        b"\x32\x08\0\x01t\0\x07\0hi"
    );
    for (qos, id) in [(0, 7), (1, 0), (2, 0)] {
        assert_eq!(
            encoded(&publish(qos, id, "t", &[])),
            Err(SendError::Invalid)
        );
    }
    // What stands behind the topic is read as properties: 2 bytes of them.
    same(b"\x30\x07\0\x01t\x02\x01\x01x");
    malformed(b"\x32\x07\0\x01t\0\0\0x");
}

#[test]
fn mqtt_3_3_1_2() {
    malformed(b"\x38\x04\0\x01t\0");
    malformed(b"\x39\x04\0\x01t\0");
    same(b"\x3a\x06\0\x01t\0\x07\0");
    let Packet::Publish {
        topic,
        payload,
        properties,
        ..
    } = publish(0, 0, "t", &[])
    else {
        unreachable!();
    };
    let packet = Packet::Publish {
        dup: true,
        qos: QoS::AtMostOnce,
        retain: false,
        id: None,
        topic,
        payload,
        properties,
    };
    assert_eq!(encoded(&packet), Err(SendError::Invalid));
}

#[test]
fn mqtt_3_3_1_4() {
    for head in [0x36, 0x37, 0x3e, 0x3f] {
        malformed(&packet(head, &[b"\0\x01t\0\x07\0"]));
    }
}

#[test]
fn mqtt_3_3_2_1() {
    malformed(b"\x30\x02\0\x05");
    malformed(b"\x30\x04\0\x01\xff\0");
    malformed(b"\x30\0");
    malformed(b"\x30\x01\0");
    same(b"\x30\x04\0\x01t\0");
}

#[test]
fn mqtt_3_3_2_2() {
    for topic in ["+", "#", "a/+", "a#"] {
        malformed(&packet(0x30, &[&field(topic.as_bytes()), b"\0"]));
        assert!(TopicName::new(topic).is_err());
    }
}

#[test]
fn mqtt_3_3_2_8() {
    refused(b"\x30\x07\0\x01t\x03\x23\0\0", 0x94);
    refused(b"\x30\x06\0\0\x03\x23\0\0", 0x94);
    same(b"\x30\x07\0\x01t\x03\x23\0\x01");
    same(b"\x30\x07\0\x01t\x03\x23\xff\xff");
}

/// A PUBLISH with this text as property.
fn with_text(id: u8, text: &[u8]) -> Vec<u8> {
    packet(0x30, &[b"\0\x01t", &section(&[&[id], &field(text)])])
}

#[test]
fn mqtt_3_3_2_13() {
    malformed(&with_text(8, b"\xff"));
    malformed(&with_text(8, b"a\0"));
    let list = [Property::ResponseTopic("a\0".into())];
    assert_eq!(encoded(&publish(0, 0, "t", &list)), Err(SendError::Invalid));
    same(&with_text(8, "é".as_bytes()));
}

#[test]
fn mqtt_3_3_2_14() {
    for topic in ["", "#", "+", "a/+/b"] {
        protocol_error(&with_text(8, topic.as_bytes()));
        let list = [Property::ResponseTopic(topic.into())];
        assert_eq!(encoded(&publish(0, 0, "t", &list)), Err(SendError::Invalid));
    }
}

#[test]
fn mqtt_3_3_2_19() {
    malformed(&with_text(3, b"\xff"));
    let list = [Property::ContentType("a\0".into())];
    assert_eq!(encoded(&publish(0, 0, "t", &list)), Err(SendError::Invalid));
    same(&with_text(3, b""));
    same(&with_text(3, "é/+".as_bytes()));
}

#[test]
fn u_3_3_2_1() {
    assert_eq!(decode(b"\x30\x03\0\0\0"), Err(DecodeError::NoTopic));
    protocol_error(b"\x30\x03\0\0\0");
    protocol_error(b"\x32\x07\0\0\0\x07\x02\x01\x01");
    assert_eq!(encoded(&publish(0, 0, "", &[])), Err(SendError::Invalid));
    let list = [Property::TopicAlias(5.try_into().unwrap())];
    let bytes = b"\x30\x08\0\0\x03\x23\0\x05hi";
    assert_eq!(encoded(&publish(0, 0, "", &list)).unwrap(), bytes);
    same(bytes);
}

#[test]
fn u_3_3_2_3() {
    protocol_error(b"\x30\x06\0\x01t\x02\x0b\0");
    same(b"\x30\x06\0\x01t\x02\x0b\x01");
    same(b"\x30\x09\0\x01t\x05\x0b\xff\xff\xff\x7f");
    for number in [0, 268_435_456, u32::MAX] {
        let list = [Property::SubscriptionIdentifier(number)];
        assert_eq!(
            encoded(&publish(0, 0, "t", &list)),
            Err(SendError::Invalid),
            "{number}"
        );
    }
}
