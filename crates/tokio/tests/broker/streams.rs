//! What is received, and who gets it.
use crate::{
    SOON,
    line::{HELLO_KEEPING, NEW, RESUMED, connected, idle, options, start},
    server, soon,
};
use motemq_tokio::{Client, Filter, Message, Options, Overflow, Publish, QoS, Subscription};
use std::{sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, time::timeout};

async fn payload(stream: &mut Subscription) -> Vec<u8> {
    soon(stream.recv())
        .await
        .expect("a message")
        .payload
        .to_vec()
}

/// Every stream with a filter that matches gets a message, and those for the rest what no other
/// takes.
#[tokio::test]
async fn messages_find_their_streams() {
    let server = server();
    let (client, driver) = Client::new(crate::options(&server, "a")).unwrap();
    tokio::spawn(driver);
    let mut rest = client.messages();
    let mut all = soon(client.subscribe(&[Filter::new("a/#", QoS::AtLeastOnce)]))
        .await
        .unwrap();
    let mut one = soon(client.subscribe(&[
        Filter::new("a/1", QoS::AtLeastOnce),
        Filter::new("b", QoS::AtMostOnce),
    ]))
    .await
    .unwrap();
    drop(
        soon(client.subscribe(&[Filter::new("c", QoS::AtMostOnce)]))
            .await
            .unwrap(),
    );
    for topic in ["a/1", "a/2", "b", "c"] {
        soon(
            soon(
                client.publish(
                    &Publish::to(topic)
                        .payload(topic.as_bytes())
                        .qos(QoS::AtLeastOnce),
                ),
            )
            .await
            .unwrap(),
        )
        .await
        .unwrap();
    }
    // The broker sends a message once, whatever overlaps.
    assert_eq!(
        (payload(&mut all).await, payload(&mut all).await),
        (b"a/1".to_vec(), b"a/2".to_vec())
    );
    assert_eq!(
        (payload(&mut one).await, payload(&mut one).await),
        (b"a/1".to_vec(), b"b".to_vec())
    );
    // Nobody else is there for it any more.
    assert_eq!(payload(&mut rest).await, b"c");
    soon(one.unsubscribe()).await.unwrap();
    soon(
        soon(client.publish(&Publish::to("b").payload(b"?").qos(QoS::AtLeastOnce)))
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
    assert!(soon(all.recv()).await.is_none() && soon(rest.recv()).await.is_none());
    assert_eq!(client.counters().received, 4);
}

/// Acknowledgements are given in any order, and leave in that of arrival; pings go on.
#[tokio::test(start_paused = true)]
async fn acknowledgement_by_hand() {
    let (client, driver, mut exchange) = idle(options().keep_session());
    let mut stream = client.messages();
    tokio::spawn(driver);
    let mut line = exchange.accepts(HELLO_KEEPING, NEW).await;
    line.says(b"\x32\x06\0\x01t\0\x071\x34\x06\0\x01t\0\x082\x32\x06\0\x01t\0\x093")
        .await;
    let (_, first) = soon(stream.recv_unacked()).await.unwrap();
    let (_, second) = soon(stream.recv_unacked()).await.unwrap();
    let (_, third) = soon(stream.recv_unacked()).await.unwrap();
    second.ack();
    line.is_silent(Duration::from_secs(30)).await;
    line.hears(b"\xc0\0").await;
    line.says(b"\xd0\0").await;
    first.ack();
    line.hears(b"\x40\x02\0\x07\x50\x02\0\x08").await;
    drop(line);
    // What was not acknowledged comes again; an acknowledgement of the last connection is none.
    let mut line = exchange.accepts(HELLO_KEEPING, RESUMED).await;
    client.connected().await.unwrap();
    third.ack();
    line.says(b"\x3a\x06\0\x01t\0\x093").await;
    let (Message { payload, dup, .. }, third) = soon(stream.recv_unacked()).await.unwrap();
    assert_eq!((&payload[..], dup), (&b"3"[..], true));
    third.ack();
    line.hears(b"\x40\x02\0\x09").await;
}

/// A message is acknowledged when the next is asked for.
#[tokio::test(start_paused = true)]
async fn acknowledgement_behind_the_application() {
    let (client, _driver, _exchange, mut line) = connected(options()).await;
    let mut stream = client.messages();
    line.says(b"\x32\x06\0\x01t\0\x071").await;
    soon(stream.recv()).await.unwrap();
    line.is_silent(Duration::from_secs(10)).await;
    assert!(timeout(Duration::ZERO, stream.recv()).await.is_err());
    line.hears(b"\x40\x02\0\x07").await;
}

/// Nobody takes anything: reading stops, the connection lives, nothing is lost, and whoever waits
/// for room or an acknowledgement is served (rumqtt#263, rumqtt#1025, mqtt-lib#110).
#[tokio::test]
async fn a_handler_that_publishes_cannot_lock_itself_out() {
    let server = server();
    let few = crate::options(&server, "a")
        .streams(10, 1 << 20)
        .in_flight(5);
    let (client, driver) = Client::new(few).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(client.subscribe(&[Filter::new("t", QoS::AtLeastOnce)]))
        .await
        .unwrap();
    let (flood, other) = Client::new(crate::options(&server, "b")).unwrap();
    tokio::spawn(other);
    for n in 0..100u8 {
        drop(
            soon(
                flood.publish(&Publish::to("t").payload(&[n]).qos(if n % 2 == 0 {
                    QoS::AtMostOnce
                } else {
                    QoS::AtLeastOnce
                })),
            )
            .await
            .unwrap(),
        );
    }
    soon(flood.disconnect(SOON)).await.unwrap();
    // The handler of the first message wants an answer from behind all others.
    soon(stream.recv()).await.unwrap();
    for _ in 0..20 {
        soon(
            soon(client.publish(&Publish::to("reply").qos(QoS::ExactlyOnce)))
                .await
                .unwrap(),
        )
        .await
        .unwrap();
    }
    let mut last = 0;
    while last != 99 {
        last = soon(stream.recv()).await.unwrap().payload[0];
    }
    assert_eq!(client.counters().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn qos_0_is_dropped_when_too_much_waits() {
    let (client, _driver, _exchange, mut line) =
        connected(options().backlog(2300, Overflow::Disconnect)).await;
    let mut stream = client.messages();
    for n in b"1234" {
        line.says(b"\x30\x87\x07\0\x01t").await;
        line.says(&[*n; 900]).await;
    }
    line.says(b"\x32\x06\0\x01t\0\x075").await;
    line.is_silent(Duration::from_secs(1)).await;
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push(stream.recv().await.unwrap().payload[0]);
    }
    assert_eq!((came, client.counters().dropped), (b"125".to_vec(), 2));
}

/// What is longer than memory allows is read as it comes.
#[tokio::test(start_paused = true)]
async fn a_large_message_is_read_in_pieces() {
    let (client, _driver, mut exchange, mut line) = connected(options().max_message(100)).await;
    let mut stream = client.messages();
    // 100,000 bytes with QoS 1.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x07").await;
    line.says(&[7; 50_000]).await;
    let message = soon(stream.recv()).await.unwrap();
    assert_eq!((message.len, message.is_whole()), (100_000, false));
    let mut reader = message.clone().into_reader();
    let mut half = vec![0; 50_000];
    soon(reader.read_exact(&mut half)).await.unwrap();
    assert!(
        timeout(Duration::from_secs(1), reader.read_u8())
            .await
            .is_err()
    );
    line.says(&[8; 50_000]).await;
    let mut rest = Vec::new();
    soon(reader.read_to_end(&mut rest)).await.unwrap();
    assert_eq!((half, rest), (vec![7; 50_000], vec![8; 50_000]));
    line.hears(b"\x40\x02\0\x07").await;
    // One that nobody reads does not stand in the way.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x08").await;
    line.says(&[7; 50_000]).await;
    drop(soon(stream.recv()).await.unwrap());
    line.says(&[7; 50_000]).await;
    line.says(b"\x30\x04\0\x01t!").await;
    assert_eq!(soon(stream.recv()).await.unwrap().payload, "!");
    line.hears(b"\x40\x02\0\x08").await;
    // One that is cut off says so.
    line.says(b"\x32\xa5\x8d\x06\0\x01t\0\x09").await;
    line.says(&[7; 50_000]).await;
    let message = soon(stream.recv()).await.unwrap();
    drop(line);
    let error = soon(message.into_reader().read_to_end(&mut Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let _line = exchange.accepts(crate::line::HELLO, NEW).await;
}

/// Publishing while receiving needs no `&mut` (rust-mqtt#38).
#[test]
fn handles_are_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<Client>();
    is_sent::<Subscription>();
    is_sent::<motemq_tokio::Driver>();
    is_sent::<motemq_tokio::Receipt>();
    is_sent::<Arc<Options>>();
}

/// The tail of a large message does not wait for the next ping (rumqtt#750).
#[tokio::test(start_paused = true)]
async fn a_large_message_leaves_at_once() {
    let (client, _driver, _exchange, mut line) = connected(options()).await;
    let payload = vec![7; 300_000];
    let began = tokio::time::Instant::now();
    let publishing = tokio::spawn(async move {
        drop(
            client
                .publish(&Publish::to("t").payload(&payload))
                .await
                .unwrap(),
        );
        client
    });
    line.hears(b"\x30\xe3\xa7\x12\0\x01t").await;
    line.hears(&vec![7; 300_000]).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    publishing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_says_nothing_but_pings() {
    let (client, _driver, mut exchange) = start(options().keep_alive(10));
    let mut line = exchange
        .accepts(b"\x10\x0d\0\x04MQTT\x04\x02\0\x0a\0\x01a", NEW)
        .await;
    client.connected().await.unwrap();
    let began = tokio::time::Instant::now();
    for _ in 0..20 {
        line.hears(b"\xc0\0").await;
        line.says(b"\xd0\0").await;
    }
    assert_eq!(began.elapsed(), Duration::from_millis(150_000));
}
