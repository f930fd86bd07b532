//! Rule 9: packet identifiers are trusted only as far as the broker uses them correctly.
use crate::common::*;

#[test]
fn rule_09_after_a_session_that_is_not_recognized_identifiers_begin_elsewhere() {
    let mut first_ids = Vec::new();
    for random in [1 << 40, 1 << 62, u64::MAX] {
        let mut line = Line::new(kept());
        line.random = random;
        line.connect(PRESENT);
        line.publish(b"1", QoS::ExactlyOnce);
        let sent = line.sent();
        first_ids.push(id_of(&sent));
        // It is used on all connections of the session.
        line.receive(&pubrec(id_of(&sent)));
        line.closed();
        line.pass(secs(1));
        line.random = 0;
        line.connect(PRESENT);
        line.sends(&pubrel(id_of(&sent)));
        line.receive(&pubcomp(id_of(&sent)));
        line.publish(b"2", QoS::ExactlyOnce);
        assert_eq!(id_of(&line.sent()), id_of(&sent) + 1);
    }
    assert!(first_ids.iter().all(|&id| id > 4096), "{first_ids:?}");
    first_ids.dedup();
    assert_eq!(first_ids.len(), 3);
    let mut line = Line::new(kept());
    line.connect(NEW);
    line.publish(b"1", QoS::ExactlyOnce);
    assert_eq!(id_of(&line.sent()), 1);
}

/// A broker that lost its state numbers from 1 again, while the client awaits PUBREL for some of
/// these identifiers.
#[test]
fn rule_09_another_message_under_an_identifier_that_is_not_released_is_delivered() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&[message(1, 2, b"a"), message(2, 2, b"b")].concat());
    assert_eq!(line.take_all(stream), [b"a", b"b"]);
    line.sends(&[pubrec(1), pubrec(2)].concat());
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    // The same content is a repetition whatever DUP says, other content is not.
    let messages = [
        message(1, 2, b"a"),
        dup(message(2, 2, b"c")),
        message(3, 2, b"d"),
    ];
    line.receive(&messages.concat());
    assert_eq!(line.take_all(stream), [b"c", b"d"]);
    line.sends(&[pubrec(1), pubrec(2), pubrec(3)].concat());
    let reused = |event: &&Event| matches!(event, Event::IdentifierReused { .. });
    assert_eq!(line.events.iter().filter(reused).count(), 1);
    assert_eq!(line.client.counters().identifiers_reused, 1);
    line.receive(&[pubrel(1), pubrel(2), pubrel(3)].concat());
    line.sends(&[pubcomp(1), pubcomp(2), pubcomp(3)].concat());
    // Released, the same content is another message.
    line.receive(&message(1, 2, b"a"));
    assert_eq!(line.take_all(stream), [b"a"]);
}

#[test]
fn rule_09_the_topic_counts_as_well() {
    let mut line = Line::new(kept());
    let stream = line.client.messages();
    line.connect(PRESENT);
    line.receive(&message_to("ab", 1, 2, b"c"));
    assert_eq!(line.take(stream), Some(b"c".to_vec()));
    line.receive(&message_to("a", 1, 2, b"bc"));
    assert_eq!(line.take(stream), Some(b"bc".to_vec()));
    line.receive(&message_to("a", 1, 2, b"bc"));
    assert_eq!(line.take(stream), None);
    line.sends(&[pubrec(1), pubrec(1), pubrec(1)].concat());
}

/// A repetition on the same connection is acknowledged together with the message.
#[test]
fn rule_09_a_repetition_is_not_acknowledged_before_the_message_was_processed() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&[message(1, 2, b"a"), message(1, 2, b"a")].concat());
    line.sends(b"");
    assert_eq!(line.take(stream), Some(b"a".to_vec()));
    line.sends(b"");
    assert_eq!(line.take(stream), None);
    line.sends(&[pubrec(1), pubrec(1)].concat());
}

#[test]
fn rule_09_messages_that_arrive_in_pieces_are_compared_when_they_are_whole() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    let large = |last: u8| {
        let mut payload = vec![7; 100_000];
        payload.push(last);
        payload
    };
    for (payload, is_new) in [(large(1), true), (large(1), false), (large(2), true)] {
        for piece in message(1, 2, &payload).chunks(50_000) {
            line.receive(piece);
        }
        let taken = line.take_all(stream);
        assert_eq!(taken.len(), usize::from(is_new));
        line.sends(&pubrec(1));
    }
}

