//! Rule 6: what the broker of MQTT 5 does not accept is refused before anything is sent, or waits.
use crate::common::*;
use motemq::{
    Property,
    packet::v5::{Packet, decode},
};
use motemq_client::profile::{Limit, OverLimit};

fn options5() -> Options {
    options().version(Version::Mqtt5)
}

/// CONNACK of a new session with these properties.
fn connack(properties: &[u8]) -> Vec<u8> {
    connack_of(0, properties)
}

fn connack_of(present: u8, properties: &[u8]) -> Vec<u8> {
    let length = properties.len() as u8;
    [&[0x20, 3 + length, present, 0, length], properties].concat()
}

/// A client whose broker has these limits.
fn limited(options: Options, properties: &[u8]) -> Line {
    let mut line = Line::new(options);
    line.connect(&connack(properties));
    line.is_connected();
    line
}

fn over(limit: Limit) -> OverLimit {
    let broker = "the broker";
    OverLimit { broker, limit }
}

const QOS_1: Limit = Limit::QoS { qos: 2, most: 1 };
const MAXIMUM_QOS_1: &[u8] = b"\x24\x01";
const NO_RETAIN: &[u8] = b"\x25\0";
const NO_WILDCARDS: &[u8] = b"\x28\0";
const NO_SHARES: &[u8] = b"\x2a\0";
/// Packets of 20 bytes at most.
const SIZE_20: &[u8] = b"\x27\0\0\0\x14";
const RECEIVE_2: &[u8] = b"\x21\0\x02";
const RECEIVE_1: &[u8] = b"\x21\0\x01";

fn limits(line: &Line) -> ServerLimits {
    match line.client.state() {
        State::Connected { limits, .. } => *limits,
        state => panic!("{state:?}"),
    }
}

fn refused(line: &mut Line, publish: &Publish<'_>) -> Limit {
    match line.client.publish(publish) {
        Err(PublishError::OverLimit(error)) => error.limit,
        other => panic!("{other:?}"),
    }
}

fn outcome(line: &mut Line, request: RequestId) -> RequestError {
    line.client.poll_outcome(request).unwrap().unwrap_err()
}

#[test]
fn rule_06_connect_has_the_properties_of_the_options() {
    let text = "text/plain";
    let content_type = [Property::ContentType(text.into())];
    let will = Will {
        delay: Duration::from_millis(29_001),
        properties: MessageProperties::new(&content_type).unwrap(),
        ..Will::new("gone")
    };
    let full = || {
        let options = options5().keep_session().session_expiry(Some(secs(60)));
        let options = options.receive_maximum(7).maximum_packet_size(300);
        options.user_property("a", "b").user_property("a", "c")
    };
    let mut line = Line::new(full().will(will.clone()));
    line.open();
    let connect = line.sent();
    let Ok(Some((Packet::Connect(connect), _))) = decode(&connect) else {
        panic!("{connect:?}")
    };
    let properties: Vec<_> = connect.properties.iter().collect();
    let user = |value: &'static str| Property::UserProperty {
        name: "a".into(),
        value: value.into(),
    };
    let expected = [
        Property::SessionExpiryInterval(60),
        Property::ReceiveMaximum(7.try_into().unwrap()),
        Property::MaximumPacketSize(300.try_into().unwrap()),
        user("b"),
        user("c"),
    ];
    assert_eq!(properties, expected);
    let properties = connect.will.unwrap().properties;
    let expected = [Property::WillDelayInterval(30), content_type[0]];
    assert_eq!(properties.iter().collect::<Vec<_>>(), expected);
    // MQTT 3.1.1 has none of them.
    let mut line = Line::new(full().will(will).version(Version::Mqtt311));
    line.open();
    line.sends(b"\x10\x15\0\x04MQTT\x04\x04\0\0\0\x01a\0\x04gone\0\0");
}

