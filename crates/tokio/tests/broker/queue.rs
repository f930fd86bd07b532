//! Messages that wait: for a connection, or for room.
use crate::line::{HELLO, NEW, connected, options, start};
use motemq_tokio::{Publish, PublishError, QoS, RequestError, WhenFull};
use std::time::Duration;
use tokio::time::timeout;

fn publish(payload: &[u8]) -> Publish<'_> {
    Publish::to("t").payload(payload).qos(QoS::AtLeastOnce)
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_connection_is_bounded() {
    let (client, _driver, mut exchange) = start(options().queue(2, 100, WhenFull::Wait));
    drop(client.try_publish(&publish(b"1")).unwrap());
    // 1 and 99 bytes.
    assert!(matches!(
        client.try_publish(&publish(&[0; 98])),
        Err(PublishError::Full)
    ));
    drop(client.try_publish(&publish(b"2")).unwrap());
    assert!(matches!(
        client.try_publish(&publish(b"3")),
        Err(PublishError::Full)
    ));
    // QoS 0 does not wait unless asked to (mosquitto#1954).
    assert!(matches!(
        client.try_publish(&Publish::to("t")),
        Err(PublishError::Offline)
    ));
    assert!(
        timeout(Duration::from_secs(5), client.publish(&publish(b"3")))
            .await
            .is_err()
    );
    assert_eq!(client.counters().queued, 2);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.publish(&publish(b"4")).await.unwrap().await }
    });
    let mut line = exchange.accepts(HELLO, NEW).await;
    line.hears(b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x32\x06\0\x01t\0\x034")
        .await;
    line.says(b"\x40\x02\0\x01\x40\x02\0\x02\x40\x02\0\x03")
        .await;
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_oldest_gives_way_if_that_is_wished() {
    let (client, _driver, mut exchange) =
        start(options().queue(2, 100, WhenFull::DropOldest).queue_qos0());
    let first = client.try_publish(&publish(b"1")).unwrap();
    drop(client.try_publish(&publish(b"2")).unwrap());
    drop(client.try_publish(&Publish::to("t").payload(b"3")).unwrap());
    assert!(matches!(first.await, Err(RequestError::Dropped)));
    // What could never wait is not taken.
    assert!(matches!(
        client.try_publish(&publish(&[0; 100])),
        Err(PublishError::LargerThanQueue { .. })
    ));
    assert_eq!(client.counters().queued, 2);
    drop(client.try_publish(&publish(b"4")).unwrap());
    let mut line = exchange.accepts(HELLO, NEW).await;
    line.hears(b"\x30\x04\0\x01t3\x32\x06\0\x01t\0\x014").await;
}

#[tokio::test(start_paused = true)]
async fn as_many_are_under_way_as_may_be() {
    let (client, _driver, _exchange, mut line) = connected(options().in_flight(2)).await;
    drop(client.try_publish(&publish(b"1")).unwrap());
    drop(client.try_publish(&publish(b"2")).unwrap());
    assert!(matches!(
        client.try_publish(&publish(b"3")),
        Err(PublishError::Full)
    ));
    // QoS 0 passes.
    drop(client.try_publish(&Publish::to("t").payload(b"0")).unwrap());
    line.hears(b"\x32\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x30\x04\0\x01t0")
        .await;
    let third = tokio::spawn(async move { client.publish(&publish(b"3")).await.unwrap().await });
    line.is_silent(Duration::from_secs(1)).await;
    line.says(b"\x40\x02\0\x02").await;
    line.hears(b"\x32\x06\0\x01t\0\x033").await;
    line.says(b"\x40\x02\0\x03").await;
    third.await.unwrap().unwrap();
}

/// What is larger than the queue waits outside.
#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_queue_waits_for_a_connection() {
    let (client, _driver, mut exchange) = start(options().queue(10, 10, WhenFull::Wait));
    let waiting = tokio::spawn(async move {
        let large = publish(&[7; 20]);
        client.publish(&large).await.unwrap().await
    });
    let mut line = exchange.accepts(HELLO, NEW).await;
    line.hears(b"\x32\x19\0\x01t\0\x01").await;
    line.hears(&[7; 20]).await;
    line.says(b"\x40\x02\0\x01").await;
    waiting.await.unwrap().unwrap();
}

/// A wrong topic takes nobody with it.
#[tokio::test(start_paused = true)]
async fn what_is_invalid_is_said_at_once() {
    let (client, _driver, _exchange, mut line) = connected(options()).await;
    for topic in ["", "a/#", "a\0"] {
        assert!(matches!(
            client.publish(&Publish::to(topic)).await,
            Err(PublishError::Topic { .. })
        ));
    }
    let long = "x".repeat(70_000);
    assert!(matches!(
        client.publish(&Publish::to(&long)).await,
        Err(PublishError::Topic { .. })
    ));
    drop(client.publish(&publish(b"1")).await.unwrap());
    line.hears(b"\x32\x06\0\x01t\0\x011").await;
}
