//! Rule 1: a long message is read into its own memory, which is no more than the options allow and
//! than has arrived.
use crate::common::*;

const LONG: usize = 3 << 20;

/// Packets, of which some are long, with acknowledgements to be sent.
fn packets(qos: u8) -> Vec<u8> {
    let lengths = [
        0,
        10,
        16_000,
        16_384,
        40_000,
        100,
        72_000,
        200_000,
        5,
        1 << 20,
        90_000,
    ];
    let packets = lengths.iter().enumerate().map(|(n, &length)| {
        let payload: Vec<u8> = (0..length).map(|at| (at + n) as u8).collect();
        message(n as u16 + 1, qos, &payload)
    });
    packets.collect::<Vec<_>>().concat()
}

/// Returns the messages that arrive in pieces of so many bytes, and what the client sends.
fn received(qos: u8, piece: usize, is_direct: bool) -> (Vec<Vec<u8>>, Vec<u8>) {
    let qos_of = QoS::try_from(qos).unwrap();
    let (mut line, stream) = Line::subscribed(kept(), qos_of, NEW);
    let (mut messages, mut sent) = (Vec::new(), Vec::new());
    let packets = packets(qos);
    // A stream that is full stops reading until messages are taken from it.
    for piece in packets.chunks(piece).chain([&[][..]; 20]) {
        if is_direct {
            line.receive(piece);
        } else {
            line.rx.extend_from_slice(piece);
            let mut input = &line.rx[..];
            while line.client.on_read(&mut input, line.now) {}
            let rest = input.len();
            line.rx.drain(..line.rx.len() - rest);
        }
        messages.extend(line.take_all(stream));
        sent.extend(line.sent());
    }
    assert_eq!(line.rx, []);
    assert_eq!(line.client.counters().backlog, 0);
    (messages, sent)
}

#[test]
fn rule_01_messages_are_the_same_wherever_they_are_read() {
    for qos in 0..=2 {
        let expected = received(qos, usize::MAX, false);
        assert_eq!(expected.0.len(), 11);
        for piece in [1_000, 4_096, 50_000, 300_000] {
            for is_direct in [false, true] {
                assert_eq!(
                    received(qos, piece, is_direct).0,
                    expected.0,
                    "{qos}, {piece}"
                );
            }
            let sent = received(qos, piece, true).1;
            assert_eq!(sent.len(), expected.1.len(), "{qos}, {piece}");
        }
    }
}

#[test]
fn rule_01_the_rest_of_a_long_message_is_wanted_and_nothing_behind_it() {
    let (mut line, stream) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    let packet = message(0, 0, &vec![7; LONG]);
    let (beginning, rest) = packet.split_at(packet.len() - LONG + 10);
    line.receive(beginning);
    assert_eq!(line.payload.wanted(), rest.len());
    // What is given to `on_read` meanwhile waits.
    let mut input = PONG;
    assert!(!line.client.on_read(&mut input, line.now));
    assert_eq!(input, PONG);
    line.receive(&[rest, &message(0, 0, b"x")].concat());
    assert_eq!(line.payload.wanted(), 0);
    for length in [LONG, 1] {
        assert_eq!(line.take(stream).unwrap().len(), length);
        line.turn();
    }
}

/// A broker that announces a long message and does not send it gets little memory.
#[test]
fn rule_01_memory_is_for_what_arrives() {
    let (mut line, _) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    let packet = message(0, 0, &vec![7; 15 << 20]);
    line.receive(&packet[..1000]);
    assert!(line.payload.wanted() > 14 << 20);
    let mut space = 0;
    line.payload.fill_with(|buffer| space = buffer.limit());
    assert!(space <= 1 << 20);
}

/// The last 16 KiB of a message are worth a read of their own, and less is not.
#[test]
fn rule_01_a_short_rest_is_read_together_with_what_follows() {
    for (rest, is_direct) in [(16_383, false), (16_384, true)] {
        let (mut line, stream) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
        let length = READ_BUFFER + rest;
        let packet = message(0, 0, &vec![7; length]);
        let (beginning, end) = packet.split_at(packet.len() - rest);
        line.receive(beginning);
        let wanted = if is_direct { rest } else { 0 };
        assert_eq!(line.payload.wanted(), wanted);
        line.receive(end);
        assert_eq!(line.take_all(stream)[0].len(), length);
    }
}