/// What the client keeps, the broker is asked to keep for ever.
#[test]
fn rule_06_sessions_are_kept_as_long_as_the_options_say() {
    let day = Some(secs(86_400));
    let (clean, keeping) = (options5, || options5().keep_session());
    let longest = u64::from(u32::MAX) - 1;
    for (is_clean, given, asked, kept) in [
        (true, None, None, Some(secs(0))),
        (true, Some(Some(secs(0))), None, Some(secs(0))),
        // It begins anew, and outlives the connection.
        (true, Some(day), Some(86_400), day),
        (true, Some(None), Some(u32::MAX), None),
        (false, None, Some(u32::MAX), None),
        (false, Some(Some(secs(0))), Some(0), Some(secs(0))),
        (false, Some(None), Some(u32::MAX), None),
        (false, Some(day), Some(86_400), day),
        (
            false,
            Some(Some(Duration::MAX)),
            Some(u32::MAX - 1),
            Some(secs(longest)),
        ),
    ] {
        let options = if is_clean { clean() } else { keeping() };
        let options = match given {
            Some(expiry) => options.session_expiry(expiry),
            None => options,
        };
        let mut line = Line::new(options);
        line.open();
        let sent = line.sent();
        let Ok(Some((Packet::Connect(connect), _))) = decode(&sent) else {
            panic!("{sent:?}")
        };
        assert_eq!(connect.clean, is_clean);
        let expiry = connect
            .properties
            .iter()
            .find_map(|property| match property {
                Property::SessionExpiryInterval(seconds) => Some(seconds),
                _ => None,
            });
        assert_eq!(expiry, asked);
        line.receive(NEW5);
        assert_eq!(limits(&line).session_expiry(), kept);
    }
    // The broker allows less, or more.
    let hour = b"\x11\0\0\x0e\x10";
    let line = limited(options5().keep_session(), hour);
    assert_eq!(limits(&line).session_expiry(), Some(secs(3600)));
    let line = limited(
        options5().keep_session().session_expiry(day),
        b"\x11\xff\xff\xff\xff",
    );
    assert_eq!(limits(&line).session_expiry(), None);
}

#[test]
fn rule_06_options_that_no_connect_can_have_are_refused() {
    let options = options5().user_property("a\0", "b");
    assert!(matches!(
        Client::new(options),
        Err(OptionsError::NullCharacter { at: 1, .. })
    ));
    let options = options5().user_property("a", "b".repeat(65_536));
    assert!(matches!(
        Client::new(options),
        Err(OptionsError::TooLong { .. })
    ));
    let long = "b".repeat(65_535);
    let mut line = Line::new(options5().user_property("a", &*long));
    line.open();
    assert!(line.sent().len() > 65_535);
}

#[test]
fn rule_06_the_limits_of_the_broker_are_part_of_the_state() {
    let all = [
        RECEIVE_2,
        SIZE_20,
        MAXIMUM_QOS_1,
        NO_RETAIN,
        NO_WILDCARDS,
        NO_SHARES,
    ];
    let more = b"\x29\0\x22\0\x05\x13\0\x09";
    let line = limited(options5(), &[all.concat(), more.to_vec()].concat());
    let limits = limits(&line);
    assert_eq!(limits.receive_maximum, 2);
    assert_eq!(limits.maximum_packet_size, 20);
    assert_eq!(limits.maximum_qos, QoS::AtLeastOnce);
    assert_eq!((limits.topic_alias_maximum, limits.keep_alive), (5, 9));
    let available = [
        limits.retain_available,
        limits.wildcard_subscription_available,
        limits.subscription_identifier_available,
        limits.shared_subscription_available,
    ];
    assert_eq!(available, [false; 4]);
    let told =
        |event: &Event| matches!(event, Event::Connected { limits: told, .. } if *told == limits);
    assert!(line.events.iter().any(told));
    // Without any the broker accepts what MQTT has.
    let line = limited(options5().keep_alive(30), b"");
    let expected = ServerLimits::MQTT_3_1_1;
    let limits = match line.client.state() {
        State::Connected { limits, .. } => limits,
        state => panic!("{state:?}"),
    };
    assert_eq!(limits.maximum_packet_size, expected.maximum_packet_size);
    assert_eq!((limits.receive_maximum, limits.keep_alive), (65_535, 30));
    assert!(limits.subscription_identifier_available && limits.retain_available);
}

