//! Properties of all inputs: topics, text, lengths and the codec, each against a model of its own.
use motemq::{packet::*, topic::*, *};
use proptest::prelude::*;

/// The number of random inputs, which differ each time.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Prints the number of inputs, for the documentation.
fn tried(what: &str, count: usize) {
    println!("{what}: {count} tried");
}

/// All texts of up to `most` of these characters.
fn texts(characters: &[char], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut begin = 0;
    for _ in 0..most {
        let end = all.len();
        for at in begin..end {
            for &character in characters {
                let mut longer = all[at].clone();
                longer.push(character);
                all.push(longer);
            }
        }
        begin = end;
    }
    all
}

/// The model of section 4.7, level by level.
fn covers(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        (["#"], _) => true,
        ([], []) => true,
        ([wanted, filter @ ..], [level, topic @ ..]) => {
            (*wanted == "+" || wanted == level) && covers(filter, topic)
        }
        _ => false,
    }
}

fn model_matches(filter: &str, topic: &str) -> bool {
    let (filter, topic): (Vec<_>, Vec<_>) =
        (filter.split('/').collect(), topic.split('/').collect());
    let hidden = topic[0].starts_with('$') && (filter[0] == "+" || filter[0] == "#");
    !hidden && covers(&filter, &topic)
}

fn model_is_filter(text: &str) -> bool {
    let levels: Vec<_> = text.split('/').collect();
    let last = levels.len() - 1;
    let valid = |(at, &level): (usize, &&str)| {
        !level.contains(['+', '#']) || level == "+" || (level == "#" && at == last)
    };
    !text.is_empty()
        && text.len() <= 65_535
        && !text.contains('\0')
        && levels.iter().enumerate().all(valid)
}

fn is_name(text: &str) -> bool {
    TopicName::new(text).is_ok()
}

fn is_filter(text: &str) -> bool {
    TopicFilter::new(text).is_ok()
}

fn model_is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 65_535 && !text.contains(['\0', '+', '#'])
}

#[test]
fn names_and_filters_are_valid_as_in_the_standard() {
    let all = texts(&['a', '/', '+', '#', '\0', 'é', '$', '\u{1}'], 5);
    tried(
        "texts of up to five characters, as topics and filters",
        all.len(),
    );
    for text in all {
        assert_eq!(is_name(&text), model_is_name(&text), "{text:?}");
        assert_eq!(is_filter(&text), model_is_filter(&text), "{text:?}");
    }
    for length in [65_534, 65_535, 65_536, 70_000] {
        let text = "x".repeat(length);
        assert_eq!(
            (is_name(&text), is_filter(&text)),
            (length <= 65_535, length <= 65_535)
        );
    }
}

#[test]
fn filters_match_as_in_the_standard() {
    let all = texts(&['a', 'b', '/', '+', '#', '$'], 4);
    let (names, filters): (Vec<_>, Vec<_>) = (
        all.iter().filter(|t| is_name(t)).collect(),
        all.iter().filter(|t| is_filter(t)).collect(),
    );
    let mut matching = 0;
    for filter in &filters {
        for name in &names {
            let expected = model_matches(filter, name);
            assert_eq!(matches(filter, name), expected, "{filter:?} {name:?}");
            matching += u32::from(expected);
        }
    }
    assert!(matching > 1000, "only {matching} pairs match");
    tried(
        "filters of up to four characters, with topics",
        filters.len() * names.len(),
    );
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn long_filters_match_as_in_the_standard(
        topic in prop::collection::vec(prop::sample::select(vec!["", "a", "bb", "$x", "é"]), 1..9),
        wild in prop::collection::vec(0..6, 9), cut in 1..9usize, hash: bool,
    ) {
        // Filters similar to the topic, so that many match.
        let mut filter: Vec<_> = topic.iter().zip(&wild).map(|(&level, wild)| match wild { 0 | 1 => "+", 2 => "a", _ => level }).collect();
        filter.truncate(cut);
        if hash {
            filter.push("#");
        }
        let (filter, name) = (filter.join("/"), topic.join("/"));
        prop_assume!(is_filter(&filter) && is_name(&name));
        prop_assert_eq!(matches(&filter, &name), model_matches(&filter, &name), "{} {}", filter, name);
        prop_assert_eq!(TopicName::new(&name).unwrap().matches(&filter), model_matches(&filter, &name));
    }
}

/// A PUBLISH with QoS 0, no payload and these bytes as the topic.
fn publish_to(topic: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30];
    put_length(&mut packet, topic.len() + 2);
    packet.extend((topic.len() as u16).to_be_bytes());
    packet.extend(topic);
    packet
}

/// The model of section 2.2.3.
fn put_length(packet: &mut Vec<u8>, mut length: usize) {
    loop {
        let digit = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { digit | 128 } else { digit });
        if length == 0 {
            return;
        }
    }
}

