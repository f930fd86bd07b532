//! The events of messages: whole or in pieces, through buffers of any size.
use crate::script::*;
use motemq::*;

/// A handler can publish a reply with borrowed data inside the match arm, and still use the
/// message.
#[test]
fn events_borrow_rx_and_nothing_else() {
    let mut d = Dialogue::<2>::open();
    d.buffer(publish("to").qos1(5).payload(b"abc"));
    let Dialogue { session, rx, tx } = &mut d;
    let Ok(Some(Event::Message(m))) = session.next_event(rx, tx) else {
        panic!("no message")
    };
    session
        .publish(&Publish::to(m.topic.as_str()).payload(m.payload), tx)
        .unwrap();
    session
        .subscribe(&[Filter::new(m.topic.as_str(), m.qos())], tx)
        .unwrap();
    assert_eq!(session.tick(1, tx), Ok(None));
    assert_eq!(
        (session.is_closed(), session.oldest_in_flight(), m.payload),
        (false, Some(id(1)), &b"abc"[..])
    );
    session.disconnect(tx).unwrap();
    assert_eq!(m.id(), Some(id(5)));
    d.sends([
        publish("to").payload(b"abc"),
        subscribe(1, &[("to", 1)]),
        puback(5),
        disconnect(),
    ]);
}

/// With slices, an event lives as long as the bytes do, and the slice is advanced past the bytes
/// that were read.
#[test]
fn slices_are_read_in_place() {
    let mut d = Dialogue::<2>::open();
    let half = publish("t").payload(b"h").remaining(5).to_bytes();
    let whole = [publish("t").payload(b"abc"), publish("t").qos1(5)];
    let bytes = (whole, &half).to_bytes();
    let (mut input, mut memory, mut end) = (&bytes[..], [0; 32], 0);
    let mut events = vec![];
    while let Some(event) = d
        .session
        .receive(&mut input, 256, &mut Out::new(&mut memory, &mut end))
        .unwrap()
    {
        events.push(event);
    }
    let emitted: Vec<_> = events.into_iter().map(Emitted::from).collect();
    assert_eq!(emitted, [message("t", b"abc"), message("t", b"").qos1(5)]);
    assert_eq!(
        (input, &memory[..end]),
        (&half[..], &puback(5).to_bytes()[..])
    );
    // A message longer than `room` is delivered in pieces, although the slice holds all of it.
    let long = publish("t").payload(&[7; 40]).to_bytes();
    let mut input = &long[..];
    let emitted = d
        .session
        .receive(&mut input, 16, &mut Out::new(&mut memory, &mut end))
        .unwrap()
        .map(Emitted::from);
    assert_eq!(joined(&[emitted.unwrap()]), [message("t", &[7; 40])]);
    assert!(input.is_empty());
}

/// When `next_event` returns `Ok(None)`, nothing was taken and nothing written, and the session is
/// unchanged.
#[test]
fn an_incomplete_packet_is_not_taken() {
    let packets = [
        publish("t").qos1(5).payload(b"hi"),
        publish("t").qos2(5).payload(b"hi"),
        puback(1),
        pubrec(1),
        pubrel(1),
        suback(1, &[1]),
        unsuback(1),
        pingresp(),
    ];
    for packet in packets.map(|packet| packet.to_bytes()) {
        for cut in 0..packet.len() {
            let mut d = Dialogue::<2>::open();
            d.buffer(&packet[..cut]);
            let before = d.session.oldest_in_flight();
            for _ in 0..3 {
                assert_eq!(
                    (d.next_event(), d.rx.bytes(), d.session.oldest_in_flight()),
                    (None, &packet[..cut], before),
                    "{packet:02x?} cut at {cut}"
                );
                d.sends_nothing();
            }
        }
    }
}

