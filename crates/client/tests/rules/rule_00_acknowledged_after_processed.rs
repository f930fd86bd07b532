//! Rule 0: a message is acknowledged only after the application has processed it.
use crate::common::*;

/// More messages than any number of places wait in front of SUBACK.
#[test]
fn rule_00_a_stream_exists_before_suback_and_a_backlog_before_it_is_not_lost() {
    for qos in [1, 2] {
        let mut line = Line::new(kept());
        let filters = [Filter::new("t", QoS::ExactlyOnce)];
        let (request, stream) = line.client.subscribe(&filters).unwrap();
        line.connect(PRESENT);
        let subscribe = line.sent();
        assert_eq!((subscribe[0], &subscribe[4..]), (0x82, &b"\0\x01t\x02"[..]));
        for id in 1..=3000u16 {
            line.receive(&message(id, qos, &id.to_be_bytes()));
        }
        line.receive(&suback(&subscribe, 2));
        // The client reads past 3,000 messages that were not taken.
        assert_eq!(line.codes(request), [2]);
        line.sends(b"");
        for id in 1..=3000u16 {
            assert_eq!(line.take(stream), Some(id.to_be_bytes().to_vec()));
        }
        assert_eq!(line.take(stream), None);
        let acks = line.sent();
        assert_eq!(acks.len(), 4 * 3000);
        assert_eq!(acks[..4], if qos == 1 { puback(1) } else { pubrec(1) });
    }
}

#[test]
fn rule_00_messages_not_taken_from_a_closed_stream_wait_unacknowledged_for_the_next() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(
        &[
            message(1, 1, b"1"),
            message(2, 1, b"2"),
            message(3, 1, b"3"),
        ]
        .concat(),
    );
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    line.client.close_stream(stream);
    line.sends(&puback(1));
    line.receive(&message(4, 1, b"4"));
    line.receive(&message(5, 1, b"5"));
    line.sends(b"");
    let told = line
        .events
        .iter()
        .filter(|event| **event == Event::Unclaimed);
    assert_eq!(told.count(), 1);
    let all = line.client.messages();
    assert_eq!(line.take_all(all), [b"2", b"3", b"4", b"5"]);
    line.sends(&[puback(2), puback(3), puback(4), puback(5)].concat());
}

#[test]
fn rule_00_messages_not_taken_from_a_closed_stream_go_to_the_stream_of_all_others() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let all = line.client.messages();
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take(all), None);
    line.client.close_stream(stream);
    line.sends(b"");
    assert!(line.events.contains(&Event::Delivered { stream: all }));
    assert_eq!(line.take_all(all), [b"1", b"2"]);
    line.sends(&[puback(1), puback(2)].concat());
}

#[test]
fn rule_00_a_stream_that_matches_gets_what_waits_and_no_other() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.client.close_stream(stream);
    line.receive(&[message_to("a/b", 1, 1, b"1"), message_to("c", 2, 1, b"2")].concat());
    let filters = [Filter::new("a/#", QoS::AtLeastOnce)];
    let (_, a) = line.client.subscribe(&filters).unwrap();
    assert_eq!(line.take_all(a), [b"1"]);
    line.sent();
    let filters = [Filter::new("$share/group/c", QoS::AtLeastOnce)];
    let (_, c) = line.client.subscribe(&filters).unwrap();
    assert_eq!(line.take_all(c), [b"2"]);
}

#[test]
fn rule_00_a_refused_subscription_acknowledges_nothing() {
    let mut line = Line::new(kept());
    let filters = [Filter::new("t", QoS::AtLeastOnce)];
    let (request, stream) = line.client.subscribe(&filters).unwrap();
    line.connect(PRESENT);
    let subscribe = line.sent();
    line.receive(&[message(1, 1, b"1"), suback(&subscribe, 0x80)].concat());
    let outcome = line.client.poll_outcome(request);
    let refused = RequestError::Refused {
        filters: "\"t\"".into(),
        codes: [0x80].into(),
        reason: None,
    };
    assert_eq!(outcome, Some(Err(refused)));
    line.client.forget(request);
    line.client.close_stream(stream);
    line.sends(b"");
    line.client.disconnect(line.now + secs(1));
    line.sends(DISCONNECT);
}

