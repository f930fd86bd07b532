//! Reason codes of acknowledgements, both ways.
use super::*;

/// An error is never taken for success. It ends the identifier: PUBREL does not follow
/// [MQTT-4.3.3-4].
#[test]
fn refused_messages() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
    d.sends(b"\x34\x06\0\x01t\0\x01\0\x32\x06\0\x01t\0\x02\0");
    d.receives(
        b"\x50\x08\0\x01\x97\x04\x1f\0\x01q\x40\x03\0\x02\x87",
        &[
            "Refused { code: ReasonCode(151), id: 1, properties: [reason string \"q\"] }",
            "Refused { code: ReasonCode(135), id: 2, properties: [] }",
        ],
    );
    d.sends(b"");
    assert_eq!(d.session.oldest_in_flight(), None);
    // An error for a message that is not in flight has no effect, either.
    d.receives(b"\x50\x03\0\x01\x97", &[]);
    d.sends(b"");
}

#[test]
fn successes() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
    d.tx.clear();
    d.receives(b"\x50\x03\0\x01\x10", &["Received { id: 1 }"]);
    d.sends(b"\x62\x02\0\x01");
    d.receives(b"\x40\x04\0\x02\x10\0", &["Acked { id: 2 }"]);
    d.receives(b"\x70\x04\0\x01\0\0", &["Acked { id: 1 }"]);
    // The server has lost the message: its identifier ends.
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(3));
    d.receives(b"\x50\x02\0\x03", &["Received { id: 3 }"]);
    let lost = "Refused { code: ReasonCode(146), id: 3, properties: [] }";
    d.receives(b"\x70\x03\0\x03\x92", &[lost]);
}

#[test]
fn faults() {
    let cases: [(&[u8], &str, u8); 7] = [
        (b"\x40\x03\0\x01\x04", "Unexpected", 0x82),
        (b"\x40\x03\0\x01\x92", "Unexpected", 0x82),
        (b"\x62\x03\0\x01\x80", "Unexpected", 0x82),
        (b"\x40\x02\0\0", "Malformed", 0x81),
        (b"\x40\x05\0\x01\0\0\0", "Malformed", 0x81),
        (b"\x40\x04\0\x01\0\x01", "Malformed", 0x81),
        (b"\x50\x02\0\x01", "Unexpected", 0x82),
    ];
    for (packet, fault, code) in cases {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.publish_to_t(QoS::AtLeastOnce).unwrap();
        d.tx.clear();
        d.receives(packet, &[fault]);
        d.sends(&[0xe0, 1, code]);
    }
}

/// A message is acknowledged with the code that the application chose. A QoS 2 message that is
/// refused takes no slot, and its identifier is free [MQTT-4.3.3-9].
#[test]
fn refusing() {
    let mut d = Dialogue::<Full, 1>::open(ACCEPTED);
    let message = r#"Message "t" "" Some(9) []"#;
    for _ in 0..3 {
        d.rx.space()[..8].copy_from_slice(b"\x34\x06\0\x01t\0\x09\0");
        d.rx.commit(8);
        let event = d.session.next_event(&mut d.rx, &mut d.tx).unwrap().unwrap();
        assert_eq!(shown(&event), message);
        assert_eq!(
            d.session.refuse(ReasonCode::SERVER_BUSY),
            Err(SendError::Invalid)
        );
        assert_eq!(d.session.refuse(ReasonCode::NOT_AUTHORIZED), Ok(()));
        assert_eq!(d.session.next_event(&mut d.rx, &mut d.tx), Ok(None));
        d.sends(b"\x50\x03\0\x09\x87");
        assert!(d.session.can_receive_qos_2());
        assert_eq!(
            d.session.refuse(ReasonCode::NOT_AUTHORIZED),
            Err(SendError::Invalid)
        );
    }
    // The code is that of one message.
    d.receives(b"\x34\x06\0\x01t\0\x09\0", &[message]);
    d.sends(b"\x50\x02\0\x09");
    assert!(!d.session.can_receive_qos_2());
}

/// PUBREL for an identifier that is not known is answered so.
#[test]
fn unknown_pubrel() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.receives(b"\x62\x02\0\x07", &[]);
    d.sends(b"\x70\x03\0\x07\x92");
    d.receives(
        b"\x34\x06\0\x01t\0\x07\0",
        &[r#"Message "t" "" Some(7) []"#],
    );
    d.sends(b"\x50\x02\0\x07");
    d.receives(b"\x62\x03\0\x07\x92", &[]);
    d.sends(b"\x70\x02\0\x07");
}