/// While there is no room for a pending reply, nothing is read.
#[test]
fn without_room_for_a_reply_nothing_is_read() {
    let mut d = Dialogue::<2, 256, 24>::open();
    d.publish(&Publish::to("a").payload(b"12345678901234"))
        .unwrap();
    assert_eq!(d.tx.room(), 5);
    d.publish(&Publish::to("b")).unwrap_err();
    d.buffer([
        publish("t").qos1(5),
        publish("t").qos1(6),
        publish("t"),
        pingresp(),
    ]);
    assert_eq!(
        d.drain_events(),
        [message("t", b"").qos1(5), message("t", b"").qos1(6)]
    );
    for _ in 0..3 {
        assert_eq!(
            (d.next_event(), d.rx.bytes()),
            (None, &[publish("t"), pingresp()].to_bytes()[..])
        );
    }
    d.sends([publish("a").payload(b"12345678901234"), puback(5)]);
    assert_eq!(d.drain_events(), [message("t", b"")]);
    d.sends(puback(6));
}

/// A message that fits into `rx` is delivered whole, however its bytes arrive; one that is longer
/// by a byte is delivered in pieces.
#[test]
fn a_message_that_fits_into_rx_is_delivered_whole() {
    for length in 60..70 {
        let data = vec![b'x'; length - 5];
        let bytes = publish("t").payload(&data).to_bytes();
        assert_eq!(bytes.len(), length);
        let mut d = Dialogue::<2, 64>::open();
        let mut slow = d.clone();
        let mut emitted = vec![];
        for byte in bytes.chunks(1) {
            emitted.extend(slow.feed(byte));
        }
        if length <= 64 {
            assert_eq!(
                (d.feed(&bytes), emitted),
                (vec![message("t", &data)], vec![message("t", &data)]),
                "{length}"
            );
        } else {
            let fed = d.feed(&bytes);
            assert_eq!(
                fed,
                [
                    message("t", &data[..59]).remaining(length as u32 - 64),
                    payload(&data[59..], 0)
                ],
                "{length}"
            );
            assert!(
                emitted.len() > 2 && joined(&emitted) == [message("t", &data)],
                "{length}"
            );
        }
    }
}

/// A message behind other packets, too, is delivered whole, for which `rx` has to be compacted
/// first.
#[test]
fn a_message_behind_other_packets_is_delivered_whole() {
    let full = publish("t").payload(&[b'x'; 59]);
    for before in 1..12 {
        let first = publish("u").payload(&vec![b'y'; before]);
        let mut d = Dialogue::<2, 64>::open();
        let emitted = d.feed([first.clone(), full.clone(), first, full.clone()]);
        let (one, other) = (message("u", &vec![b'y'; before]), message("t", &[b'x'; 59]));
        assert_eq!(
            emitted,
            [one.clone(), other.clone(), one, other],
            "{before}"
        );
    }
}

#[test]
fn a_message_without_payload_is_delivered() {
    let mut d = Dialogue::<2, 16>::open();
    d.receives(publish("t"), &[message("t", b"")]);
    d.receives(publish("t").qos2(5), &[message("t", b"").qos2(5)]);
    d.sends(pubrec(5));
    // A topic that fills all of `rx`, without a payload.
    d.receives(
        publish("123456789012").retain(),
        &[message("123456789012", b"").retain()],
    );
    // With a payload.
    d.receives(
        publish("123456789012").payload(b"abc"),
        &[
            message("123456789012", b"").remaining(3),
            payload(b"abc", 0),
        ],
    );
    d.receives(
        publish("1234567890").qos1(5).payload(b"!"),
        &[
            message("1234567890", b"").qos1(5).remaining(1),
            payload(b"!", 0),
        ],
    );
    d.sends(puback(5));
}

