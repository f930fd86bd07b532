//! Rule 6: topic aliases, which only MQTT 5 has, stand for the topics that both sides mean, and
//! there are no more of them than each side accepts.
use crate::common::*;

fn options5() -> Options {
    options().version(Version::Mqtt5)
}

/// CONNACK of a broker that accepts so many aliases.
fn accepts(most: u8) -> Vec<u8> {
    vec![0x20, 6, 0, 0, 3, 0x22, 0, most]
}

fn offering() -> (Line, StreamId) {
    let mut line = Line::new(options5().topic_alias_maximum(2));
    let (_, stream) = line
        .client
        .subscribe(&[Filter::new("#", QoS::ExactlyOnce)])
        .unwrap();
    line.open();
    let connect = line.sent();
    assert!(connect.windows(3).any(|bytes| bytes == b"\x22\0\x02"));
    line.receive(NEW5);
    line.sent();
    line.receive(b"\x90\x04\0\x01\0\x02");
    (line, stream)
}

fn topics(line: &mut Line, stream: StreamId) -> Vec<String> {
    let take = || match line.client.take(stream, AckMode::OnNext) {
        Taken::Message(item) => Some(item.message.topic.to_string()),
        _ => None,
    };
    std::iter::from_fn(take).collect()
}

#[test]
fn rule_06_topics_stand_in_the_place_of_the_aliases_of_the_broker() {
    let (mut line, stream) = offering();
    line.receive(
        b"\x30\x07\0\x01a\x03\x23\0\x01\
          \x30\x07\0\x01b\x03\x23\0\x02\
          \x30\x06\0\0\x03\x23\0\x01\
          \x32\x08\0\0\0\x05\x03\x23\0\x02\
          \x34\x08\0\0\0\x06\x03\x23\0\x02\
          \x30\x07\0\x01c\x03\x23\0\x01\
          \x30\x06\0\0\x03\x23\0\x01\
          \x30\x04\0\x01d\0",
    );
    let expected = ["a", "b", "a", "b", "b", "c", "c", "d"];
    assert_eq!(topics(&mut line, stream), expected);
    line.is_connected();
}

/// A stream is found by the topic, not by the alias.
#[test]
fn rule_06_messages_with_aliases_go_to_their_streams() {
    let mut line = Line::new(options5().topic_alias_maximum(2));
    let streams = ["a", "b"].map(|topic| {
        let filter = [Filter::new(topic, QoS::AtMostOnce)];
        line.client.subscribe(&filter).unwrap().1
    });
    line.connect(NEW5);
    line.receive(
        b"\x30\x07\0\x01a\x03\x23\0\x01\
          \x30\x06\0\0\x03\x23\0\x01\
          \x30\x07\0\x01b\x03\x23\0\x01\
          \x30\x06\0\0\x03\x23\0\x01",
    );
    let taken = streams.map(|stream| topics(&mut line, stream));
    assert_eq!(taken, [["a"; 2], ["b"; 2]]);
}

/// An alias is of its connection: on the next one it stands for nothing.
#[test]
fn rule_06_an_alias_that_the_broker_has_not_set_ends_the_connection() {
    let (mut line, stream) = offering();
    line.receive(b"\x30\x07\0\x01a\x03\x23\0\x01");
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    line.sent();
    line.receive(b"\x30\x06\0\0\x03\x23\0\x01");
    // DISCONNECT says that it is a protocol error.
    line.sends(b"\xe0\x01\x82");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let fault = DisconnectReason::Fault(Fault::Unexpected);
    assert_eq!(line.reasons().pop(), Some(fault));
    assert_eq!(topics(&mut line, stream), ["a"]);
}

#[test]
fn rule_06_an_alias_that_was_not_offered_ends_the_connection() {
    for (maximum, alias) in [(2, 3), (0, 1)] {
        let mut line = Line::new(options5().topic_alias_maximum(maximum));
        line.connect(NEW5);
        line.receive(&[0x30, 7, 0, 1, b'a', 3, 0x23, 0, alias]);
        line.sends(b"\xe0\x01\x94");
        assert_eq!(line.poll_transport(), Transport::Close);
    }
}

/// A message that cannot be read may have set any alias.
#[test]
fn rule_06_aliases_are_not_guessed_after_a_message_that_was_skipped() {
    let (mut line, stream) = offering();
    line.receive(b"\x30\x07\0\x01a\x03\x23\0\x01");
    // Properties of 80,000 bytes, with an alias somewhere behind.
    let mut skipped = vec![0x30, 0x86, 0xf1, 4, 0, 1, b'b', 0x80, 0xf1, 4];
    let mut pair = vec![0x26, 0, 1, b'n', 0x9c, 0x3b];
    pair.extend([b'.'; 39_995]);
    skipped.extend(pair.iter().chain(&pair).take(80_000));
    for piece in skipped.chunks(60_000) {
        line.receive(piece);
    }
    assert!(
        line.events
            .iter()
            .any(|event| matches!(event, Event::Skipped { .. }))
    );
    line.receive(b"\x30\x06\0\0\x03\x23\0\x01");
    line.sends(b"\xe0\x01\x95");
    assert_eq!(topics(&mut line, stream), ["a"]);
}

fn publish(line: &mut Line, topic: &str) {
    line.client.publish(&Publish::to(topic)).unwrap();
}

