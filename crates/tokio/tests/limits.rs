//! What brokers do not allow, and what they answer wrongly.
use motemq_rig::{broker::Config, server::Server};
use motemq_tokio::{
    Client, Fault, Filter, Options, OptionsError, Publish, PublishError, QoS, Reconnect,
    RequestError, SubscribeError, profile::AWS_IOT,
};
use std::{future::Future, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within twenty seconds")
}

#[tokio::test]
async fn what_a_broker_would_not_take_is_not_sent() {
    let server = Server::start(Config::new()).unwrap();
    let options = Options::new("a")
        .broker("127.0.0.1", server.addr().port())
        .profile(&AWS_IOT);
    let (client, driver) = Client::new(options.clone()).unwrap();
    tokio::spawn(driver);
    let error = soon(client.publish(&Publish::to("t").qos(QoS::ExactlyOnce)))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, PublishError::OverLimit(_))
            && error
                .to_string()
                .contains("AWS IoT Core accepts QoS 1 at most"),
        "{error}"
    );
    let error = soon(client.subscribe(&[Filter::new("a", QoS::AtMostOnce); 9]))
        .await
        .unwrap_err();
    assert!(matches!(&error, SubscribeError::OverLimit(_)), "{error}");
    soon(
        soon(client.publish(&Publish::to("t").qos(QoS::AtLeastOnce)))
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    soon(client.disconnect(SOON)).await.unwrap();

    let error = Client::new(options.keep_alive(0)).unwrap_err();
    assert!(
        matches!(&error, OptionsError::OverLimit(_)) && error.to_string().contains("1 to 1200 s"),
        "{error}"
    );
}

/// What a broker hears and says.
type Exchange = (&'static [u8], &'static [u8]);

#[tokio::test]
async fn what_the_broker_goes_wrong_over_twice_is_abandoned() {
    // RabbitMQ 3.10 answers QoS 2 with PUBACK.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections: [(&[u8], &[Exchange]); 3] = [
        (
            b"\x20\x02\0\0",
            &[(b"\x34\x06\0\x01t\0\x011", b"\x40\x02\0\x01")],
        ),
        (
            b"\x20\x02\x01\0",
            &[(b"\x3c\x06\0\x01t\0\x011", b"\x40\x02\0\x01")],
        ),
        (
            b"\x20\x02\x01\0",
            &[
                (b"\x62\x02\0\x01", b"\x70\x02\0\x01"),
                (b"\x32\x06\0\x01t\0\x022", b"\x40\x02\0\x02"),
                (b"\xe0\0", b""),
            ],
        ),
    ];
    let broker = tokio::spawn(async move {
        for (hello, dialogue) in connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 15]).await.unwrap();
            stream.write_all(hello).await.unwrap();
            for (hears, says) in dialogue {
                let mut heard = vec![0; hears.len()];
                stream.read_exact(&mut heard).await.unwrap();
                assert_eq!(heard, *hears);
                stream.write_all(says).await.unwrap();
            }
            // Until the other side has hung up, however it does.
            let _ = stream.read(&mut [0]).await;
        }
    });
    let at_once = Reconnect::BackOff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(20),
        max_tries: Some(200),
    };
    let (client, driver) = Client::new(
        Options::new("a")
            .broker("127.0.0.1", port)
            .keep_session()
            .reconnect(at_once),
    )
    .unwrap();
    tokio::spawn(driver);
    soon(client.connected()).await.unwrap();
    let receipt = soon(client.publish(&Publish::to("t").payload(b"1").qos(QoS::ExactlyOnce)))
        .await
        .unwrap();
    let error = soon(receipt).await.unwrap_err();
    assert_eq!(error, RequestError::Abandoned(Fault::Unexpected));
    soon(
        soon(client.publish(&Publish::to("t").payload(b"2").qos(QoS::AtLeastOnce)))
            .await
            .unwrap(),
    )
    .await
    .unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
    soon(broker).await.unwrap();
}
