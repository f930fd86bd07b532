//! Rule 1: the bounds of what waits are exactly those of the options, and what is beyond is counted.
use crate::common::*;

/// The memory that a message to `t` with a payload of so many bytes takes in a stream.
fn weight(payload: usize) -> usize {
    let (mut line, _) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    line.receive(&message(0, 0, &vec![7; payload]));
    line.client.counters().backlog
}

#[test]
fn rule_01_topic_and_payload_count() {
    let weight = |topic: usize, payload: usize| {
        let name = "x".repeat(topic);
        let mut line = Line::new(options());
        line.client.messages();
        line.connect(NEW);
        line.receive(&message_to(&name, 0, 0, &vec![7; payload]));
        line.client.counters().backlog
    };
    let least = weight(1, 0);
    assert!(least > 1);
    assert_eq!(weight(11, 0), least + 10);
    assert_eq!(weight(1, 100), least + 100);
    assert_eq!(weight(11, 100), least + 110);
}

#[test]
fn rule_01_as_many_bytes_wait_as_may() {
    let weight = weight(100);
    for (beyond, fits) in [(0, true), (1, false)] {
        let options = kept().backlog(2 * weight + 100 - beyond, Overflow::Discard);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
        for id in 1..=3 {
            line.receive(&message(id, 1, &[7; 100]));
        }
        let counters = line.client.counters();
        let dropped = u64::from(!fits);
        assert_eq!(
            (counters.received, counters.dropped, counters.discarded),
            (3, dropped, dropped)
        );
        assert_eq!(counters.backlog, if fits { 3 } else { 2 } * weight);
        assert_eq!(line.take_all(stream).len(), if fits { 3 } else { 2 });
    }
}

/// The message that ends a connection is not received: the broker sends it again.
#[test]
fn rule_01_a_message_that_ends_the_connection_is_counted_when_it_arrives_again() {
    let options = kept().backlog(2 * weight(100), Overflow::Disconnect);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let messages = [1, 2, 3].map(|id| message(id, 1, &[7; 100]));
    line.receive(&messages.concat());
    assert_eq!(line.client.counters().received, 2);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.take_all(stream).len(), 2);
    line.pass(secs(1));
    line.connect(PRESENT);
    line.receive(&messages.map(dup).concat());
    assert_eq!(line.take_all(stream).len(), 1);
    assert_eq!(line.client.counters().received, 3);
    assert_eq!(line.client.counters().dropped, 0);
}

#[test]
fn rule_01_the_largest_message_is_put_together_and_no_larger_one() {
    for (length, is_whole) in [(100_000, true), (100_001, false)] {
        let options = options().max_message(100_000);
        let (mut line, stream) = Line::subscribed(options, QoS::AtMostOnce, NEW);
        let packet = message(0, 0, &vec![7; length]);
        line.receive(&packet[..80_000]);
        line.receive(&packet[80_000..]);
        let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
            panic!("{length}")
        };
        assert_eq!(item.message.rest.is_none(), is_whole, "{length}");
        assert_eq!(item.message.len, length as u64);
    }
}

#[test]
fn rule_01_what_is_too_large_to_wait_for_a_stream_is_told_and_counted() {
    for (options, discarded) in [(options(), 1), (kept(), 0)] {
        for qos in [0, 1] {
            let mut line = Line::new(options.clone().max_message(1000));
            line.connect(NEW);
            line.events.clear();
            let packet = message(1, qos, &[7; 100_000]);
            line.receive(&packet[..80_000]);
            line.receive(&packet[80_000..]);
            assert_eq!(line.events, [Event::Skipped { len: 100_000 }]);
            let counters = line.client.counters();
            assert_eq!((counters.received, counters.dropped), (1, 1));
            assert_eq!(counters.discarded, discarded * u64::from(qos));
            let answer = if discarded * qos as u64 == 1 {
                puback(1)
            } else {
                Vec::new()
            };
            line.sends(&answer);
        }
    }
}

/// A stream without room for any message takes one.
#[test]
fn rule_01_reading_stops_at_the_number_and_at_the_bytes_of_a_stream() {
    let weight = weight(100);
    for (messages, bytes) in [(2, usize::MAX), (usize::MAX, 2 * weight)] {
        let options = options().streams(messages, bytes);
        let (mut line, stream) = Line::subscribed(options, QoS::AtMostOnce, NEW);
        line.receive(&message(0, 0, &[7; 100]));
        assert_eq!(line.client.read_limit(), READ_BUFFER);
        line.receive(&message(0, 0, &[7; 100]));
        assert_eq!(line.client.read_limit(), 0);
        line.take(stream);
        assert_eq!(line.client.read_limit(), READ_BUFFER);
    }
}

