//! Properties of all inputs of MQTT 5: each packet that the standard allows, and what is near it.
use motemq::{
    Out, Property, PropertySource, SendError,
    packet::v5::{DecodeError, Packet, decode},
};
use proptest::prelude::*;

/// The number of random inputs, which differ each time.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A variable byte integer (section 1.5.5).
fn put_variable(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let digit = (number % 128) as u8;
        number /= 128;
        bytes.push(if number > 0 { digit | 128 } else { digit });
        if number == 0 {
            return;
        }
    }
}

fn field(bytes: &mut Vec<u8>, data: &[u8]) {
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![head];
    put_variable(&mut packet, body.len());
    packet.extend(body);
    packet
}

fn data(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

fn text(least: usize, most: usize) -> impl Strategy<Value = String> {
    let characters = vec!['a', 'Z', '/', '$', ' ', 'é', '€', '𝄞', '\u{feff}', '\u{7f}'];
    prop::collection::vec(prop::sample::select(characters), least..most)
        .prop_map(|characters| characters.into_iter().collect())
}

fn filter_text() -> impl Strategy<Value = String> {
    let level = prop::sample::select(vec!["", "a", "+", "é", "$b"]);
    (
        prop::collection::vec(level, 1..5),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(mut levels, hash, shared)| {
            if hash {
                levels.push("#");
            }
            if shared {
                levels.splice(0..0, ["$share", "group"]);
            }
            levels.join("/")
        })
        .prop_filter("not empty", |filter| {
            !filter.is_empty() && filter != "$share/group/"
        })
}

/// The forms of values.
#[derive(Clone, Copy)]
enum Form {
    Boolean,
    Two { least: u16 },
    Four { least: u32 },
    Variable,
    Text,
    Topic,
    Data,
    Pair,
}

/// The properties of each packet, as table 2-4 of the standard has them.
fn allowed(place: &str) -> Vec<(u8, Form)> {
    use Form::*;
    let message = [
        (0x01, Boolean),
        (0x02, Four { least: 0 }),
        (0x03, Text),
        (0x08, Topic),
        (0x09, Data),
    ];
    let both = [
        (0x11, Four { least: 0 }),
        (0x15, Text),
        (0x16, Data),
        (0x21, Two { least: 1 }),
        (0x22, Two { least: 0 }),
        (0x27, Four { least: 1 }),
    ];
    let of_server = [
        (0x12, Text),
        (0x13, Two { least: 0 }),
        (0x1a, Text),
        (0x1c, Text),
        (0x1f, Text),
        (0x24, Boolean),
        (0x25, Boolean),
        (0x28, Boolean),
        (0x29, Boolean),
        (0x2a, Boolean),
    ];
    let mut all = match place {
        "connect" => [&both[..], &[(0x17, Boolean), (0x19, Boolean)]].concat(),
        "will" => [&message[..], &[(0x18, Four { least: 0 })]].concat(),
        "connack" => [&both[..], &of_server].concat(),
        "publish" => [&message[..], &[(0x0b, Variable), (0x23, Two { least: 1 })]].concat(),
        "ack" => vec![(0x1f, Text)],
        "subscribe" => vec![(0x0b, Variable)],
        "unsubscribe" => vec![],
        "disconnect" => vec![(0x11, Four { least: 0 }), (0x1c, Text), (0x1f, Text)],
        "auth" => vec![(0x15, Text), (0x16, Data), (0x1f, Text)],
        _ => panic!("{place}"),
    };
    all.push((0x26, Pair));
    all
}

/// A property as it is encoded.
fn property(id: u8, form: Form) -> BoxedStrategy<Vec<u8>> {
    let with_id = move |value: Vec<u8>| [vec![id], value].concat();
    match form {
        Form::Boolean => (0..2u8).prop_map(move |value| with_id(vec![value])).boxed(),
        Form::Two { least } => (least..)
            .prop_map(move |value| with_id(value.to_be_bytes().to_vec()))
            .boxed(),
        Form::Four { least } => (least..)
            .prop_map(move |value| with_id(value.to_be_bytes().to_vec()))
            .boxed(),
        Form::Variable => prop_oneof![1..300usize, 1..268_435_456usize]
            .prop_map(move |value| {
                let mut bytes = vec![];
                put_variable(&mut bytes, value);
                with_id(bytes)
            })
            .boxed(),
        Form::Text | Form::Topic => text(usize::from(matches!(form, Form::Topic)), 12)
            .prop_map(move |value| {
                let mut bytes = vec![];
                field(&mut bytes, value.as_bytes());
                with_id(bytes)
            })
            .boxed(),
        Form::Data => data(12)
            .prop_map(move |value| {
                let mut bytes = vec![];
                field(&mut bytes, &value);
                with_id(bytes)
            })
            .boxed(),
        Form::Pair => (text(0, 9), text(0, 9))
            .prop_map(move |(name, value)| {
                let mut bytes = vec![];
                field(&mut bytes, name.as_bytes());
                field(&mut bytes, value.as_bytes());
                with_id(bytes)
            })
            .boxed(),
    }
}

/// Properties in any order, with their length: any of those that are allowed, some user properties,
/// and in a PUBLISH some subscription identifiers.
fn section(place: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let all = allowed(place);
    let single = all.clone();
    let single: Vec<_> = single
        .into_iter()
        .map(|(id, form)| property(id, form))
        .collect();
    let repeated: Vec<_> = all
        .into_iter()
        .filter(|&(id, _)| id == 0x26 || (id == 0x0b && place == "publish"))
        .map(|(id, form)| property(id, form))
        .collect();
    let more = prop::collection::vec(prop::strategy::Union::new(repeated), 0..3);
    let length = single.len();
    let some = prop::sample::subsequence(single, 0..=length)
        .prop_flat_map(|some| some)
        .boxed();
    (prop_oneof![Just(vec![]).boxed(), some], more)
        .prop_map(|(some, more)| [some, more].concat())
        .prop_shuffle()
        .prop_map(move |mut all| {
            let has = |all: &[Vec<u8>], id| all.iter().any(|property| property[0] == id);
            if place == "auth" && !has(&all, 0x15) {
                all.push(b"\x15\0\x01m".to_vec());
            } else if has(&all, 0x16) && !has(&all, 0x15) {
                all.retain(|property| property[0] != 0x16);
            }
            let all = all.concat();
            let mut section = vec![];
            put_variable(&mut section, all.len());
            section.extend(all);
            section
        })
}

fn connect() -> impl Strategy<Value = Vec<u8>> {
    let will = (
        section("will"),
        text(1, 20),
        data(20),
        0..3u8,
        any::<bool>(),
    );
    (
        (section("connect"), text(0, 30), prop::option::of(will)),
        (prop::option::of(text(0, 9)), prop::option::of(data(9))),
        any::<(bool, u16)>(),
    )
        .prop_map(
            |((properties, client, will), (user, password), (clean, keep_alive))| {
                let mut flags = u8::from(clean) << 1;
                let mut rest = properties;
                field(&mut rest, client.as_bytes());
                if let Some((properties, topic, payload, qos, retain)) = will {
                    flags |= 4 | qos << 3 | u8::from(retain) << 5;
                    rest.extend(properties);
                    field(&mut rest, topic.as_bytes());
                    field(&mut rest, &payload);
                }
                if let Some(user) = user {
                    flags |= 0x80;
                    field(&mut rest, user.as_bytes());
                }
                if let Some(password) = password {
                    flags |= 0x40;
                    field(&mut rest, &password);
                }
                let mut body = b"\0\x04MQTT\x05".to_vec();
                body.push(flags);
                body.extend(keep_alive.to_be_bytes());
                body.extend(rest);
                packet(0x10, &body)
            },
        )
}

fn publish() -> impl Strategy<Value = Vec<u8>> {
    let id = 1..=u16::MAX;
    (
        text(0, 60),
        0..3u8,
        id,
        any::<(bool, bool)>(),
        section("publish"),
        data(200),
    )
        .prop_map(|(mut topic, qos, id, (dup, retain), properties, payload)| {
            let mut body = vec![];
            if topic.is_empty() && !has_alias(&properties) {
                topic.push('t');
            }
            field(&mut body, topic.as_bytes());
            if qos > 0 {
                body.extend(id.to_be_bytes());
            }
            body.extend(properties);
            body.extend(payload);
            let flags = u8::from(dup && qos > 0) << 3 | qos << 1 | u8::from(retain);
            packet(0x30 | flags, &body)
        })
}

/// Returns whether a topic alias is among the properties.
fn has_alias(section: &[u8]) -> bool {
    let probe = packet(0x30, &[b"\0\x01t", section].concat());
    matches!(
        decode(&probe),
        Ok(Some((Packet::Publish { properties, .. }, _))) if properties.topic_alias().is_some()
    )
}

/// A packet with an identifier, and these codes behind it or before its properties.
fn ack(head: u8, codes: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    (
        1..=u16::MAX,
        prop::sample::select(codes),
        prop::option::of(section("ack")),
    )
        .prop_map(move |(id, code, properties)| {
            let mut body = id.to_be_bytes().to_vec();
            match properties {
                Some(properties) => {
                    body.push(code);
                    body.extend(properties);
                }
                None if code != 0 => body.push(code),
                None => {}
            }
            packet(head, &body)
        })
}

/// The bytes of a packet of any type that MQTT 5 allows.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    const PUBLISHED: &[u8] = &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    const RELEASED: &[u8] = &[0, 0x92];
    let id = || 1..=u16::MAX;
    let connack = (
        any::<bool>(),
        prop::sample::select(vec![0, 0x80, 0x87, 0x9f]),
        section("connack"),
    )
        .prop_map(|(present, code, properties)| {
            let flags = u8::from(present && code == 0);
            packet(0x20, &[vec![flags, code], properties].concat())
        });
    let acks = prop_oneof![
        ack(0x40, PUBLISHED),
        ack(0x50, PUBLISHED),
        ack(0x62, RELEASED),
        ack(0x70, RELEASED)
    ];
    let options =
        (0..3u8, 0..4u8, 0..3u8).prop_map(|(qos, flags, retain)| qos | flags << 2 | retain << 4);
    let subscribe = (
        id(),
        section("subscribe"),
        prop::collection::vec((filter_text(), options), 1..6),
    )
        .prop_map(|(id, properties, filters)| {
            let mut body = [&id.to_be_bytes()[..], &properties].concat();
            for (filter, options) in filters {
                field(&mut body, filter.as_bytes());
                let no_local = if filter.starts_with("$share/") { 4 } else { 0 };
                body.push(options & !no_local);
            }
            packet(0x82, &body)
        });
    let unsubscribe = (
        id(),
        section("unsubscribe"),
        prop::collection::vec(filter_text(), 1..6),
    )
        .prop_map(|(id, properties, filters)| {
            let mut body = [&id.to_be_bytes()[..], &properties].concat();
            filters
                .iter()
                .for_each(|filter| field(&mut body, filter.as_bytes()));
            packet(0xa2, &body)
        });
    let codes = |head, codes: &'static [u8]| {
        (
            id(),
            section("ack"),
            prop::collection::vec(prop::sample::select(codes), 1..200),
        )
            .prop_map(move |(id, properties, codes)| {
                packet(head, &[&id.to_be_bytes()[..], &properties, &codes].concat())
            })
    };
    let closing = (
        prop::sample::select(vec![0, 4, 0x81, 0x8e, 0x9d]),
        section("disconnect"),
    )
        .prop_map(|(code, properties)| packet(0xe0, &[vec![code], properties].concat()));
    let auth = (prop::sample::select(vec![0, 0x18, 0x19]), section("auth"))
        .prop_map(|(code, properties)| packet(0xf0, &[vec![code], properties].concat()));
    let short: Vec<&[u8]> = vec![b"\xc0\0", b"\xd0\0", b"\xe0\0", b"\xe0\x01\x8b", b"\xf0\0"];
    let short = prop::sample::select(short).prop_map(<[u8]>::to_vec);
    prop_oneof![
        3 => connect(),
        2 => connack,
        5 => publish(),
        2 => acks,
        2 => subscribe,
        1 => unsubscribe,
        1 => codes(0x90, &[0, 1, 2, 0x80, 0x87, 0xa2]),
        1 => codes(0xb0, &[0, 0x11, 0x8f]),
        1 => closing,
        1 => auth,
        1 => short,
    ]
}