/// `packet`, a PUBLISH to `topic`, is read if and only if the topic is text for Rust's `core`, and a
/// topic name; then a `TopicName` can be made of it, too.
#[track_caller]
fn check_topic(packet: &[u8], topic: &[u8]) {
    let valid = core::str::from_utf8(topic).is_ok_and(model_is_name);
    assert_eq!(decode(packet).is_ok(), valid, "{topic:02x?}");
    if let Ok(text) = core::str::from_utf8(topic) {
        assert_eq!(TopicName::new(text).is_ok(), valid, "{topic:02x?}");
    }
}

#[test]
fn every_character_is_a_topic_or_not() {
    let mut text = [0; 4];
    let mut count = 0;
    for character in '\0'..=char::MAX {
        let topic = character.encode_utf8(&mut text).as_bytes();
        check_topic(&publish_to(topic), topic);
        count += 1;
    }
    tried("characters, as topics", count);
}

/// All texts of two and three bytes, also with ASCII before and behind, since words of eight bytes
/// are checked in another way.
#[test]
fn every_three_bytes_are_a_topic_or_not() {
    let mut packet = publish_to(b"..");
    let mut long = publish_to(b"........a...");
    let mut count = 0;
    for bytes in 0..=u16::MAX {
        count += 2;
        let bytes = bytes.to_be_bytes();
        packet[4..].copy_from_slice(&bytes);
        check_topic(&packet, &bytes);
        long[12..14].copy_from_slice(&bytes);
        let topic = long[4..].to_vec();
        check_topic(&long, &topic);
    }
    let mut packet = publish_to(b"...");
    // One letter stands for all of ASCII.
    for first in [0, b'#', b'+', b'/', b'a', 0x7f]
        .into_iter()
        .chain(0x80..=0xff)
    {
        for second in 0..=255 {
            for third in 0..=255 {
                packet[4..].copy_from_slice(&[first, second, third]);
                check_topic(&packet, &[first, second, third]);
                count += 1;
            }
        }
    }
    tried("topics of two and three bytes", count);
}

#[test]
fn every_four_bytes_at_the_edges_are_a_topic_or_not() {
    const EDGES: [u8; 24] = [
        0, 0x23, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
        0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf3, 0xf4, 0xf5,
    ];
    let mut packet = publish_to(b"....");
    for a in EDGES {
        for b in EDGES {
            for c in EDGES {
                for d in EDGES {
                    packet[4..].copy_from_slice(&[a, b, c, d]);
                    check_topic(&packet, &[a, b, c, d]);
                }
            }
        }
    }
    tried(
        "topics of four bytes at the edges of UTF-8",
        EDGES.len().pow(4),
    );
}

/// A SUBSCRIBE or an UNSUBSCRIBE with identifier 1 for these filters, with QoS 1.
fn packet_of(filters: &[&[u8]], with_qos: bool) -> Vec<u8> {
    let mut body = vec![0, 1];
    for filter in filters {
        body.extend((filter.len() as u16).to_be_bytes());
        body.extend(*filter);
        if with_qos {
            body.push(1);
        }
    }
    let mut packet = vec![if with_qos { 0x82 } else { 0xa2 }];
    put_length(&mut packet, body.len());
    packet.extend(body);
    packet
}

/// The filters are decoded, and encoded again, if and only if each is text and a topic filter.
#[track_caller]
fn check_filters(filters: &[&[u8]]) {
    let texts: Option<Vec<&str>> = filters
        .iter()
        .map(|filter| core::str::from_utf8(filter).ok())
        .collect();
    let valid = texts
        .as_ref()
        .is_some_and(|texts| texts.iter().all(|text| model_is_filter(text)));
    let id = PacketId::new(1).unwrap();
    let mut memory = vec![0; filters.iter().map(|filter| filter.len() + 3).sum::<usize>() + 16];
    let mut check = |packet: Packet<'_>, bytes: &[u8], says: &str| {
        let mut taken = 0;
        let written = packet.encode(&mut Out::new(&mut memory, &mut taken));
        let expected = if valid {
            Ok(())
        } else {
            Err(SendError::Invalid)
        };
        assert_eq!(written, expected, "{says}: {filters:02x?}");
        assert_eq!(&memory[..taken], if valid { bytes } else { b"" }, "{says}");
    };
    let (subscribe, unsubscribe) = (packet_of(filters, true), packet_of(filters, false));
    for (bytes, qos) in [
        (&subscribe, QoS::AtLeastOnce),
        (&unsubscribe, QoS::AtMostOnce),
    ] {
        let decoded = decode(bytes);
        assert_eq!(decoded.is_ok(), valid, "{filters:02x?}");
        let list: Vec<_> = texts
            .iter()
            .flatten()
            .map(|text| Filter::new(text, qos))
            .collect();
        if let Ok(decoded) = decoded {
            let (packet, length) = decoded.unwrap();
            let (Packet::Subscribe { filters, .. } | Packet::Unsubscribe { filters, .. }) = packet
            else {
                panic!("{packet:?}");
            };
            assert_eq!(length, bytes.len());
            assert!(filters.iter().eq(list.iter().copied()), "{filters:?}");
            check(packet, bytes, "as decoded");
            // The filters of one packet are encoded in the other one.
            check(
                Packet::Unsubscribe { id, filters },
                &unsubscribe,
                "decoded, without QoS",
            );
            if qos == QoS::AtLeastOnce {
                check(Packet::Subscribe { id, filters }, &subscribe, "with QoS");
            }
        }
        if texts.is_some() {
            let filters = Filters::from(&list[..]);
            check(
                Packet::Unsubscribe { id, filters },
                &unsubscribe,
                "UNSUBSCRIBE",
            );
            if qos == QoS::AtLeastOnce {
                check(Packet::Subscribe { id, filters }, &subscribe, "SUBSCRIBE");
            }
        }
    }
}

