//! Rule 0 over several connections of a session: what waits or is in hand when a connection ends is
//! the message that the broker sends again. It is delivered once, and acknowledged when the
//! application has processed it.
use crate::common::*;

/// The session goes on over another connection, and the broker has sent nothing yet.
fn reconnect(line: &mut Line) {
    line.closed();
    line.pass(secs(60));
    line.connect(PRESENT);
    line.sends(b"");
}

fn answer(qos: u8, id: u16) -> Vec<u8> {
    if qos == 1 { puback(id) } else { pubrec(id) }
}

fn take_unacked(line: &mut Line, stream: StreamId) -> (Vec<u8>, AckId) {
    match line.client.take(stream, AckMode::Manual) {
        Taken::Message(item) => (item.message.payload.to_vec(), item.ack.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rule_00_what_is_in_hand_is_acknowledged_over_a_later_connection() {
    for qos in [1, 2] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let messages = [1, 2, 3].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        let (_, first) = take_unacked(&mut line, stream);
        let (_, second) = take_unacked(&mut line, stream);
        let (_, third) = take_unacked(&mut line, stream);
        // One is processed without a connection, one before it has arrived again, one after that.
        line.closed();
        line.client.ack(first);
        line.pass(secs(60));
        line.connect(PRESENT);
        line.client.ack(second);
        line.sends(b"");
        line.receive(&messages.map(dup).concat());
        assert_eq!(line.take(stream), None, "QoS {qos}");
        line.sends(&[answer(qos, 1), answer(qos, 2)].concat());
        line.client.ack(third);
        line.sends(&answer(qos, 3));
        assert_eq!(line.client.counters().received, 3);
        // Once acknowledged, the identifiers are free for other messages.
        if qos == 2 {
            line.receive(&[pubrel(1), pubrel(2), pubrel(3)].concat());
            line.sends(&[pubcomp(1), pubcomp(2), pubcomp(3)].concat());
        }
        line.receive(&message(2, qos, &[2]));
        assert_eq!(line.take_all(stream), [[2]], "QoS {qos}");
    }
}

#[test]
fn rule_00_what_waits_is_delivered_once_whenever_it_arrives_again() {
    for qos in [1, 2] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let messages = [1, 2, 3].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        for _ in 0..3 {
            reconnect(&mut line);
        }
        assert_eq!(line.take(stream), Some(vec![1]));
        line.sends(b"");
        line.receive(&dup(messages[0].clone()));
        line.sends(b"");
        assert_eq!(line.take(stream), Some(vec![2]));
        line.sends(&answer(qos, 1));
        line.receive(&[dup(messages[1].clone()), dup(messages[2].clone())].concat());
        line.receive(&message(4, qos, &[4]));
        assert_eq!(line.take_all(stream), [[3], [4]], "QoS {qos}");
        line.sends(&[answer(qos, 2), answer(qos, 3), answer(qos, 4)].concat());
    }
}

/// It counts as processed, and its acknowledgement cannot have left.
#[test]
fn rule_00_what_is_in_hand_when_the_connection_is_lost_does_not_arrive_again() {
    for qos in [1, 2] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let messages = [1, 2].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        assert_eq!(line.take(stream), Some(vec![1]));
        reconnect(&mut line);
        line.receive(&messages.map(dup).concat());
        line.sends(&answer(qos, 1));
        assert_eq!(line.take_all(stream), [[2]]);
        line.sends(&answer(qos, 2));
    }
}

/// The broker may have received the acknowledgement, and may have used the identifier for another
/// message with the same content since.
#[test]
fn rule_00_what_was_acknowledged_over_a_lost_connection_is_delivered_again() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, b"1"));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.turn();
    reconnect(&mut line);
    line.receive(&dup(message(1, 1, b"1")));
    assert_eq!(line.take_all(stream), [b"1"]);
    line.sends(&puback(1));
}

#[test]
fn rule_00_every_stream_has_a_message_once_over_all_connections() {
    for qos in [1, 2] {
        let (mut line, first) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let filters = [Filter::new("+", QoS::ExactlyOnce)];
        let (request, second) = line.client.subscribe(&filters).unwrap();
        let subscribe = line.sent();
        line.receive(&suback(&subscribe, 2));
        line.client.forget(request);
        let messages = [1, 2].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        assert_eq!(line.take_all(first), [[1], [2]]);
        assert_eq!(line.take(second), Some(vec![1]));
        reconnect(&mut line);
        line.receive(&messages.clone().map(dup).concat());
        // The second stream has not had the second message.
        line.sends(&answer(qos, 1));
        reconnect(&mut line);
        assert_eq!(line.take(second), Some(vec![2]));
        assert_eq!(line.take(second), None);
        line.receive(&dup(messages[1].clone()));
        line.sends(&answer(qos, 2));
        assert_eq!((line.take(first), line.take(second)), (None, None));
    }
}

