//! Rule 6 with the properties of MQTT 5: they take room as the topic and the payload do.
use crate::common::*;
use motemq::Property;

const TEXT: [Property<'static>; 1] = [Property::PayloadFormatIndicator(true)];

fn options5() -> Options {
    options().version(Version::Mqtt5)
}

fn connected() -> Line {
    let mut line = Line::new(options5());
    line.connect(NEW5);
    line
}

/// The text and the topic take as much room as they may.
#[test]
fn rule_06_long_properties_and_topics_find_room() {
    let text = "x".repeat(1000);
    let list = [Property::ContentType(text.as_str().into())];
    for (topic, list) in [("t", &list[..]), (&text, &TEXT), (&text, &list)] {
        let mut line = connected();
        let message = Publish::to(topic).properties(list);
        line.client.publish(&message).unwrap();
        assert!(line.sent().len() > 1000);
        assert_eq!(line.client.counters().sent, 1);
        let request = line.client.publish(&message.qos(QoS::AtLeastOnce)).unwrap();
        assert!(request.is_some() && line.sent().len() > 1000);
        assert_eq!(line.client.counters().sent, 2);
    }
}

/// Before a payload that is not copied there is room for properties.
#[test]
fn rule_06_long_properties_find_room_before_a_shared_payload() {
    let text = "x".repeat(10_000);
    let list = [Property::ContentType(text.as_str().into())];
    let payload = vec![7; 16 << 10].into();
    let mut line = connected();
    let message = Publish::to("a/longer/topic").properties(&list[..]);
    line.client.publish_bytes(&message, &payload).unwrap();
    assert!(line.sent().len() > text.len() + payload.len());
}

/// Properties count for the longest packet, and what is too long is not called incomplete.
#[test]
fn rule_06_a_message_with_properties_that_is_too_long_or_incomplete_is_refused() {
    // The topic and the properties take 13 bytes at most.
    let payload = vec![0; 268_435_439];
    let message = Publish::to("t").properties(&TEXT[..]);
    let mut line = connected();
    let len = 268_435_452;
    let refused = line.client.publish(&message.payload(&payload));
    assert_eq!(refused, Err(PublishError::TooLong { len }));
    // Without a connection it is too large to wait.
    let longest = message.payload(&payload[1..]).qos(QoS::AtLeastOnce);
    let refused = Line::new(options5()).client.publish(&longest);
    assert!(matches!(refused, Err(PublishError::LargerThanQueue { .. })));
    let announced = line.client.publish(&message.remaining(5)).unwrap_err();
    assert_eq!(announced, PublishError::Incomplete { remaining: 5 });
    let remaining = 268_435_439;
    let refused = line.client.publish(&message.remaining(remaining));
    assert_eq!(refused, Err(PublishError::TooLong { len }));
    let refused = line.client.begin_upload(&message.remaining(remaining));
    assert_eq!(refused, Err(PublishError::TooLong { len }));
}

/// Messages that were given up bar none that has properties.
#[test]
fn rule_04_a_message_with_properties_passes_those_that_were_given_up() {
    let options = options5().ack_timeout(Some(secs(4))).in_flight(2);
    let mut line = Line::new(options);
    line.connect(NEW5);
    let message = Publish::to("t").payload(b".").properties(&TEXT[..]);
    let message = message.qos(QoS::AtLeastOnce);
    let lost = line.client.publish(&message).unwrap().unwrap();
    line.sent();
    line.pass(secs(6));
    let outcome = line.client.poll_outcome(lost);
    assert_eq!(outcome, Some(Err(RequestError::NotAcknowledged(secs(4)))));
    // Round the ring of 16 slots and past it.
    for _ in 0..40 {
        let request = line.client.publish(&message).unwrap().unwrap();
        let sent = line.sent();
        line.receive(&puback(id_of(&sent)));
        assert_eq!(line.client.poll_outcome(request), done());
        line.client.forget(request);
    }
}

/// Topic and properties have to fit into the output.
#[test]
fn rule_06_topic_and_properties_may_be_as_long_as_the_output() {
    let text = "x".repeat(65_535);
    let list = |value| {
        let content_type = Property::ContentType(text[..].into());
        let (name, value) = ("n".into(), text[..value].into());
        [content_type, Property::UserProperty { name, value }]
    };
    let mut line = connected();
    let refused = line
        .client
        .publish(&Publish::to("t").properties(&list(8155)[..]));
    let (len, limit) = (73_712, 73_711);
    assert_eq!(refused, Err(PublishError::PropertiesTooLong { len, limit }));
    let published = line
        .client
        .publish(&Publish::to("t").properties(&list(8154)[..]));
    assert_eq!(published, Ok(None));
    assert!(line.sent().len() > 73_000);
}
