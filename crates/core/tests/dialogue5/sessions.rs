//! Sessions that outlive connections.
use super::*;

const PRESENT: &[u8] = b"\x20\x03\x01\0\0";
const RESUMED: &str = "Connected { session: Resumed, properties: [] }";

/// A session that the client does not know ends the connection [MQTT-3.2.2-4], unless the client
/// says where identifiers begin then.
#[test]
fn unknown_sessions() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session(), PRESENT, &["Unexpected"]);
    let unrecognized = "Connected { session: Unrecognized, properties: [] }";
    d.connect(
        &CLIENT.keep_session().identifier_offset(100),
        PRESENT,
        &[unrecognized],
    );
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(101));
    d.connect(
        &CLIENT.keep_session(),
        PRESENT,
        &[RESUMED, "Resend { qos: AtLeastOnce, id: 101 }"],
    );
}

/// A clean start ends the old session; the new one can outlive the connection [MQTT-3.1.2-4].
#[test]
fn clean_start_and_expiry() {
    let list = [Property::SessionExpiryInterval(300)];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.properties(&list), ACCEPTED, &[NEW]);
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(1));
    d.connect(
        &CLIENT.keep_session(),
        PRESENT,
        &[RESUMED, "Resend { qos: AtLeastOnce, id: 1 }"],
    );
    d.session
        .republish(
            1.try_into().unwrap(),
            &Publish::to("t").qos(QoS::AtLeastOnce),
            &mut d.tx,
        )
        .unwrap();
    d.sends(b"\x3a\x06\0\x01t\0\x01\0");
    d.connect(&CLIENT.properties(&list), PRESENT, &["Unexpected"]);
    d.connect(
        &CLIENT.properties(&list),
        ACCEPTED,
        &["OutcomeUnknown { id: 1 }", NEW],
    );
}

/// Without an expiry interval the session ends with the connection, although it was no clean start
/// [MQTT-3.1.2-23].
#[test]
fn expiry_of_zero() {
    let list = [Property::SessionExpiryInterval(0)];
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session().properties(&list), ACCEPTED, &[NEW]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.connect(
        &CLIENT.keep_session(),
        ACCEPTED,
        &["OutcomeUnknown { id: 1 }", NEW],
    );
}

/// The server's interval replaces that of CONNECT.
#[test]
fn expiry_of_the_server() {
    let mut d = Dialogue::<Full>::new();
    let shortened = "Connected { session: New, properties: [session expiry interval 0] }";
    d.connect(
        &CLIENT.keep_session(),
        b"\x20\x08\0\0\x05\x11\0\0\0\0",
        &[shortened],
    );
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.connect(&CLIENT.keep_session(), PRESENT, &["Unexpected"]);
}

/// The identifier that the server assigned names the session from now on [MQTT-3.1.3-2].
#[test]
fn assigned_identifiers() {
    let mut d = Dialogue::<Full>::new();
    let assigned = "Connected { session: New, properties: [assigned client identifier \"x\"] }";
    d.connect(
        &Connect::new("").keep_session(),
        b"\x20\x07\0\0\x04\x12\0\x01x",
        &[assigned],
    );
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    let resent = "Resend { qos: AtLeastOnce, id: 1 }";
    d.connect(
        &Connect::new("x").keep_session(),
        PRESENT,
        &[RESUMED, resent],
    );
}

/// A message that was refused is not sent again [MQTT-4.4.0-2].
#[test]
fn refused_messages_are_not_resent() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session(), ACCEPTED, &[NEW]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.receives(
        b"\x40\x03\0\x01\x97",
        &["Refused { code: ReasonCode(151), id: 1, properties: [] }"],
    );
    d.connect(&CLIENT.keep_session(), PRESENT, &[RESUMED]);
}
