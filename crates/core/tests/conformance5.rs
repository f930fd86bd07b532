//! The normative statements of MQTT 5 that bind a client or its codec, one test each: literal bytes
//! in, literal bytes out.
//!
//! A test bears the name of its statement: `mqtt_3_3_1_2` is for [MQTT-3.3.1-2]. The standard has
//! rules without a number, too; `mqtt5-normative.tsv` gives them numbers that begin with `U`, and
//! `u_2_2_2_1` is for U-2.2.2-1. Each of these statements has a test here or a reason in
//! [`ELSEWHERE`].
mod statements;

#[path = "conformance5/acks.rs"]
mod acks;
#[path = "conformance5/connect.rs"]
mod connect;
#[path = "conformance5/delivery.rs"]
mod delivery;
#[path = "dialogue5/dialogue.rs"]
mod dialogue;
#[path = "conformance5/limits.rs"]
mod limits;
#[path = "conformance5/properties.rs"]
mod properties;
#[path = "conformance5/publish.rs"]
mod publish;
#[path = "conformance5/session.rs"]
mod session;
#[path = "conformance5/subscribe.rs"]
mod subscribe;
#[path = "conformance5/text.rs"]
mod text;

use motemq::{
    Buffer, PropertyError, PropertySource, ReasonCode, SendError,
    packet::v5::{DecodeError, Packet, decode},
};
use statements::{check, field, packet, roles};

/// The codec writes the properties that it is given, and the session gives none.
const LIMIT: &str = "the session sends neither reason strings nor user properties in \
                     acknowledgements; a program that writes them with the codec knows the limit";

/// The core sees a stream of bytes.
const TRANSPORT: &str = "it is decided by the transport, which gives the core a stream of bytes";

/// Statements that the core cannot decide, and who does.
const ELSEWHERE: &[(&str, &str)] = &[
    ("MQTT-3.4.2-2", LIMIT),
    ("MQTT-3.4.2-3", LIMIT),
    ("MQTT-3.5.2-2", LIMIT),
    ("MQTT-3.5.2-3", LIMIT),
    ("MQTT-3.6.2-2", LIMIT),
    ("MQTT-3.6.2-3", LIMIT),
    ("MQTT-3.7.2-2", LIMIT),
    ("MQTT-3.7.2-3", LIMIT),
    ("MQTT-4.2.0-1", TRANSPORT),
    ("MQTT-6.0.0-1", TRANSPORT),
    ("MQTT-6.0.0-2", TRANSPORT),
    ("MQTT-6.0.0-3", TRANSPORT),
];

const STATEMENTS: &str = include_str!("mqtt5-normative.tsv");

const SOURCES: &[&str] = &[
    include_str!("conformance5/acks.rs"),
    include_str!("conformance5/connect.rs"),
    include_str!("conformance5/delivery.rs"),
    include_str!("conformance5/limits.rs"),
    include_str!("conformance5/properties.rs"),
    include_str!("conformance5/publish.rs"),
    include_str!("conformance5/session.rs"),
    include_str!("conformance5/subscribe.rs"),
    include_str!("conformance5/text.rs"),
];

#[test]
fn every_statement_has_a_test_or_a_reason() {
    let roles = roles(STATEMENTS);
    let numbered = roles.keys().filter(|id| id.starts_with("MQTT-")).count();
    assert_eq!((roles.len(), numbered), (280, 251), "statements");
    let bound: Vec<_> = roles
        .iter()
        .filter(|(_, role)| **role != "server")
        .map(|(id, _)| *id)
        .collect();
    check(&roles, &bound, SOURCES, ELSEWHERE);
}

/// Bytes as text, for messages.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}

/// The codec refuses these bytes, and would close the connection with this code.
#[track_caller]
fn refused(bytes: &[u8], code: u8) {
    let error = decode(bytes).expect_err(&hex(bytes));
    assert_eq!(error.reason_code().get(), code, "{}: {error}", hex(bytes));
}

#[track_caller]
fn malformed(bytes: &[u8]) {
    refused(bytes, 0x81);
}

#[track_caller]
fn protocol_error(bytes: &[u8]) {
    refused(bytes, 0x82);
}

