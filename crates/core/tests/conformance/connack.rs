//! CONNACK, and what comes of CONNECT: 3.1.4 and 3.2.
use crate::{
    connect::{connect, waiting},
    malformed, same,
    script::*,
};
use motemq::{packet::Packet, *};

#[test]
fn mqtt_3_1_4_1() {
    // The broker closes the connection without CONNACK.
    let mut d = waiting(&connect("c"));
    assert!(!d.session.is_closed());
    d.session.on_connection_lost();
    assert!(d.session.is_closed());
    assert_eq!(
        (d.drain_events(), d.tick(0), d.publish(&Publish::to("t"))),
        (vec![], Ok(None), Err(SendError::Offline))
    );
}

#[test]
fn mqtt_3_1_4_4() {
    // Only CONNACK opens the connection; silence does not last.
    let mut d = waiting(&connect("c").timeout(3));
    assert_eq!(d.tick(100), Ok(Some(3000)));
    assert_eq!(d.tick(3099), Ok(Some(1)));
    assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
    let mut late = d.clone();
    assert_eq!(
        (late.tick(3100), late.tick(3100)),
        (Ok(Some(0)), Err(Fault::Timeout))
    );
    assert!(late.session.is_closed());
    d.receives(b"\x20\x02\0\0", &[NEW]);
    assert_eq!((d.tick(3100), d.tick(1_000_000)), (Ok(None), Ok(None)));
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
}

#[test]
fn mqtt_3_1_4_5() {
    // Nothing in flight ends with a refusal.
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.session.on_connection_lost();
    d.connect(&connect("c").keep_session());
    d.tx.clear();
    d.receives(
        b"\x20\x02\0\x03",
        &[fault(Fault::Refused(ReturnCode::SERVER_UNAVAILABLE))],
    );
    // Packets behind the refusal do not count either.
    d.buffer(b"\x40\x02\0\x01");
    assert_eq!(d.drain_events(), []);
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
}

#[test]
fn mqtt_3_2_0_1() {
    for wrong in [
        &b"\x30\x03\0\x01t"[..],
        b"\x32\x05\0\x01t\0\x01",
        b"\x40\x02\0\x01",
        b"\x50\x02\0\x01",
        b"\x62\x02\0\x01",
        b"\x70\x02\0\x01",
        b"\x90\x03\0\x01\0",
        b"\xb0\x02\0\x01",
        b"\xd0\0",
        b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01c",
        b"\x82\x06\0\x01\0\x01a\0",
        b"\xa2\x05\0\x01\0\x01a",
        b"\xc0\0",
        b"\xe0\0",
    ] {
        let mut d = waiting(&connect("c"));
        d.receives(wrong, &[fault(Fault::Unexpected)]);
        d.sends_nothing();
    }
    for wrong in [&b"\0\0"[..], b"\xf0\0"] {
        waiting(&connect("c")).receives(wrong, &[fault(Fault::Malformed)]);
    }
    // Behind CONNACK at once, and never twice.
    let mut d = waiting(&connect("c"));
    d.receives(b"\x20\x02\0\0\x30\x03\0\x01t", &[NEW, message("t", b"")]);
    d.receives(b"\x20\x02\0\0", &[fault(Fault::Unexpected)]);
    // A wrong length, or wrong flags.
    for wrong in [
        &b"\x20\0"[..],
        b"\x20\x01\0",
        b"\x20\x03\0\0\0",
        b"\x20\x02\x02\0",
        b"\x20\x02\x80\0",
        b"\x20\x02\x03\0",
        b"\x20\x02\xff\0",
    ] {
        waiting(&connect("c").keep_session()).receives(wrong, &[fault(Fault::Malformed)]);
        malformed(wrong);
    }
}

#[test]
fn mqtt_3_2_2_1() {
    let mut d = waiting(&connect("c"));
    d.receives(b"\x20\x02\x01\0", &[fault(Fault::Unexpected)]);
    d.sends_nothing();
    // Also if there was a session before, which is not given up then.
    let mut d = Dialogue::<4>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.connect(&connect("c"));
    d.receives(b"\x20\x02\x01\0", &[fault(Fault::Unexpected)]);
    d.resumes(&[RESUMED, resend(1, QoS::AtLeastOnce)]);
}

