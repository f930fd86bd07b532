//! Rule 14: the state can be queried and watched.
use crate::common::*;
use std::hash::{DefaultHasher, Hash, Hasher};

#[test]
fn rule_14_the_state_says_since_when_why_not_and_when_again() {
    let mut line = Line::new(options());
    assert_eq!(line.client.state(), &State::Connecting { reason: None });
    line.now = secs(5);
    line.connect(NEW);
    let limits = match line.client.state() {
        State::Connected { limits, .. } => *limits,
        state => panic!("{state:?}"),
    };
    assert_eq!(
        (limits.keep_alive, limits.session_expiry()),
        (0, Some(secs(0)))
    );
    assert_eq!(
        limits.receive_maximum,
        ServerLimits::MQTT_3_1_1.receive_maximum
    );
    let session = SessionState::New;
    let version = Version::Mqtt311;
    let connected = State::Connected {
        version,
        session,
        limits,
        since: secs(5),
    };
    assert_eq!(line.client.state(), &connected);
    assert!(line.client.state().is_connected());
    assert!(line.events.contains(&Event::Connected {
        version,
        session,
        limits
    }));
    line.now = secs(9);
    line.closed();
    let reason = DisconnectReason::Closed(Stage::Connected);
    let retry_at = secs(10);
    let waiting = State::Waiting {
        reason: reason.clone(),
        retry_at,
    };
    assert_eq!(line.client.state(), &waiting);
    assert!(!line.client.state().is_connected());
    let repeated = 0;
    assert!(line.events.contains(&Event::Disconnected {
        reason: reason.clone(),
        retry_at,
        repeated
    }));
    assert_eq!(line.client.poll_timeout(), Some(secs(10)));
    line.now = secs(10) - Duration::from_millis(1);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.now = secs(10);
    line.dial();
    let reason = Some(reason);
    assert_eq!(line.client.state(), &State::Connecting { reason });
}

/// What the broker said of the session stays known while another connection is made.
#[test]
fn rule_14_the_session_is_known_while_connecting() {
    let mut line = Line::new(kept());
    assert_eq!(line.client.session(), None);
    line.connect(NEW);
    line.receive(b"");
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    assert_eq!(line.client.session(), Some(SessionState::Resumed));
    line.closed();
    line.pass(secs(2));
    line.open();
    assert_eq!(line.client.session(), Some(SessionState::Resumed));
    assert_eq!(line.client.counters().connections, 2);
}

#[test]
fn rule_14_counters_count() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.client.publish(&Publish::to("t")).unwrap();
    line.sent();
    line.closed();
    line.publish(b"2", QoS::AtLeastOnce);
    assert_eq!(line.client.counters().queued, 1);
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sent();
    line.receive(&message(1, 1, b"1"));
    let counters = line.client.counters();
    assert_eq!(
        (counters.connections, counters.sent, counters.resent),
        (2, 3, 1)
    );
    assert_eq!(
        (counters.received, counters.in_flight, counters.queued),
        (1, 2, 0)
    );
    assert_eq!(counters.bytes_in, 4 + 5 + 4 + 8);
    assert!(counters.backlog > 0 && counters.bytes_out > 50);
    line.take_all(stream);
    assert_eq!(line.client.counters().backlog, 0);
}

/// Every kind of answer counts, of each version.
#[test]
fn rule_14_acknowledged_requests_are_counted() {
    for (version, connack, unsuback) in [
        (Version::Mqtt311, NEW, &b"\xb0\x02\0\x02"[..]),
        (Version::Mqtt5, NEW5, b"\xb0\x04\0\x02\0\0"),
    ] {
        let mut line = Line::new(options().version(version));
        line.connect(connack);
        line.client
            .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
            .unwrap();
        line.client.unsubscribe(&["t"]).unwrap();
        line.sent();
        line.publish(b"3", QoS::AtLeastOnce);
        line.publish(b"4", QoS::ExactlyOnce);
        line.sent();
        assert_eq!(line.client.counters().acknowledged, 0);
        let suback = if version == Version::Mqtt5 {
            &b"\x90\x04\0\x01\0\0"[..]
        } else {
            b"\x90\x03\0\x01\0"
        };
        let answers = [suback, unsuback, &puback(3), &pubrec(4), &pubcomp(4)];
        for (answer, acknowledged) in answers.into_iter().zip([1, 2, 3, 3, 4]) {
            line.receive(answer);
            line.sent();
            let counters = line.client.counters();
            assert_eq!(counters.acknowledged, acknowledged, "{answer:?}");
        }
    }
}

