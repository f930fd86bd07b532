//! MQTT 5: what only this version has gets through in both directions, and a reason is written
//! before the connection ends.
use crate::{
    ends::connected_with,
    world::{PORT, World},
};
use motemq::{
    Connect, Event, Fault, Filter, ManualAcks, Mqtt5, PendingAck, Property, Publish, QoS,
    ReasonCode, RetainHandling, SubscriptionOptions, TopicAliases,
};
use motemq_testing::broker::{Broker, Challenge, Config};
use smoltcp::time::Duration;

/// A world whose broker has accepted, and says nothing from now on.
fn connected(ring: usize) -> World<Mqtt5> {
    let mut world = connected_with(ring, &Connect::new("a"));
    world.mute = true;
    world
}

/// Runs a silent world until the broker's socket has received this, and no more.
fn receives(world: &mut World<Mqtt5>, expected: &[u8]) {
    let mut received = Vec::new();
    world.restless = true;
    for _ in 0..1000 {
        let over = world.round(16, |_, _, _| {}).unwrap();
        while let Ok(1..) = world.far().recv(|bytes| {
            received.extend_from_slice(bytes);
            (bytes.len(), bytes.len())
        }) {}
        if over || received.len() >= expected.len() {
            break;
        }
    }
    world.restless = false;
    assert_eq!(received, expected);
}

/// Runs until a fault is found.
fn fault(world: &mut World<Mqtt5>) -> Fault {
    world.restless = true;
    loop {
        match world.round(4, |event, _, _| panic!("{event:?} before the fault")) {
            Err(fault) => return fault,
            Ok(over) => assert!(!over, "no fault"),
        }
    }
}

#[test]
fn a_fault_is_explained_before_the_end() {
    // PUBLISH with QoS 3; a second CONNACK; a topic alias that was not offered.
    let cases: [(&[u8], Fault, u8); 3] = [
        (b"\x36\x06\0\x01t\0\x01\0", Fault::Malformed, 0x81),
        (b"\x20\x03\0\0\0", Fault::Unexpected, 0x82),
        (b"\x30\x07\0\x01t\x03\x23\0\x01", Fault::TopicAlias, 0x94),
    ];
    for (bytes, expected, code) in cases {
        // In a small ring the message that was published before leaves no room for the reason.
        for ring in [20, 256] {
            let mut world = connected(ring);
            let message = Publish::to("t").payload(&[b'x'; 40]);
            world.session.publish(&message, &mut world.tx).unwrap();
            world.broker_sends(bytes);
            assert_eq!(fault(&mut world), expected);
            assert!(world.session.is_closed());
            let before = [&b"\x30\x2c\0\x01t\0"[..], &[b'x'; 40]].concat();
            receives(&mut world, &[&before[..], &[0xe0, 1, code]].concat());
            world.mute = false;
            world.run_to_the_end().unwrap();
            assert!(!world.near().is_open());
        }
    }
}

#[test]
fn a_fault_of_a_layer_is_explained() {
    let mut world = connected(256);
    let mut aliases = TopicAliases::<1, 8>::new();
    // The client offers an alias, which the server uses before it has set it.
    world.session.on_connection_lost();
    world.mute = false;
    world.run_to_the_end().unwrap();
    let offer = [TopicAliases::<1, 8>::MAXIMUM];
    world.open_with(PORT, |session, rx, tx| {
        session.connect(&Connect::new("a").properties(&offer), rx, tx)
    });
    world
        .run(|event, _, _| matches!(event, Event::Connected { .. }))
        .unwrap();
    world.mute = true;
    world.broker_sends(b"\x30\x06\0\0\x03\x23\0\x01");
    let mut found = None;
    while found.is_none() {
        world
            .round(16, |event, session, tx| {
                found = aliases.resolve(session, event, tx).err();
            })
            .unwrap();
    }
    assert_eq!(found, Some(Fault::Unexpected));
    receives(&mut world, b"\xe0\x01\x82");
}

#[test]
fn a_fault_is_explained_with_acknowledgements_by_hand() {
    let mut world = connected(256);
    let mut manual = ManualAcks::<[PendingAck; 2]>::new();
    world.broker_sends(b"\x36\x06\0\x01t\0\x01\0");
    let found = loop {
        let over = world.round_with(|link, socket, session, rx, tx| {
            let event = link.receive(socket, rx, |input, room| {
                manual.receive(session, input, room, tx)
            })?;
            Ok(event.is_some())
        });
        if let Err(fault) = over {
            break fault;
        }
    };
    assert_eq!(found, Fault::Malformed);
    receives(&mut world, b"\xe0\x01\x81");
}