/// A packet with a few bytes changed, removed or inserted, and in some cases with its remaining
/// length corrected.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<prop::sample::Index>(), 0..3, any::<u8>());
    (
        packets(),
        prop::collection::vec(damage, 1..4),
        any::<bool>(),
    )
        .prop_map(|(mut bytes, damages, fit)| {
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
fn encoded<'a, T: PropertySource<'a>>(packet: &Packet<'a, T>) -> Result<Vec<u8>, SendError> {
    let (mut memory, mut end) = (vec![0; 2000], 0);
    packet.encode(&mut Out::new(&mut memory, &mut end))?;
    memory.truncate(end);
    Ok(memory)
}

/// The shortest form of a packet: at the end of some, a property length of 0 and then a reason code
/// of 0 can be left out.
fn shortest(bytes: &[u8]) -> Vec<u8> {
    let kind = bytes[0] >> 4;
    let code_at = match kind {
        4..=7 => 4,
        14 | 15 => 2,
        _ => return bytes.to_vec(),
    };
    let mut short = bytes.to_vec();
    if short.len() == code_at + 2 && short[code_at + 1] == 0 {
        short.pop();
    }
    if short.len() == code_at + 1 && short[code_at] == 0 {
        short.pop();
    }
    if short.len() < 130 {
        short[1] = (short.len() - 2) as u8;
    }
    short
}

fn reads_writes_reads(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(Some((packet, length))) = decode(bytes) else {
        return Ok(());
    };
    let again = encoded(&packet).map_err(|e| TestCaseError::fail(format!("{packet:?}: {e}")))?;
    prop_assert_eq!(&again, &shortest(&bytes[..length]), "{:?}", packet);
    prop_assert_eq!(decode(&again), Ok(Some((packet, again.len()))));
    // The same from a list of properties.
    if let Packet::Publish {
        dup,
        qos,
        retain,
        id,
        topic,
        payload,
        properties,
    } = packet
    {
        let list: Vec<Property<'_>> = properties.iter().collect();
        let from_list = Packet::Publish {
            dup,
            qos,
            retain,
            id,
            topic,
            payload,
            properties: &list[..],
        };
        prop_assert_eq!(encoded(&from_list), Ok(again));
    }
    prop_assert!(!packet.to_string().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn every_allowed_packet_is_read_and_written_back(bytes in packets(), behind in data(5)) {
        let whole = [&bytes[..], &behind].concat();
        let read = decode(&whole).map(|read| read.map(|(_, length)| length));
        prop_assert_eq!(read, Ok(Some(bytes.len())), "{:02x?}", bytes);
        reads_writes_reads(&bytes)?;
        for cut in 0..bytes.len() {
            prop_assert_eq!(decode(&bytes[..cut]), Ok(None), "cut at {}", cut);
        }
    }

    #[test]
    fn nothing_makes_the_codec_panic(bytes in data(80)) {
        reads_writes_reads(&bytes)?;
    }

    #[test]
    fn damaged_packets_are_read_correctly_or_refused(bytes in damaged()) {
        reads_writes_reads(&bytes)?;
        if let Err(error) = decode(&bytes) {
            prop_assert!(error.reason_code().is_error() && error.to_string().len() > 20);
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
                b"\0\x01\0\0",
                b"\0\x01\0\0\x01f\0",
                b"\0\x04MQTT\x05\x02\0\0\0\0\0",
                b"\x18\x04\x15\0\x01m",
                b"\xff\xff\xff\xff\xff\xff",
            ] {
                reads_writes_reads(&[&[head, length], behind].concat()).unwrap();
            }
        }
    }
    for head in 0..=255u8 {
        let known = matches!(head, 0x10 | 0x20 | 0x30..=0x35 | 0x3a..=0x3d | 0x40 | 0x50 | 0x62 | 0x70 | 0x82 | 0x90 | 0xa2 | 0xb0 | 0xc0 | 0xd0 | 0xe0 | 0xf0);
        assert_eq!(decode(&[head]).is_ok(), known, "{head:02x}");
    }
}

/// All properties of two bytes behind each identifier, in each place: what is read is a property of
/// the table, and nothing else is.
#[test]
fn every_short_property_is_read_or_refused() {
    let mut tried = 0;
    for id in 0..=255 {
        for value in 0..=u16::MAX {
            let [high, low] = value.to_be_bytes();
            let bytes = [0x20, 6, 0, 0, 3, id, high, low];
            tried += 1;
            let expected = match id {
                0x13 | 0x22 => true,
                0x21 => value != 0,
                // Empty text.
                0x12 | 0x15 | 0x1a | 0x1c | 0x1f => value == 0,
                _ => false,
            };
            match decode(&bytes) {
                Ok(Some((Packet::ConnAck { properties, .. }, 8))) if expected => {
                    assert_eq!(properties.iter().count(), 1);
                    assert_eq!(properties.iter().next().map(|p| p.identifier()), Some(id));
                }
                Err(DecodeError::Property(_)) if !expected => {}
                other => panic!("{bytes:02x?}: {other:?}"),
            }
        }
    }
    println!("properties of three bytes, in a CONNACK: {tried} tried");
}
