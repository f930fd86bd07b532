//! Profiles: a session refuses the parts of the protocol that its profile leaves out, and everything
//! else is unchanged.
use crate::script::*;
use motemq::*;

/// A session with four slots and a profile, and an `rx` of 32 bytes.
type With<P> = Dialogue<4, 32, 128, P>;

const QOS_1: Publish<'static> = Publish::to("t").qos(QoS::AtLeastOnce);
const QOS_2: Publish<'static> = Publish::to("t").qos(QoS::ExactlyOnce);

#[test]
fn a_sensor_publishes_keeps_alive_and_disconnects() {
    let mut d = With::<Sensor>::new();
    d.connect(&Connect::new("c").keep_alive(60));
    d.sends(connect("c").keep_alive(60));
    d.receives(connack(), &[NEW]);
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
    d.sends(publish("t"));
    assert_eq!(d.tick(0), Ok(Some(45_000)));
    assert_eq!(d.tick(45_000), Ok(Some(10_000)));
    d.sends(pingreq());
    d.receives(pingresp(), &[]);
    assert_eq!(d.tick(60_000), Ok(Some(30_000)));
    d.disconnect().unwrap();
    d.sends(disconnect());
    assert!(d.session.is_closed());
}

#[test]
fn a_sensor_refuses_the_rest() {
    let mut d = With::<Sensor>::open();
    for message in [
        QOS_1,
        QOS_2,
        Publish::to("t").remaining(1),
        Publish::to("t/+"),
    ] {
        assert_eq!(d.publish(&message), Err(SendError::Invalid), "{message:?}");
    }
    d.sends_nothing();
    let kept = d
        .session
        .connect(&Connect::new("c").keep_session(), &mut d.rx, &mut d.tx);
    assert_eq!(kept, Err(SendError::Invalid));
    for packet in [
        publish("t"),
        publish("t").qos1(1),
        puback(1),
        pubrec(1),
        pubrel(1),
        suback(1, &[0]),
    ] {
        With::<Sensor>::open().receives(packet, &[fault(Fault::Unexpected)]);
    }
    let mut d = With::<Sensor>::new();
    d.connect(&Connect::new("c"));
    d.receives(connack().session_present(), &[fault(Fault::Unexpected)]);
}

/// Everything in flight has ended with the connection; no event is emitted, and all slots are free.
#[test]
fn clean_sessions_end_with_the_connection() {
    let mut d = With::<Clean>::open();
    for n in 1..=4 {
        assert_eq!(d.publish(&QOS_2), Ok(Some(id(n))));
    }
    assert_eq!(d.publish(&QOS_1), Err(SendError::Busy));
    d.receives(publish("t").qos2(7), &[message("t", b"").qos2(7)]);
    d.session.on_connection_lost();
    d.connect(&Connect::new("c"));
    d.receives(connack(), &[NEW]);
    d.tx.clear();
    assert_eq!(d.session.oldest_in_flight(), None);
    assert_eq!(d.publish(&QOS_2), Ok(Some(id(1))));
    d.sends(publish("t").qos2(1));
    d.receives([pubrec(1), pubcomp(1)], &[received(1), acked(1)]);
    d.sends(pubrel(1));
}

macro_rules! profile {
    ($name:ident { $($item:item)* }) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        struct $name;
        impl Profile for $name { $($item)* }
    };
}

profile!(Publisher {
    const MAX_QOS: QoS = QoS::AtLeastOnce;
    const SUBSCRIBES: bool = false;
    const RESUMES: bool = false;
});
profile!(Publisher2 {
    const SUBSCRIBES: bool = false;
    const RESUMES: bool = false;
});
profile!(Listener { const MAX_QOS: QoS = QoS::AtMostOnce; });
profile!(Passing { const RESUMES: bool = false; });
profile!(Once { const MAX_QOS: QoS = QoS::AtLeastOnce; });
profile!(Whole { const STREAMS_IN: bool = false; });
profile!(Short { const SKIPS: bool = false; });
profile!(Trusting { const VALIDATES: bool = false; });

/// With two filters in a SUBSCRIBE, SUBACK has two codes, with each profile.
#[test]
fn the_codes_of_a_suback_are_counted_without_sessions() {
    let mut d = With::<Clean>::open();
    d.subscribe(&[("a", 0), ("b", 1)]).unwrap();
    d.tx.clear();
    d.receives(suback(1, &[0, 1]), &[subscribed(1, &[0, 1])]);
    d.subscribe(&[("a", 0), ("b", 1)]).unwrap();
    d.tx.clear();
    d.receives(suback(2, &[0]), &[fault(Fault::Malformed)]);
}

/// A client that only publishes gets its slots back with the next connection, and receives neither
/// messages nor PUBREL.
#[test]
fn a_profile_that_only_publishes() {
    let mut d = With::<Publisher>::open();
    for _ in 1..=4 {
        d.publish(&QOS_1).unwrap();
    }
    assert_eq!(d.publish(&QOS_1), Err(SendError::Busy));
    d.session.on_connection_lost();
    d.connect(&Connect::new("c"));
    d.receives(connack(), &[NEW]);
    d.tx.clear();
    assert_eq!(d.publish(&QOS_1), Ok(Some(id(1))));
    With::<Publisher>::open().receives(pubrel(1), &[fault(Fault::Unexpected)]);
    With::<Publisher2>::open().receives(pubrel(1), &[fault(Fault::Unexpected)]);
}

