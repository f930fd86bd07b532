//! Rule 6 with the properties of MQTT 5: a message is published and delivered with its properties.
use crate::common::*;
use crate::durable::{Durable, durable};
use motemq::{
    Property,
    packet::v5::{Packet, decode},
};

fn options5() -> Options {
    options().version(Version::Mqtt5)
}

fn connected() -> Line {
    let mut line = Line::new(options5());
    line.connect(NEW5);
    line
}

const TEXT: [Property<'static>; 1] = [Property::PayloadFormatIndicator(true)];

fn expiry(seconds: u32) -> [Property<'static>; 1] {
    [Property::MessageExpiryInterval(seconds)]
}

/// PUBLISH of `.` to `t` with properties, as the client sends it.
fn published(first_byte: u8, id: &[u8], properties: &[u8]) -> Vec<u8> {
    let length = 3 + id.len() + 1 + properties.len() + 1;
    let section = [&[properties.len() as u8], properties].concat();
    [
        &[first_byte, length as u8],
        &b"\0\x01t"[..],
        id,
        &section,
        b".",
    ]
    .concat()
}

fn publish<'p>(qos: QoS, list: &'p [Property<'p>]) -> Publish<'p, &'p [Property<'p>]> {
    Publish::to("t").payload(b".").qos(qos).properties(list)
}

#[test]
fn rule_06_a_message_is_published_with_its_properties() {
    for (qos, first_byte, id) in [
        (QoS::AtMostOnce, 0x30, &b""[..]),
        (QoS::AtLeastOnce, 0x32, b"\0\x01"),
        (QoS::ExactlyOnce, 0x34, b"\0\x01"),
    ] {
        let mut line = connected();
        let request = line.client.publish(&publish(qos, &TEXT)).unwrap();
        assert_eq!(request.is_some(), qos != QoS::AtMostOnce);
        line.sends(&published(first_byte, id, b"\x01\x01"));
        // An empty list is none.
        line.client.publish(&publish(QoS::AtMostOnce, &[])).unwrap();
        line.sends(&published(0x30, b"", b""));
    }
}

#[test]
fn rule_06_what_waits_and_what_is_sent_again_keeps_its_properties() {
    let mut line = Line::new(kept().version(Version::Mqtt5).queue_qos0());
    line.client
        .publish(&publish(QoS::AtMostOnce, &TEXT))
        .unwrap();
    line.client
        .publish(&publish(QoS::AtLeastOnce, &TEXT))
        .unwrap();
    line.connect(NEW5);
    let first = published(0x32, b"\0\x01", b"\x01\x01");
    line.sends(&[published(0x30, b"", b"\x01\x01"), first].concat());
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT5);
    line.sends(&published(0x3a, b"\0\x01", b"\x01\x01"));
}

/// Its payload is written from where it is kept.
#[test]
fn rule_06_a_message_longer_than_the_output_has_its_properties() {
    for waits in [false, true] {
        let mut line = Line::new(options5().queue(9, 9_000_000, WhenFull::Wait));
        let payload = vec![b'.'; 3_000_000];
        let long = "x".repeat(50_000);
        let list = [Property::ContentType(long.as_str().into())];
        let message = Publish::to("t").payload(&payload).properties(&list);
        let message = message.qos(QoS::AtLeastOnce);
        if waits {
            line.client.publish(&message).unwrap();
            line.connect(NEW5);
        } else {
            line.connect(NEW5);
            line.client.publish(&message).unwrap();
        }
        let sent = line.sent();
        let Ok(Some((
            Packet::Publish {
                properties,
                payload: sent,
                ..
            },
            _,
        ))) = decode(&sent)
        else {
            panic!("{} bytes", sent.len())
        };
        assert_eq!(properties.iter().collect::<Vec<_>>(), list);
        assert!(sent == payload);
    }
}

