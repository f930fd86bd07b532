//! Every way to a real mosquitto: TLS, client certificates, WebSocket, Unix socket; and what is
//! said where one is barred.
#![cfg(all(feature = "_tls", feature = "websocket"))]

use motemq_rig::{
    broker::Config,
    certificates::Authority,
    listeners::Listeners,
    server::Server,
    web::{Manners, Web},
};
#[cfg(target_os = "linux")]
use motemq_rig::{daemon::Daemon, mosquitto::free_port};
use motemq_tokio::{
    Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, Tls, TlsError,
    TlsErrorKind, TransportErrorKind,
};
use std::{error::Error, future::Future, time::Duration};
use tokio::time::timeout;

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within twenty seconds")
}

fn options(url: &str) -> Options {
    Options::from_url(url).unwrap().reconnect(Reconnect::Never)
}

/// What a client can do at all, it can do this way.
async fn works(options: Options, size: u32) {
    let (client, driver) = Client::new(options).unwrap();
    let driver = tokio::spawn(driver);
    let large: Vec<u8> = (0..size).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut stream = soon(client.subscribe(&[Filter::new("way", qos)]))
            .await
            .unwrap();
        for payload in [&b""[..], b"small", &large, &large] {
            drop(
                soon(client.publish(&Publish::to("way").payload(payload).qos(qos)))
                    .await
                    .unwrap(),
            );
        }
        for payload in [&b""[..], b"small", &large, &large] {
            let message = soon(stream.recv()).await.expect("a message");
            assert!(
                message.payload[..] == *payload && message.qos == qos,
                "{qos:?}: {} bytes",
                message.payload.len()
            );
        }
    }
    soon(client.disconnect(SOON)).await.unwrap();
    soon(driver).await.unwrap().unwrap();
}

fn trusting(authority: &Authority) -> Tls {
    Tls::new().ca(authority.pem().as_bytes()).unwrap()
}

/// Returns the part of the connection that failed.
fn failed_part(ended: &Ended) -> TransportErrorKind {
    match ended {
        Ended::GaveUp(DisconnectReason::Transport(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// Returns why there is no TLS.
async fn tls_error(options: Options) -> TlsErrorKind {
    let (_client, driver) = Client::new(options).unwrap();
    let ended = soon(driver).await.unwrap_err();
    assert_eq!(failed_part(&ended), TransportErrorKind::Tls);
    match ended.source().and_then(|source| source.downcast_ref()) {
        Some(TlsError::Handshake { kind, .. }) => *kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_way_works() {
    let Some(ways) = Listeners::for_test("each_way_works") else {
        return;
    };
    let trusting = trusting(&ways.authority);
    works(options(&ways.secure()).tls(trusting.clone()), 1_000_000).await;
    // mosquitto moves 4 KiB every tenth of a second there.
    works(options(&ways.web()), 10_000).await;
    works(options(&ways.secure_web()).tls(trusting.clone()), 10_000).await;
    let client = ways.authority.client("node");
    let identity = trusting
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    works(options(&ways.mutual()).tls(identity), 10_000).await;
    if cfg!(unix) {
        works(options(&ways.unix()), 1_000_000).await;
    }
}

#[tokio::test]
async fn frames_may_be_cut_anywhere() {
    let broker = Server::start(Config::new()).unwrap();
    for seed in 0..3 {
        let web = Web::start(broker.addr(), Manners::Unkind(seed)).unwrap();
        works(options(&web.url()), 300_000).await;
    }
}

#[tokio::test]
async fn each_bar_is_named() {
    let Some(ways) = Listeners::for_test("each_bar_is_named") else {
        return;
    };
    let trusting = trusting(&ways.authority);
    assert_eq!(
        tls_error(options(&ways.secure())).await,
        TlsErrorKind::UnknownCa
    );
    assert_eq!(
        tls_error(options(&ways.secure()).tls(trusting.clone().sni("other.example"))).await,
        TlsErrorKind::WrongName
    );
    assert_eq!(
        tls_error(options(&ways.mutual()).tls(trusting.clone())).await,
        TlsErrorKind::ClientCertificateRequired
    );
    let stranger = Authority::new("Stranger").client("node");
    let stranger = trusting
        .clone()
        .identity(stranger.pem.as_bytes(), stranger.key.as_bytes(), None)
        .unwrap();
    assert_eq!(
        tls_error(options(&ways.mutual()).tls(stranger)).await,
        TlsErrorKind::UnknownClientCa
    );
    assert_eq!(
        tls_error(options(&ways.plain().replace("mqtt:", "mqtts:")).tls(trusting)).await,
        TlsErrorKind::ConnectionClosed
    );
    let (_client, driver) = Client::new(options(&ways.plain().replace("mqtt:", "ws:"))).unwrap();
    let error = soon(driver).await.unwrap_err();
    assert_eq!(failed_part(&error), TransportErrorKind::WebSocket);
}

/// Up to TLS 1.2 there is no alert that says it: who asked for a certificate and refuses then means
/// it all the same.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_missing_client_certificate_is_told_in_tls_1_2() {
    let authority = Authority::new("Test CA");
    let port = free_port();
    let server = Daemon::for_test(
        "a_missing_client_certificate_is_told_in_tls_1_2",
        "openssl",
        port,
        |directory| {
            let (certificate, key) = authority.server().write(directory, "server");
            let words = format!("s_server -accept 127.0.0.1:{port} -tls1_2 -Verify 1 -www");
            let files = [
                "-cert".into(),
                certificate.display().to_string(),
                "-key".into(),
                key.display().to_string(),
            ];
            words.split(' ').map(String::from).chain(files).collect()
        },
    );
    let Some(_server) = server else { return };
    let there = options(&format!("mqtts://localhost:{port}"));
    assert_eq!(
        tls_error(there.tls(trusting(&authority))).await,
        TlsErrorKind::ClientCertificateRequired
    );
}
