//! Topic names, topic filters and other text.
use crate::{cases, put_length, tried};
use motemq::{packet::*, topic::*, *};
use proptest::prelude::*;

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

/// Text from elsewhere is what `str` accepts, without U+0000.
#[test]
fn text_from_elsewhere_is_utf_8_without_zero() {
    let is_text = |bytes: &[u8]| core::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    assert!(topic::is_text(b""));
    // The bytes at the edges of the ranges, and ASCII for what may stand beside them.
    const EDGES: [u8; 18] = [
        0, 0x23, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef,
        0xf0, 0xf4, 0xf5,
    ];
    for a in 0..=255 {
        assert_eq!(topic::is_text(&[a]), is_text(&[a]), "{a:02x}");
        for b in 0..=255 {
            assert_eq!(topic::is_text(&[a, b]), is_text(&[a, b]), "{a:02x} {b:02x}");
            for c in EDGES {
                let three = [a, b, c];
                assert_eq!(topic::is_text(&three), is_text(&three), "{three:02x?}");
                for d in EDGES {
                    let four = [a, b, c, d];
                    assert_eq!(topic::is_text(&four), is_text(&four), "{four:02x?}");
                }
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
