//! Every way to a real mosquitto: TLS, client certificates, WebSocket, Unix socket; and what is
//! said where one is barred.
#![cfg(all(feature = "_tls", feature = "websocket"))]
#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use motemq_rig::{
    certificates::{Authority, self_signed_server},
    daemon::Daemon,
    listeners::{Listeners, tls},
    mosquitto::{Mosquitto, free_port, skip},
    nginx,
};
use motemq_std::{
    Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, Tls, TlsError,
    TlsErrorKind, TransportErrorKind,
};
use std::{
    error::Error,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    time::Duration,
};
use support::{Caller, SOON, done};

fn options(url: &str) -> Options {
    Options::from_url(url).unwrap().reconnect(Reconnect::Never)
}

/// What a client can do at all, it can do this way.
fn works(options: &Options, size: u32) {
    let mut client = Caller::connect(options.clone().max_message(64 << 20)).unwrap();
    client
        .subscribe(&[Filter::new("way", QoS::ExactlyOnce)])
        .unwrap();
    // More than sockets, records and frames hold: whoever only wrote would wait for ever.
    let large: Vec<u8> = (0..size).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let payloads = [&b""[..], b"small", &large, &large];
        let receipts =
            payloads.map(|payload| client.send(&Publish::to("way").payload(payload).qos(qos)));
        for payload in payloads {
            let message = client.recv(SOON).unwrap().expect("a message");
            assert!(
                message.payload[..] == *payload && message.qos == qos,
                "{qos:?}: {} bytes",
                message.payload.len()
            );
        }
        for receipt in receipts {
            done(receipt).unwrap();
        }
    }
    support::nothing(&mut client);
    client.disconnect().unwrap();
}

/// Connects, and disconnects.
fn connects(options: Options) {
    Caller::connect(options).unwrap().disconnect().unwrap();
}

fn trusting(authority: &Authority) -> Tls {
    Tls::new().ca(authority.pem().as_bytes()).unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path of characters").into()
}

/// Returns why there is no connection.
fn fails(options: Options) -> Ended {
    Client::connect(options).unwrap().connected().unwrap_err()
}

