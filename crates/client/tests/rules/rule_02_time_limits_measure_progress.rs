//! Rule 2: a time limit measures progress.
use crate::common::*;

#[test]
fn rule_02_the_limit_for_an_acknowledgement_begins_when_the_last_byte_has_left_the_machine() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let request = line.publish(&[7; 200_000], QoS::AtLeastOnce);
    // The transport takes 1 kB each second for three minutes, then the kernel holds the rest.
    let mut taken = 0;
    for _ in 0..190 {
        line.turn();
        let n = line.output.len().min(1000);
        line.output.consume(n);
        line.client.on_written(n, line.now);
        taken += n;
        line.pass(secs(1));
    }
    assert!(taken >= 180_000);
    assert_eq!(line.client.poll_outcome(request), None);
    line.held = 5000;
    line.sent();
    line.pass(secs(30));
    assert_eq!(line.client.poll_outcome(request), None);
    line.held = 0;
    line.pass(secs(7));
    assert_eq!(line.client.poll_outcome(request), None);
    line.events.clear();
    line.pass(secs(4));
    let late = Some(Err(RequestError::NotAcknowledged(secs(8))));
    assert_eq!(line.events[0], Event::Completed { request });
    assert_eq!(line.client.poll_outcome(request), late);
    line.is_connected();
}

#[test]
fn rule_02_after_the_last_byte_a_lively_connection_is_no_excuse() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let request = line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    for n in 0..11 {
        assert!(n >= 8 || line.client.poll_outcome(request).is_none());
        line.pass(secs(1));
        line.client.publish(&Publish::to("t")).unwrap();
        line.sent();
        line.receive(&message(0, 0, b"."));
    }
    let outcome = line.client.poll_outcome(request);
    assert_eq!(outcome, Some(Err(RequestError::NotAcknowledged(secs(8)))));
}

#[test]
fn rule_02_the_limit_of_an_upload_begins_at_its_end() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce).remaining(100);
    let (upload, request) = line.client.begin_upload(&publish).unwrap();
    let request = request.unwrap();
    line.sent();
    for _ in 0..10 {
        line.pass(secs(10));
        assert_eq!(line.client.poll_outcome(request), None);
        assert_eq!(line.client.upload_chunk(upload, &[7; 10]), Ok(10));
        line.sent();
    }
    assert_eq!(
        line.client.upload_chunk(upload, &[7]),
        Err(UploadError::Lost)
    );
    line.pass(secs(7));
    assert_eq!(line.client.poll_outcome(request), None);
    line.pass(secs(4));
    let outcome = line.client.poll_outcome(request);
    assert_eq!(outcome, Some(Err(RequestError::NotAcknowledged(secs(8)))));
}

#[test]
fn rule_02_a_ping_behind_an_upload_is_no_silent_broker() {
    let options = options().keep_alive(4).connect_timeout(secs(2));
    let mut line = Line::new(options);
    line.connect(NEW);
    let publish = Publish::to("t").payload(&[7; 50_000]);
    assert_eq!(line.client.publish(&publish), Ok(None));
    line.sent();
    line.held = 50_000;
    for _ in 0..40 {
        line.held -= 1000;
        line.pass(secs(1));
        line.sent();
    }
    line.is_connected();
    // Nothing moves any more.
    line.pass(secs(10));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Fault(Fault::Timeout)]);
}

/// A slow transport takes longer for the buffer than the broker may take to answer.
#[test]
fn rule_02_a_ping_that_waits_for_a_slow_transport_is_no_silent_broker() {
    let options = options().keep_alive(4).connect_timeout(secs(2));
    let mut line = Line::new(options);
    line.connect(NEW);
    let request = line.publish(&[7; 300_000], QoS::AtLeastOnce);
    line.turn();
    let mut left = 0;
    while left < 300_000 {
        let n = line.output.len().min(3000);
        line.output.consume(n);
        line.client.on_written(n, line.now);
        left += n;
        line.pass(secs(1));
        line.is_connected();
    }
    line.sent();
    line.receive(&puback(1));
    assert_eq!(line.client.poll_outcome(request), done());
    // Nothing moves any more.
    line.publish(&[7; 10_000], QoS::AtLeastOnce);
    line.pass(secs(12));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Fault(Fault::Timeout)]);
}

#[test]
fn rule_02_a_transport_that_takes_nothing_is_stalled() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    line.client.publish(&Publish::to("t")).unwrap();
    line.pass(secs(7));
    line.is_connected();
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.pass(secs(2));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Stalled(secs(8))]);
}

/// Bytes that leave the system are progress, those that it only holds are none.
#[test]
fn rule_02_a_transport_of_which_no_bytes_leave_is_stalled() {
    let almost = secs(8) - Duration::from_millis(1);
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let publish = Publish::to("t").payload(&[7; 10_000]);
    line.client.publish(&publish).unwrap();
    line.turn();
    line.output.consume(5000);
    line.client.on_written(5000, line.now);
    line.held = 5000;
    line.pass(almost);
    line.held = 4000;
    for _ in 0..2 {
        // At the end of the limit some have left.
        line.now += Duration::from_millis(1);
        line.turn();
        assert_eq!(line.poll_transport(), Transport::Keep);
        line.pass(almost);
        assert_eq!(line.poll_transport(), Transport::Keep);
        line.held -= 1000;
    }
    line.held += 1000;
    line.now += Duration::from_millis(1);
    line.turn();
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Stalled(secs(8))]);
}

