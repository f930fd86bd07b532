//! Text, topic names and topic filters: 1.5.3 and 4.7.
use crate::{encoded, field, malformed, packet, refused, same, script::*};
use motemq::{
    packet::{Filters, Packet, decode},
    topic::matches,
    *,
};

fn is_name(text: &str) -> bool {
    TopicName::new(text).is_ok()
}

fn is_filter(text: &str) -> bool {
    TopicFilter::new(text).is_ok()
}

/// Bytes that are no UTF-8.
const ILL_FORMED: &[&[u8]] = &[
    // Out of place, truncated, broken off.
    b"\x80",
    b"\xbf",
    b"\xc2",
    b"\xdf",
    b"\xc2A",
    b"\xc2\xc2\x80",
    b"\xe1",
    b"\xe1\x80",
    b"\xe1\x80A",
    b"\xe1A\x80",
    b"\xe1\x80\xc0",
    b"\xf1",
    b"\xf1\x80",
    b"\xf1\x80\x80",
    b"\xf1\x80\x80A",
    b"\xf1\x80A\x80",
    b"\xf1A\x80\x80",
    b"\xc2\x80\x80",
    b"\xe1\x80\x80\x80",
    // Longer than need be.
    b"\xc0\x80",
    b"\xc0\xaf",
    b"\xc1\xbf",
    b"\xe0\x80\x80",
    b"\xe0\x80\xaf",
    b"\xe0\x9f\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf0\x8f\xbf\xbf",
    // U+D800 to U+DFFF.
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xae\x80",
    b"\xed\xaf\xbf",
    b"\xed\xb0\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    // Above U+10FFFF.
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xfe",
    b"\xff",
];

/// The first and last character of each length, and those beside what is not allowed.
const WELL_FORMED: &[&str] = &[
    "\u{1}",
    "\u{1f}",
    "\u{7f}",
    "\u{80}",
    "\u{9f}",
    "\u{7ff}",
    "\u{800}",
    "\u{fff}",
    "\u{1000}",
    "\u{cfff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fdd0}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10000}",
    "\u{3ffff}",
    "\u{40000}",
    "\u{fffff}",
    "\u{100000}",
    "\u{10ffff}",
];

/// `part` between up to nine letters on both sides, so that it stands at every place of a word.
fn amid(part: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..10).flat_map(move |before| {
        [0, 1, 9].map(|after| [&b"abcdefghi"[..before], part, &b"jklmnopqr"[..after]].concat())
    })
}

/// All packets with this text in one of their text fields; the first is a PUBLISH.
fn packets_with(text: &[u8]) -> [Vec<u8>; 6] {
    let text = field(text);
    [
        packet(0x30, &[&text, b"payload"]),
        packet(0x10, &[b"\0\x04MQTT\x04\x02\0\0", &text]),
        packet(
            0x10,
            &[b"\0\x04MQTT\x04\x06\0\0", b"\0\x01c", &text, b"\0\0"],
        ),
        packet(0x10, &[b"\0\x04MQTT\x04\x82\0\0", b"\0\x01c", &text]),
        packet(0x82, &[b"\0\x01", &text, b"\0"]),
        packet(0xa2, &[b"\0\x01", &text]),
    ]
}

#[test]
fn mqtt_1_5_3_1() {
    for wrong in ILL_FORMED.iter().flat_map(|part| amid(part)) {
        let [publish, others @ ..] = packets_with(&wrong);
        refused(&publish);
        others.iter().for_each(|packet| malformed(packet));
    }
    for right in WELL_FORMED.iter().flat_map(|part| amid(part.as_bytes())) {
        let right = str::from_utf8(&right).unwrap();
        for packet in packets_with(right.as_bytes()) {
            assert!(matches!(decode(&packet), Ok(Some(_))), "{}", hex(&packet));
        }
        let mut d = Dialogue::<4>::open();
        d.receives(
            &packets_with(right.as_bytes())[0],
            &[message(right, b"payload")],
        );
        assert_eq!(d.publish(&Publish::to(right)), Ok(None));
        d.sends(packet(0x30, &[&field(right.as_bytes())]));
    }
}

