//! Rule 7 with MQTT 5: which version is spoken, and which of a broker's reasons may pass.
use crate::common::*;
use crate::durable::{Durable, durable};

fn options5() -> Options {
    options().version(Version::Mqtt5)
}

fn either() -> Options {
    options5().fall_back()
}

/// The protocol level in a CONNECT.
fn level(connect: &[u8]) -> u8 {
    assert_eq!(&connect[2..8], b"\0\x04MQTT");
    connect[8]
}

/// Opens a connection; returns the level of its CONNECT.
#[track_caller]
fn opens(line: &mut Line) -> u8 {
    line.open();
    level(&line.sent())
}

fn version(line: &Line) -> Option<Version> {
    match line.client.state() {
        State::Connected { version, .. } => Some(*version),
        _ => None,
    }
}

/// Answers to a CONNECT of MQTT 5 by which brokers say that they do not speak it; `None`: the
/// connection is closed.
const REFUSALS: [Option<&[u8]>; 3] = [Some(b"\x20\x02\0\x01"), Some(b"\x20\x03\0\x84\0"), None];

fn refuse(line: &mut Line, refusal: Option<&[u8]>) {
    if let Some(connack) = refusal {
        line.receive(connack);
    }
    line.closed();
}

#[test]
fn rule_07_the_version_is_an_option() {
    for (options, expected) in [
        (options(), Version::Mqtt311),
        (options().fall_back(), Version::Mqtt311),
        (options5(), Version::Mqtt5),
        (either(), Version::Mqtt5),
    ] {
        let mut line = Line::new(options);
        assert_eq!(opens(&mut line), expected as u8);
        line.receive(if expected == Version::Mqtt5 {
            NEW5
        } else {
            NEW
        });
        assert_eq!(version(&line), Some(expected));
        let is_told = |event: &Event| matches!(event, Event::Connected { version, .. } if *version == expected);
        assert!(line.events.iter().any(is_told));
    }
}

#[test]
fn rule_07_a_broker_without_mqtt_5_is_tried_with_mqtt_3_1_1_at_once() {
    for refusal in REFUSALS {
        let mut line = Line::new(either());
        assert_eq!(opens(&mut line), 5);
        refuse(&mut line, refusal);
        let reason = line.client.reason().cloned();
        assert!(reason.is_some(), "{refusal:?}");
        assert!(
            matches!(&line.events[..], [Event::AttemptFailed { reason: told, .. }] if Some(told) == reason.as_ref())
        );
        assert_eq!(opens(&mut line), 4);
        line.receive(NEW);
        assert_eq!(version(&line), Some(Version::Mqtt311));
        // It is remembered.
        line.closed();
        line.pass(secs(1));
        assert_eq!(opens(&mut line), 4);
    }
}

#[test]
fn rule_07_a_transport_that_fails_before_connack_counts_as_closed() {
    let mut line = Line::new(either());
    line.open();
    let reset = TransportError::new(TransportErrorKind::Io, "connection reset");
    line.client.on_closed(Some(reset), line.now);
    assert_eq!(opens(&mut line), 4);
}

#[test]
fn rule_07_other_refusals_change_no_version() {
    for connack in [&b"\x20\x03\0\x88\0"[..], b"\x20\x02\0\x03"] {
        let mut line = Line::new(either());
        opens(&mut line);
        refuse(&mut line, Some(connack));
        let state = line.client.state();
        assert!(matches!(state, State::Waiting { .. }), "{state:?}");
        line.pass(secs(1));
        assert_eq!(opens(&mut line), 5);
    }
    // An address at which nothing listens says nothing of the version.
    let mut line = Line::new(either());
    let (attempt, ..) = line.dial();
    let error = TransportError::new(TransportErrorKind::Connect, "refused");
    line.client.on_open_failed(attempt, error);
    line.poll_waiting();
    line.pass(secs(1));
    assert_eq!(opens(&mut line), 5);
}

#[test]
fn rule_07_without_the_option_a_broker_without_mqtt_5_ends_the_client() {
    for refusal in REFUSALS.into_iter().flatten() {
        let mut line = Line::new(options5());
        opens(&mut line);
        refuse(&mut line, Some(refusal));
        let State::Ended(Ended::GaveUp(reason)) = line.client.state() else {
            panic!("{:?}", line.client.state())
        };
        assert!(reason.to_string().contains("version"), "{reason}");
    }
}

