//! Ways that lead to a broker, of systems like Unix.
use super::{
    face::TlsErrorKind,
    kit::{options, text, tls_error, trusting, works},
};
use motemq_testing::{daemon::Daemon, listeners::Listeners, mosquitto::free_port, nginx};
use std::fs;

pub fn a_unix_socket_works() {
    let Some(ways) = Listeners::for_test("a_unix_socket_works") else {
        return;
    };
    works(&options(&ways.unix()), 4_000_000);
}

/// As AWS does it on port 443: TLS ends at a proxy, which wants a client certificate and one
/// application protocol.
pub fn a_proxy_that_wants_alpn_and_a_certificate() {
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