/// With QoS 0 only, messages with QoS 1 are no part of the profile.
#[test]
fn a_profile_that_receives_qos_0_only() {
    let mut d = With::<Listener>::open();
    assert_eq!(d.subscribe(&[("t", 1)]), Err(SendError::Invalid));
    d.sends_nothing();
    d.receives(publish("t"), &[message("t", b"")]);
    d.receives(publish("t").qos1(7), &[fault(Fault::Unexpected)]);
}

/// Without sessions, too, a payload that was being streamed has ended with its connection.
#[test]
fn a_profile_with_pieces_but_without_sessions() {
    let mut d = With::<Passing>::open();
    assert_eq!(d.publish(&Publish::to("t").remaining(5)), Ok(None));
    assert_eq!(d.session.payload_remaining(), 5);
    d.session.on_connection_lost();
    d.connect(&Connect::new("c"));
    d.receives(connack(), &[NEW]);
    d.tx.clear();
    assert_eq!(d.session.payload_remaining(), 0);
    assert_eq!(d.publish(&Publish::to("t")), Ok(None));
}

#[test]
fn a_profile_without_qos_2() {
    let mut d = With::<Once>::open();
    assert_eq!(d.publish(&QOS_2), Err(SendError::Invalid));
    assert_eq!(d.subscribe(&[("t", 2)]), Err(SendError::Invalid));
    d.sends_nothing();
    assert_eq!(d.publish(&QOS_1), Ok(Some(id(1))));
    d.receives(puback(1), &[acked(1)]);
    d.tx.clear();
    d.receives(publish("t").qos1(7), &[message("t", b"").qos1(7)]);
    d.sends(puback(7));
    d.subscribe(&[("t", 1)]).unwrap();
    d.sends(subscribe(2, &[("t", 1)]));
    // The payload of a skipped message is discarded, also where no message is ever repeated.
    let skipped = publish(&"x".repeat(40)).qos1(8).payload(&[b'.'; 60]);
    d.receives(skipped, &[Emitted::Skipped(60)]);
    With::<Once>::open().receives(pubrel(7), &[fault(Fault::Unexpected)]);
    d.receives(publish("t").qos2(7), &[fault(Fault::Unexpected)]);
}

/// A packet longer than `rx` is a fault at once; the session does not wait for its bytes. A packet
/// that fits is delivered only when all of it is there.
#[test]
fn a_profile_without_pieces() {
    let long = publish("t").payload(&[b'.'; 37]).to_bytes();
    With::<Whole>::open().receives(&long, &[fault(Fault::PacketTooLarge)]);
    With::<Whole>::open().receives(&long[..5], &[fault(Fault::PacketTooLarge)]);
    let fits = publish("t").payload(&[b'.'; 27]).to_bytes();
    assert_eq!(fits.len(), 32);
    let mut d = With::<Whole>::open();
    for n in 0..fits.len() {
        d.receives(&fits[..n], &[]);
        d.rx.clear();
    }
    d.receives(&fits, &[message("t", &[b'.'; 27])]);
}

#[test]
fn a_profile_that_does_not_skip() {
    let topic = publish(&"t".repeat(38));
    With::<Short>::open().receives(topic, &[fault(Fault::PacketTooLarge)]);
    With::<Short>::open().receives(
        publish("t").payload(&[b'.'; 37]),
        &[
            message("t", &[b'.'; 27]).remaining(10),
            payload(&[b'.'; 10], 0),
        ],
    );
}

#[test]
fn a_profile_that_trusts_the_broker() {
    let mut d = With::<Trusting>::open();
    let Emitted::Message(received) = &d.feed(b"\x30\x03\0\x01\xff")[0] else {
        panic!("no message");
    };
    assert_eq!(received.topic, b"\xff");
    assert_eq!(d.publish(&Publish::to("t/#")), Err(SendError::Invalid));
    assert_eq!(d.subscribe(&[("t#", 0)]), Err(SendError::Invalid));
}

profile!(Careful { const DELIVERS_REPEATED: bool = true; });

/// A QoS 2 message under an identifier that PUBREL has not released yet is delivered and marked;
/// PUBREC answers both. Without the part it is discarded: see the conformance tests of 4.3.3.
#[test]
fn a_profile_that_delivers_repeated_messages() {
    let mut d = With::<Careful>::open();
    d.receives(
        publish("t").qos2(7).payload(b"a"),
        &[message("t", b"a").qos2(7)],
    );
    d.sends(pubrec(7));
    d.receives(
        publish("t").qos2(7).payload(b"b"),
        &[message("t", b"b").qos2(7).repeated()],
    );
    d.sends(pubrec(7));
    d.receives(
        publish("t").qos2(7).dup().payload(&[b'.'; 35]),
        &[
            message("t", &[b'.'; 25])
                .qos2(7)
                .dup()
                .repeated()
                .remaining(10),
            payload(&[b'.'; 10], 0),
        ],
    );
    d.sends(pubrec(7));
    d.receives(
        [pubrel(7), publish("t").qos2(7).payload(b"c")],
        &[message("t", b"c").qos2(7)],
    );
    d.sends([pubcomp(7), pubrec(7)]);
}
