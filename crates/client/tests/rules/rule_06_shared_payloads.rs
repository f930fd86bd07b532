//! Rule 6: a payload that is not copied is published as any other, or refused as any other.
use crate::common::*;
use bytes::Bytes;

fn payload(length: usize) -> Bytes {
    (0..length).map(|at| at as u8).collect::<Vec<_>>().into()
}

#[test]
fn rule_06_a_shared_payload_is_sent_as_a_copy_would_be() {
    for qos in 0..=2 {
        for length in [0, 10, 16_383, 16_384, 70_000, 80_000, 600_000] {
            let level = QoS::try_from(qos).unwrap();
            let (mut line, mut other) = (Line::new(kept()), Line::new(kept()));
            line.connect(NEW);
            other.connect(NEW);
            let publish = Publish::to("t").qos(level);
            let payload = payload(length);
            for _ in 0..2 {
                line.client.publish_bytes(&publish, &payload).unwrap();
                other.client.publish(&publish.payload(&payload)).unwrap();
                assert!(line.sent() == other.sent(), "{qos}, {length}");
            }
            // Nothing holds the memory of what is not to be sent again.
            let is_held = qos > 0 && length >= 16_384;
            assert!(
                length == 0 || payload.is_unique() != is_held,
                "{qos}, {length}"
            );
            let next = message(3, qos, &payload);
            let mut wanted = Vec::new();
            if qos > 0 {
                wanted.extend((1..=2).flat_map(|id| dup(message(id, qos, &payload))));
            }
            wanted.extend(next);
            for line in [&mut line, &mut other] {
                line.closed();
                line.pass(secs(1));
                line.connect(PRESENT);
                let mut sent = line.sent();
                line.client.publish_bytes(&publish, &payload).unwrap();
                sent.extend(line.sent());
                assert!(sent == wanted, "{qos}, {length}");
            }
        }
    }
}

#[test]
fn rule_06_payloads_that_wait_to_be_written_are_bounded() {
    let mut line = Line::new(options().in_flight(100));
    line.connect(NEW);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    let payload = payload(64 << 10);
    let mut count = 0;
    while line.client.publish_bytes(&publish, &payload).is_ok() {
        count += 1;
    }
    assert_eq!(count, 4);
    let full = Err(PublishError::Full);
    assert_eq!(line.client.publish_bytes(&publish, &payload), full);
    line.turn();
    assert!(line.events.contains(&Event::Room));
    assert!(line.client.publish_bytes(&publish, &payload).is_ok());
    // One of any length is accepted if no other waits.
    assert_eq!(line.sent().len(), 5 * message(1, 1, &payload).len());
    let long = Bytes::from(vec![7; 5 << 20]);
    assert!(line.client.publish_bytes(&publish, &long).is_ok());
    assert_eq!(line.client.publish_bytes(&publish, &long), full);
}

/// A message with QoS 0 is complete when the transport has taken its last byte.
#[test]
fn rule_06_a_shared_payload_is_complete_when_it_has_left() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let publish = Publish::to("t");
    let ask = |line: &mut Line| {
        let asked = line.client.publish_bytes(&publish, &payload(20_000));
        asked.unwrap().expect("it is not written yet")
    };
    let [first, second] = [ask(&mut line), ask(&mut line)];
    line.turn();
    let n = message(0, 0, &payload(20_000)).len();
    line.output.consume(n);
    line.client.on_written(n, line.now);
    assert_eq!(line.client.poll_outcome(first), done());
    assert_eq!(line.client.poll_outcome(second), None);
    line.closed();
    let unknown = Some(Err(RequestError::OutcomeUnknown));
    assert_eq!(line.client.poll_outcome(second), unknown);
}

/// So is one that had to wait for a connection.
#[test]
fn rule_06_a_shared_payload_that_waited_is_complete_when_it_has_left() {
    let mut line = Line::new(options().queue_qos0());
    let asked = line
        .client
        .publish_bytes(&Publish::to("t"), &payload(20_000));
    let waiting = asked.unwrap().expect("there is no connection");
    line.connect(NEW);
    let n = message(0, 0, &payload(20_000)).len();
    assert_eq!(line.output.len(), n);
    assert_eq!(line.client.poll_outcome(waiting), None);
    line.output.consume(n);
    line.client.on_written(n, line.now);
    assert_eq!(line.client.poll_outcome(waiting), done());
}

/// A message that fits the write buffer is copied there, and is complete then.
#[test]
fn rule_06_a_message_that_waited_is_complete_at_once_if_it_fits_the_output() {
    let topic = "x".repeat(60_000);
    // Topic and payload take 72 KiB but for 17 bytes.
    for (length, is_complete) in [(13_711, true), (13_712, false)] {
        let mut line = Line::new(options().queue_qos0());
        let payload = vec![7; length];
        let publish = Publish::to(&topic).payload(&payload);
        let waiting = line.client.publish(&publish).unwrap().unwrap();
        line.connect(NEW);
        let outcome = line.client.poll_outcome(waiting);
        assert_eq!(outcome, is_complete.then(done).flatten());
    }
}

/// Topic and payload together are longer than the write buffer, and neither of them alone.
#[test]
fn rule_06_the_longest_topic_has_room_with_any_payload() {
    let topic = "x".repeat(65_535);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        for length in [1_000, 16_000, 17_000] {
            let mut line = Line::new(options());
            line.connect(NEW);
            let publish = Publish::to(&topic).qos(qos);
            line.client
                .publish_bytes(&publish, &payload(length))
                .unwrap();
            let expected = message_to(&topic, 1, qos as u8, &payload(length));
            assert!(line.sent() == expected, "{length}");
            // The same for a message that waits for a connection.
            let mut line = Line::new(options().queue_qos0());
            line.client
                .publish_bytes(&publish, &payload(length))
                .unwrap();
            line.connect(NEW);
            assert!(line.sent() == expected, "{length}");
        }
    }
}