/// Acknowledgements are written before more is read: many of them need more room than there is.
#[test]
fn rule_01_many_acknowledgements_hold_up_no_payload() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    let count = 200;
    let mut acks = Vec::new();
    for id in 1..=count {
        line.receive(&message(id, 1, b"x"));
        match line.client.take(stream, AckMode::Manual) {
            Taken::Message(item) => acks.extend(item.ack),
            other => panic!("{other:?}"),
        }
    }
    let packet = message(900, 1, &vec![7; 100_000]);
    line.receive(&packet[..1000]);
    assert!(line.payload.wanted() > 0);
    // Nothing that was written before has memory left over.
    line.client.shrink();
    acks.into_iter().for_each(|ack| line.client.ack(ack));
    let read = line.payload.read_with(|space| {
        space.copy_from_slice(&packet[1000..]);
        Ok::<_, ()>(space.len())
    });
    assert_eq!(read, Ok(packet.len() - 1000));
    line.client.poll_payload(&mut line.payload, line.now);
    assert_eq!(
        (line.payload.has_unread(), line.payload.wanted()),
        (false, 0)
    );
    let expected: Vec<u8> = (1..=count).flat_map(puback).collect();
    line.sends(&expected);
    assert_eq!(line.take_all(stream)[0].len(), 100_000);
    line.sends(&puback(900));
}

/// A message that is larger than the options allow is read in pieces, as before.
#[test]
fn rule_01_what_is_too_long_for_memory_is_not_read_into_it() {
    let options = options().max_message(20_000);
    let (mut line, stream) = Line::subscribed(options, QoS::AtMostOnce, NEW);
    for (length, is_direct) in [(20_000, true), (20_001, false)] {
        line.receive(&message(0, 0, &vec![7; length])[..1000]);
        assert_eq!(line.payload.wanted() > 0, is_direct, "{length}");
        line.receive(&message(0, 0, &vec![7; length])[1000..]);
        assert_eq!(line.take_all(stream)[0].len(), length);
    }
}

/// The payload begins behind the topic, the identifier and the properties.
#[test]
fn rule_01_a_long_message_is_read_into_its_memory_from_its_first_byte_on() {
    // A user property of 204 bytes, so that its length takes two.
    let long = [&b"\xcc\x01\x26\0\x01n\0\xc6"[..], &[b'x'; 198]].concat();
    for (version, connack, properties) in [
        (Version::Mqtt311, NEW, &b""[..]),
        (Version::Mqtt5, NEW5, b"\0"),
        (Version::Mqtt5, NEW5, &long),
    ] {
        for (qos, length) in (0..=2).flat_map(|qos| [(qos, 20_000), (qos, 20_001)]) {
            let mut line = Line::new(options().version(version).max_message(20_000));
            let stream = line.client.messages();
            line.connect(connack);
            let packet = message(7, qos, &[properties, &vec![7; length]].concat());
            let begin = packet.len() - length;
            line.receive(&packet[..begin - 1]);
            assert_eq!(line.payload.wanted(), 0);
            line.receive(&packet[begin - 1..begin]);
            let is_direct = line.payload.wanted() > 0;
            assert_eq!(is_direct, length == 20_000, "{version:?}, {qos}");
            line.receive(&packet[begin..]);
            assert_eq!(line.take_all(stream)[0].len(), length);
        }
    }
}

/// The memory that the driver has belongs to a message that is not wanted any more.
#[test]
fn rule_01_a_long_message_ends_with_its_stream_and_its_connection() {
    let packet = message(7, 1, &vec![7; LONG]);
    // The application leaves, and awaits an answer that is behind the message.
    let (mut line, _) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    let publish = Publish::to("x").qos(QoS::AtLeastOnce);
    line.client.publish(&publish).unwrap();
    let id = id_of(&line.sent());
    line.receive(&packet[..1000]);
    line.client.disconnect(line.now + secs(9));
    line.receive(&packet[1000..]);
    assert_eq!(line.payload.wanted(), 0);
    line.sends(b"");
    line.receive(&puback(id));
    // What nobody has had is not acknowledged.
    line.sends(DISCONNECT);
    // The connection is lost, and the message comes again.
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    line.receive(&packet[..1000]);
    line.closed();
    line.client.poll_payload(&mut line.payload, line.now);
    line.pass(secs(1));
    line.connect(PRESENT);
    line.receive(&dup(packet));
    assert_eq!(line.take_all(stream)[0].len(), LONG);
    line.sends(&puback(7));
}
