//! Rule 6: what is just within a limit is accepted, and what is just beyond it is refused.
use crate::common::*;

fn publish(line: &mut Line, payload: &[u8]) -> Result<Option<RequestId>, PublishError> {
    let publish = Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
    line.client.publish(&publish)
}

#[test]
fn rule_06_as_many_bytes_wait_for_a_connection_as_may() {
    for (bytes, fits) in [(12, true), (11, false)] {
        let mut line = Line::new(options().queue(10, bytes, WhenFull::Wait));
        assert!(publish(&mut line, b"12345").is_ok());
        let second = publish(&mut line, b"12345");
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
    let (half, more) = ("x".repeat(36_853), "x".repeat(36_854));
    let filters = |second| [&half, second].map(|name| Filter::new(name, QoS::AtMostOnce));
    let (len, limit) = (73_713, 73_712);
    assert_eq!(
        line.client.subscribe(&filters(&more)).unwrap_err(),
        SubscribeError::TooLong { len, limit }
    );
    line.sends(b"");
    line.client.subscribe(&filters(&half)).unwrap();
    assert_eq!(line.sent().len(), 73_718);
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
    assert_eq!(
        line.client.publish(&Publish::to("t")),
        Err(PublishError::Full)
    );
    let again = line.client.begin_upload(&Publish::to("t").remaining(1));
    assert_eq!(again, Err(PublishError::Full));
    assert_eq!(line.client.upload_chunk(upload, &[7; 40_000]), Ok(16_384));
    line.sends(&[7; 16_384]);
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
    assert_eq!(outcome, Some(Ok([].into())));
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