/// A message whose payload of 200,000 bytes begins to arrive, and the bytes that follow.
fn begun(options: Options) -> (Line, StreamId, PayloadId, Vec<u8>) {
    let options = options.max_message(1000);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
    let packet = message(1, 1, &[7; 200_000]);
    let (first, rest) = packet.split_at(20);
    line.receive(first);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!("the payload is read while it arrives")
    };
    assert_eq!(line.client.counters().backlog, 0);
    (line, stream, item.message.rest.unwrap(), rest.to_vec())
}

#[test]
fn rule_01_reading_stops_while_64_kib_of_a_payload_wait() {
    let (mut line, stream, payload, rest) = begun(options());
    let read = line.client.read_payload(payload);
    assert_eq!(read, PayloadRead::Pending);
    line.events.clear();
    for (n, piece) in rest.chunks(1024).take(64).enumerate() {
        assert_eq!(line.client.counters().backlog, n * 1024);
        assert_eq!(line.client.read_limit(), READ_BUFFER, "{n}");
        line.receive(piece);
    }
    assert_eq!(line.events, [Event::Delivered { stream }]);
    assert_eq!(line.client.read_limit(), 0);
    for n in (0..64).rev() {
        let read = line.client.read_payload(payload);
        assert!(matches!(read, PayloadRead::Data(piece) if piece.len() == 1024));
        assert_eq!(line.client.counters().backlog, n * 1024);
        assert_eq!(line.client.read_limit(), READ_BUFFER);
    }
    for piece in rest[64 * 1024..].chunks(50_000) {
        line.receive(piece);
        let read = line.client.read_payload(payload);
        assert!(matches!(read, PayloadRead::Data(_)), "{read:?}");
    }
    line.sends(b"");
    assert_eq!(line.client.read_payload(payload), PayloadRead::End);
    line.sends(&puback(1));
    assert_eq!(line.client.read_payload(payload), PayloadRead::Broken);
}

#[test]
fn rule_01_what_is_not_read_of_a_payload_takes_no_memory() {
    // It is dropped while it arrives, when it has arrived, and when the connection is lost.
    for case in 0..3 {
        let (mut line, stream, payload, rest) = begun(kept());
        line.receive(&rest[..10_000]);
        assert_eq!(line.client.counters().backlog, 10_000);
        match case {
            0 => {
                line.client.discard_payload(payload);
                assert_eq!(line.client.counters().backlog, 0);
                for piece in rest[10_000..].chunks(60_000) {
                    line.receive(piece);
                }
                line.sends(&puback(1));
            }
            1 => {
                // Not all of it is read before it has arrived.
                for piece in rest[10_000..].chunks(60_000) {
                    assert!(matches!(
                        line.client.read_payload(payload),
                        PayloadRead::Data(_)
                    ));
                    line.receive(piece);
                }
                assert!(line.client.counters().backlog > 0);
                line.client.discard_payload(payload);
                line.sends(&puback(1));
            }
            _ => {
                line.closed();
                assert_eq!(line.client.counters().backlog, 10_000);
                let read = line.client.read_payload(payload);
                assert!(matches!(read, PayloadRead::Data(_)));
                assert_eq!(line.client.read_payload(payload), PayloadRead::Broken);
            }
        }
        assert_eq!(line.client.counters().backlog, 0);
        assert_eq!(line.client.read_payload(payload), PayloadRead::Broken);
        assert_eq!(line.take(stream), None);
    }
}

/// A turn of a driver that holds a lock is short, however much has arrived.
#[test]
fn rule_01_so_many_packets_are_dealt_with_in_one_turn() {
    let options = options().streams(1000, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtMostOnce, NEW);
    let before = line.client.counters().bytes_in;
    let messages = message(0, 0, b".").repeat(300);
    let mut input = &messages[..];
    assert!(line.client.on_read(&mut input, line.now));
    assert_eq!(input.len(), 44 * 6);
    assert!(!line.client.on_read(&mut input, line.now));
    assert_eq!(input.len(), 0);
    assert_eq!(line.client.counters().bytes_in - before, 300 * 6);
    assert_eq!(line.take_all(stream).len(), 300);
    // Without a connection there is nothing to be read.
    line.closed();
    let mut input = &messages[..];
    assert!(!line.client.on_read(&mut input, line.now));
    assert_eq!((input.len(), line.client.read_limit()), (0, 0));
}

/// After an overrun half of what may wait is room enough for another connection.
#[test]
fn rule_01_a_connection_is_made_again_when_half_of_the_bound_is_free() {
    let options = kept().backlog(4 * weight(100), Overflow::Disconnect);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    for id in 1..=5 {
        line.receive(&message(id, 1, &[7; 100]));
    }
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    line.pass(secs(1));
    for _ in 0..2 {
        assert_eq!(line.poll_transport(), Transport::Wait);
        assert!(line.client.wants_drive(stream));
        line.take(stream);
    }
    line.dial();
}

