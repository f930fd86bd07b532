//! Packets that are longer than `rx`, and longer than the client has announced to accept.
use super::*;

/// A CONNACK that fits into 24 bytes.
fn small() -> Dialogue<Full, 4, 24> {
    Dialogue::open(ACCEPTED)
}

/// Memory for an identifier and a code alone is enough for any acknowledgement, and for DISCONNECT.
#[test]
fn in_the_smallest_memory() {
    let mut session = Session::<[Slot; 4], Mqtt5>::with_protocol();
    let (mut memory, mut end) = ([0; 64], 0);
    let mut out = Out::new(&mut memory, &mut end);
    session.connect_slices(&CLIENT, 5, &mut out).unwrap();
    session.receive(&mut &*ACCEPTED, 5, &mut out).unwrap();
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    session.publish(&message, &mut out).unwrap();
    let mut receive = |mut bytes: &[u8]| {
        let event = session.receive(&mut bytes, 5, &mut out).unwrap();
        (bytes.len(), event.map(|event| shown(&event)))
    };
    let refused = "Refused { code: ReasonCode(151), id: 1, properties: [] }";
    assert_eq!(receive(b"\x40\x08\0\x01"), (4, None));
    assert_eq!(receive(b"\x40\x08\0\x01\x97"), (0, Some(refused.into())));
    assert_eq!(receive(b"\x04\x1f\0\x01x"), (0, None));
    let disconnected = "Disconnected { code: ReasonCode(139), properties: [] }";
    assert_eq!(receive(b"\xe0\x06"), (2, None));
    assert_eq!(receive(b"\xe0\x06\x8b"), (0, Some(disconnected.into())));
}

