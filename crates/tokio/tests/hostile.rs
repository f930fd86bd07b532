//! Peers that use what lies below MQTT against us: they get no memory for it, and are not taken for
//! the broker. A process of its own, since everything allocated is counted.
#![cfg(feature = "websocket")]
use motemq_rig::hostile;
use motemq_tokio::{
    Client, DisconnectReason, Ended, Fault, Filter, Options, Publish, QoS, Reconnect,
    TransportErrorKind,
};
use peak_alloc::PeakAlloc;
use std::{
    future::Future,
    io::{self, Write},
    net::TcpStream,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Mutex, mpsc},
    time::timeout,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by each test, since they count the memory of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

const SOON: Duration = Duration::from_secs(20);
/// Of a flood.
const MEBIBYTES: usize = 64;
/// The client's buffers, the peer's, and the threads of both.
const MEMORY_LIMIT: f32 = 2.0;

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(SOON, work)
        .await
        .expect("done within twenty seconds")
}

fn options(url: &str) -> Options {
    Options::from_url(url)
        .unwrap()
        .client_id("a")
        .reconnect(Reconnect::Never)
}

/// A WebSocket that plays this script.
fn web(mut script: impl FnMut(&mut TcpStream) -> io::Result<()> + Send + 'static) -> Options {
    let addr = hostile::start(move |stream| script(&mut hostile::upgrade(stream)?)).unwrap();
    options(&format!("ws://{addr}/mqtt"))
}

/// What a client can do before [`hostile::Answers`].
async fn works(options: Options) {
    let (client, driver) = Client::new(options).unwrap();
    let driver = tokio::spawn(driver);
    let mut messages = soon(client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]))
        .await
        .unwrap();
    let message = soon(messages.recv()).await.expect("a message");
    assert_eq!(
        (&*message.topic, &message.payload[..]),
        ("t", &b"hello"[..])
    );
    let receipt = soon(client.publish(&Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce)))
        .await
        .unwrap();
    soon(receipt).await.unwrap();
    soon(client.disconnect(SOON)).await.unwrap();
    soon(driver).await.unwrap().unwrap();
}

/// How a connection ends that nobody ends.
async fn ends(options: Options) -> Ended {
    let (_client, driver) = Client::new(options).unwrap();
    soon(driver).await.unwrap_err()
}

#[tokio::test]
async fn fragments_pass_on_as_they_come() {
    let _alone = ALONE.lock().await;
    works(web(hostile::one_message)).await;
}

#[tokio::test]
async fn a_frame_passes_on_as_it_comes() {
    let _alone = ALONE.lock().await;
    works(web(hostile::one_frame)).await;
}

#[tokio::test]
async fn pings_are_answered() {
    let _alone = ALONE.lock().await;
    works(web(hostile::ping_first)).await;
}

#[tokio::test]
async fn frames_are_short() {
    let _alone = ALONE.lock().await;
    let options = web(|stream| hostile::with_limit(stream, 16 << 10));
    let (client, driver) = Client::new(options).unwrap();
    let driver = tokio::spawn(driver);
    for size in [16_000, 16 << 10, 66_000, 1 << 20] {
        let payload = vec![7; size];
        let publish = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
        let receipt = soon(client.publish(&publish)).await.unwrap();
        soon(receipt).await.unwrap();
    }
    soon(client.disconnect(SOON)).await.unwrap();
    soon(driver).await.unwrap().unwrap();
}

/// What a flood of this kind costs.
async fn floods(script: fn(&mut TcpStream, usize) -> io::Result<()>) {
    let _alone = ALONE.lock().await;
    let (over, mut is_over) = mpsc::unbounded_channel();
    let options = web(move |stream| {
        let sent = script(stream, MEBIBYTES);
        let _ = over.send(sent.map_err(|error| error.to_string()));
        // Until the client hangs up.
        io::copy(stream, &mut io::sink()).map(|_| ())
    });
    let (client, driver) = Client::new(options).unwrap();
    let driver = tokio::spawn(driver);
    soon(client.connected()).await.unwrap();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();
    let sent = timeout(3 * SOON, is_over.recv()).await.unwrap();
    assert_eq!(sent, Some(Ok(())));
    assert!(!driver.is_finished());
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}

#[tokio::test]
async fn fragments_without_an_end_are_not_held() {
    floods(hostile::flood_fragments).await;
}

#[tokio::test]
async fn pongs_that_are_not_read_are_not_held() {
    floods(hostile::flood_pings).await;
}

