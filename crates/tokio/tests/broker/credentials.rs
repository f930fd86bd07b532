//! What the application is asked for at each attempt, and where attempts lead.
use crate::{
    SOON,
    line::{self, NEW, idle},
    options, server, soon,
};
use motemq_tokio::{
    Attempt, Client, DisconnectReason, Filter, Options, Publish, QoS, State, TransportErrorKind,
    UploadError, publish_once,
};
use std::{
    error::Error,
    io,
    sync::atomic::{AtomicU32, Ordering},
};

/// CONNECT with the user name `u` and the password `1` or another digit.
fn hello(password: u8) -> Vec<u8> {
    let mut hello = b"\x10\x13\0\x04MQTT\x04\xc2\0\x3c\0\x01a\0\x01u\0\x01".to_vec();
    hello.push(password);
    hello
}

/// Tokens expire: each attempt has its own, and one that cannot be had is told.
#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_login() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    async fn ask(attempt: Attempt) -> Result<Attempt, String> {
        match ASKED.fetch_add(1, Ordering::Relaxed) {
            1 => Err("the vault is closed".into()),
            n => Ok(attempt.login("u", n.to_string())),
        }
    }
    let (client, driver, mut exchange) = idle(line::options().credentials(ask));
    let mut states = client.states();
    tokio::spawn(driver);
    let line = exchange.accepts(&hello(b'0'), NEW).await;
    client.connected().await.unwrap();
    drop(line);
    loop {
        if let State::Waiting { reason, .. } = states.changed().await
            && let DisconnectReason::Transport(error) = reason
        {
            assert_eq!(error.kind(), TransportErrorKind::Credentials);
            assert!(error.to_string().contains("the vault is closed"), "{error}");
            assert!(error.source().is_some());
            break;
        }
    }
    let _line = exchange.accepts(&hello(b'2'), NEW).await;
    client.connected().await.unwrap();
}

/// The hook may send an attempt elsewhere.
#[tokio::test]
async fn the_way_may_change_with_each_attempt() {
    let server = server();
    let port = server.addr().port();
    let options =
        Options::new("a")
            .broker("nowhere.invalid", 1)
            .credentials(move |mut attempt| async move {
                assert_eq!(attempt.route.host, "nowhere.invalid");
                attempt.route.host = "127.0.0.1".into();
                attempt.route.port = Some(port);
                io::Result::Ok(attempt)
            });
    let (client, driver) = Client::new(options).unwrap();
    tokio::spawn(driver);
    soon(client.connected()).await.unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
}

/// A broker that cannot be reached leaves the turn to the next at once, and so does a name without
/// an address.
#[tokio::test]
async fn a_broker_that_is_not_there_leaves_the_turn_to_the_next() {
    let server = server();
    let options = Options::new("a")
        .broker("nowhere.invalid", 1)
        .broker("127.0.0.1", 1)
        .broker("localhost", server.addr().port());
    let (client, driver) = Client::new(options).unwrap();
    tokio::spawn(driver);
    soon(client.connected()).await.unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
}

/// A subscription of which one filter is refused is an error, though others are granted.
#[tokio::test(start_paused = true)]
async fn one_filter_that_is_refused_is_an_error() {
    let (client, _driver, _exchange, mut line) = line::connected(line::options()).await;
    let filters = [
        Filter::new("a", QoS::AtMostOnce),
        Filter::new("b", QoS::AtMostOnce),
    ];
    let subscribing = client.subscribe(&filters);
    line.hears(b"\x82\x0a\0\x01\0\x01a\0\0\x01b\0").await;
    line.says(b"\x90\x04\0\x01\0\x80").await;
    let error = subscribing.await.unwrap_err().to_string();
    assert!(
        error.contains("\"b\"") && !error.contains("\"a\""),
        "{error}"
    );
}

/// The end of an upload says why.
#[tokio::test(start_paused = true)]
async fn an_upload_that_is_cut_says_why() {
    let (client, _driver, _exchange, mut line) = line::connected(line::options()).await;
    let uploading = tokio::spawn(async move {
        let publish = Publish::to("t").remaining(1_000_000);
        client.publish_from(&publish, tokio::io::repeat(7)).await
    });
    line.hears(b"\x30\xc3\x84\x3d\0\x01t").await;
    line.hears(&[7; 100_000]).await;
    drop(line);
    let error = uploading.await.unwrap().unwrap_err();
    assert!(matches!(error, UploadError::Lost { .. }), "{error}");
}

/// A stream keeps its client from leaving, as other handles do.
#[tokio::test]
async fn a_stream_is_a_handle() {
    let server = server();
    let (client, driver) = Client::new(options(&server, "a")).unwrap();
    let driver = tokio::spawn(driver);
    let mut stream = soon(client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]))
        .await
        .unwrap();
    drop(client);
    let hello = Publish::to("t").payload(b"hello");
    let b = options(&server, "b");
    soon(publish_once(b, &hello, SOON)).await.unwrap();
    assert_eq!(soon(stream.recv()).await.unwrap().payload, "hello");
    drop(stream);
    soon(driver).await.unwrap().unwrap();
}