#[test]
fn rule_07_a_broker_that_accepted_mqtt_5_is_not_taken_for_an_older_one_when_it_hangs_up() {
    let mut line = Line::new(either());
    line.connect(NEW5);
    line.closed();
    line.pass(secs(1));
    assert_eq!(opens(&mut line), 5);
    line.closed();
    line.pass(secs(2));
    assert_eq!(opens(&mut line), 5);
    // It may have been replaced by an older one, which says so.
    refuse(&mut line, REFUSALS[0]);
    assert_eq!(opens(&mut line), 4);
}

#[test]
fn rule_07_a_broker_that_hangs_up_at_both_versions_is_asked_for_both_in_turn() {
    let mut line = Line::new(either());
    for wait in [1, 2, 4] {
        assert_eq!(opens(&mut line), 5);
        line.closed();
        assert_eq!(opens(&mut line), 4);
        line.closed();
        line.pass(secs(wait));
    }
}

/// Such brokers do not look at the version in CONNECT.
#[test]
fn rule_07_a_broker_that_answers_as_one_of_mqtt_3_1_1_is_taken_for_one() {
    let mut line = Line::new(either());
    assert_eq!(opens(&mut line), 5);
    refuse(&mut line, Some(NEW));
    assert_eq!(opens(&mut line), 4);
    line.receive(NEW);
    assert_eq!(version(&line), Some(Version::Mqtt311));
    // Once MQTT 5 was accepted, it is only a broken packet.
    let mut line = Line::new(either());
    line.connect(NEW5);
    line.closed();
    line.pass(secs(1));
    opens(&mut line);
    refuse(&mut line, Some(NEW));
    line.pass(secs(2));
    assert_eq!(opens(&mut line), 5);
}

/// Moquette 0.17 puts the return code of MQTT 3.1.1 into the CONNACK of MQTT 5.
#[test]
fn rule_07_a_refusal_of_the_version_with_a_code_of_mqtt_3_1_1_is_understood() {
    let mut line = Line::new(either());
    assert_eq!(opens(&mut line), 5);
    refuse(&mut line, Some(b"\x20\x03\0\x01\0"));
    assert_eq!(opens(&mut line), 4);
    line.receive(NEW);
    assert_eq!(version(&line), Some(Version::Mqtt311));
}

/// A broker that hung up while it started need not be without MQTT 5.
#[test]
fn rule_07_mqtt_5_has_its_turn_again_if_mqtt_3_1_1_is_not_answered() {
    for is_silent in [true, false] {
        let mut line = Line::new(either().connect_timeout(secs(5)));
        assert_eq!(opens(&mut line), 5);
        line.closed();
        assert_eq!(opens(&mut line), 4);
        if is_silent {
            line.pass(secs(6));
        } else {
            line.receive(NEW5);
        }
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        line.pass(secs(1));
        assert_eq!(opens(&mut line), 5);
    }
}

#[test]
fn rule_07_each_broker_has_its_version() {
    let mut line = Line::new(either().brokers(2));
    assert_eq!(opens(&mut line), 5);
    refuse(&mut line, REFUSALS[0]);
    assert_eq!(opens(&mut line), 4);
    refuse(&mut line, Some(b"\x20\x02\0\x03"));
    // The other broker has its turn.
    assert_eq!(opens(&mut line), 5);
    refuse(&mut line, Some(b"\x20\x03\0\x88\0"));
    line.pass(secs(1));
    assert_eq!(opens(&mut line), 4);
}

#[test]
fn rule_07_a_client_that_does_not_reconnect_falls_back_all_the_same() {
    let mut line = Line::new(either().reconnect(Reconnect::Never));
    assert_eq!(opens(&mut line), 5);
    refuse(&mut line, REFUSALS[1]);
    assert_eq!(opens(&mut line), 4);
    line.client.on_closed(None, line.now);
    assert!(matches!(line.poll_transport(), Transport::Ended(_)));
}