#[test]
fn mqtt_1_5_3_2() {
    for wrong in amid(b"\0") {
        let [publish, others @ ..] = packets_with(&wrong);
        refused(&publish);
        others.iter().for_each(|packet| malformed(packet));
        let wrong = str::from_utf8(&wrong).unwrap();
        for hello in [
            Connect::new(wrong),
            Connect::new("c").will(Publish::to(wrong)),
            Connect::new("c").user(wrong),
            Connect::new("c").login(wrong, b"p"),
        ] {
            let mut d = Dialogue::<4>::new();
            assert_eq!(
                d.session.connect(&hello, &mut d.rx, &mut d.tx),
                Err(SendError::Invalid),
                "{hello:?}"
            );
            d.sends_nothing();
            assert!(d.session.is_closed());
            assert_eq!(encoded(&Packet::Connect(hello)), Err(SendError::Invalid));
        }
    }
    // Data is not text.
    let mut d = Dialogue::<4>::new();
    d.connect(
        &Connect::new("c")
            .keep_alive(0)
            .will(Publish::to("w").payload(b"\0"))
            .login("u", b"\0"),
    );
    d.sends(b"\x10\x19\0\x04MQTT\x04\xc6\0\0\0\x01c\0\x01w\0\x01\0\0\x01u\0\x01\0");
    d.receives(
        b"\x20\x02\0\0\x30\x04\0\x01t\0",
        &[NEW, message("t", b"\0")],
    );
}

#[test]
fn mqtt_1_5_3_3() {
    for (text, bytes) in [
        ("\u{feff}", &b"\xef\xbb\xbf"[..]),
        ("\u{feff}a", b"\xef\xbb\xbfa"),
        ("a\u{feff}/b", b"a\xef\xbb\xbf/b"),
    ] {
        let publish = packet(0x30, &[&field(bytes)]);
        let mut d = Dialogue::<4>::open();
        d.receives(&publish, &[message(text, b"")]);
        assert_eq!(d.publish(&Publish::to(text)), Ok(None));
        d.sends(&publish);
        assert_eq!(d.subscribe(&[(text, 1)]), Ok(id(1)));
        d.sends(packet(0x82, &[b"\0\x01", &field(bytes), b"\x01"]));
        d.connect(&Connect::new(text).keep_alive(0).user(text));
        d.sends(packet(
            0x10,
            &[b"\0\x04MQTT\x04\x82\0\0", &field(bytes), &field(bytes)],
        ));
        let topic = TopicName::new(text).unwrap();
        same(
            &Packet::Publish {
                dup: false,
                qos: QoS::AtMostOnce,
                retain: false,
                id: None,
                topic,
                payload: b"",
            },
            &publish,
        );
        assert_eq!((topic.as_bytes(), topic.as_str()), (bytes, text));
        assert!(!topic.matches("a"));
    }
}

/// No topic name: neither published, nor left as a will, nor read.
#[track_caller]
fn no_name(name: &str) {
    assert!(TopicName::new(name).is_err(), "{name}");
    let mut d = Dialogue::<4>::open();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let before = d.session.clone();
        assert_eq!(
            d.publish(&Publish::to(name).qos(qos)),
            Err(SendError::Invalid),
            "{name}"
        );
        assert_eq!(d.session, before);
    }
    d.sends_nothing();
    refused(&packet(0x30, &[&field(name.as_bytes()), b"p"]));
    refused(&packet(0x32, &[&field(name.as_bytes()), b"\0\x01p"]));
    refused(&packet(0x34, &[&field(name.as_bytes()), b"\0\x01p"]));
    let hello = Connect::new("c").will(Publish::to(name));
    assert_eq!(
        d.session.connect(&hello, &mut d.rx, &mut d.tx),
        Err(SendError::Invalid),
        "{name}"
    );
    d.sends_nothing();
    malformed(&packet(
        0x10,
        &[
            b"\0\x04MQTT\x04\x06\0\0\0\x01c",
            &field(name.as_bytes()),
            b"\0\0",
        ],
    ));
}