/// What was discarded is not remembered, nor is what its identifier stood for before.
#[test]
fn rule_09_a_message_that_was_discarded_arrives_again_as_a_repetition() {
    let options = kept().backlog(1000, Overflow::Discard);
    let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
    line.receive(&message(1, 2, b"a"));
    assert_eq!(line.take_all(stream), [b"a"]);
    line.sends(&pubrec(1));
    line.receive(&pubrel(1));
    line.sends(&pubcomp(1));
    line.receive(&message(2, 2, &[7; 900]));
    line.receive(&message(1, 2, &[8; 900]));
    assert_eq!(line.client.counters().discarded, 1);
    line.closed();
    assert_eq!(line.take_all(stream).len(), 1);
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&dup(message(1, 2, &[8; 900])));
    assert_eq!(line.take(stream), None);
    line.sends(&pubrec(1));
    assert_eq!(line.client.counters().identifiers_reused, 0);
}

/// What is too large for memory keeps to the standard.
#[test]
fn rule_09_a_streamed_message_under_an_identifier_that_is_not_released_is_a_repetition() {
    let options = kept().max_message(1000);
    let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
    line.receive(&message(1, 2, b"small"));
    assert_eq!(line.take_all(stream).len(), 1);
    line.sends(&pubrec(1));
    for piece in message(1, 2, &[7; 100_000]).chunks(50_000) {
        line.receive(piece);
    }
    assert_eq!(line.take_all(stream).len(), 0);
    assert_eq!(line.client.counters().received, 1);
    line.sends(&pubrec(1));
}

/// A message that arrives whole is larger than what is put together in memory.
#[test]
fn rule_09_a_large_repetition_that_arrives_whole_is_acknowledged() {
    let options = kept().max_message(10);
    let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
    let large = message(1, 2, &[7; 50]);
    line.receive(&large);
    assert_eq!(line.take_all(stream).len(), 1);
    line.sends(&pubrec(1));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&dup(large));
    line.receive(&message(2, 2, b"."));
    assert_eq!(line.take_all(stream), [b"."]);
    line.sends(&[pubrec(1), pubrec(2)].concat());
}

/// The broker has forgotten what it had not got an acknowledgement of.
#[test]
fn rule_09_another_message_under_an_identifier_that_is_in_hand_is_delivered() {
    for qos in [1, 2] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let messages = [1, 2, 3].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        let Taken::Message(item) = line.client.take(stream, AckMode::Manual) else {
            panic!()
        };
        line.closed();
        line.pass(secs(1));
        line.connect(PRESENT);
        line.sent();
        let others = [
            dup(message(1, qos, b"other")),
            dup(message_to("u", 2, qos, &[2])),
            dup(message(3, 3 - qos, &[3])),
        ];
        line.receive(&others.concat());
        let all = line.client.messages();
        line.client.ack(item.ack.unwrap());
        line.sends(b"");
        // The content, the topic or the QoS is another one.
        assert_eq!(line.take_all(stream), [&[2][..], &[3], b"other", &[3]]);
        assert_eq!(line.take_all(all), [[2]]);
        let answer = |qos, id| if qos == 1 { puback(id) } else { pubrec(id) };
        line.sends(&[answer(qos, 1), answer(qos, 2), answer(3 - qos, 3)].concat());
    }
}

/// With QoS 1, DUP tells a repetition from another message. With QoS 2, the identifier does.
#[test]
fn rule_09_the_same_content_without_dup_is_a_repetition_with_qos_2_only() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    let messages = [message(1, 1, b"1"), message(2, 2, b"2")].concat();
    line.receive(&messages);
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&messages);
    assert_eq!(line.take_all(stream), [b"1", b"2", b"1"]);
    line.sends(&[puback(1), pubrec(2)].concat());
}

/// Twice the broker forgets an identifier: once after PUBREC, and once before it.
#[test]
fn rule_09_three_messages_under_one_identifier_are_all_delivered() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&message(1, 2, b"1"));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.sends(&pubrec(1));
    line.receive(&message(1, 2, b"2"));
    line.closed();
    line.pass(secs(60));
    line.connect(PRESENT);
    line.sent();
    line.receive(&dup(message(1, 2, b"2")));
    line.sends(b"");
    line.closed();
    line.pass(secs(60));
    line.connect(PRESENT);
    line.sent();
    line.receive(&message(1, 2, b"3"));
    assert_eq!(line.take_all(stream), [b"2", b"3"]);
    line.sends(&pubrec(1));
}

