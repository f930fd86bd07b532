//! Remaining lengths, and packets that the codec reads and writes.
use crate::{cases, put_length, tried};
use motemq::{packet::*, *};
use proptest::prelude::*;

type Opened<const RX: usize, const TX: usize> =
    (Session<[Slot; 2]>, Buffer<[u8; RX]>, Buffer<[u8; TX]>);

fn open<const RX: usize, const TX: usize>() -> Opened<RX, TX> {
    let (mut session, mut rx, mut tx) = (Session::new(), Buffer::new(), Buffer::new());
    session
        .connect(&Connect::new("c"), &mut rx, &mut tx)
        .unwrap();
    tx.clear();
    receive(&mut rx, b"\x20\x02\0\0");
    assert_eq!(
        session.next_event(&mut rx, &mut tx),
        Ok(Some(Event::Connected {
            session: SessionState::New,
            properties: ()
        }))
    );
    (session, rx, tx)
}

fn receive(rx: &mut Buffer, bytes: &[u8]) {
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
}

/// Up to five digits of a remaining length, all at the edges of their range, are read as in the
/// standard, or refused.
#[test]
fn every_remaining_length_is_read_or_refused() {
    const DIGITS: [u8; 8] = [0, 1, 3, 0x7f, 0x80, 0x81, 0xfe, 0xff];
    let mut sequences = vec![vec![]];
    let mut begin = 0;
    for _ in 0..5 {
        let end = sequences.len();
        for at in begin..end {
            for digit in DIGITS {
                let longer = [&sequences[at][..], &[digit]].concat();
                sequences.push(longer);
            }
        }
        begin = end;
    }
    let opened = open::<16, 32>();
    tried("remaining lengths of up to five bytes", sequences.len());
    for digits in sequences {
        // Bytes after the last digit are not part of it.
        let ends = digits.iter().position(|&digit| digit < 0x80);
        let expected = match ends {
            None if digits.len() < 4 => None,
            None => Some(Err(Fault::Malformed)),
            Some(end) if end > 3 || (end > 0 && digits[end] == 0) => Some(Err(Fault::Malformed)),
            Some(end) => Some(Ok(digits[..=end]
                .iter()
                .rev()
                .fold(0, |length: u32, &digit| {
                    length << 7 | u32::from(digit & 0x7f)
                }))),
        };
        let (mut session, mut rx, mut tx) = opened.clone();
        let digits = &digits[..ends.map_or(digits.len(), |end| end + 1)];
        receive(&mut rx, &[&[0x30], digits, b"\0\x01t"].concat());
        let event = session.next_event(&mut rx, &mut tx);
        match expected {
            // "00 01 74" is then taken for digits, the first of which ends an overlong length.
            None => assert!(
                matches!(event, Err(Fault::Malformed)) || digits.is_empty(),
                "{digits:02x?}: {event:?}"
            ),
            Some(Err(fault)) => assert_eq!(event, Err(fault), "{digits:02x?}"),
            Some(Ok(length @ 0..3)) => assert_eq!(
                event,
                Err(Fault::Malformed),
                "{digits:02x?}: no room for a topic in {length}"
            ),
            Some(Ok(length)) => {
                let whole = 1 + digits.len() + length as usize;
                match event {
                    Ok(None) => assert!(length > 3 && whole <= 16, "{digits:02x?}"),
                    Ok(Some(Event::Message(m))) => assert_eq!(
                        (m.remaining, m.topic == "t"),
                        (length - 3, true),
                        "{digits:02x?}"
                    ),
                    event => panic!("{digits:02x?}: {event:?}"),
                }
            }
        }
    }
}

