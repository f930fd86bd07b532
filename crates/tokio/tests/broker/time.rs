//! Times that take minutes, to the second, under a clock that stands still while something happens.
use crate::line::{HELLO, HELLO_KEEPING, NEW, connected, options, start};
use motemq_tokio::{Options, Publish, QoS, RequestError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A ping after three quarters of the keep-alive, and ten seconds for its answer: not one more
/// (rumqtt#295: 130 s).
#[tokio::test(start_paused = true)]
async fn a_dead_link_is_found_in_time() {
    let (client, _driver, mut exchange, mut line) = connected(options()).await;
    let began = Instant::now();
    line.hears(b"\xc0\0").await;
    assert_eq!(began.elapsed().as_secs(), 45);
    line.ends().await;
    assert_eq!(began.elapsed().as_secs(), 55);
    let _line = exchange.accepts(HELLO, NEW).await;
    client.connected().await.unwrap();
}

/// Two clients with one client identifier: each throws the other out as soon as it is there.
#[tokio::test(start_paused = true)]
async fn a_takeover_backs_off() {
    let (_client, _driver, mut exchange) = start(Options::new("a"));
    let mut began = Instant::now();
    let mut waits = Vec::new();
    for _ in 0..200 {
        let line = exchange.accepts(HELLO, NEW).await;
        waits.push(began.elapsed());
        // The other one comes after a moment.
        tokio::time::sleep(Duration::from_secs(1)).await;
        began = Instant::now();
        drop(line);
    }
    assert!(waits.iter().all(|wait| wait.as_secs() <= 60), "{waits:?}");
    let late: Duration = waits[100..].iter().sum();
    assert!(
        late > Duration::from_secs(100 * 15),
        "a hundred attempts within {late:?}"
    );
}

/// AWS answers QoS 2 with silence: what is not acknowledged in time is given up, and does not stand
/// in the way.
#[tokio::test(start_paused = true)]
async fn silence_is_given_up() {
    let (client, _driver, mut exchange) = start(
        options()
            .keep_session()
            .in_flight(1)
            .ack_timeout(Some(Duration::from_secs(20))),
    );
    let mut line = exchange.accepts(HELLO_KEEPING, NEW).await;
    let first = client
        .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
        .await
        .unwrap();
    line.hears(b"\x32\x06\0\x01t\0\x011").await;
    let began = Instant::now();
    let given_up = RequestError::NotAcknowledged(Duration::from_secs(20));
    assert_eq!(first.await, Err(given_up));
    // The clock is looked at eight times within the limit.
    let late = began.elapsed() - Duration::from_secs(20);
    assert!(late <= Duration::from_millis(2510), "{late:?}");
    let second = tokio::spawn(async move {
        client
            .publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce))
            .await
            .unwrap()
            .await
    });
    // Over the same connection.
    line.hears(b"\x32\x06\0\x01t\0\x022").await;
    line.says(b"\x40\x02\0\x02").await;
    second.await.unwrap().unwrap();
}

/// A broker that takes no bytes, though it sends some, is left; what was on its way goes over the
/// next connection.
#[tokio::test(start_paused = true)]
async fn a_broker_that_takes_nothing_is_left() {
    let (client, _driver, mut exchange, mut line) =
        connected(options().ack_timeout(Some(Duration::from_secs(20)))).await;
    let began = Instant::now();
    drop(
        client
            .publish(&Publish::to("t").payload(&[7; 1000]))
            .await
            .unwrap(),
    );
    let mut receipt = None;
    for second in 1..20 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        line.says(b"\x30\x04\0\x01t!").await;
        if second == 10 {
            receipt = Some(
                client
                    .publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce))
                    .await
                    .unwrap(),
            );
        }
    }
    let mut next = timeout(Duration::from_secs(60), exchange.accepts(HELLO, NEW))
        .await
        .expect("another connection");
    assert_eq!(began.elapsed().as_secs(), 20);
    next.hears(b"\x32\x06\0\x01t\0\x021").await;
    next.says(b"\x40\x02\0\x02").await;
    receipt.unwrap().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_says_nothing_but_pings() {
    let (client, _driver, mut exchange) = start(options().keep_alive(10));
    let mut line = exchange
        .accepts(b"\x10\x0d\0\x04MQTT\x04\x02\0\x0a\0\x01a", NEW)
        .await;
    client.connected().await.unwrap();
    let began = Instant::now();
    for _ in 0..20 {
        line.hears(b"\xc0\0").await;
        line.says(b"\xd0\0").await;
    }
    assert_eq!(began.elapsed(), Duration::from_millis(150_000));
}
