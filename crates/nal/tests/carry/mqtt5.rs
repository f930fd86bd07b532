//! MQTT 5 with every way to carry a session: what only this version has gets through in both
//! directions, and a reason is written before the connection ends.
use crate::{
    ends::{Any, accepted_with, end, everywhere},
    stacks::Aio,
    world::{Client, Far},
};
use motemq::{
    Connect, Event, Fault, Filter, Mqtt5, Property, Publish, QoS, ReasonCode, RetainHandling,
    SubscriptionOptions,
};
use motemq_nal::Error;
use motemq_testing::link::Faults;

/// The number of bytes of the client's CONNECT.
const CONNECT: usize = 24;
const CONNACK: &[u8] = b"\x20\x03\0\0\0";

/// Moves one byte at a time.
fn narrow() -> Faults {
    Faults {
        most: 1,
        ..Faults::none()
    }
}

/// A silent broker that has accepted, and whose CONNECT was read.
fn accepted(carrier: &mut dyn Any<Mqtt5>, faults: Faults) -> (Client<Mqtt5>, Far) {
    let (mut client, mut far) = accepted_with(carrier, faults, CONNACK);
    let mut received = far.receives().len();
    while received < CONNECT {
        carrier.turn(&mut client, &mut far).unwrap();
        received += far.receives().len();
    }
    assert_eq!(received, CONNECT);
    (client, far)
}

/// Turns until a fault is found.
fn fault(carrier: &mut dyn Any<Mqtt5>, client: &mut Client<Mqtt5>, far: &mut Far) -> Fault {
    loop {
        match client.session.next_event(&mut client.rx, &mut client.tx) {
            Err(fault) => return fault,
            Ok(_) => carrier.turn(client, far).unwrap(),
        }
    }
}

/// Turns until the broker has received what is in `tx`, and returns that.
fn received(carrier: &mut dyn Any<Mqtt5>, client: &mut Client<Mqtt5>, far: &mut Far) -> Vec<u8> {
    let length = client.tx.bytes().len();
    let mut received = Vec::new();
    while received.len() < length {
        carrier.turn(client, far).unwrap();
        received.extend(far.receives());
    }
    received
}

/// Turns until an event is of interest.
fn until(
    carrier: &mut dyn Any<Mqtt5>,
    client: &mut Client<Mqtt5>,
    far: &mut Far,
    mut is_it: impl FnMut(Event<'_, motemq::Properties<'_>>) -> bool,
) {
    loop {
        let (rx, tx) = (&mut client.rx, &mut client.tx);
        match client.session.next_event(rx, tx).unwrap() {
            Some(event) if is_it(event) => return,
            Some(_) => {}
            None => carrier.turn(client, far).unwrap(),
        }
    }
}

#[test]
fn a_fault_is_explained_before_the_end() {
    // PUBLISH with QoS 3; a second CONNACK; a topic alias that was not offered; a content type
    // twice.
    let cases: [(&[u8], Fault, u8); 4] = [
        (b"\x36\x06\0\x01t\0\x01\0", Fault::Malformed, 0x81),
        (CONNACK, Fault::Unexpected, 0x82),
        (b"\x30\x07\0\x01t\x03\x23\0\x01", Fault::TopicAlias, 0x94),
        (
            b"\x30\x0c\0\x01t\x08\x03\0\x01a\x03\0\x01b",
            Fault::Unexpected,
            0x82,
        ),
    ];
    for (bytes, expected, code) in cases {
        for faults in [Faults::none, narrow] {
            for carrier in [
                &mut crate::stacks::Nal::default() as &mut dyn Any<Mqtt5>,
                &mut Aio::new(false),
                &mut Aio::new(true),
            ] {
                let (mut client, mut far) = accepted(carrier, faults());
                far.sends(bytes);
                assert_eq!(fault(carrier, &mut client, &mut far), expected);
                let ended = end(carrier, &mut client, &mut far, |event| {
                    panic!("{event:?} after a fault")
                });
                assert_eq!(ended, Error::Closed);
                assert_eq!(far.receives(), [0xe0, 1, code], "{expected}");
            }
        }
    }
}

#[test]
fn a_reason_follows_what_was_sent_before() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, narrow());
        let message = Publish::to("t").payload(b"x");
        client.session.publish(&message, &mut client.tx).unwrap();
        far.sends(b"\xd0\x01\0");
        assert_eq!(fault(carrier, &mut client, &mut far), Fault::Malformed);
        let ended = end(carrier, &mut client, &mut far, |_| {});
        assert_eq!(ended, Error::Closed);
        let received = far.receives();
        assert_eq!(received, b"\x30\x05\0\x01t\0x\xe0\x01\x81");
    });
}