/// What is in flight is sent again, in whichever version.
#[test]
fn rule_07_a_stored_session_goes_on_in_the_other_version() {
    for [one, other] in [
        [Version::Mqtt311, Version::Mqtt5],
        [Version::Mqtt5, Version::Mqtt311],
    ] {
        let mut before = Durable::begin(durable().version(one));
        before.opens(one);
        before
            .line
            .receive(if one == Version::Mqtt5 { NEW5 } else { NEW });
        before.line.publish(b".", QoS::AtLeastOnce);
        before.save();
        assert!(!before.line.sent().is_empty());
        let mut after = before.crash_into(durable().version(other));
        after.opens(other);
        let (present, publish) = match other {
            Version::Mqtt5 => (PRESENT5, &b"\x3a\x07\0\x01t\0\x01\0."[..]),
            _ => (PRESENT, &b"\x3a\x06\0\x01t\0\x01."[..]),
        };
        after.line.receive(present);
        after.save();
        after.line.sends(publish);
    }
}

/// The core says all that a broker of MQTT 5 can say.
#[test]
fn rule_07_the_end_of_a_connection_is_told_with_the_brokers_reason() {
    let shutting_down = b"\xe0\x09\x8b\x07\x1f\0\x04soon";
    let mut line = Line::new(options5());
    line.connect(NEW5);
    line.receive(shutting_down);
    assert_eq!(line.poll_transport(), Transport::Close);
    line.closed();
    let State::Waiting {
        reason: DisconnectReason::Disconnected(reason),
        ..
    } = line.client.state()
    else {
        panic!("{:?}", line.client.state())
    };
    assert_eq!(reason.code(), ReasonCode::from(0x8b));
    assert_eq!(reason.reason_string(), Some("soon"));
    assert_eq!(reason.server_reference(), None);
    let shown = line.client.reason().unwrap().to_string();
    assert!(
        shown.contains("0x8b") && shown.ends_with(", \"soon\""),
        "{shown}"
    );
}

#[test]
fn rule_07_a_session_that_another_client_took_over_ends_the_client_unless_options_say_otherwise() {
    let taken_over = b"\xe0\x01\x8e";
    let mut line = Line::new(options5());
    line.connect(NEW5);
    line.receive(taken_over);
    line.closed();
    assert!(matches!(
        line.client.state(),
        State::Ended(Ended::GaveUp(DisconnectReason::Disconnected(reason)))
            if reason.code() == ReasonCode::SESSION_TAKEN_OVER
    ));
    let mut line = Line::new(options5().end_if(|_, _| false));
    line.connect(NEW5);
    line.receive(taken_over);
    line.closed();
    assert!(matches!(line.client.state(), State::Waiting { .. }));
}

#[test]
fn rule_07_with_mqtt_5_too_a_refusal_may_pass_after_a_good_connection() {
    let refused = |code| [0x20, 3, 0, code, 0];
    let is_over = |line: &Line| matches!(line.client.state(), State::Ended(_));
    for (code, at_first, later) in [
        (0x80, false, false),
        (0x82, true, false),
        (0x84, true, true),
        (0x85, true, true),
        (0x87, true, false),
        (0x88, false, false),
        (0x89, false, false),
        (0x97, false, false),
        (0x9c, false, false),
        (0x9d, true, false),
        (0x9f, false, false),
    ] {
        let mut line = Line::new(options5());
        line.connect(&refused(code));
        line.closed();
        assert_eq!(is_over(&line), at_first, "{code:#x}");
        let mut line = Line::new(options5());
        line.connect(NEW5);
        line.closed();
        line.pass(secs(1));
        line.connect(&refused(code));
        line.closed();
        assert_eq!(is_over(&line), later, "{code:#x}");
    }
}

/// A broker that is busy at one address may not be so at another one.
#[test]
fn rule_07_what_a_broker_refuses_at_one_address_it_refuses_at_the_others() {
    for (code, next) in [(0x89, true), (0x88, true), (0x87, false)] {
        let mut line = Line::new(options5().end_if(|_, _| false));
        line.addresses = 2;
        line.connect(&[0x20, 3, 0, code, 0]);
        line.client.on_closed(None, line.now);
        let is_dialed = matches!(line.poll_transport(), Transport::Dial { address: 1, .. });
        assert_eq!(is_dialed, next, "{code:#x}");
    }
}
