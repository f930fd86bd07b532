//! What is told of messages: whole or in pieces, through buffers of any size.
mod script;
use motemq::*;
use script::*;

/// A PUBLISH with QoS 0 to `topic`.
fn publish(topic: &[u8], payload: &[u8]) -> Vec<u8> {
    packet(0x30, topic, &[], payload)
}

fn packet(head: u8, topic: &[u8], id: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = 2 + topic.len() + id.len() + payload.len();
    let mut bytes = vec![head];
    put_length(&mut bytes, length);
    bytes.extend((topic.len() as u16).to_be_bytes());
    bytes.extend([topic, id, payload].concat());
    bytes
}

/// Section 2.2.3.
fn put_length(packet: &mut Vec<u8>, mut length: usize) {
    while length > 127 {
        packet.push(length as u8 | 0x80);
        length >>= 7;
    }
    packet.push(length as u8);
}

/// A handler can publish a reply with borrowed data inside the match arm, and still use the
/// message.
#[test]
fn events_borrow_rx_and_nothing_else() {
    let mut d = Dialogue::<2>::open();
    d.gets(b"\x32\x09\0\x02to\0\x05abc");
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
    d.says(b"\x30\x07\0\x02toabc\x82\x07\0\x01\0\x02to\x01\x40\x02\0\x05\xe0\0");
}

/// The same in the slice form: the event lives as long as the bytes do, and what is done with is
/// taken off them.
#[test]
fn slices_are_read_and_taken_off() {
    let mut d = Dialogue::<2>::open();
    let bytes = b"\x30\x06\0\x01tabc\x32\x05\0\x01t\0\x05\x30\x09\0\x01th".to_vec();
    let (mut input, mut memory, mut end) = (&bytes[..], [0; 32], 0);
    let mut events = vec![];
    while let Some(event) = d
        .session
        .receive(&mut input, 256, &mut Out::new(&mut memory, &mut end))
        .unwrap()
    {
        events.push(event);
    }
    let told: Vec<_> = events.into_iter().map(Told::from).collect();
    assert_eq!(told, [message("t", b"abc"), message("t", b"").qos1(5)]);
    assert_eq!(
        (input, &memory[..end]),
        (&b"\x30\x09\0\x01th"[..], &b"\x40\x02\0\x05"[..])
    );
    // What is longer than `room` comes in pieces, although the slice holds all of it.
    let long = publish(b"t", &[7; 40]);
    let mut input = &long[..];
    let told = d
        .session
        .receive(&mut input, 16, &mut Out::new(&mut memory, &mut end))
        .unwrap()
        .map(Told::from);
    assert_eq!(joined(&[told.unwrap()]), [message("t", &[7; 40])]);
    assert!(input.is_empty());
}

/// `Ok(None)`: nothing was taken, nothing written, and the session is as it was.
#[test]
fn a_packet_that_is_not_all_there_is_not_taken() {
    let packets: [&[u8]; 8] = [
        b"\x32\x07\0\x01t\0\x05hi",
        b"\x34\x07\0\x01t\0\x05hi",
        b"\x40\x02\0\x01",
        b"\x50\x02\0\x01",
        b"\x62\x02\0\x01",
        b"\x90\x03\0\x01\x01",
        b"\xb0\x02\0\x01",
        b"\xd0\0",
    ];
    for packet in packets {
        for cut in 0..packet.len() {
            let mut d = Dialogue::<2>::open();
            d.gets(&packet[..cut]);
            let before = d.session.oldest_in_flight();
            for _ in 0..3 {
                assert_eq!(
                    (d.next(), d.rx.bytes(), d.session.oldest_in_flight()),
                    (None, &packet[..cut], before),
                    "{packet:02x?} cut at {cut}"
                );
                d.silent();
            }
        }
    }
}

/// Without room for the reply owed nothing is read, whatever comes.
#[test]
fn without_room_for_a_reply_nothing_is_read() {
    let mut d = Dialogue::<2, 256, 24>::open();
    d.publish(&Publish::to("a").payload(b"12345678901234"))
        .unwrap();
    assert_eq!(d.tx.room(), 5);
    d.publish(&Publish::to("b")).unwrap_err();
    d.gets(b"\x32\x05\0\x01t\0\x05\x32\x05\0\x01t\0\x06\x30\x03\0\x01t\xd0\0");
    assert_eq!(
        d.turn(),
        [message("t", b"").qos1(5), message("t", b"").qos1(6)]
    );
    for _ in 0..3 {
        assert_eq!(
            (d.next(), d.rx.bytes()),
            (None, &b"\x30\x03\0\x01t\xd0\0"[..])
        );
    }
    d.says(b"\x30\x11\0\x01a12345678901234\x40\x02\0\x05");
    assert_eq!(d.turn(), [message("t", b"")]);
    d.says(b"\x40\x02\0\x06");
}

