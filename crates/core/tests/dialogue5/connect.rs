//! CONNECT and CONNACK.
use super::*;

/// What the session adds to CONNECT by itself: how many QoS 2 messages it has slots for, and that
/// a session that is to be kept does not expire. The application can name both.
#[test]
fn announcements() {
    let mut d = Dialogue::<Full>::new();
    let connect = |d: &mut Dialogue, connect: &Connect<'_, &[Property<'_>]>| {
        d.session
            .connect(connect, &mut d.rx, &mut d.tx)
            .map(|()| d.tx.bytes().to_vec())
    };
    let mut is = |options: Connect<'_>, list: &[Property<'_>], flags: u8, properties: &[u8]| {
        let mut expected = vec![0x10, 14 + properties.len() as u8];
        expected.extend(b"\0\x04MQTT\x05");
        expected.extend([flags, 0, 60, properties.len() as u8]);
        expected.extend(properties);
        expected.extend(b"\0\x01c");
        assert_eq!(connect(&mut d, &options.properties(list)), Ok(expected));
    };
    is(CLIENT, &[], 2, b"\x21\0\x04");
    is(
        CLIENT.keep_session(),
        &[],
        0,
        b"\x21\0\x04\x11\xff\xff\xff\xff",
    );
    let maximum = Property::ReceiveMaximum(7.try_into().unwrap());
    is(CLIENT, &[maximum], 2, b"\x21\0\x07");
    let expiry = Property::SessionExpiryInterval(300);
    is(
        CLIENT.keep_session(),
        &[expiry],
        0,
        b"\x21\0\x04\x11\0\0\x01\x2c",
    );
    is(CLIENT, &[expiry], 2, b"\x21\0\x04\x11\0\0\x01\x2c");
    is(
        CLIENT.keep_session(),
        &[maximum, expiry],
        0,
        b"\x21\0\x07\x11\0\0\x01\x2c",
    );
    is(
        CLIENT.keep_session(),
        &[maximum],
        0,
        b"\x11\xff\xff\xff\xff\x21\0\x07",
    );
    let refused = connect(&mut d, &CLIENT.properties(&[maximum, maximum]));
    assert_eq!(refused, Err(SendError::Invalid));
    let refused = connect(&mut d, &CLIENT.properties(&[Property::ServerKeepAlive(1)]));
    assert_eq!(refused, Err(SendError::Invalid));
    assert!(d.session.is_closed());
}

/// A profile that receives no QoS 2 messages announces no maximum.
#[test]
fn a_sensor_announces_nothing() {
    let mut d = Dialogue::<Sensor, 1>::new();
    d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
    d.sends(b"\x10\x0e\0\x04MQTT\x05\x02\0\x3c\0\0\x01c");
    d.receives(ACCEPTED, &[NEW]);
    assert_eq!(d.publish_to_t(QoS::AtMostOnce), Ok(0));
    d.sends(b"\x30\x04\0\x01t\0");
}

/// The will with its properties, a password without a user name, an empty client identifier of a
/// session that is kept: all allowed in MQTT 5.
#[test]
fn everything_in_connect() {
    let mut d = Dialogue::<Full>::new();
    let will = Publish::to("w").properties(&[Property::WillDelayInterval(5)]);
    let list = [
        Property::ReceiveMaximum(1.try_into().unwrap()),
        Property::SessionExpiryInterval(0),
    ];
    let mut connect = Connect::new("").keep_session().properties(&list).will(will);
    connect.password = Some(b"p");
    d.session.connect(&connect, &mut d.rx, &mut d.tx).unwrap();
    d.sends(
        b"\x10\x23\0\x04MQTT\x05\x44\0\x3c\x08\x21\0\x01\x11\0\0\0\0\0\0\
        \x05\x18\0\0\0\x05\0\x01w\0\0\0\x01p",
    );
}

/// Bytes that are no CONNACK of MQTT 5 end the connection without a DISCONNECT; a server that
/// speaks only MQTT 3.1.1 refuses in its own form.
#[test]
fn other_answers() {
    let cases: [(&[u8], &str); 13] = [
        (b"\x20\x02\0\x01", "Refused(ReturnCode(1))"),
        (b"\x20\x02\0\0", "Malformed"),
        (b"\x20\x02\x01\0", "Malformed"),
        (b"\x20\x03\x02\0\0", "Malformed"),
        (b"\x20\x03\x80\0\0", "Malformed"),
        (b"\x20\x03\0\x01\0", "Unexpected"),
        (b"\x20\x03\x01\0\0", "Unexpected"), // a session, after a clean start
        (b"\x20\x03\x01\x80\0", "Unexpected"),
        (b"\x20\x06\0\0\x03\x21\0\0", "Unexpected"),
        (b"\x20\x06\0\0\x03\x23\0\x01", "Unexpected"),
        (b"\x20\x08\0\0\x05\x27\0\0\0\x04", "Unexpected"),
        (b"\x20\x07\0\0\x04\x12\0\x01x", "Unexpected"), // an identifier for a client that has one
        (b"\xd0\0", "Unexpected"),
    ];
    for (connack, fault) in cases {
        let mut d = Dialogue::<Full>::new();
        d.connect(&CLIENT, connack, &[fault]);
        d.sends(b"");
        assert!(d.session.is_closed());
    }
}

/// A refusal has a reason code and properties.
#[test]
fn refusals() {
    let mut d = Dialogue::<Full>::new();
    let refused = "Disconnected { code: ReasonCode(156), properties: [server reference \"b\"] }";
    d.connect(&CLIENT, b"\x20\x07\0\x9c\x04\x1c\0\x01b", &[refused]);
    assert!(d.session.is_closed());
    d.connect(&CLIENT, ACCEPTED, &[NEW]);
}

/// The server's keep alive replaces that of CONNECT [MQTT-3.1.2-21] [MQTT-3.2.2-21].
#[test]
fn server_keep_alive() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x13\0\x05");
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(Some(3750)));
    assert_eq!(d.session.tick(3750, &mut d.tx), Ok(Some(3750)));
    d.sends(b"\xc0\0");
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x13\0\0");
    assert_eq!(d.session.tick(0, &mut d.tx), Ok(None));
}

/// The properties of CONNACK reach the application, and so do the limits.
#[test]
fn what_connack_says() {
    let mut d = Dialogue::<Full>::new();
    let connected = "Connected { session: New, properties: [assigned client identifier \"x\", \
                     receive maximum 9, retain available 0, topic alias maximum 3] }";
    d.connect(
        &Connect::new(""),
        b"\x20\x0f\0\0\x0c\x12\0\x01x\x21\0\x09\x25\0\x22\0\x03",
        &[connected],
    );
    let limits = d.session.limits();
    assert_eq!((limits.receive_maximum, limits.topic_alias_maximum), (9, 3));
    assert_eq!(
        (limits.maximum_packet_size, limits.maximum_qos),
        (u32::MAX, QoS::ExactlyOnce)
    );
    assert!(!limits.retain_available && limits.wildcard_subscription_available);
    assert!(limits.shared_subscription_available && limits.subscription_identifier_available);
}