#[test]
fn mqtt_3_2_2_2() {
    let mut d = Dialogue::<4>::open_kept();
    d.resumes(&[RESUMED]);
    let mut d = waiting(&connect("c").keep_session());
    d.receives(b"\x20\x02\x01\0", &[UNRECOGNIZED]);
    d.resumes(&[RESUMED]);
}

#[test]
fn mqtt_3_2_2_3() {
    let mut d = Dialogue::<8>::open_kept();
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    assert_eq!(
        d.publish(&Publish::to("b").qos(QoS::ExactlyOnce)),
        Ok(Some(id(2)))
    );
    assert_eq!(
        d.publish(&Publish::to("c").qos(QoS::ExactlyOnce)),
        Ok(Some(id(3)))
    );
    assert_eq!(d.subscribe(&[("a", 0)]), Ok(id(4)));
    assert_eq!(d.unsubscribe(&["a"]), Ok(id(5)));
    d.receives(
        b"\x50\x02\0\x02\x34\x05\0\x01t\0\x09",
        &[received(2), message("t", b"").qos2(9)],
    );
    d.session.on_connection_lost();
    d.connect(&connect("c").keep_session());
    d.tx.clear();
    d.receives(
        b"\x20\x02\0\0",
        &[
            outcome_unknown(1),
            outcome_unknown(2),
            outcome_unknown(3),
            outcome_unknown(4),
            outcome_unknown(5),
            NEW,
        ],
    );
    d.sends_nothing();
    assert_eq!(d.session.oldest_in_flight(), None);
    d.receives(b"\x34\x05\0\x01t\0\x09", &[message("t", b"").qos2(9)]);
    d.sends(b"\x50\x02\0\x09");
    assert_eq!(
        d.publish(&Publish::to("a").qos(QoS::AtLeastOnce)),
        Ok(Some(id(6)))
    );
}

#[test]
fn mqtt_3_2_2_4() {
    for code in 1..=255 {
        for present in [0, 1] {
            let mut d = waiting(&connect("c").keep_session());
            d.receives(
                [0x20, 2, present, code],
                &[fault(Fault::Refused(ReturnCode::from(code)))],
            );
        }
    }
    // The session reports the reason that the broker gives; the codec is strict.
    for code in 1..=255 {
        malformed(&[0x20, 2, 1, code]);
        let refusal = Packet::ConnAck {
            session_present: true,
            code: ReturnCode::from(code),
        };
        assert_eq!(
            refusal.encode(&mut Buffer::<[u8; 16]>::new()),
            Err(SendError::Invalid)
        );
    }
    waiting(&connect("c")).receives(
        b"\x20\x02\x01\x05",
        &[fault(Fault::Refused(ReturnCode::NOT_AUTHORIZED))],
    );
}

#[test]
fn mqtt_3_2_2_5() {
    for (code, reason) in [
        (1, ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION),
        (2, ReturnCode::IDENTIFIER_REJECTED),
        (3, ReturnCode::SERVER_UNAVAILABLE),
        (4, ReturnCode::BAD_USER_NAME_OR_PASSWORD),
        (5, ReturnCode::NOT_AUTHORIZED),
    ] {
        assert_eq!(reason.get(), code);
        let mut d = waiting(&connect("c"));
        d.receives([0x20, 2, 0, code], &[fault(Fault::Refused(reason))]);
        d.sends_nothing();
        assert_eq!(d.tick(1_000_000), Ok(None));
        assert_eq!(d.publish(&Publish::to("t")), Err(SendError::Offline));
        assert_eq!(d.disconnect(), Err(SendError::Offline));
        same(
            &Packet::ConnAck {
                session_present: false,
                code: reason,
            },
            &[0x20, 2, 0, code],
        );
    }
}

#[test]
fn mqtt_3_2_2_6() {
    for code in 6..=255 {
        let mut d = waiting(&connect("c"));
        d.receives(
            [0x20, 2, 0, code],
            &[fault(Fault::Refused(ReturnCode::from(code)))],
        );
        assert_eq!(ReturnCode::from(code).get(), code);
        same(
            &Packet::ConnAck {
                session_present: false,
                code: ReturnCode::from(code),
            },
            &[0x20, 2, 0, code],
        );
    }
}
