//! Rule 1 where a payload that is too large for memory is left unread: it delays nothing, and its
//! memory is given back.
use crate::common::*;

const LENGTH: usize = 100_000;

/// Takes the message from the stream. Returns the length of what it has of its payload, and the
/// rest.
#[track_caller]
fn take(line: &mut Line, stream: StreamId) -> (usize, PayloadId) {
    match line.client.take(stream, AckMode::OnNext) {
        Taken::Message(item) => (item.message.payload.len(), item.message.rest.unwrap()),
        other => panic!("{other:?}"),
    }
}

/// A client that has received a message whose payload waits to be read, up to so many bytes.
fn received(options: Options, len: usize) -> (Line, StreamId) {
    let options = options.max_message(100);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    for piece in message(1, 1, &[7; LENGTH])[..len].chunks(READ_BUFFER) {
        line.receive(piece);
    }
    (line, stream)
}

fn all() -> usize {
    message(1, 1, &[7; LENGTH]).len()
}

/// It arrives again, so that nothing of it need be kept.
#[test]
fn rule_01_a_payload_that_arrives_again_takes_no_memory_twice() {
    let (mut line, stream) = received(kept(), all());
    let (_, first) = take(&mut line, stream);
    assert!(line.client.counters().backlog > 20_000);
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    assert_eq!(line.client.counters().backlog, 0);
    assert_eq!(line.client.read_payload(first), PayloadRead::Broken);
}

/// The end of a connection waits for a payload that has arrived, not for one that never will.
#[test]
fn rule_01_an_overrun_waits_for_no_payload_that_was_broken_off() {
    let options = kept().backlog(100_000, Overflow::Disconnect);
    let (mut line, stream) = received(options, 50_000);
    let (_, broken) = take(&mut line, stream);
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    for id in [2, 3] {
        line.receive(&message(id, 1, &[8; 65_000]));
    }
    assert_eq!(line.poll_transport(), Transport::Close);
    while line.client.read_payload(broken) != PayloadRead::Broken {}
}

#[test]
fn rule_01_a_payload_takes_memory_until_it_was_read() {
    let parts = |client: &Client| format!("{client:?}").contains("payloads: Lazy(Some(");
    let (mut line, stream) = received(kept(), 50_000);
    let (mut read, payload) = take(&mut line, stream);
    line.client.shrink();
    for piece in message(1, 1, &[7; LENGTH])[50_000..].chunks(10_000) {
        line.receive(piece);
        while let PayloadRead::Data(data) = line.client.read_payload(payload) {
            read += data.len();
        }
        line.client.shrink();
    }
    assert_eq!(read, LENGTH);
    assert!(!parts(&line.client));
    line.sends(&puback(1));
}

/// An answer that the driver has read already is found as soon as the payload before it is left.
#[test]
fn rule_01_what_was_read_behind_a_payload_is_found_when_it_is_left() {
    let options = kept().max_message(10).ack_timeout(Some(secs(20)));
    let (mut line, _stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let filters = [Filter::new("u", QoS::AtMostOnce)];
    let (request, _) = line.client.subscribe(&filters).unwrap();
    let suback = suback(&line.sent(), 0);
    let all = [message(1, 1, &[7; LENGTH]), suback].concat();
    line.receive(&all[..10_000]);
    line.receive(&all[10_000..80_000]);
    assert_eq!(line.client.read_limit(), 0);
    line.rx.extend(&all[80_000..]);
    line.turn();
    line.now += secs(10);
    line.turn();
    assert_eq!(line.codes(request), [0]);
}

/// The stream of a message is closed before the message was taken from it: whoever has the message
/// then is told when there is more of its payload.
#[test]
fn rule_01_a_payload_goes_to_another_stream_with_its_message() {
    let (mut line, stream) = received(kept(), 50_000);
    let others = line.client.messages();
    line.client.close_stream(stream);
    let (_, payload) = take(&mut line, others);
    while line.client.read_payload(payload) != PayloadRead::Pending {}
    line.events.clear();
    line.receive(&message(1, 1, &[7; LENGTH])[50_000..60_000]);
    assert_eq!(line.events, [Event::Delivered { stream: others }]);
}

/// Reading goes on while the client leaves, as long as the application reads what arrives.
#[test]
fn rule_01_a_payload_is_read_to_its_end_while_the_client_leaves() {
    let (mut line, stream) = received(kept(), 50_000);
    let (mut read, payload) = take(&mut line, stream);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.client.disconnect(line.now + secs(9));
    line.turn();
    for piece in message(1, 1, &[7; LENGTH])[50_000..].chunks(10_000) {
        line.receive(piece);
        while let PayloadRead::Data(data) = line.client.read_payload(payload) {
            read += data.len();
        }
    }
    assert_eq!(read, LENGTH);
    line.sends(&puback(1));
}