#[test]
fn rule_06_the_keep_alive_that_the_broker_demands_holds() {
    let mut line = limited(options5(), b"\x13\0\x08");
    line.sends(b"");
    line.pass(secs(8));
    line.sends(PING);
}

#[test]
fn rule_06_the_client_identifier_that_the_broker_chose_is_used_again() {
    let mut line = Line::new(options5().client_id(""));
    line.open();
    let sent = line.sent();
    assert!(sent.ends_with(b"\0\0"), "{sent:?}");
    line.receive(&connack(b"\x12\0\x02id"));
    assert_eq!(line.client.assigned_client_id(), Some("id"));
    line.closed();
    line.pass(secs(1));
    line.open();
    let sent = line.sent();
    assert!(sent.ends_with(b"\0\x02id"), "{sent:?}");
    line.receive(NEW5);
    assert_eq!(line.client.assigned_client_id(), Some("id"));
}

/// With a will, the longest identifier does not fit into CONNECT.
#[test]
fn rule_06_a_client_identifier_that_is_too_long_for_connect_is_not_used_again() {
    let chosen = "i".repeat(0xffff);
    let connack = [
        b"\x20\x87\x80\x04\0\0\x82\x80\x04\x12\xff\xff",
        chosen.as_bytes(),
    ]
    .concat();
    for (payload, length) in [(8000, chosen.len()), (9000, 0)] {
        let will = Will {
            payload: vec![b'.'; payload],
            ..Will::new("gone")
        };
        let mut line = Line::new(options5().client_id("").will(will));
        line.connect(&connack);
        line.closed();
        line.pass(secs(1));
        line.open();
        let sent = line.sent();
        let Ok(Some((Packet::Connect(connect), _))) = decode(&sent) else {
            panic!("{} bytes", sent.len())
        };
        assert_eq!(connect.client_id.len(), length);
        line.receive(NEW5);
        line.is_connected();
    }
}

#[test]
fn rule_06_a_message_that_the_broker_does_not_accept_is_refused_with_the_reason() {
    let mut line = limited(options5(), MAXIMUM_QOS_1);
    let publish = Publish::to("t").qos(QoS::ExactlyOnce);
    assert_eq!(refused(&mut line, &publish), QOS_1);
    assert_eq!(
        line.client.publish(&publish).unwrap_err().to_string(),
        "the broker accepts QoS 1 at most, not QoS 2: use a lower one"
    );
    let upload = publish.remaining(5);
    assert_eq!(
        line.client.begin_upload(&upload),
        Err(PublishError::OverLimit(over(QOS_1)))
    );
    line.publish(b".", QoS::AtLeastOnce);
    line.sends(b"\x32\x07\0\x01t\0\x01\0.");

    let mut line = limited(options5(), NO_RETAIN);
    assert_eq!(
        refused(&mut line, &Publish::to("t").retain()),
        Limit::Retain
    );
    line.sends(b"");
}

