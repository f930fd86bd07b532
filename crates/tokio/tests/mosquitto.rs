//! Against a real mosquitto. Where it is not installed these tests are `not here`, by name, unless
//! `MOTEMQ_REQUIRE` is set.
use motemq_testing::{
    link::Direction,
    mosquitto::{self, Mosquitto},
    proxy::{Plan, Proxy},
};
use motemq_tokio::{Client, Filter, Options, Publish, QoS, Reconnect, SessionState, Will};
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::{process::Command, time::timeout};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(30);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within half a minute")
}

fn open(test: &str) -> Option<Mosquitto> {
    mosquitto::for_test(test, &["allow_anonymous true", "persistence true"])
}

fn options(broker: SocketAddr, client_id: &str) -> Options {
    let at_once = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(20),
        max_tries: None,
    };
    Options::new(client_id)
        .broker(broker.ip().to_string(), broker.port())
        .reconnect(at_once)
}

fn start(options: Options) -> Client {
    let (client, driver) = Client::new(options).unwrap();
    tokio::spawn(driver);
    client
}

#[tokio::test]
async fn each_qos_both_ways_with_its_tools() {
    let Some(broker) = open("each_qos_both_ways_with_its_tools") else {
        return;
    };
    let client = start(options(broker.addr(), "a"));
    let port = broker.addr().port().to_string();
    for (level, qos) in [
        ("0", QoS::AtMostOnce),
        ("1", QoS::AtLeastOnce),
        ("2", QoS::ExactlyOnce),
    ] {
        let mut stream = soon(client.subscribe(&[Filter::new("to/us", qos)]))
            .await
            .unwrap();
        let sent = Command::new("mosquitto_pub")
            .args(["-p", &port, "-q", level, "-t", "to/us", "-m", "hello"])
            .status();
        assert!(soon(sent).await.unwrap().success());
        let message = soon(stream.recv()).await.unwrap();
        assert_eq!((&message.payload[..], message.qos), (&b"hello"[..], qos));
        // What is retained waits for whoever comes.
        let publish = Publish::to("to/them").payload(b"hello").qos(qos).retain();
        soon(soon(client.publish(&publish)).await.unwrap())
            .await
            .unwrap();
        let heard = Command::new("mosquitto_sub")
            .args([
                "-p", &port, "-q", level, "-t", "to/them", "-C", "1", "-W", "20",
            ])
            .output();
        assert_eq!(soon(heard).await.unwrap().stdout, b"hello\n");
    }
    soon(client.disconnect(SOON)).await.unwrap();
}

#[tokio::test]
async fn a_session_survives_its_restart() {
    let Some(mut broker) = open("a_session_survives_its_restart") else {
        return;
    };
    let client = start(options(broker.addr(), "kept").keep_session());
    let mut stream = soon(client.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    for round in 0..3u8 {
        let mut states = client.states();
        broker.stop();
        while !matches!(
            soon(states.changed()).await,
            motemq_tokio::State::Waiting { .. }
        ) {}
        let receipt = client
            .try_publish(&Publish::to("t").payload(&[round]).qos(QoS::ExactlyOnce))
            .unwrap();
        broker.resume();
        soon(receipt).await.unwrap();
        assert_eq!(soon(stream.recv()).await.unwrap().payload[..], [round]);
        assert_eq!(
            soon(client.connected()).await.unwrap(),
            SessionState::Resumed
        );
    }
    soon(client.disconnect(SOON)).await.unwrap();
}

#[tokio::test]
async fn a_publisher_that_is_cut_loses_and_doubles_nothing() {
    let Some(broker) = open("a_publisher_that_is_cut_loses_and_doubles_nothing") else {
        return;
    };
    let proxy = Proxy::start(broker.addr()).unwrap();
    let to = start(options(broker.addr(), "to"));
    let mut stream = soon(to.subscribe(&[Filter::new("t", QoS::ExactlyOnce)]))
        .await
        .unwrap();
    for bytes in (100..2000).step_by(50) {
        proxy.plan(Plan::cut_after(
            if bytes % 100 == 0 {
                Direction::Up
            } else {
                Direction::Down
            },
            bytes / 2,
        ));
    }
    let from = start(options(proxy.addr(), "from").keep_session());
    let publishing = tokio::spawn(async move {
        let mut receipts = Vec::new();
        for n in 0..1000u32 {
            receipts.push(
                soon(
                    from.publish(
                        &Publish::to("t")
                            .payload(&n.to_be_bytes())
                            .qos(QoS::ExactlyOnce),
                    ),
                )
                .await
                .unwrap(),
            );
        }
        for receipt in receipts {
            soon(receipt).await.unwrap();
        }
        from.counters().connections
    });
    let mut came = Vec::new();
    while came.len() < 1000 {
        came.push(u32::from_be_bytes(
            soon(stream.recv()).await.unwrap().payload[..]
                .try_into()
                .unwrap(),
        ));
    }
    assert!(publishing.await.unwrap() > 20);
    came.sort_unstable();
    assert!(came.into_iter().eq(0..1000));
    assert!(
        timeout(Duration::from_millis(200), stream.recv())
            .await
            .is_err()
    );
}

/// A client whose driver is dropped leaves its will; one that disconnects does not.
#[tokio::test]
async fn wills() {
    let Some(broker) = open("wills") else { return };
    let watch = start(options(broker.addr(), "watch"));
    let mut stream = soon(watch.subscribe(&[Filter::new("gone/#", QoS::AtLeastOnce)]))
        .await
        .unwrap();
    let (leaving, driver) =
        Client::new(options(broker.addr(), "good").will(Will::new("gone/good"))).unwrap();
    tokio::spawn(driver);
    soon(leaving.connected()).await.unwrap();
    soon(leaving.disconnect(SOON)).await.unwrap();
    let (dying, driver) =
        Client::new(options(broker.addr(), "bad").will(Will::new("gone/bad"))).unwrap();
    let driver = tokio::spawn(driver);
    soon(dying.connected()).await.unwrap();
    driver.abort();
    assert_eq!(&*soon(stream.recv()).await.unwrap().topic, "gone/bad");
}