/// Returns the part of the connection that failed.
fn failed_part(ended: &Ended) -> TransportErrorKind {
    match ended {
        Ended::GaveUp(DisconnectReason::Transport(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// Returns why there is no TLS.
#[track_caller]
fn tls_error(options: &Options) -> TlsErrorKind {
    let ended = fails(options.clone());
    assert_eq!(failed_part(&ended), TransportErrorKind::Tls, "{ended:?}");
    match ended.source().and_then(|source| source.downcast_ref()) {
        Some(TlsError::Handshake { kind, .. }) => *kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tls_works() {
    let Some(ways) = Listeners::for_test("tls_works") else {
        return;
    };
    works(
        &options(&ways.secure()).tls(trusting(&ways.authority)),
        4_000_000,
    );
}

#[test]
fn client_certificates_work() {
    let Some(ways) = Listeners::for_test("client_certificates_work") else {
        return;
    };
    for client in [
        ways.authority.client("node"),
        ways.authority.rsa_client("node"),
    ] {
        let tls = trusting(&ways.authority)
            .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
            .unwrap();
        let options = options(&ways.mutual()).tls(tls);
        assert!(!format!("{options:?}").contains("PRIVATE"));
        connects(options.clone());
    }
}

#[test]
fn a_websocket_works() {
    let Some(ways) = Listeners::for_test("a_websocket_works") else {
        return;
    };
    works(&options(&ways.web()), 20_000);
}

#[test]
fn a_secure_websocket_works() {
    let Some(ways) = Listeners::for_test("a_secure_websocket_works") else {
        return;
    };
    works(
        &options(&ways.secure_web()).tls(trusting(&ways.authority)),
        20_000,
    );
}

#[cfg(unix)]
#[test]
fn a_unix_socket_works() {
    let Some(ways) = Listeners::for_test("a_unix_socket_works") else {
        return;
    };
    works(&options(&ways.unix()), 4_000_000);
}

#[test]
fn what_we_object_to() {
    let ours = Authority::new("Ours");
    let theirs = Authority::new("Theirs");
    let servers = [
        (ours.server(), TlsErrorKind::UnknownCa, trusting(&theirs)),
        (ours.server(), TlsErrorKind::UnknownCa, Tls::new()),
        (
            ours.server_for(&["other.example"]),
            TlsErrorKind::WrongName,
            trusting(&ours),
        ),
        (
            ours.expired_server(),
            TlsErrorKind::Expired,
            trusting(&ours),
        ),
        (
            self_signed_server(),
            TlsErrorKind::SelfSigned,
            trusting(&ours),
        ),
    ];
    let ports: Vec<_> = servers.iter().map(|_| free_port()).collect();
    let broker = Mosquitto::start_with(|directory| {
        let lines = servers
            .iter()
            .zip(&ports)
            .flat_map(|((server, ..), &port)| tls(directory, port, &ours, server, false));
        std::iter::once("allow_anonymous true".into())
            .chain(lines)
            .collect()
    });
    let Some(_broker) = broker else {
        return skip("what_we_object_to", "mosquitto is not installed");
    };
    for ((server, kind, settings), port) in servers.into_iter().zip(ports) {
        let url = format!("mqtts://localhost:{port}");
        assert_eq!(tls_error(&options(&url).tls(settings.clone())), kind);
        // Whoever must can look all the same.
        connects(options(&url).tls(settings.dangerously_trust_anyone()));
        if kind == TlsErrorKind::WrongName {
            connects(options(&url).tls(trusting(&ours).sni("other.example")));
        }
        if kind == TlsErrorKind::SelfSigned {
            connects(options(&url).tls(Tls::new().ca(&server.der).unwrap()));
        }
    }
}

#[test]
fn what_the_broker_objects_to() {
    let Some(ways) = Listeners::for_test("what_the_broker_objects_to") else {
        return;
    };
    let mutual = options(&ways.mutual());
    let trusting = trusting(&ways.authority);
    assert_eq!(
        tls_error(&mutual.clone().tls(trusting.clone())),
        TlsErrorKind::ClientCertificateRequired
    );
    let stranger = Authority::new("Stranger").client("node");
    let stranger = trusting
        .clone()
        .identity(stranger.pem.as_bytes(), stranger.key.as_bytes(), None)
        .unwrap();
    assert_eq!(
        tls_error(&mutual.clone().tls(stranger)),
        TlsErrorKind::UnknownClientCa
    );
    let expired = ways.authority.expired_client("node");
    let expired = trusting
        .clone()
        .identity(expired.pem.as_bytes(), expired.key.as_bytes(), None)
        .unwrap();
    assert_eq!(
        tls_error(&mutual.clone().tls(expired)),
        TlsErrorKind::ClientCertificateExpired
    );
    // Signed by a CA that the broker knows only through another: it has to be shown, too.
    let between = ways.authority.below("Between");
    let client = between.client("node");
    let alone = trusting
        .clone()
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    assert_eq!(
        tls_error(&mutual.clone().tls(alone)),
        TlsErrorKind::UnknownClientCa
    );
    let chain = format!("{}{}", client.pem, between.pem());
    let chain = trusting
        .clone()
        .identity(chain.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    connects(mutual.tls(chain));
    // Plain TCP there, and TLS here.
    let plain = ways.plain().replace("mqtt://", "mqtts://");
    assert_eq!(
        tls_error(&options(&plain).tls(trusting)),
        TlsErrorKind::ConnectionClosed
    );
}

/// Up to TLS 1.2 there is no alert that says it: who asked for a certificate and refuses then means
/// it all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_missing_client_certificate_is_told_in_tls_1_2() {
    let authority = Authority::new("Test CA");
    let port = free_port();
    let server = Daemon::for_test(
        "a_missing_client_certificate_is_told_in_tls_1_2",
        "openssl",
        port,
        |directory| {
            let (certificate, key) = authority.server().write(directory, "server");
            let ca = directory.join("ca.pem");
            fs::write(&ca, authority.pem()).unwrap();
            let words = format!(
                "s_server -accept 127.0.0.1:{port} -tls1_2 -Verify 1 -verify_return_error -www"
            );
            let files = [
                "-cert",
                &text(&certificate),
                "-key",
                &text(&key),
                "-CAfile",
                &text(&ca),
            ]
            .map(String::from);
            words.split(' ').map(String::from).chain(files).collect()
        },
    );
    let Some(_server) = server else { return };
    let there = options(&format!("mqtts://localhost:{port}"));
    let trusting = trusting(&authority);
    assert_eq!(
        tls_error(&there.clone().tls(trusting.clone())),
        TlsErrorKind::ClientCertificateRequired
    );
    let stranger = Authority::new("Stranger").client("node");
    let stranger = trusting
        .clone()
        .identity(stranger.pem.as_bytes(), stranger.key.as_bytes(), None)
        .unwrap();
    assert_eq!(
        tls_error(&there.clone().tls(stranger)),
        TlsErrorKind::UnknownClientCa
    );
    // With a good one it is no broker that answers, but TLS there is.
    let client = authority.client("node");
    let known = trusting
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    let ended = fails(there.tls(known));
    let is_tls = matches!(
        &ended,
        Ended::GaveUp(DisconnectReason::Transport(error)) if error.kind() == TransportErrorKind::Tls
    );
    assert!(!is_tls, "{ended}");
}

/// Servers in Go and Java say "bad certificate" where there was none.
#[cfg(target_os = "linux")]
#[test]
fn nobody_is_told_of_a_bad_certificate_who_showed_none() {
    use std::{
        io::{Read, Write},
        thread,
    };
    const BAD_CERTIFICATE: u8 = 42;
    const HANDSHAKE_FAILURE: u8 = 40;
    let authority = Authority::new("Test CA");
    let client = authority.client("node");
    let shown = trusting(&authority)
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    for (tls, alert, kind) in [
        (
            trusting(&authority),
            BAD_CERTIFICATE,
            TlsErrorKind::ClientCertificateRequired,
        ),
        (
            shown,
            BAD_CERTIFICATE,
            TlsErrorKind::ClientCertificateRejected,
        ),
        // Nobody has asked for one.
        (
            trusting(&authority),
            HANDSHAKE_FAILURE,
            TlsErrorKind::HandshakeRefused,
        ),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let there = options(&format!("mqtts://{}", listener.local_addr().unwrap()));
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).unwrap();
        });
        assert_eq!(tls_error(&there.tls(tls)), kind, "{alert}");
        server.join().unwrap();
    }
}

#[test]
fn whoever_says_nothing_is_given_up() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // An attempt gives up a quarter of a second before the client does, whose reason says less.
    let limit = Duration::from_secs(2);
    let there =
        options(&format!("mqtts://{}", silent.local_addr().unwrap())).connect_timeout(limit);
    assert_eq!(tls_error(&there), TlsErrorKind::TimedOut);
    let there = options(&format!("ws://{}", silent.local_addr().unwrap())).connect_timeout(limit);
    assert_eq!(failed_part(&fails(there)), TransportErrorKind::WebSocket);
}

/// As AWS does it on port 443: TLS ends at a proxy, which wants a client certificate and one
/// application protocol.
#[cfg(unix)]
#[test]
fn a_proxy_that_wants_alpn_and_a_certificate() {
    const TEST: &str = "a_proxy_that_wants_alpn_and_a_certificate";
    let Some(preamble) = nginx::for_test(TEST) else {
        return;
    };
    let Some(ways) = Listeners::for_test(TEST) else {
        return;
    };
    let port = free_port();
    let nginx = Daemon::for_test(TEST, "nginx", port, |directory| {
        let (certificate, key) = ways.authority.server().write(directory, "server");
        let ca = directory.join("ca.pem");
        fs::write(&ca, ways.authority.pem()).unwrap();
        let config = format!(
            "{preamble} daemon off; master_process off; pid {pid}; error_log stderr; events {{}} stream {{
                map $ssl_alpn_protocol $broker {{ x-amzn-mqtt-ca {broker}; }}
                server {{
                    listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
                    ssl_client_certificate {ca}; ssl_verify_client on; ssl_alpn x-amzn-mqtt-ca; proxy_pass $broker;
                }}
            }}",
            pid = text(&directory.join("pid")),
            broker = ways.broker.addr(),
            certificate = text(&certificate),
            key = text(&key),
            ca = text(&ca),
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, config).unwrap();
        ["-e", "stderr", "-p", &text(directory), "-c", &text(&file)]
            .map(String::from)
            .into()
    });
    let Some(_nginx) = nginx else { return };
    let there = options(&format!("mqtts://localhost:{port}"));
    let trusting = trusting(&ways.authority);
    let client = ways.authority.client("node");
    let known = trusting
        .clone()
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    works(
        &there.clone().tls(known.clone().alpn(&["x-amzn-mqtt-ca"])),
        100_000,
    );
    assert_eq!(
        tls_error(&there.clone().tls(known.clone().alpn(&["mqtt"]))),
        TlsErrorKind::NoCommonAlpn
    );
    assert_eq!(
        tls_error(&there.clone().tls(known)),
        TlsErrorKind::ClosedDespiteCertificate
    );
    assert_eq!(
        tls_error(&there.tls(trusting.alpn(&["x-amzn-mqtt-ca"]))),
        TlsErrorKind::ClosedWithoutCertificate
    );
}

