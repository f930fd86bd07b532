//! Rule 7: what is sent again over the next connection, and what is not.
use crate::common::*;

#[test]
fn rule_07_messages_are_sent_anew_in_their_order_before_those_that_wait() {
    let mut line = Line::new(kept().in_flight(3));
    line.connect(NEW);
    for payload in [b"1", b"2", b"3"] {
        line.publish(payload, QoS::AtLeastOnce);
    }
    line.sent();
    line.closed();
    line.publish(b"4", QoS::AtLeastOnce);
    line.pass(secs(1));
    line.connect(NEW);
    let [one, two, three] = [(4, b"1"), (5, b"2"), (6, b"3")].map(|(id, p)| message(id, 1, p));
    line.sends(&[one, two, three].concat());
    line.receive(&puback(4));
    line.sends(&message(7, 1, b"4"));
}

/// The broker answers on the next connection what it received on the last one.
#[test]
fn rule_07_an_answer_that_comes_first_makes_sending_again_needless() {
    for (qos, answer, then) in [
        (QoS::AtLeastOnce, puback(1), vec![]),
        (QoS::ExactlyOnce, pubrec(1), pubrel(1)),
    ] {
        for is_followed in [false, true] {
            let mut line = Line::new(kept());
            line.connect(NEW);
            line.publish(b"1", qos);
            if is_followed {
                line.publish(b"2", QoS::AtLeastOnce);
            }
            line.sent();
            line.closed();
            line.pass(secs(1));
            line.open();
            line.sent();
            line.receive(&[PRESENT, &answer].concat());
            let mut expected = then.clone();
            if is_followed {
                expected.extend(dup(message(2, 1, b"2")));
            }
            line.sends(&expected);
            line.publish(b"3", QoS::AtLeastOnce);
            line.sends(&message(2 + u16::from(is_followed), 1, b"3"));
        }
    }
}

/// The rest of a message with QoS 0 is not sent over the next connection; one with QoS 1 is sent
/// again from its beginning.
#[test]
fn rule_07_large_messages_that_are_cut_are_sent_again_or_told() {
    let payload = [7; 200_000];
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut line = Line::new(kept());
        line.connect(NEW);
        let request = line.publish(&payload, qos);
        line.turn();
        assert!(!line.output.is_empty());
        line.closed();
        line.pass(secs(1));
        line.connect(PRESENT);
        if qos == QoS::AtMostOnce {
            line.sends(b"");
            let unknown = Some(Err(RequestError::OutcomeUnknown));
            assert_eq!(line.client.poll_outcome(request), unknown);
        } else {
            line.sends(&dup(message(1, 1, &payload)));
            line.receive(&puback(1));
            assert_eq!(line.client.poll_outcome(request), done());
        }
    }
}

/// A large message with QoS 0 is complete when the transport has taken all of it, not before.
#[test]
fn rule_07_a_large_message_that_needs_no_answer_is_complete_when_it_was_written() {
    let payload = [7; 200_000];
    let mut line = Line::new(kept());
    line.connect(NEW);
    let request = line.publish(&payload, QoS::AtMostOnce);
    line.turn();
    assert_eq!(line.client.poll_outcome(request), None);
    line.sends(&message(0, 0, &payload));
    assert_eq!(line.client.poll_outcome(request), done());
}

/// A message that was not sent over this connection is not the reason for what the broker does.
#[test]
fn rule_07_a_message_is_not_given_up_for_faults_before_it_was_sent_again() {
    let mut line = Line::new(kept());
    let request = line.publish(b"1", QoS::AtLeastOnce);
    line.connect(NEW);
    line.sent();
    line.receive(b"\xf0\0");
    line.closed();
    for _ in 0..3 {
        line.pass(secs(8));
        line.open();
        line.sent();
        line.receive(&[PRESENT, b"\xf0\0"].concat());
        line.closed();
        assert_eq!(line.client.poll_outcome(request), None);
    }
    line.pass(secs(8));
    line.connect(PRESENT);
    line.sends(&dup(message(1, 1, b"1")));
}

/// A subscription that the broker had granted is made again over each connection, whatever the
/// broker does about it.
#[test]
fn rule_07_a_subscription_that_is_made_again_is_not_given_up() {
    let (mut line, _) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    for connack in [NEW, PRESENT, PRESENT, PRESENT] {
        line.closed();
        line.pass(secs(8));
        line.connect(connack);
        let sent = line.sent();
        assert_eq!((sent[0], sent.len()), (0x82, 8));
        line.receive(b"\xf0\0");
    }
}

/// Answers to other messages do not make a broker correct that breaks the protocol over one.
#[test]
fn rule_07_faults_over_a_message_count_although_others_are_answered() {
    let mut line = Line::new(kept());
    let bad = line.publish(b"!", QoS::ExactlyOnce);
    let good = line.publish(b".", QoS::AtLeastOnce);
    line.connect(NEW);
    line.sent();
    // PUBACK for a message with QoS 2.
    line.receive(&puback(1));
    line.closed();
    line.pass(secs(2));
    line.connect(PRESENT);
    line.sent();
    line.receive(&puback(2));
    assert_eq!(line.client.poll_outcome(good), done());
    line.receive(&puback(1));
    let abandoned = RequestError::Abandoned(Fault::Unexpected);
    assert_eq!(line.client.poll_outcome(bad), Some(Err(abandoned)));
}
