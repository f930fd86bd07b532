//! Rule 8: every address of every broker is tried in turn.
use crate::common::*;

fn error(text: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Connect, text)
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn rule_08_brokers_and_addresses_have_their_turn_one_after_the_other() {
    let mut line = Line::new(options().brokers(2).connect_timeout(secs(3)));
    line.addresses = 2;
    let (first, broker, address) = line.dial();
    assert_eq!((broker, address), (0, 0));
    line.client.on_open_failed(first, error("refused"));
    let (second, broker, address) = line.dial();
    assert_eq!((broker, address), (0, 1));
    // This address swallows everything.
    line.pass(secs(3));
    assert_eq!(line.poll_transport(), Transport::Cancel { attempt: second });
    assert!(!line.client.on_opened(second, line.now), "it was cancelled");
    line.addresses = 1;
    let (third, broker, address) = line.dial();
    assert_eq!((broker, address), (1, 0));
    line.opened(third);
    line.sent();
    // Refused with 3, and the first broker has its turn again, after a while.
    line.receive(b"\x20\x02\0\x03");
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let failed = line.events.iter().filter_map(|event| match event {
        Event::AttemptFailed { broker, reason } => Some((*broker, reason.clone())),
        _ => None,
    });
    let refused = DisconnectReason::Refused(ReturnCode::SERVER_UNAVAILABLE);
    let expected = [
        (0, DisconnectReason::Transport(error("refused"))),
        (0, DisconnectReason::ConnectTimeout(secs(3))),
        (1, refused.clone()),
    ];
    assert_eq!(failed.collect::<Vec<_>>(), expected);
    assert_eq!(line.poll_transport(), Transport::Wait);
    assert_eq!(line.reasons(), [refused]);
    line.pass(secs(1));
    let (fourth, broker, address) = line.dial();
    assert_eq!((broker, address), (0, 0));
    line.opened(fourth);
    line.sent();
    // Refused with 5, and the other may know better.
    line.receive(b"\x20\x02\0\x05");
    line.client.on_closed(None, line.now);
    let (fifth, broker, _) = line.dial();
    assert_eq!(broker, 1);
    line.opened(fifth);
    line.receive(b"\x20\x02\0\x04");
    line.client.on_closed(None, line.now);
    // Now both have refused for good.
    let reason = DisconnectReason::Refused(ReturnCode::BAD_USER_NAME_OR_PASSWORD);
    assert_eq!(
        line.poll_transport(),
        Transport::Ended(Ended::GaveUp(reason))
    );
}

#[test]
fn rule_08_addresses_race_and_the_first_that_opens_wins() {
    let mut line = Line::new(options());
    line.addresses = 3;
    let (first, ..) = line.dial();
    assert_eq!(line.poll_transport(), Transport::Wait);
    assert_eq!(line.client.poll_timeout(), Some(millis(250)));
    line.now = millis(249);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.now = millis(250);
    let (second, _, address) = line.dial();
    assert_eq!(address, 1);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.now = millis(500);
    let (third, _, address) = line.dial();
    assert_eq!(address, 2);
    line.opened(second);
    assert_eq!(line.poll_transport(), Transport::Cancel { attempt: first });
    assert_eq!(line.poll_transport(), Transport::Cancel { attempt: third });
    assert_eq!(line.poll_transport(), Transport::Keep);
    assert!(!line.client.on_opened(first, line.now));
    // It leads to nothing, and the others have their turn.
    line.sent();
    line.client.on_closed(None, line.now);
    let (again, _, address) = line.dial();
    assert_eq!(address, 0);
    line.client.on_open_failed(again, error("refused"));
    assert_eq!(line.dial().2, 2);
}

#[test]
fn rule_08_an_attempt_that_fails_lets_the_next_begin_at_once() {
    let mut line = Line::new(options());
    line.addresses = 2;
    let (first, ..) = line.dial();
    line.now = millis(10);
    line.client.on_open_failed(first, error("refused"));
    assert_eq!(line.dial().2, 1);
}

#[test]
fn rule_08_no_other_attempt_is_begun_beside_one_that_was_answered() {
    let mut line = Line::new(options());
    line.addresses = 2;
    let (first, ..) = line.dial();
    line.client.on_open_progress(first);
    line.now = secs(5);
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.client.on_open_failed(first, error("TLS"));
    assert_eq!(line.dial().2, 1);
}

