//! Rule 6: user properties of SUBSCRIBE, UNSUBSCRIBE and DISCONNECT, which only MQTT 5 has, are sent
//! as they are given, or are refused.
use crate::common::*;
use motemq_client::profile::{Limit, OverLimit};

/// The property `n` with this value.
fn property(value: &[u8; 1]) -> Vec<u8> {
    [&b"\x26\0\x01n\0\x01"[..], value].concat()
}

fn full() -> Options {
    options()
        .version(Version::Mqtt5)
        .subscribe_user_property("n", "s")
        .subscribe_user_property("n", "t")
        .unsubscribe_user_property("n", "u")
        .disconnect_user_property("n", "d")
}

fn filter() -> [Filter<'static>; 1] {
    [Filter::new("a", QoS::AtMostOnce)]
}

/// SUBSCRIBE or UNSUBSCRIBE with these properties and the filter `a`.
fn filters(first_byte: u8, id: u8, properties: &[u8], options: &[u8]) -> Vec<u8> {
    let body = [
        &[0, id, properties.len() as u8],
        properties,
        b"\0\x01a",
        options,
    ];
    let body = body.concat();
    [&[first_byte, body.len() as u8], &body[..]].concat()
}

/// DISCONNECT with these properties.
fn disconnect(properties: &[u8]) -> Vec<u8> {
    let length = properties.len() as u8;
    [&[0xe0, length + 2, 0, length], properties].concat()
}

#[test]
fn rule_06_packets_have_the_user_properties_of_the_options() {
    let mut line = Line::new(full());
    line.open();
    // CONNECT has none of them.
    assert!(!line.sent().contains(&0x26));
    line.receive(NEW5);
    line.client.subscribe(&filter()).unwrap();
    let of_subscribe = [property(b"s"), property(b"t")].concat();
    line.sends(&filters(0x82, 1, &of_subscribe, b"\0"));
    line.receive(b"\x90\x04\0\x01\0\0");
    // Also when the client subscribes again by itself, with an identifier, too.
    let other = [Filter::new("b", QoS::AtMostOnce)];
    line.client.subscribe_with_identifier(&other, 7).unwrap();
    assert!(
        line.sent()
            .ends_with(b"\x26\0\x01n\0\x01t\x0b\x07\0\x01b\0")
    );
    line.receive(b"\x90\x04\0\x02\0\x80");
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    line.sends(&filters(0x82, 3, &of_subscribe, b"\0"));
    line.receive(b"\x90\x04\0\x03\0\0");
    line.client.unsubscribe(&["a"]).unwrap();
    line.sends(&filters(0xa2, 4, &property(b"u"), b""));
    line.receive(b"\xb0\x04\0\x04\0\0");
    line.client.disconnect(line.now);
    line.sends(&disconnect(&property(b"d")));
}

#[test]
fn rule_06_mqtt_3_1_1_has_no_user_properties() {
    let day = Some(secs(86_400));
    let options = full().session_expiry(day).disconnect_session_expiry(day);
    let mut line = Line::new(options.version(Version::Mqtt311));
    line.connect(NEW);
    line.client.subscribe(&filter()).unwrap();
    line.sends(b"\x82\x06\0\x01\0\x01a\0");
    line.receive(b"\x90\x03\0\x01\0");
    line.client.unsubscribe(&["a"]).unwrap();
    line.sends(b"\xa2\x05\0\x02\0\x01a");
    line.receive(b"\xb0\x02\0\x02");
    line.client.disconnect(line.now);
    line.sends(DISCONNECT);
}

/// The broker keeps a session at the end for as long as the last word says.
#[test]
fn rule_06_leaving_says_how_long_the_session_is_kept() {
    let (day, hour) = (Some(secs(86_400)), b"\x11\0\0\x0e\x10");
    let clean = || options().version(Version::Mqtt5);
    let kept = || clean().keep_session();
    for (options, connack, sent) in [
        (kept(), NEW5, DISCONNECT.to_vec()),
        (
            kept().disconnect_session_expiry(Some(secs(3600))),
            NEW5,
            disconnect(hour),
        ),
        (
            kept().session_expiry(day).disconnect_session_expiry(None),
            NEW5,
            disconnect(b"\x11\xff\xff\xff\xff"),
        ),
        (
            clean()
                .session_expiry(day)
                .disconnect_session_expiry(Some(secs(0))),
            NEW5,
            disconnect(b"\x11\0\0\0\0"),
        ),
        // The session ends anyway: so the options say, or the broker.
        (
            clean().disconnect_session_expiry(day),
            NEW5,
            DISCONNECT.to_vec(),
        ),
        (
            kept().disconnect_session_expiry(day),
            b"\x20\x08\0\0\x05\x11\0\0\0\0",
            DISCONNECT.to_vec(),
        ),
    ] {
        let mut line = Line::new(options);
        line.connect(connack);
        line.client.disconnect(line.now);
        line.sends(&sent);
    }
}

