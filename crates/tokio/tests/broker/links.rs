//! Connections that end, fail, fall silent, or are fought over.
use crate::line::{HELLO, HELLO_KEEPING, NEW, connected, options, start};
use motemq_tokio::{
    Client, DisconnectReason, Ended, Options, Publish, PublishError, QoS, Reconnect, RequestError,
    ReturnCode, Stage, State,
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};

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

#[tokio::test(start_paused = true)]
async fn brokers_are_tried_one_after_the_other() {
    let list = options()
        .broker("one", 1)
        .broker("two", 2)
        .connect_timeout(Duration::from_secs(1));
    let (client, _driver, mut exchange) = start(list);
    let mut mute = Vec::new();
    for host in ["one", "two", "one"] {
        let (address, line) = exchange.next().await;
        assert_eq!(address.host, host);
        mute.push(line);
    }
    let (address, mut line) = exchange.next().await;
    assert_eq!((address.host.as_str(), address.port), ("two", 2));
    line.hears(HELLO).await;
    line.says(NEW).await;
    client.connected().await.unwrap();
    drop(line);
    // It was good.
    assert_eq!(exchange.next().await.0.host, "two");
}

#[tokio::test(start_paused = true)]
async fn states_can_be_watched() {
    let (client, driver, mut exchange) = start(options());
    let mut states = client.states();
    let line = exchange.accepts(HELLO, NEW).await;
    while !matches!(states.changed().await, State::Connected { .. }) {}
    drop(line);
    let lost = Instant::now();
    let State::Waiting { reason, retry_at } = states.changed().await else {
        panic!("{:?}", client.state())
    };
    assert_eq!(reason, DisconnectReason::Closed(Stage::Connected));
    assert!(retry_at >= lost && retry_at <= lost + Duration::from_millis(2));
    while !matches!(
        states.changed().await,
        State::Connecting { reason: Some(_) }
    ) {}
    // After a good connection a refusal may pass.
    let _line = exchange.accepts(HELLO, b"\x20\x02\0\x05").await;
    let refused = DisconnectReason::Refused(ReturnCode::NOT_AUTHORIZED);
    while !matches!(states.changed().await, State::Waiting { reason, .. } if reason == refused) {}
    let since = Instant::now();
    let _line = exchange.accepts(HELLO, NEW).await;
    loop {
        if let State::Connected { since: at, .. } = states.changed().await {
            assert!(at >= since && at <= since + Duration::from_millis(2));
            break;
        }
    }
    driver.abort();
    while !matches!(states.changed().await, State::Ended(Ended::DriverStopped)) {}
}

#[tokio::test(start_paused = true)]
async fn a_first_refusal_is_the_end() {
    let (client, driver, mut exchange) = start(options());
    let mut states = client.states();
    let _line = exchange.accepts(HELLO, b"\x20\x02\0\x05").await;
    let refused = Ended::GaveUp(DisconnectReason::Refused(ReturnCode::NOT_AUTHORIZED));
    while states.changed().await != State::Ended(refused.clone()) {}
    assert_eq!(client.connected().await, Err(refused.clone()));
    let error = driver.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("check user name"), "{error}");
    let error = client.publish(&Publish::to("t")).await.unwrap_err();
    assert_eq!(error, PublishError::Ended(refused.clone()));
    assert_eq!(
        client.disconnect(Duration::from_secs(1)).await,
        Err(refused)
    );
}

#[tokio::test(start_paused = true)]
async fn without_reconnection_the_loss_is_the_end() {
    let (client, driver, _exchange, line) = connected(options().reconnect(Reconnect::Never)).await;
    let receipt = client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .await
        .unwrap();
    drop(line);
    let lost = Ended::GaveUp(DisconnectReason::Closed(Stage::Connected));
    let unknown = RequestError::OutcomeUnknownAtEnd(lost.clone());
    assert_eq!(receipt.await, Err(unknown));
    assert_eq!(driver.await.unwrap(), Err(lost));
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

/// A driver that is dropped tells everybody.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_driver_that_is_gone() {
    let (client, driver, _exchange, _line) = connected(options()).await;
    let receipt = client
        .publish(&Publish::to("t").qos(QoS::AtLeastOnce))
        .await
        .unwrap();
    let mut rest = client.messages();
    driver.abort();
    let unknown = RequestError::OutcomeUnknownAtEnd(Ended::DriverStopped);
    assert_eq!(receipt.await, Err(unknown));
    assert!(rest.recv().await.is_none());
    let error = client.publish(&Publish::to("t")).await.unwrap_err();
    assert_eq!(error, PublishError::Ended(Ended::DriverStopped));
    let left = client.disconnect(Duration::from_secs(1)).await;
    assert_eq!(left, Err(Ended::DriverStopped));
}

/// What the system holds has not left: over a slow link the time for its answer would begin too
/// early, and be over before it has left.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[tokio::test]
async fn the_system_holds_little_of_a_large_message() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (client, driver) = Client::new(options().broker("127.0.0.1", port)).unwrap();
    tokio::spawn(driver);
    let (mut broker, _) = listener.accept().await.unwrap();
    let mut hello = vec![0; HELLO.len()];
    broker.read_exact(&mut hello).await.unwrap();
    broker.write_all(NEW).await.unwrap();
    client.connected().await.unwrap();
    let large = vec![7; 8 << 20];
    let publish = Publish::to("t").payload(&large).qos(QoS::AtLeastOnce);
    let _receipt = client.publish(&publish).await.unwrap();
    // The broker reads nothing more.
    let mut before = 0;
    let handed_over = loop {
        sleep(Duration::from_millis(300)).await;
        let now = client.counters().bytes_out;
        if now > 1000 && now == before {
            break now;
        }
        before = now;
    };
    assert!(handed_over < 1 << 20, "{handed_over}");
}