#[test]
fn rule_06_an_upload_has_its_properties() {
    let mut line = connected();
    let message = Publish::to("t").properties(&TEXT).remaining(1);
    let (upload, _) = line.client.begin_upload(&message).unwrap();
    assert_eq!(line.client.upload_chunk(upload, b"."), Ok(1));
    line.sends(&published(0x30, b"", b"\x01\x01"));
}

#[test]
fn rule_06_properties_that_a_message_cannot_have_are_refused() {
    let alias = [Property::TopicAlias(1.try_into().unwrap())];
    let twice = [TEXT[0], TEXT[0]];
    let bad = [Property::ResponseTopic("a/+".into())];
    for list in [&alias[..], &twice, &bad] {
        for mut line in [connected(), Line::new(options5())] {
            let message = publish(QoS::AtLeastOnce, list);
            let error = line.client.publish(&message).unwrap_err();
            assert_eq!(error, PublishError::Properties(InvalidProperties));
            let error = line.client.begin_upload(&message).unwrap_err();
            assert_eq!(error, PublishError::Properties(InvalidProperties));
            assert_eq!(line.client.counters().queued, 0);
        }
        connected().sends(b"");
    }
    let long = "x".repeat(65_535);
    let list = [Property::ContentType(long.as_str().into()); 1];
    let user = Property::UserProperty {
        name: "".into(),
        value: long.as_str().into(),
    };
    let mut line = connected();
    let message = publish(QoS::AtLeastOnce, &list);
    line.client.publish(&message).unwrap();
    let list = [list[0], user];
    let error = line.client.publish(&publish(QoS::AtLeastOnce, &list));
    assert!(
        matches!(error, Err(PublishError::PropertiesTooLong { .. })),
        "{error:?}"
    );
}

#[test]
fn rule_06_with_mqtt_3_1_1_properties_are_refused_or_left_out_if_the_client_fell_back() {
    let message = publish(QoS::AtLeastOnce, &TEXT);
    let mut line = Line::new(options());
    line.connect(NEW);
    let error = line.client.publish(&message).unwrap_err();
    assert_eq!(error, PublishError::PropertiesUnsupported);
    let mut line = Line::new(options5().fall_back());
    line.client.publish(&message).unwrap();
    line.connect(b"\x20\x02\0\x01");
    line.client.on_closed(None, line.now);
    line.connect(NEW);
    line.sends(b"\x32\x06\0\x01t\0\x01.");
    line.client.publish(&message).unwrap();
    line.sends(b"\x32\x06\0\x01t\0\x02.");
}

#[test]
fn rule_06_a_message_that_waits_is_closer_to_its_expiry_and_is_dropped_when_it_has_expired() {
    let mut line = Line::new(options5());
    line.now = secs(5);
    line.client.note_time(line.now);
    let publish = |line: &mut Line, seconds| {
        let list = expiry(seconds);
        let message = publish(QoS::AtLeastOnce, &list);
        line.client.publish(&message).unwrap().unwrap()
    };
    let short = publish(&mut line, 7);
    let long = publish(&mut line, 60);
    line.open();
    line.sent();
    line.pass(secs(7) - Duration::from_millis(1));
    assert_eq!(line.client.poll_outcome(short), None);
    line.pass(Duration::from_millis(1));
    line.receive(NEW5);
    line.sends(&published(0x32, b"\0\x01", b"\x02\0\0\0\x35"));
    let expired = Some(Err(RequestError::Expired));
    assert_eq!(line.client.poll_outcome(short), expired);
    assert_eq!(line.client.poll_outcome(long), None);
    // In flight it is not dropped, but closer to its expiry, too.
    line.closed();
    line.pass(secs(100));
    line.connect(PRESENT5);
}