/// A packet that fits in `rx` arrives whole, however its bytes came; one that is longer by a byte
/// does not.
#[test]
fn whole_if_it_fits_and_in_pieces_if_not() {
    for length in 60..70 {
        let data = vec![b'x'; length - 5];
        let bytes = publish(b"t", &data);
        assert_eq!(bytes.len(), length);
        let mut d = Dialogue::<2, 64>::open();
        let mut slow = d.clone();
        let mut told = vec![];
        for byte in bytes.chunks(1) {
            told.extend(slow.feed(byte));
        }
        if length <= 64 {
            assert_eq!(
                (d.feed(&bytes), told),
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
                told.len() > 2 && joined(&told) == [message("t", &data)],
                "{length}"
            );
        }
    }
}

/// Behind another packet, too, so that `rx` has to be moved together first.
#[test]
fn whole_behind_other_packets() {
    let full = publish(b"t", &[b'x'; 59]);
    for before in 1..12 {
        let first = publish(b"u", &vec![b'y'; before]);
        let mut d = Dialogue::<2, 64>::open();
        let told = d.feed(&[&first[..], &full, &first, &full].concat());
        let (one, other) = (message("u", &vec![b'y'; before]), message("t", &[b'x'; 59]));
        assert_eq!(told, [one.clone(), other.clone(), one, other], "{before}");
    }
}

#[test]
fn no_payload_is_a_payload() {
    let mut d = Dialogue::<2, 16>::open();
    d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
    d.hears(b"\x34\x05\0\x01t\0\x05", &[message("t", b"").qos2(5)]);
    d.says(b"\x50\x02\0\x05");
    // A topic that fills all of `rx`, without a payload.
    d.hears(
        b"\x31\x0e\0\x0c123456789012",
        &[message("123456789012", b"").retain()],
    );
    // And with one.
    d.hears(
        b"\x30\x11\0\x0c123456789012abc",
        &[
            message("123456789012", b"").remaining(3),
            payload(b"abc", 0),
        ],
    );
    d.hears(
        b"\x32\x0f\0\x0a1234567890\0\x05!",
        &[
            message("1234567890", b"").qos1(5).remaining(1),
            payload(b"!", 0),
        ],
    );
    d.says(b"\x40\x02\0\x05");
}

/// Topics of all lengths around the size of `rx`, with and without payload: told if the header
/// fits, drained if it does not, acknowledged in either case.
#[test]
fn a_message_whose_topic_does_not_fit_is_skipped() {
    for length in 1..60 {
        for (qos, reply) in [(0, None), (1, Some(0x40)), (2, Some(0x50))] {
            for dup in [0, 8] {
                for payload in [0, 1, 2, 30] {
                    if qos == 0 && dup != 0 {
                        continue;
                    }
                    let (topic, data) = (vec![b'x'; length], vec![b'.'; payload]);
                    let identifier: &[u8] = if qos == 0 { &[] } else { b"\x12\x34" };
                    let bytes = packet(0x30 | dup | qos << 1, &topic, identifier, &data);
                    let header = 4 + length + identifier.len();
                    let mut d = Dialogue::<2, 24>::open();
                    let followed = [&bytes[..], b"\x30\x03\0\x01t"].concat();
                    let mut slow = d.clone();
                    let told = d.feed(&followed);
                    let mut slowly = vec![];
                    for byte in followed.chunks(1) {
                        slowly.extend(slow.feed(byte));
                    }
                    assert_eq!(joined(&told), joined(&slowly), "{length} {qos} {payload}");
                    match &joined(&told)[..] {
                        [Told::Message(m), next] if header <= 24 => {
                            assert_eq!(
                                (&m.topic, &m.payload, next),
                                (&topic, &data, &message("t", b""))
                            );
                        }
                        [Told::Skipped(n), next] if header > 24 => {
                            assert_eq!((*n, next), (payload as u32, &message("t", b"")))
                        }
                        told => {
                            panic!("topic of {length}, QoS {qos}, payload of {payload}: {told:?}")
                        }
                    }
                    let reply = reply
                        .map(|head| vec![head, 2, 0x12, 0x34])
                        .unwrap_or_default();
                    assert_eq!(slow.tx.bytes(), reply);
                    d.says(&reply);
                }
            }
        }
    }
}

/// The longest topic there is passes the smallest buffer, and the session goes on.
#[test]
fn the_longest_topic_is_skipped() {
    for length in [20_000, 65_535] {
        let bytes = packet(0x3d, &vec![b'/'; length], b"\0\x09", b"payload...");
        let mut d = Dialogue::<1, 16>::open();
        d.hears(&bytes, &[Told::Skipped(10)]);
        d.says(b"\x50\x02\0\x09");
        // Its identifier is held like any other.
        d.hears(&bytes, &[]);
        d.says(b"\x50\x02\0\x09");
        d.hears(b"\x62\x02\0\x09\x30\x03\0\x01t", &[message("t", b"")]);
        d.says(b"\x70\x02\0\x09");
    }
}

