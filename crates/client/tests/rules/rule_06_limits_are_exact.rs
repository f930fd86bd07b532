//! Rule 6: what is just within a limit is accepted, and what is just beyond it is refused.
use crate::common::*;

fn publish(line: &mut Line, payload: &[u8]) -> Result<Option<RequestId>, PublishError> {
    let publish = Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
    line.client.publish(&publish)
}

#[test]
fn rule_06_as_many_bytes_wait_for_a_connection_as_may() {
    // A payload of 16 KiB is kept apart from its topic.
    for (length, bytes, fits) in [
        (5, 12, true),
        (5, 11, false),
        (16_384, 32_770, true),
        (16_384, 32_769, false),
    ] {
        let mut line = Line::new(options().queue(10, bytes, WhenFull::Wait));
        let payload = vec![b'1'; length];
        assert!(publish(&mut line, &payload).is_ok());
        let second = publish(&mut line, &payload);
        assert_eq!(second.is_ok(), fits, "{second:?}");
        assert_eq!(line.client.counters().queued, 1 + usize::from(fits));
    }
    let mut line = Line::new(options().queue(10, 6, WhenFull::Wait));
    let refused = PublishError::LargerThanQueue { len: 7, limit: 6 };
    assert_eq!(publish(&mut line, b"123456"), Err(refused));
    assert!(publish(&mut line, b"12345").is_ok());
    let mut line = Line::new(options().queue(0, 100, WhenFull::Wait));
    let refused = PublishError::LargerThanQueue { len: 2, limit: 0 };
    assert_eq!(publish(&mut line, b"1"), Err(refused));
}

#[test]
fn rule_06_as_many_messages_are_in_flight_as_may() {
    let mut line = Line::new(options().in_flight(2));
    line.connect(NEW);
    assert!(publish(&mut line, b"1").is_ok());
    assert!(publish(&mut line, b"2").is_ok());
    assert_eq!(publish(&mut line, b"3"), Err(PublishError::Full));
    assert_eq!(line.client.publish(&Publish::to("t")), Ok(None));
    line.sent();
    line.receive(&puback(1));
    assert!(line.events.contains(&Event::Room));
    assert!(publish(&mut line, b"3").is_ok());
}

#[test]
fn rule_06_as_many_filters_are_subscribed_to_as_fit_a_packet() {
    let mut line = Line::new(options());
    line.connect(NEW);
    assert!(
        line.client
            .subscribe(&[Filter::new("t", QoS::AtMostOnce); 255])
            .is_ok()
    );
    assert_eq!(line.sent().len(), 5 + 255 * 4);
    let [half, most, more] = [36_852, 36_853, 36_854].map(|len| "x".repeat(len));
    let filters = |second| [&half, second].map(|name| Filter::new(name, QoS::AtMostOnce));
    let (len, limit) = (73_712, 73_711);
    assert_eq!(
        line.client.subscribe(&filters(&more)).unwrap_err(),
        SubscribeError::TooLong { len, limit }
    );
    line.sends(b"");
    // The transport has not taken yet what was handed over.
    line.client.publish(&Publish::to("t")).unwrap();
    line.turn();
    line.client.subscribe(&filters(&most)).unwrap();
    assert_eq!(line.sent().len(), 5 + 73_717);
}

#[test]
fn rule_06_a_message_is_written_at_once_if_it_fits_the_output() {
    let topic = "t".repeat(10_000);
    for (len, fits) in [(63_711, true), (63_712, false)] {
        let mut line = Line::new(options());
        line.connect(NEW);
        // The transport has not taken yet what was handed over.
        line.client.publish(&Publish::to("t")).unwrap();
        line.turn();
        let payload = vec![7; len];
        let publish = Publish::to(&topic).payload(&payload);
        // Only a message that is not written yet has an outcome.
        let request = line.client.publish(&publish).unwrap();
        assert_eq!(request.is_none(), fits);
        assert_eq!(line.sent().len(), 5 + 4 + 2 + topic.len() + len);
    }
}

#[test]
fn rule_06_a_message_that_is_longer_than_a_packet_is_refused_as_such() {
    let topic = "t".repeat(1_000);
    let (len, limit) = (268_435_451, 1 << 20);
    let payload = vec![0; len];
    let publish = |payload| Publish::to(&topic).payload(payload);
    let mut line = Line::new(options().queue_qos0());
    let refused = line.client.publish(&publish(&payload[1_000..]));
    assert_eq!(refused, Err(PublishError::LargerThanQueue { len, limit }));
    let refused = line.client.publish(&publish(&payload[999..]));
    let len = len as u64 + 1;
    assert_eq!(refused, Err(PublishError::TooLong { len }));
    // Bytes that are to follow make it a message for an upload.
    let remaining = 268_435_451 - 1_000;
    let refused = line.client.publish(&publish(&[]).remaining(remaining));
    assert_eq!(refused, Err(PublishError::Incomplete { remaining }));
    let refused = line.client.publish(&publish(&[]).remaining(remaining + 1));
    assert_eq!(refused, Err(PublishError::TooLong { len }));
}

