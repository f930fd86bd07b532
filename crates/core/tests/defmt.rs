//! The bytes that a probe receives when types of the core are logged with defmt.
#![cfg(feature = "defmt")]
use defmt::{Format, export};
use motemq::{
    Buffer, Connect, Event, Fault, ManualAcks, PendingAck, Property, QoS, Session, Slot, packet,
};

/// Returns the bytes of a value: the number of a format string of the firmware, and its arguments.
fn logged<T: Format + ?Sized>(value: &T) -> Vec<u8> {
    export::fetch_bytes();
    export::istr(&T::_format_tag());
    value._format_data();
    export::fetch_bytes()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn secrets_are_not_logged() {
    let connect = Connect::new("node-7").login("anna", b"secret");
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let mut session = Session::<[Slot; 2]>::new();
    session.connect(&connect, &mut rx, &mut tx).unwrap();
    let (sent, _) = packet::decode(tx.bytes()).unwrap().unwrap();
    for bytes in [logged(&connect), logged(&sent)] {
        assert!(
            holds(&bytes, b"node-7") && holds(&bytes, b"anna") && !holds(&bytes, b"secret"),
            "{}",
            bytes.escape_ascii()
        );
    }
    assert!(holds(tx.bytes(), b"secret"));
    assert!(
        !holds(&logged(&tx), b"s"),
        "a buffer logs its length, not its bytes"
    );
}

#[test]
fn authentication_data_is_not_logged() {
    let list = [
        Property::AuthenticationMethod("SCRAM".into()),
        Property::AuthenticationData(b"secret"),
    ];
    assert!(holds(&logged(&list[0]), b"SCRAM"));
    assert!(!holds(&logged(&list[1]), b"secret"));
    let mut tx = Buffer::<[u8; 64]>::new();
    let connect = Connect::new("node-7").properties(&list);
    packet::v5::Packet::Connect(connect)
        .encode(&mut tx)
        .unwrap();
    let (sent, _) = packet::v5::decode(tx.bytes()).unwrap().unwrap();
    for bytes in [logged(&connect), logged(&sent)] {
        assert!(
            holds(&bytes, b"node-7") && !holds(&bytes, b"secret"),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn a_message_is_logged() {
    let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
    let mut session = Session::<[Slot; 2]>::new();
    session
        .connect(&Connect::new("a"), &mut rx, &mut tx)
        .unwrap();
    let bytes = b"\x20\x02\0\0\x30\x0a\0\x05topicabc";
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
    assert!(matches!(
        session.next_event(&mut rx, &mut tx),
        Ok(Some(Event::Connected { .. }))
    ));
    let event = session.next_event(&mut rx, &mut tx).unwrap().unwrap();
    let bytes = logged(&event);
    assert!(
        holds(&bytes, b"topic") && holds(&bytes, b"abc"),
        "{}",
        bytes.escape_ascii()
    );
}

/// A property is logged with its identifier, its number, and its texts with their lengths.
#[test]
fn each_property_is_logged_with_its_value() {
    use motemq::Property::*;
    let one = 1.try_into().unwrap();
    for (property, number, first, second) in [
        (PayloadFormatIndicator(true), 1, "", ""),
        (MessageExpiryInterval(0x0102_0304), 0x0102_0304, "", ""),
        (ContentType("a".into()), 0, "a", ""),
        (ResponseTopic("b".into()), 0, "b", ""),
        (CorrelationData(b"c"), 0, "c", ""),
        (SubscriptionIdentifier(128), 128, "", ""),
        (SessionExpiryInterval(u32::MAX), u32::MAX, "", ""),
        (AssignedClientIdentifier("d".into()), 0, "d", ""),
        (ServerKeepAlive(300), 300, "", ""),
        (AuthenticationMethod("e".into()), 0, "e", ""),
        (AuthenticationData(b"f"), 0, "", ""),
        (RequestProblemInformation(true), 1, "", ""),
        (WillDelayInterval(5), 5, "", ""),
        (RequestResponseInformation(true), 1, "", ""),
        (ResponseInformation("g".into()), 0, "g", ""),
        (ServerReference("h".into()), 0, "h", ""),
        (ReasonString("i".into()), 0, "i", ""),
        (ReceiveMaximum(one), 1, "", ""),
        (TopicAliasMaximum(6), 6, "", ""),
        (TopicAlias(one), 1, "", ""),
        (MaximumQoS(QoS::AtLeastOnce), 1, "", ""),
        (RetainAvailable(true), 1, "", ""),
        (MaximumPacketSize(7.try_into().unwrap()), 7, "", ""),
        (WildcardSubscriptionAvailable(true), 1, "", ""),
        (SubscriptionIdentifierAvailable(true), 1, "", ""),
        (SharedSubscriptionAvailable(true), 1, "", ""),
        (
            UserProperty {
                name: "name".into(),
                value: "value".into(),
            },
            0,
            "name",
            "value",
        ),
    ] {
        let number: u32 = number;
        let field = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
        let expected = [
            &[property.identifier()][..],
            &number.to_le_bytes(),
            &field(first),
            &field(second),
            &[0, 0],
        ];
        // Behind the numbers of two format strings, which count up here. The number 0 ends it.
        assert_eq!(logged(&property)[4..], expected.concat(), "{property}");
    }
}

#[test]
fn different_values_are_logged_differently() {
    // Behind the number of the format string, which counts up here.
    let value = |bytes: Vec<u8>| bytes[2..].to_vec();
    assert_eq!(value(logged(&QoS::ExactlyOnce)), [2]);
    assert_ne!(
        value(logged(&Fault::Timeout)),
        value(logged(&Fault::Malformed))
    );
    assert_eq!(value(logged(&Fault::Refused(5.into()))).last(), Some(&5));
    let session = Session::<[Slot; 2]>::new();
    assert!(logged(&session).len() > 2 && logged(&ManualAcks::<[PendingAck; 3]>::new()).len() > 2);
}