#[test]
fn a_reason_that_the_server_does_not_take_is_not_waited_for() {
    everywhere(|carrier| {
        let faults = Faults {
            capacity: CONNECT,
            ..Faults::none()
        };
        // CONNECT was not read, so nothing else fits.
        let (mut client, mut far) = accepted_with(carrier, faults, CONNACK);
        far.sends(b"\xd0\x01\0");
        assert_eq!(fault(carrier, &mut client, &mut far), Fault::Malformed);
        let begun = far.now;
        assert_eq!(end(carrier, &mut client, &mut far, |_| {}), Error::Closed);
        let waited = far.now - begun;
        assert!((1000..4000).contains(&waited), "{waited} ms");
    });
}

#[test]
fn a_server_that_disconnects_says_why() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, narrow());
        far.sends(b"\xe0\x09\x8b\x07\x1f\0\x04late");
        far.hang_up();
        let mut reasons = Vec::new();
        let ended = end(carrier, &mut client, &mut far, |event| match event {
            Event::Disconnected { code, properties } => {
                let reason = properties.reason_string().unwrap();
                reasons.push((code, reason.as_str().to_owned()));
            }
            event => panic!("{event:?}"),
        });
        assert_eq!(ended, Error::Closed);
        let expected = (ReasonCode::SERVER_SHUTTING_DOWN, "late".to_owned());
        assert_eq!(reasons, [expected]);
    });
}

#[test]
fn leaving_has_a_reason() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, narrow());
        let properties = [Property::ReasonString("off".into())];
        let code = ReasonCode::DISCONNECT_WITH_WILL_MESSAGE;
        let left = client
            .session
            .disconnect_with(code, &properties, &mut client.tx);
        left.unwrap();
        let ended = end(carrier, &mut client, &mut far, |_| {});
        assert_eq!(ended, Error::Closed);
        assert_eq!(far.receives(), b"\xe0\x08\x04\x06\x1f\0\x03off");
    });
}

#[test]
fn properties_and_options_go_both_ways() {
    everywhere(|carrier| {
        let (mut client, mut far) = accepted(carrier, narrow());
        let options = SubscriptionOptions {
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::SendAtSubscribe,
        };
        let filters = [Filter::new("t", QoS::AtLeastOnce).options(options)];
        let properties = [Property::SubscriptionIdentifier(7)];
        let (session, tx) = (&mut client.session, &mut client.tx);
        session.subscribe_with(&filters, &properties, tx).unwrap();
        let bytes = received(carrier, &mut client, &mut far);
        assert_eq!(bytes, b"\x82\x09\0\x01\x02\x0b\x07\0\x01t\x0d");
        far.sends(b"\x90\x04\0\x01\0\x01\x32\x0a\0\x01t\0\x05\x02\x0b\x07hi");
        until(carrier, &mut client, &mut far, |event| {
            let Event::Message(message) = event else {
                return false;
            };
            assert_eq!(message.payload, b"hi");
            let identifiers = message.properties.subscription_identifiers();
            assert_eq!(identifiers.collect::<Vec<_>>(), [7]);
            true
        });
        // The message is refused, and something is published with a property.
        let code = ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR;
        client.session.refuse(code).unwrap();
        let (rx, tx) = (&mut client.rx, &mut client.tx);
        assert_eq!(client.session.next_event(rx, tx), Ok(None));
        let properties = [Property::ContentType("x".into())];
        let message = Publish::to("u").properties(&properties);
        client.session.publish(&message, tx).unwrap();
        let bytes = received(carrier, &mut client, &mut far);
        assert_eq!(bytes, b"\x40\x03\0\x05\x83\x30\x08\0\x01u\x04\x03\0\x01x");
    });
}

#[test]
fn an_authentication_takes_several_packets() {
    everywhere(|carrier| {
        let (mut client, mut far) = (Client::<Mqtt5>::with_protocol(0), Far::new());
        far.silent = true;
        carrier.open(&mut client, &mut far, narrow());
        let method = Property::AuthenticationMethod("m".into());
        let connect = Connect::new("a");
        let (session, rx, tx) = (&mut client.session, &mut client.rx, &mut client.tx);
        session
            .connect(&connect.properties(&[method]), rx, tx)
            .unwrap();
        received(carrier, &mut client, &mut far);
        far.sends(b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01?");
        until(carrier, &mut client, &mut far, |event| {
            let Event::Auth { code, properties } = event else {
                return false;
            };
            assert_eq!(code, ReasonCode::CONTINUE_AUTHENTICATION);
            assert_eq!(properties.authentication_data(), Some(&b"?"[..]));
            true
        });
        let answer = [method, Property::AuthenticationData(b"!")];
        let code = ReasonCode::CONTINUE_AUTHENTICATION;
        let (session, tx) = (&mut client.session, &mut client.tx);
        session.authenticate(code, &answer, tx).unwrap();
        let bytes = received(carrier, &mut client, &mut far);
        assert_eq!(bytes, b"\xf0\x0a\x18\x08\x15\0\x01m\x16\0\x01!");
        far.sends(b"\x20\x07\0\0\x04\x15\0\x01m");
        until(carrier, &mut client, &mut far, |event| {
            matches!(event, Event::Connected { .. })
        });
    });
}
