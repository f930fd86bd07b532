//! Rule 8: other servers that a broker of MQTT 5 names have their turn, if that is wished.
use crate::common::*;

fn following() -> Options {
    options().version(Version::Mqtt5).follow_server_reference()
}

/// CONNACK, or DISCONNECT, with a server reference.
fn refers(head: &[u8], code: u8, server: &str) -> Vec<u8> {
    let length = server.len() as u8;
    let body = [
        head,
        &[code, length + 3, 0x1c, 0, length],
        server.as_bytes(),
    ]
    .concat();
    let first = if head.is_empty() { 0xe0 } else { 0x20 };
    [&[first, body.len() as u8], &body[..]].concat()
}

fn refused(code: u8, server: &str) -> Vec<u8> {
    refers(&[0], code, server)
}

fn ended(code: u8, server: &str) -> Vec<u8> {
    refers(&[], code, server)
}

/// Begins an attempt, and returns where it leads.
#[track_caller]
fn dialed(line: &mut Line) -> Option<String> {
    let (attempt, broker, _) = line.dial();
    assert_eq!(broker, 0);
    line.opened(attempt);
    line.sent();
    line.client.server_reference().map(String::from)
}

/// The transport is closed as the client wants it.
fn close(line: &mut Line) {
    assert_eq!(line.poll_transport(), Transport::Close);
    hang_up(line);
}

/// The connection ends, whatever the client does then.
fn hang_up(line: &mut Line) {
    line.client.on_closed(None, line.now);
    line.turn();
}

#[test]
fn rule_08_the_servers_that_a_broker_names_are_tried_at_once() {
    let mut line = Line::new(following());
    assert_eq!(dialed(&mut line), None);
    line.receive(&refused(0x9c, "one:1884 two"));
    close(&mut line);
    let (attempt, ..) = line.dial();
    assert_eq!(line.client.server_reference(), Some("one:1884"));
    let error = TransportError::new(TransportErrorKind::Connect, "no");
    line.client.on_open_failed(attempt, error);
    assert_eq!(dialed(&mut line), Some("two".into()));
    line.receive(NEW5);
    line.is_connected();
    // It was for this connection only.
    line.closed();
    line.pass(secs(1));
    assert_eq!(dialed(&mut line), None);
}

/// The behaviour of such a server does not show which versions the broker speaks.
#[test]
fn rule_08_a_server_that_a_broker_names_is_asked_for_no_other_version() {
    let mut line = Line::new(following().fall_back());
    dialed(&mut line);
    line.receive(&refused(0x9c, "one two"));
    close(&mut line);
    assert_eq!(dialed(&mut line), Some("one".into()));
    hang_up(&mut line);
    assert_eq!(dialed(&mut line), Some("two".into()));
    hang_up(&mut line);
    line.poll_waiting();
    line.pass(secs(8));
    line.open();
    assert_eq!(line.client.server_reference(), None);
    assert_eq!(line.sent()[8], Version::Mqtt5 as u8);
}

/// A broker cannot make its clients knock at thousands of doors at once.
#[test]
fn rule_08_only_so_many_servers_that_a_broker_names_are_tried_without_waiting() {
    let mut line = Line::new(following());
    assert_eq!(dialed(&mut line), None);
    line.receive(&refused(0x9c, &"s ".repeat(20)));
    close(&mut line);
    for _ in 0..8 {
        let (attempt, ..) = line.dial();
        assert_eq!(line.client.server_reference(), Some("s"));
        let error = TransportError::new(TransportErrorKind::Connect, "no");
        line.client.on_open_failed(attempt, error);
    }
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.pass(secs(20));
    assert_eq!(dialed(&mut line), None);
}

#[test]
fn rule_08_a_broker_that_has_moved_is_found_there_until_it_is_gone() {
    let mut line = Line::new(following());
    line.connect(NEW5);
    line.receive(&ended(0x9d, "one"));
    close(&mut line);
    for wait in [0, 20] {
        line.pass(secs(wait));
        assert_eq!(dialed(&mut line), Some("one".into()));
        line.receive(NEW5);
        line.is_connected();
        line.closed();
    }
    line.pass(secs(20));
    let (attempt, ..) = line.dial();
    assert_eq!(line.client.server_reference(), Some("one"));
    let error = TransportError::new(TransportErrorKind::Connect, "no");
    line.client.on_open_failed(attempt, error);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.pass(secs(20));
    assert_eq!(dialed(&mut line), None);
}

/// Servers that refer to each other do not send the client round without a rest.
#[test]
fn rule_08_a_circle_of_references_comes_to_a_rest() {
    let mut line = Line::new(following());
    for round in 0..3 {
        for n in 0..6 {
            let expected = (n > 0).then(|| format!("server-{}", n - 1));
            assert_eq!(dialed(&mut line), expected, "{round}");
            line.receive(&refused(0x9c, &format!("server-{n}")));
            close(&mut line);
        }
        assert_eq!(line.poll_transport(), Transport::Wait);
        line.pass(secs(8));
    }
    // Neither do servers that accept the connection before.
    let mut line = Line::new(following());
    for round in 0..3 {
        for n in 0..6 {
            let expected = (n > 0).then(|| format!("server-{}", n - 1));
            assert_eq!(dialed(&mut line), expected, "{round}");
            line.receive(NEW5);
            line.receive(&ended(0x9c, &format!("server-{n}")));
            close(&mut line);
        }
        assert_eq!(line.poll_transport(), Transport::Wait);
        line.pass(secs(8));
    }
}

#[test]
fn rule_08_references_are_followed_only_if_that_is_wished() {
    let mut line = Line::new(options().version(Version::Mqtt5));
    line.open();
    line.sent();
    line.receive(&refused(0x9c, "one"));
    close(&mut line);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.pass(secs(1));
    assert_eq!(dialed(&mut line), None);
    // Other codes are no references.
    let mut line = Line::new(following());
    line.open();
    line.sent();
    line.receive(&refused(0x97, "one"));
    close(&mut line);
    assert_eq!(line.poll_transport(), Transport::Wait);
    // Who is not to come back does not, but a first connection may be made elsewhere.
    let mut line = Line::new(following().reconnect(Reconnect::Never));
    line.open();
    line.sent();
    line.receive(&refused(0x9c, "one"));
    close(&mut line);
    assert_eq!(dialed(&mut line), Some("one".into()));
    line.receive(NEW5);
    line.receive(&ended(0x9c, "two"));
    assert_eq!(line.poll_transport(), Transport::Close);
    hang_up(&mut line);
    assert!(matches!(line.poll_transport(), Transport::Ended(_)));
}
