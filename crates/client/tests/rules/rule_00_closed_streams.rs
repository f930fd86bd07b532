//! Rule 0: what a closed or refused stream leaves, and what is counted.
use crate::common::*;

/// Whether reading goes on, the bytes that wait, and how many messages were dropped and discarded.
fn seen(line: &Line) -> (usize, usize, u64, u64) {
    let counters = line.client.counters();
    (
        line.client.read_limit(),
        counters.backlog,
        counters.dropped,
        counters.discarded,
    )
}

#[test]
fn rule_00_a_full_stream_that_is_closed_stops_nothing() {
    for (options, qos, discarded) in [(kept(), 0, 0), (options(), 1, 1)] {
        let options = options.streams(1, 1 << 20);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
        line.receive(&message(1, qos, b"1"));
        let (limit, backlog, dropped, _) = seen(&line);
        assert!(limit == 0 && backlog > 0 && dropped == 0);
        line.client.close_stream(stream);
        assert_eq!(seen(&line), (READ_BUFFER, 0, 1, discarded));
        line.sends(if qos == 1 { b"\x40\x02\0\x01" } else { b"" });
        // Closing it again closes no other.
        let other = line.client.messages();
        line.client.close_stream(stream);
        line.receive(&message(2, 0, b"2"));
        assert_eq!(line.take_all(other), [b"2"]);
    }
}

#[test]
fn rule_00_what_waits_unclaimed_stops_reading_as_a_stream_does() {
    let options = kept().streams(1, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
    line.receive(&message(1, 1, b"1"));
    let before = seen(&line);
    line.client.close_stream(stream);
    assert_eq!(seen(&line), before);
    let all = line.client.messages();
    assert_eq!(seen(&line), before);
    assert_eq!(line.take_all(all), [b"1"]);
    assert_eq!(seen(&line), (READ_BUFFER, 0, 0, 0));
}

/// A message that another stream has had is acknowledged when that is done with it.
#[test]
fn rule_00_a_message_that_another_stream_has_is_not_left_by_a_closed_one() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let (_, other) = line
        .client
        .subscribe(&[Filter::new("+", QoS::AtLeastOnce)])
        .unwrap();
    let subscribe = line.sent();
    line.receive(&suback(&subscribe, 1));
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    line.client.close_stream(other);
    // The first was taken, the second waits in the other stream.
    line.sends(b"");
    assert_eq!(line.take_all(stream), [b"2"]);
    line.sends(&[puback(1), puback(2)].concat());
    assert_eq!(line.client.counters().dropped, 0);
}

/// Two streams have a copy of each message. The broker sends none of them again: it has lost the
/// session, or uses their identifiers for others.
#[test]
fn rule_00_what_another_stream_has_is_not_left_by_a_closed_one_whatever_the_broker_lost() {
    for qos in [1, 2] {
        for is_session_lost in [true, false] {
            let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
            let filters = [Filter::new("+", QoS::ExactlyOnce)];
            let (_, other) = line.client.subscribe(&filters).unwrap();
            let subscribe = line.sent();
            line.receive(&suback(&subscribe, 2));
            let messages = [1, 2, 3, 4].map(|id| message(id, qos, &[id as u8]));
            line.receive(&messages.concat());
            // The first is processed, the second in hand, and the third is acknowledged by hand.
            assert_eq!(line.take(stream), Some(vec![1]));
            assert_eq!(line.take(stream), Some(vec![2]));
            let Taken::Message(third) = line.client.take(stream, AckMode::Manual) else {
                panic!()
            };
            line.closed();
            line.pass(secs(1));
            if is_session_lost {
                line.connect(NEW);
                line.sent();
            } else {
                line.connect(PRESENT);
                line.sent();
                let others = [1, 2, 3, 4].map(|id| message_to("u/u", id, qos, &[id as u8 + 4]));
                line.receive(&others.concat());
            }
            let all = line.client.messages();
            let unclaimed = [[5], [6], [7], [8]];
            let unclaimed = if is_session_lost { &[] } else { &unclaimed[..] };
            assert_eq!(line.take_all(all), unclaimed);
            // The fourth is left to the first stream, which closes then, too.
            line.client.close_stream(other);
            line.client.ack(third.ack.unwrap());
            assert_eq!(line.take(all), None);
            line.client.close_stream(stream);
            assert_eq!(line.take_all(all), [[4]]);
            assert_eq!(line.client.counters().dropped, 0);
        }
    }
}

/// The broker refuses one of two filters when it has lost the session.
#[test]
fn rule_00_a_stream_ends_when_its_last_filter_is_refused() {
    let mut line = Line::new(options());
    let all = line.client.messages();
    let filters = ["a", "b"].map(|name| Filter::new(name, QoS::AtMostOnce));
    let (_, stream) = line.client.subscribe(&filters).unwrap();
    let codes = [[0, 0], [0x80, 0], [0x80, 0x80]];
    for (connection, codes) in codes.into_iter().enumerate() {
        line.connect(NEW);
        let sent = line.sent();
        let codes = &codes[2 - line.client.filters(stream).len()..];
        line.receive(&[&[0x90, 2 + codes.len() as u8], &sent[2..4], codes].concat());
        line.receive(&[message_to("a", 0, 0, b"1"), message_to("b", 0, 0, b"2")].concat());
        let (here, elsewhere) = (line.take_all(stream), line.take_all(all));
        let counts = (here.len(), elsewhere.len());
        assert_eq!(counts, [(2, 0), (1, 1), (0, 2)][connection]);
        line.closed();
        line.pass(secs(8));
    }
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
    assert_eq!(line.client.take(all, AckMode::OnNext), Taken::Pending);
}