#[test]
fn rule_06_a_packet_is_as_long_as_the_broker_accepts_and_no_longer() {
    for (qos, others) in [(QoS::AtMostOnce, 6), (QoS::AtLeastOnce, 8)] {
        let mut line = limited(options5(), SIZE_20);
        let most = 20 - others;
        let publish = |payload| Publish::to("t").qos(qos).payload(payload);
        let payload = &[b'.'; 20];
        line.client.publish(&publish(&payload[..most])).unwrap();
        assert_eq!(line.sent().len(), 20);
        let too_long = publish(&payload[..=most]);
        let limit = Limit::Packet { len: 21, most: 20 };
        assert_eq!(refused(&mut line, &too_long), limit);
        let upload = Publish::to("t").qos(qos).remaining(most as u32 + 1);
        assert_eq!(
            line.client.begin_upload(&upload).unwrap_err(),
            PublishError::OverLimit(over(limit))
        );
        // One that would be handed over without a copy.
        let long = vec![b'.'; 3_000_000];
        let error = refused(&mut line, &publish(&long));
        assert!(matches!(error, Limit::Packet { most: 20, .. }));
        line.sends(b"");
        assert_eq!(line.client.counters().queued, 0);
    }
}

/// A message that was accepted without a connection does not bar the others.
#[test]
fn rule_06_what_waited_for_a_broker_that_does_not_accept_it_ends_with_the_reason() {
    let mut line = Line::new(options5().queue_qos0());
    let long = line.publish(&[b'.'; 20], QoS::AtLeastOnce);
    let twice = line.publish(b".", QoS::ExactlyOnce);
    let retained = line.client.publish(&Publish::to("t").retain());
    let retained = retained.unwrap().unwrap();
    let filter = "a long topic filter";
    let unsubscribed = line.client.unsubscribe(&[filter]).unwrap();
    let good = line.publish(b"good", QoS::AtLeastOnce);
    line.connect(&connack(&[SIZE_20, MAXIMUM_QOS_1, NO_RETAIN].concat()));
    line.sends(b"\x32\x0a\0\x01t\0\x01\0good");
    for (request, limit) in [
        (long, Limit::Packet { len: 28, most: 20 }),
        (twice, QOS_1),
        (retained, Limit::Retain),
        (unsubscribed, Limit::Packet { len: 26, most: 20 }),
    ] {
        assert_eq!(
            outcome(&mut line, request),
            RequestError::OverLimit(over(limit))
        );
    }
    line.receive(&puback(1));
    assert_eq!(line.client.poll_outcome(good), done());
}

/// Filters that the broker has granted before stay subscribed.
#[test]
fn rule_06_a_subscription_that_cannot_be_sent_ends_no_other() {
    let mut line = limited(options5().keep_session(), b"");
    let filter = |text| Filter::new(text, QoS::AtMostOnce);
    line.client.subscribe(&[filter("a")]).unwrap();
    let subscribe = line.sent();
    line.receive(&[0x90, 4, subscribe[2], subscribe[3], 0, 0]);
    line.closed();
    line.pass(secs(1));
    let long = "a long topic filter";
    line.client.subscribe(&[filter("a"), filter(long)]).unwrap();
    line.connect(&connack_of(1, SIZE_20));
    let filters = vec![long.into()];
    assert!(line.events.contains(&Event::Refused { filters }));
    assert!(line.client.subscriptions().eq(["a"]));
}

/// Another broker has the session, and smaller limits.
#[test]
fn rule_06_what_cannot_be_sent_again_ends_with_the_reason() {
    for (qos, pubrel) in [
        (QoS::AtLeastOnce, &b""[..]),
        (QoS::ExactlyOnce, b"\x62\x02\0\x01"),
    ] {
        let mut line = limited(options5().keep_session(), b"");
        let long = line.publish(&[b'.'; 20], qos);
        let short = line.publish(b".", qos);
        line.sent();
        line.closed();
        line.pass(secs(1));
        line.connect(&connack_of(1, SIZE_20));
        let first_byte = 0x38 | (qos as u8) << 1;
        let again = [first_byte, 7, 0, 1, b't', 0, 2, 0, b'.'];
        line.sends(&[pubrel, &again[..]].concat());
        let limit = Limit::Packet { len: 28, most: 20 };
        assert_eq!(
            outcome(&mut line, long),
            RequestError::OverLimit(over(limit))
        );
        assert_eq!(line.client.poll_outcome(short), None);
    }
}