/// No topic filter: neither subscribed to, nor taken back, alone or among others, nor read.
#[track_caller]
fn no_filter(filter: &str) {
    assert!(!is_filter(filter), "{filter}");
    let text = field(filter.as_bytes());
    let mut d = Dialogue::<4>::open();
    let before = d.session.clone();
    for filters in [
        &[(filter, 0)][..],
        &[(filter, 1), ("a", 1)],
        &[("a", 2), (filter, 2)],
    ] {
        assert_eq!(d.subscribe(filters), Err(SendError::Invalid), "{filter}");
    }
    for filters in [&[filter][..], &[filter, "a"], &["a", filter]] {
        assert_eq!(d.unsubscribe(filters), Err(SendError::Invalid), "{filter}");
    }
    d.sends_nothing();
    assert_eq!(d.session, before);
    malformed(&packet(0x82, &[b"\0\x01", &text, b"\0"]));
    malformed(&packet(0x82, &[b"\0\x01\0\x01a\0", &text, b"\0"]));
    malformed(&packet(0xa2, &[b"\0\x01", &text]));
    malformed(&packet(0xa2, &[b"\0\x01\0\x01a", &text]));
    let list = [
        Filter::new("a", QoS::AtMostOnce),
        Filter::new(filter, QoS::AtMostOnce),
    ];
    assert_eq!(
        encoded(&Packet::Subscribe {
            id: id(1),
            filters: Filters::from(&list[..])
        }),
        Err(SendError::Invalid)
    );
    assert_eq!(
        encoded(&Packet::Unsubscribe {
            id: id(1),
            filters: Filters::from(&list[..])
        }),
        Err(SendError::Invalid)
    );
}

/// A topic filter.
#[track_caller]
fn a_filter(filter: &str) {
    assert!(is_filter(filter), "{filter}");
    let text = field(filter.as_bytes());
    let mut d = Dialogue::<4>::open();
    let subscribe = packet(0x82, &[b"\0\x01", &text, b"\x02"]);
    assert_eq!(d.subscribe(&[(filter, 2)]), Ok(id(1)), "{filter}");
    d.sends(&subscribe);
    let unsubscribe = packet(0xa2, &[b"\0\x02", &text]);
    assert_eq!(d.unsubscribe(&[filter]), Ok(id(2)), "{filter}");
    d.sends(&unsubscribe);
    let list = [Filter::new(filter, QoS::ExactlyOnce)];
    same(
        &Packet::Subscribe {
            id: id(1),
            filters: Filters::from(&list[..]),
        },
        &subscribe,
    );
    let list = [Filter::new(filter, QoS::AtMostOnce)];
    same(
        &Packet::Unsubscribe {
            id: id(2),
            filters: Filters::from(&list[..]),
        },
        &unsubscribe,
    );
}

#[test]
fn mqtt_4_7_1_1() {
    for name in [
        "+",
        "#",
        "a/+",
        "a/#",
        "+/a",
        "#/a",
        "a+",
        "a#",
        "+a",
        "a+b/c",
        "abcdefgh+",
        "+abcdefgh",
        "abcdefg/#",
        "a/b/c/d/e/f/g/+/h",
    ] {
        no_name(name);
    }
    // Beside them in the table of characters, and the dollar sign, are no wildcards.
    for name in [
        "\"",
        "$",
        "*",
        ",",
        "a/$/b",
        "$SYS/a",
        "abc!\"$%&'()*,-.",
        "\u{223}\u{22b}",
    ] {
        assert!(is_name(name), "{name}");
        let mut d = Dialogue::<4>::open();
        let publish = packet(0x30, &[&field(name.as_bytes())]);
        assert_eq!(d.publish(&Publish::to(name)), Ok(None));
        d.sends(&publish);
        d.receives(&publish, &[message(name, b"")]);
    }
}