#[test]
fn rule_00_messages_that_wait_unclaimed_are_told_of_once() {
    let mut line = Line::new(kept());
    line.connect(NEW);
    line.events.clear();
    line.receive(&message(1, 1, b"1"));
    assert_eq!(line.events, [Event::Unclaimed]);
    line.receive(&message(2, 1, b"2"));
    assert_eq!(line.events, [Event::Unclaimed]);
    // A stream was opened, and they are not for it.
    let filters = [Filter::new("other", QoS::AtLeastOnce)];
    line.client.subscribe(&filters).unwrap();
    line.sent();
    line.events.clear();
    line.receive(&message(3, 1, b"3"));
    assert_eq!(line.events, [Event::Unclaimed]);
    let all = line.client.messages();
    assert_eq!(line.take_all(all), [b"1", b"2", b"3"]);
    line.events.clear();
    line.receive(&message(4, 1, b"4"));
    assert_eq!(line.events, [Event::Delivered { stream: all }]);
}

/// A stream that was closed is not taken for the next one, which may have its place.
#[test]
fn rule_00_a_stream_that_was_closed_is_no_other() {
    let (mut line, old) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.client.close_stream(old);
    let filters = [Filter::new("t", QoS::AtLeastOnce)];
    let (_, stream) = line.client.subscribe(&filters).unwrap();
    assert_eq!(stream.index(), old.index());
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    assert!(line.client.wants_drive(stream) && !line.client.wants_drive(old));
    assert_eq!(line.client.take(old, AckMode::OnNext), Taken::End);
    assert_eq!(line.client.filters(stream), ["t"]);
    assert!(line.client.filters(old).is_empty());
    line.client.close_stream(old);
    assert_eq!(line.take(stream), Some(b"2".to_vec()));
}

/// A message that waits longer than its session needs no acknowledgement when it is dropped.
#[test]
fn rule_00_what_is_dropped_is_counted_as_acknowledged_only_if_it_is() {
    // It may have been awaited over a connection in between.
    for (options, connacks) in [
        (options(), &[][..]),
        (options(), &[NEW]),
        (kept().discard_unclaimed(true), &[PRESENT, NEW]),
    ] {
        let is_lost = !connacks.is_empty();
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
        line.receive(&message(1, 1, b"1"));
        for connack in connacks {
            line.closed();
            line.pass(secs(60));
            line.connect(connack);
            line.sent();
        }
        line.client.close_stream(stream);
        let counters = line.client.counters();
        assert_eq!(counters.dropped, 1);
        assert_eq!(counters.discarded, u64::from(!is_lost));
        line.sends(if is_lost { b"" } else { b"\x40\x02\0\x01" });
    }
}

/// A payload that is too large to wait is dropped with the stream of its message, whether it has
/// arrived or not.
#[test]
fn rule_00_a_payload_of_a_closed_stream_is_dropped_and_counted() {
    for (options, connack, discarded) in [(options(), NEW, 1), (kept(), PRESENT, 0)] {
        for is_whole in [false, true] {
            let options = options.clone().max_message(100);
            let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, connack);
            let packet = message(1, 1, &[7; 100_000]);
            let (before, after) = packet.split_at(if is_whole { packet.len() } else { 60_000 });
            line.receive(&before[..20]);
            for piece in before[20..].chunks(60_000) {
                line.receive(piece);
            }
            assert!(line.client.counters().backlog > 50_000);
            line.client.close_stream(stream);
            let counters = line.client.counters();
            assert_eq!((counters.backlog, counters.dropped), (0, 1));
            line.receive(after);
            assert_eq!(line.client.counters().discarded, discarded);
            let answer = puback(1);
            line.sends(if discarded == 1 { &answer } else { b"" });
        }
    }
}

#[test]
fn rule_00_a_closed_stream_of_all_other_messages_gets_none_of_them() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.client.close_stream(stream);
    let all = line.client.messages();
    line.client.close_stream(all);
    line.receive(&message(1, 1, b"1"));
    assert_eq!(line.events, [Event::Unclaimed]);
    let all = line.client.messages();
    assert_eq!(line.take_all(all), [b"1"]);
    line.sends(&puback(1));
}

/// Three streams have a copy of a message of a session that is over. One declines it, before that
/// or after, one has it in hand or has processed it, and the third leaves it to no other.
#[test]
fn rule_00_what_another_stream_has_is_left_to_none_although_one_declined_it() {
    for is_declined_before in [true, false] {
        let (mut line, first) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
        let filters = [Filter::new("+", QoS::AtLeastOnce)];
        let [second, third] = [(); 2].map(|()| {
            let (_, stream) = line.client.subscribe(&filters).unwrap();
            let subscribe = line.sent();
            line.receive(&suback(&subscribe, 1));
            stream
        });
        let take = |line: &mut Line, stream| match line.client.take(stream, AckMode::Manual) {
            Taken::Message(item) => item.ack.unwrap(),
            other => panic!("{other:?}"),
        };
        let begin_session = |line: &mut Line| {
            line.closed();
            line.pass(secs(60));
            line.connect(NEW);
            line.sent();
        };
        line.receive(&message(1, 1, b"1"));
        if is_declined_before {
            let declined = take(&mut line, first);
            line.client.decline(declined);
            begin_session(&mut line);
            let _in_hand = take(&mut line, second);
            begin_session(&mut line);
        } else {
            begin_session(&mut line);
            let declined = take(&mut line, first);
            line.client.decline(declined);
            assert_eq!(line.take_all(second), [b"1"]);
        }
        let all = line.client.messages();
        line.client.close_stream(third);
        assert_eq!(line.take(all), None, "{is_declined_before}");
    }
}