/// The codec reads these bytes. Returns what it writes for the packet.
#[track_caller]
fn accepted(bytes: &[u8]) -> Vec<u8> {
    let (packet, length) = decode(bytes)
        .unwrap_or_else(|error| panic!("{}: {error}", hex(bytes)))
        .unwrap_or_else(|| panic!("{} is incomplete", hex(bytes)));
    assert_eq!(length, bytes.len());
    for short in 0..length.min(40) {
        assert_eq!(decode(&bytes[..short]), Ok(None), "{}", hex(bytes));
    }
    let again = encoded(&packet).unwrap_or_else(|error| panic!("{packet:?}: {error}"));
    assert_eq!(decode(&again), Ok(Some((packet, again.len()))));
    again
}

/// The codec reads these bytes, and writes the same.
#[track_caller]
fn same(bytes: &[u8]) {
    assert_eq!(hex(&accepted(bytes)), hex(bytes));
}

/// What the codec writes for a packet; nothing if it does not.
#[track_caller]
fn encoded<'a, T: PropertySource<'a>>(packet: &Packet<'a, T>) -> Result<Vec<u8>, SendError> {
    let mut tx = Box::new(Buffer::<[u8; 140_000]>::new());
    let result = packet.encode(&mut *tx);
    assert!(result.is_ok() || tx.is_empty(), "written and {result:?}");
    result.map(|()| tx.bytes().to_vec())
}

/// Properties with their length before them.
fn section(properties: &[&[u8]]) -> Vec<u8> {
    let body = properties.concat();
    let packet = packet(0, &[&body]);
    packet[1..].to_vec()
}

/// A packet of each type, as short as it can be.
fn of_each_type() -> [Vec<u8>; 15] {
    let connect = packet(0x10, &[b"\0\x04MQTT\x05\x02\0\x3c\0\0\x01c"]);
    let others: [&[u8]; 14] = [
        b"\x20\x03\0\0\0",
        b"\x30\x04\0\x01t\0",
        b"\x40\x02\0\x01",
        b"\x50\x02\0\x01",
        b"\x62\x02\0\x01",
        b"\x70\x02\0\x01",
        b"\x82\x07\0\x01\0\0\x01f\0",
        b"\x90\x04\0\x01\0\0",
        b"\xa2\x06\0\x01\0\0\x01f",
        b"\xb0\x04\0\x01\0\0",
        b"\xc0\0",
        b"\xd0\0",
        b"\xe0\0",
        b"\xf0\0",
    ];
    let mut all = others.map(<[u8]>::to_vec).to_vec();
    all.insert(0, connect);
    all.try_into().unwrap()
}

/// A packet of each kind with these properties, and one with these properties of a will. All other
/// properties that it must have are there.
fn with_properties(properties: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let section = section(&[properties]);
    vec![
        (
            "CONNECT",
            packet(0x10, &[b"\0\x04MQTT\x05\x02\0\0", &section, b"\0\x01c"]),
        ),
        (
            "will",
            packet(
                0x10,
                &[b"\0\x04MQTT\x05\x06\0\0\0\0\x01c", &section, b"\0\x01w\0\0"],
            ),
        ),
        ("CONNACK", packet(0x20, &[b"\0\0", &section])),
        ("PUBLISH", packet(0x30, &[b"\0\x01t", &section])),
        ("PUBACK", packet(0x40, &[b"\0\x01\0", &section])),
        ("PUBREC", packet(0x50, &[b"\0\x01\0", &section])),
        ("PUBREL", packet(0x62, &[b"\0\x01\0", &section])),
        ("PUBCOMP", packet(0x70, &[b"\0\x01\0", &section])),
        (
            "SUBSCRIBE",
            packet(0x82, &[b"\0\x01", &section, b"\0\x01f\0"]),
        ),
        ("SUBACK", packet(0x90, &[b"\0\x01", &section, b"\0"])),
        (
            "UNSUBSCRIBE",
            packet(0xa2, &[b"\0\x01", &section, b"\0\x01f"]),
        ),
        ("UNSUBACK", packet(0xb0, &[b"\0\x01", &section, b"\0"])),
        ("DISCONNECT", packet(0xe0, &[b"\0", &section])),
        (
            "AUTH",
            packet(
                0xf0,
                &[
                    b"\x18",
                    &self::section(&[
                        if properties.windows(4).any(|part| part == b"\x15\0\x01m") {
                            b""
                        } else {
                            b"\x15\0\x01m"
                        },
                        properties,
                    ]),
                ],
            ),
        ),
    ]
}
