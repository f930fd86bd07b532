//! Rule 7 with MQTT 5: what makes the broker end each connection is given up, so that what is behind
//! it arrives.
use crate::common::*;

fn kept5() -> Options {
    kept().version(Version::Mqtt5)
}

/// Sends what waits over one connection after another, until `step` returns `false` for what was sent
/// over one. Returns how many that took.
fn connections(line: &mut Line, mut step: impl FnMut(&mut Line, &[u8]) -> bool) -> u32 {
    for n in 1..10 {
        line.connect(if n == 1 { NEW5 } else { PRESENT5 });
        let sent = line.sent();
        if !step(line, &sent) {
            return n;
        }
        line.sent();
        line.closed();
        line.pass(secs(8));
    }
    panic!("there is no end to it");
}

fn disconnect(code: u8) -> Vec<u8> {
    [&b"\xe0\x06"[..], &[code], b"\x04\x1f\0\x01!"].concat()
}

fn has(sent: &[u8], text: &[u8]) -> bool {
    sent.windows(text.len()).any(|bytes| bytes == text)
}

#[test]
fn rule_07_a_message_for_which_the_broker_disconnects_twice_is_given_up_with_its_reason() {
    for code in [0x81, 0x82, 0x83, 0x87, 0x90, 0x95, 0x99, 0x9a, 0x9b] {
        let mut line = Line::new(kept5());
        let bad = line.publish(b"bad", QoS::AtLeastOnce);
        let good = line.publish(b"good", QoS::AtLeastOnce);
        let count = connections(&mut line, |line, sent| {
            let is_bad = has(sent, b"bad");
            if is_bad {
                assert_eq!(line.client.poll_outcome(bad), None);
                line.receive(&disconnect(code));
            }
            is_bad
        });
        assert_eq!(count, 3);
        let Some(Err(RequestError::Rejected(reason))) = line.client.poll_outcome(bad) else {
            panic!("{:?}", line.client.poll_outcome(bad))
        };
        assert_eq!(reason.code(), ReasonCode::from(code));
        assert_eq!(reason.reason_string(), Some("!"));
        line.receive(&puback(2));
        assert!(matches!(line.client.poll_outcome(good), Some(Ok(_))));
    }
}

/// A message that was withdrawn is in flight, too, but there is nothing to be given up.
#[test]
fn rule_07_a_message_that_was_withdrawn_is_not_taken_for_the_reason() {
    let mut line = Line::new(kept5());
    let withdrawn = line.publish(b"withdrawn", QoS::AtLeastOnce);
    let bad = line.publish(b"bad", QoS::AtLeastOnce);
    let count = connections(&mut line, |line, sent| {
        line.client.withdraw(withdrawn);
        let is_bad = has(sent, b"bad");
        if is_bad {
            line.receive(&disconnect(0x99));
        }
        is_bad
    });
    assert_eq!(count, 3);
    let outcome = line.client.poll_outcome(bad);
    assert!(matches!(outcome, Some(Err(RequestError::Rejected(_)))));
}

/// Such a code is no fault of a message: it is about something else, or may pass.
#[test]
fn rule_07_a_message_is_not_given_up_for_other_reasons() {
    for code in [
        0x80, 0x89, 0x8b, 0x8d, 0x8f, 0x93, 0x96, 0x97, 0x98, 0x9c, 0x9e, 0x9f, 0xa0, 0xa2,
    ] {
        let mut line = Line::new(kept5());
        let message = line.publish(b".", QoS::AtLeastOnce);
        let mut count = 0;
        connections(&mut line, |line, sent| {
            assert!(has(sent, b"."));
            line.receive(&disconnect(code));
            count += 1;
            count < 5
        });
        assert_eq!(line.client.poll_outcome(message), None, "{code:#x}");
    }
}

/// Of two connections that end for different reasons, one may be bad luck.
#[test]
fn rule_07_a_message_is_given_up_if_the_code_is_the_same_twice() {
    let mut line = Line::new(kept5());
    let message = line.publish(b".", QoS::AtLeastOnce);
    let mut codes = [0x99, 0x87, 0x99, 0x99].into_iter();
    let count = connections(&mut line, |line, _| {
        let code = codes.next();
        code.inspect(|&code| line.receive(&disconnect(code)))
            .is_some()
    });
    assert_eq!(count, 5);
    assert!(matches!(
        line.client.poll_outcome(message),
        Some(Err(RequestError::Rejected(_)))
    ));
}

/// A subscription to which no connection survives is given up as well, and not a message that is
/// sent before it.
#[test]
fn rule_07_a_subscription_for_which_the_broker_disconnects_twice_is_given_up() {
    let mut line = Line::new(kept5());
    let filters = [Filter::new("bad", QoS::AtMostOnce)];
    let (request, _) = line.client.subscribe(&filters).unwrap();
    let message = line.publish(b"good", QoS::AtLeastOnce);
    let count = connections(&mut line, |line, sent| {
        let is_bad = has(sent, b"bad");
        if is_bad {
            line.receive(&disconnect(0x8f));
        }
        is_bad
    });
    assert_eq!(count, 3);
    let error = line.client.poll_outcome(request).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the broker ended two connections in a row because of it, and may or may not have received \
         it: topic filter invalid (reason code 0x8f), \"!\""
    );
    assert_eq!(line.client.poll_outcome(message), None);
}

