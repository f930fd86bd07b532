//! Rule 6: a command that fails changes nothing.
use crate::{common::*, durable::*};

#[test]
fn rule_06_a_message_that_can_never_wait_drops_no_other() {
    let mut line = Line::new(options().queue(10, 10, WhenFull::DropOldest));
    let first = line.publish(b"12345", QoS::AtLeastOnce);
    let large = Publish::to("t").payload(&[0; 10]).qos(QoS::AtLeastOnce);
    let refused = PublishError::LargerThanQueue { len: 11, limit: 10 };
    assert_eq!(line.client.publish(&large), Err(refused));
    assert_eq!(line.client.poll_outcome(first), None);
    line.publish(b"1234567", QoS::AtLeastOnce);
    assert_eq!(
        line.client.poll_outcome(first),
        Some(Err(RequestError::Dropped))
    );
    assert_eq!(line.client.counters().queued, 1);
}

/// What was sent is not dropped. If the rest does not make enough room, it stays as well.
#[test]
fn rule_06_messages_are_dropped_only_if_that_makes_room() {
    let mut line = Line::new(kept().queue(9, 30, WhenFull::DropOldest));
    line.connect(NEW);
    line.publish(&[b'1'; 20], QoS::AtLeastOnce);
    line.sent();
    line.closed();
    line.pass(secs(1));
    // The session is lost, and the next connection as well, before anything is sent again.
    line.open();
    line.sent();
    line.client.on_read(&mut &NEW[..], line.now);
    line.closed();
    let second = line.publish(b"2", QoS::AtLeastOnce);
    let third = line.publish(b"3", QoS::AtLeastOnce);
    let publish = |payload| Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
    assert_eq!(
        line.client.publish(&publish(&[4; 9])),
        Err(PublishError::Full)
    );
    assert_eq!(line.client.counters().queued, 3);
    let dropped = Some(Err(RequestError::Dropped));
    for (payload, second_is_dropped, third_is_dropped) in [
        (&[4; 4][..], false, false),
        (&[5; 1], true, false),
        (&[6; 1], true, true),
    ] {
        line.client.publish(&publish(payload)).unwrap();
        let outcome = |request| line.client.poll_outcome(request) == dropped;
        let outcomes = [second, third].map(outcome);
        assert_eq!(outcomes, [second_is_dropped, third_is_dropped]);
    }
}

/// A message that has no free slot is refused, and nothing has to be stored for it.
#[test]
fn rule_06_a_message_without_a_slot_passes_over_nothing() {
    let mut d = Durable {
        line: Line::new(durable().in_flight(16)),
        store: Store::default(),
    };
    d.line.connect(NEW);
    d.save();
    let requests: Vec<_> = (1..=16)
        .map(|n| d.line.publish(&[n], QoS::AtLeastOnce))
        .collect();
    d.save();
    d.line.sent();
    d.line.client.withdraw(requests[0]);
    d.save();
    let before = (d.line.client.version(), d.line.client.full_image().image);
    let publish = Publish::to("t").payload(b"x").qos(QoS::AtLeastOnce);
    assert_eq!(d.line.client.publish(&publish), Err(PublishError::Full));
    let after = (d.line.client.version(), d.line.client.full_image().image);
    assert!(before == after, "the slot of the first was passed over");
    // The second slot is free, and the first is passed over.
    d.line.receive(&puback(2));
    assert!(d.line.client.publish(&publish).is_ok());
    d.save();
    assert_eq!(id_of(&d.line.sent()), 2);
}

