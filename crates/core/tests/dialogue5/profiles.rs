//! Profiles that leave out parts of MQTT 5.
use super::*;

/// A client that trusts its server: neither text nor properties are checked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Trusting;

impl Profile for Trusting {
    const VALIDATES: bool = false;
}

/// A client that is told what acknowledgements say besides success.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Curious;

impl Profile for Curious {
    const REPORTS_SUCCESS: bool = true;
}

/// Those that say no more than success are the events that they always are.
#[test]
fn successes_have_reasons_if_the_profile_reports_them() {
    let mut d = Dialogue::<Curious>::open(ACCEPTED);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(2));
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(3));
    d.tx.clear();
    let received = "Accepted { code: ReasonCode(16), id: 1, is_pubrec: true, properties: [] }";
    d.receives(b"\x50\x03\0\x01\x10", &[received]);
    d.sends(b"\x62\x02\0\x01");
    // A repetition tells nothing new.
    d.receives(b"\x50\x03\0\x01\x10", &[]);
    d.sends(b"\x62\x02\0\x01");
    let quoted = "Accepted { code: ReasonCode(0), id: 2, is_pubrec: false, properties: [reason \
                  string \"q\"] }";
    d.receives(b"\x40\x08\0\x02\0\x04\x1f\0\x01q", &[quoted]);
    d.receives(b"\x40\x04\0\x03\0\0", &["Acked { id: 3 }"]);
    d.receives(b"\x70\x02\0\x01", &["Acked { id: 1 }"]);
    // What is refused is an event of its own.
    assert_eq!(d.publish_to_t(QoS::AtLeastOnce), Ok(4));
    let refused = "Refused { code: ReasonCode(135), id: 4, properties: [] }";
    d.receives(b"\x40\x03\0\x04\x87", &[refused]);
    d.sends(b"\x32\x06\0\x01t\0\x04\0");
}

/// Only a client without an identifier is assigned one, and only who asked for an authentication
/// method is sent one [MQTT-4.12.0-5], whatever else the profile leaves out.
#[test]
fn what_was_not_asked_for_in_connack_is_a_fault() {
    let assigned = b"\x20\x07\0\0\x04\x12\0\x01x";
    let method = b"\x20\x07\0\0\x04\x15\0\x01m";
    let mut d = Dialogue::<Clean>::new();
    d.connect(&CLIENT, assigned, &["Unexpected"]);
    d.connect(&CLIENT, method, &["Unexpected"]);
    d.connect(&CLIENT, ACCEPTED, &[NEW]);
    let mut d = Dialogue::<Trusting>::new();
    d.connect(&CLIENT, method, &["Unexpected"]);
    // Nobody checks that the client had an identifier.
    let event = "Connected { session: New, properties: [assigned client identifier \"x\"] }";
    d.connect(&CLIENT, assigned, &[event]);
}

/// An assigned identifier names the session [MQTT-3.1.3-2] also if properties are not checked.
#[test]
fn an_assigned_identifier_is_kept_without_checks() {
    let mut d = Dialogue::<Trusting>::new();
    let event = "Connected { session: New, properties: [assigned client identifier \"x\"] }";
    let unnamed = Connect::new("").keep_session();
    d.connect(&unnamed, b"\x20\x07\0\0\x04\x12\0\x01x", &[event]);
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.connect(
        &Connect::new("x").keep_session(),
        b"\x20\x03\x01\0\0",
        &[
            "Connected { session: Resumed, properties: [] }",
            "Resend { qos: AtLeastOnce, id: 1 }",
        ],
    );
}

/// A client without reasons answers PUBREL for an identifier that is not known as any other, and
/// says nothing when a fault ends the connection.
#[test]
fn without_reasons_acknowledgements_have_no_codes() {
    let mut d = Dialogue::<Clean>::open(ACCEPTED);
    d.receives(b"\x62\x02\0\x07", &[]);
    d.sends(b"\x70\x02\0\x07");
    d.receives(
        b"\x34\x06\0\x01t\0\x07\0",
        &[r#"Message "t" "" Some(7) []"#],
    );
    d.receives(b"\x62\x02\0\x07", &[]);
    d.sends(b"\x50\x02\0\x07\x70\x02\0\x07");
    d.receives(b"\x30\x03\0\0\0", &["Unexpected"]);
    d.sends(b"");
}

/// A client that sends QoS 0 alone does not read the receive maximum.
#[test]
fn a_sensor_needs_no_receive_maximum() {
    let mut d = Dialogue::<Sensor, 1>::open(b"\x20\x09\0\0\x06\x21\0\x02\x22\0\x03");
    let limits = d.session.limits();
    assert_eq!(limits.receive_maximum, u16::MAX);
    assert_eq!(limits.topic_alias_maximum, 3);
    assert_eq!(d.publish_to_t(QoS::AtMostOnce), Ok(0));
}