#[test]
fn a_server_that_disconnects_says_why() {
    let mut world = connected(256);
    world.broker_sends(b"\xe0\x09\x8b\x07\x1f\0\x04late");
    world.far().close();
    let mut reasons = Vec::new();
    while !world
        .round(4, |event, _, _| match event {
            Event::Disconnected { code, properties } => {
                let reason = properties.reason_string().unwrap();
                reasons.push((code, reason.as_str().to_owned()));
            }
            event => panic!("{event:?}"),
        })
        .unwrap()
    {}
    assert_eq!(
        reasons,
        [(ReasonCode::SERVER_SHUTTING_DOWN, "late".to_owned())]
    );
    assert!(!world.near().is_open());
}

#[test]
fn a_server_that_refuses_says_why() {
    let mut world = World::<Mqtt5>::with_protocol(256);
    world.broker = Broker::new(Config::new().login(|_| motemq::ReturnCode::NOT_AUTHORIZED));
    world.open(&Connect::new("a"));
    let mut code = None;
    while !world
        .round(4, |event, _, _| match event {
            Event::Disconnected { code: why, .. } => code = Some(why),
            event => panic!("{event:?}"),
        })
        .unwrap()
    {}
    assert_eq!(code, Some(ReasonCode::NOT_AUTHORIZED));
}

#[test]
fn leaving_has_a_reason() {
    let mut world = connected(16);
    let properties = [Property::ReasonString("off".into())];
    world
        .session
        .disconnect_with(
            ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
            &properties,
            &mut world.tx,
        )
        .unwrap();
    receives(&mut world, b"\xe0\x08\x04\x06\x1f\0\x03off");
    world.mute = false;
    world.run_to_the_end().unwrap();
}

#[test]
fn properties_and_options_go_both_ways() {
    let mut world = connected(256);
    let options = SubscriptionOptions {
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::SendAtSubscribe,
    };
    let filters = [Filter::new("t", QoS::AtLeastOnce).options(options)];
    let properties = [Property::SubscriptionIdentifier(7)];
    world
        .session
        .subscribe_with(&filters, &properties, &mut world.tx)
        .unwrap();
    receives(&mut world, b"\x82\x09\0\x01\x02\x0b\x07\0\x01t\x0d");
    world.broker_sends(b"\x90\x04\0\x01\0\x01\x32\x0a\0\x01t\0\x05\x02\x0b\x07hi");
    // The message is refused, and something is published with a property.
    world
        .run(|event, session, tx| {
            let Event::Message(message) = event else {
                return false;
            };
            assert_eq!(message.payload, b"hi");
            let identifiers = message.properties.subscription_identifiers();
            assert_eq!(identifiers.collect::<Vec<_>>(), [7]);
            session
                .refuse(ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR)
                .unwrap();
            let properties = [Property::ContentType("x".into())];
            let message = Publish::to("u").properties(&properties);
            session.publish(&message, tx).unwrap();
            true
        })
        .unwrap();
    receives(
        &mut world,
        b"\x30\x08\0\x01u\x04\x03\0\x01x\x40\x03\0\x05\x83",
    );
}

#[test]
fn an_authentication_takes_several_packets() {
    let mut world = World::<Mqtt5>::with_protocol(64);
    let check = |data: &[u8], _| match data {
        b"!" => Challenge::Accept(Vec::new()),
        _ => Challenge::Continue(b"?".to_vec()),
    };
    world.broker = Broker::new(Config::new().authenticate("m", check));
    let method = Property::AuthenticationMethod("m".into());
    world.open_with(PORT, |session, rx, tx| {
        session.connect(&Connect::new("a").properties(&[method]), rx, tx)
    });
    let mut questions = 0;
    world
        .run(|event, session, tx| {
            if let Event::Auth { properties, .. } = event {
                assert_eq!(properties.authentication_data(), Some(&b"?"[..]));
                questions += 1;
                let answer = [method, Property::AuthenticationData(b"!")];
                session
                    .authenticate(ReasonCode::CONTINUE_AUTHENTICATION, &answer, tx)
                    .unwrap();
            }
            matches!(event, Event::Connected { .. })
        })
        .unwrap();
    assert_eq!(questions, 1);
    let since = world.now;
    world.session.disconnect(&mut world.tx).unwrap();
    world.run_to_the_end().unwrap();
    assert!(world.now - since < Duration::from_secs(1));
}
