//! Rule 7: after its first successful connection the client recovers from every failure that may be
//! temporary.
use crate::common::*;

#[test]
fn rule_07_after_a_good_connection_a_refusal_may_pass() {
    let mut line = Line::new(options());
    line.connect(NEW);
    line.closed();
    for code in [5, 4, 3, 7, 135, 255] {
        line.pass(secs(8));
        line.connect(&[0x20, 2, 0, code]);
        line.closed();
        let refused = DisconnectReason::Refused(ReturnCode::from(code));
        assert_eq!(line.client.reason(), Some(&refused));
        assert!(
            matches!(line.client.state(), State::Waiting { .. }),
            "{code}"
        );
    }
    line.pass(secs(8));
    let login = line
        .client
        .set_login(Some("u".into()), Some(b"fresh".to_vec()));
    assert_eq!(login, Ok(()));
    line.open();
    assert!(line.sent().ends_with(b"\0\x01u\0\x05fresh"));
    line.receive(NEW);
    line.is_connected();
    line.closed();
    line.pass(secs(8));
    line.connect(b"\x20\x02\0\x02");
    line.closed();
    // Another identifier needs other options.
    assert!(matches!(line.client.state(), State::Ended(_)));
}

#[test]
fn rule_07_before_a_good_connection_a_refusal_ends_the_client_but_for_code_3() {
    for code in [1, 2, 4, 5, 7, 135, 255] {
        let mut line = Line::new(options());
        line.connect(&[0x20, 2, 0, 3]);
        line.closed();
        line.pass(secs(1));
        line.connect(&[0x20, 2, 0, code]);
        line.closed();
        let refused = DisconnectReason::Refused(ReturnCode::from(code));
        assert_eq!(line.client.state(), &State::Ended(Ended::GaveUp(refused)));
    }
}

#[test]
fn rule_07_options_say_which_reasons_end_the_client() {
    let never = options().end_if(|_, _| false);
    let mut line = Line::new(never);
    line.connect(&[0x20, 2, 0, 5]);
    line.closed();
    assert!(matches!(line.client.state(), State::Waiting { .. }));
    let closed = |reason: &DisconnectReason, _| matches!(reason, DisconnectReason::Closed(_));
    let mut line = Line::new(options().end_if(closed));
    line.connect(NEW);
    line.closed();
    let reason = DisconnectReason::Closed(Stage::Connected);
    assert_eq!(line.client.state(), &State::Ended(Ended::GaveUp(reason)));
}

