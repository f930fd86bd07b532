//! Against the in-process broker, and against lines in memory that follow a script.
mod cancel;
mod credentials;
mod line;
mod links;
mod queue;
mod sessions;
mod streams;

use motemq_rig::{broker::Config, server::Server};
use motemq_tokio::{Client, Filter, Options, Publish, QoS};
use std::{future::Future, time::Duration};
use tokio::time::timeout;

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

fn server() -> Server {
    Server::start(Config::new()).unwrap()
}

fn options(server: &Server, client_id: &str) -> Options {
    Options::new(client_id).broker("127.0.0.1", server.addr().port())
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within twenty seconds")
}

#[tokio::test]
async fn messages_of_each_qos_arrive() {
    let server = server();
    let (client, driver) = Client::new(options(&server, "a")).unwrap();
    let driver = tokio::spawn(driver);
    for qos in LEVELS {
        let mut stream = soon(client.subscribe(&[Filter::new("t", qos)]))
            .await
            .unwrap();
        let receipt = soon(client.publish(&Publish::to("t").payload(b"x").qos(qos)))
            .await
            .unwrap();
        soon(receipt).await.unwrap();
        let message = soon(stream.recv()).await.unwrap();
        assert_eq!(
            (&*message.topic, &message.payload[..], message.qos),
            ("t", &b"x"[..], qos)
        );
    }
    soon(client.disconnect(SOON)).await.unwrap();
    soon(driver).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_flood_arrives_in_order() {
    let server = server();
    let (client, driver) = Client::new(options(&server, "a")).unwrap();
    tokio::spawn(driver);
    let mut stream = soon(client.subscribe(&[Filter::new("t/#", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    let publisher = client.clone();
    let publishing = tokio::spawn(async move {
        for n in 0..5000u32 {
            let message = n.to_be_bytes();
            drop(
                soon(
                    publisher.publish(&Publish::to("t/a").payload(&message).qos(QoS::ExactlyOnce)),
                )
                .await
                .unwrap(),
            );
        }
    });
    for n in 0..5000u32 {
        assert_eq!(
            soon(stream.recv()).await.unwrap().payload[..],
            n.to_be_bytes()
        );
    }
    publishing.await.unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
}

#[tokio::test]
async fn what_has_happened_is_counted() {
    let server = server();
    let (client, driver) = Client::new(options(&server, "counted")).unwrap();
    drop(
        client
            .try_publish(&Publish::to("t").qos(QoS::AtLeastOnce))
            .unwrap(),
    );
    assert_eq!(
        (client.counters().queued, client.counters().connections),
        (1, 0)
    );
    tokio::spawn(driver);
    let mut stream = soon(client.subscribe(&[Filter::new("own", QoS::AtLeastOnce)]))
        .await
        .unwrap();
    for _ in 0..3 {
        soon(
            soon(client.publish(&Publish::to("own").payload(&[7; 100]).qos(QoS::AtLeastOnce)))
                .await
                .unwrap(),
        )
        .await
        .unwrap();
        soon(stream.recv()).await.unwrap();
    }
    let seen = client.counters();
    assert_eq!(
        (
            seen.connections,
            seen.sent,
            seen.resent,
            seen.received,
            seen.dropped
        ),
        (1, 4, 0, 3, 0)
    );
    assert_eq!((seen.in_flight, seen.queued), (0, 0));
    // Each message goes out and comes back, with little besides.
    assert!(
        (300..600).contains(&seen.bytes_out) && (300..600).contains(&seen.bytes_in),
        "{seen:?}"
    );
}