/// A payload that is streamed is not compared.
#[test]
fn rule_09_a_streamed_message_under_an_identifier_that_is_in_hand_is_another_one() {
    let options = kept().max_message(1000);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, b"small"));
    let Taken::Message(item) = line.client.take(stream, AckMode::Manual) else {
        panic!()
    };
    line.closed();
    line.pass(secs(60));
    line.connect(PRESENT);
    line.sent();
    let large = dup(message(1, 1, &[7; 100_000]));
    line.receive(&large[..50_000]);
    line.receive(&large[50_000..]);
    line.client.ack(item.ack.unwrap());
    line.sends(b"");
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    line.client.discard_payload(item.message.rest.unwrap());
    line.sends(&puback(1));
}

/// A broker that uses all its identifiers again is told of once over each connection.
#[test]
fn rule_09_identifiers_that_are_used_again_are_told_once() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    for connection in 1..=2 {
        for round in [b"1", b"2", b"3"] {
            line.receive(&[message(1, 2, round), message(2, 2, round)].concat());
            assert_eq!(line.take_all(stream).len(), 2);
            line.sent();
        }
        let told = |event: &&Event| matches!(event, Event::IdentifierReused { .. });
        assert_eq!(line.events.iter().filter(told).count(), connection);
        assert_eq!(
            line.client.counters().identifiers_reused,
            [4, 10][connection - 1]
        );
        line.closed();
        line.pass(secs(8));
        line.connect(PRESENT);
        line.sent();
    }
}

/// The process ends before a message under an identifier that is not released was processed.
#[test]
fn rule_09_another_message_under_an_identifier_is_delivered_by_the_next_process() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&message(1, 2, b"1"));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.sends(&pubrec(1));
    line.receive(&message(1, 2, b"2"));
    let image = line.client.full_image().image;
    line.client = Client::restore(kept(), &image, []).unwrap();
    let stream = line.client.messages();
    line.connect(PRESENT);
    line.receive(&dup(message(1, 2, b"2")));
    assert_eq!(line.take_all(stream), [b"2"]);
    line.sends(&pubrec(1));
}

/// A message that arrived again is compared with what follows, as one that arrived once is.
#[test]
fn rule_09_another_message_under_the_identifier_of_one_that_arrived_again_is_delivered() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&message(1, 2, b"1"));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.receive(&dup(message(1, 2, b"1")));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.sends(&pubrec(1));
    line.receive(&message(1, 2, b"2"));
    assert_eq!(line.take_all(stream), [b"2"]);
}

/// The broker uses the identifier of a message that waits for another one, which may be too long to
/// be compared. The first one is processed then, but not under this identifier.
#[test]
fn rule_09_a_message_that_lost_its_identifier_makes_no_other_a_repetition() {
    for length in [1, 100_000] {
        let (mut line, stream) =
            Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
        let first = message(7, 1, b"a");
        line.receive(&first);
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        for piece in message(7, 1, &vec![b'b'; length]).chunks(READ_BUFFER) {
            line.receive(piece);
        }
        assert_eq!(line.take(stream), Some(b"a".to_vec()));
        let Taken::Message(other) = line.client.take(stream, AckMode::OnNext) else {
            panic!()
        };
        while let Some(rest) = other.message.rest
            && line.client.read_payload(rest) != PayloadRead::End
        {
            line.turn();
        }
        assert_eq!(line.take(stream), None);
        line.sends(&puback(7));
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        line.receive(&dup(first));
        assert_eq!(line.take(stream), Some(b"a".to_vec()), "{length}");
    }
}

/// The broker uses an identifier for two messages at once, and sends one of them again.
#[test]
fn rule_09_one_of_two_messages_under_an_identifier_is_recognized() {
    for again in [b"a", b"b"] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
        line.receive(&[message(7, 1, b"a"), message(7, 1, b"b")].concat());
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        line.receive(&dup(message(7, 1, again)));
        assert_eq!(line.take_all(stream), [b"a", b"b"]);
        line.sends(&puback(7));
    }
}

/// A message was taken without a connection. Its identifier means nothing in the next session.
#[test]
fn rule_09_what_an_earlier_session_has_processed_makes_no_message_a_repetition() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(&message(7, 1, b"a"));
    line.closed();
    assert_eq!(line.take_all(stream), [b"a"]);
    for connack in [NEW, PRESENT] {
        line.pass(secs(60));
        line.connect(connack);
        line.closed();
    }
    line.pass(secs(60));
    line.connect(PRESENT);
    line.receive(&dup(message(7, 1, b"a")));
    assert_eq!(line.take_all(stream), [b"a"]);
}