/// A message waits for the end of an upload, and not for a slot: there is no need for more of them.
#[test]
fn rule_06_a_message_that_waits_for_an_upload_makes_no_room_in_the_session() {
    let mut d = Durable::begin(durable().in_flight(16));
    d.line.connect(NEW);
    d.save();
    let sent = [(); 16].map(|()| d.line.publish(b".", QoS::AtLeastOnce));
    d.save();
    d.line.sent();
    // Each slot is one of a message that was given up.
    for request in sent {
        d.line.client.withdraw(request);
    }
    let upload = Publish::to("t").remaining(1);
    d.line.client.begin_upload(&upload).unwrap();
    d.save();
    let before = d.line.client.full_image().image;
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    assert_eq!(d.line.client.publish(&publish), Err(PublishError::Full));
    assert!(d.line.client.full_image().image == before);
}

#[test]
fn rule_06_a_full_queue_refuses_and_says_when_there_is_room() {
    let mut line = Line::new(options().queue(2, 100, WhenFull::Wait));
    line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    let third = Publish::to("t").payload(b"3").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&third), Err(PublishError::Full));
    assert_eq!(line.client.counters().queued, 2);
    line.connect(NEW);
    line.sends(b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022");
    assert!(line.events.contains(&Event::Room));
    assert!(line.client.publish(&third).is_ok());
}

/// Whoever waits for room learns that there is none to come, or room of another kind.
#[test]
fn rule_06_the_end_of_a_connection_and_of_the_client_is_told_to_those_who_wait_for_room() {
    let mut line = Line::new(options().in_flight(1).queue(1, 100, WhenFull::Wait));
    line.connect(NEW);
    line.publish(b"1", QoS::AtLeastOnce);
    line.sent();
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
    line.turn();
    assert!(!line.events.contains(&Event::Room));
    line.closed();
    assert!(line.events.contains(&Event::Room));
    assert!(line.client.publish(&publish).is_ok());
    for is_left in [true, false] {
        let mut line = Line::new(options().queue(0, 0, WhenFull::Wait));
        assert!(line.client.publish(&publish).is_err());
        if is_left {
            line.client.disconnect(secs(9));
        } else {
            line.client.end(Ended::DriverStopped);
        }
        line.turn();
        assert!(line.events.contains(&Event::Room));
    }
}

#[test]
fn rule_06_what_is_larger_than_the_queue_is_told_of_a_connection() {
    let mut line = Line::new(options().queue(10, 10, WhenFull::Wait));
    let large = Publish::to("t").payload(&[0; 10]).qos(QoS::AtLeastOnce);
    assert!(line.client.publish(&large).is_err());
    line.connect(NEW);
    assert!(line.events.contains(&Event::Room));
    assert!(line.client.publish(&large).is_ok());
}

#[test]
fn rule_06_arguments_are_refused_with_the_reason_and_shortened() {
    for connack in [None, Some(NEW)] {
        let mut line = Line::new(options());
        if let Some(connack) = connack {
            line.connect(connack);
        }
        let long = "x".repeat(70_000);
        for (topic, text) in [("", "empty"), ("a/#", "wildcard"), (&long, "longer than")] {
            let publish = Publish::to(topic).qos(QoS::AtLeastOnce);
            let error = line.client.publish(&publish).unwrap_err();
            assert!(matches!(error, PublishError::Topic { .. }), "{error}");
            assert!(error.to_string().contains(text) && error.to_string().len() < 400);
            let filter = Filter::new(
                if topic == "a/#" { "a/#/b" } else { topic },
                QoS::AtMostOnce,
            );
            let error = line.client.subscribe(&[filter]).unwrap_err();
            assert!(error.to_string().contains(text) && error.to_string().len() < 400);
            assert_eq!(
                line.client.unsubscribe(&[filter.filter]).unwrap_err(),
                error
            );
        }
        let error = line.client.subscribe::<()>(&[]).unwrap_err();
        assert_eq!(error, SubscribeError::Count { count: 0 });
        let many = vec![Filter::new("a", QoS::AtMostOnce); 256];
        let error = line.client.subscribe(&many).unwrap_err();
        assert_eq!(error, SubscribeError::Count { count: 256 });
        let large = "y".repeat(40_000);
        let error = line.client.unsubscribe(&[&large, &large]).unwrap_err();
        assert!(
            matches!(error, SubscribeError::TooLong { len: 80_006, .. }),
            "{error}"
        );
        let payload = vec![0; 268_435_455];
        let huge = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
        let error = line.client.publish(&huge).unwrap_err();
        assert_eq!(error, PublishError::TooLong { len: 268_435_456 });
        let announced = Publish::to("t").remaining(5);
        let error = line.client.publish(&announced).unwrap_err();
        assert_eq!(error, PublishError::Incomplete { remaining: 5 });
        line.sends(b"");
        assert_eq!(line.client.counters().in_flight, 0);
    }
}

