//! Rule 6 with MQTT 5: messages of which nothing is awaited any more may hold all places that the
//! broker allows. Then nothing spins, and nothing waits for ever.
use crate::common::*;
use crate::durable::{Durable, durable};
use motemq::Property;

fn kept5() -> Options {
    kept().version(Version::Mqtt5)
}

/// CONNACK of a session that goes on, or of a new one, with a receive maximum.
fn connack(present: u8, allowed: u8) -> [u8; 8] {
    [0x20, 6, present, 0, 3, 0x21, 0, allowed]
}

/// Begins a process that knows nothing but the identifier 1 of a message with QoS 2, which the broker
/// has.
fn with_identifier_alone(options: impl Fn() -> Options) -> Durable {
    let mut before = Durable::begin(options());
    before.opens(Version::Mqtt5);
    before.line.receive(NEW5);
    before.save();
    before.line.publish(b"1", QoS::ExactlyOnce);
    before.save();
    before.line.sent();
    before.line.receive(&pubrec(1));
    before.save();
    before.crash_into(options())
}

/// Time passes up to the end of the connection, which the client says with DISCONNECT.
#[track_caller]
fn ends(line: &mut Line) -> Vec<DisconnectReason> {
    line.pass(secs(60));
    line.sends(DISCONNECT);
    line.closed();
    line.pass(secs(8));
    line.reasons()
}

/// The broker still counts messages that were given up.
#[test]
fn rule_06_what_was_given_up_makes_no_room_in_the_window() {
    let mut line = Line::new(kept5());
    line.connect(&connack(0, 2));
    let first = line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    line.sent();
    assert!(line.client.is_window_full());
    line.client.withdraw(first);
    assert!(line.client.is_window_full());
    line.receive(&puback(2));
    assert!(!line.client.is_window_full());
}

/// The payload of a message with QoS 2 that was given up is not sent again, but its identifier is in
/// use until the broker has released it.
#[test]
fn rule_06_messages_that_were_abandoned_hold_the_quota_until_they_are_released() {
    let mut line = Line::new(kept5());
    line.connect(&connack(0, 2));
    for payload in [b"1", b"2"] {
        line.publish(payload, QoS::ExactlyOnce);
    }
    line.sent();
    let unanswered = DisconnectReason::Unanswered { count: 2 };
    assert_eq!(ends(&mut line), std::slice::from_ref(&unanswered));
    let request = line.publish(b"3", QoS::ExactlyOnce);
    for _ in 0..3 {
        line.connect(&connack(1, 2));
        line.sends(&[pubrel(1), pubrel(2)].concat());
        line.sends(b"");
        assert_eq!(line.client.poll_outcome(request), None);
        assert_eq!(ends(&mut line), std::slice::from_ref(&unanswered));
    }
    line.connect(&connack(1, 2));
    line.sent();
    line.receive(&pubcomp(1));
    assert_eq!(line.sent()[0], 0x34);
}

#[test]
fn rule_06_room_is_not_told_while_the_quota_is_held() {
    let mut line = Line::new(kept5());
    line.connect(&connack(0, 1));
    line.publish(b"1", QoS::ExactlyOnce);
    line.sent();
    ends(&mut line);
    line.connect(&connack(1, 1));
    line.sends(&pubrel(1));
    line.events.clear();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    for _ in 0..3 {
        assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
        line.turn();
        assert!(!line.events.contains(&Event::Room), "{:?}", line.events);
    }
    line.receive(&pubcomp(1));
    assert!(line.events.contains(&Event::Room));
    line.client.publish(&publish).unwrap();
}

/// Of a message that the broker has, a store keeps the identifier alone.
#[test]
fn rule_06_identifiers_of_an_earlier_process_hold_the_quota_until_they_are_released() {
    let options = || durable().version(Version::Mqtt5);
    let mut after = with_identifier_alone(options);
    let request = after.line.publish(b"2", QoS::AtLeastOnce);
    let mut connects = |answer: &[u8]| {
        after.opens(Version::Mqtt5);
        after.line.receive(answer);
        after.save();
        after.line.sends(&pubrel(1));
        after.line.pass(secs(60));
        let sent = after.line.sent();
        after.line.closed();
        after.line.pass(secs(8));
        (sent, after.line.reasons())
    };
    let unanswered = DisconnectReason::Unanswered { count: 1 };
    for _ in 0..2 {
        let ended = connects(&connack(1, 1));
        assert_eq!(ended, (DISCONNECT.to_vec(), vec![unanswered.clone()]));
    }
    after.opens(Version::Mqtt5);
    after.line.receive(&connack(1, 1));
    after.save();
    after.line.sends(&pubrel(1));
    after.line.receive(&pubcomp(1));
    after.save();
    let sent = after.line.sent();
    assert_eq!((sent[0], sent.len()), (0x32, 9));
    let id = id_of(&sent);
    after.line.receive(&puback(id));
    assert!(matches!(
        after.line.client.poll_outcome(request),
        Some(Ok(_))
    ));
}

/// The answer that frees the quota is read, though the application takes nothing of what is before
/// it.
#[test]
fn rule_06_the_quota_is_freed_behind_messages_that_nobody_takes() {
    let options = || durable().version(Version::Mqtt5).streams(2, 100);
    let mut after = with_identifier_alone(options);
    let request = after.line.publish(b"2", QoS::AtLeastOnce);
    accepted(&mut after);
    // A stream takes two of them.
    let mut packets = Vec::new();
    for id in 1..=5 {
        packets.extend_from_slice(&[0x32, 6, 0, 1, b't', 0, id, 0]);
    }
    packets.extend_from_slice(&pubcomp(1));
    after.line.receive(&packets);
    after.save();
    let sent = after.line.sent();
    assert_eq!((sent[0], sent.len()), (0x32, 9));
    after.line.receive(&puback(id_of(&sent)));
    let outcome = after.line.client.poll_outcome(request);
    assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
}

