//! Rule 10: leaving says DISCONNECT on a live connection, whatever is unfinished.
use crate::common::*;

#[test]
fn rule_10_leaving_waits_for_messages_in_flight() {
    let mut line = Line::new(options());
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sends(b"\x32\x06\0\x01t\0\x011");
    line.client.disconnect(line.now + secs(6));
    line.sends(b"");
    let refused = line.client.publish(&Publish::to("t"));
    assert_eq!(refused, Err(PublishError::Ended(Ended::Closed)));
    line.receive(&puback(1));
    line.sends(DISCONNECT);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Closed));
}

#[test]
fn rule_10_leaving_says_disconnect_whatever_is_unfinished() {
    let mut line = Line::new(options());
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.client.disconnect(line.now + secs(6));
    line.pass(secs(5));
    line.sends(b"");
    line.pass(secs(1));
    line.sends(DISCONNECT);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Unfinished));
}

#[test]
fn rule_10_a_payload_that_is_being_sent_is_finished_within_the_time() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let (upload, _) = line
        .client
        .begin_upload(&Publish::to("t").remaining(3))
        .unwrap();
    line.sends(b"\x30\x06\0\x01t");
    line.client.disconnect(line.now + secs(6));
    line.pass(secs(3));
    line.sends(b"");
    line.client.upload_chunk(upload, b"123").unwrap();
    line.sends(b"123\xe0\0");
    // Else the connection is closed without it: half a packet cannot be taken back.
    let mut line = Line::new(options());
    line.connect(NEW);
    line.client
        .begin_upload(&Publish::to("t").remaining(3))
        .unwrap();
    line.client.disconnect(line.now + secs(6));
    line.pass(secs(6));
    line.sends(b"\x30\x06\0\x01t");
    assert!(matches!(line.poll_transport(), Transport::Ended(_)));
}

#[test]
fn rule_10_a_message_that_waits_for_a_connection_is_waited_for() {
    let mut line = Line::new(options());
    line.publish(b"1", QoS::AtLeastOnce);
    line.client.disconnect(line.now + secs(6));
    line.connect(NEW);
    line.sends(b"\x32\x06\0\x01t\0\x011");
    line.receive(&puback(1));
    line.sends(DISCONNECT);
    // Without one there is nothing to wait for.
    let mut line = Line::new(options());
    line.client.disconnect(line.now + secs(6));
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Closed));
    let mut line = Line::new(options());
    line.publish(b"1", QoS::AtLeastOnce);
    line.client.disconnect(line.now + secs(6));
    line.dial();
    line.now = secs(6);
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Unfinished));
}

#[test]
fn rule_10_leaving_acknowledges_what_was_taken_and_ends_streams() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    line.receive(&[message(1, 1, b"1"), message(2, 1, b"2")].concat());
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    line.client.disconnect(line.now + secs(6));
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
    line.receive(&message(3, 1, b"3"));
    line.sends(&[&puback(1)[..], DISCONNECT].concat());
}

#[test]
fn rule_10_what_was_written_before_a_fault_leaves() {
    let mut line = Line::new(options());
    line.connect(NEW);
    line.client
        .publish(&Publish::to("t").payload(b"x"))
        .unwrap();
    line.receive(b"\xf0\0");
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.sends(b"\x30\x04\0\x01tx");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::Fault(Fault::Malformed)]);
    // But not for ever.
    let mut line = Line::new(options());
    line.connect(NEW);
    line.client
        .publish(&Publish::to("t").payload(b"x"))
        .unwrap();
    line.receive(b"\xf0\0");
    line.pass(secs(3));
    assert_eq!(line.poll_transport(), Transport::Close);
}

#[test]
fn rule_10_an_upload_that_is_aborted_closes_the_connection() {
    let mut line = Line::new(kept());
    line.connect(NEW);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce).remaining(3);
    let (upload, request) = line.client.begin_upload(&publish).unwrap();
    line.sent();
    line.client.abort_upload(upload, line.now);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    assert_eq!(line.reasons(), [DisconnectReason::UploadAborted]);
    let outcome = line.client.poll_outcome(request.unwrap());
    assert_eq!(outcome, Some(Err(RequestError::UploadLost)));
    // It is not sent again.
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sends(b"");
}

