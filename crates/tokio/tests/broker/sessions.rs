//! What is kept from one connection to the next.
use crate::{
    line::{HELLO, HELLO_KEEPING, NEW, RESUMED, connected, idle, options, start},
    server, soon,
};
use motemq_tokio::{
    Client, Ended, Filter, Publish, PublishError, QoS, RequestError, SessionState, SubscribeError,
};
use std::{io::Write, net::TcpStream, time::Duration};

const SUBSCRIBE: &[u8] = b"\x82\x06\0\x01\0\x01t\x02";

fn publish(payload: &[u8], qos: QoS) -> Publish<'_> {
    Publish::to("t").payload(payload).qos(qos)
}

#[tokio::test(start_paused = true)]
async fn in_a_resumed_session_everything_is_sent_again_in_order() {
    let (client, driver, mut exchange) = start(options().keep_session());
    let mut line = exchange.accepts(HELLO_KEEPING, NEW).await;
    let mut receipts = Vec::new();
    for (payload, qos) in [
        (b"1", QoS::ExactlyOnce),
        (b"2", QoS::AtLeastOnce),
        (b"3", QoS::ExactlyOnce),
    ] {
        receipts.push(client.publish(&publish(payload, qos)).await.unwrap());
    }
    line.hears(b"\x34\x06\0\x01t\0\x011\x32\x06\0\x01t\0\x022\x34\x06\0\x01t\0\x033")
        .await;
    line.says(b"\x50\x02\0\x01").await;
    line.hears(b"\x62\x02\0\x01").await;
    drop(line);
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED).await;
    line.hears(b"\x62\x02\0\x01\x3a\x06\0\x01t\0\x022\x3c\x06\0\x01t\0\x033")
        .await;
    line.says(b"\x70\x02\0\x01\x40\x02\0\x02\x50\x02\0\x03")
        .await;
    line.hears(b"\x62\x02\0\x03").await;
    line.says(b"\x70\x02\0\x03").await;
    for receipt in receipts {
        receipt.await.unwrap();
    }
    let leaving = tokio::spawn(client.disconnect(Duration::from_secs(5)));
    line.hears(b"\xe0\0").await;
    line.ends().await;
    leaving.await.unwrap().unwrap();
    driver.await.unwrap().unwrap();
    assert_eq!(
        (client.counters().connections, client.counters().resent),
        (2, 2)
    );
}

/// Subscriptions come first, then what was under way, then what is new.
#[tokio::test(start_paused = true)]
async fn a_lost_session_begins_anew() {
    let (client, _driver, mut exchange, mut line) = connected(options()).await;
    let subscribing = client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]);
    line.hears(SUBSCRIBE).await;
    line.says(b"\x90\x03\0\x01\x02").await;
    let _stream = subscribing.await.unwrap();
    let least = client
        .publish(&publish(b"1", QoS::AtLeastOnce))
        .await
        .unwrap();
    let exactly = client
        .publish(&publish(b"2", QoS::ExactlyOnce))
        .await
        .unwrap();
    line.hears(b"\x32\x06\0\x01t\0\x021\x34\x06\0\x01t\0\x032")
        .await;
    drop(line);
    let mut line = exchange.accepts(HELLO, NEW).await;
    assert!(matches!(exactly.await, Err(RequestError::OutcomeUnknown)));
    line.hears(b"\x82\x06\0\x04\0\x01t\x02\x32\x06\0\x01t\0\x051")
        .await;
    line.says(b"\x90\x03\0\x04\x02\x40\x02\0\x05").await;
    least.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_not_granted_again_ends() {
    let (client, _driver, mut exchange, mut line) = connected(options()).await;
    let subscribing = client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]);
    line.hears(SUBSCRIBE).await;
    line.says(b"\x90\x03\0\x01\x02").await;
    let mut stream = subscribing.await.unwrap();
    drop(line);
    let mut line = exchange.accepts(HELLO, NEW).await;
    line.hears(b"\x82\x06\0\x02\0\x01t\x02").await;
    line.says(b"\x90\x03\0\x02\x80").await;
    assert!(stream.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_granted_is_told() {
    let (client, _driver, _exchange, mut line) = connected(options()).await;
    let subscribing = client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]);
    line.hears(SUBSCRIBE).await;
    line.says(b"\x90\x03\0\x01\x80").await;
    let Err(SubscribeError::Failed(RequestError::Refused { filters, codes })) = subscribing.await
    else {
        panic!("it was granted");
    };
    assert_eq!((&filters[..], &codes[..]), ("\"t\"", &[0x80][..]));
}