#[test]
fn rule_06_without_a_connection_messages_with_qos_0_are_refused_or_wait() {
    let mut line = Line::new(options());
    let publish = Publish::to("t").payload(b"0");
    assert_eq!(line.client.publish(&publish), Err(PublishError::Offline));
    line.connect(NEW);
    assert!(line.events.contains(&Event::Room));
    assert_eq!(line.client.publish(&publish), Ok(None));
    let mut line = Line::new(options().queue_qos0());
    let request = line.client.publish(&publish).unwrap().unwrap();
    line.connect(NEW);
    line.sends(b"\x30\x04\0\x01t0");
    assert_eq!(line.client.poll_outcome(request), done());
}

#[test]
fn rule_06_pieces_of_an_upload_that_are_too_long_are_refused() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce).remaining(3);
    let (upload, _) = line.client.begin_upload(&publish).unwrap();
    let too_long = UploadError::TooLong {
        len: 4,
        remaining: 3,
    };
    assert_eq!(line.client.upload_chunk(upload, b"1234"), Err(too_long));
    assert_eq!(line.client.upload_chunk(upload, b"123"), Ok(3));
    line.sends(b"\x32\x08\0\x01t\0\x01123");
}

#[test]
fn rule_06_what_a_broker_does_not_accept_is_refused_before_it_is_sent() {
    let aws = || Options::new("a").profile(&profile::AWS_IOT);
    let refused = Client::new(aws().keep_alive(0)).unwrap_err();
    assert!(matches!(refused, OptionsError::OverLimit(_)), "{refused}");
    let mut line = Line::new(aws().in_flight(1000));
    for connack in [None, Some(NEW)] {
        if let Some(connack) = connack {
            line.connect(connack);
        }
        let publish = Publish::to("t").qos(QoS::ExactlyOnce);
        let refused = line.client.publish(&publish).unwrap_err();
        assert!(matches!(refused, PublishError::OverLimit(_)), "{refused}");
        let refused = line.client.begin_upload(&publish.remaining(1)).unwrap_err();
        assert!(matches!(refused, PublishError::OverLimit(_)), "{refused}");
        let filters = [Filter::new("t", QoS::ExactlyOnce)];
        let refused = line.client.subscribe(&filters).unwrap_err();
        assert!(matches!(refused, SubscribeError::OverLimit(_)), "{refused}");
    }
    line.sends(b"");
    for _ in 0..100 {
        line.publish(b"1", QoS::AtLeastOnce);
    }
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
}

#[test]
fn rule_06_a_subscription_that_is_refused_in_part_leaves_nothing_subscribed() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let filter = |name| Filter::new(name, QoS::AtLeastOnce);
    line.client.subscribe(&[filter("old")]).unwrap();
    let old = line.sent();
    line.receive(&suback(&old, 1));
    let refused = ["old", "new", "other", "no"].map(filter);
    let (request, _) = line.client.subscribe(&refused).unwrap();
    let packet = line.sent();
    // Another subscription asks for one of them, and is not answered yet.
    line.client.subscribe(&[filter("other")]).unwrap();
    line.sent();
    line.receive(&[0x90, 6, packet[2], packet[3], 1, 1, 1, 0x80]);
    let outcome = line.client.poll_outcome(request);
    let text = "\"no\"".into();
    let codes = [1, 1, 1, 0x80].into();
    assert_eq!(
        outcome,
        Some(Err(RequestError::Refused {
            filters: text,
            codes,
            reason: None
        }))
    );
    line.sends(b"\xa2\x07\0\x04\0\x03new");
    line.receive(b"\xb0\x02\0\x04");
    assert_eq!(
        line.client.subscriptions().collect::<Vec<_>>(),
        ["old", "other"]
    );
}

