//! Messages that wait: for a connection, or for room.
use super::face::{Client, Outcome, Publish, PublishError, QoS, RequestError, WhenFull, run};
use super::support::{accepted, done, returning};
use motemq_testing::line::{Exchange, HELLO, NEW};
use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

/// Time for a call that waits to do something wrong; what it did shows later.
const MOMENT: Duration = Duration::from_millis(100);

fn publish(payload: &[u8]) -> Publish<'_> {
    Publish::to("t").payload(payload).qos(QoS::AtLeastOnce)
}

/// Publishes in a thread of its own, and waits for the outcome.
fn published(client: &Client, payload: &'static [u8]) -> JoinHandle<Outcome> {
    let client = client.clone();
    thread::spawn(move || client.publish(&publish(payload)).unwrap().wait())
}

pub fn what_waits_for_a_connection_is_bounded() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").queue(2, 100, WhenFull::Wait);
    let (client, driver) = Client::new(options).unwrap();
    drop(client.try_publish(&publish(b"1")).unwrap());
    let refused = |publish: &Publish<'_>| client.try_publish(publish).map(drop).unwrap_err();
    // 1 and 99 bytes.
    assert_eq!(refused(&publish(&[0; 98])), PublishError::Full);
    drop(client.try_publish(&publish(b"2")).unwrap());
    assert_eq!(refused(&publish(b"3")), PublishError::Full);
    // QoS 0 does not wait unless asked to (mosquitto#1954).
    assert_eq!(refused(&Publish::to("t")), PublishError::Offline);
    assert_eq!(client.counters().queued, 2);
    let waiting = published(&client, b"4");
    thread::sleep(MOMENT);
    assert!(!waiting.is_finished());
    assert_eq!(client.counters().queued, 2);
    run(driver);
    let mut line = exchange.accepts(HELLO, NEW);
    line.hears(b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x034");
    line.says(b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x03");
    waiting.join().unwrap().unwrap();
}

pub fn the_oldest_gives_way_if_that_is_wished() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a")
        .queue(2, 100, WhenFull::DropOldest)
        .queue_qos0();
    let (client, driver) = Client::new(options).unwrap();
    let first = client.try_publish(&publish(b"1")).unwrap();
    drop(client.try_publish(&publish(b"2")).unwrap());
    drop(client.try_publish(&Publish::to("t").payload(b"3")).unwrap());
    assert_eq!(done(first), Err(RequestError::Dropped));
    drop(client.try_publish(&publish(b"4")).unwrap());
    run(driver);
    let mut line = exchange.accepts(HELLO, NEW);
    line.hears(b"\x30\x04\0\x01t3\x32\x06\0\x01t\0\x014");
}

pub fn as_many_are_under_way_as_may_be() {
    let (client, _running, _exchange, mut line) = accepted(|options| options.in_flight(2));
    drop(client.try_publish(&publish(b"1")).unwrap());
    drop(client.try_publish(&publish(b"2")).unwrap());
    let refused = client.try_publish(&publish(b"3")).map(drop);
    assert_eq!(refused, Err(PublishError::Full));
    // QoS 0 passes.
    drop(client.try_publish(&Publish::to("t").payload(b"0")).unwrap());
    line.hears(b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x30\x04\0\x01t0");
    let third = published(&client, b"3");
    thread::sleep(MOMENT);
    // It has not left: what is published now stands before it.
    drop(client.publish(&Publish::to("t").payload(b"4")).unwrap());
    line.hears(b"\x30\x04\0\x01t4");
    line.says(b"\x40\x02\0\x02");
    line.hears(b"\x32\x06\0\x01t\0\x033");
    line.says(b"\x40\x02\0\x03");
    third.join().unwrap().unwrap();
}

/// What may not wait in the queue waits for a connection with its caller.
pub fn what_is_larger_than_the_queue_waits_for_a_connection() {
    let exchange = Exchange::new();
    let options = returning(exchange.addr(), "a").queue(10, 10, WhenFull::Wait);
    let (client, driver) = Client::new(options).unwrap();
    let large = publish(&[7; 20]);
    let refused = client.try_publish(&large).map(drop).unwrap_err();
    assert!(
        matches!(refused, PublishError::LargerThanQueue { .. }),
        "{refused}"
    );
    let waiting = published(&client, &[7; 20]);
    thread::sleep(MOMENT);
    assert!(!waiting.is_finished());
    assert_eq!(client.counters().queued, 0);
    run(driver);
    let mut line = exchange.accepts(HELLO, NEW);
    line.hears(b"\x32\x19\0\x01t\0\x01");
    line.hears(&[7; 20]);
    line.says(b"\x40\x02\0\x01");
    waiting.join().unwrap().unwrap();
}
