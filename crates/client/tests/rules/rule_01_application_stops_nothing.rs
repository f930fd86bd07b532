//! Rule 1: nothing that the application does or fails to do stops acknowledgements, pings and time
//! limits; memory is bounded.
use crate::common::*;

/// A handler that publishes and awaits the answer, with more messages waiting than any window.
#[test]
fn rule_01_a_reader_that_takes_nothing_bars_no_acknowledgement_and_no_ping() {
    let options = options().keep_alive(60).streams(4, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
    for id in 1..=10u16 {
        line.receive(&message(id, 1, b"."));
    }
    // Nothing is awaited: the rest may wait in the socket.
    assert_eq!(line.client.read_limit(), 0);
    let request = line.publish(b"answer", QoS::AtLeastOnce);
    line.sends(b"\x32\x0b\0\x01t\0\x02answer");
    assert_eq!(line.client.read_limit(), READ_BUFFER);
    for id in 11..=400u16 {
        line.receive(&message(id, 1, b"."));
    }
    line.receive(&puback(2));
    assert_eq!(line.client.poll_outcome(request), done());
    line.now += secs(45);
    line.sends(PING);
    line.pass(secs(30));
    line.is_connected();
    assert_eq!(line.take_all(stream).len(), 400);
}

/// The limit counts what waits: a stream from which everything was taken is not full.
#[test]
fn rule_01_a_stream_with_no_room_takes_one_message_after_another() {
    let options = options().streams(0, 0);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
    for id in 1..=3u16 {
        assert_eq!(line.client.read_limit(), READ_BUFFER, "before message {id}");
        line.receive(&message(id, 1, b"."));
        assert_eq!(line.client.read_limit(), 0, "after message {id}");
        assert_eq!(line.take_all(stream).len(), 1);
        line.sent();
    }
}

#[test]
fn rule_01_bytes_that_wait_are_bounded_and_the_connection_returns_when_there_is_room() {
    let options = kept()
        .streams(2, 1 << 20)
        .backlog(1000, Overflow::Disconnect);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let request = line.publish(b"x", QoS::AtLeastOnce);
    let awaited = id_of(&line.sent());
    for id in 1..=20 {
        line.receive(&message(id, 1, b"."));
    }
    line.sends(b"");
    // What is awaited stands behind them, and would on the next connection, too.
    line.publish(b"y", QoS::AtLeastOnce);
    line.sent();
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.receive(&[message(21, 1, b"."), puback(awaited), message(22, 1, b".")].concat());
    assert_eq!(line.client.poll_outcome(request), done());
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let reasons = line.reasons();
    let [DisconnectReason::Overrun { bytes }] = reasons[..] else {
        panic!("{reasons:?}")
    };
    assert!(bytes <= 1000 + 200, "{bytes}");
    line.pass(secs(60));
    // Not before there is room.
    assert_eq!(line.poll_transport(), Transport::Wait);
    assert_eq!(line.client.poll_timeout(), None);
    while line.take(stream).is_some() {}
    line.connect(PRESENT);
    line.is_connected();
}

#[test]
fn rule_01_messages_with_qos_0_are_dropped_first() {
    let options = kept().backlog(1000, Overflow::Disconnect);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    for _ in 0..100 {
        line.receive(&message(0, 0, b"."));
    }
    let counters = line.client.counters();
    assert_eq!((counters.received, counters.discarded), (100, 0));
    assert!(
        counters.backlog <= 1000 + 200 && counters.dropped > 80,
        "{counters:?}"
    );
    line.is_connected();
    assert_eq!(line.take_all(stream).len() as u64 + counters.dropped, 100);
}

#[test]
fn rule_01_messages_are_discarded_instead_if_the_options_say_so() {
    let options = kept().backlog(1000, Overflow::Discard);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    for id in 1..=100 {
        line.receive(&message(id, 1, b"."));
    }
    let counters = line.client.counters();
    assert_eq!(
        (counters.received, counters.dropped),
        (100, counters.discarded)
    );
    let taken = line.take_all(stream).len();
    assert_eq!(taken as u64 + counters.discarded, 100);
    assert_eq!(line.sent().len(), 400);
    // What arrives in pieces is discarded whole.
    let options = kept().backlog(100_000, Overflow::Discard);
    let (mut line, _) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    line.receive(&message(1, 1, &[7; 50_000]));
    let second = message(2, 1, &[7; 90_000]);
    line.receive(&second[..70_000]);
    line.receive(&second[70_000..80_000]);
    line.receive(&second[80_000..]);
    assert_eq!(line.client.counters().discarded, 1);
}

/// Messages without a payload take memory, too.
#[test]
fn rule_01_empty_messages_count() {
    let options = kept().backlog(10_000, Overflow::Disconnect);
    let (mut line, _) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    line.publish(b"x", QoS::AtLeastOnce);
    for _ in 0..10_000 {
        line.receive(&message(0, 0, b""));
    }
    let counters = line.client.counters();
    assert!(counters.received - counters.dropped < 200, "{counters:?}");
}

#[test]
fn rule_01_a_payload_that_is_not_read_stops_reading_at_once() {
    let options = options().keep_alive(60).max_message(100);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, NEW);
    let packet = message(1, 1, &[7; 1_000_000]);
    for piece in packet.chunks(10_000) {
        if line.client.read_limit() == 0 {
            break;
        }
        line.receive(piece);
    }
    assert_eq!(line.client.read_limit(), 0);
    assert!(line.client.counters().backlog < 200_000);
    // The broker cannot show that it is alive meanwhile.
    for _ in 0..20 {
        line.pass(secs(5));
        line.sent();
    }
    line.is_connected();
    assert!(matches!(
        line.client.take(stream, AckMode::OnNext),
        Taken::Message(_)
    ));
}