#[test]
fn rule_00_a_message_is_acknowledged_when_every_stream_that_got_it_has_processed_it() {
    let (mut line, first) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let filters = [Filter::new("+", QoS::AtLeastOnce)];
    let (_, second) = line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take_all(first), [b"1", b"2"]);
    line.sends(b"");
    assert_eq!(line.take(second), Some(b"1".to_vec()));
    line.sends(b"");
    assert_eq!(line.take(second), Some(b"2".to_vec()));
    line.sends(&puback(1));
    // The first stream has processed the second message, so nothing is left to be taken.
    line.client.close_stream(second);
    line.sends(&puback(2));
}

#[test]
fn rule_00_what_one_of_two_streams_has_not_taken_is_left_to_the_other() {
    let (mut line, first) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let filters = [Filter::new("+", QoS::AtLeastOnce)];
    let (_, second) = line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take_all(first), [b"1", b"2"]);
    line.client.close_stream(second);
    line.sends(&[puback(1), puback(2)].concat());
}

#[test]
fn rule_00_with_manual_acknowledgement_a_message_is_processed_when_the_program_says_so() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    let mut acks = Vec::new();
    while let Taken::Message(item) = line.client.take(stream, AckMode::Manual) {
        acks.push(item.ack.unwrap());
    }
    line.sends(b"");
    line.client.ack(acks.pop().unwrap());
    // Acknowledgements keep the order of the messages.
    line.sends(b"");
    line.client.ack(acks.pop().unwrap());
    line.sends(&[puback(1), puback(2)].concat());
}

/// A key that is used again acknowledges no other message.
#[test]
fn rule_00_an_acknowledgement_of_an_earlier_connection_has_no_effect_on_other_messages() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, b"1"));
    let Taken::Message(item) = line.client.take(stream, AckMode::Manual) else {
        panic!()
    };
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&[message(2, 1, b"2"), message(1, 1, b"3")].concat());
    line.client.ack(item.ack.unwrap());
    line.sends(b"");
    assert_eq!(line.take_all(stream), [b"2", b"3"]);
    line.sends(&[puback(2), puback(1)].concat());
}

#[test]
fn rule_00_what_arrives_again_is_in_the_stream_once_and_what_was_taken_offline_is_not_repeated() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    let messages = [
        message(1, 2, b"1"),
        message(2, 2, b"2"),
        message(3, 2, b"3"),
    ];
    line.receive(&messages.concat());
    line.closed();
    // Taken while there is no connection: accepted.
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&messages.map(dup).concat());
    assert_eq!(line.take_all(stream), [b"2", b"3"]);
    line.sends(&[pubrec(1), pubrec(2), pubrec(3)].concat());
}

#[test]
fn rule_00_messages_of_a_clean_session_are_discarded_if_there_is_no_stream() {
    let (mut line, stream) = Line::subscribed(options(), QoS::AtLeastOnce, NEW);
    line.receive(&message(1, 1, b"1"));
    line.client.close_stream(stream);
    line.receive(&message(2, 1, b"2"));
    line.sends(&[puback(1), puback(2)].concat());
    let counters = line.client.counters();
    assert_eq!(
        (counters.received, counters.dropped, counters.discarded),
        (2, 2, 2)
    );
    // Unless the options say otherwise, either way.
    let waits = options().discard_unclaimed(false);
    let (mut line, stream) = Line::subscribed(waits, QoS::AtLeastOnce, NEW);
    line.client.close_stream(stream);
    line.receive(&message(2, 1, b"2"));
    line.sends(b"");
    let discards = kept().discard_unclaimed(true);
    let (mut line, stream) = Line::subscribed(discards, QoS::AtLeastOnce, PRESENT);
    line.client.close_stream(stream);
    line.receive(&message(2, 1, b"2"));
    line.sends(&puback(2));
}