#[test]
fn every_remaining_length_is_written() {
    for edge in [0, 128, 16_384, 2_097_152, 268_435_456] {
        for length in u32::saturating_sub(edge, 2).max(3)..edge + 3 {
            let (mut session, _, mut tx) = open::<16, 32>();
            let done = session.publish(&Publish::to("t").remaining(length - 3), &mut tx);
            if length > 268_435_455 {
                assert_eq!(
                    (done, tx.is_empty()),
                    (Err(SendError::TooLong), true),
                    "{length}"
                );
                continue;
            }
            let mut packet = vec![0x30];
            put_length(&mut packet, length as usize);
            packet.extend(b"\0\x01t");
            assert_eq!((done, tx.bytes()), (Ok(None), &packet[..]), "{length}");
            assert_eq!(session.payload_remaining(), length - 3);
        }
    }
    let (mut session, _, mut tx) = open::<16, 32>();
    assert_eq!(
        session.publish(&Publish::to("t").remaining(u32::MAX), &mut tx),
        Err(SendError::TooLong)
    );
}

fn text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            'a', 'Z', '/', '$', ' ', 'é', '€', '𝄞', '\u{feff}', '\u{7f}',
        ]),
        1..most,
    )
    .prop_map(|characters| characters.into_iter().collect())
}

fn filter_text() -> impl Strategy<Value = String> {
    (
        prop::collection::vec(prop::sample::select(vec!["", "a", "+", "é", "$b"]), 1..5),
        any::<bool>(),
    )
        .prop_map(|(mut levels, hash)| {
            if hash {
                levels.push("#");
            }
            levels.join("/")
        })
        .prop_filter("not empty", |filter| !filter.is_empty())
}

fn data(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

fn field(packet: &mut Vec<u8>, bytes: &[u8]) {
    packet.extend((bytes.len() as u16).to_be_bytes());
    packet.extend(bytes);
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![head];
    put_length(&mut packet, body.len());
    packet.extend(body);
    packet
}

/// The bytes of a packet of any type that MQTT allows.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let id = || 1..=u16::MAX;
    let connect = (
        text(30),
        prop::option::of((text(20), data(20), 0..3u8, any::<bool>())),
        prop::option::of((text(9), prop::option::of(data(9)))),
    )
        .prop_flat_map(|all| (Just(all), any::<(bool, u16)>()))
        .prop_map(|((client, will, login), (clean, keep_alive))| {
            let mut flags = u8::from(clean) << 1;
            let mut rest = vec![];
            field(&mut rest, client.as_bytes());
            if let Some((topic, payload, qos, retain)) = will {
                flags |= 4 | qos << 3 | u8::from(retain) << 5;
                field(&mut rest, topic.as_bytes());
                field(&mut rest, &payload);
            }
            if let Some((user, password)) = login {
                flags |= 0x80;
                field(&mut rest, user.as_bytes());
                if let Some(password) = password {
                    flags |= 0x40;
                    field(&mut rest, &password);
                }
            }
            let mut body = b"\0\x04MQTT\x04".to_vec();
            body.push(flags);
            body.extend(keep_alive.to_be_bytes());
            body.extend(rest);
            packet(0x10, &body)
        });
    let publish = (text(60), 0..3u8, id(), any::<(bool, bool)>(), data(300)).prop_map(
        |(topic, qos, id, (dup, retain), payload)| {
            let mut body = vec![];
            field(&mut body, topic.as_bytes());
            if qos > 0 {
                body.extend(id.to_be_bytes());
            }
            body.extend(payload);
            packet(
                0x30 | u8::from(dup && qos > 0) << 3 | qos << 1 | u8::from(retain),
                &body,
            )
        },
    );
    let filters = (
        id(),
        prop::collection::vec((filter_text(), 0..3u8), 1..6),
        any::<bool>(),
    )
        .prop_map(|(id, filters, subscribe)| {
            let mut body = id.to_be_bytes().to_vec();
            for (filter, qos) in filters {
                field(&mut body, filter.as_bytes());
                if subscribe {
                    body.push(qos);
                }
            }
            packet(if subscribe { 0x82 } else { 0xa2 }, &body)
        });
    let suback = (
        id(),
        prop::collection::vec(prop::sample::select(vec![0, 1, 2, 0x80]), 1..200),
    )
        .prop_map(|(id, codes)| {
            let body = [&id.to_be_bytes()[..], &codes].concat();
            packet(0x90, &body)
        });
    let acks = (
        id(),
        prop::sample::select(vec![0x40, 0x50, 0x62, 0x70, 0xb0]),
    )
        .prop_map(|(id, head)| packet(head, &id.to_be_bytes()));
    let connack = any::<(bool, u8)>()
        .prop_map(|(present, code)| packet(0x20, &[u8::from(present && code == 0), code]));
    let empty = prop::sample::select(vec![0xc0, 0xd0, 0xe0]).prop_map(|head| packet(head, &[]));
    prop_oneof![3 => connect, 5 => publish, 3 => filters, 2 => suback, 2 => acks, 1 => connack, 1 => empty]
}