/// Topics of all lengths around the size of `rx`, with and without payload: the message is
/// delivered if its header fits, skipped if it does not, and acknowledged in either case.
#[test]
fn a_message_whose_topic_does_not_fit_is_skipped() {
    for length in 1..60 {
        for qos in 0..=2 {
            for dup in [false, true] {
                for payload in [0, 1, 2, 30] {
                    if qos == 0 && dup {
                        continue;
                    }
                    let (topic, data) = ("x".repeat(length), vec![b'.'; payload]);
                    let packet = publish(&topic).payload(&data);
                    let (packet, reply) = match qos {
                        0 => (packet, vec![]),
                        1 => (packet.qos1(0x1234), vec![puback(0x1234)]),
                        _ => (packet.qos2(0x1234), vec![pubrec(0x1234)]),
                    };
                    let packet = if dup { packet.dup() } else { packet };
                    let header = 4 + length + if qos == 0 { 0 } else { 2 };
                    let mut d = Dialogue::<2, 24>::open();
                    let followed = [packet, publish("t")].to_bytes();
                    let mut slow = d.clone();
                    let emitted = d.feed(&followed);
                    let mut slowly = vec![];
                    for byte in followed.chunks(1) {
                        slowly.extend(slow.feed(byte));
                    }
                    assert_eq!(
                        joined(&emitted),
                        joined(&slowly),
                        "{length} {qos} {payload}"
                    );
                    match &joined(&emitted)[..] {
                        [Emitted::Message(m), next] if header <= 24 => {
                            assert_eq!(
                                (&m.topic[..], &m.payload, next),
                                (topic.as_bytes(), &data, &message("t", b""))
                            );
                        }
                        [Emitted::Skipped(n), next] if header > 24 => {
                            assert_eq!((*n, next), (payload as u32, &message("t", b"")))
                        }
                        emitted => {
                            panic!(
                                "topic of {length}, QoS {qos}, payload of {payload}: {emitted:?}"
                            )
                        }
                    }
                    assert_eq!(slow.tx.bytes(), reply.to_bytes());
                    d.sends(&reply);
                }
            }
        }
    }
}

/// The end of a skipped topic is no identifier with QoS 0, whatever its bytes are.
#[test]
fn a_skipped_topic_ends_with_null_characters() {
    let mut d = Dialogue::<2, 24>::open();
    let topic = "x".repeat(30) + "\0\0";
    d.receives(publish(&topic), &[Emitted::Skipped(0)]);
    d.sends_nothing();
}

/// A message with the longest topic passes the smallest buffer, and the session continues.
#[test]
fn the_longest_topic_is_skipped() {
    for length in [20_000, 65_535] {
        let bytes = publish(&"/".repeat(length))
            .qos2(9)
            .dup()
            .retain()
            .payload(b"payload...");
        let mut d = Dialogue::<1, 16>::open();
        d.receives(&bytes, &[Emitted::Skipped(10)]);
        d.sends(pubrec(9));
        // Its identifier is kept until PUBREL, as any other.
        d.receives(&bytes, &[]);
        d.sends(pubrec(9));
        d.receives([pubrel(9), publish("t")], &[message("t", b"")]);
        d.sends(pubcomp(9));
    }
}

/// The text of a skipped message is not checked, but identifier 0 is malformed in any message.
#[test]
fn a_skipped_message_with_identifier_0_is_malformed() {
    let mut d = Dialogue::<2, 16>::open();
    d.receives(
        b"\x32\x19\0\x14abcdefghijklmnopqrst\0\0!",
        &[fault(Fault::Malformed)],
    );
    d.sends_nothing();
}

/// A byte that depends on its position, so that lost and repeated bytes are found.
fn byte(at: usize) -> u8 {
    (at % 251) as u8 ^ (at >> 13) as u8
}

const TEN_MB: usize = 10_000_000;

