//! Ways that lead to a broker.
use super::{
    face::TlsErrorKind,
    kit::{options, text, tls_error, trusting, works},
};
use motemq_testing::{
    certificates::Authority, daemon::Daemon, listeners::Listeners, mosquitto::free_port,
};
use std::fs;

pub fn tls_works() {
    let Some(ways) = Listeners::for_test("tls_works") else {
        return;
    };
    works(
        &options(&ways.secure()).tls(trusting(&ways.authority)),
        4_000_000,
    );
}

pub fn client_certificates_work() {
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
        works(&options, 10_000);
    }
}

pub fn a_websocket_works() {
    let Some(ways) = Listeners::for_test("a_websocket_works") else {
        return;
    };
    works(&options(&ways.web()), 20_000);
}

pub fn a_secure_websocket_works() {
    let Some(ways) = Listeners::for_test("a_secure_websocket_works") else {
        return;
    };
    works(
        &options(&ways.secure_web()).tls(trusting(&ways.authority)),
        20_000,
    );
}

pub fn another_broker_over_tls() {
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