#[test]
fn rule_10_leaving_takes_exactly_as_long_as_it_may() {
    let almost = secs(6) - Duration::from_millis(1);
    let mut line = Line::new(options().ack_timeout(None));
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.client.disconnect(line.now + secs(6));
    line.turn();
    // It can be made earlier, not later.
    line.client.disconnect(line.now + secs(60));
    assert_eq!(line.client.poll_timeout(), Some(secs(6)));
    line.pass(almost);
    line.sends(b"");
    line.now += Duration::from_millis(1);
    line.turn();
    // The transport takes nothing of it for three seconds.
    assert_eq!(line.output.bytes(), DISCONNECT);
    line.now += secs(3) - Duration::from_millis(1);
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.now += Duration::from_millis(1);
    assert_eq!(line.poll_transport(), Transport::Close);
    // Without a connection it ends at its time.
    let mut line = Line::new(options());
    line.publish(b"1", QoS::AtLeastOnce);
    line.client.disconnect(secs(6));
    line.dial();
    line.now = almost;
    assert_eq!(line.poll_transport(), Transport::Wait);
    assert_eq!(line.client.poll_timeout(), Some(secs(6)));
    line.now = secs(6);
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Unfinished));
}

/// A connection that is open, but not accepted, has its time as well.
#[test]
fn rule_10_leaving_does_not_wait_for_an_answer_to_connect() {
    let mut line = Line::new(options());
    line.publish(b"1", QoS::AtLeastOnce);
    line.open();
    line.sent();
    line.client.disconnect(secs(2));
    line.turn();
    assert_eq!(line.client.poll_timeout(), Some(secs(2)));
    line.pass(secs(1));
    assert_eq!(line.poll_transport(), Transport::Keep);
    line.pass(secs(1));
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Unfinished));
    // With nothing to be sent it ends at once.
    let mut line = Line::new(options());
    line.open();
    line.client.disconnect(secs(2));
    line.turn();
    assert_eq!(line.poll_transport(), Transport::Ended(Ended::Closed));
}

/// Half a message that needs no answer is not completed, though DISCONNECT was written behind it.
#[test]
fn rule_10_a_message_that_is_cut_when_the_time_is_up_is_not_completed() {
    for (room, ended) in [(50_000, Ended::Unfinished), (100_009, Ended::Closed)] {
        let mut line = Line::new(options());
        line.connect(NEW);
        line.sent();
        let request = line.publish(&[7; 100_000], QoS::AtMostOnce);
        line.client.disconnect(line.now + secs(2));
        line.turn();
        let mut room = room;
        while room > 0 && !line.output.is_empty() {
            let n = line.output.bytes().len().min(room);
            line.output.consume(n);
            line.client.on_written(n, line.now);
            line.turn();
            room -= n;
        }
        line.pass(secs(5));
        assert_eq!(line.poll_transport(), Transport::Close);
        line.client.on_closed(None, line.now);
        assert_eq!(line.poll_transport(), Transport::Ended(ended.clone()));
        let outcome = line.client.poll_outcome(request).unwrap();
        assert_eq!(outcome.is_ok(), ended == Ended::Closed, "{outcome:?}");
    }
}

/// What was processed is acknowledged before DISCONNECT, as soon as there is room for it.
#[test]
fn rule_10_leaving_waits_for_room_for_acknowledgements() {
    for has_room in [true, false] {
        let options = kept().streams(5000, 1 << 20);
        let (mut line, stream) = Line::subscribed(options, QoS::AtLeastOnce, PRESENT);
        // The transport takes nothing, and the output is full but for what is not a message.
        for payload in [&b"."[..], &[7; 73_710]] {
            let publish = Publish::to("t").payload(payload);
            assert_eq!(line.client.publish(&publish), Ok(None));
            line.turn();
        }
        line.receive(
            &(1..=1200)
                .flat_map(|id| message(id, 1, b"."))
                .collect::<Vec<_>>(),
        );
        for _ in 0..1200 {
            let Taken::Message(item) = line.client.take(stream, AckMode::Manual) else {
                panic!()
            };
            line.client.ack(item.ack.unwrap());
        }
        line.client.disconnect(line.now);
        line.turn();
        line.pass(secs(3) - Duration::from_millis(1));
        assert_eq!(line.poll_transport(), Transport::Keep);
        if has_room {
            let acks: Vec<_> = (1..=1200).flat_map(puback).collect();
            assert!(line.sent().ends_with(&[&acks, DISCONNECT].concat()));
        } else {
            line.pass(Duration::from_millis(1));
            assert_eq!(line.poll_transport(), Transport::Ended(Ended::Closed));
        }
    }
}