/// Promise 10, incoming: ten million bytes pass `rx` of 256 (and 16) bytes.
#[test]
fn ten_megabytes_are_received_through_a_small_buffer() {
    fn receive<const RX: usize>(total: usize) {
        let mut d = Dialogue::<1, RX>::open();
        d.buffer(publish("t").qos2(9).remaining(total));
        let (mut sent, mut read) = (0, 0);
        loop {
            loop {
                let Dialogue { session, rx, tx } = &mut d;
                let (data, remaining) = match session.next_event(rx, tx).unwrap() {
                    None => break,
                    Some(Event::Message(m)) => (m.payload, m.remaining),
                    Some(Event::Payload { data, remaining }) => (data, remaining),
                    other => panic!("{other:?}"),
                };
                assert!(
                    data.iter()
                        .enumerate()
                        .all(|(at, &got)| got == byte(read + at)),
                    "at {read}"
                );
                read += data.len();
                assert_eq!(read + remaining as usize, total);
            }
            if read == total {
                break;
            }
            d.sends_nothing();
            let space = d.rx.space();
            let n = space.len().min(total - sent).min(1 + sent % 300);
            space[..n]
                .iter_mut()
                .enumerate()
                .for_each(|(at, to)| *to = byte(sent + at));
            sent += n;
            d.rx.commit(n);
        }
        d.sends(pubrec(9));
        d.receives(publish("t"), &[message("t", b"")]);
    }
    receive::<256>(TEN_MB);
    receive::<64>(TEN_MB / 10);
    receive::<16>(TEN_MB / 10);
}

/// Promise 10, outgoing: ten million bytes pass a small `tx`.
#[test]
fn ten_megabytes_are_sent_through_a_small_buffer() {
    fn send<const TX: usize>(total: usize) {
        let mut d = Dialogue::<1, 16, TX>::open();
        assert_eq!(
            d.publish(
                &Publish::to("t")
                    .qos(QoS::AtLeastOnce)
                    .remaining(total as u32)
            ),
            Ok(Some(id(1)))
        );
        d.sends(publish("t").qos1(1).remaining(total));
        let data: Vec<u8> = (0..1000 + 251).map(|at| (at % 251) as u8).collect();
        let (mut given, mut sent) = (0, 0);
        while sent < total {
            assert_eq!(d.session.payload_remaining() as usize, total - given);
            let piece = &data[given % 251..][..(total - given).min(1000)];
            match d.session.publish_chunk(piece, &mut d.tx) {
                Ok(n) => given += n,
                Err(SendError::Full) => {}
                other => panic!("{other:?}"),
            }
            let n = d.tx.bytes().len().min(1 + sent % 300);
            assert!(
                d.tx.bytes()[..n]
                    .iter()
                    .enumerate()
                    .all(|(at, &got)| got == ((sent + at) % 251) as u8),
                "at {sent}"
            );
            sent += n;
            d.tx.consume(n);
        }
        assert_eq!(
            (given, d.session.payload_remaining(), d.tx.is_empty()),
            (total, 0, true)
        );
        d.publish(&Publish::to("t")).unwrap();
        d.sends(publish("t"));
        d.receives(puback(1), &[acked(1)]);
    }
    send::<256>(TEN_MB);
    send::<64>(TEN_MB / 10);
    send::<32>(TEN_MB / 10);
}

/// The largest message of MQTT is begun and counted correctly, incoming and outgoing.
#[test]
fn the_largest_message_is_counted_correctly() {
    let mut d = Dialogue::<1, 16>::open();
    d.buffer(publish("t").payload(b"01234567").remaining(268_435_444));
    assert_eq!(
        d.next_event(),
        Some(message("t", b"01234567").remaining(268_435_455 - 3 - 8))
    );
    let mut d = Dialogue::<1, 16>::open();
    d.publish(&Publish::to("t").remaining(268_435_452)).unwrap();
    d.sends(publish("t").remaining(268_435_452));
    d.session.publish_direct(268_435_452, &mut d.tx).unwrap();
    assert_eq!(d.session.payload_remaining(), 0);
}

/// Only PUBLISH may be longer than `rx`.
#[test]
fn another_packet_longer_than_rx_is_too_large() {
    let mut d = Dialogue::<2, 16>::open();
    d.receives(suback(9, &[0; 12]), &[]);
    d.receives(suback(9, &[0; 13]), &[fault(Fault::PacketTooLarge)]);
}