/// The session of a connection that is made again is not to end with it.
#[test]
fn rule_06_a_connection_that_ends_unanswered_is_no_leaving() {
    let options = kept()
        .version(Version::Mqtt5)
        .disconnect_session_expiry(Some(secs(0)))
        .disconnect_user_property("n", "d")
        .ack_timeout(Some(secs(4)))
        .in_flight(16)
        .given_up(16);
    let mut line = Line::new(options);
    line.connect(NEW5);
    for _ in 0..16 {
        line.publish(b"x", QoS::AtLeastOnce);
    }
    line.sent();
    line.pass(secs(6));
    line.sends(DISCONNECT);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Unanswered { count: 16 }]);
    line.pass(secs(1));
    line.connect(PRESENT5);
    line.client.disconnect(line.now);
    let last = [&property(b"d")[..], b"\x11\0\0\0\0"].concat();
    line.sends(&disconnect(&last));
}

#[test]
fn rule_06_user_properties_that_no_packet_can_have_are_refused() {
    let options = || options().version(Version::Mqtt5);
    let long = |length: usize| "x".repeat(length);
    for (add, limit) in [
        (
            Options::subscribe_user_property as fn(_, String, String) -> _,
            2048,
        ),
        (Options::unsubscribe_user_property, 2048),
        (Options::disconnect_user_property, 2048),
    ] {
        assert!(Client::new(add(options(), long(2000), long(43))).is_ok());
        let refused = Client::new(add(options(), long(2000), long(44)));
        let len = limit + 1;
        assert_eq!(
            refused.unwrap_err(),
            OptionsError::UserPropertiesTooLong { len, limit }
        );
        let refused = Client::new(add(options(), "a\0".into(), long(1)));
        assert!(matches!(
            refused,
            Err(OptionsError::NullCharacter { at: 1, .. })
        ));
    }
}

/// They count for the size of packets that the broker accepts.
#[test]
fn rule_06_user_properties_count_for_the_size_of_packets() {
    let connack = |size| [&b"\x20\x08\0\0\x05\x27\0\0\0"[..], &[size]].concat();
    let over = |len, most| {
        let (broker, limit) = ("the broker", Limit::Packet { len, most });
        OverLimit { broker, limit }
    };
    let subscribe = filters(0x82, 1, &[0; 14], b"\0").len() as u64;
    let mut line = Line::new(full());
    line.connect(&connack(subscribe as u8 - 1));
    let error = over(subscribe, subscribe as u32 - 1);
    assert_eq!(
        line.client.subscribe(&filter()).unwrap_err(),
        SubscribeError::OverLimit(error)
    );
    // What the packet can do without is left out.
    line.closed();
    line.pass(secs(1));
    line.connect(&connack(10));
    let unsubscribe = filters(0xa2, 1, &[0; 7], b"").len() as u64;
    assert_eq!(
        line.client.unsubscribe(&["a"]).unwrap_err(),
        SubscribeError::OverLimit(over(unsubscribe, 10))
    );
    line.client.disconnect(line.now);
    line.sends(DISCONNECT);
    let mut line = Line::new(full());
    line.connect(&connack(11));
    line.client.disconnect(line.now);
    line.sends(&disconnect(&property(b"d")));
}

#[test]
fn rule_06_long_user_properties_find_room() {
    let text = "x".repeat(2000);
    let options = options()
        .version(Version::Mqtt5)
        .subscribe_user_property("n", &*text)
        .unsubscribe_user_property("n", &*text)
        .disconnect_user_property("n", &*text);
    let mut line = Line::new(options.clone());
    line.connect(NEW5);
    let long = "f".repeat(60_000);
    let filters = [Filter::new(&long, QoS::AtMostOnce)];
    line.client.subscribe(&filters).unwrap();
    assert!(line.sent().len() > 62_000);
    line.client.unsubscribe(&[&long]).unwrap();
    assert!(line.sent().len() > 62_000);
    // Nothing else has made room for DISCONNECT.
    let mut line = Line::new(options);
    line.connect(NEW5);
    line.client.disconnect(line.now);
    assert!(line.sent().len() > 2000);
}