#[test]
fn another_broker_over_tls() {
    const TEST: &str = "another_broker_over_tls";
    let authority = Authority::new("Test CA");
    let [port, mutual, web] = [free_port(), free_port(), free_port()];
    let start = |port: u16, verify: bool| {
        Daemon::for_test(TEST, "nats-server", port, |directory| {
            let (certificate, key) = authority.server().write(directory, "server");
            let ca = directory.join("ca.pem");
            fs::write(&ca, authority.pem()).unwrap();
            let tls = format!(
                "{{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {ca:?}, verify: {verify} }}"
            );
            let config = format!(
                "server_name: test\nlisten: \"127.0.0.1:{own}\"\njetstream {{ store_dir: {directory:?} }}\nmax_payload: 8MB\n\
                 mqtt {{ listen: \"127.0.0.1:{port}\", tls {tls} }}\nwebsocket {{ listen: \"127.0.0.1:{web}\", tls {tls} }}\n",
                own = free_port(),
                web = if verify { free_port() } else { web },
            );
            let file = directory.join("nats.conf");
            fs::write(&file, config).unwrap();
            vec!["-c".into(), text(&file)]
        })
    };
    let Some(_open) = start(port, false) else {
        return;
    };
    let trusting = trusting(&authority);
    works(
        &options(&format!("mqtts://localhost:{port}"))
            .client_id("open")
            .tls(trusting.clone()),
        1_000_000,
    );
    works(
        &options(&format!("wss://localhost:{web}/mqtt"))
            .client_id("web")
            .tls(trusting.clone()),
        1_000_000,
    );
    let Some(_closed) = start(mutual, true) else {
        return;
    };
    let there = options(&format!("mqtts://localhost:{mutual}")).client_id("closed");
    let client = authority.client("node");
    let known = trusting
        .clone()
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    works(&there.clone().tls(known), 1_000_000);
    assert_eq!(
        tls_error(&there.tls(trusting)),
        TlsErrorKind::ClientCertificateRequired
    );
}