/// SUBACK or UNSUBACK with one user property of 131,075 bytes, and one reason code.
fn long_answer(first_byte: u8, id: &[u8]) -> Vec<u8> {
    let text = [&b"\xff\xff"[..], &[b'x'; 0xffff]].concat();
    let properties = [&b"\x83\x80\x08\x26"[..], &text, &text].concat();
    [&[first_byte], &b"\x89\x80\x08"[..], id, &properties, b"\0"].concat()
}

/// Sends a subscription, or the end of one if `is_subscription` is false.
fn request(line: &mut Line, is_subscription: bool) -> RequestId {
    if is_subscription {
        let filters = [Filter::new("bad", QoS::AtMostOnce)];
        line.client.subscribe(&filters).unwrap().0
    } else {
        line.client.unsubscribe(&["bad"]).unwrap()
    }
}

/// Properties that do not fit into the read buffer are dropped, however they arrive.
#[test]
fn rule_07_an_answer_with_properties_longer_than_the_read_buffer_is_read() {
    for (first_byte, is_subscription) in [(0x90, true), (0xb0, false)] {
        for size in [1_000, READ_BUFFER, 1_000_000] {
            let mut line = Line::new(kept5());
            let request = request(&mut line, is_subscription);
            let message = line.publish(b"good", QoS::AtLeastOnce);
            line.connect(NEW5);
            let sent = line.sent();
            let answer = [&long_answer(first_byte, &sent[2..4])[..], &puback(2)].concat();
            for piece in answer.chunks(size) {
                assert_eq!(line.client.poll_outcome(request), None);
                line.receive(piece);
            }
            assert!(matches!(line.client.poll_outcome(request), Some(Ok(_))));
            assert!(matches!(line.client.poll_outcome(message), Some(Ok(_))));
        }
    }
}

/// SUBACK or UNSUBACK with a reason string of 4,997 bytes, and these reason codes.
fn answer_with_codes(first_byte: u8, id: &[u8], codes: &[u8]) -> Vec<u8> {
    let length = 2 + 2 + 5_000 + codes.len();
    let digit = |shift: u32| (length >> shift & 0x7f) as u8;
    let header = [first_byte, digit(0) | 0x80, digit(7) | 0x80, digit(14)];
    let properties = [&b"\x88\x27\x1f\x13\x85"[..], &[b'x'; 4_997]].concat();
    [&header[..], id, &properties, codes].concat()
}

#[test]
fn rule_07_a_request_whose_answer_has_more_reason_codes_than_the_read_buffer_is_given_up() {
    for (first_byte, is_subscription, code) in [(0x90, true, 0x02), (0xb0, false, 0x87)] {
        for size in [10_000, READ_BUFFER] {
            let mut line = Line::new(kept5());
            let request = request(&mut line, is_subscription);
            let count = connections(&mut line, |line, sent| {
                let is_bad = has(sent, b"bad");
                if is_bad {
                    let codes = vec![code; READ_BUFFER + 1];
                    for piece in answer_with_codes(first_byte, &sent[2..4], &codes).chunks(size) {
                        line.receive(piece);
                    }
                    assert_eq!(line.sent(), b"\xe0\x01\x95");
                }
                is_bad
            });
            assert_eq!(count, 3);
            let error = line.client.poll_outcome(request).unwrap().unwrap_err();
            assert_eq!(error, RequestError::Abandoned(Fault::PacketTooLarge));
        }
    }
}

/// Bytes that begin as a long message does are reason codes behind properties that were dropped.
#[test]
fn rule_07_reason_codes_are_not_taken_for_a_message() {
    let mut line = Line::new(kept5());
    request(&mut line, true);
    line.connect(NEW5);
    let sent = line.sent();
    let codes = [&b"\x30\xff\xff\x7f\0\x01t\0"[..], &[0; 70_000]].concat();
    for piece in answer_with_codes(0x90, &sent[2..4], &codes).chunks(10_000) {
        assert_eq!(line.sent(), b"");
        line.receive(piece);
    }
    assert_eq!(line.sent(), b"\xe0\x01\x82");
}

#[test]
fn rule_07_a_request_whose_answer_is_longer_than_announced_is_given_up() {
    for (first_byte, is_subscription) in [(0x90, true), (0xb0, false)] {
        let mut line = Line::new(kept5().maximum_packet_size(100_000));
        let request = request(&mut line, is_subscription);
        let count = connections(&mut line, |line, sent| {
            let is_bad = has(sent, b"bad");
            if is_bad {
                line.receive(&long_answer(first_byte, &sent[2..4])[..READ_BUFFER]);
            }
            is_bad
        });
        assert_eq!(count, 3);
        let error = line.client.poll_outcome(request).unwrap().unwrap_err();
        assert_eq!(error, RequestError::Abandoned(Fault::PacketTooLarge));
        assert!(error.to_string().contains("maximum packet size"), "{error}");
    }
}

/// A message that is longer than the client has announced is nobody's answer.
#[test]
fn rule_07_a_message_that_is_too_long_is_no_reason_to_give_another_one_up() {
    let mut line = Line::new(kept5().maximum_packet_size(20));
    let message = line.publish(b".", QoS::AtLeastOnce);
    let filters = [Filter::new("t", QoS::AtMostOnce)];
    let (subscription, _) = line.client.subscribe(&filters).unwrap();
    let mut count = 0;
    connections(&mut line, |line, _| {
        line.receive(&[b"\x30\x14\0\x01t\0", &[b'.'; 16][..]].concat());
        assert_eq!(line.sent(), b"\xe0\x01\x95");
        count += 1;
        count < 4
    });
    assert_eq!(line.client.poll_outcome(message), None);
    assert_eq!(line.client.poll_outcome(subscription), None);
}
