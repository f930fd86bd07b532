//! Rule 5: the reason is told, everywhere and once.
use crate::common::*;
use std::{
    error::Error,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

#[test]
fn rule_05_every_request_and_call_tells_why_the_client_ended() {
    let mut line = Line::new(options());
    let queued = line.publish(b"1", QoS::AtLeastOnce);
    let filters = [Filter::new("t", QoS::AtMostOnce)];
    let (subscription, stream) = line.client.subscribe(&filters).unwrap();
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::Pending);
    line.connect(b"\x20\x02\0\x05");
    line.closed();
    let ended = Ended::GaveUp(DisconnectReason::Refused(ReturnCode::NOT_AUTHORIZED));
    let never_sent = Some(Err(RequestError::Ended(ended.clone())));
    assert_eq!(line.client.poll_outcome(queued), never_sent);
    assert_eq!(line.client.poll_outcome(subscription), never_sent);
    let refused = line.client.publish(&Publish::to("t"));
    assert_eq!(refused, Err(PublishError::Ended(ended.clone())));
    let refused = line.client.subscribe(&filters).unwrap_err();
    assert_eq!(refused, SubscribeError::Ended(ended.clone()));
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
    assert_eq!(line.client.state(), &State::Ended(ended.clone()));
    assert_eq!(line.poll_transport(), Transport::Ended(ended.clone()));
    let told = line
        .events
        .iter()
        .filter(|event| matches!(event, Event::Ended(_)));
    assert_eq!(told.collect::<Vec<_>>(), [&Event::Ended(ended)]);
}

#[test]
fn rule_05_the_end_of_a_connection_says_how_far_it_had_come() {
    let mut line = Line::new(options());
    line.open();
    line.sent();
    line.closed();
    let early = DisconnectReason::Closed(Stage::Connecting);
    assert_eq!(line.client.reason(), Some(&early));
    assert!(early.to_string().contains("TLS"));
    line.pass(secs(1));
    line.client
        .subscribe(&[Filter::new("$share/g", QoS::AtMostOnce)])
        .unwrap();
    line.connect(NEW);
    line.sent();
    line.closed();
    assert_eq!(
        line.client.reason(),
        Some(&DisconnectReason::Closed(Stage::Subscribing))
    );
    line.pass(secs(2));
    line.connect(NEW);
    let subscribe = line.sent();
    line.receive(&suback(&subscribe, 0));
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.closed();
    assert_eq!(
        line.client.reason(),
        Some(&DisconnectReason::Closed(Stage::Connected))
    );
}

/// It is no silence later on: the text says what to check.
#[test]
fn rule_05_a_broker_that_does_not_answer_connect_is_told_as_such() {
    for (limit, answer, text) in [(300, 1, "1 s"), (2000, 2, "2 s"), (3_600_000, 255, "255 s")] {
        let limit = std::time::Duration::from_millis(limit);
        let mut line = Line::new(options().connect_timeout(limit));
        line.open();
        line.sent();
        line.pass(secs(answer) + secs(1));
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        let reason = DisconnectReason::ConnackTimeout(secs(answer));
        let wanted = format!("connected, but no answer to CONNECT within {text}: check");
        assert!(reason.to_string().starts_with(&wanted), "{reason}");
        assert_eq!(line.reasons(), [reason]);
    }
}

#[test]
fn rule_05_a_message_sent_before_the_end_may_have_arrived() {
    let mut line = Line::new(options().reconnect(Reconnect::Never));
    line.connect(NEW);
    let sent = line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    let error = TransportError::new(TransportErrorKind::Io, "connection reset");
    line.client.on_closed(Some(error.clone()), line.now);
    let ended = Ended::GaveUp(DisconnectReason::Transport(error));
    assert_eq!(line.poll_transport(), Transport::Ended(ended.clone()));
    let outcome = line.client.poll_outcome(sent);
    assert_eq!(outcome, Some(Err(RequestError::OutcomeUnknownAtEnd(ended))));
}

