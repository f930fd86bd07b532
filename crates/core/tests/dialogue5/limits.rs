//! The limits that a server announces in CONNACK: nothing that exceeds them is written.
use super::*;

/// [MQTT-3.2.2-11]
#[test]
fn maximum_qos() {
    for (maximum, allowed) in [(0, 1), (1, 2)] {
        let mut d = Dialogue::<Full>::open(&[0x20, 5, 0, 0, 2, 0x24, maximum]);
        for (number, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]
            .into_iter()
            .enumerate()
        {
            let message = Publish::to("t").qos(qos);
            if number < allowed {
                d.publish(&message).unwrap();
                d.tx.clear();
            } else {
                d.refuses(SendError::Unsupported, |s, tx| s.publish(&message, tx));
            }
        }
    }
}

/// [MQTT-3.2.2-14]
#[test]
fn no_retained_messages() {
    let mut d = Dialogue::<Full>::open(b"\x20\x05\0\0\x02\x25\0");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").retain(), tx)
    });
    assert_eq!(d.publish_to_t(QoS::AtMostOnce), Ok(0));
}

/// [MQTT-3.2.2-15]
#[test]
fn maximum_packet_size() {
    let mut d = Dialogue::<Full>::open(b"\x20\x08\0\0\x05\x27\0\0\0\x10");
    let message = |payload: usize| Publish::to("t").payload(&[0; 64][..payload]);
    d.refuses(SendError::Unsupported, |s, tx| s.publish(&message(11), tx));
    d.publish(&message(10)).unwrap();
    assert_eq!(d.tx.bytes().len(), 16);
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&message(0).remaining(11), tx)
    });
    d.refuses(SendError::Unsupported, |s, tx| {
        s.subscribe(&[Filter::new("longer/than/6", QoS::AtMostOnce)], tx)
    });
    d.refuses(SendError::Unsupported, |s, tx| {
        let reason = [Property::ReasonString("too long to fit".into())];
        s.disconnect_with(ReasonCode::NORMAL_DISCONNECTION, &reason, tx)
    });
    // The length of the fixed header counts.
    let mut d = Dialogue::<Full>::open(b"\x20\x08\0\0\x05\x27\0\0\0\x82");
    let long = Publish::to("t").payload(&[0; 124]);
    d.refuses(SendError::Unsupported, |s, tx| s.publish(&long, tx));
    d.publish(&Publish::to("t").payload(&[0; 123])).unwrap();
    assert_eq!(d.tx.bytes().len(), 129);
}

/// With less than an acknowledgement with a reason code takes, no connection is possible.
#[test]
fn smallest_maximum_packet_size() {
    for longest in 1..8 {
        let connack = [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, longest];
        let connected =
            format!("Connected {{ session: New, properties: [maximum packet size {longest}] }}");
        let event = if longest < 5 {
            "Unexpected"
        } else {
            &connected
        };
        Dialogue::<Full>::new().connect(&CLIENT, &connack, &[event]);
    }
}

/// [MQTT-3.2.2-17] [MQTT-3.2.2-18] [MQTT-3.3.2-9]
#[test]
fn topic_alias_maximum() {
    let alias = |alias: u16| [Property::TopicAlias(alias.try_into().unwrap())];
    let mut d = Dialogue::<Full>::open(ACCEPTED);
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias(1)), tx)
    });
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x22\0\x02");
    d.refuses(SendError::Unsupported, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias(3)), tx)
    });
    // An alias that was not set stands for nothing.
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias(2)), tx)
    });
    d.refuses(SendError::Invalid, |s, tx| s.publish(&Publish::to(""), tx));
    d.publish(&Publish::to("t").properties(&alias(2))).unwrap();
    d.sends(b"\x30\x07\0\x01t\x03\x23\0\x02");
    d.publish(&Publish::to("").properties(&alias(2))).unwrap();
    d.sends(b"\x30\x06\0\0\x03\x23\0\x02");
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias(1)), tx)
    });
    // Aliases end with the connection [MQTT-3.3.2-7].
    d.connect(
        &CLIENT,
        b"\x20\x06\0\0\x03\x22\0\x02",
        &["Connected { session: New, properties: [topic alias maximum 2] }"],
    );
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias(2)), tx)
    });
}