/// A skipped message is no message for the checks of text, but identifier 0 is wrong in any.
#[test]
fn a_skipped_message_has_an_identifier() {
    let mut d = Dialogue::<2, 16>::open();
    d.hears(
        b"\x32\x19\0\x14abcdefghijklmnopqrst\0\0!",
        &[fault(Fault::Malformed)],
    );
    d.silent();
}

/// A byte that depends on its place, so that lost and doubled ones show.
fn byte(at: usize) -> u8 {
    (at % 251) as u8 ^ (at >> 13) as u8
}

const TEN_MB: usize = 10_000_000;

/// Promise 10, in: ten million bytes through `rx` of 256 (and 16) bytes.
#[test]
fn ten_megabytes_in() {
    fn hear<const RX: usize>(total: usize) {
        let mut d = Dialogue::<1, RX>::open();
        let mut header = vec![0x34];
        put_length(&mut header, total + 5);
        header.extend(b"\0\x01t\0\x09");
        d.gets(&header);
        let (mut sent, mut heard) = (0, 0);
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
                        .all(|(at, &got)| got == byte(heard + at)),
                    "at {heard}"
                );
                heard += data.len();
                assert_eq!(heard + remaining as usize, total);
            }
            if heard == total {
                break;
            }
            d.silent();
            let space = d.rx.space();
            let n = space.len().min(total - sent).min(1 + sent % 300);
            space[..n]
                .iter_mut()
                .enumerate()
                .for_each(|(at, to)| *to = byte(sent + at));
            sent += n;
            d.rx.commit(n);
        }
        d.says(b"\x50\x02\0\x09");
        d.hears(b"\x30\x03\0\x01t", &[message("t", b"")]);
    }
    hear::<256>(TEN_MB);
    hear::<64>(TEN_MB / 10);
    hear::<16>(TEN_MB / 10);
}

/// Promise 10, out: the same through `tx`.
#[test]
fn ten_megabytes_out() {
    fn say<const TX: usize>(total: usize) {
        let mut d = Dialogue::<1, 16, TX>::open();
        assert_eq!(
            d.publish(
                &Publish::to("t")
                    .qos(QoS::AtLeastOnce)
                    .remaining(total as u32)
            ),
            Ok(Some(id(1)))
        );
        let mut header = vec![0x32];
        put_length(&mut header, total + 5);
        header.extend(b"\0\x01t\0\x01");
        d.says(&header);
        let data: Vec<u8> = (0..1000 + 251).map(|at| (at % 251) as u8).collect();
        let (mut given, mut said) = (0, 0);
        while said < total {
            assert_eq!(d.session.payload_remaining() as usize, total - given);
            let piece = &data[given % 251..][..(total - given).min(1000)];
            match d.session.publish_chunk(piece, &mut d.tx) {
                Ok(n) => given += n,
                Err(SendError::Full) => {}
                other => panic!("{other:?}"),
            }
            let n = d.tx.bytes().len().min(1 + said % 300);
            assert!(
                d.tx.bytes()[..n]
                    .iter()
                    .enumerate()
                    .all(|(at, &got)| got == ((said + at) % 251) as u8),
                "at {said}"
            );
            said += n;
            d.tx.consume(n);
        }
        assert_eq!(
            (given, d.session.payload_remaining(), d.tx.is_empty()),
            (total, 0, true)
        );
        d.publish(&Publish::to("t")).unwrap();
        d.says(b"\x30\x03\0\x01t");
        d.hears(b"\x40\x02\0\x01", &[acked(1)]);
    }
    say::<256>(TEN_MB);
    say::<64>(TEN_MB / 10);
    say::<32>(TEN_MB / 10);
}

/// The largest message MQTT knows is begun and counted right, in and out.
#[test]
fn a_quarter_of_a_gigabyte() {
    let mut d = Dialogue::<1, 16>::open();
    d.gets(b"\x30\xff\xff\xff\x7f\0\x01t01234567");
    assert_eq!(
        d.next(),
        Some(message("t", b"01234567").remaining(268_435_455 - 3 - 8))
    );
    let mut d = Dialogue::<1, 16>::open();
    d.publish(&Publish::to("t").remaining(268_435_452)).unwrap();
    d.says(b"\x30\xff\xff\xff\x7f\0\x01t");
    d.session.publish_direct(268_435_452, &mut d.tx).unwrap();
    assert_eq!(d.session.payload_remaining(), 0);
}

/// Only PUBLISH may be longer than `rx`.
#[test]
fn another_packet_longer_than_rx_is_too_large() {
    let mut d = Dialogue::<2, 16>::open();
    d.hears(b"\x90\x0e\0\x09\0\0\0\0\0\0\0\0\0\0\0\0", &[]);
    d.hears(
        b"\x90\x0f\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\0",
        &[fault(Fault::PacketTooLarge)],
    );
}
