//! AUTH.
use super::*;

const METHOD: Property<'_> = Property::AuthenticationMethod(Text::new("m"));

/// Returns a dialogue that is connecting with an authentication method.
fn connecting() -> Dialogue {
    let mut d = Dialogue::<Full>::new();
    d.session
        .connect(&CLIENT.properties(&[METHOD]), &mut d.rx, &mut d.tx)
        .unwrap();
    d.tx.clear();
    d
}

#[test]
fn enhanced_authentication() {
    let mut d = connecting();
    d.receives(
        b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01?",
        &["Auth { code: ReasonCode(24), properties: [authentication method \"m\", authentication data of 1 bytes] }"],
    );
    d.refuses(SendError::Offline, |s, tx| s.publish(&Publish::to("t"), tx));
    d.refuses(SendError::Offline, |s, tx| {
        s.authenticate(ReasonCode::RE_AUTHENTICATE, &[METHOD], tx)
    });
    let answer = [METHOD, Property::AuthenticationData(b"!")];
    d.session
        .authenticate(ReasonCode::CONTINUE_AUTHENTICATION, &answer, &mut d.tx)
        .unwrap();
    d.sends(b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01!");
    let connected = "Connected { session: New, properties: [authentication method \"m\"] }";
    d.receives(b"\x20\x07\0\0\x04\x15\0\x01m", &[connected]);
    // The client begins anew, and other packets flow meanwhile.
    d.session
        .authenticate(ReasonCode::RE_AUTHENTICATE, &answer, &mut d.tx)
        .unwrap();
    d.sends(b"\xf0\x0a\x19\x08\x15\0\x01m\x16\0\x01!");
    d.publish_to_t(QoS::AtMostOnce).unwrap();
    let done = "Auth { code: ReasonCode(0), properties: [authentication method \"m\"] }";
    d.receives(b"\xf0\x06\0\x04\x15\0\x01m", &[done]);
}

/// All AUTH and the CONNACK have the method of CONNECT [MQTT-4.12.0-5] [MQTT-4.12.0-7].
#[test]
fn other_methods() {
    for (packet, fault) in [
        (&b"\x20\x03\0\0\0"[..], "Unexpected"),
        (b"\x20\x07\0\0\x04\x15\0\x01n", "Unexpected"),
        (b"\xf0\x06\x18\x04\x15\0\x01n", "Unexpected"),
        (b"\xf0\x01\x18", "Unexpected"),
        (b"\xf0\0", "Unexpected"),
        (b"\xf0\x06\x19\x04\x15\0\x01m", "Unexpected"),
        (b"\xf0\x06\0\x04\x15\0\x01m", "Unexpected"), // not before CONNACK
        (b"\xf0\x06\x18\x04\x16\0\x01m", "Unexpected"),
        (b"\xf1\x06\x18\x04\x15\0\x01m", "Malformed"),
    ] {
        let mut d = connecting();
        d.receives(packet, &[fault]);
        d.sends(b"");
    }
    let mut d = connecting();
    let other = [Property::AuthenticationMethod("n".into())];
    for (code, list) in [
        (ReasonCode::CONTINUE_AUTHENTICATION, &other[..]),
        (ReasonCode::CONTINUE_AUTHENTICATION, &[]),
        (ReasonCode::SUCCESS, &[METHOD]),
    ] {
        d.refuses(SendError::Invalid, |s, tx| s.authenticate(code, list, tx));
    }
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.refuses(SendError::Invalid, |s, tx| {
        s.authenticate(ReasonCode::RE_AUTHENTICATE, &[METHOD], tx)
    });
    d.receives(b"\xf0\x06\x18\x04\x15\0\x01m", &["Unexpected"]);
    d.sends(b"\xe0\x01\x82");
    let mut d = Dialogue::<Clean>::open(ACCEPTED);
    d.receives(b"\xf0\x06\x18\x04\x15\0\x01m", &["Unexpected"]);
}

/// A client without AUTH packets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Plain;

impl Profile for Plain {
    const AUTHENTICATES: bool = false;
}

/// Without AUTH packets, a method alone can be agreed upon.
#[test]
fn auth_is_unexpected_without_this_part_of_the_profile() {
    let connack = b"\x20\x07\0\0\x04\x15\0\x01m";
    let connected = "Connected { session: New, properties: [authentication method \"m\"] }";
    let mut d = Dialogue::<Plain>::new();
    d.connect(&CLIENT.properties(&[METHOD]), connack, &[connected]);
    d.receives(b"\xf0\x06\0\x04\x15\0\x01m", &["Unexpected"]);
    d.sends(b"\xe0\x01\x82");
}

/// A server only continues an authentication, and completes one on an open connection. Without a
/// method in CONNECT it sends no AUTH at all [MQTT-4.12.0-6].
#[test]
fn every_code_in_each_state() {
    let connack = b"\x20\x07\0\0\x04\x15\0\x01m";
    let connected = "Connected { session: New, properties: [authentication method \"m\"] }";
    for code in 0..=255 {
        let auth = [0xf0, 6, code, 4, 0x15, 0, 1, b'm'];
        let event = format!(
            "Auth {{ code: ReasonCode({code}), properties: [authentication method \"m\"] }}"
        );
        let mut d = connecting();
        let is_expected = code == 0x18;
        d.receives(&auth, &[if is_expected { &event } else { "Unexpected" }]);
        d.sends(b"");
        let mut d = connecting();
        d.receives(connack, &[connected]);
        let is_expected = code == 0x18 || code == 0;
        d.receives(&auth, &[if is_expected { &event } else { "Unexpected" }]);
        d.sends(if is_expected { b"" } else { b"\xe0\x01\x82" });
        let mut d = Dialogue::<Full>::open(ACCEPTED);
        d.receives(&auth, &["Unexpected"]);
        d.sends(b"\xe0\x01\x82");
        let mut d = Dialogue::<Full>::new();
        d.connect(&CLIENT, &auth, &["Unexpected"]);
        d.sends(b"");
    }
}
