//! Rule 5, of options: what they say is in CONNECT, and what cannot be used is told exactly.
use crate::common::*;
use motemq::Property;

fn connect_of(options: Options) -> Vec<u8> {
    let mut line = Line::new(options);
    line.open();
    line.sent()
}

#[test]
fn rule_05_connect_says_what_the_options_say() {
    let will = Will {
        payload: b"x".to_vec(),
        qos: QoS::AtLeastOnce,
        retain: true,
        ..Will::new("w")
    };
    let all = Options::new("")
        .client_id("a")
        .keep_session()
        .keep_alive(7)
        .login("u", b"p")
        .will(will.clone());
    assert_eq!(
        connect_of(all.clone()),
        b"\x10\x19\0\x04MQTT\x04\xec\0\x07\0\x01a\0\x01w\0\x01x\0\x01u\0\x01p"
    );
    let text = format!("{all:?}");
    assert!(text.contains("\"a\"") && !text.contains("\"p\"") && !text.contains("112"));
    let fleeting = Will {
        retain: false,
        ..will
    };
    assert_eq!(
        connect_of(Options::new("a").will(fleeting)),
        b"\x10\x13\0\x04MQTT\x04\x0e\0\x3c\0\x01a\0\x01w\0\x01x"
    );
    assert_eq!(
        connect_of(Options::new("a").user("u")),
        b"\x10\x10\0\x04MQTT\x04\x82\0\x3c\0\x01a\0\x01u"
    );
    assert_eq!(
        connect_of(Options::new("")),
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0"
    );
}

#[test]
fn rule_05_connect_may_be_as_long_as_the_output() {
    let text = |length| "x".repeat(length);
    let longest = Options::new(text(65_535));
    assert_eq!(connect_of(longest).len(), 65_535 + 16);
    let whole = |password| Options::new(text(40_000)).login("u", vec![7; password]);
    assert_eq!(connect_of(whole(33_663)).len(), 40_000 + 33_663 + 21);
    let (len, limit) = (73_729, 73_728);
    assert_eq!(
        Client::new(whole(33_664)).unwrap_err(),
        OptionsError::ConnectTooLong { len, limit }
    );
    let len = 65_536;
    for (options, field) in [
        (Options::new(text(len)), "client identifier"),
        (Options::new("a").user(text(len)), "user name"),
        (Options::new("a").login("u", vec![7; len]), "password"),
        (
            Options::new("a").will(Will {
                payload: vec![7; len],
                ..Will::new("w")
            }),
            "payload of the will",
        ),
    ] {
        let refused = Client::new(options).unwrap_err();
        assert_eq!(refused, OptionsError::TooLong { field, len });
    }
}

/// Every text counts, and what stands around it.
#[test]
fn rule_05_all_parts_of_connect_count() {
    let text = |length| "x".repeat(length);
    let long = &text(5000)[..];
    let of_will = [Property::ContentType(long.into())];
    let will = Will {
        payload: vec![7; 3000],
        properties: MessageProperties::new(&of_will).unwrap(),
        ..Will::new(text(200))
    };
    let options = Options::new(text(30_000))
        .version(Version::Mqtt5)
        .login(text(20_000), vec![7; 10_000])
        .authentication(text(300), |_| Ok(Vec::new()))
        .user_property(text(40), text(6000))
        .user_property(text(7), text(500));
    let parts = 30_000 + 20_000 + 10_000 + 300 + 6 + 40 + 6000 + 5 + 7 + 500 + 5;
    assert!(Client::new(options.clone()).is_ok());
    let refused = Client::new(options.will(will)).unwrap_err();
    let (len, limit) = (parts + 3000 + 5000 + 3 + 200 + 64, 73_728);
    assert_eq!(refused, OptionsError::ConnectTooLong { len, limit });
}

#[test]
fn rule_05_options_that_make_no_sense_are_made_to_make_sense() {
    let mut line = Line::new(options().in_flight(0).brokers(0).given_up(0));
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
    line.closed();
    line.pass(secs(1));
    assert_eq!(line.dial().1, 0);
}

#[test]
fn rule_05_defaults_are_as_documented() {
    let mut line = Line::new(Options::new("a"));
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    for _ in 0..1000 {
        line.client.publish(&publish).unwrap();
    }
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
    line.connect(NEW);
    assert_eq!(line.client.counters().in_flight, 20);
    let mut line = Line::new(Options::new("a"));
    let megabyte = vec![7; 1 << 20];
    let too_large = line.client.publish(&publish.payload(&megabyte));
    let (len, limit) = ((1 << 20) + 1, 1 << 20);
    assert_eq!(too_large, Err(PublishError::LargerThanQueue { len, limit }));
    assert!(
        line.client
            .publish(&publish.payload(&megabyte[1..]))
            .is_ok()
    );
    let (mut line, _) = Line::subscribed(Options::new("a"), QoS::AtMostOnce, NEW);
    for _ in 0..256 {
        assert_eq!(line.client.read_limit(), READ_BUFFER);
        line.receive(&message(0, 0, b""));
    }
    assert_eq!(line.client.read_limit(), 0);
}

#[test]
fn rule_05_options_can_be_asked_for() {
    let options = Options::new("a").connect_timeout(secs(3));
    assert_eq!(options.get_client_id(), "a");
    assert_eq!(options.get_connect_timeout(), secs(3));
    assert_eq!(options.get_profile(), None);
    let options = options.profile(&profile::AWS_IOT);
    assert_eq!(options.get_profile(), Some(&profile::AWS_IOT));
}