/// Connections that end for the same reason without a message gained: told, and slower and slower.
#[test]
fn rule_07_a_circle_of_connections_is_told_and_slows_down() {
    let mut line = Line::new(options().reconnect(waits(30)));
    let mut waits = Vec::new();
    for n in 0..8 {
        line.connect(NEW);
        line.receive(b"\xf0\0");
        line.sent();
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        let now = line.now;
        let told: Vec<_> = std::mem::take(&mut line.events);
        let Some(Event::Disconnected {
            retry_at, repeated, ..
        }) = told
            .iter()
            .find(|event| matches!(event, Event::Disconnected { .. }))
        else {
            panic!("{told:?}")
        };
        assert_eq!(*repeated, n);
        waits.push((*retry_at - now).as_secs());
        line.pass(secs(30));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    // A message that is gained is progress, and so is a connection that lasts.
    line.connect(NEW);
    line.receive(&message(0, 0, b"."));
    line.receive(b"\xf0\0");
    line.closed();
    let is_first = |event: &Event| matches!(event, Event::Disconnected { repeated: 0, .. });
    assert!(line.events.iter().any(is_first));
    line.pass(secs(30));
    line.connect(NEW);
    line.pass(secs(30));
    line.closed();
    let State::Waiting { retry_at, .. } = *line.client.state() else {
        panic!()
    };
    assert_eq!(retry_at - line.now, secs(1));
}

#[test]
fn rule_07_what_was_in_flight_is_sent_again_and_subscriptions_are_made_anew() {
    let mut line = Line::new(kept());
    let filters = [Filter::new("t", QoS::AtLeastOnce)];
    let (_, stream) = line.client.subscribe(&filters).unwrap();
    line.connect(NEW);
    line.sends(b"\x82\x06\0\x01\0\x01t\x01");
    line.receive(b"\x90\x03\0\x01\x01");
    let one = line.publish(b"1", QoS::AtLeastOnce);
    let two = line.publish(b"2", QoS::ExactlyOnce);
    line.sends(b"\x32\x06\0\x01t\0\x021\x34\x06\0\x01t\0\x032");
    line.closed();
    line.pass(secs(1));
    line.connect(PRESENT);
    line.sends(b"\x3a\x06\0\x01t\0\x021\x3c\x06\0\x01t\0\x032");
    line.closed();
    line.pass(secs(2));
    line.connect(NEW);
    line.sends(b"\x82\x06\0\x04\0\x01t\x01\x32\x06\0\x01t\0\x051");
    line.receive(&puback(5));
    assert_eq!(line.client.poll_outcome(one), done());
    let unknown = Some(Err(RequestError::OutcomeUnknown));
    assert_eq!(line.client.poll_outcome(two), unknown);
    assert_eq!(line.client.subscriptions().collect::<Vec<_>>(), ["t"]);
    // The broker refuses what it had granted.
    line.receive(b"\x90\x03\0\x04\x80");
    assert_eq!(line.client.subscriptions().next(), None);
    assert_eq!(line.client.take(stream, AckMode::OnNext), Taken::End);
    let filters = vec!["t".to_string()];
    assert!(line.events.contains(&Event::Refused { filters }));
    line.closed();
    line.pass(secs(4));
    line.connect(NEW);
    line.sends(b"");
}

#[test]
fn rule_07_what_was_unsubscribed_is_not_subscribed_to_again() {
    let (mut line, _) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    assert_eq!(line.client.subscriptions().collect::<Vec<_>>(), ["t"]);
    let request = line.client.unsubscribe(&["t"]).unwrap();
    assert_eq!(line.client.subscriptions().next(), None);
    line.sends(b"\xa2\x05\0\x02\0\x01t");
    line.receive(b"\xb0\x02\0\x02");
    assert_eq!(line.client.poll_outcome(request), done());
    line.closed();
    line.pass(secs(1));
    line.connect(NEW);
    line.sends(b"");
}

/// A message over which the broker breaks the protocol twice is given up, so that those behind it
/// arrive.
#[test]
fn rule_07_a_message_that_makes_the_broker_break_the_protocol_is_given_up() {
    let mut line = Line::new(kept());
    let bad = line.publish(b"!", QoS::ExactlyOnce);
    let good = line.publish(b".", QoS::AtLeastOnce);
    for connack in [NEW, PRESENT] {
        line.connect(connack);
        line.sent();
        assert_eq!(line.client.poll_outcome(bad), None);
        // PUBACK for a message with QoS 2.
        line.receive(&puback(1));
        assert_eq!(line.poll_transport(), Transport::Close);
        line.closed();
        line.pass(secs(2));
    }
    let abandoned = RequestError::Abandoned(Fault::Unexpected);
    assert_eq!(line.client.poll_outcome(bad), Some(Err(abandoned)));
    line.connect(PRESENT);
    line.sends(b"\x62\x02\0\x01\x3a\x06\0\x01t\0\x02.");
    line.receive(&[pubcomp(1), puback(2)].concat());
    assert_eq!(line.client.poll_outcome(good), done());
}

#[test]
fn rule_07_a_subscription_whose_outcome_is_forgotten_is_made() {
    let mut line = Line::new(options());
    let (request, _) = line
        .client
        .subscribe(&[Filter::new("t", QoS::AtLeastOnce)])
        .unwrap();
    line.client.forget(request);
    line.connect(NEW);
    let subscribe = line.sent();
    assert_eq!(subscribe[0], 0x82);
    // It is lost with the connection, and made over the next one.
    line.closed();
    line.pass(secs(1));
    line.connect(NEW);
    assert_eq!(line.sent()[0], 0x82);
}

/// The answer to a subscription may come after its end was asked for.
#[test]
fn rule_07_what_is_granted_after_it_was_unsubscribed_is_not_subscribed_to_again() {
    for is_answered in [true, false] {
        let mut line = Line::new(kept());
        let filters = [Filter::new("t", QoS::AtLeastOnce)];
        line.client.subscribe(&filters).unwrap();
        line.connect(NEW);
        let subscribe = line.sent();
        line.client.unsubscribe(&["t"]).unwrap();
        line.sends(b"\xa2\x05\0\x02\0\x01t");
        line.receive(&suback(&subscribe, 1));
        if is_answered {
            line.receive(b"\xb0\x02\0\x02");
            assert_eq!(line.client.subscriptions().next(), None);
        }
        line.closed();
        line.pass(secs(1));
        line.connect(NEW);
        if is_answered {
            line.sends(b"");
        } else {
            line.sends(b"\x82\x06\0\x03\0\x01t\x01\xa2\x05\0\x04\0\x01t");
            line.receive(b"\x90\x03\0\x03\x01\xb0\x02\0\x04");
            assert_eq!(line.client.subscriptions().next(), None);
        }
    }
}

#[test]
fn rule_07_what_was_to_be_unsubscribed_and_was_withdrawn_is_subscribed_to_again() {
    let (mut line, _) = Line::subscribed(kept(), QoS::AtLeastOnce, NEW);
    line.closed();
    let request = line.client.unsubscribe(&["t"]).unwrap();
    assert_eq!(line.client.subscriptions().next(), None);
    // Memory that is given back takes nothing of it with it.
    line.client.shrink();
    line.client.withdraw(request);
    assert_eq!(line.client.subscriptions().collect::<Vec<_>>(), ["t"]);
    line.client.shrink();
    line.pass(secs(1));
    line.connect(NEW);
    line.sends(b"\x82\x06\0\x02\0\x01t\x01");
    line.receive(b"\x90\x03\0\x02\x01");
    // If it was sent, the broker may have carried it out.
    let request = line.client.unsubscribe(&["t"]).unwrap();
    line.sends(b"\xa2\x05\0\x03\0\x01t");
    line.client.withdraw(request);
    assert_eq!(line.client.subscriptions().next(), None);
    line.closed();
    let again = line.client.unsubscribe(&["t"]).unwrap();
    line.client.withdraw(again);
    assert_eq!(line.client.subscriptions().next(), None);
}

/// A broker that hangs up at a subscription it had granted gets it once over each connection.
#[test]
fn rule_07_subscriptions_that_are_never_answered_do_not_accumulate() {
    let (mut line, _) = Line::subscribed(options(), QoS::AtLeastOnce, NEW);
    for _ in 0..5 {
        line.closed();
        line.pass(secs(8));
        line.connect(NEW);
        let sent = line.sent();
        assert_eq!((sent[0], sent.len()), (0x82, 8));
    }
}

/// A message leaves whole, though the broker may not have waited for it: half a packet would bar
/// everything behind it.
#[test]
fn rule_07_an_answer_to_half_a_message_bars_nothing() {
    type Answer = fn(u16) -> Vec<u8>;
    let answers: [(QoS, Answer); 2] = [(QoS::AtLeastOnce, puback), (QoS::ExactlyOnce, pubrec)];
    for (qos, answer) in answers {
        let mut line = Line::new(kept());
        line.connect(PRESENT);
        // The payload cannot leave before this.
        line.publish(b"1", QoS::AtLeastOnce);
        line.turn();
        let id = id_of(line.output.bytes());
        let long = line.publish(&[7; 100_000], qos);
        line.turn();
        line.receive(&answer(id + 1));
        let mut expected = message(id, 1, b"1");
        expected.extend(message(id + 1, qos as u8, &[7; 100_000]));
        if qos == QoS::ExactlyOnce {
            expected.extend(pubrel(id + 1));
        }
        assert!(line.sent() == expected, "{qos:?}");
        line.is_connected();
        if qos == QoS::ExactlyOnce {
            line.receive(&pubcomp(id + 1));
        }
        assert_eq!(line.client.poll_outcome(long), done());
    }
}
