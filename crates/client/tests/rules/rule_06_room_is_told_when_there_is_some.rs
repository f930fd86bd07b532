//! Rule 6: a command that was refused for want of room is told when there is some, and not before:
//! programs try again at once, and would go round in circles.
use crate::common::*;

/// A client whose transport takes no more bytes, with so many behind those that it was given.
fn blocked(waiting: usize) -> Line {
    let mut line = Line::new(options());
    line.connect(NEW);
    for len in [1, waiting] {
        let payload = vec![7; len];
        let publish = Publish::to("t").payload(&payload);
        assert_eq!(line.client.publish(&publish), Ok(None));
        line.turn();
    }
    assert_eq!(line.output.len(), 6);
    line.events.clear();
    line
}

#[test]
fn rule_06_room_is_not_told_while_the_output_waits_for_the_transport() {
    for (waiting, refused) in [(10_000, 70_000), (40_000, 40_000), (70_000, 10_000)] {
        let mut line = blocked(waiting);
        let payload = vec![7; refused];
        let publish = Publish::to("t").payload(&payload);
        assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
        line.turn();
        assert_eq!(line.events, []);
        line.sent();
        assert_eq!(line.events, [Event::Room]);
        assert_eq!(line.client.publish(&publish), Ok(None));
    }
}

/// What is sent again goes first, and waits for the transport.
#[test]
fn rule_06_room_is_not_told_while_messages_are_to_be_sent_again() {
    let mut line = Line::new(kept());
    line.connect(NEW);
    for len in [200_000, 10_000, 200_000, 200_000] {
        line.publish(&vec![7; len], QoS::AtLeastOnce);
        line.sent();
    }
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
    line.events.clear();
    line.turn();
    assert_eq!(line.events, []);
    line.sent();
    assert!(line.events.contains(&Event::Room));
    assert!(line.client.publish(&publish).is_ok());
}

/// The broker answers all but the oldest message, for whose identifier all others wait.
#[test]
fn rule_06_room_is_not_told_while_an_unanswered_message_bars_all_others() {
    for is_given_up in [false, true] {
        let mut line = Line::new(options().in_flight(16));
        line.connect(NEW);
        let oldest = line.publish(b"x", QoS::AtLeastOnce);
        for _ in 1..16 {
            line.publish(b"x", QoS::AtLeastOnce);
        }
        line.sent();
        line.receive(&(2..=16).flat_map(puback).collect::<Vec<_>>());
        let next = Publish::to("t").qos(QoS::AtLeastOnce);
        assert_eq!(line.client.publish(&next), Err(PublishError::Full));
        line.events.clear();
        line.turn();
        assert_eq!(line.events, []);
        if is_given_up {
            line.client.withdraw(oldest);
            line.turn();
        } else {
            line.receive(&puback(1));
        }
        assert_eq!(line.events, [Event::Room]);
        assert!(line.client.publish(&next).is_ok());
    }
}

/// A driver need not be woken for a command that only an answer of the broker makes room for.
#[test]
fn rule_06_a_window_is_full_while_only_an_answer_makes_room() {
    let mut line = Line::new(options().in_flight(2).queue_qos0());
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    assert!(!line.client.is_window_full(), "they can be handed over");
    line.turn();
    assert!(line.client.is_window_full());
    line.receive(&puback(1));
    assert!(!line.client.is_window_full(), "there may be another one");
    line.publish(b"3", QoS::AtLeastOnce);
    line.sent();
    line.publish(&[7; 80_000], QoS::AtMostOnce);
    assert!(!line.client.is_window_full(), "it can be sent");
    line.turn();
    line.sent();
    assert!(line.client.is_window_full());
    line.receive(&puback(2));
    let upload = Publish::to("t").remaining(1).qos(QoS::AtLeastOnce);
    let (upload, _) = line.client.begin_upload(&upload).unwrap();
    line.sent();
    assert!(!line.client.is_window_full(), "its payload can be given");
    line.client.upload_chunk(upload, b".").unwrap();
    assert!(!line.client.is_window_full(), "it can be handed over");
    line.sent();
    assert!(line.client.is_window_full());
    line.closed();
    assert!(!line.client.is_window_full());
}

/// A driver may let threads that wait for room sleep until half of the messages are answered.
#[test]
fn rule_06_half_of_the_window_is_free_with_at_most_half_of_the_messages_in_flight() {
    let mut line = Line::new(options().in_flight(5));
    line.connect(NEW);
    for in_flight in 0..=5 {
        assert_eq!(line.client.counters().in_flight, in_flight);
        assert_eq!(line.client.is_window_half_free(), in_flight <= 2);
        if in_flight < 5 {
            line.publish(b"x", QoS::AtLeastOnce);
            line.sent();
        }
    }
}