/// The places for acknowledgements and QoS 2 messages grow, up to all identifiers.
#[test]
fn rule_01_all_identifiers_have_a_place() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.publish(b"x", QoS::AtLeastOnce);
    let mut sent = line.sent().len();
    for id in 1..=5000u16 {
        line.receive(&message(id, 2, &id.to_be_bytes()));
        if id % 2 == 0 {
            assert_eq!(line.take(stream), Some((id / 2).to_be_bytes().to_vec()));
        }
    }
    while line.take(stream).is_some() {}
    sent += line.sent().len();
    // All of them await PUBREL, and more can be received.
    assert!(sent > 4 * 5000);
    line.receive(&message(5001, 2, b"."));
    assert_eq!(line.take(stream), Some(b".".to_vec()));
    for id in 1..=5000u16 {
        line.receive(&pubrel(id));
    }
    line.is_connected();
}

/// The broker sends more at once than may wait, each time that the client returns.
#[test]
fn rule_01_after_an_overrun_there_is_progress() {
    for qos in [1, 2] {
        let options = kept().backlog(1000, Overflow::Disconnect);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        line.publish(b"x", QoS::AtLeastOnce);
        let mut sent = line.sent();
        let mut had = Vec::new();
        let mut burst: Vec<_> = (1..=20)
            .map(|id| (id, message(id, qos, &[id as u8])))
            .collect();
        for _ in 0..20 {
            let all: Vec<_> = burst
                .iter()
                .flat_map(|(_, packet)| packet.clone())
                .collect();
            line.receive(&all);
            line.pass(secs(20));
            sent.extend(line.sent());
            // What is acknowledged is not sent again.
            burst.retain(|(id, _)| {
                let answer = if qos == 1 { puback(*id) } else { pubrec(*id) };
                !sent.windows(4).any(|window| window == answer)
            });
            for (_, packet) in &mut burst {
                packet[0] |= 8;
            }
            if line.poll_transport() == Transport::Keep {
                break;
            }
            line.closed();
            line.pass(secs(60));
            had.extend(line.take_all(stream));
            line.connect(PRESENT);
        }
        had.extend(line.take_all(stream));
        let all: Vec<_> = (1..=20).map(|id| vec![id]).collect();
        assert_eq!(had, all, "QoS {qos}");
    }
}

/// Messages that were processed without a connection have no effect on others.
#[test]
fn rule_01_only_what_was_processed_is_acknowledged_unseen() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    for id in 1..=3 {
        line.receive(&message(id, 1, &[id as u8]));
    }
    line.closed();
    assert_eq!(line.take_all(stream).len(), 3);
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&dup(message(1, 1, &[1])));
    // Another message, and one that the broker does not send again but anew.
    line.receive(&dup(message(2, 1, b"other")));
    line.receive(&message(3, 1, &[3]));
    line.sends(&puback(1));
    assert_eq!(line.take_all(stream), [&b"other"[..], &[3]]);
    line.sends(&[puback(2), puback(3)].concat());
    // The identifier may stand for another message now.
    line.receive(&dup(message(1, 1, &[1])));
    assert_eq!(line.take_all(stream), [[1]]);
}

/// What waits in a stream bars neither the next connection nor the answers that come over it.
#[test]
fn rule_01_a_full_stream_does_not_bar_the_answer_to_connect() {
    let options = options().streams(4, 1 << 20);
    let (mut line, stream) = Line::subscribed(options, QoS::AtMostOnce, NEW);
    for _ in 0..4 {
        line.receive(&message(0, 0, b"."));
    }
    assert_eq!(line.client.read_limit(), 0);
    line.closed();
    // A handler publishes, and awaits the answer before it takes the next message.
    let request = line.publish(b"1", QoS::AtLeastOnce);
    line.pass(secs(1));
    line.connect(NEW);
    line.is_connected();
    line.sends(b"\x82\x06\0\x02\0\x01t\0\x32\x06\0\x01t\0\x031");
    line.receive(&[suback(b"\x82\x06\0\x02", 0), puback(3)].concat());
    assert_eq!(line.client.poll_outcome(request), done());
    assert_eq!(line.take_all(stream).len(), 4);
}

