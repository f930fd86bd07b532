//! Rule 1: the bounds of what waits are exactly those of the options, and what is beyond is counted.
use crate::common::*;

/// The memory that a message to `t` with a payload of so many bytes takes in a stream.
fn weight(payload: usize) -> usize {
    let (mut line, _) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    line.receive(&message(0, 0, &vec![7; payload]));
    line.client.counters().backlog
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