#[test]
fn rule_08_a_host_without_addresses_leaves_the_turn_to_the_next_broker() {
    let mut line = Line::new(options().brokers(2));
    line.addresses = 0;
    let Transport::Resolve { attempt, broker: 0 } = line.client.poll_transport(line.now, 0) else {
        panic!()
    };
    line.client.on_resolved(attempt, 0, line.now);
    line.addresses = 1;
    assert_eq!(line.dial().1, 1);
}

#[test]
fn rule_08_a_name_that_is_not_resolved_in_time_is_given_up() {
    let mut line = Line::new(options().connect_timeout(secs(3)));
    let Transport::Resolve { attempt, .. } = line.client.poll_transport(line.now, 0) else {
        panic!()
    };
    assert_eq!(line.client.poll_timeout(), Some(secs(3)));
    line.pass(secs(3) - millis(1));
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.pass(millis(1));
    assert_eq!(line.poll_transport(), Transport::Cancel { attempt });
    assert_eq!(line.poll_transport(), Transport::Wait);
    assert_eq!(line.reasons(), [DisconnectReason::ConnectTimeout(secs(3))]);
}

#[test]
fn rule_08_the_broker_that_was_reached_last_has_the_first_turn() {
    let mut line = Line::new(options().brokers(3));
    let (first, ..) = line.dial();
    line.client.on_open_failed(first, error("refused"));
    line.connect(NEW);
    line.closed();
    line.pass(secs(1));
    assert_eq!(line.dial().1, 1);
}

/// A broker that is not available at one address may be at another; whatever else it refuses, it
/// refuses at all of them.
#[test]
fn rule_08_a_refusal_holds_for_all_addresses_of_a_broker_unless_it_is_not_available() {
    let mut line = Line::new(options().brokers(2));
    line.addresses = 3;
    line.connect(b"\x20\x02\0\x03");
    line.client.on_closed(None, line.now);
    let (second, broker, address) = line.dial();
    assert_eq!((broker, address), (0, 1));
    line.opened(second);
    line.receive(b"\x20\x02\0\x05");
    line.client.on_closed(None, line.now);
    let (_, broker, address) = line.dial();
    assert_eq!((broker, address), (1, 0));
}

/// After a good connection no refusal is for good, and yet it holds for all addresses.
#[test]
fn rule_08_a_broker_that_refuses_later_leaves_the_turn_to_the_next() {
    for (version, connack, refusal) in [
        (Version::Mqtt311, NEW, &b"\x20\x02\0\x05"[..]),
        (Version::Mqtt5, NEW5, b"\x20\x03\0\x87\0"),
    ] {
        let mut line = Line::new(options().version(version).brokers(2));
        line.addresses = 3;
        line.connect(connack);
        line.closed();
        line.pass(secs(1));
        let (attempt, broker, _) = line.dial();
        line.opened(attempt);
        line.receive(refusal);
        line.client.on_closed(None, line.now);
        let (_, next, address) = line.dial();
        assert_eq!((next, address), (1 - broker, 0), "{version:?}");
    }
}

#[test]
fn rule_08_after_a_wait_the_turn_goes_past_brokers_that_refused_for_good() {
    let mut line = Line::new(options().brokers(3));
    line.connect(b"\x20\x02\0\x05");
    line.client.on_closed(None, line.now);
    for expected in [1, 2] {
        let (attempt, broker, _) = line.dial();
        assert_eq!(broker, expected);
        line.client.on_open_failed(attempt, error("refused"));
        // Memory that is given back takes no turn with it.
        line.client.shrink();
    }
    assert_eq!(line.poll_transport(), Transport::Wait);
    line.pass(secs(1));
    assert_eq!(line.dial().1, 1);
}

/// Names may lead elsewhere by then, and brokers may have changed their minds.
#[test]
fn rule_08_after_a_good_connection_the_search_begins_anew() {
    let mut line = Line::new(options().brokers(2));
    line.connect(b"\x20\x02\0\x05");
    line.client.on_closed(None, line.now);
    line.addresses = 2;
    let (attempt, broker, address) = line.dial();
    assert_eq!((broker, address), (1, 0));
    line.opened(attempt);
    line.receive(NEW);
    line.closed();
    line.pass(secs(1));
    let resolving = line.client.poll_transport(line.now, 0);
    let Transport::Resolve { attempt, broker: 1 } = resolving else {
        panic!("{resolving:?}")
    };
    line.client.on_open_failed(attempt, error("not found"));
    assert_eq!(line.dial().1, 0);
}
