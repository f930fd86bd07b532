//! Rule 4: a message that is given up does not affect any other message.
use super::face::{Client, Error, Filter, Publish, QoS, RequestError, SubscribeError};
use super::support::{Caller, done, options, returning, until};
use motemq_testing::{
    line::{Exchange, HELLO, HELLO_KEEPING, NEW},
    script::{hears, play, says},
};
use std::{
    thread,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(200);

fn publish(payload: &[u8]) -> Publish<'_> {
    Publish::to("t").payload(payload).qos(QoS::AtLeastOnce)
}

/// AWS answers QoS 2 with silence: what is not acknowledged in time is given up, and does not stand
/// in the way of the next, over the same connection.
pub fn silence_is_given_up() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a")
        .keep_session()
        .in_flight(1)
        .ack_timeout(Some(SHORT));
    let client = Client::connect(options).unwrap();
    let mut line = exchange.accepts(HELLO_KEEPING, NEW);
    client.connected().unwrap();
    let begun = Instant::now();
    let first = client.publish(&publish(b"1")).unwrap();
    line.hears(b"\x32\x06\0\x01t\0\x011");
    assert_eq!(done(first), Err(RequestError::NotAcknowledged(SHORT)));
    assert!(begun.elapsed() >= SHORT);
    let second = client.publish(&publish(b"2")).unwrap();
    line.hears(b"\x32\x06\0\x01t\0\x022");
    line.says(b"\x40\x02\0\x02");
    done(second).unwrap();
}

/// It is not sent again over the next connection, either.
pub fn what_was_given_up_is_not_sent_again() {
    let (addr, broker) = play(vec![
        vec![
            hears(HELLO_KEEPING),
            says(NEW),
            hears(b"\x32\x06\0\x01t\0\x011"),
            hears(b"\x30\x03\0\x01t"),
        ],
        vec![
            hears(HELLO_KEEPING),
            says(b"\x20\x02\x01\0"),
            hears(b"\x32\x06\0\x01t\0\x022"),
            says(b"\x40\x02\0\x02"),
            hears(b"\xe0\0"),
        ],
    ]);
    let options = returning(addr, "a").keep_session().ack_timeout(Some(SHORT));
    let client = Caller::connect(options).unwrap();
    let error = client.publish(&publish(b"1")).unwrap_err();
    assert!(
        matches!(error, Error::Request(RequestError::NotAcknowledged(_))),
        "{error:?}"
    );
    client.publish(&Publish::to("t")).unwrap();
    until(|| client.counters().connections == 2);
    client.publish(&publish(b"2")).unwrap();
    client.disconnect().unwrap();
    broker.join().unwrap();
}

pub fn silence_about_a_message_ends_the_message_only() {
    // AWS IoT says nothing about QoS 2, and answers all else.
    let (addr, broker) = play(vec![vec![
        hears(HELLO_KEEPING),
        says(NEW),
        hears(b"\x34\x06\0\x01t\0\x011"),
        hears(b"\x32\x06\0\x01t\0\x022"),
        says(b"\x40\x02\0\x02"),
        hears(b"\x32\x06\0\x01t\0\x033"),
        says(b"\x40\x02\0\x03"),
        hears(b"\xe0\0"),
    ]]);
    let options = returning(addr, "a").keep_session().ack_timeout(Some(SHORT));
    let client = Caller::connect(options).unwrap();
    let silent = client.send(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce));
    client.publish(&publish(b"2")).unwrap();
    assert_eq!(done(silent), Err(RequestError::NotAcknowledged(SHORT)));
    client.publish(&publish(b"3")).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// So does a subscription.
pub fn silence_about_a_subscription_ends_the_subscription_only() {
    let (addr, broker) = play(vec![vec![
        hears(HELLO),
        says(NEW),
        hears(b"\x82\x06\0\x01\0\x01s\x02"),
        hears(b"\x32\x06\0\x01t\0\x021"),
        says(b"\x40\x02\0\x02"),
        hears(b"\xe0\0"),
    ]]);
    let mut client = Caller::connect(returning(addr, "a").ack_timeout(Some(SHORT))).unwrap();
    let error = client
        .subscribe(&[Filter::new("s", QoS::ExactlyOnce)])
        .unwrap_err();
    assert!(
        matches!(error, SubscribeError::Failed(RequestError::NotAnswered(_))),
        "{error:?}"
    );
    client.publish(&publish(b"1")).unwrap();
    assert_eq!(client.counters().connections, 1);
    client.disconnect().unwrap();
    broker.join().unwrap();
}

/// Where there would be no other connection, it costs the one there is nothing, either.
pub fn without_another_connection_silence_is_borne() {
    let (addr, broker) = play(vec![vec![
        hears(HELLO),
        says(NEW),
        hears(b"\x34\x06\0\x01t\0\x011"),
        hears(b"\xe0\0"),
    ]]);
    let client = Caller::connect(options(addr, "a").ack_timeout(Some(SHORT))).unwrap();
    let error = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce))
        .unwrap_err();
    assert!(
        matches!(error, Error::Request(RequestError::NotAcknowledged(_))),
        "{error:?}"
    );
    thread::sleep(7 * SHORT);
    assert!(client.state().is_connected());
    // The outcome was told: nothing is unfinished.
    client.disconnect().unwrap();
    broker.join().unwrap();
}
