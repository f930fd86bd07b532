//! Rule 4: a message that is given up does not affect any other message.
use crate::common::*;

#[test]
fn rule_04_a_message_given_up_costs_no_other_message_anything() {
    let mut line = Line::new(options().ack_timeout(Some(secs(4))).in_flight(2));
    line.connect(NEW);
    let lost = line.publish(b"1", QoS::AtLeastOnce);
    line.sends(b"\x32\x06\0\x01t\0\x011");
    line.pass(secs(6));
    let outcome = line.client.poll_outcome(lost);
    assert_eq!(outcome, Some(Err(RequestError::NotAcknowledged(secs(4)))));
    // Round the ring of 16 slots and past it.
    for n in 0..40 {
        let request = line.publish(b"x", QoS::AtLeastOnce);
        let sent = line.sent();
        assert_ne!(sent[6], 1, "its identifier is not free");
        line.receive(&puback(sent[6].into()));
        assert_eq!(line.client.poll_outcome(request), done(), "{n}");
        line.client.forget(request);
    }
    line.is_connected();
    // An answer that comes late frees the identifier.
    line.receive(&puback(1));
    assert_eq!(line.client.counters().in_flight, 0);
}

#[test]
fn rule_04_slots_grow_if_all_are_held_by_messages_given_up() {
    let mut line = Line::new(options().ack_timeout(Some(secs(4))).in_flight(16));
    line.connect(NEW);
    for round in 0..10 {
        for _ in 0..16 {
            let request = line.publish(b"x", QoS::ExactlyOnce);
            line.client.forget(request);
        }
        assert_eq!(line.sent().len(), 16 * 8, "{round}");
        line.pass(secs(6));
        assert_eq!(line.client.counters().in_flight, 0);
    }
    line.is_connected();
    let request = line.publish(b"y", QoS::AtLeastOnce);
    let sent = line.sent();
    line.receive(&puback(u16::from_be_bytes([sent[5], sent[6]])));
    assert_eq!(line.client.poll_outcome(request), done());
}

#[test]
fn rule_04_at_the_limit_the_connection_ends_once_with_disconnect() {
    let options = kept().ack_timeout(Some(secs(4))).in_flight(16).given_up(16);
    let mut line = Line::new(options);
    line.connect(NEW);
    for _ in 0..16 {
        let request = line.publish(b"x", QoS::AtLeastOnce);
        line.client.forget(request);
    }
    line.sent();
    line.pass(secs(6));
    line.sends(DISCONNECT);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Unanswered { count: 16 }]);
    // The broker is asked for nothing that was given up.
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sends(b"");
    line.publish(b"y", QoS::AtLeastOnce);
    assert_eq!(line.sent()[0], 0x32);
}

/// A client whose sixteen slots all await PUBCOMP, the most that may be given up.
fn sixteen_released() -> Line {
    let options = kept().ack_timeout(Some(secs(4))).in_flight(16).given_up(16);
    let mut line = Line::new(options);
    line.connect(NEW);
    for _ in 0..16 {
        let request = line.publish(b"x", QoS::ExactlyOnce);
        line.client.forget(request);
    }
    line.sent();
    line.receive(&(1..=16).flat_map(pubrec).collect::<Vec<_>>());
    line
}

/// The session sends PUBREL again by itself, and the answers need a connection that lasts.
#[test]
fn rule_04_what_was_given_up_can_be_answered_on_the_next_connection() {
    let mut line = sixteen_released();
    let released: Vec<_> = (1..=16).flat_map(pubrel).collect();
    line.sends(&released);
    line.pass(secs(6));
    line.sends(DISCONNECT);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sends(&released);
    line.pass(secs(2));
    line.is_connected();
    // One answer is enough to go on.
    line.receive(&pubcomp(1));
    line.publish(b"y", QoS::AtLeastOnce);
    assert_eq!(line.sent()[0], 0x32);
    line.pass(secs(3));
    line.is_connected();
}

/// Nothing is answered on the next connection, either: it ends as late as the first one.
#[test]
fn rule_04_the_next_connection_ends_when_its_time_is_over() {
    let mut line = sixteen_released();
    let moment = Duration::from_millis(1);
    for (connection, rest) in [secs(2), moment].into_iter().enumerate() {
        line.sent();
        line.pass(secs(4) - moment);
        line.is_connected();
        line.pass(rest);
        line.sends(DISCONNECT);
        assert_eq!(line.poll_transport(), Transport::Close, "{connection}");
        line.closed();
        line.pass(secs(2));
        line.connect(PRESENT);
    }
    let unanswered = DisconnectReason::Unanswered { count: 16 };
    assert_eq!(line.reasons(), [unanswered.clone(), unanswered]);
}