/// A packet with a few bytes changed, removed or inserted, and in some cases with its remaining
/// length corrected.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (
        packets(),
        prop::collection::vec((any::<prop::sample::Index>(), 0..3, any::<u8>()), 1..4),
        any::<bool>(),
    )
        .prop_map(|(bytes, damages, fit)| {
            let mut bytes = bytes;
            for (at, what, byte) in damages {
                let at = at.index(bytes.len());
                match what {
                    0 => bytes[at] = byte,
                    1 if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, byte),
                }
            }
            if fit && bytes.len() >= 2 && bytes.len() - 2 < 128 {
                bytes[1] = (bytes.len() - 2) as u8;
            }
            bytes
        })
}

/// Returns the bytes of an encoded packet.
fn encoded(packet: &Packet<'_>) -> Result<Vec<u8>, SendError> {
    let (mut memory, mut end) = (vec![0; 1000], 0);
    packet.encode(&mut Out::new(&mut memory, &mut end))?;
    memory.truncate(end);
    Ok(memory)
}

/// A list of filters of any length is written as it is read, and only into enough memory.
#[test]
fn a_list_of_filters_of_any_length_is_written() {
    // The remaining length takes one byte, two and three.
    for body in [6, 0x7e, 0x7f, 0x80, 0x81, 0x3fff, 0x4000, 0x4001] {
        for longest in [0x3000, 0xffff] {
            let one = "f".repeat((body - 5).min(longest));
            let rest = "g".repeat((body - 5 - one.len()).saturating_sub(3));
            let filters = [
                Filter::new(&one, QoS::AtLeastOnce),
                Filter::new(&rest, QoS::ExactlyOnce),
            ];
            let count = if rest.is_empty() { 1 } else { 2 };
            is_written(&filters[..count], body);
        }
    }
}