/// The next attempt drops it, whether it succeeds or not.
#[test]
fn rule_06_a_message_expires_without_a_connection() {
    let mut line = Line::new(options5());
    line.connect(b"\x20\x03\0\x88\0");
    line.closed();
    let list = expiry(1);
    let message = publish(QoS::ExactlyOnce, &list);
    let request = line.client.publish(&message).unwrap().unwrap();
    assert_eq!(line.client.poll_outcome(request), None);
    line.pass(secs(1));
    line.dial();
    assert!(line.events.contains(&Event::Completed { request }));
    let expired = Some(Err(RequestError::Expired));
    assert_eq!(line.client.poll_outcome(request), expired);
    assert_eq!(line.client.counters().queued, 0);
}

#[test]
fn rule_06_what_is_sent_again_is_closer_to_its_expiry() {
    let mut line = Line::new(kept().version(Version::Mqtt5));
    line.connect(NEW5);
    let list = [expiry(10)[0], TEXT[0]];
    line.client
        .publish(&publish(QoS::AtLeastOnce, &list))
        .unwrap();
    line.sends(&published(0x32, b"\0\x01", b"\x02\0\0\0\x0a\x01\x01"));
    for (wait, left) in [(4, 6), (100, 1)] {
        line.closed();
        line.pass(secs(wait));
        line.connect(PRESENT5);
        let properties = [2, 0, 0, 0, left, 1, 1];
        line.sends(&published(0x3a, b"\0\x01", &properties));
    }
}

#[test]
fn rule_06_a_stored_message_has_its_properties() {
    let options = || durable().version(Version::Mqtt5);
    let mut before = Durable::begin(options());
    let list = [expiry(10)[0], TEXT[0]];
    let message = publish(QoS::AtLeastOnce, &list);
    before.line.client.publish(&message).unwrap();
    before.line.now = secs(3);
    before.line.turn();
    before.line.client.poll_transport(secs(3), 0);
    before.save();
    let mut after = before.crash_into(options());
    after.opens(Version::Mqtt5);
    after.line.receive(NEW5);
    after.save();
    let properties = b"\x02\0\0\0\x07\x01\x01";
    after.line.sends(&published(0x32, b"\0\x01", properties));
}

#[test]
fn rule_00_a_message_is_delivered_with_its_properties() {
    let mut line = connected();
    let stream = line.client.messages();
    let properties = b"\x08\0\x02re\x09\0\x02\x34\x31\x0b\x07\x0b\x08";
    let packet = published(0x30, b"", properties);
    line.receive(&packet);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    let properties = item.message.properties.get();
    assert_eq!(properties.response_topic(), Some("re".into()));
    assert_eq!(properties.correlation_data(), Some(&b"41"[..]));
    assert!(properties.subscription_identifiers().eq([7, 8]));
    // One without has none, nor memory for them.
    line.receive(&published(0x30, b"", b""));
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    assert!(item.message.properties.is_empty());
}

/// A message that arrives in pieces.
#[test]
fn rule_00_a_message_longer_than_the_read_buffer_has_its_properties() {
    let mut line = connected();
    let stream = line.client.messages();
    let mut packet = vec![0x30, 0x80 | 0x66, 0x80 | 0x09, 0x06];
    packet.extend(b"\0\x01t\x02\x01\x01");
    packet.extend(vec![b'.'; 0x66 + (9 << 7) + (6 << 14) - 6]);
    for piece in packet.chunks(60_000) {
        line.receive(piece);
    }
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    assert_eq!(item.message.properties.get().iter().next(), Some(TEXT[0]));
    assert_eq!(item.message.payload.len(), packet.len() - 10);
}

/// A broker that sends a message again has less of its expiry left.
#[test]
fn rule_00_a_repetition_may_have_other_properties() {
    let mut line = Line::new(kept().version(Version::Mqtt5));
    line.connect(NEW5);
    let stream = line.client.messages();
    line.receive(&published(0x34, b"\0\x07", b"\x02\0\0\0\x0a"));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT5);
    line.receive(&published(0x3c, b"\0\x07", b"\x02\0\0\0\x09"));
    assert_eq!(line.take_all(stream).len(), 1);
}
