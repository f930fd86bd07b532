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
