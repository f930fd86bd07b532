//! DISCONNECT, both ways.
use super::*;

#[test]
fn of_the_server() {
    let cases: [(&[u8], &str); 5] = [
        (
            b"\xe0\0",
            "Disconnected { code: ReasonCode(0), properties: [] }",
        ),
        (
            b"\xe0\x01\x8e",
            "Disconnected { code: ReasonCode(142), properties: [] }",
        ),
        (
            b"\xe0\x02\x8b\0",
            "Disconnected { code: ReasonCode(139), properties: [] }",
        ),
        (
            b"\xe0\x06\x9c\x04\x1c\0\x01b",
            "Disconnected { code: ReasonCode(156), properties: [server reference \"b\"] }",
        ),
        (
            b"\xe0\x06\x8b\x04\x1f\0\x01b\x30\x04\0\x01t\0",
            "Disconnected { code: ReasonCode(139), properties: [reason string \"b\"] }",
        ),
    ];
    for (packet, event) in cases {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.receives(packet, &[event]);
        d.sends(b"");
        assert!(d.session.is_closed());
        d.refuses(SendError::Offline, |s, tx| s.disconnect(tx));
    }
    for (packet, fault, code) in [
        (&b"\xe0\x01\x04"[..], "Unexpected", 0x82), // only clients send it
        (b"\xe0\x01\x91", "Unexpected", 0x82),
        (b"\xe1\0", "Malformed", 0x81),
        (b"\xe0\x07\0\x05\x11\0\0\0\x01", "Unexpected", 0x82),
        (b"\xe0\x03\0\0\0", "Malformed", 0x81),
    ] {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.receives(packet, &[fault]);
        d.sends(&[0xe0, 1, code]);
    }
}

/// The message that was delivered last is acknowledged before, with its code.
#[test]
fn of_the_client() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.session.disconnect(&mut d.tx).unwrap();
    d.sends(b"\xe0\0");
    let reason = [Property::ReasonString("x".into())];
    for (code, list, expected) in [
        (
            ReasonCode::NORMAL_DISCONNECTION,
            &reason[..0],
            &b"\x40\x02\0\x05\xe0\0"[..],
        ),
        (
            ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
            &reason[..0],
            b"\x40\x02\0\x05\xe0\x01\x04",
        ),
        (
            ReasonCode::NORMAL_DISCONNECTION,
            &reason,
            b"\x40\x02\0\x05\xe0\x06\0\x04\x1f\0\x01x",
        ),
    ] {
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.rx.space()[..8].copy_from_slice(b"\x32\x06\0\x01t\0\x05\0");
        d.rx.commit(8);
        d.session.next_event(&mut d.rx, &mut d.tx).unwrap().unwrap();
        let full = d.tx.room() - expected.len() - 2;
        let _ = full;
        for wrong in [ReasonCode::SERVER_BUSY, ReasonCode::GRANTED_QOS_1] {
            d.refuses(SendError::Invalid, |s, tx| {
                s.disconnect_with(wrong, list, tx)
            });
        }
        d.refuses(SendError::Invalid, |s, tx| {
            s.disconnect_with(code, &[Property::ServerReference("x".into())], tx)
        });
        d.session.disconnect_with(code, list, &mut d.tx).unwrap();
        d.sends(expected);
        assert!(d.session.is_closed());
    }
}

/// The refusal of the message that was delivered last leaves before DISCONNECT.
#[test]
fn after_a_refusal() {
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.rx.space()[..8].copy_from_slice(b"\x32\x06\0\x01t\0\x05\0");
    d.rx.commit(8);
    d.session.next_event(&mut d.rx, &mut d.tx).unwrap().unwrap();
    d.session.refuse(ReasonCode::QUOTA_EXCEEDED).unwrap();
    d.session.disconnect(&mut d.tx).unwrap();
    d.sends(b"\x40\x03\0\x05\x97\xe0\0");
}

/// The session expiry interval in DISCONNECT replaces that of CONNECT, but cannot make a session of
/// one that ends with the connection.
#[test]
fn session_expiry() {
    let expiry = |seconds| [Property::SessionExpiryInterval(seconds)];
    let leave = |d: &mut Dialogue, seconds| {
        d.session.disconnect_with(
            ReasonCode::NORMAL_DISCONNECTION,
            &expiry(seconds),
            &mut d.tx,
        )
    };
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    assert_eq!(leave(&mut d, 60), Err(SendError::Invalid));
    assert_eq!(leave(&mut d, 0), Ok(()));
    d.sends(b"\xe0\x07\0\x05\x11\0\0\0\0");
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session(), ACCEPTED, &[NEW]);
    assert_eq!(leave(&mut d, 60), Ok(()));
    let resumed = "Connected { session: Resumed, properties: [] }";
    d.connect(&CLIENT.keep_session(), b"\x20\x03\x01\0\0", &[resumed]);
    assert_eq!(leave(&mut d, 0), Ok(()));
    d.connect(&CLIENT.keep_session(), b"\x20\x03\x01\0\0", &["Unexpected"]);
}
