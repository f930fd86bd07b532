//! Rule 6: the options and identifiers of subscriptions, which only MQTT 5 has, are sent as they
//! are given, also when the client subscribes again by itself, or are refused.
use crate::common::*;
use motemq::{RetainHandling, SubscriptionOptions};
use motemq_client::profile::Limit;

const NO_LOCAL: SubscriptionOptions = SubscriptionOptions {
    no_local: true,
    retain_as_published: false,
    retain_handling: RetainHandling::SendAtSubscribe,
};
const STORED: SubscriptionOptions = SubscriptionOptions {
    no_local: false,
    retain_as_published: true,
    retain_handling: RetainHandling::DoNotSend,
};

fn line() -> Line {
    let mut line = Line::new(options().version(Version::Mqtt5));
    line.connect(NEW5);
    line
}

fn filters() -> [Filter<'static, SubscriptionOptions>; 2] {
    [
        Filter::new("a", QoS::AtLeastOnce).options(NO_LOCAL),
        Filter::new("b", QoS::AtMostOnce).options(STORED),
    ]
}

#[test]
fn rule_06_subscriptions_have_their_options_also_when_they_are_made_again() {
    let mut line = line();
    let (request, _) = line.client.subscribe(&filters()).unwrap();
    line.sends(b"\x82\x0b\0\x01\0\0\x01a\x05\0\x01b\x28");
    line.receive(b"\x90\x05\0\x01\0\x01\0");
    assert_eq!(line.codes(request), [1, 0]);
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    line.sends(b"\x82\x0b\0\x02\0\0\x01a\x05\0\x01b\x28");
}

#[test]
fn rule_06_subscriptions_have_their_identifiers_also_when_they_are_made_again() {
    let mut line = line();
    let plain = |text| [Filter::new(text, QoS::AtMostOnce)];
    line.client.subscribe(&plain("a")).unwrap();
    for (text, identifier) in [("b", 7), ("c", 7), ("d", 268_435_455)] {
        let subscribed = line
            .client
            .subscribe_with_identifier(&plain(text), identifier);
        subscribed.unwrap();
    }
    line.sends(
        b"\x82\x07\0\x01\0\0\x01a\0\
          \x82\x09\0\x02\x02\x0b\x07\0\x01b\0\
          \x82\x09\0\x03\x02\x0b\x07\0\x01c\0\
          \x82\x0c\0\x04\x05\x0b\xff\xff\xff\x7f\0\x01d\0",
    );
    for id in 1..=4 {
        line.receive(&[0x90, 4, 0, id, 0, 0]);
    }
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    // Those with the same identifier go together.
    line.sends(
        b"\x82\x07\0\x05\0\0\x01a\0\
          \x82\x0d\0\x06\x02\x0b\x07\0\x01b\0\0\x01c\0\
          \x82\x0c\0\x07\x05\x0b\xff\xff\xff\x7f\0\x01d\0",
    );
}

/// Identifiers are among the properties of the messages.
#[test]
fn rule_06_messages_have_the_identifiers_of_their_subscriptions() {
    let mut line = line();
    let filter = [Filter::new("t", QoS::AtMostOnce)];
    let (_, stream) = line.client.subscribe_with_identifier(&filter, 7).unwrap();
    line.sent();
    line.receive(b"\x30\x06\0\x01t\x02\x0b\x07");
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!("there is none")
    };
    let properties = item.message.properties.get();
    let identifiers: Vec<_> = properties.subscription_identifiers().collect();
    assert_eq!(identifiers, [7]);
}