/// What was taken is not delivered again with QoS 2; what was not taken is.
#[tokio::test(start_paused = true)]
async fn what_was_taken_when_the_link_broke_does_not_come_again() {
    let (client, driver, mut exchange) = idle(options().keep_session());
    let mut stream = client.messages();
    tokio::spawn(driver);
    let mut line = exchange.accepts(HELLO_KEEPING, NEW).await;
    line.says(b"\x34\x06\0\x01t\0\x071\x34\x06\0\x01t\0\x082")
        .await;
    assert_eq!(stream.recv().await.unwrap().payload, "1");
    drop(line);
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED).await;
    assert_eq!(client.connected().await.unwrap(), SessionState::Resumed);
    line.says(b"\x3c\x06\0\x01t\0\x071\x3c\x06\0\x01t\0\x082")
        .await;
    // Accepted before: acknowledged, and not told again.
    line.hears(b"\x50\x02\0\x07").await;
    assert_eq!(stream.recv().await.unwrap().payload, "2");
    drop(stream);
    line.hears(b"\x50\x02\0\x08").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_anything_is_subscribed_to_finds_its_stream() {
    let (client, driver, mut exchange) = idle(options().keep_session());
    // Its stream is there before the driver runs.
    let subscribing = client.subscribe(&[Filter::new("t", QoS::AtLeastOnce)]);
    tokio::spawn(driver);
    let mut line = exchange
        .accepts(HELLO_KEEPING, b"\x20\x02\x01\0\x32\x06\0\x01t\0\x071")
        .await;
    // The session is not one that this client knows, so its identifiers begin anywhere.
    let [high, low] = line.hears_subscribe(b"\0\x01t\x01").await;
    line.says(&[0x90, 3, high, low, 1]).await;
    let mut stream = subscribing.await.unwrap();
    assert_eq!(stream.recv().await.unwrap().payload, "1");
}

/// The last handle is gone: what is under way is waited for, then the client leaves.
#[tokio::test(start_paused = true)]
async fn a_client_without_handles_leaves() {
    let (client, driver, _exchange, mut line) = connected(options()).await;
    drop(
        client
            .publish(&publish(b"1", QoS::AtLeastOnce))
            .await
            .unwrap(),
    );
    drop(client);
    line.hears(b"\x32\x06\0\x01t\0\x011").await;
    line.is_silent(Duration::from_secs(1)).await;
    line.says(b"\x40\x02\0\x01").await;
    line.hears(b"\xe0\0").await;
    line.ends().await;
    driver.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn leaving_has_a_limit() {
    let (client, driver, _exchange, mut line) = connected(options()).await;
    let receipt = client
        .publish(&publish(b"1", QoS::ExactlyOnce))
        .await
        .unwrap();
    let leaving = tokio::spawn(client.disconnect(Duration::from_secs(5)));
    line.hears(b"\x34\x06\0\x01t\0\x011").await;
    line.hears(b"\xe0\0").await;
    line.ends().await;
    assert!(matches!(leaving.await.unwrap(), Err(Ended::Unfinished)));
    assert!(matches!(
        receipt.await,
        Err(RequestError::OutcomeUnknownAtEnd(Ended::Unfinished))
    ));
    assert!(driver.await.unwrap().is_err());
    assert!(matches!(
        client.publish(&publish(b"2", QoS::AtLeastOnce)).await,
        Err(PublishError::Ended(Ended::Unfinished))
    ));
}

/// A client was killed before PUBREC came, and its state is gone: the broker holds a QoS 2 message
/// under identifier 1 until PUBREL, and takes any other under it for a repetition.
#[tokio::test]
async fn after_a_restart_without_state_a_message_is_not_taken_for_an_older_one() {
    let server = server();
    let (ear, driver) = Client::new(crate::options(&server, "ear")).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(ear.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    let mut killed = TcpStream::connect(server.addr()).unwrap();
    killed
        .write_all(b"\x10\x10\0\x04MQTT\x04\0\0\0\0\x04kept\x34\x08\0\x01t\0\x01old")
        .unwrap();
    assert_eq!(soon(stream.recv()).await.unwrap().payload, "old");
    drop(killed);
    let (client, driver) = Client::new(crate::options(&server, "kept").keep_session()).unwrap();
    tokio::spawn(driver);
    assert_eq!(
        soon(client.connected()).await.unwrap(),
        SessionState::Unrecognized
    );
    let receipt = soon(client.publish(&publish(b"new", QoS::ExactlyOnce)))
        .await
        .unwrap();
    soon(receipt).await.unwrap();
    assert_eq!(soon(stream.recv()).await.unwrap().payload, "new");
}