#[test]
fn rule_00_what_a_closed_stream_leaves_is_delivered_once_over_a_later_connection() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.receive(&[message(1, 1, b"1"), message(2, 2, b"2")].concat());
    line.client.close_stream(stream);
    reconnect(&mut line);
    line.receive(&[dup(message(1, 1, b"1")), dup(message(2, 2, b"2"))].concat());
    line.sends(b"");
    let all = line.client.messages();
    assert_eq!(line.take_all(all), [b"1", b"2"]);
    line.sends(&[puback(1), pubrec(2)].concat());
}

#[test]
fn rule_00_what_the_application_declines_is_delivered_again() {
    for qos in [1, 2] {
        let (mut line, first) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        let filters = [Filter::new("+", QoS::ExactlyOnce)];
        let (_, second) = line.client.subscribe(&filters).unwrap();
        let subscribe = line.sent();
        line.receive(&suback(&subscribe, 2));
        let messages = [1, 2].map(|id| message(id, qos, &[id as u8]));
        line.receive(&messages.concat());
        let (_, ack) = take_unacked(&mut line, first);
        line.client.decline(ack);
        let (_, ack) = take_unacked(&mut line, first);
        line.sends(b"");
        reconnect(&mut line);
        // Before it has arrived again.
        line.client.decline(ack);
        // No copy of it is left in the other stream.
        assert_eq!((line.take(first), line.take(second)), (None, None));
        line.receive(&messages.map(dup).concat());
        assert_eq!(line.take_all(first), [[1], [2]]);
        assert_eq!(line.take_all(second), [[1], [2]]);
        line.sends(&[answer(qos, 1), answer(qos, 2)].concat());
    }
}

#[test]
fn rule_00_an_acknowledgement_of_an_earlier_session_has_no_effect() {
    for qos in [1, 2] {
        let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
        line.receive(&[message(1, qos, b"1"), message(2, qos, b"2")].concat());
        let (_, ack) = take_unacked(&mut line, stream);
        line.closed();
        line.pass(secs(60));
        line.connect(NEW);
        let subscribe = line.sent();
        line.receive(&suback(&subscribe, 2));
        // The same content under the same identifiers is another message.
        line.receive(&[dup(message(1, qos, b"1")), dup(message(2, qos, b"2"))].concat());
        line.client.ack(ack);
        line.sends(b"");
        // What waited is delivered, and so is what arrived.
        assert_eq!(line.take_all(stream), [b"2", b"1", b"2"]);
        line.sends(&[answer(qos, 1), answer(qos, 2)].concat());
    }
}

/// Processed before it has arrived again, and the process ends then.
#[test]
fn rule_12_what_is_processed_before_it_arrives_again_is_stored() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    let messages: Vec<_> = (1..=100).map(|id| message(id, 2, &[id as u8])).collect();
    line.receive(&messages.concat());
    let mut acks: Vec<_> = (0..100)
        .map(|_| take_unacked(&mut line, stream).1)
        .collect();
    reconnect(&mut line);
    line.receive(&dup(messages[0].clone()));
    while acks.len() > 1 {
        line.client.ack(acks.pop().unwrap());
    }
    line.sends(b"");
    let image = line.client.full_image().image;
    line.client = Client::restore(kept(), &image, []).unwrap();
    line.events.clear();
    let stream = line.client.messages();
    line.connect(PRESENT);
    for message in messages {
        line.receive(&dup(message));
    }
    assert_eq!(line.take_all(stream), [[1]]);
    let acks: Vec<_> = (1..=100).flat_map(pubrec).collect();
    line.sends(&acks);
}

/// What waits in other streams counts as before.
#[test]
fn rule_00_reading_stops_for_a_full_stream_although_a_message_is_declined() {
    let options = kept().streams(1, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, b"1"));
    let (_, first) = take_unacked(&mut line, stream);
    line.receive(&message(2, 1, b"2"));
    assert_eq!(line.client.read_limit(), 0);
    reconnect(&mut line);
    line.client.decline(first);
    assert_eq!(line.client.read_limit(), 0);
    assert!(line.client.counters().backlog > 0);
    assert_eq!(line.take(stream), Some(b"2".to_vec()));
    assert_eq!(line.client.read_limit(), READ_BUFFER);
    assert_eq!(line.client.counters().backlog, 0);
}

/// It arrives again only over the next connection, so another stream need not wait for that.
#[test]
fn rule_00_what_one_stream_declines_stays_in_the_others_meanwhile() {
    let (mut line, first) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let second = {
        let filters = [Filter::new("+", QoS::AtLeastOnce)];
        line.client.subscribe(&filters).unwrap().1
    };
    line.receive(&message(1, 1, b"1"));
    let (_, ack) = take_unacked(&mut line, first);
    line.client.decline(ack);
    assert_eq!(line.take(second), Some(b"1".to_vec()));
}