#[test]
fn rule_06_an_upload_may_be_as_long_as_a_packet() {
    let mut line = Line::new(options());
    let longest = Publish::to("t").remaining(268_435_450);
    let offline = line.client.begin_upload(&longest);
    assert_eq!(offline, Err(PublishError::Offline));
    line.connect(NEW);
    assert!(line.events.contains(&Event::Room));
    let too_long = line.client.begin_upload(&longest.remaining(268_435_451));
    let len = 268_435_452;
    assert_eq!(too_long, Err(PublishError::TooLong { len }));
    let (upload, request) = line.client.begin_upload(&longest).unwrap();
    assert_eq!(request, None);
    line.sends(b"\x30\xfd\xff\xff\x7f\0\x01t");
    // Nothing goes before its end, and it is taken in pieces.
    for len in [0, 80_000] {
        let publish = line
            .client
            .publish(&Publish::to("t").payload(&vec![7; len]));
        assert_eq!(publish, Err(PublishError::Full));
    }
    let again = line.client.begin_upload(&Publish::to("t").remaining(1));
    assert_eq!(again, Err(PublishError::Full));
    assert_eq!(line.client.upload_chunk(upload, &[7; 40_000]), Ok(16_384));
    line.sends(&[7; 16_384]);
}

/// What is given with its beginning may be long, too.
#[test]
fn rule_06_the_beginning_of_an_upload_may_fill_the_output() {
    let limit = 73_711;
    for (len, is_begun) in [(73_710, true), (73_711, false)] {
        let mut line = Line::new(options());
        line.connect(NEW);
        let payload = vec![7; len];
        let publish = Publish::to("t").payload(&payload).remaining(1);
        let begun = line.client.begin_upload(&publish).map(|_| ());
        let refused = PublishError::BeginningTooLong { len: 73_712, limit };
        assert_eq!(begun, if is_begun { Ok(()) } else { Err(refused) });
    }
}

#[test]
fn rule_06_only_the_upload_that_is_under_way_is_continued_and_aborted() {
    let mut line = Line::new(options());
    line.connect(NEW);
    // The first is complete as soon as it is begun.
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    let (first, request) = line.client.begin_upload(&publish).unwrap();
    line.sends(b"\x32\x06\0\x01t\0\x011");
    assert_eq!(line.client.counters().sent, 1);
    let (second, _) = line.client.begin_upload(&publish.remaining(2)).unwrap();
    let lost = Err(UploadError::Lost);
    assert_eq!(line.client.upload_chunk(first, b"."), lost);
    line.client.abort_upload(first, line.now);
    assert_eq!(line.client.upload_chunk(second, b"23"), Ok(2));
    assert_eq!(line.client.upload_chunk(second, b""), lost);
    line.client.abort_upload(second, line.now);
    line.sends(b"\x32\x08\0\x01t\0\x02123");
    line.is_connected();
    line.receive(&[puback(1), puback(2)].concat());
    let outcome = line.client.poll_outcome(request.unwrap());
    assert_eq!(outcome, done());
    assert_eq!(line.client.counters().sent, 2);
}

/// A piece that finds no room is told when there is some.
#[test]
fn rule_06_an_upload_waits_for_room_in_the_output() {
    let mut line = Line::new(options());
    line.connect(NEW);
    let publish = Publish::to("t").remaining(200_000);
    let (upload, _) = line.client.begin_upload(&publish).unwrap();
    let mut taken = 0;
    let refused = loop {
        match line.client.upload_chunk(upload, &[7; 10_000]) {
            Ok(n) => taken += n,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, UploadError::Full);
    assert!((60_000..=72 << 10).contains(&taken), "{taken}");
    line.events.clear();
    line.sent();
    assert_eq!(line.events, [Event::Room]);
    assert_eq!(line.client.upload_chunk(upload, &[7; 10_000]), Ok(10_000));
}

/// Nothing goes within a message, and what waits for its end takes no more slots than it needs.
#[test]
fn rule_06_a_subscription_waits_for_the_end_of_an_upload() {
    let mut line = Line::new(kept());
    line.connect(NEW);
    let length = line.client.full_image().image.len();
    let publish = Publish::to("t").remaining(1);
    let (upload, _) = line.client.begin_upload(&publish).unwrap();
    let filter = Filter::new("t", QoS::AtMostOnce);
    line.client.subscribe(&[filter]).unwrap();
    line.sends(b"\x30\x04\0\x01t");
    assert_eq!(line.client.full_image().image.len(), length);
    assert_eq!(line.client.upload_chunk(upload, b"."), Ok(1));
    line.sends(b".\x82\x06\0\x01\0\x01t\0");
}
