//! Ways that are barred by servers of other kinds, and what is said of it.
use super::{
    face::{DisconnectReason, Ended, TlsErrorKind, TransportErrorKind},
    kit::{fails, options, text, tls_error, trusting},
};
use motemq_testing::{certificates::Authority, daemon::Daemon, mosquitto::free_port};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
};

/// Up to TLS 1.2 there is no alert that says it: who asked for a certificate and refuses then means
/// it all the same.
pub fn a_missing_client_certificate_is_told_in_tls_1_2() {
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
pub fn nobody_is_told_of_a_bad_certificate_who_showed_none() {
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