/// An adapter wakes its driver for a message that is taken only if there is something to do.
#[test]
fn rule_14_taking_a_message_says_whether_the_driver_is_needed() {
    let (mut line, stream) = Line::subscribed(kept().streams(2, 1000), QoS::AtLeastOnce, PRESENT);
    let other = line.client.messages();
    assert!(!line.client.wants_drive(stream));
    line.receive(&[message(0, 0, b"0"), message(1, 1, b"1")].concat());
    // Reading goes on when one is taken, from whichever stream.
    assert!(line.client.wants_drive(stream) && line.client.wants_drive(other));
    assert_eq!(line.take(stream), Some(b"0".to_vec()));
    assert!(!line.client.wants_drive(stream));
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    // It is acknowledged when the next one is taken.
    assert!(line.client.wants_drive(stream) && !line.client.wants_drive(other));
    assert_eq!(line.take(stream), None);
    assert!(!line.client.wants_drive(stream));
}

/// Events that wake are emitted only for what somebody has found missing.
#[test]
fn rule_14_a_message_is_told_once_to_those_who_found_none() {
    let (mut line, stream) = Line::subscribed(options(), QoS::AtMostOnce, NEW);
    line.receive(&message(0, 0, b"1"));
    assert_eq!(line.events, []);
    assert_eq!(line.take(stream), Some(b"1".to_vec()));
    line.receive(&message(0, 0, b"2"));
    assert_eq!(line.events, []);
    assert_eq!(line.take_all(stream), [b"2"]);
    line.receive(&[message(0, 0, b"3"), message(0, 0, b"4")].concat());
    assert_eq!(line.events, [Event::Delivered { stream }]);
    assert_eq!(line.take_all(stream), [b"3", b"4"]);
    // Nothing is added to a stream that has ended.
    line.events.clear();
    line.client.disconnect(line.now + secs(9));
    line.turn();
    assert_eq!(line.events, [Event::Delivered { stream }]);
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
}

/// A model checker holds clients: a clone does the same, and has the same hash.
#[test]
fn rule_14_a_clone_does_the_same() {
    let hash = |client: &Client| {
        let mut hasher = DefaultHasher::new();
        client.hash(&mut hasher);
        hasher.finish()
    };
    let (mut line, stream) = Line::subscribed(kept(), QoS::ExactlyOnce, PRESENT);
    line.publish(b"1", QoS::ExactlyOnce);
    line.sent();
    line.receive(
        &[
            message(1, 2, b"1"),
            message(2, 2, b"2"),
            message(3, 1, b"3"),
        ]
        .concat(),
    );
    let before = hash(&line.client);
    let mut other = Line::new(kept());
    other.client = line.client.clone();
    other.now = line.now;
    assert_eq!(hash(&other.client), before);
    assert_eq!(line.take_all(stream), other.take_all(stream));
    let sent = line.sent();
    assert_eq!(sent, other.sent());
    assert_eq!(hash(&line.client), hash(&other.client));
    line.receive(&pubrel(1));
    assert_ne!(hash(&line.client), hash(&other.client));
}

#[test]
fn rule_14_an_idle_client_gives_memory_back() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, PRESENT);
    let request = line.publish(b"1", QoS::AtLeastOnce);
    let publish = line.sent();
    line.client.shrink();
    line.receive(&message(1, 1, b"1"));
    line.client.shrink();
    assert_eq!(line.take_all(stream), [b"1"]);
    line.client.shrink();
    line.sends(&puback(1));
    line.receive(&puback(id_of(&publish)));
    assert_eq!(line.client.poll_outcome(request), done());
}

/// What most clients do without most of the time takes memory only while it is used.
#[test]
fn rule_14_a_client_that_was_used_takes_no_more_memory_than_a_new_one() {
    let (mut line, stream) = Line::subscribed(options(), QoS::AtLeastOnce, NEW);
    let parts = |client: &Client| format!("{client:?}").matches("Lazy(Some(").count();
    let request = line.publish(b"1", QoS::AtLeastOnce);
    assert_eq!(line.client.poll_outcome(request), None);
    line.receive(&[message(1, 1, b"1"), message(2, 2, b"2")].concat());
    assert_eq!(line.take_all(stream).len(), 2);
    line.sent();
    line.receive(&[puback(2), pubrel(2)].concat());
    line.client.forget(request);
    let request = line.client.unsubscribe(&["t"]).unwrap();
    line.client.forget(request);
    line.sent();
    line.receive(b"\xb0\x02\0\x03");
    line.client.close_stream(stream);
    line.sent();
    assert!(parts(&line.client) > 3);
    line.client.shrink();
    let text = format!("{:?}", line.client);
    assert_eq!(parts(&line.client), 0, "{text}");
    assert!(text.contains("pending: Slab { places: [], "), "{text}");
}

#[test]
fn rule_14_what_waits_unclaimed_stays_when_memory_is_given_back() {
    let (mut line, stream) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    line.receive(&message(1, 1, b"1"));
    line.client.close_stream(stream);
    line.client.shrink();
    let all = line.client.messages();
    assert_eq!(line.take_all(all), [b"1"]);
    line.sends(&puback(1));
}