#[test]
fn rule_00_a_payload_too_large_for_memory_is_acknowledged_when_it_was_read() {
    let (mut line, stream) = Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
    let payload: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
    let packet = message(1, 1, &payload);
    line.receive(&packet[..80_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    assert_eq!(item.message.len, 200_000);
    let rest = item.message.rest.unwrap();
    let mut read = item.message.payload.to_vec();
    let mut given = 80_000;
    loop {
        match line.client.read_payload(rest) {
            PayloadRead::Data(piece) => read.extend_from_slice(&piece),
            PayloadRead::Pending if given < packet.len() => {
                let end = packet.len().min(given + 10_000);
                line.events.clear();
                line.receive(&packet[given..end]);
                assert_eq!(line.events, [Event::Delivered { stream }]);
                given = end;
            }
            PayloadRead::End => break,
            other => panic!("{other:?}"),
        }
        if read.len() < payload.len() {
            line.sends(b"");
        }
    }
    assert!(read == payload);
    line.sends(&puback(1));
    assert_eq!(line.client.read_payload(rest), PayloadRead::Broken);
    // The memory of payloads is given back, and yet the next one has another name.
    line.client.shrink();
    line.receive(&message(2, 1, &payload)[..80_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    assert_eq!(line.client.read_payload(rest), PayloadRead::Broken);
    assert_ne!(item.message.rest, Some(rest));
}

#[test]
fn rule_00_a_large_payload_of_a_closed_stream_is_neither_acknowledged_nor_in_the_way() {
    let (mut line, stream) = Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
    let packet = message(1, 1, &[7; 200_000]);
    line.receive(&packet[..100_000]);
    line.client.close_stream(stream);
    line.receive(&packet[100_000..]);
    line.receive(&message_to("u", 2, 1, b"2"));
    line.sends(b"");
    assert_eq!(line.rx.len(), 0);
    // The broker sends it again.
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    let all = line.client.messages();
    line.receive(&dup(packet)[..100_000]);
    assert!(matches!(
        line.client.take(all, AckMode::OnNext),
        Taken::Message(_)
    ));
}

#[test]
fn rule_00_a_payload_that_is_not_read_to_its_end_is_processed_when_it_was_dropped() {
    let (mut line, stream) = Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
    let packet = message(1, 1, &[7; 200_000]);
    line.receive(&packet[..100_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    line.client.discard_payload(item.message.rest.unwrap());
    line.receive(&packet[100_000..]);
    line.sends(&puback(1));
}

/// A payload that is too large for memory arrived whole, and nothing of it was read.
#[test]
fn rule_00_a_large_payload_that_was_not_read_is_delivered_once() {
    for qos in [1, 2] {
        let options = kept().max_message(100);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        let large = message(1, qos, &[7; 100_000]);
        line.receive(&large[..READ_BUFFER]);
        line.receive(&large[READ_BUFFER..]);
        line.closed();
        line.pass(secs(1));
        line.connect(PRESENT);
        line.sent();
        let again = dup(large);
        line.receive(&again[..READ_BUFFER]);
        line.receive(&again[READ_BUFFER..]);
        let mut whole = 0;
        while let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) {
            let rest = item.message.rest.expect("it is large");
            loop {
                match line.client.read_payload(rest) {
                    PayloadRead::Data(_) => {}
                    PayloadRead::End => {
                        whole += 1;
                        break;
                    }
                    PayloadRead::Broken => break,
                    PayloadRead::Pending => panic!("it has arrived"),
                }
            }
        }
        assert_eq!(whole, 1, "QoS {qos}");
        line.sends(&if qos == 1 { puback(1) } else { pubrec(1) });
    }
}

/// A program may drop the stream of a message while it reads the message's payload.
#[test]
fn rule_00_a_payload_is_read_to_its_end_although_its_stream_was_closed() {
    let (mut line, stream) = Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
    let packet = message(1, 1, &[7; 200_000]);
    for is_whole in [false, true] {
        line.receive(&packet[..80_000]);
        let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
            panic!()
        };
        let rest = item.message.rest.unwrap();
        let read_all = |line: &mut Line| loop {
            match line.client.read_payload(rest) {
                PayloadRead::Data(_) => {}
                end => break end,
            }
        };
        assert_eq!(read_all(&mut line), PayloadRead::Pending);
        if is_whole {
            line.client.close_stream(stream);
        }
        line.events.clear();
        if is_whole {
            line.receive(&packet[80_000..]);
        } else {
            line.closed();
        }
        assert_eq!(
            line.events[0],
            Event::Delivered { stream },
            "the reader is told"
        );
        if is_whole {
            assert_eq!(read_all(&mut line), PayloadRead::End);
            line.sends(&puback(1));
        } else {
            assert_eq!(read_all(&mut line), PayloadRead::Broken);
            line.pass(secs(1));
            line.connect(PRESENT);
        }
    }
}

#[test]
fn rule_00_a_reader_is_told_of_a_lost_connection_although_its_stream_was_closed() {
    let (mut line, stream) = Line::subscribed(kept().max_message(100), QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, &[7; 200_000])[..80_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    let rest = item.message.rest.unwrap();
    line.client.close_stream(stream);
    while line.client.read_payload(rest) != PayloadRead::Pending {}
    line.events.clear();
    line.closed();
    assert_eq!(line.events[0], Event::Delivered { stream });
    assert_eq!(line.client.read_payload(rest), PayloadRead::Broken);
}
