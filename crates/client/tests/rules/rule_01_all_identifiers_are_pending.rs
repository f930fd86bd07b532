//! Rule 1: nothing that the application does or fails to do stops acknowledgements, pings and time
//! limits, even if the acknowledgements of all 65,535 identifiers wait for it.
use crate::common::*;

/// A client, and the application's acknowledgements of a message under each identifier.
fn full(options: Options, connack: &[u8], qos: u8) -> (Line, StreamId, Vec<AckId>) {
    let options = options.keep_alive(60).streams(usize::MAX, usize::MAX);
    let options = options.backlog(usize::MAX, Overflow::Disconnect);
    let mut line = Line::new(options);
    let stream = line.client.messages();
    line.connect(connack);
    let mut acks = Vec::new();
    for id in 1..=u16::MAX {
        line.receive(&publish(connack, id, qos, b"."));
        acks.extend(take(&mut line, stream).and_then(|(_, ack)| ack));
    }
    assert_eq!(acks.len(), 65_535);
    line.sends(b"");
    line.is_connected();
    line.events.clear();
    (line, stream, acks)
}

/// A PUBLISH in the version of this CONNACK.
fn publish(connack: &[u8], id: u16, qos: u8, payload: &[u8]) -> Vec<u8> {
    let no_properties: &[u8] = if connack == NEW5 { b"\0" } else { b"" };
    message(id, qos, &[no_properties, payload].concat())
}

fn take(line: &mut Line, stream: StreamId) -> Option<(Vec<u8>, Option<AckId>)> {
    match line.client.take(stream, AckMode::Manual) {
        Taken::Message(item) => Some((item.message.payload.to_vec(), item.ack)),
        _ => None,
    }
}

#[test]
fn rule_01_the_protocol_goes_on_while_all_identifiers_are_pending() {
    for (version, connack) in [(Version::Mqtt311, NEW), (Version::Mqtt5, NEW5)] {
        for qos in [1, 2] {
            let (mut line, stream, acks) = full(options().version(version), connack, qos);
            // What the client publishes is acknowledged.
            let one = line.publish(b"x", QoS::AtLeastOnce);
            let first = id_of(&line.sent());
            let two = line.publish(b"x", QoS::ExactlyOnce);
            let second = id_of(&line.sent());
            line.receive(&[puback(first), pubrec(second)].concat());
            line.sends(&pubrel(second));
            line.receive(&pubcomp(second));
            for request in [one, two] {
                assert_eq!(line.client.poll_outcome(request), done());
            }
            // PINGRESP is read, and a long message with QoS 0 in pieces.
            line.now += secs(45);
            line.sends(PING);
            let long = vec![7; 200_000];
            let arriving = [PONG, &publish(connack, 0, 0, &long), PONG].concat();
            for piece in arriving.chunks(3000) {
                line.receive(piece);
            }
            let taken = take(&mut line, stream);
            assert!(taken.is_some_and(|(payload, _)| payload == long));
            line.pass(secs(44));
            line.is_connected();
            // A repetition is not another message.
            for piece in dup(publish(connack, 9, qos, b".")).chunks(1) {
                line.receive(piece);
            }
            assert!(take(&mut line, stream).is_none());
            line.is_connected();
            // Reading goes on as it was when there is room.
            acks.into_iter().for_each(|ack| line.client.ack(ack));
            let replies = line.sent();
            assert!(replies.len() >= 4 * 65_535, "{}", replies.len());
            if qos == 2 {
                line.receive(&pubrel(1));
                line.sends(&pubcomp(1));
            }
            line.receive(&publish(connack, 1, qos, b"y"));
            assert!(take(&mut line, stream).is_some_and(|(payload, _)| payload == b"y"));
        }
    }
}

/// An honest broker has no identifier for it.
#[test]
fn rule_01_a_message_more_than_there_are_identifiers_ends_the_connection() {
    for (version, connack, goodbye) in [
        (Version::Mqtt311, NEW, &b""[..]),
        (Version::Mqtt5, NEW5, b"\xe0\x01\x82"),
    ] {
        let (mut line, stream, _acks) = full(options().version(version), connack, 1);
        line.receive(&publish(connack, 9, 1, b"y")[..4]);
        line.is_connected();
        line.receive(&publish(connack, 9, 1, b"y")[4..]);
        assert!(take(&mut line, stream).is_none());
        line.sends(goodbye);
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        let reasons = line.reasons();
        assert_eq!(reasons, [DisconnectReason::Fault(Fault::Unexpected)]);
    }
}

/// The broker can end the connection.
#[test]
fn rule_01_disconnect_is_read_while_all_identifiers_are_pending() {
    let (mut line, ..) = full(options().version(Version::Mqtt5), NEW5, 2);
    line.receive(b"\xe0\x01\x8b");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let reasons = line.reasons();
    let [DisconnectReason::Disconnected(reason)] = &reasons[..] else {
        panic!("{reasons:?}")
    };
    assert_eq!(reason.code(), ReasonCode::SERVER_SHUTTING_DOWN);
}