/// A driver that is dropped is no orderly end.
#[test]
fn rule_05_a_driver_that_stops_is_told() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let sent = line.publish(b"1", QoS::AtLeastOnce);
    line.client.end(Ended::DriverStopped);
    let unknown = RequestError::OutcomeUnknownAtEnd(Ended::DriverStopped);
    assert_eq!(line.client.poll_outcome(sent), Some(Err(unknown)));
    assert_eq!(line.client.state(), &State::Ended(Ended::DriverStopped));
    line.client.end(Ended::Closed);
    assert_eq!(line.client.state(), &State::Ended(Ended::DriverStopped));
}

#[test]
fn rule_05_options_that_cannot_be_used_are_refused_with_the_reason() {
    let refused = |options: Options| Client::new(options).unwrap_err();
    let name = |id: &str| Options::new(id);
    assert_eq!(
        refused(name("").keep_session()),
        OptionsError::ClientIdMissing
    );
    let field = "client identifier";
    assert_eq!(
        refused(name("a\0")),
        OptionsError::NullCharacter { field, at: 1 }
    );
    let long = "x".repeat(70_000);
    assert_eq!(
        refused(name(&long)),
        OptionsError::TooLong { field, len: 70_000 }
    );
    let will = refused(name("a").will(Will::new("a/+")));
    assert!(matches!(will, OptionsError::WillTopic(_)), "{will}");
    let half = "x".repeat(40_000);
    let long = refused(name(&half).login("u", half.as_bytes()));
    assert!(
        matches!(long, OptionsError::ConnectTooLong { .. }),
        "{long}"
    );
    let mut line = Line::new(options());
    let login = line.client.set_login(None, Some(b"p".to_vec()));
    assert_eq!(login, Err(OptionsError::UserMissing));
    line.connect(NEW);
}

/// What waits under the index of a request is woken for that request only.
#[test]
fn rule_05_nothing_is_told_of_a_request_that_was_forgotten() {
    let mut line = Line::new(options().ack_timeout(Some(secs(8))));
    line.connect(NEW);
    let [withdrawn, late, answered] = [1, 2, 3].map(|n| line.publish(&[n], QoS::AtLeastOnce));
    line.sent();
    for request in [withdrawn, late, answered] {
        assert_eq!(line.client.poll_outcome(request), None);
    }
    line.events.clear();
    line.client.withdraw(withdrawn);
    assert_eq!(line.client.poll_outcome(withdrawn), None);
    // It is completed, and forgotten before that was told.
    line.client.on_read(&mut &puback(3)[..], line.now);
    line.client.forget(answered);
    line.turn();
    assert_eq!(line.events, []);
    // It is given up, and its identifier stays taken.
    line.pass(secs(10));
    assert_eq!(line.events, [Event::Completed { request: late }]);
    let outcome = line.client.poll_outcome(late);
    assert!(matches!(
        outcome,
        Some(Err(RequestError::NotAcknowledged(_)))
    ));
    line.client.forget(late);
    assert_eq!(line.client.poll_outcome(late), None);
}

/// Nobody receives a subscription, so nobody can be asked whether it arrived.
#[test]
fn rule_05_a_subscription_that_is_not_answered_is_told_as_such() {
    let mut line = Line::new(options());
    let filters = [Filter::new("t", QoS::AtLeastOnce)];
    let (subscribe, _) = line.client.subscribe(&filters).unwrap();
    line.connect(NEW);
    let unsubscribe = line.client.unsubscribe(&["u"]).unwrap();
    line.sent();
    let publish = line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    line.pass(secs(25));
    for request in [subscribe, unsubscribe] {
        let outcome = line.client.poll_outcome(request);
        assert_eq!(outcome, Some(Err(RequestError::NotAnswered(secs(20)))));
    }
    let late = RequestError::NotAcknowledged(secs(20));
    assert_eq!(line.client.poll_outcome(publish), Some(Err(late)));
}