fn is_written(list: &[Filter<'_>], body: usize) {
    let id = PacketId::new(7).unwrap();
    let packet = Packet::Subscribe {
        id,
        filters: list.into(),
    };
    let (mut memory, mut end) = (vec![0; 0x4100], 0);
    packet.encode(&mut Out::new(&mut memory, &mut end)).unwrap();
    let written = memory.get(..end).unwrap();
    let Ok(Some((Packet::Subscribe { id: read, filters }, length))) = decode(written) else {
        panic!("{written:?}");
    };
    assert_eq!((read, length), (id, written.len()));
    assert!(filters.iter().eq(list.iter().copied()), "{length}");
    // There has to be room for the longest fixed header.
    let mut memory = vec![0; body + 5];
    for (room, outcome) in [
        (body + 4, (Err(SendError::TooLong), 0)),
        (body + 5, (Ok(()), length)),
    ] {
        let mut end = 0;
        let written = packet.encode(&mut Out::new(&mut memory[..room], &mut end));
        assert_eq!((written, end), outcome, "{length}");
    }
}

/// Filters that were read in a SUBSCRIBE are written into an UNSUBSCRIBE without their QoS, and the
/// other way round with QoS 0.
#[test]
fn filters_of_one_packet_are_written_into_the_other() {
    let subscribe = b"\x82\x06\0\x07\0\x01a\x01";
    let unsubscribe = b"\xa2\x05\0\x07\0\x01a";
    let read = |bytes| match decode(bytes) {
        Ok(Some((Packet::Subscribe { id, filters } | Packet::Unsubscribe { id, filters }, _))) => {
            (id, filters)
        }
        other => panic!("{other:?}"),
    };
    let (id, filters) = read(subscribe);
    let written = encoded(&Packet::Unsubscribe { id, filters });
    assert_eq!(written.as_deref(), Ok(&unsubscribe[..]));
    let (id, filters) = read(unsubscribe);
    let written = encoded(&Packet::Subscribe { id, filters });
    assert_eq!(written.as_deref(), Ok(&b"\x82\x06\0\x07\0\x01a\0"[..]));
}

fn reads_writes_reads(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(Some((packet, length))) = decode(bytes) else {
        return Ok(());
    };
    // The broker refuses it; the client does not send it [MQTT-3.1.3-8].
    if matches!(packet, Packet::Connect(c) if c.client_id.is_empty() && !c.clean) {
        prop_assert_eq!(encoded(&packet), Err(SendError::Invalid));
        return Ok(());
    }
    let again = encoded(&packet).map_err(|e| TestCaseError::fail(format!("{packet:?}: {e}")))?;
    prop_assert_eq!(&again[..], &bytes[..length], "{:?}", packet);
    prop_assert_eq!(decode(&again), Ok(Some((packet, length))));
    Ok(())
}

/// Session and codec find the same packets of a broker malformed.
fn agrees(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (mut session, mut rx, mut tx) = open::<1024, 64>();
    // One packet only, since the session continues to read.
    let bytes = decode(bytes)
        .ok()
        .flatten()
        .map_or(bytes, |(_, length)| &bytes[..length]);
    receive(&mut rx, bytes);
    let event = session.next_event(&mut rx, &mut tx);
    match decode(bytes) {
        Err(_) => prop_assert!(
            matches!(event, Err(Fault::Malformed | Fault::Unexpected)),
            "{:?}",
            event
        ),
        Ok(None) => {}
        Ok(Some((
            Packet::Publish {
                topic,
                payload,
                qos,
                id,
                retain,
                dup,
            },
            _,
        ))) => {
            let Ok(Some(Event::Message(m))) = event else {
                return Err(TestCaseError::fail(format!("{event:?}")));
            };
            prop_assert_eq!(
                (m.topic, m.payload, m.remaining, m.qos(), m.id()),
                (topic, payload, 0, qos, id)
            );
            prop_assert_eq!((m.retain(), m.dup()), (retain, dup));
        }
        Ok(Some((packet, _))) => {
            prop_assert!(!matches!(event, Err(Fault::Malformed)), "{:?}", packet)
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_allowed_packet_is_read_and_written_back(bytes in packets(), behind in data(5)) {
        let (packet, length) = decode(&[&bytes[..], &behind].concat()).unwrap().map(|(packet, length)| (format!("{packet:?}"), length)).unwrap();
        prop_assert_eq!(length, bytes.len(), "{}", packet);
        reads_writes_reads(&bytes)?;
        for cut in 0..bytes.len() {
            prop_assert_eq!(decode(&bytes[..cut]), Ok(None), "cut at {}", cut);
        }
        agrees(&bytes)?;
    }

    #[test]
    fn nothing_makes_the_codec_panic(bytes in data(80)) {
        reads_writes_reads(&bytes)?;
        agrees(&bytes)?;
    }

    #[test]
    fn damaged_packets_are_read_correctly_or_refused(bytes in damaged()) {
        reads_writes_reads(&bytes)?;
        if bytes.len() <= 1024 {
            agrees(&bytes)?;
        }
    }
}

/// All first bytes with all second bytes, and a few bytes behind them.
#[test]
fn every_beginning_is_read_or_refused() {
    for head in 0..=255 {
        for length in 0..=255 {
            for behind in [
                &b""[..],
                b"\0",
                b"\0\x01",
                b"\0\x01\0",
                b"\0\0\0\0",
                b"\0\x04MQTT\x04\x02\0\0\0\0",
                b"\xff\xff\xff\xff\xff\xff",
            ] {
                reads_writes_reads(&[&[head, length], behind].concat()).unwrap();
            }
        }
    }
    for head in 0..=255u8 {
        let known = matches!(head, 0x10 | 0x20 | 0x30..=0x35 | 0x3a..=0x3d | 0x40 | 0x50 | 0x62 | 0x70 | 0x82 | 0x90 | 0xa2 | 0xb0 | 0xc0 | 0xd0 | 0xe0);
        assert_eq!(decode(&[head]).is_ok(), known, "{head:02x}");
    }
}
