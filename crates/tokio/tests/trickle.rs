//! What is given only when it is whole, frames and records, comes slowly, and nobody is taken for
//! dead.
#![cfg(all(feature = "_tls", feature = "websocket"))]

use motemq_rig::{
    broker::Config,
    listeners::Listeners,
    proxy::{Plan, Proxy},
    server::Server,
    web::{Manners, Web},
};
use motemq_tokio::{Client, Filter, Options, Publish, QoS, Reconnect, Tls, publish_once};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A kilobyte every twentieth of a second.
const SLOW: Plan = Plan {
    cut_up: None,
    cut_down: None,
    most: Some(1024),
    pause: Duration::from_millis(50),
};
const SOON: Duration = Duration::from_secs(20);

/// Before the slow link of `there`, which leads to the broker at `straight`.
async fn comes(there: Options, straight: Options) {
    let there = there
        .client_id("slow")
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(2))
        .reconnect(Reconnect::Never);
    let (client, driver) = Client::new(there).unwrap();
    let driver = tokio::spawn(driver);
    let mut messages = client
        .subscribe(&[Filter::new("large", QoS::AtMostOnce)])
        .await
        .unwrap();
    // Four seconds long under way: longer than a ping and its answer may take.
    let large: Vec<u8> = (0..80_000u32).map(|n| (n ^ n >> 8) as u8).collect();
    let begun = Instant::now();
    publish_once(
        straight,
        &Publish::to("large").payload(&large).qos(QoS::AtLeastOnce),
        SOON,
    )
    .await
    .unwrap();
    let message = timeout(SOON, messages.recv())
        .await
        .unwrap()
        .expect("a message");
    assert!(message.payload[..] == large);
    assert!(begun.elapsed() > Duration::from_secs(3), "it was not slow");
    client.disconnect(SOON).await.unwrap();
    driver.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_large_frame_that_comes_slowly() {
    let broker = Server::start(Config::new()).unwrap();
    let web = Web::start(broker.addr(), Manners::Large).unwrap();
    let slow = Proxy::start(web.addr()).unwrap();
    slow.plan(SLOW);
    let url = format!("ws://{}/mqtt", slow.addr());
    comes(
        Options::from_url(&url).unwrap(),
        Options::from_url(&broker.url()).unwrap(),
    )
    .await;
}

#[tokio::test]
async fn records_that_come_slowly() {
    let Some(ways) = Listeners::for_test("records_that_come_slowly") else {
        return;
    };
    for url in [ways.secure(), ways.secure_web()] {
        let (slow, url) = Proxy::before(&url).unwrap();
        slow.plan(SLOW);
        let tls = Tls::new().ca(ways.authority.pem().as_bytes()).unwrap();
        comes(
            Options::from_url(&url).unwrap().tls(tls),
            Options::from_url(&ways.plain()).unwrap(),
        )
        .await;
    }
}