#[test]
fn rule_06_no_more_messages_are_in_flight_than_the_broker_accepts() {
    let mut line = limited(options5(), RECEIVE_2);
    line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::ExactlyOnce);
    let third = Publish::to("t").payload(b"3").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&third), Err(PublishError::Full));
    line.sent();
    assert!(line.client.is_window_full());
    line.events.clear();
    // PUBREC frees nothing.
    line.receive(&pubrec(2));
    assert_eq!(line.client.publish(&third), Err(PublishError::Full));
    assert!(!line.events.contains(&Event::Room));
    line.receive(&puback(1));
    assert!(line.events.contains(&Event::Room));
    assert!(!line.client.is_window_full());
    line.client.publish(&third).unwrap();
    // A message with QoS 0 is not counted.
    line.client.publish(&Publish::to("t")).unwrap();
    // The queue keeps to it, too, and goes on.
    let mut line = Line::new(options5());
    for payload in [b"1", b"2", b"3", b"4", b"5"] {
        line.publish(payload, QoS::AtLeastOnce);
    }
    line.connect(&connack(RECEIVE_2));
    let mut sent = line.sent();
    assert_eq!(sent.len(), 18);
    for id in 1..=5 {
        line.receive(&puback(id));
        sent.extend(line.sent());
    }
    assert_eq!(sent.len(), 5 * 9);
}

#[test]
fn rule_06_messages_are_sent_again_as_fast_as_the_broker_accepts_them() {
    let mut line = limited(options5().keep_session(), b"");
    for payload in [b"1", b"2", b"3"] {
        line.publish(payload, QoS::AtLeastOnce);
    }
    line.sent();
    line.closed();
    line.pass(secs(1));
    line.connect(&connack_of(1, RECEIVE_1));
    for id in 1..=3 {
        line.sends(&[0x3a, 7, 0, 1, b't', 0, id, 0, b'0' + id]);
        line.receive(&puback(id.into()));
    }
    line.sends(b"");
    assert_eq!(line.client.counters().resent, 3);
}

/// What is never answered holds the only place. On another connection it is abandoned.
#[test]
fn rule_06_a_broker_that_never_answers_does_not_hold_its_quota_for_ever() {
    let mut line = limited(options5().keep_session(), RECEIVE_1);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    let second = Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&second), Err(PublishError::Full));
    line.pass(secs(30));
    assert_eq!(line.sent(), b"\xe0\0");
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Unanswered { count: 1 }]);
    let request = line.client.publish(&second).unwrap().unwrap();
    line.pass(secs(1));
    line.connect(&connack_of(1, RECEIVE_1));
    line.sends(b"\x32\x07\0\x01t\0\x02\0\x32");
    line.receive(&puback(2));
    assert_eq!(line.client.poll_outcome(request), done());
}

/// What is no message takes no place of the quota.
#[test]
fn rule_06_subscriptions_that_are_not_answered_leave_the_quota_to_messages() {
    let mut line = limited(options5(), RECEIVE_2);
    for text in ["a", "b", "c"] {
        line.client.subscribe(&filter(text)).unwrap();
        line.sent();
        line.pass(secs(25));
    }
    line.is_connected();
    for payload in [b"1", b"2"] {
        line.publish(payload, QoS::AtLeastOnce);
    }
    let third = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&third), Err(PublishError::Full));
    assert_eq!(line.sent().len(), 18);
    line.is_connected();
}

fn filter(text: &str) -> [Filter<'_>; 1] {
    [Filter::new(text, QoS::AtMostOnce)]
}