#[tokio::test]
async fn headers_without_an_end_are_not_held() {
    let _alone = ALONE.lock().await;
    let addr = hostile::start(|mut stream| hostile::flood_headers(&mut stream)).unwrap();
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let refused = ends(options(&format!("ws://{addr}/mqtt"))).await;
    let Ended::GaveUp(DisconnectReason::Transport(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.kind(), TransportErrorKind::WebSocket);
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}

/// The broker is silent, whoever pings before it.
async fn is_found_dead(options: Options) {
    let options = options
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(1));
    let begun = Instant::now();
    let ended = ends(options).await;
    assert!(
        matches!(
            &ended,
            Ended::GaveUp(DisconnectReason::Fault(Fault::Timeout))
        ),
        "{ended:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn pings_are_no_sign_of_life_of_the_broker() {
    let _alone = ALONE.lock().await;
    is_found_dead(web(|stream| {
        hostile::ping_for_ever(stream, Duration::from_millis(100))
    }))
    .await;
}

#[tokio::test]
async fn the_reason_of_a_closed_websocket_is_told() {
    let _alone = ALONE.lock().await;
    let error = ends(web(hostile::close_with_reason)).await.to_string();
    assert!(
        error.contains("code 1008 and the reason \"not today\""),
        "{error}"
    );
}

#[tokio::test]
async fn another_protocol_is_named() {
    let _alone = ALONE.lock().await;
    for (says, name) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
    ] {
        let addr = hostile::start(move |mut stream| stream.write_all(says)).unwrap();
        let error = ends(options(&format!("mqtt://{addr}"))).await;
        let words = format!("speaks {name}, not MQTT");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[cfg(all(feature = "_tls", target_os = "linux"))]
mod tls {
    use super::*;
    use motemq_rig::{
        certificates::Authority,
        proxy::{Plan, Proxy},
    };
    use motemq_tokio::Tls;
    use native_tls::{Identity, TlsAcceptor, TlsStream};
    use std::net::SocketAddr;

    /// A TLS server that plays this script, and what trusts it.
    fn secured(
        mut script: impl FnMut(TlsStream<TcpStream>) -> io::Result<()> + Send + 'static,
    ) -> (SocketAddr, Tls) {
        let authority = Authority::new("Test CA");
        let server = authority.server();
        let identity = Identity::from_pkcs8(server.pem.as_bytes(), server.key.as_bytes()).unwrap();
        let acceptor = TlsAcceptor::new(identity).unwrap();
        let addr = hostile::start(move |stream| {
            script(acceptor.accept(stream).map_err(io::Error::other)?)
        });
        let tls = Tls::new().ca(authority.pem().as_bytes()).unwrap();
        (addr.unwrap(), tls)
    }

    #[tokio::test]
    async fn pings_in_records_are_no_sign_of_life_of_the_broker() {
        let _alone = ALONE.lock().await;
        let (addr, tls) = secured(|stream| {
            hostile::ping_for_ever(&mut hostile::upgrade(stream)?, Duration::from_millis(100))
        });
        is_found_dead(options(&format!("wss://{addr}/mqtt")).tls(tls)).await;
    }

    #[tokio::test]
    async fn fragments_in_records_pass_on_as_they_come() {
        let _alone = ALONE.lock().await;
        let (addr, tls) = secured(|stream| hostile::one_message(&mut hostile::upgrade(stream)?));
        works(options(&format!("wss://{addr}/mqtt")).tls(tls)).await;
    }

    /// Nothing of it can be read before it is whole, and the answers to pings stand behind it.
    #[tokio::test]
    async fn a_record_that_comes_slowly_is_a_sign_of_life() {
        let _alone = ALONE.lock().await;
        let (addr, tls) = secured(|mut stream| hostile::first_large_message(&mut stream, 15_000));
        let slow = Proxy::start(addr).unwrap();
        slow.plan(Plan {
            cut_up: None,
            cut_down: None,
            most: Some(500),
            pause: Duration::from_millis(150),
        });
        let options = options(&format!("mqtts://{}", slow.addr()))
            .tls(tls)
            .keep_alive(1)
            .connect_timeout(Duration::from_secs(2));
        let (client, driver) = Client::new(options).unwrap();
        tokio::spawn(driver);
        let mut messages = soon(client.subscribe(&[Filter::new("t", QoS::AtMostOnce)]))
            .await
            .unwrap();
        let begun = Instant::now();
        let message = soon(messages.recv()).await.expect("a message");
        assert_eq!(message.payload.len(), 15_000);
        assert!(begun.elapsed() > Duration::from_secs(3), "it was not slow");
    }
}