/// Three bytes of any kind at every position in filters of any length, which are checked in words
/// and blocks.
#[test]
fn three_bytes_of_a_filter_are_checked_at_every_position() {
    const KINDS: [u8; 8] = [b'x', b'/', b'+', b'#', 0, 0x7f, 0xc3, 0xa9];
    let mut count = 0;
    for length in (1..=36).chain([48, 49, 50, 127, 128]) {
        let mut filter = vec![b'x'; length];
        for at in 0..length {
            let end = length.min(at + 3);
            for kinds in 0..KINDS.len().pow((end - at) as u32) {
                let mut rest = kinds;
                for byte in &mut filter[at..end] {
                    *byte = KINDS[rest % KINDS.len()];
                    rest /= KINDS.len();
                }
                let valid = core::str::from_utf8(&filter).is_ok_and(model_is_filter);
                assert_eq!(
                    decode(&packet_of(&[&filter], true)).is_ok(),
                    valid,
                    "{filter:02x?}"
                );
                // All valid filters, and some of the others.
                if valid || kinds % 16 == 0 {
                    check_filters(&[&filter]);
                }
                count += 1;
            }
            filter[at..end].fill(b'x');
        }
    }
    tried("filters with three bytes of any kind", count);
}

/// Filters whose packet is not UTF-8 as a whole, since a length is not ASCII, and others.
#[test]
fn filters_of_any_length_are_read_as_they_were_written() {
    let long = "l".repeat(127);
    let longer = "é/".repeat(43);
    // Its length, 0xc280, is a character.
    let longest = format!("{}/é/#", "x".repeat(0xc280 - 5));
    let texts = ["a", "é", "+/é/#", &long, &longer, &longest, "#"];
    let mut count = 0;
    for first in texts {
        for second in texts {
            for third in texts {
                check_filters(&[first, second, third].map(str::as_bytes));
                count += 1;
            }
            check_filters(&[first.as_bytes(), second.as_bytes(), b"a#"]);
            check_filters(&[first.as_bytes(), b"\xa9", second.as_bytes()]);
            check_filters(&[b"\xc3", first.as_bytes(), second.as_bytes()]);
        }
    }
    check_filters(&[b""]);
    check_filters(&[b"a", b""]);
    let lengths = (1..=0x90).chain(0x3ff0..=0x4010);
    for text in lengths.map(|length| "x".repeat(length)) {
        check_filters(&[text.as_bytes()]);
        check_filters(&[text.as_bytes(), b"+"]);
    }
    tried("packets of three filters", count);
}

/// One byte that is not plain is found at every position in texts of any length, also where words
/// are checked at once.
#[test]
fn one_invalid_byte_is_found_at_every_position() {
    tried("topics with one odd byte", (1..=40).sum::<usize>() * 256);
    for length in 1..=40 {
        for at in 0..length {
            for odd in 0..=255 {
                let mut topic = vec![b'x'; length];
                topic[at] = odd;
                check_topic(&publish_to(&topic), &topic);
            }
        }
    }
}

/// Client identifiers and user names are any text without U+0000; they may be empty and contain
/// wildcards.
#[test]
fn text_is_utf_8_without_zero() {
    for bytes in 0..=u16::MAX {
        let bytes = bytes.to_be_bytes();
        for text in [&bytes[..], &bytes[..1], b""] {
            let mut packet = b"\x10\x00\0\x04MQTT\x04\x82\0\x3c\0\x01c\0".to_vec();
            packet.push(text.len() as u8);
            packet.extend(text);
            packet[1] = (packet.len() - 2) as u8;
            assert_eq!(
                decode(&packet).is_ok(),
                core::str::from_utf8(text).is_ok_and(|text| !text.contains('\0')),
                "{text:02x?}"
            );
        }
    }
}

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
