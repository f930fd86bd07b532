//! Peers that use what lies below MQTT against us: they get no memory for it, and are not taken for
//! the broker. A process of its own, since everything allocated is counted.
#![cfg(feature = "websocket")]
use motemq_rig::hostile;
use motemq_std::{
    Client, DisconnectReason, Ended, Fault, Filter, Options, Publish, QoS, Reconnect,
    TransportErrorKind,
};
use peak_alloc::PeakAlloc;
use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by each test, since they count the memory of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

const SOON: Duration = Duration::from_secs(20);
/// Of a flood.
const MEBIBYTES: usize = 64;
/// The client's buffers, the peer's, and the threads of both.
const MEMORY_LIMIT: f32 = 2.0;

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
fn works(options: Options) {
    let client = Client::connect(options).unwrap();
    let mut messages = client
        .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
        .unwrap();
    let message = messages.recv_timeout(SOON).unwrap();
    assert_eq!(
        (&*message.topic, &message.payload[..]),
        ("t", &b"hello"[..])
    );
    let publish = Publish::to("t").payload(b"1").qos(QoS::AtLeastOnce);
    client.publish(&publish).unwrap().wait().unwrap();
    client.disconnect(SOON).unwrap();
}

/// How a connection ends that nobody ends.
fn ends(options: Options) -> Ended {
    let (_client, mut driver) = Client::new(options).unwrap();
    driver.drive(SOON).expect("an end in time").unwrap_err()
}

#[test]
fn fragments_pass_on_as_they_come() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    works(web(hostile::one_message));
}

#[test]
fn a_frame_passes_on_as_it_comes() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    works(web(hostile::one_frame));
}

#[test]
fn pings_are_answered() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    works(web(hostile::ping_first));
}

#[test]
fn frames_are_short() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let options = web(|stream| hostile::with_limit(stream, 16 << 10));
    let client = Client::connect(options).unwrap();
    for size in [16_000, 16 << 10, 66_000, 1 << 20] {
        let payload = vec![7; size];
        let publish = Publish::to("t").payload(&payload).qos(QoS::AtLeastOnce);
        client.publish(&publish).unwrap().wait().unwrap();
    }
    client.disconnect(SOON).unwrap();
}

/// What a flood of this kind costs.
fn floods(script: fn(&mut TcpStream, usize) -> io::Result<()>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (over, is_over) = mpsc::channel();
    let options = web(move |stream| {
        let sent = script(stream, MEBIBYTES);
        let _ = over.send(sent.map_err(|error| error.to_string()));
        // Until the client hangs up.
        io::copy(stream, &mut io::sink()).map(|_| ())
    });
    let client = Client::connect(options).unwrap();
    client.connected().unwrap();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();
    let sent = is_over.recv_timeout(3 * SOON);
    assert_eq!(sent, Ok(Ok(())));
    assert!(client.state().is_connected());
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}

#[test]
fn fragments_without_an_end_are_not_held() {
    floods(hostile::flood_fragments);
}

#[test]
fn pongs_that_are_not_read_are_not_held() {
    floods(hostile::flood_pings);
}

#[test]
fn headers_without_an_end_are_not_held() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let addr = hostile::start(|mut stream| hostile::flood_headers(&mut stream)).unwrap();
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let refused = ends(options(&format!("ws://{addr}/mqtt")));
    let Ended::GaveUp(DisconnectReason::Transport(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.kind(), TransportErrorKind::WebSocket);
    let peak = MEMORY.peak_usage_as_mb() - before;
    assert!(peak < MEMORY_LIMIT, "{peak} MB");
}

/// The broker is silent, whoever pings before it.
fn is_found_dead(options: Options) {
    let options = options
        .keep_alive(1)
        .connect_timeout(Duration::from_secs(1));
    let begun = Instant::now();
    let ended = ends(options);
    assert!(
        matches!(
            &ended,
            Ended::GaveUp(DisconnectReason::Fault(Fault::Timeout))
        ),
        "{ended:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn pings_are_no_sign_of_life_of_the_broker() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    is_found_dead(web(|stream| {
        hostile::ping_for_ever(stream, Duration::from_millis(100))
    }));
}

#[test]
fn the_reason_of_a_closed_websocket_is_told() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let error = ends(web(hostile::close_with_reason)).to_string();
    assert!(
        error.contains("code 1008 and the reason \"not today\""),
        "{error}"
    );
}

#[test]
fn another_protocol_is_named() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (says, name) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"\x15\x03\x01\0\x02\x02\x46", "TLS"),
    ] {
        let addr = hostile::start(move |mut stream| stream.write_all(says)).unwrap();
        let error = ends(options(&format!("mqtt://{addr}")));
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
    use motemq_std::Tls;
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

    #[test]
    fn pings_in_records_are_no_sign_of_life_of_the_broker() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (addr, tls) = secured(|stream| {
            hostile::ping_for_ever(&mut hostile::upgrade(stream)?, Duration::from_millis(100))
        });
        is_found_dead(options(&format!("wss://{addr}/mqtt")).tls(tls));
    }

    #[test]
    fn fragments_in_records_pass_on_as_they_come() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (addr, tls) = secured(|stream| hostile::one_message(&mut hostile::upgrade(stream)?));
        works(options(&format!("wss://{addr}/mqtt")).tls(tls));
    }

    /// Nothing of it can be read before it is whole, and the answers to pings stand behind it.
    #[test]
    fn a_record_that_comes_slowly_is_a_sign_of_life() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
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
        let client = Client::connect(options).unwrap();
        let mut messages = client
            .subscribe(&[Filter::new("t", QoS::AtMostOnce)])
            .unwrap();
        let begun = Instant::now();
        let message = messages.recv_timeout(SOON).unwrap();
        assert_eq!(message.payload.len(), 15_000);
        assert!(begun.elapsed() > Duration::from_secs(3), "it was not slow");
    }
}