#[test]
fn mqtt_4_7_1_2() {
    ["#", "/#", "a/#", "a/b/#", "//#", "$SYS/#", "\u{e9}/#"]
        .into_iter()
        .for_each(a_filter);
    [
        "a#",
        "a/b#",
        "a/#/b",
        "#/",
        "#/a",
        "##",
        "#a",
        "/#/",
        "a/##",
        "a/#b",
        "a#/b",
        "#+",
        "+#",
        "a/+#",
        "a/#+",
        "\u{e9}#",
        "abcdefghi#",
    ]
    .into_iter()
    .for_each(no_filter);
    assert!(matches("sport/tennis/player1/#", "sport/tennis/player1"));
    assert!(matches(
        "sport/tennis/player1/#",
        "sport/tennis/player1/ranking"
    ));
    assert!(matches(
        "sport/tennis/player1/#",
        "sport/tennis/player1/score/wimbledon"
    ));
    assert!(
        matches("sport/#", "sport")
            && matches("#", "a")
            && matches("#", "/")
            && matches("/#", "/")
            && matches("/#", "/a/b")
    );
    assert!(
        !matches("/#", "a")
            && !matches("sport/#", "sports")
            && !matches("sport/#", "spor")
            && !matches("a/b/#", "a")
    );
}

#[test]
fn mqtt_4_7_1_3() {
    [
        "+", "/+", "+/", "+/+", "+/a", "a/+", "a/+/b", "/+/", "+/+/#", "+/a/#", "\u{e9}/+",
    ]
    .into_iter()
    .for_each(a_filter);
    [
        "a+",
        "+a",
        "a/b+",
        "a/+b",
        "a+/b",
        "+a/b",
        "++",
        "+/a+",
        "+/+a",
        "a/++",
        "\u{e9}+",
        "+\u{e9}",
        "abcdefgh+",
    ]
    .into_iter()
    .for_each(no_filter);
    assert!(
        matches("sport/tennis/+", "sport/tennis/player1")
            && !matches("sport/tennis/+", "sport/tennis/player1/ranking")
    );
    assert!(!matches("sport/+", "sport") && matches("sport/+", "sport/"));
    assert!(matches("+/+", "/finance") && matches("/+", "/finance") && !matches("+", "/finance"));
    assert!(
        matches("a/+/c", "a//c")
            && matches("+/+/c", "a/b/c")
            && !matches("a/+/c", "a/b/d")
            && !matches("a/+/c", "a/b/c/d")
    );
    assert!(matches("+", "a") && matches("+/b/#", "a/b") && matches("+/b/#", "a/b/c/d"));
}

#[test]
fn mqtt_4_7_2_1() {
    for filter in ["#", "+/monitor/Clients", "+", "+/#", "+/+/+"] {
        for topic in ["$SYS/monitor/Clients", "$SYS", "$", "$a/b/c"] {
            assert!(!matches(filter, topic), "{filter} {topic}");
            assert!(
                !TopicName::new(topic).unwrap().matches(filter),
                "{filter} {topic}"
            );
        }
    }
    assert!(
        matches("$SYS/#", "$SYS/monitor/Clients")
            && matches("$SYS/monitor/+", "$SYS/monitor/Clients")
            && matches("$SYS/#", "$SYS")
    );
    // Only the first character counts.
    assert!(
        matches("#", "a/$SYS")
            && matches("+/$SYS", "a/$SYS")
            && matches("a/+", "a/$")
            && matches("#", "/$SYS")
    );
}