/// A message that MQTT does not allow is told so, even if it is more than the server supports, too.
#[test]
fn faults_of_the_program_come_first() {
    // At most 20 bytes, no retained messages, QoS 0.
    let mut d = Dialogue::<Full>::open(b"\x20\x0c\0\0\x09\x27\0\0\0\x14\x25\0\x24\0");
    let alias = [Property::TopicAlias(1.try_into().unwrap())];
    let twice = [Property::PayloadFormatIndicator(true); 2];
    for (topic, list, error) in [
        ("a/b", &[][..], SendError::Unsupported),
        ("a/b", &alias, SendError::Unsupported),
        ("a/b", &twice, SendError::Invalid),
        ("a/#", &[], SendError::Invalid),
        ("a/#", &alias, SendError::Invalid),
    ] {
        let message = Publish::to(topic).properties(list);
        for message in [
            message.payload(&[0; 30]),
            message.retain(),
            message.qos(QoS::AtLeastOnce),
        ] {
            d.refuses(error, |s, tx| s.publish(&message, tx));
        }
    }
}

/// A message that is not sent sets no alias.
#[test]
fn aliases_of_messages_that_fail() {
    let alias = [Property::TopicAlias(1.try_into().unwrap())];
    let mut d = Dialogue::<Full>::open(b"\x20\x06\0\0\x03\x22\0\x20");
    d.refuses(SendError::TooLong, |s, tx| {
        s.publish(&Publish::to("t").properties(&alias).payload(&[0; 300]), tx)
    });
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias), tx)
    });
    // Only 1 to 16 can stand for a topic.
    let alias = [Property::TopicAlias(17.try_into().unwrap())];
    d.publish(&Publish::to("t").properties(&alias)).unwrap();
    d.refuses(SendError::Invalid, |s, tx| {
        s.publish(&Publish::to("").properties(&alias), tx)
    });
}

/// Kinds of subscriptions that the server does not support.
#[test]
fn subscriptions() {
    let once = |filter| [Filter::new(filter, QoS::AtMostOnce)];
    let identifier = [Property::SubscriptionIdentifier(1)];
    for (connack, shared, wildcard, identified) in [
        (&b"\x20\x05\0\0\x02\x28\0"[..], true, false, true),
        (b"\x20\x05\0\0\x02\x29\0", true, true, false),
        (b"\x20\x05\0\0\x02\x2a\0", false, true, true),
    ] {
        let mut d = Dialogue::<Full>::open(connack);
        let mut try_it = |is_allowed: bool, filter, list: &[Property<'_>]| {
            if is_allowed {
                d.session
                    .subscribe_with(&once(filter), list, &mut d.tx)
                    .unwrap();
                d.tx.clear();
            } else {
                d.refuses(SendError::Unsupported, |s, tx| {
                    s.subscribe_with(&once(filter), list, tx)
                });
            }
        };
        try_it(true, "t", &[]);
        try_it(shared, "$share/g/t", &[]);
        try_it(wildcard, "t/+", &[]);
        try_it(identified, "t", &identifier);
    }
}

/// Each limit is told as it was announced, alone and beside the others.
#[test]
fn what_was_announced_is_told() {
    let limits = |properties: &[u8]| {
        let length = properties.len() as u8;
        let mut connack = vec![0x20, length + 3, 0, 0, length];
        connack.extend(properties);
        let limits = Dialogue::<Full>::open(&connack).session.limits();
        let available = [
            limits.retain_available,
            limits.wildcard_subscription_available,
            limits.subscription_identifier_available,
            limits.shared_subscription_available,
        ];
        let numbers = (
            limits.receive_maximum,
            limits.maximum_packet_size,
            limits.topic_alias_maximum,
        );
        (numbers, limits.maximum_qos, available)
    };
    let none = (u16::MAX, u32::MAX, 0);
    assert_eq!(limits(b""), (none, QoS::ExactlyOnce, [true; 4]));
    for (qos, number) in [(QoS::AtMostOnce, 0), (QoS::AtLeastOnce, 1)] {
        assert_eq!(limits(&[0x24, number]), (none, qos, [true; 4]));
        let all = [0x25, 0, 0x24, number, 0x28, 0, 0x29, 0, 0x2a, 0];
        assert_eq!(limits(&all), (none, qos, [false; 4]));
    }
    for (at, id) in [0x25, 0x28, 0x29, 0x2a].into_iter().enumerate() {
        let mut available = [true; 4];
        available[at] = false;
        assert_eq!(limits(&[id, 0]), (none, QoS::ExactlyOnce, available));
        assert_eq!(limits(&[id, 1]), (none, QoS::ExactlyOnce, [true; 4]));
    }
    let numbers = (2, 0x100, 3);
    let announced = b"\x21\0\x02\x27\0\0\x01\0\x22\0\x03";
    assert_eq!(limits(announced), (numbers, QoS::ExactlyOnce, [true; 4]));
}