/// A payload with QoS 0 that has arrived does not arrive again, so it is not broken off.
#[test]
fn rule_00_a_payload_that_needs_no_answer_is_read_over_a_later_connection() {
    for (qos, end) in [(0, PayloadRead::End), (1, PayloadRead::Broken)] {
        let options = kept().max_message(100);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
        let large = message(1, qos, &[7; 100_000]);
        for piece in large.chunks(READ_BUFFER) {
            line.receive(piece);
        }
        reconnect(&mut line);
        let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
            panic!()
        };
        let payload = item.message.rest.unwrap();
        let mut reads = std::iter::repeat_with(|| line.client.read_payload(payload));
        let read = reads.find(|read| !matches!(read, PayloadRead::Data(_)));
        assert_eq!(read, Some(end));
    }
}

/// Reads to the end of a payload, and returns its name.
fn read(line: &mut Line, payload: PayloadId) -> String {
    loop {
        match line.client.read_payload(payload) {
            PayloadRead::Data(_) => {}
            end => break format!("{end:?}"),
        }
    }
}

/// A payload that was too large for memory arrives again. What waited behind it does not pass it.
#[test]
fn rule_00_nothing_passes_a_payload_that_arrives_again() {
    for (is_taken, qos) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
        let options = kept().max_message(100);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        let [before, large] = [message(1, qos, b"before"), message(2, qos, &[7; 100_000])];
        let behind = [message(3, qos, b"3"), message(4, qos, b"4")].concat();
        line.receive(&before);
        large
            .chunks(READ_BUFFER)
            .for_each(|piece| line.receive(piece));
        line.receive(&[behind, message(0, 0, b"QoS 0")].concat());
        let mut names = Vec::new();
        let mut in_hand = None;
        if is_taken {
            names.push(text(&line.take(stream).unwrap()));
            let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
                panic!()
            };
            in_hand = item.message.rest;
            line.sends(&answer(qos, 1));
        }
        reconnect(&mut line);
        if !is_taken {
            line.receive(&dup(before));
        }
        dup(large)
            .chunks(READ_BUFFER)
            .for_each(|piece| line.receive(piece));
        for id in [3, 4] {
            line.receive(&dup(message(id, qos, &[b'0' + id as u8])));
        }
        if let Some(payload) = in_hand {
            names.push(read(&mut line, payload));
        }
        while let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) {
            names.push(match item.message.rest {
                Some(payload) => read(&mut line, payload),
                None => text(&item.message.payload),
            });
        }
        assert_eq!(
            names,
            ["before", "Broken", "QoS 0", "End", "3", "4"],
            "{is_taken}, QoS {qos}"
        );
        let first = if is_taken { 2 } else { 1 };
        line.sends(
            &(first..=4)
                .flat_map(|id| answer(qos, id))
                .collect::<Vec<_>>(),
        );
    }
}

fn text(payload: &[u8]) -> String {
    String::from_utf8_lossy(&payload[..payload.len().min(9)]).into_owned()
}

/// There is a place for each message that is processed before it has arrived again, beside those
/// for messages that arrive meanwhile.
#[test]
fn rule_00_however_many_are_processed_before_they_arrive_again_none_is_delivered_twice() {
    for is_first in [true, false] {
        let options = kept().in_flight(16);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        let messages =
            |ids: std::ops::RangeInclusive<u16>| ids.map(|id| message(id, 2, &[id as u8]));
        line.receive(&messages(1..=15).collect::<Vec<_>>().concat());
        let mut in_hand: Vec<_> = (1..=15)
            .map(|_| take_unacked(&mut line, stream).1)
            .collect();
        reconnect(&mut line);
        line.receive(&messages(101..=115).collect::<Vec<_>>().concat());
        if is_first {
            in_hand.drain(..).for_each(|ack| line.client.ack(ack));
        }
        assert_eq!(line.take_all(stream).len(), 15);
        in_hand.drain(..).for_each(|ack| line.client.ack(ack));
        line.sends(&(101..=115).flat_map(pubrec).collect::<Vec<_>>());
        assert!(line.client.full_image().image.len() < 2000);
        reconnect(&mut line);
        let again = messages(1..=15).chain(messages(101..=115)).map(dup);
        line.receive(&again.collect::<Vec<_>>().concat());
        assert_eq!(line.take(stream), None);
    }
}

/// A long message arrives again, piece by piece, while the application processes it.
#[test]
fn rule_00_a_message_that_is_processed_while_it_arrives_again_comes_once() {
    for (qos, answer) in [(1, puback(7)), (2, pubrec(7))] {
        for is_direct in [false, true] {
            let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, NEW);
            let packet = message(7, qos, &[1; 100_000]);
            line.receive(&packet);
            line.closed();
            line.pass(secs(1));
            line.connect(PRESENT);
            let packet = dup(packet);
            for (n, piece) in packet.chunks(50_000).enumerate() {
                if is_direct {
                    line.receive(piece);
                } else {
                    let mut input = piece;
                    while line.client.on_read(&mut input, line.now) {}
                    assert_eq!(input, []);
                }
                let taken = line.take_all(stream).len();
                assert_eq!(taken, usize::from(n == 0), "{qos}, {is_direct}");
            }
            line.turn();
            line.sends(&answer);
        }
    }
}