/// Of an acknowledgement, identifier and code come first; properties that do not fit are dropped.
#[test]
fn acknowledgements() {
    let reason = |kind: u8, id: u8, code: u8| {
        let mut packet = vec![kind, 4 + 63, 0, id, code, 63, 0x1f, 0, 60];
        packet.extend([b'x'; 60]);
        packet
    };
    let mut d = small();
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.tx.clear();
    d.receives(&reason(0x50, 1, 0), &["Received { id: 1 }"]);
    d.sends(b"\x62\x02\0\x01");
    d.receives(
        &reason(0x40, 2, 0x97),
        &["Refused { code: ReasonCode(151), id: 2, properties: [] }"],
    );
    d.receives(&reason(0x70, 1, 0), &["Acked { id: 1 }"]);
    d.receives(b"\x40\x02\0\x03", &["Acked { id: 3 }"]);
    d.receives(&reason(0x62, 9, 0x92), &[]);
    d.sends(b"\x70\x03\0\x09\x92");
    d.receives(b"\x30\x04\0\x01t\0", &[r#"Message "t" "" None []"#]);
    // DISCONNECT has no identifier.
    let mut packet = vec![0xe0, 2 + 63, 0x8b, 63, 0x1f, 0, 60];
    packet.extend([b'x'; 60]);
    d.receives(
        &packet,
        &["Disconnected { code: ReasonCode(139), properties: [] }"],
    );
}

/// The header of a message, with its properties, has to fit. If not, the message is skipped, and
/// acknowledged like any other.
#[test]
fn headers() {
    let mut d = small();
    let mut packet = b"\x34\x34\0\x01t\0\x07\x2a\x09\0\x27".to_vec();
    packet.extend([b'x'; 39]);
    packet.extend(b"data");
    packet.extend(b"\x30\x04\0\x01t\0");
    d.receives(
        &packet,
        &["Skipped { len: 47 }", r#"Message "t" "" None []"#],
    );
    d.sends(b"\x50\x02\0\x07");
    // With an alias and QoS 0 nothing stands before the properties.
    let mut packet = b"\x30\x49\0\0\x42\x23\0\x01\x03\0\x3c".to_vec();
    packet.extend([b'x'; 60]);
    packet.extend(b"data\x30\x04\0\x01t\0");
    d.receives(
        &packet,
        &["Skipped { len: 71 }", r#"Message "t" "" None []"#],
    );
    // The payload comes in pieces if only the header fits.
    let mut packet = b"\x30\x28\0\x01t\x04\x03\0\x01y".to_vec();
    packet.extend([b'z'; 32]);
    d.receives(
        &packet,
        &[
            r#"Message "t" "zzzzzzzzzzzzzz" None [content type "y"]"#,
            "Payload { remaining: 0, data: [122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122, 122] }",
        ],
    );
}

/// A packet of less than 16 KiB with a reason string before its reason codes. The properties take
/// `length` bytes.
fn with_codes(kind: u8, id: u8, length: usize, codes: &[u8]) -> Vec<u8> {
    let variable = |n: usize| match n {
        0..0x80 => vec![n as u8],
        _ => vec![n as u8 | 0x80, (n >> 7) as u8],
    };
    let mut body = vec![0, id];
    body.extend(variable(length));
    body.extend([0x1f, ((length - 3) >> 8) as u8, (length - 3) as u8]);
    body.extend(vec![b'x'; length - 3]);
    body.extend(codes);
    let mut packet = vec![kind];
    packet.extend(variable(body.len()));
    packet.extend(body);
    packet
}

/// A dialogue with 24 bytes for what is received, in which SUBSCRIBE with the identifier 1 and
/// UNSUBSCRIBE with the identifier 2 wait for an answer for each of two topic filters.
fn subscribing<P: Profile>() -> Dialogue<P, 4, 24> {
    let mut d = Dialogue::open(ACCEPTED);
    let filters = [
        Filter::new("a", QoS::AtMostOnce),
        Filter::new("b", QoS::AtMostOnce),
    ];
    d.session.subscribe(&filters, &mut d.tx).unwrap();
    d.session.unsubscribe(&filters, &mut d.tx).unwrap();
    d.tx.clear();
    d
}

/// The reason codes of SUBACK and UNSUBACK come behind the properties, which are dropped if they do
/// not fit.
#[test]
fn reason_codes_behind_properties() {
    for length in [3, 16, 17, 18, 19, 40, 127, 128, 300, 16_000] {
        let mut d = subscribing::<Full>();
        let properties = if length > 17 {
            "[]".into()
        } else {
            format!("[reason string {:?}]", "x".repeat(length - 3))
        };
        d.receives(
            &with_codes(0x90, 1, length, &[0, 0x87]),
            &[&format!(
                "Subscribed {{ id: 1, codes: [0, 135], properties: {properties} }}"
            )],
        );
        d.receives(
            &with_codes(0xb0, 2, length, &[0x11, 0]),
            &[&format!(
                "Unsubscribed {{ id: 2, codes: [17, 0], properties: {properties} }}"
            )],
        );
        d.receives(b"\x30\x04\0\x01t\0", &[r#"Message "t" "" None []"#]);
        assert_eq!(d.session.oldest_in_flight(), None);
    }
}

/// As many reason codes as `rx` has bytes fit, and no more.
#[test]
fn most_reason_codes() {
    for (count, is_enough) in [(24, true), (25, false)] {
        let mut d = Dialogue::<Full, 4, 24>::open(ACCEPTED);
        d.receives(
            &with_codes(0x90, 1, 40, &vec![0; count]),
            if is_enough { &[] } else { &["PacketTooLarge"] },
        );
        d.sends(if is_enough { b"" } else { b"\xe0\x01\x95" });
    }
}

/// What is wrong is found, although the properties are dropped, and told with its reason code.
#[test]
fn wrong_reason_codes_behind_properties() {
    let mut no_id = with_codes(0x90, 1, 40, &[0, 0]);
    no_id[3] = 0;
    for (packet, fault) in [
        (with_codes(0x90, 1, 40, &[]), "Malformed"),
        (with_codes(0x90, 1, 40, &[0]), "Malformed"),
        (with_codes(0x90, 1, 40, &[0; 3]), "Malformed"),
        (with_codes(0x90, 1, 40, &[0, 0x79]), "Unexpected"),
        (with_codes(0x90, 2, 40, &[0, 0]), "Unexpected"),
        (with_codes(0xb0, 1, 40, &[0, 0]), "Unexpected"),
        (no_id, "Malformed"),
        // Properties beyond the end of the packet, and a length in five bytes.
        (b"\x90\x28\0\x01\x3c\x1f\0\x39".to_vec(), "Malformed"),
        (b"\x90\x28\0\x01\xff\xff\xff\xff\x01".to_vec(), "Malformed"),
    ] {
        let mut d = subscribing::<Full>();
        d.receives(&packet, &[fault]);
        let is_malformed = fault == "Malformed";
        d.sends(if is_malformed {
            b"\xe0\x01\x81"
        } else {
            b"\xe0\x01\x82"
        });
    }
}

/// A connection that is lost between the properties and the reason codes leaves nothing behind.
#[test]
fn a_loss_before_reason_codes() {
    let packet = with_codes(0x90, 1, 40, &[0, 0]);
    for cut in [6, 30, 45, 46] {
        let mut d = subscribing::<Full>();
        d.receives(&packet[..cut], &[]);
        assert!(d.session.is_within_packet());
        d.session.on_connection_lost();
        assert!(!d.session.is_within_packet());
        let unknown = ["OutcomeUnknown { id: 1 }", "OutcomeUnknown { id: 2 }", NEW];
        d.connect(&CLIENT, ACCEPTED, &unknown);
        d.receives(b"\x30\x04\0\x01t\0", &[r#"Message "t" "" None []"#]);
    }
}

/// While properties are dropped, commands are written, and a message can be skipped before and
/// after.
#[test]
fn commands_before_reason_codes() {
    let mut long_topic = b"\x30\x33\0\x30".to_vec();
    long_topic.extend([b't'; 48]);
    long_topic.push(0);
    let mut d = subscribing::<Full>();
    let (begin, end) = long_topic.split_at(40);
    d.receives(begin, &[]);
    assert!(d.session.is_within_packet());
    d.receives(end, &["Skipped { len: 1 }"]);
    assert!(!d.session.is_within_packet());
    let packet = with_codes(0x90, 1, 40, &[0, 1]);
    d.receives(&packet[..20], &[]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.sends(b"\x32\x06\0\x01t\0\x03\0");
    d.receives(
        &packet[20..],
        &["Subscribed { id: 1, codes: [0, 1], properties: [] }"],
    );
    d.receives(&long_topic, &["Skipped { len: 1 }"]);
    d.receives(b"\x40\x02\0\x03", &["Acked { id: 3 }"]);
}

/// A profile without reasons, or one that skips nothing, drops no properties.
#[test]
fn reason_codes_in_other_profiles() {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    struct SkipsNothing;
    impl Profile for SkipsNothing {
        const SKIPS: bool = false;
    }
    let packet = with_codes(0x90, 1, 40, &[0, 0]);
    subscribing::<Clean>().receives(&packet, &["PacketTooLarge"]);
    subscribing::<SkipsNothing>().receives(&packet, &["PacketTooLarge"]);
}

/// CONNACK and AUTH have to fit.
#[test]
fn other_packets() {
    let mut packet = vec![0xf0, 2 + 40, 0x18, 40, 0x15, 0, 37];
    packet.extend([b'x'; 37]);
    let mut d = small();
    d.receives(&packet, &["PacketTooLarge"]);
    d.sends(b"\xe0\x01\x95");
}

/// [MQTT-3.1.2-24]: the server is at fault, which the length in the fixed header shows.
#[test]
fn maximum_packet_size() {
    let mut d = Dialogue::<Full>::new();
    let list = [Property::MaximumPacketSize(20.try_into().unwrap())];
    d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
    let mut packet = b"\x30\x12\0\x01t\0".to_vec();
    packet.extend([b'x'; 14]);
    d.receives(&packet, &[r#"Message "t" "xxxxxxxxxxxxxx" None []"#]);
    d.receives(b"\x30\x13\0", &["PacketTooLarge"]);
    d.sends(b"\xe0\x01\x95");
}

/// A length of properties in more bytes than necessary is a fault before the rest of the message has
/// arrived [MQTT-1.5.5-1].
#[test]
fn malformed_length_of_properties() {
    let mut packet = b"\x30\x40\0\x01t\x80\0".to_vec();
    packet.extend([0; 17]);
    let mut d = small();
    d.receives(&packet, &["Malformed"]);
    d.sends(b"\xe0\x01\x81");
    // Without the byte that is 0, this is the length of the property behind it.
    let mut packet = b"\x30\x86\x80\x01\0\x01t\x80\0\x01\x26\0\x01n\x3f\xfa".to_vec();
    packet.extend([b'v'; 0x3ffa]);
    let mut d = Dialogue::<Full, 4, 20_000>::open(ACCEPTED);
    d.receives(&packet, &["Malformed"]);
    d.sends(b"\xe0\x01\x81");
}