#[test]
fn rule_06_topics_of_the_policy_are_sent_once() {
    let policy = AliasPolicy::Fixed(vec!["plant/1".into(), "plant/2".into()]);
    let mut line = Line::new(options5().alias_policy(policy));
    line.connect(&accepts(10));
    for topic in ["plant/2", "plant/3", "plant/2", "plant/1", "plant/1"] {
        publish(&mut line, topic);
    }
    line.sends(
        b"\x30\x0d\0\x07plant/2\x03\x23\0\x02\
          \x30\x0a\0\x07plant/3\0\
          \x30\x06\0\0\x03\x23\0\x02\
          \x30\x0d\0\x07plant/1\x03\x23\0\x01\
          \x30\x06\0\0\x03\x23\0\x01",
    );
    // They begin anew with each connection, and so does what the broker accepts.
    line.closed();
    line.pass(secs(1));
    line.connect(&accepts(1));
    for topic in ["plant/2", "plant/1", "plant/1"] {
        publish(&mut line, topic);
    }
    line.sends(
        b"\x30\x0a\0\x07plant/2\0\
          \x30\x0d\0\x07plant/1\x03\x23\0\x01\
          \x30\x06\0\0\x03\x23\0\x01",
    );
}

#[test]
fn rule_06_the_topics_of_the_last_messages_have_aliases() {
    let mut line = Line::new(options5().alias_policy(AliasPolicy::Recent(2)));
    line.connect(&accepts(10));
    for topic in ["plant/1", "plant/2", "plant/1", "plant/3", "plant/1", "a"] {
        publish(&mut line, topic);
    }
    line.sends(
        b"\x30\x0d\0\x07plant/1\x03\x23\0\x01\
          \x30\x0d\0\x07plant/2\x03\x23\0\x02\
          \x30\x06\0\0\x03\x23\0\x01\
          \x30\x0d\0\x07plant/3\x03\x23\0\x02\
          \x30\x06\0\0\x03\x23\0\x01\
          \x30\x04\0\x01a\0",
    );
}

#[test]
fn rule_06_a_broker_without_aliases_gets_topics() {
    let policy = AliasPolicy::Recent(2);
    let mut line = Line::new(options5().alias_policy(policy.clone()));
    line.connect(NEW5);
    publish(&mut line, "plant/1");
    line.sends(b"\x30\x0a\0\x07plant/1\0");
    let mut line = Line::new(options5().fall_back().alias_policy(policy));
    line.open();
    line.sent();
    line.closed();
    line.connect(NEW);
    publish(&mut line, "plant/1");
    line.sends(b"\x30\x09\0\x07plant/1");
}

/// What is in flight has its topic again on the next connection.
#[test]
fn rule_06_messages_that_are_sent_again_have_their_topics() {
    let policy = AliasPolicy::Recent(2);
    let options = kept().version(Version::Mqtt5).alias_policy(policy);
    let mut line = Line::new(options);
    line.connect(&accepts(10));
    let message = Publish::to("plant/1").qos(QoS::AtLeastOnce);
    line.client.publish(&message.payload(b"a")).unwrap();
    line.client.publish(&message.payload(b"b")).unwrap();
    line.sends(
        b"\x32\x10\0\x07plant/1\0\x01\x03\x23\0\x01a\
          \x32\x09\0\0\0\x02\x03\x23\0\x01b",
    );
    line.closed();
    line.client.publish(&message.payload(b"c")).unwrap();
    line.pass(secs(1));
    let mut present = accepts(10);
    present[2] = 1;
    line.connect(&present);
    line.sends(
        b"\x3a\x10\0\x07plant/1\0\x01\x03\x23\0\x01a\
          \x3a\x09\0\0\0\x02\x03\x23\0\x01b\
          \x32\x09\0\0\0\x03\x03\x23\0\x01c",
    );
}

/// The alias comes before the other properties, and with payloads of any length.
#[test]
fn rule_06_aliases_go_with_properties_and_uploads() {
    let mut line = Line::new(options5().alias_policy(AliasPolicy::Recent(2)));
    line.connect(&accepts(10));
    let list = [motemq::Property::PayloadFormatIndicator(true)];
    let message = Publish::to("plant/1");
    line.client
        .publish(&message.properties(&list).retain())
        .unwrap();
    let upload = message.remaining(2);
    let (upload, _) = line.client.begin_upload(&upload).unwrap();
    line.client.upload_chunk(upload, b"ab").unwrap();
    let long = bytes::Bytes::from(vec![b'.'; 20_000]);
    line.client.publish_bytes(&message, &long).unwrap();
    let sent = line.sent();
    let begin = b"\x31\x0f\0\x07plant/1\x05\x23\0\x01\x01\x01\
                  \x30\x08\0\0\x03\x23\0\x01ab\
                  \x30\xa6\x9c\x01\0\0\x03\x23\0\x01..";
    assert_eq!(&sent[..begin.len()], begin);
}

/// A message that is too long with its topic and an alias is sent without the alias.
#[test]
fn rule_06_an_alias_bars_no_message() {
    let mut line = Line::new(options5().alias_policy(AliasPolicy::Recent(2)));
    // Packets of 20 bytes at most.
    line.connect(b"\x20\x0b\0\0\x08\x22\0\x0a\x27\0\0\0\x14");
    let message = Publish::to("plant/1").payload(b"12345678");
    line.client.publish(&message).unwrap();
    line.sends(b"\x30\x12\0\x07plant/1\x0012345678");
    // The next one is short enough.
    publish(&mut line, "plant/1");
    line.sends(b"\x30\x0d\0\x07plant/1\x03\x23\0\x01");
}

#[test]
fn rule_06_topics_that_cannot_have_aliases_are_refused() {
    let policy = AliasPolicy::Fixed(vec!["plant/+".into()]);
    let refused = Client::new(options5().alias_policy(policy)).unwrap_err();
    assert!(matches!(refused, OptionsError::AliasTopic(_)), "{refused}");
}
