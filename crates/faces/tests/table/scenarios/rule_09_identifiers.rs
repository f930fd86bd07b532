//! Rule 9: packet identifiers are trusted only as far as the broker uses them correctly.
use super::face::{Filter, Publish, QoS, SessionState};
use super::support::{Caller, connect, next, options, server};
use std::{io::Write, net::TcpStream};

/// A client was killed before PUBREC came, and its state is gone: the broker holds a QoS 2 message
/// under identifier 1 until PUBREL, and takes any other under it for a repetition.
pub fn after_a_restart_without_state_a_message_is_not_taken_for_an_older_one() {
    let server = server();
    let mut ear = connect(server.addr(), "ear");
    ear.subscribe(&[Filter::new("t", QoS::ExactlyOnce)])
        .unwrap();
    let mut killed = TcpStream::connect(server.addr()).unwrap();
    killed
        .write_all(b"\x10\x10\0\x04MQTT\x04\0\0\0\0\x04kept\x34\x08\0\x01t\0\x01old")
        .unwrap();
    assert_eq!(next(&mut ear).payload, &b"old"[..]);
    drop(killed);
    let client = Caller::connect(options(server.addr(), "kept").keep_session()).unwrap();
    assert_eq!(client.connected(), Ok(SessionState::Unrecognized));
    client
        .publish(&Publish::to("t").payload(b"new").qos(QoS::ExactlyOnce))
        .unwrap();
    assert_eq!(next(&mut ear).payload, &b"new"[..]);
}