#[test]
fn rule_06_options_that_mqtt_does_not_allow_are_refused() {
    let mut line = line();
    let shared = Filter::new("$share/group/t", QoS::AtMostOnce);
    let refused = line
        .client
        .subscribe(&[shared.options(NO_LOCAL)])
        .unwrap_err();
    assert!(matches!(refused, SubscribeError::SharedNoLocal { .. }));
    let words = "\"$share/group/t\" is a shared subscription, which cannot have the option No \
                 Local: do not set it";
    assert_eq!(refused.to_string(), words);
    for text in ["$share", "$share/group", "$share/+/t"] {
        let filter = [Filter::new(text, QoS::AtMostOnce)];
        let refused = line.client.subscribe(&filter).unwrap_err();
        assert!(matches!(refused, SubscribeError::Share { .. }), "{text}");
        let refused = line.client.unsubscribe(&[text]).unwrap_err();
        assert!(matches!(refused, SubscribeError::Share { .. }), "{text}");
    }
    for identifier in [0, 268_435_456] {
        let filter = [Filter::new("t", QoS::AtMostOnce)];
        let refused = line.client.subscribe_with_identifier(&filter, identifier);
        let refused = refused.unwrap_err();
        assert_eq!(refused, SubscribeError::Identifier { identifier });
    }
    line.sends(b"");
    line.client.subscribe(&[shared.options(STORED)]).unwrap();
    line.sends(b"\x82\x14\0\x01\0\0\x0e$share/group/t\x28");
}

#[test]
fn rule_06_options_need_mqtt_5() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let refused = line.client.subscribe(&filters()).unwrap_err();
    assert_eq!(refused, SubscribeError::OptionsUnsupported);
    let plain = [Filter::new("t", QoS::AtMostOnce)];
    let refused = line.client.subscribe_with_identifier(&plain, 7);
    assert_eq!(refused.unwrap_err(), SubscribeError::OptionsUnsupported);
    line.sends(b"");
    // Options that say nothing are none. What looks like a share is a filter like others.
    let none = Filter::new("$share", QoS::AtMostOnce).options(SubscriptionOptions::default());
    line.client.subscribe(&[none]).unwrap();
    line.sends(b"\x82\x0b\0\x01\0\x06$share\0");
}

#[test]
fn rule_06_options_are_left_out_where_the_client_has_fallen_back() {
    let mut line = Line::new(options().version(Version::Mqtt5).fall_back());
    line.open();
    line.sent();
    line.closed();
    line.connect(NEW);
    line.client.subscribe(&filters()).unwrap();
    let plain = [Filter::new("c", QoS::AtMostOnce)];
    line.client.subscribe_with_identifier(&plain, 7).unwrap();
    line.sends(b"\x82\x0a\0\x01\0\x01a\x01\0\x01b\0\x82\x06\0\x02\0\x01c\0");
}

/// The broker has no subscription identifiers.
#[test]
fn rule_06_identifiers_that_the_broker_does_not_have_are_refused() {
    let without = b"\x20\x05\0\0\x02\x29\0";
    let plain = [Filter::new("t", QoS::AtMostOnce)];
    let mut line = Line::new(options().version(Version::Mqtt5));
    let (early, _) = line.client.subscribe_with_identifier(&plain, 7).unwrap();
    line.connect(without);
    line.sends(b"");
    let Some(Err(RequestError::OverLimit(over))) = line.client.poll_outcome(early) else {
        panic!("it was not refused")
    };
    assert_eq!(over.limit, Limit::SubscriptionIdentifiers);
    let refused = line.client.subscribe_with_identifier(&plain, 7);
    assert_eq!(refused.unwrap_err(), SubscribeError::OverLimit(over));
    line.client.subscribe(&plain).unwrap();
    line.sends(b"\x82\x07\0\x01\0\0\x01t\0");
}

/// A packet that the identifier makes too long is refused.
#[test]
fn rule_06_identifiers_count_for_the_size_of_packets() {
    let mut line = Line::new(options().version(Version::Mqtt5));
    // Packets of 20 bytes at most.
    line.connect(b"\x20\x08\0\0\x05\x27\0\0\0\x14");
    let filter = [Filter::new("123456789ab", QoS::AtMostOnce)];
    line.client.subscribe(&filter).unwrap();
    let refused = line.client.subscribe_with_identifier(&filter, 0x7f);
    let Err(SubscribeError::OverLimit(over)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(over.limit, Limit::Packet { len: 21, most: 20 });
    let filter = [Filter::new("123456789a", QoS::AtMostOnce)];
    line.client
        .subscribe_with_identifier(&filter, 0x7f)
        .unwrap();
    let refused = line.client.subscribe_with_identifier(&filter, 0x80);
    assert!(matches!(refused, Err(SubscribeError::OverLimit(_))));
    assert_eq!(line.sent().len(), 19 + 20);
}