/// The answer that frees the quota may be behind a packet that takes longer than the answer may.
#[test]
fn rule_06_the_quota_is_freed_behind_a_packet_that_arrives_slowly() {
    let options = || durable().version(Version::Mqtt5);
    let mut after = with_identifier_alone(options);
    accepted(&mut after);
    let packet = [&[0x30, 54, 0, 1, b't', 0][..], &[7; 50]].concat();
    for byte in &packet {
        after.line.pass(secs(10));
        after.line.receive(&[*byte]);
        after.line.sent();
    }
    after.line.is_connected();
    // Nothing arrives any more.
    after.line.pass(secs(60));
    after.line.sends(DISCONNECT);
}

/// So may it be behind properties that are dropped.
#[test]
fn rule_06_the_quota_is_freed_behind_properties_that_arrive_slowly() {
    let options = || durable().version(Version::Mqtt5);
    let mut after = with_identifier_alone(options);
    accepted(&mut after);
    let text = [&b"\xff\xff"[..], &[b'x'; 0xffff]].concat();
    // PUBACK of an unknown identifier.
    let begin = b"\x40\x89\x80\x08\0\x63\0\x83\x80\x08\x26";
    let packet = [&begin[..], &text, &text].concat();
    let (begin, slow) = packet.split_at(packet.len() - 50);
    after.line.receive(begin);
    for byte in slow {
        after.line.pass(secs(10));
        after.line.receive(&[*byte]);
        assert_eq!(after.line.sent(), b"");
    }
    after.line.is_connected();
    // Nothing arrives any more.
    after.line.pass(secs(60));
    after.line.sends(DISCONNECT);
}

/// The identifiers of an earlier process hold the quota and the next slots. Else the driver, which
/// sleeps, would have something to store.
#[test]
fn rule_06_a_message_that_finds_no_quota_changes_nothing_that_is_stored() {
    let options = || durable().version(Version::Mqtt5).in_flight(16);
    let mut before = Durable::begin(options());
    before.opens(Version::Mqtt5);
    before.line.receive(NEW5);
    before.save();
    for id in 1..=16 {
        before.line.publish(b"1", QoS::ExactlyOnce);
        before.save();
        before.line.sent();
        before.line.receive(&pubrec(id));
        before.save();
        before.line.sent();
        if id > 2 {
            before.line.receive(&pubcomp(id));
            before.save();
        }
    }
    let mut after = before.crash_into(options());
    after.opens(Version::Mqtt5);
    after.line.receive(&connack(1, 2));
    after.save();
    after.line.sends(&[pubrel(1), pubrel(2)].concat());

    let client = &mut after.line.client;
    let version = client.version();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(client.publish(&publish), Err(PublishError::Full));
    let properties = [Property::ContentType("text".into())];
    let with_properties = publish.properties(&properties);
    assert_eq!(client.publish(&with_properties), Err(PublishError::Full));
    let upload = publish.payload(b"1").remaining(1);
    assert_eq!(client.begin_upload(&upload), Err(PublishError::Full));
    let long = vec![0; 1 << 20];
    assert_eq!(
        client.publish(&publish.payload(&long)),
        Err(PublishError::Full)
    );
    assert_eq!(client.version(), version);
    assert!(!after.is_asked());

    after.line.receive(&pubcomp(1));
    let client = &mut after.line.client;
    assert!(
        client
            .publish(&publish)
            .is_ok_and(|request| request.is_some())
    );
}

/// Of a payload all that has arrived is taken, and its rest is still to come.
#[test]
fn rule_06_the_quota_is_freed_behind_a_payload_that_arrives_slowly() {
    let mut after = with_identifier_alone(|| durable().version(Version::Mqtt5).max_message(100));
    accepted(&mut after);
    let packet = message(0, 0, &[0; 100_000]);
    let (begin, rest) = packet.split_at(packet.len() - 50);
    after.line.receive(begin);
    for byte in rest {
        after.line.pass(secs(10));
        after.line.receive(&[*byte]);
        after.line.sent();
    }
    after.line.is_connected();
    after.line.pass(secs(60));
    after.line.sends(DISCONNECT);
}

/// Bytes that the driver holds, and that the transport has not taken yet, count as leaving.
#[test]
fn rule_06_the_quota_is_not_kept_while_a_message_is_leaving_slowly() {
    let mut after = with_identifier_alone(|| durable().version(Version::Mqtt5));
    accepted(&mut after);
    let line = &mut after.line;
    let publish = Publish::to("t").payload(&[7; 50_000]);
    line.client.publish(&publish).unwrap();
    for _ in 0..50 {
        line.pass(secs(10));
        line.output.consume(1000);
        line.client.on_written(1000, line.now);
    }
    line.is_connected();
    line.sent();
    line.pass(secs(60));
    line.sends(DISCONNECT);
}

/// The answer has its time from the moment on at which a connection may end for want of it.
#[test]
fn rule_06_a_broker_has_exactly_so_long_to_free_its_quota() {
    let options = || durable().version(Version::Mqtt5);
    let mut after = with_identifier_alone(|| options().ack_timeout(Some(secs(8))));
    accepted(&mut after);
    let moment = Duration::from_millis(1);
    after.line.pass(secs(16) - moment);
    after.line.is_connected();
    after.line.sends(b"");
    after.line.pass(moment);
    after.line.sends(DISCONNECT);
}

/// The broker accepts the connection, with one message at once, and gets PUBREL.
fn accepted(after: &mut Durable) {
    after.opens(Version::Mqtt5);
    after.line.receive(&connack(1, 1));
    after.save();
    after.line.sends(&pubrel(1));
}
