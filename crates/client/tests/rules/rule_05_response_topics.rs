//! Rule 5: response topics stay subscribed as long as they are of use, and what goes wrong there is
//! told to those who await responses.
use crate::{common::*, rule_05_responses::*};

/// Subscriptions to topics at which nothing is awaited any more end, but for some.
#[test]
fn rule_05_many_response_topics_do_not_stay() {
    let mut line = Line::new(options());
    line.connect(NEW);
    for n in 0..40u16 {
        let topic = format!("r/{n}");
        let response = ask(&mut line, &question(b"?").response_topic(&topic));
        for packet in split(&line.sent()) {
            let id = [packet[2], packet[3]];
            match packet[0] {
                0x82 => line.receive(&[&[0x90, 3][..], &id, &[1]].concat()),
                0xa2 => line.receive(&[&[0xb0, 2][..], &id].concat()),
                _ => line.receive(&puback(id_of(&packet))),
            }
        }
        line.receive(&message_to(&topic, 0, 0, b"!"));
        assert_eq!(payload(&mut line, response), b"!");
    }
    line.sent();
    let kept = (24..40).map(|n| format!("r/{n}"));
    assert!(line.client.subscriptions().eq(kept));
}

/// Splits short packets.
fn split(mut sent: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let Some(&length) = sent.get(1) {
        let (packet, rest) = sent.split_at(2 + usize::from(length));
        packets.push(packet.to_vec());
        sent = rest;
    }
    packets
}

/// However many there are, a topic stays as long as something is awaited there.
#[test]
fn rule_05_response_topics_stay_as_long_as_they_are_needed() {
    let mut line = Line::new(options().in_flight(100));
    line.connect(NEW);
    let asked: Vec<_> = (0..20)
        .map(|n| {
            let topic = format!("r/{n}");
            let response = ask(&mut line, &question(b"?").response_topic(&topic));
            for packet in split(&line.sent()) {
                if packet[0] == 0x82 {
                    line.receive(&suback(&packet, 1));
                }
            }
            (topic, response)
        })
        .collect();
    for (topic, response) in asked {
        line.receive(&message_to(&topic, 0, 0, b"!"));
        assert_eq!(payload(&mut line, response), b"!");
    }
}

/// Without an answer to the subscription there is no response, whatever comes of the message.
#[test]
fn rule_05_a_subscription_to_a_response_topic_that_is_not_answered_is_told() {
    let mut line = Line::new(options5().ack_timeout(Some(secs(4))));
    line.connect(NEW5);
    let response = ask(&mut line, &question(b"?"));
    line.sent();
    line.receive(&puback(2));
    line.pass(secs(6));
    let late = SubscribeError::Failed(RequestError::NotAnswered(secs(4)));
    assert_eq!(error(&mut line, response), ResponseError::Subscribe(late));
}

/// The number of a request is only a part of its correlation data.
#[test]
fn rule_05_a_response_has_all_of_the_correlation_data() {
    let mut line = line();
    let (response, _, data) = first(&mut line);
    let mut other = data.clone();
    other[0] ^= 1;
    line.receive(&answer(1, &other, b"?"));
    assert_eq!(line.client.poll_response(response), None);
    line.receive(&answer(2, &data, b"!"));
    assert_eq!(payload(&mut line, response), b"!");
}

#[test]
fn rule_05_other_messages_and_outcomes_are_left_to_the_application() {
    let mut line = line();
    first(&mut line);
    let request = line.publish(b".", QoS::AtLeastOnce);
    assert_eq!(line.client.poll_outcome(request), None);
    let id = id_of(&line.sent());
    line.receive(&puback(id));
    assert!(line.events.contains(&Event::Completed { request }));
    assert_eq!(line.client.poll_outcome(request), done());
    let stream = line.client.messages();
    assert_eq!(line.take(stream), None);
    line.receive(b"\x30\x05\0\x01t\0.");
    assert!(line.events.contains(&Event::Delivered { stream }));
    assert_eq!(line.take_all(stream), [b"."]);
}

#[test]
fn rule_05_responses_have_small_numbers_that_are_used_again() {
    let mut line = line();
    let asked = [(); 3].map(|()| ask(&mut line, &question(b"?")));
    assert_eq!(asked.map(ResponseId::index), [0, 1, 2]);
    line.client.forget_response(asked[1]);
    assert_eq!(ask(&mut line, &question(b"?")).index(), 1);
}

/// Over MQTT 3.1.1 a message cannot name the topic that MQTT 5 would have.
#[test]
fn rule_05_a_client_that_has_fallen_back_has_no_response_topic_of_its_own() {
    let mut line = Line::new(options5().fall_back());
    line.open();
    line.sent();
    line.closed();
    line.connect(NEW);
    let refused = line.client.request(&question(b"?"), line.now);
    assert_eq!(refused, Err(ResponseError::ResponseTopicMissing));
}