#[test]
fn rule_04_withdrawn_requests_are_not_sent_or_not_awaited() {
    let mut line = Line::new(options());
    let queued = line.publish(b"1", QoS::AtLeastOnce);
    line.client.withdraw(queued);
    line.connect(NEW);
    line.sends(b"");
    let sent = line.publish(b"2", QoS::AtLeastOnce);
    line.sends(b"\x32\x06\0\x01t\0\x012");
    line.client.withdraw(sent);
    assert_eq!(line.client.counters().in_flight, 0);
    line.client.disconnect(line.now + secs(9));
    line.sends(DISCONNECT);
}

/// Only messages that were given up are passed over: the order of the others is kept.
#[test]
fn rule_04_a_message_that_is_awaited_is_not_passed_over() {
    let mut line = Line::new(options().in_flight(16));
    line.connect(NEW);
    for _ in 0..16 {
        line.publish(b"x", QoS::AtLeastOnce);
    }
    line.sent();
    line.receive(&(2..=16).flat_map(puback).collect::<Vec<_>>());
    assert_eq!(line.client.counters().in_flight, 1);
    let next = Publish::to("t").qos(QoS::AtLeastOnce);
    // The second payload is one that is not copied into the output.
    let large = vec![0; 16 << 10];
    for next in [next, next.payload(&large)] {
        assert_eq!(line.client.publish(&next), Err(PublishError::Full));
    }
    line.receive(&puback(1));
    assert!(line.client.publish(&next).is_ok());
}

#[test]
fn rule_04_an_upload_goes_past_what_was_given_up_as_well() {
    let mut line = Line::new(options().in_flight(16));
    line.connect(NEW);
    let sent = [(); 16].map(|()| line.publish(b"x", QoS::AtLeastOnce));
    line.sent();
    let upload = Publish::to("t").remaining(1).qos(QoS::AtLeastOnce);
    for &request in sent.iter().rev() {
        let refused = line.client.begin_upload(&upload);
        assert_eq!(refused, Err(PublishError::Full));
        line.client.withdraw(request);
    }
    assert!(line.client.begin_upload(&upload).is_ok());
    assert_eq!(line.sent(), b"\x32\x06\0\x01t\0\x11");
}

#[test]
fn rule_04_a_payload_that_is_not_copied_goes_past_what_was_given_up_as_well() {
    let mut line = Line::new(options().in_flight(16));
    line.connect(NEW);
    let sent = [(); 16].map(|()| line.publish(b"x", QoS::AtLeastOnce));
    line.sent();
    for request in sent {
        line.client.withdraw(request);
    }
    line.publish(&[7; 16 << 10], QoS::AtLeastOnce);
    assert!(line.sent() == message(17, 1, &[7; 16 << 10]));
    assert_eq!(line.client.counters().sent, 17);
}

#[test]
fn rule_04_what_waits_goes_past_what_was_given_up_as_well() {
    let mut line = Line::new(options().in_flight(16));
    line.connect(NEW);
    let sent = [(); 16].map(|()| line.publish(b"x", QoS::AtLeastOnce));
    line.sent();
    let filter = Filter::new("t", QoS::AtMostOnce);
    line.client.subscribe(&[filter]).unwrap();
    for &request in sent.iter().rev() {
        line.sends(b"");
        line.client.withdraw(request);
    }
    line.sends(b"\x82\x06\0\x11\0\x01t\0");
}

/// At the limit the connection goes on as long as there is a slot for another message.
#[test]
fn rule_04_messages_given_up_end_no_connection_that_has_a_free_slot() {
    for (published, given_up, is_answered) in [(3, 1..3, false), (16, 0..1, true)] {
        let options = options().ack_timeout(None).in_flight(16);
        let mut line = Line::new(options.given_up(given_up.len()));
        line.connect(NEW);
        let sent: Vec<_> = (0..published)
            .map(|_| line.publish(b"x", QoS::AtLeastOnce))
            .collect();
        line.sent();
        for &request in &sent[given_up] {
            line.client.withdraw(request);
        }
        if is_answered {
            line.receive(&(2..=16).flat_map(puback).collect::<Vec<_>>());
        }
        line.pass(secs(60));
        line.is_connected();
        assert_eq!(line.poll_transport(), Transport::Keep);
        line.publish(b"y", QoS::AtLeastOnce);
    }
}

/// A request is given up once, and only what is in flight counts.
#[test]
fn rule_04_what_is_given_up_is_counted_once() {
    let mut line = Line::new(options().ack_timeout(Some(secs(4))));
    line.connect(NEW);
    let late = line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.pass(secs(6));
    assert_eq!(line.client.counters().in_flight, 0);
    line.client.withdraw(late);
    assert_eq!(line.client.counters().in_flight, 0);
    // The payload of a message without an identifier is being copied.
    let payload = [7; 100_000];
    let large = Publish::to("t").payload(&payload);
    let request = line.client.publish(&large).unwrap().unwrap();
    line.turn();
    line.client.withdraw(request);
    assert_eq!(line.client.counters().in_flight, 0);
    line.sends(&message(0, 0, &payload));
    line.publish(b"2", QoS::AtLeastOnce);
    assert_eq!(line.client.counters().in_flight, 1);
}