#[test]
fn rule_06_subscriptions_that_the_broker_does_not_accept_are_refused_with_the_reason() {
    let long = "a".repeat(20);
    let shown = |text: &str| format!("\"{text}\"");
    for (properties, text, limit) in [
        (
            NO_WILDCARDS,
            "a/+",
            Limit::Wildcards {
                filter: shown("a/+"),
            },
        ),
        (
            NO_WILDCARDS,
            "a/#",
            Limit::Wildcards {
                filter: shown("a/#"),
            },
        ),
        (
            NO_SHARES,
            "$share/g/a",
            Limit::Shared {
                filter: shown("$share/g/a"),
            },
        ),
        (SIZE_20, &long, Limit::Packet { len: 28, most: 20 }),
    ] {
        let mut line = limited(options5(), properties);
        let error = line.client.subscribe(&filter(text)).unwrap_err();
        assert_eq!(error, SubscribeError::OverLimit(over(limit.clone())));
        line.sends(b"");
        line.client.subscribe(&filter("good")).unwrap();
        assert_eq!(line.sent().len(), 12);
        // One that waited.
        let mut line = Line::new(options5());
        let (request, stream) = line.client.subscribe(&filter(text)).unwrap();
        line.client.subscribe(&filter("good")).unwrap();
        line.connect(&connack(properties));
        assert_eq!(line.sent().len(), 12);
        assert_eq!(
            outcome(&mut line, request),
            RequestError::OverLimit(over(limit))
        );
        let filters = vec![String::from(text)];
        assert!(line.events.contains(&Event::Refused { filters }));
        assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
    }
    let mut line = limited(options5(), SIZE_20);
    let error = line.client.unsubscribe(&[&long]).unwrap_err();
    let limit = Limit::Packet { len: 27, most: 20 };
    assert_eq!(error, SubscribeError::OverLimit(over(limit)));
}

/// Of the subscriptions that are made again, only that ends which the broker does not accept.
#[test]
fn rule_06_another_broker_gets_the_subscriptions_that_it_accepts() {
    let mut line = limited(options5(), b"");
    let (_, good) = line.client.subscribe(&filter("good")).unwrap();
    let (_, bad) = line.client.subscribe(&filter("bad/#")).unwrap();
    line.sent();
    line.receive(b"\x90\x04\0\x01\0\0\x90\x04\0\x02\0\0");
    line.closed();
    line.pass(secs(1));
    line.connect(&connack(NO_WILDCARDS));
    line.sends(b"\x82\x0a\0\x03\0\0\x04good\0");
    let filters = vec![String::from("bad/#")];
    assert!(line.events.contains(&Event::Refused { filters }));
    assert_eq!(line.client.take(good, AckMode::OnNext), Taken::Pending);
    assert_eq!(line.client.take(bad, AckMode::OnNext), Taken::End);
    assert_eq!(line.client.subscriptions().collect::<Vec<_>>(), ["good"]);
}

/// What does not fit into the read buffer is told, and bars nothing.
#[test]
fn rule_06_a_message_whose_properties_are_too_long_is_dropped() {
    let text = vec![b'x'; 60_000];
    let field = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    let user_property = [&[0x26][..], &field(&text), &field(b"")].concat();
    let length = user_property.len() as u32;
    let mut body = [field(&text), vec![0, 7]].concat();
    body.extend([
        length as u8 | 0x80,
        (length >> 7) as u8 | 0x80,
        (length >> 14) as u8,
    ]);
    body.extend(user_property);
    for (first_byte, answer) in [(0x32, b"\x40\x02\0\x07"), (0x34, b"\x50\x02\0\x07")] {
        let mut line = limited(options5(), b"");
        let stream = line.client.messages();
        let length = body.len() as u32;
        let mut header = vec![first_byte, length as u8 | 0x80];
        header.extend([(length >> 7) as u8 | 0x80, (length >> 14) as u8]);
        let packet = [header, body.clone()].concat();
        for piece in packet.chunks(READ_BUFFER) {
            line.receive(piece);
        }
        line.sends(answer);
        assert!(matches!(line.events.last(), Some(Event::Skipped { .. })));
        assert_eq!(line.client.counters().dropped, 1);
        line.receive(b"\x30\x04\0\x01t\0");
        assert_eq!(line.take(stream), Some(Vec::new()));
    }
}
