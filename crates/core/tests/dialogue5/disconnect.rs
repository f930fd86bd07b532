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

/// Returns dialogues in each state in which the connection is open, with a message in flight, and
/// whether a payload is being sent in pieces.
fn open_states() -> [(Dialogue, bool); 4] {
    let kept = CLIENT.keep_session();
    let mut open = Dialogue::<Full>::new();
    open.connect(&kept, ACCEPTED, &[NEW]);
    open.publish_to_t(QoS::AtLeastOnce).unwrap();
    let mut streaming = open.clone();
    streaming.publish(&Publish::to("t").remaining(5)).unwrap();
    let mut accepted = open.clone();
    accepted.receives(
        b"\x34\x06\0\x01t\0\x07\0",
        &[r#"Message "t" "" Some(7) []"#],
    );
    let mut resuming = open.clone();
    let resumed = "Connected { session: Resumed, properties: [] }";
    let resent = "Resend { qos: AtLeastOnce, id: 1 }";
    resuming.connect(&kept, b"\x20\x03\x01\0\0", &[resumed, resent]);
    let states = [
        (open, false),
        (streaming, true),
        (accepted, false),
        (resuming, false),
    ];
    states.map(|(mut d, is_streaming)| {
        d.tx.clear();
        (d, is_streaming)
    })
}

/// A DISCONNECT of the server ends the connection in every state, whatever its code: it is an event
/// if a server can send the code, else a fault. The session can be resumed after both.
#[test]
fn every_code_in_each_state() {
    let is_allowed =
        |code| matches!(code, 0 | 0x80..=0x83 | 0x87 | 0x89 | 0x8b..=0x90 | 0x93..=0xa2);
    for code in 0..=255 {
        for (mut d, is_streaming) in open_states() {
            if is_allowed(code) {
                let event = format!("Disconnected {{ code: ReasonCode({code}), properties: [] }}");
                d.receives(&[0xe0, 1, code], &[&event]);
                d.sends(b"");
            } else {
                d.receives(&[0xe0, 1, code], &["Unexpected"]);
                // Within a payload it would be a part of it.
                d.sends(if is_streaming { b"" } else { b"\xe0\x01\x82" });
            }
            assert!(d.session.is_closed());
            d.receives(b"\xe0\x01\x8b", &[]);
            let resumed = "Connected { session: Resumed, properties: [] }";
            let resent = "Resend { qos: AtLeastOnce, id: 1 }";
            d.connect(
                &CLIENT.keep_session(),
                b"\x20\x03\x01\0\0",
                &[resumed, resent],
            );
        }
        let mut connecting = Dialogue::<Full>::new();
        connecting.connect(&CLIENT, &[0xe0, 1, code], &["Unexpected"]);
        connecting.sends(b"");
    }
}