#[test]
fn rule_06_a_message_that_is_dropped_is_one_that_was_not_sent_and_no_subscription() {
    let options = options().queue(1, 100, WhenFull::DropOldest).in_flight(1);
    let mut line = Line::new(options);
    let filters = [Filter::new("t", QoS::AtLeastOnce)];
    line.client.subscribe(&filters).unwrap();
    let first = line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    let dropped = Some(Err(RequestError::Dropped));
    assert_eq!(line.client.poll_outcome(first), dropped);
    line.connect(NEW);
    line.sends(b"\x82\x06\0\x01\0\x01t\x01");
    line.receive(b"\x90\x03\0\x01\x01");
    line.sends(b"\x32\x06\0\x01t\0\x022");
}

/// A message that needs no answer does not wait for the answers to others.
#[test]
fn rule_06_as_much_of_the_queue_is_sent_as_may_be_in_flight() {
    let mut line = Line::new(options().in_flight(1).queue_qos0());
    line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"0", QoS::AtMostOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    line.connect(NEW);
    line.sends(b"\x32\x06\0\x01t\0\x011\x30\x04\0\x01t0");
    line.receive(&puback(1));
    line.sends(b"\x32\x06\0\x01t\0\x022");
}

/// What waits goes first, even before a message that needs no answer.
#[test]
fn rule_06_no_message_goes_before_those_that_wait() {
    let mut line = Line::new(options().in_flight(1));
    line.publish(b"1", QoS::AtLeastOnce);
    line.publish(b"2", QoS::AtLeastOnce);
    line.connect(NEW);
    line.sends(b"\x32\x06\0\x01t\0\x011");
    let publish = Publish::to("t").payload(b"0");
    assert_eq!(line.client.publish(&publish), Err(PublishError::Full));
    let upload = line.client.begin_upload(&publish.remaining(1));
    assert_eq!(upload, Err(PublishError::Full));
    line.receive(&puback(1));
    line.sends(b"\x32\x06\0\x01t\0\x022");
    assert_eq!(line.client.publish(&publish), Ok(None));
    line.sends(b"\x30\x04\0\x01t0");
}

#[test]
fn rule_06_a_message_larger_than_the_output_is_sent_whole() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let payload: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    let publish = Publish::to("t").payload(&payload);
    let request = line.client.publish(&publish).unwrap().unwrap();
    line.sends(&message(0, 0, &payload));
    assert_eq!(line.client.poll_outcome(request), done());
}

#[test]
fn rule_06_filters_that_are_refused_are_named_as_long_as_they_are_few() {
    let names = ["a", "b", "c", "d", "e"];
    for (count, text) in [(4, "\"a\", \"b\", \"c\", \"d\""), (5, "\"a\" and 4 others")] {
        let mut line = Line::new(options());
        line.connect(NEW);
        let filters: Vec<_> = names[..count]
            .iter()
            .map(|name| Filter::new(name, QoS::AtMostOnce))
            .collect();
        let (request, _) = line.client.subscribe(&filters).unwrap();
        line.sent();
        let codes = vec![0x80; count];
        line.receive(&[&[0x90, 2 + count as u8, 0, 1][..], &codes].concat());
        let refused = RequestError::Refused {
            filters: text.into(),
            codes: codes.into(),
            reason: None,
        };
        assert_eq!(line.client.poll_outcome(request), Some(Err(refused)));
    }
}
