//! The normative statements of MQTT 3.1.1, one test each: literal bytes in, literal bytes out.
//!
//! A test bears the name of its statement: `mqtt_3_3_1_2` is for [MQTT-3.3.1-2]. The table
//! `mqtt311-normative.tsv` lists all statements and whom they bind; each that binds a client, both
//! sides or the codec has a test here or a reason in [`ELSEWHERE`]. Of those that bind the
//! server some have a test that shows what the client makes of them.
mod script;
mod statements;

#[path = "conformance/connack.rs"]
mod connack;
#[path = "conformance/connect.rs"]
mod connect;
#[path = "conformance/connect_payload.rs"]
mod connect_payload;
#[path = "conformance/delivery.rs"]
mod delivery;
#[path = "conformance/header.rs"]
mod header;
#[path = "conformance/publish.rs"]
mod publish;
#[path = "conformance/session.rs"]
mod session;
#[path = "conformance/subscribe.rs"]
mod subscribe;
#[path = "conformance/text.rs"]
mod text;

use motemq::{
    Buffer, Fault, SendError,
    packet::{Malformed, Packet, decode},
};
use script::{Dialogue, fault, hex};
use statements::{check, field, packet, roles};

/// Statements that the core cannot decide, and who does.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "MQTT-6.0.0-1",
        "WebSocket frames and their opcodes are the transport's: the core sees a stream of bytes",
    ),
    (
        "MQTT-6.0.0-3",
        "the WebSocket sub-protocol is offered by the transport in its handshake",
    ),
    (
        "MQTT-7.0.0-2",
        "a property of the whole product, shown by running it against brokers as they are",
    ),
];

const STATEMENTS: &str = include_str!("mqtt311-normative.tsv");

const SOURCES: &[&str] = &[
    include_str!("conformance/connack.rs"),
    include_str!("conformance/connect.rs"),
    include_str!("conformance/connect_payload.rs"),
    include_str!("conformance/delivery.rs"),
    include_str!("conformance/header.rs"),
    include_str!("conformance/publish.rs"),
    include_str!("conformance/session.rs"),
    include_str!("conformance/subscribe.rs"),
    include_str!("conformance/text.rs"),
];

#[test]
fn every_statement_that_binds_a_client_has_a_test_or_a_reason() {
    let roles = roles(STATEMENTS);
    assert_eq!(roles.len(), 141, "statements of the standard");
    let bound: Vec<_> = roles
        .iter()
        .filter(|(_, role)| **role != "server")
        .map(|(id, _)| *id)
        .collect();
    check(&roles, &bound, SOURCES, ELSEWHERE);
}

/// Neither the codec nor an open session takes this packet; no event is emitted, and nothing is
/// sent.
#[track_caller]
fn refused(bytes: &[u8]) {
    assert_eq!(decode(bytes), Err(Malformed), "{}", hex(bytes));
    let mut d = Dialogue::<4>::open();
    d.receives(bytes, &[fault(Fault::Malformed)]);
    d.sends_nothing();
}

/// The codec does not take this packet, which only brokers receive; a session does not expect it at
/// all.
#[track_caller]
fn malformed(bytes: &[u8]) {
    assert_eq!(decode(bytes), Err(Malformed), "{}", hex(bytes));
}

/// The codec reads the packet from these bytes, and writes these bytes for it; a byte less is not
/// enough.
#[track_caller]
fn same(packet: &Packet<'_>, bytes: &[u8]) {
    assert_eq!(
        decode(bytes),
        Ok(Some((*packet, bytes.len()))),
        "{}",
        hex(bytes)
    );
    assert_eq!(
        decode(&bytes[..bytes.len() - 1]),
        Ok(None),
        "{}",
        hex(bytes)
    );
    assert_eq!(
        decode(&[bytes, b"\xff"].concat()),
        Ok(Some((*packet, bytes.len()))),
        "{}",
        hex(bytes)
    );
    assert_eq!(hex(&encoded(packet).unwrap()), hex(bytes));
}

/// What the codec writes for it; nothing if it does not.
#[track_caller]
fn encoded(packet: &Packet<'_>) -> Result<Vec<u8>, SendError> {
    let mut tx = Box::new(Buffer::<[u8; 70_000]>::new());
    let result = packet.encode(&mut *tx);
    assert!(result.is_ok() || tx.is_empty(), "written and {result:?}");
    result.map(|()| tx.bytes().to_vec())
}
