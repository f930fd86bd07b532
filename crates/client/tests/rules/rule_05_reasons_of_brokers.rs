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
    assert_eq!(line.client.poll_outcome(request), done());
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

#[test]
fn rule_05_a_refused_subscription_has_its_codes_and_the_reason_for_the_first() {
    let mut line = line();
    let filters = ["a", "b", "c"].map(|text| Filter::new(text, QoS::ExactlyOnce));
    let (request, _) = line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(b"\x90\x0b\0\x01\x05\x1f\0\x02no\x01\x87\x97");
    let error = line.client.poll_outcome(request).unwrap().unwrap_err();
    let RequestError::Refused {
        filters,
        codes,
        reason: Some(reason),
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(
        (&**filters, &**codes),
        ("\"b\", \"c\"", &[1, 0x87, 0x97][..])
    );
    assert_eq!(reason.code(), ReasonCode::NOT_AUTHORIZED);
    assert_eq!(
        error.to_string(),
        "the broker refuses to subscribe to \"b\", \"c\": not authorised (reason code 0x87), \
         \"no\": check its rules for this client"
    );
    // The granted one is ended.
    line.sends(b"\xa2\x06\0\x02\0\0\x01a");
}

#[test]
fn rule_05_a_granted_subscription_has_its_codes() {
    let mut line = line();
    let filters = ["a", "b"].map(|text| Filter::new(text, QoS::ExactlyOnce));
    let (request, _) = line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(b"\x90\x05\0\x01\0\x02\x01");
    assert_eq!(line.codes(request), [2, 1]);
}

#[test]
fn rule_05_the_end_of_a_subscription_has_its_codes() {
    let mut line = line();
    let filters = ["a", "b"].map(|text| Filter::new(text, QoS::ExactlyOnce));
    line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(b"\x90\x05\0\x01\0\x02\x02");
    let request = line.client.unsubscribe(&["a", "none"]).unwrap();
    line.sent();
    line.receive(b"\xb0\x05\0\x02\0\0\x11");
    assert_eq!(line.codes(request), [0, 0x11]);
    assert_eq!(line.client.subscriptions().collect::<Vec<_>>(), ["b"]);

    let request = line.client.unsubscribe(&["b", "c"]).unwrap();
    line.sent();
    line.receive(b"\xb0\x0a\0\x03\x05\x1f\0\x02no\x87\x11");
    let error = line.client.poll_outcome(request).unwrap().unwrap_err();
    let RequestError::UnsubscribeRefused { codes, reason, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(**codes, [0x87, 0x11]);
    assert_eq!(reason.reason_string(), Some("no"));
    assert!(
        error.to_string().contains("\"b\": not authorised"),
        "{error}"
    );
}

/// PUBACK, PUBREC or PUBCOMP of the first packet that succeeds.
fn success(first_byte: u8, code: u8) -> Vec<u8> {
    vec![first_byte, 3, 0, 1, code]
}

#[test]
fn rule_05_an_acknowledged_message_has_what_the_broker_says_of_it() {
    let mut line = line();
    let request = line.publish(b".", QoS::AtLeastOnce);
    assert_eq!(line.client.poll_outcome(request), None);
    line.sent();
    line.receive(&success(0x40, 0x10));
    assert!(line.events.contains(&Event::Completed { request }));
    let acknowledgement = line.client.poll_outcome(request).unwrap().unwrap();
    assert_eq!(acknowledgement.code(), ReasonCode::NO_MATCHING_SUBSCRIBERS);
    assert_eq!(acknowledgement.reason_string(), None);

    let request = line.publish(b".", QoS::AtLeastOnce);
    line.sent();
    line.receive(b"\x40\x0a\0\x02\0\x06\x1f\0\x03hey");
    let acknowledgement = line.client.poll_outcome(request).unwrap().unwrap();
    assert_eq!(acknowledgement.code(), ReasonCode::SUCCESS);
    assert_eq!(acknowledgement.reason_string(), Some("hey"));
    assert_eq!(line.client.counters().acknowledged, 2);
}

/// What PUBREC says is about the message, and PUBCOMP ends it, also over another connection.
#[test]
fn rule_05_what_pubrec_says_is_told_when_the_message_is_complete() {
    for (pubcomp, is_cut) in [
        (pubcomp(1), false),
        (pubcomp(1), true),
        (b"\x70\x0a\0\x01\0\x06\x1f\0\x03hey".to_vec(), false),
        (success(0x70, 0x92), true),
    ] {
        let mut line = Line::new(kept().version(Version::Mqtt5));
        line.connect(NEW5);
        let request = line.publish(b".", QoS::ExactlyOnce);
        line.sent();
        line.receive(&success(0x50, 0x10));
        line.sends(&pubrel(1));
        assert_eq!(line.client.poll_outcome(request), None);
        if is_cut {
            line.closed();
            line.pass(secs(1));
            line.connect(PRESENT5);
            line.sends(&pubrel(1));
        }
        line.receive(&pubcomp);
        let acknowledgement = line.client.poll_outcome(request).unwrap().unwrap();
        assert_eq!(acknowledgement.code(), ReasonCode::NO_MATCHING_SUBSCRIBERS);
        assert_eq!(line.client.counters().in_flight, 0);
    }
    // If PUBREC says nothing, PUBCOMP may.
    let mut line = line();
    let request = line.publish(b".", QoS::ExactlyOnce);
    line.sent();
    line.receive(&pubrec(1));
    line.receive(b"\x70\x0a\0\x01\0\x06\x1f\0\x03hey");
    let acknowledgement = line.client.poll_outcome(request).unwrap().unwrap();
    assert_eq!(acknowledgement.reason_string(), Some("hey"));
}

/// A message whose reason is kept until it is complete ends like any other.
#[test]
fn rule_05_a_message_with_a_reason_may_have_an_unknown_outcome() {
    let mut line = line();
    let request = line.publish(b".", QoS::ExactlyOnce);
    line.sent();
    line.receive(&success(0x50, 0x10));
    line.closed();
    line.pass(secs(1));
    line.connect(NEW5);
    let unknown = Some(Err(RequestError::OutcomeUnknown));
    assert_eq!(line.client.poll_outcome(request), unknown);
}

#[test]
fn rule_05_an_answer_to_filters_has_its_reason_string() {
    let mut line = line();
    let filters = ["a", "b"].map(|text| Filter::new(text, QoS::ExactlyOnce));
    let (request, _) = line.client.subscribe(&filters).unwrap();
    line.sent();
    line.receive(b"\x90\x0a\0\x01\x05\x1f\0\x02ok\x02\x01");
    let granted = line.client.poll_outcome(request).unwrap().unwrap();
    assert_eq!(
        (granted.codes(), granted.reason_string()),
        (&[2, 1][..], Some("ok"))
    );
    let request = line.client.unsubscribe(&["a"]).unwrap();
    line.sent();
    line.receive(b"\xb0\x09\0\x02\x05\x1f\0\x02ok\0");
    let ended = line.client.poll_outcome(request).unwrap().unwrap();
    assert_eq!(
        (ended.codes(), ended.reason_string()),
        (&[0][..], Some("ok"))
    );
}
