//! Flow control: the server's receive maximum, and the client's.
use super::*;

/// [MQTT-3.3.4-7] [MQTT-3.3.4-8] [MQTT-4.9.0-2] [MQTT-4.9.0-3]
#[test]
fn send_quota() {
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x21\0\x02");
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    assert!(d.session.has_send_quota());
    d.publish_to_t(QoS::AtLeastOnce).unwrap();
    d.tx.clear();
    let busy = |d: &mut Dialogue| {
        d.refuses(SendError::Busy, |s, tx| {
            s.publish(&Publish::to("t").qos(QoS::AtLeastOnce), tx)
        });
        assert!(!d.session.has_send_quota() && d.session.has_free_slot());
    };
    busy(&mut d);
    // Nothing else is held back.
    d.publish_to_t(QoS::AtMostOnce).unwrap();
    d.session
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)], &mut d.tx)
        .unwrap();
    d.tx.clear();
    d.receives(b"\x50\x02\0\x01", &["Received { id: 1 }"]);
    d.sends(b"\x62\x02\0\x01");
    // PUBREC does not free any of it, but PUBCOMP, PUBACK and errors do.
    busy(&mut d);
    d.receives(b"\x70\x02\0\x01", &["Acked { id: 1 }"]);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(4));
    d.receives(
        b"\x50\x03\0\x04\x80",
        &["Refused { code: ReasonCode(128), id: 4, properties: [] }"],
    );
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(1));
    d.receives(b"\x40\x02\0\x02", &["Acked { id: 2 }"]);
    assert_eq!(d.publish_to_t(QoS::ExactlyOnce), Ok(2));
}

/// After a reconnection with a smaller maximum, messages are resent only as far as it allows.
#[test]
fn a_smaller_window_after_reconnection() {
    let mut d = Dialogue::<Full>::new();
    d.connect(&CLIENT.keep_session(), ACCEPTED, &[NEW]);
    for _ in 0..3 {
        d.publish_to_t(QoS::AtLeastOnce).unwrap();
    }
    d.publish_to_t(QoS::ExactlyOnce).unwrap();
    d.receives(b"\x50\x02\0\x04", &["Received { id: 4 }"]);
    let resumed = "Connected { session: Resumed, properties: [receive maximum 1] }";
    let ask = |id: u16| format!("Resend {{ qos: AtLeastOnce, id: {id} }}");
    d.connect(
        &CLIENT.keep_session(),
        b"\x20\x06\x01\0\x03\x21\0\x01",
        &[resumed, &ask(1)],
    );
    let message = Publish::to("t").qos(QoS::AtLeastOnce);
    let again = |d: &mut Dialogue, id: u16| {
        d.session
            .republish(id.try_into().unwrap(), &message, &mut d.tx)
            .unwrap();
    };
    again(&mut d, 1);
    d.receives(b"", &[]);
    d.sends(b"\x3a\x06\0\x01t\0\x01\0");
    d.receives(b"\x40\x02\0\x01", &["Acked { id: 1 }", &ask(2)]);
    again(&mut d, 2);
    d.receives(b"\x40\x02\0\x02", &["Acked { id: 2 }", &ask(3)]);
    again(&mut d, 3);
    d.tx.clear();
    d.receives(b"\x40\x02\0\x03", &["Acked { id: 3 }"]);
    d.sends(b"\x62\x02\0\x04");
    d.receives(b"\x70\x02\0\x04", &["Acked { id: 4 }"]);
}

/// The client announces the slots that are free, and a server that sends more is at fault.
#[test]
fn receive_maximum() {
    let mut d = Dialogue::<Full, 2>::new();
    let keep = CLIENT.keep_session();
    d.connect(&keep, ACCEPTED, &[NEW]);
    d.receives(
        b"\x34\x06\0\x01t\0\x01\0",
        &[r#"Message "t" "" Some(1) []"#],
    );
    d.session.connect(&keep, &mut d.rx, &mut d.tx).unwrap();
    assert!(d.sent().contains(r"\x08!\x00\x01\x11"), "{}", d.sent());
    d.tx.clear();
    d.receives(
        b"\x20\x03\x01\0\0",
        &["Connected { session: Resumed, properties: [] }"],
    );
    d.receives(
        b"\x34\x06\0\x01t\0\x02\0",
        &[r#"Message "t" "" Some(2) []"#],
    );
    d.tx.clear();
    d.session.connect(&keep, &mut d.rx, &mut d.tx).unwrap();
    assert!(
        d.sent().contains(r"\x08!\x00\x01\x11"),
        "at least 1: {}",
        d.sent()
    );
    d.tx.clear();
    d.receives(
        b"\x20\x03\x01\0\0",
        &["Connected { session: Resumed, properties: [] }"],
    );
    d.receives(b"\x34\x06\0\x01t\0\x03\0", &["TooManyQos2"]);
    d.sends(b"\xe0\x01\x93");
    // A clean start frees all of them.
    d.session.connect(&CLIENT, &mut d.rx, &mut d.tx).unwrap();
    assert!(d.sent().contains(r"\x03!\x00\x02"), "{}", d.sent());
}
