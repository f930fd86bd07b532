//! Rule 5: what a broker of MQTT 5 says of a request is told.
use crate::common::*;

fn line() -> Line {
    let mut line = Line::new(options().version(Version::Mqtt5));
    line.connect(NEW5);
    line
}

/// PUBACK, PUBREC or PUBCOMP of the first packet, with a reason code and a reason string.
fn refusal(first_byte: u8, code: u8) -> Vec<u8> {
    let mut packet = vec![first_byte, 9, 0, 1, code, 5, 0x1f, 0, 2];
    packet.extend(b"no");
    packet
}

fn reason(line: &mut Line, request: RequestId) -> (ReasonCode, Option<String>) {
    match line.client.poll_outcome(request) {
        Some(Err(RequestError::MessageRefused(reason))) => {
            (reason.code(), reason.reason_string().map(String::from))
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn rule_05_a_message_that_the_broker_refuses_has_its_reason() {
    for (qos, first_byte) in [(QoS::AtLeastOnce, 0x40), (QoS::ExactlyOnce, 0x50)] {
        let mut line = line();
        let request = line.publish(b".", qos);
        assert_eq!(line.client.poll_outcome(request), None);
        line.sent();
        line.receive(&refusal(first_byte, 0x87));
        assert!(line.events.contains(&Event::Completed { request }));
        let expected = (ReasonCode::NOT_AUTHORIZED, Some("no".into()));
        assert_eq!(reason(&mut line, request), expected);
        // It is over: no PUBREL follows, and nothing is sent again.
        line.sends(b"");
        line.closed();
        line.pass(secs(1));
        line.connect(NEW5);
        line.sends(b"");
        assert_eq!(line.client.counters().acknowledged, 1);
    }
}

/// The broker has completed a message, and lost PUBCOMP with the connection.
#[test]
fn rule_05_a_message_that_the_broker_does_not_know_any_more_was_received() {
    let mut line = Line::new(kept().version(Version::Mqtt5));
    line.connect(NEW5);
    let request = line.publish(b".", QoS::ExactlyOnce);
    line.sent();
    line.receive(&pubrec(1));
    line.sends(&pubrel(1));
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT5);
    line.sends(&pubrel(1));
    line.receive(b"\x70\x03\0\x01\x92");
    assert_eq!(line.client.poll_outcome(request), Some(Ok(Box::default())));
}

#[test]
fn rule_05_a_refused_message_says_so_in_words() {
    let mut line = line();
    let request = line.publish(b".", QoS::AtLeastOnce);
    line.sent();
    line.receive(&refusal(0x40, 0x97));
    let error = line.client.poll_outcome(request).unwrap().unwrap_err();
    let words = "the broker refused the message: quota exceeded (reason code 0x97), \"no\"";
    assert_eq!(error.to_string(), words);
}
