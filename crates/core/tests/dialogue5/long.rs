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

/// Everything else has to fit.
#[test]
fn other_packets() {
    let mut packet = vec![0x90, 3 + 40, 0, 1, 40, 0x1f, 0, 37];
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