/// Time in which the process was stopped, or nobody drove the client, is not the broker's.
#[test]
fn rule_02_time_in_which_nothing_was_driven_does_not_count() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let answered = line.publish(b"1", QoS::AtLeastOnce);
    let other = line.publish(b"2", QoS::AtLeastOnce);
    line.sent();
    line.pass(secs(5));
    line.now += secs(3600);
    line.turn();
    // The answer was there, behind more than can be read at once.
    line.receive(&puback(1));
    assert_eq!(line.client.poll_outcome(answered), done());
    line.pass(secs(13));
    assert_eq!(line.client.poll_outcome(other), None);
    line.pass(secs(8));
    let late = RequestError::NotAcknowledged(secs(20));
    assert_eq!(line.client.poll_outcome(other), Some(Err(late)));
}

#[test]
fn rule_02_a_transport_is_tried_again_before_it_counts_as_stalled() {
    let mut line = Line::new(options());
    line.connect(NEW);
    line.publish(&[7; 1000], QoS::AtLeastOnce);
    line.turn();
    assert!(!line.output.is_empty());
    line.pass(secs(5));
    line.now += secs(3600);
    line.turn();
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.pass(secs(2));
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.pass(secs(1));
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Stalled(secs(20))]);
}

/// PUBREL cannot be sent within the payload of another message.
#[test]
fn rule_02_the_second_answer_is_not_late_while_a_payload_is_leaving() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let released = line.publish(b"1", QoS::ExactlyOnce);
    line.sent();
    let publish = Publish::to("t").remaining(100);
    let (upload, _) = line.client.begin_upload(&publish).unwrap();
    line.receive(&pubrec(1));
    for _ in 0..10 {
        line.sent();
        line.pass(secs(10));
        assert_eq!(line.client.poll_outcome(released), None);
        assert_eq!(line.client.upload_chunk(upload, &[7; 10]), Ok(10));
    }
    assert!(line.sent().ends_with(&pubrel(1)));
    line.pass(secs(7));
    assert_eq!(line.client.poll_outcome(released), None);
    line.pass(secs(4));
    let late = RequestError::NotAcknowledged(secs(8));
    assert_eq!(line.client.poll_outcome(released), Some(Err(late)));
}

/// PUBREL is sent again behind the messages that were sent before: its time does not begin while
/// they are leaving.
#[test]
fn rule_02_the_second_answer_is_not_late_while_earlier_messages_are_sent_again() {
    // One message that is larger than the output, or two of which one finds room.
    for lengths in [&[200_000][..], &[60_000, 60_000]] {
        let mut line = Line::new(kept().ack_timeout(Some(secs(8))));
        line.connect(NEW);
        for &length in lengths {
            line.publish(&vec![7; length], QoS::AtLeastOnce);
            line.sent();
        }
        let released = line.publish(b"1", QoS::ExactlyOnce);
        line.sent();
        let id = lengths.len() as u16 + 1;
        line.receive(&pubrec(id));
        line.closed();
        line.pass(secs(1));
        line.connect(PRESENT);
        for _ in 0..50 {
            line.turn();
            let n = line.output.len().min(1000);
            line.output.consume(n);
            line.client.on_written(n, line.now);
            line.pass(secs(1));
        }
        assert_eq!(line.client.poll_outcome(released), None);
        assert!(line.sent().ends_with(&pubrel(id)));
        line.receive(&pubcomp(id));
        assert_eq!(line.client.poll_outcome(released), done());
    }
}

/// A driver that comes late, but not by more than a part of the limit, has driven the client.
#[test]
fn rule_02_the_limit_runs_for_a_driver_that_is_a_little_late() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))).in_flight(1));
    line.connect(NEW);
    let request = line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    let refused = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&refused), Err(PublishError::Full));
    line.events.clear();
    for _ in 0..4 {
        line.now += secs(2);
        line.turn();
    }
    assert_eq!(line.client.poll_outcome(request), None);
    assert_eq!(line.events, []);
    line.now += secs(2);
    line.turn();
    assert_eq!(
        line.events,
        [Event::Completed { request }, Event::Room],
        "it makes room for others"
    );
}

/// A message with QoS 2 has its time for each of the two answers, over each connection.
#[test]
fn rule_02_the_second_answer_to_a_message_has_its_own_time() {
    let mut line = Line::new(kept().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let request = line.publish(b"1", QoS::ExactlyOnce);
    line.sent();
    line.pass(secs(6));
    line.receive(&pubrec(1));
    line.sends(&pubrel(1));
    line.pass(secs(6));
    assert_eq!(line.client.poll_outcome(request), None);
    line.closed();
    line.pass(secs(6));
    line.connect(PRESENT);
    line.sends(&pubrel(1));
    line.pass(secs(7));
    assert_eq!(line.client.poll_outcome(request), None);
    line.pass(secs(4));
    let late = RequestError::NotAcknowledged(secs(8));
    assert_eq!(line.client.poll_outcome(request), Some(Err(late)));
}

/// That costs a system call.
#[test]
fn rule_02_the_kernel_is_asked_only_when_something_seems_to_be_late() {
    let mut line = Line::new(options().keep_alive(60));
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.now += secs(1);
    line.client
        .on_timeout(line.now, || panic!("nothing is late"));
}