#[test]
fn rule_05_an_attempt_that_fails_after_the_end_changes_nothing() {
    let mut line = Line::new(options());
    let (attempt, ..) = line.dial();
    line.client.end(Ended::DriverStopped);
    line.events.clear();
    let error = TransportError::new(TransportErrorKind::Connect, "refused");
    line.client.on_open_failed(attempt, error);
    line.turn();
    assert_eq!(line.client.state(), &State::Ended(Ended::DriverStopped));
    assert_eq!(line.events, [Event::Ended(Ended::DriverStopped)]);
}

/// An adapter keeps a table under these numbers.
#[test]
fn rule_05_requests_and_streams_have_small_numbers_that_are_used_again() {
    let mut line = Line::new(options());
    let requests: Vec<_> = (0..4)
        .map(|n| line.publish(&[n], QoS::AtLeastOnce))
        .collect();
    let numbers: Vec<_> = requests.iter().map(|request| request.index()).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    line.client.withdraw(requests[2]);
    assert_eq!(line.publish(b"again", QoS::AtLeastOnce).index(), 2);
    let streams: Vec<_> = (0..4).map(|_| line.client.messages()).collect();
    let numbers: Vec<_> = streams.iter().map(|stream| stream.index()).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    line.client.close_stream(streams[2]);
    let filters = ["a", "b"].map(|name| Filter::new(name, QoS::AtMostOnce));
    let (_, stream) = line.client.subscribe(&filters).unwrap();
    assert_eq!(stream.index(), 2);
    assert_eq!(line.client.filters(stream), ["a", "b"]);
    assert_eq!(line.client.filters(streams[2]), [""; 0]);
}

/// The text of a reason says what to check, which depends on what the broker said and when.
#[test]
fn rule_05_reasons_say_what_to_do() {
    for (code, advice) in [
        (1, "use a broker that supports it"),
        (2, "1 to 23 letters and digits"),
        (3, "try again later"),
        (4, "check user name, password"),
        (5, "check user name, password"),
        (6, "check the broker's log"),
    ] {
        let mut line = Line::new(options());
        line.connect(&[0x20, 2, 0, code]);
        assert_eq!(line.poll_transport(), Transport::Close);
        line.client.on_closed(None, line.now);
        let reason = line.client.reason().unwrap().to_string();
        assert!(reason.contains(advice), "{reason}");
    }
    for (stage, advice) in [
        (Stage::Connecting, "TLS"),
        (Stage::Subscribing, "topic filters"),
        (Stage::Connected, "the same client identifier"),
    ] {
        let reason = DisconnectReason::Closed(stage).to_string();
        assert!(reason.contains(advice), "{reason}");
    }
}

#[test]
fn rule_05_an_error_of_a_transport_says_what_the_driver_said() {
    let new = TransportError::new;
    let error = new(TransportErrorKind::Io, "connection reset");
    assert_eq!(error.to_string(), "connection reset");
    assert_eq!(
        (error.kind(), error.text()),
        (TransportErrorKind::Io, "connection reset")
    );
    assert!(error.source().is_none());
    let io = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let text = io.to_string();
    let detailed = error.clone().with_source(std::sync::Arc::new(io));
    assert_eq!(detailed.source().unwrap().to_string(), text);
    // A circle of connections that end for the same reason is recognized.
    let hash =
        |error: &TransportError| BuildHasherDefault::<DefaultHasher>::default().hash_one(error);
    assert_eq!((&detailed, hash(&detailed)), (&error, hash(&error)));
    for other in [
        new(TransportErrorKind::Tls, "connection reset"),
        new(TransportErrorKind::Io, "connection refused"),
    ] {
        assert_ne!(other, error);
        assert_ne!(hash(&other), hash(&error));
    }
}
