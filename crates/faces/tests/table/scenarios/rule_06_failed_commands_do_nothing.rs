//! Rule 6: a command that fails changes nothing.
use super::face::{
    Client, Direction, Error, Filter, Options, OptionsError, Packet, Publish, PublishError, QoS,
    SubscribeError, TracedPacket, UploadError, WhenFull, Will,
    profile::{AWS_IOT, Profile},
};
use super::support::{Caller, accepted, connect, done, options, returning, server};
use std::{
    fmt::{Debug, Display},
    io,
    sync::{Arc, Mutex},
};

pub fn arguments_are_checked_before_anything_is_sent() {
    let server = server();
    let client = connect(server.addr(), "a");
    let topic = client.publish(&Publish::to("a/+")).unwrap_err();
    assert!(
        matches!(topic, Error::Publish(PublishError::Topic { .. })),
        "{topic:?}"
    );
    let incomplete = client.publish(&Publish::to("t").remaining(1)).unwrap_err();
    assert!(
        matches!(
            incomplete,
            Error::Publish(PublishError::Incomplete { remaining: 1 })
        ),
        "{incomplete:?}"
    );
    let long = Publish::to("t")
        .qos(QoS::AtLeastOnce)
        .remaining(268_435_455);
    let long = client.publish_from(&long, io::empty()).unwrap_err();
    assert!(
        matches!(
            long,
            Error::Upload(UploadError::Publish(PublishError::TooLong { .. }))
        ),
        "{long:?}"
    );
    let client = Client::clone(&client);
    let subscribe = |filters: &[Filter<'_>]| client.subscribe(filters).map(drop).unwrap_err();
    assert_eq!(subscribe(&[]), SubscribeError::Count { count: 0 });
    assert!(matches!(
        subscribe(&[Filter::new("a#", QoS::AtMostOnce)]),
        SubscribeError::Filter { .. }
    ));
    assert_eq!(
        subscribe(&[Filter::new("a", QoS::AtMostOnce); 256]),
        SubscribeError::Count { count: 256 }
    );
    assert_eq!(
        client.unsubscribe(&[]),
        Err(SubscribeError::Count { count: 0 })
    );
    let error = Client::connect(options(server.addr(), "").keep_session())
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(error, Error::Options(OptionsError::ClientIdMissing)),
        "{error:?}"
    );
    Options::from_url("http://h").unwrap_err();
    assert_eq!(client.counters().sent, 0);
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    done(client.publish(&publish).unwrap()).unwrap();
}

/// A wrong topic takes nothing with it.
pub fn a_wrong_topic_is_refused_at_once() {
    let (client, _running, _exchange, mut line) = accepted(|options| options);
    let long = "x".repeat(70_000);
    for topic in ["", "a/#", "a\0", &long] {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let refused = client.publish(&Publish::to(topic).qos(qos)).map(drop);
            assert!(
                matches!(refused, Err(PublishError::Topic { .. })),
                "{refused:?}"
            );
        }
    }
    let good = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    drop(client.publish(&good).unwrap());
    line.hears(b"\x32\x06\0\x01t\0\x011");
}

/// A message that could never wait drops none that does.
pub fn a_message_that_never_fits_drops_no_other() {
    let exchange = motemq_testing::line::Exchange::new();
    let options = returning(exchange.addr(), "a").queue(2, 100, WhenFull::DropOldest);
    let (client, _driver) = Client::new(options).unwrap();
    let publish = |payload| Publish::to("t").payload(payload).qos(QoS::AtLeastOnce);
    let mut waiting = [b"1", b"2"].map(|payload| client.try_publish(&publish(payload)).unwrap());
    let refused = client.try_publish(&publish(&[0; 100])).map(drop);
    assert!(
        matches!(refused, Err(PublishError::LargerThanQueue { .. })),
        "{refused:?}"
    );
    assert_eq!(client.counters().queued, 2);
    assert!(waiting.iter_mut().all(|receipt| receipt.poll().is_none()));
}

/// Asserts that the error is that of a limit, and says which.
#[track_caller]
fn is_refused<T: Debug, E: Debug + Display>(
    outcome: Result<T, E>,
    is_limit: impl Fn(&E) -> bool,
    words: &str,
) {
    let error = outcome.unwrap_err();
    assert!(is_limit(&error), "{error:?}");
    assert!(error.to_string().contains(words), "{error}");
}

pub fn what_a_broker_would_not_take_is_not_sent() {
    let server = server();
    let options = options(server.addr(), "a").profile(&AWS_IOT);
    let of_options = |error: &Error| matches!(error, Error::Options(OptionsError::OverLimit(_)));
    is_refused(
        Client::connect(options.clone().keep_alive(0)),
        of_options,
        "AWS IoT Core accepts a keep alive of 1 to 1200 s",
    );
    let will = Will {
        qos: QoS::ExactlyOnce,
        ..Will::new("t")
    };
    is_refused(
        Client::connect(options.clone().will(will)),
        of_options,
        "QoS 1 at most",
    );
    let client = Client::clone(&Caller::connect(options).unwrap());
    let of_publish = |error: &PublishError| matches!(error, PublishError::OverLimit(_));
    is_refused(
        client.publish(&Publish::to("t").qos(QoS::ExactlyOnce)),
        of_publish,
        "QoS 1 at most",
    );
    let long = Publish::to("t").qos(QoS::AtLeastOnce);
    is_refused(
        client.publish(&long.payload(&[0; 200_000])),
        of_publish,
        "131072 bytes",
    );
    is_refused(
        client.publish_from(&Publish::to("t").remaining(200_000), io::repeat(0)),
        |error| matches!(error, UploadError::Publish(PublishError::OverLimit(_))),
        "131072 bytes",
    );
    let of_subscribe = |error: &SubscribeError| matches!(error, SubscribeError::OverLimit(_));
    is_refused(
        client.subscribe(&[Filter::new("a/b/c/d/e/f/g/h/#", QoS::AtMostOnce)]),
        of_subscribe,
        "7 slashes",
    );
    is_refused(
        client.subscribe(&[Filter::new("a", QoS::AtMostOnce); 9]),
        of_subscribe,
        "8 filters",
    );
    let counters = client.counters();
    assert_eq!(
        (counters.in_flight, counters.queued, counters.sent),
        (0, 0, 0)
    );
    let publish = Publish::to("t").qos(QoS::AtLeastOnce);
    done(client.publish(&publish).unwrap()).unwrap();
}

pub fn no_more_are_under_way_than_the_broker_has_places_for() {
    const NARROW: Profile = Profile {
        in_flight: 1,
        ..Profile::ANY
    };
    let server = server();
    let seen = Arc::new(Mutex::new((0, 0)));
    let count = seen.clone();
    let look = move |direction, packet: &TracedPacket<'_>| {
        let mut seen = count.lock().unwrap();
        match (direction, packet) {
            (Direction::Out, TracedPacket::Mqtt311(Packet::Publish { .. })) => seen.0 += 1,
            (Direction::In, TracedPacket::Mqtt311(Packet::PubAck(_))) => seen.0 -= 1,
            _ => {}
        }
        seen.1 = seen.1.max(seen.0);
    };
    let client = Caller::connect(options(server.addr(), "a").profile(&NARROW).trace(look)).unwrap();
    let receipts = [(); 10].map(|()| client.send(&Publish::to("t").qos(QoS::AtLeastOnce)));
    for receipt in receipts {
        done(receipt).unwrap();
    }
    assert_eq!(*seen.lock().unwrap(), (0, 1));
}