#[test]
fn mqtt_4_7_3_1() {
    no_name("");
    no_filter("");
    for (name, filter) in [("a", "a"), ("/", "/"), (" ", " "), ("//", "+")] {
        assert!(is_name(name));
        a_filter(filter);
    }
    let publish = [
        &packet(0x30, &[b"\0\0"])[..],
        &packet(0x30, &[b"\0\0payload"]),
        &packet(0x32, &[b"\0\0\0\x01"]),
    ];
    publish.into_iter().for_each(refused);
}

#[test]
fn mqtt_4_7_3_2() {
    for text in [
        "\0",
        "a\0",
        "\0a",
        "a/\0/b",
        "abcdefgh\0",
        "abcdefg\0h",
        "\u{e9}\0",
    ] {
        no_name(text);
        no_filter(text);
    }
}

/// A name of so many bytes, of which the last two are one character.
fn name_of(length: usize) -> String {
    "a".repeat(length - 2) + "\u{e9}"
}

#[test]
fn mqtt_4_7_3_3() {
    type Long = Dialogue<4, 66_000, 66_000>;
    let longest = name_of(65_535);
    let too_long = name_of(65_536);
    assert!(is_name(&longest) && is_filter(&longest));
    assert!(!is_name(&too_long) && !is_filter(&too_long));
    let mut d = Box::new(Long::open());
    let name = [b"\xff\xff", longest.as_bytes()].concat();

    let publish = packet(0x32, &[&name, b"\0\x01", b"p"]);
    assert_eq!(publish[..4], *b"\x32\x84\x80\x04");
    assert_eq!(
        d.publish(&Publish::to(&longest).payload(b"p").qos(QoS::AtLeastOnce)),
        Ok(Some(id(1)))
    );
    d.sends(&publish);
    d.receives(&publish, &[message(&longest, b"p").qos1(1)]);
    d.sends(b"\x40\x02\0\x01");
    let topic = TopicName::new(&longest).unwrap();
    same(
        &Packet::Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            id: Some(id(1)),
            topic,
            payload: b"p",
        },
        &publish,
    );

    assert_eq!(d.subscribe(&[(&longest, 1)]), Ok(id(2)));
    d.sends(packet(0x82, &[b"\0\x02", &name, b"\x01"]));
    assert_eq!(d.unsubscribe(&[&longest]), Ok(id(3)));
    d.sends(packet(0xa2, &[b"\0\x03", &name]));

    let before = d.session.clone();
    assert_eq!(d.publish(&Publish::to(&too_long)), Err(SendError::TooLong));
    assert_eq!(d.subscribe(&[(&too_long, 0)]), Err(SendError::TooLong));
    assert_eq!(d.unsubscribe(&[&too_long]), Err(SendError::TooLong));
    d.sends_nothing();
    assert_eq!(d.session, before);
    // The limit counts bytes, not characters.
    let two = "\u{e9}".repeat(32_767);
    assert!(is_name(&two) && is_name(&(two.clone() + "a")) && !is_name(&(two + "\u{e9}")));
}

#[test]
fn mqtt_4_7_3_4() {
    // Composed and decomposed, case, empty levels, what looks alike.
    for (filter, topic) in [
        ("\u{e9}", "e\u{301}"),
        ("e\u{301}", "\u{e9}"),
        ("ACCOUNTS", "Accounts"),
        ("a", "/a"),
        ("/a", "a"),
        ("a/", "a"),
        ("a", "a/"),
        ("a//b", "a/b"),
        ("a/b", "a//b"),
        ("\u{212b}", "\u{c5}"),
        ("a ", "a"),
        ("\u{feff}a", "a"),
    ] {
        assert!(!matches(filter, topic), "{filter} {topic}");
        assert!(matches(filter, filter) && matches(topic, topic));
        assert!(
            TopicName::new(topic).unwrap().matches(topic)
                && !TopicName::new(topic).unwrap().matches(filter)
        );
        let name = TopicName::new(topic).unwrap();
        assert!(
            name == topic
                && name == *topic
                && name != filter
                && name != *filter
                && name != TopicName::new(filter).unwrap()
        );
    }
}
