//! Dialogues in MQTT 5. Properties are written out as bytes.
mod answers;
mod authentication;
mod connections;
mod limits;
mod messages;
mod sessions;
mod subscriptions;

use super::*;
use motemq_testing::{
    broker::{Answer, Challenge, Limits},
    packets::put_length,
};

/// A packet from its first byte and the rest of it.
fn whole(first_byte: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut bytes = vec![first_byte];
    put_length(&mut bytes, body.len());
    bytes.extend(body);
    bytes
}

/// Properties with their length before them.
fn list(properties: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_length(&mut bytes, properties.len());
    bytes.extend(properties);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

/// CONNECT with Clean Start, a keep alive of 60 s and properties.
fn connect5(client_id: &str, properties: &[u8]) -> Vec<u8> {
    whole(
        0x10,
        &[
            b"\0\x04MQTT\x05\x02\0\x3c",
            &list(properties),
            &text(client_id),
        ],
    )
}

/// CONNECT without Clean Start, with a session that lasts for so many seconds.
fn keep5(client_id: &str, seconds: u32) -> Vec<u8> {
    let expiry = [&[0x11][..], &seconds.to_be_bytes()].concat();
    let mut bytes = connect5(client_id, &expiry);
    bytes[9] = 0;
    bytes
}

/// CONNECT with a will of QoS 0 to `w` that says `gone`, with properties for CONNECT and for the
/// will.
fn will5(client_id: &str, properties: &[u8], of_will: &[u8]) -> Vec<u8> {
    whole(
        0x10,
        &[
            b"\0\x04MQTT\x05\x06\0\x3c",
            &list(properties),
            &text(client_id),
            &list(of_will),
            &text("w"),
            &text("gone"),
        ],
    )
}

/// CONNACK with properties, before which stand the 16 topic aliases that the broker offers.
fn accepts(properties: &[u8]) -> Vec<u8> {
    whole(
        0x20,
        &[&[0, 0], &list(&[&[0x22, 0, 16], properties].concat())],
    )
}

/// CONNACK that resumes a session.
fn resumes() -> Vec<u8> {
    b"\x20\x06\x01\0\x03\x22\0\x10".to_vec()
}

/// CONNACK that refuses the connection.
fn refuses(code: u8) -> Vec<u8> {
    vec![0x20, 3, 0, code, 0]
}

/// DISCONNECT with a reason code.
fn disconnect5(code: u8) -> Vec<u8> {
    vec![0xe0, 1, code]
}

/// PUBLISH with QoS 0.
fn publish5(topic: &str, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    whole(0x30, &[&text(topic), &list(properties), payload])
}

/// PUBLISH with QoS 1 or 2 and no properties.
fn publish5_qos(first_byte: u8, topic: &str, id: u8, payload: &[u8]) -> Vec<u8> {
    whole(first_byte, &[&text(topic), &[0, id, 0], payload])
}

/// SUBSCRIBE with the identifier 1 to one topic filter.
fn subscribe5(filter: &str, options: u8, properties: &[u8]) -> Vec<u8> {
    whole(
        0x82,
        &[&[0, 1], &list(properties), &text(filter), &[options]],
    )
}

/// SUBACK with the identifier 1.
fn suback5(code: u8) -> Vec<u8> {
    vec![0x90, 4, 0, 1, 0, code]
}

impl Table {
    /// A client of MQTT 5 opens a connection and subscribes.
    #[track_caller]
    fn subscribes5(&mut self, connection: Connection, filter: &str, options: u8) -> &mut Self {
        self.receives(connection, subscribe5(filter, options, b""))
            .sends(connection, suback5(options & 3))
    }

    /// A client of MQTT 5 opens a connection, which the broker accepts.
    #[track_caller]
    fn joins5(&mut self, connection: Connection, client_id: &str) -> &mut Self {
        self.opens(connection, connect5(client_id, b""))
            .sends(connection, accepts(b""))
    }
}