/// Many streams can be too much together, though none of them is full.
#[test]
fn rule_01_after_an_overrun_many_streams_make_room_together() {
    let mut line = Line::new(kept().backlog(2000, Overflow::Disconnect));
    let topics: Vec<_> = (1..=20).map(|n| format!("t/{n}")).collect();
    let streams: Vec<_> = topics
        .iter()
        .map(|topic| {
            let filters = [Filter::new(topic, QoS::AtLeastOnce)];
            line.client.subscribe(&filters).unwrap().1
        })
        .collect();
    line.connect(PRESENT);
    line.sent();
    for (n, topic) in topics.iter().enumerate() {
        line.receive(&message_to(topic, n as u16 + 1, 1, &[1; 40]));
    }
    // Nothing is awaited for longer.
    line.pass(secs(20));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    line.pass(secs(60));
    assert_eq!(line.poll_transport(), Transport::Wait);
    for stream in streams {
        let waits = line.poll_transport() == Transport::Wait;
        assert_eq!(
            line.client.wants_drive(stream),
            waits,
            "the driver is woken"
        );
        while line.take(stream).is_some() {}
        if line.client.counters().backlog <= 1000 {
            break;
        }
    }
    line.connect(PRESENT);
    line.is_connected();
}

/// While the client leaves, a payload that nobody reads bars no answer, and takes no more memory.
#[test]
fn rule_01_a_payload_that_is_not_read_while_leaving_is_left_to_the_broker() {
    let (mut line, stream) = Line::subscribed(kept().max_message(10), QoS::AtLeastOnce, NEW);
    let request = line.publish(b"x", QoS::AtLeastOnce);
    line.sent();
    let packet = message(7, 1, &[7; 1_000_000]);
    line.receive(&packet[..80_000]);
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    line.client.disconnect(line.now + secs(10));
    for piece in packet[80_000..].chunks(50_000) {
        line.receive(piece);
        assert!(line.client.counters().backlog < 200_000);
    }
    line.receive(&puback(2));
    assert_eq!(line.client.poll_outcome(request), done());
    line.sends(DISCONNECT);
    let rest = item.message.rest.unwrap();
    let mut reads = std::iter::repeat_with(|| line.client.read_payload(rest));
    let end = reads.find(|read| !matches!(read, PayloadRead::Data(_)));
    assert_eq!(end, Some(PayloadRead::Broken));
}

/// What is behind a payload that is read piece by piece waits for its reader, even if less may wait
/// than arrives at once.
#[test]
fn rule_01_a_payload_larger_than_the_bound_does_not_end_each_connection() {
    let options = kept().backlog(2000, Overflow::Disconnect);
    let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
    let payload = vec![7; READ_BUFFER + 5000];
    let large = message(1, 1, &payload);
    // Something is awaited, so that reading goes on although a stream is full.
    line.publish(b"x", QoS::AtLeastOnce);
    let id = id_of(&line.sent());
    let all = [large, message(2, 1, b"2"), puback(id)].concat();
    let (first, rest) = all.split_at(READ_BUFFER);
    line.receive(first);
    line.receive(rest);
    line.is_connected();
    let Taken::Message(item) = line.client.take(stream, AckMode::OnNext) else {
        panic!()
    };
    let mut read = item.message.payload.to_vec();
    for _ in 0..1000 {
        match line.client.read_payload(item.message.rest.unwrap()) {
            PayloadRead::Data(data) => read.extend_from_slice(&data),
            PayloadRead::Pending => line.turn(),
            PayloadRead::End => break,
            PayloadRead::Broken => panic!(),
        }
    }
    assert!(read == payload);
    line.turn();
    assert_eq!(line.take(stream), Some(b"2".to_vec()));
    assert_eq!(line.take(stream), None);
    line.sends(&[puback(1), puback(2)].concat());
    line.is_connected();
    assert_eq!(line.client.counters().in_flight, 0);
}

/// What arrives again takes no room, in pieces neither.
#[test]
fn rule_01_a_repetition_needs_no_room() {
    for qos in [1, 2] {
        let options = kept().backlog(100_000, Overflow::Disconnect);
        let (mut line, stream) = Line::subscribed(options, QoS::ExactlyOnce, PRESENT);
        let large = message(1, qos, &[7; 90_000]);
        line.receive(&large[..50_000]);
        line.receive(&large[50_000..]);
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        line.sent();
        let again = dup(large.clone());
        line.receive(&again[..50_000]);
        line.receive(&again[50_000..]);
        line.is_connected();
        assert!(line.client.counters().backlog < 100_000);
        // Another message of that size finds none.
        line.closed();
        line.pass(secs(60));
        line.connect(PRESENT);
        line.sent();
        line.receive(&dup(message(1, qos, &[8; 90_000]))[..80_000]);
        line.receive(&[8; 10_014]);
        assert_eq!(line.poll_transport(), Transport::Close);
        assert_eq!(line.take_all(stream).len(), 1);
    }
}
