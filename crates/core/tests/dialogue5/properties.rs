//! The properties of a packet, found by their names.
use super::*;
use motemq::packet::v5::{Packet, decode};

/// The properties of a decoded packet.
fn properties(bytes: &[u8]) -> Properties<'_> {
    match decode(bytes).unwrap().unwrap().0 {
        Packet::Publish { properties, .. }
        | Packet::ConnAck { properties, .. }
        | Packet::Auth { properties, .. } => properties,
        packet => panic!("{packet:?}"),
    }
}

/// A PUBLISH with everything that it can have, once or several times, and one with nothing.
#[test]
fn of_a_message() {
    let list = b"\x01\x01\x26\0\x01a\0\x01b\x0b\x07\x02\0\x01\0\x02\x03\0\x01c\x23\0\x05\
        \x08\0\x01r\x09\0\x02\xff\0\x26\0\x01a\0\x01d\x0b\x80\x01";
    let mut bytes = vec![0x30, list.len() as u8 + 4, 0, 1, b't', list.len() as u8];
    bytes.extend(list);
    let found = properties(&bytes);
    assert_eq!(found.response_topic(), Some("r".into()));
    assert_eq!(found.correlation_data(), Some(&b"\xff\0"[..]));
    assert_eq!(found.content_type(), Some("c".into()));
    assert_eq!(found.message_expiry_interval(), Some(0x1_0002));
    assert_eq!(found.topic_alias(), Some(5));
    let identifiers: Vec<_> = found.subscription_identifiers().collect();
    assert_eq!(identifiers, [7, 128]);
    let pairs: Vec<_> = found.user_properties().collect();
    assert_eq!(pairs, [("a".into(), "b".into()), ("a".into(), "d".into())]);
    assert_eq!(found.as_bytes(), list);
    assert!(!found.is_empty());
    assert_eq!(found.iter().count(), 10);

    let none = properties(b"\x30\x04\0\x01t\0");
    assert!(none.is_empty() && none == Properties::default());
    assert_eq!(none.response_topic(), None);
    assert_eq!(none.correlation_data(), None);
    assert_eq!(none.content_type(), None);
    assert_eq!(none.message_expiry_interval(), None);
    assert_eq!(none.topic_alias(), None);
    assert_eq!(none.subscription_identifiers().next(), None);
    assert_eq!(none.user_properties().next(), None);
    assert_eq!(none.iter().next(), None);
    assert_eq!(none.authentication_data(), None);
}

#[test]
fn of_connack_and_auth() {
    let found = properties(b"\x20\x14\0\0\x11\x12\0\x01i\x1c\0\x03s t\x1f\0\x01w\x13\0\x05");
    assert_eq!(found.assigned_client_identifier(), Some("i".into()));
    assert_eq!(found.server_reference(), Some("s t".into()));
    assert_eq!(found.reason_string(), Some("w".into()));
    assert_eq!(found.authentication_method(), None);
    let found = properties(b"\xf0\x0b\x18\x09\x15\0\x01m\x16\0\x02xy");
    assert_eq!(found.authentication_method(), Some("m".into()));
    assert_eq!(found.authentication_data(), Some(&b"xy"[..]));
    assert_eq!(found.assigned_client_identifier(), None);
    assert_eq!(found.server_reference(), None);
    assert_eq!(found.reason_string(), None);
}

/// Every property is read as it was written.
#[test]
fn each_is_read_as_it_was_written() {
    let text = Text::new("text");
    let numbers = (7.try_into().unwrap(), 0x1_0007.try_into().unwrap());
    let in_publish = [
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(0x0102_0304),
        Property::ContentType(text),
        Property::ResponseTopic(text),
        Property::CorrelationData(b"data"),
        Property::SubscriptionIdentifier(0xfff_ffff),
        Property::TopicAlias(numbers.0),
    ];
    let in_connect = [
        Property::SessionExpiryInterval(0x0102_0304),
        Property::AuthenticationMethod(text),
        Property::AuthenticationData(b"data"),
        Property::RequestProblemInformation(true),
        Property::RequestResponseInformation(true),
        Property::ReceiveMaximum(numbers.0),
        Property::TopicAliasMaximum(0x0102),
        Property::MaximumPacketSize(numbers.1),
    ];
    let in_will = [Property::WillDelayInterval(0x0102_0304)];
    let in_connack = [
        Property::AssignedClientIdentifier(text),
        Property::ServerKeepAlive(0x0102),
        Property::ResponseInformation(text),
        Property::ServerReference(text),
        Property::ReasonString(text),
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(true),
        Property::WildcardSubscriptionAvailable(true),
        Property::SubscriptionIdentifierAvailable(true),
        Property::SharedSubscriptionAvailable(true),
        Property::UserProperty {
            name: text,
            value: "value".into(),
        },
    ];
    let publish = Packet::Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        id: None,
        topic: Some(TopicName::new("t").unwrap()),
        payload: b"",
        properties: &in_publish[..],
    };
    let connect = Connect::new("c")
        .properties(&in_connect)
        .will(Publish::to("w").properties(&in_will));
    let connack = Packet::ConnAck {
        session_present: false,
        code: ReasonCode::SUCCESS,
        properties: &in_connack[..],
    };
    let write = |packet: Packet<'_, &[Property<'_>]>| {
        let mut tx = Buffer::<[u8; 256]>::new();
        packet.encode(&mut tx).unwrap();
        tx.bytes().to_vec()
    };
    assert!(properties(&write(publish)).iter().eq(in_publish));
    assert!(properties(&write(connack)).iter().eq(in_connack));
    let bytes = write(Packet::Connect(connect));
    let Some((Packet::Connect(read), _)) = decode(&bytes).unwrap() else {
        unreachable!();
    };
    assert!(read.properties.iter().eq(in_connect));
    assert!(read.will.unwrap().properties.iter().eq(in_will));
}

/// Properties that are taken one by one are those that an iterator returns.
#[test]
fn taken_one_by_one() {
    let bytes = b"\x26\0\x01a\0\x01b\x01\x01\x26\0\x01c\0\0\x0b\x87\x01\x08\0\x02re\x26\0\0\0\x01d";
    let all = Properties::of_publish(bytes).unwrap();
    let mut rest = all;
    let taken: Vec<_> = std::iter::from_fn(|| rest.take_first()).collect();
    assert_eq!(taken, all.iter().collect::<Vec<_>>());
    assert_eq!(taken.len(), 6);
    assert!(rest.is_empty());
    let pairs: Vec<_> = all
        .user_properties()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    assert_eq!(
        pairs,
        [("a", "b"), ("c", ""), ("", "d")].map(|(name, value)| (name.into(), value.into()))
    );
    assert_eq!(all.subscription_identifiers().collect::<Vec<_>>(), [135]);
}