/// A payload of which everything was read stands before nothing.
#[test]
fn rule_01_a_payload_that_was_read_bars_nothing_before_its_end_is_asked_for() {
    let (mut line, stream, payload, rest) = begun(options().backlog(1000, Overflow::Disconnect));
    for piece in rest.chunks(50_000) {
        line.receive(piece);
        let read = line.client.read_payload(payload);
        assert!(matches!(read, PayloadRead::Data(_)));
    }
    // One message may be larger than the bound.
    line.receive(&message(0, 0, &[7; 2000]));
    assert!(line.client.counters().backlog > 1000);
    assert_eq!(line.client.read_limit(), READ_BUFFER);
    assert_eq!(line.client.read_payload(payload), PayloadRead::End);
    assert!(!line.take_all(stream).is_empty());
}

/// A payload that is not read stops reading when more waits than may.
#[test]
fn rule_01_a_payload_bars_reading_beyond_the_bound() {
    let weight = weight(100);
    for (beyond, reads) in [(0, true), (1, false)] {
        let bound = 30_000 + weight - beyond;
        let (mut line, _, payload, rest) = begun(options().backlog(bound, Overflow::Disconnect));
        let (read, unread) = rest.split_at(rest.len() - 30_000);
        for piece in read.chunks(30_000) {
            line.receive(piece);
            let read = line.client.read_payload(payload);
            assert!(matches!(read, PayloadRead::Data(_)));
        }
        line.receive(unread);
        assert_eq!(line.client.counters().backlog, 30_000);
        assert_eq!(line.client.read_limit(), READ_BUFFER);
        line.receive(&message(0, 0, &[7; 100]));
        assert_eq!(line.client.counters().backlog, 30_000 + weight);
        assert_eq!(line.client.read_limit() > 0, reads);
    }
}

/// Receives as much as the client reads.
fn receive_all(line: &mut Line, bytes: &mut &[u8]) {
    while line.client.read_limit() > line.rx.len() && !bytes.is_empty() {
        let room = line.client.read_limit() - line.rx.len();
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        line.receive(now);
        *bytes = later;
    }
}

/// The application may wait for an answer before it reads on.
#[test]
fn rule_01_a_payload_that_is_not_read_does_not_bar_answers_for_ever() {
    for (limit, half) in [(Some(secs(20)), 10), (None, 5)] {
        let options = kept().max_message(10).ack_timeout(limit);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
        let filters = [Filter::new("u", QoS::AtMostOnce)];
        let (request, _) = line.client.subscribe(&filters).unwrap();
        let suback = suback(&line.sent(), 0);
        let large = message(1, 1, &[7; 1_000_000]);
        let all = [large.clone(), message(2, 1, b"2"), suback].concat();
        let mut rest = &all[..];
        receive_all(&mut line, &mut rest);
        line.pass(secs(half) - Duration::from_millis(1));
        assert_eq!(line.client.read_limit(), 0);
        line.pass(Duration::from_millis(1));
        receive_all(&mut line, &mut rest);
        assert_eq!(line.codes(request), [0]);
        assert!(line.client.counters().backlog < 200_000);
        line.sends(b"");
        assert_eq!(line.poll_transport(), Transport::Close);
        let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
            panic!()
        };
        let mut reads =
            std::iter::repeat_with(|| line.client.read_payload(item.message.rest.unwrap()));
        let end = reads.find(|read| !matches!(read, PayloadRead::Data(_)));
        assert_eq!(end, Some(PayloadRead::Broken));
        // Nothing overtook it.
        assert_eq!(line.take(stream), None);
        line.closed();
        assert!(matches!(
            line.reasons()[..],
            [DisconnectReason::Overrun { .. }]
        ));
        line.pass(secs(60));
        line.connect(PRESENT);
        line.receive(&dup(large)[..20]);
        assert!(line.take(stream).is_some());
    }
}

/// One piece within the time is enough, and without a request there is no limit.
#[test]
fn rule_01_a_payload_that_is_read_slowly_is_not_broken_off() {
    let (mut line, _, payload, rest) = begun(options().ack_timeout(None));
    let mut rest = &rest[..];
    receive_all(&mut line, &mut rest);
    line.pass(secs(100));
    assert_eq!(line.client.read_limit(), 0);
    line.publish(b"x", QoS::AtLeastOnce);
    line.sent();
    loop {
        line.pass(secs(4));
        receive_all(&mut line, &mut rest);
        match line.client.read_payload(payload) {
            PayloadRead::Data(_) => {}
            end => {
                assert_eq!(end, PayloadRead::End);
                break;
            }
        }
    }
    line.is_connected();
}

#[test]
fn rule_01_reading_ends_however_much_room_there_is_for_answers() {
    let (mut line, _) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    for len in 1..300 {
        let payload = vec![7; len];
        line.client
            .publish(&Publish::to("t").payload(&payload))
            .unwrap();
        line.receive(PONG);
        assert_eq!(line.sent().len(), message(0, 0, &payload).len());
    }
}
