//! Every way to a real mosquitto: TLS, client certificates, WebSocket, Unix socket; and what is said where one is barred.
#![cfg(feature = "tls")]

use motemq_rig::{
    certificates::{Authority, self_signed_server},
    listeners::{Listeners, tls},
    mosquitto::{Mosquitto, free_port, skip},
};
use motemq_std::{Client, Error, Filter, Objection, Options, Publish, QoS, Reconnect, Tls, TlsError};
use std::time::Duration;

const SOON: Option<Duration> = Some(Duration::from_secs(20));

fn options(url: &str) -> Options {
    Options::from_url(url).unwrap().reconnect(Reconnect::Never)
}

/// What a client can do at all, it can do this way.
fn works(options: &Options, size: u32) {
    let mut client = Client::connect(&options.clone().max_message(64 << 20)).unwrap();
    client.subscribe(&[Filter::new("way", QoS::ExactlyOnce)]).unwrap();
    // More than sockets, records and frames hold: whoever only wrote would wait for ever.
    let large: Vec<u8> = (0..size).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for payload in [&b""[..], b"small", &large, &large] {
            client.publish(&Publish::to("way").payload(payload).qos(qos)).unwrap();
        }
        for payload in [&b""[..], b"small", &large, &large] {
            let message = client.recv(SOON).unwrap().expect("a message");
            assert!(message.payload == payload && message.qos == qos, "{qos:?}: {} bytes", message.payload.len());
        }
    }
    // Nothing comes, and that is no error.
    assert_eq!(client.recv(Some(Duration::from_millis(100))).unwrap(), None);
    client.disconnect().unwrap();
}

fn trusting(authority: &Authority) -> Tls {
    Tls::new().ca(authority.pem().as_bytes()).unwrap()
}

/// What is objected to.
#[track_caller]
fn objected(options: &Options) -> Objection {
    match Client::connect(options).map(|_| ()) {
        Err(Error::Tls { source: TlsError::Objection { objection, .. }, .. }) => objection,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tls_works() {
    let Some(ways) = Listeners::for_test("tls_works") else { return };
    works(&options(&ways.secure()).tls(trusting(&ways.authority)), 4_000_000);
}

#[test]
fn client_certificates_work() {
    let Some(ways) = Listeners::for_test("client_certificates_work") else { return };
    for client in [ways.authority.client("node"), ways.authority.rsa_client("node")] {
        let tls = trusting(&ways.authority).identity(client.pem.as_bytes(), client.key.as_bytes(), None).unwrap();
        let options = options(&ways.mutual()).tls(tls);
        assert!(!format!("{options:?}").contains("PRIVATE"));
        Client::connect(&options).unwrap().disconnect().unwrap();
    }
}

#[test]
fn a_websocket_works() {
    let Some(ways) = Listeners::for_test("a_websocket_works") else { return };
    works(&options(&ways.web()), 20_000);
}

#[test]
fn a_secure_websocket_works() {
    let Some(ways) = Listeners::for_test("a_secure_websocket_works") else { return };
    works(&options(&ways.secure_web()).tls(trusting(&ways.authority)), 20_000);
}

#[cfg(unix)]
#[test]
fn a_unix_socket_works() {
    let Some(ways) = Listeners::for_test("a_unix_socket_works") else { return };
    works(&options(&ways.unix()), 4_000_000);
}

#[test]
fn what_we_object_to() {
    let ours = Authority::new("Ours");
    let theirs = Authority::new("Theirs");
    let servers = [
        (ours.server(), Objection::UnknownCa, trusting(&theirs)),
        (ours.server(), Objection::UnknownCa, Tls::new()),
        (ours.server_for(&["other.example"]), Objection::WrongName, trusting(&ours)),
        (ours.expired_server(), Objection::Expired, trusting(&ours)),
        (self_signed_server(), Objection::SelfSigned, trusting(&ours)),
    ];
    let ports: Vec<_> = servers.iter().map(|_| free_port()).collect();
    let broker = Mosquitto::start_with(|directory| {
        let lines = servers.iter().zip(&ports).flat_map(|((server, ..), &port)| tls(directory, port, &ours, server, false));
        std::iter::once("allow_anonymous true".into()).chain(lines).collect()
    });
    let Some(_broker) = broker else { return skip("what_we_object_to", "mosquitto is not installed") };
    for ((server, objection, settings), port) in servers.into_iter().zip(ports) {
        let url = format!("mqtts://localhost:{port}");
        assert_eq!(objected(&options(&url).tls(settings.clone())), objection);
        // Whoever must can look all the same.
        Client::connect(&options(&url).tls(settings.dangerously_trust_anyone())).unwrap().disconnect().unwrap();
        if objection == Objection::WrongName {
            Client::connect(&options(&url).tls(trusting(&ours).sni("other.example"))).unwrap().disconnect().unwrap();
        }
        if objection == Objection::SelfSigned {
            Client::connect(&options(&url).tls(Tls::new().ca(&server.der).unwrap())).unwrap().disconnect().unwrap();
        }
    }
}

#[test]
fn what_the_broker_objects_to() {
    let Some(ways) = Listeners::for_test("what_the_broker_objects_to") else { return };
    let mutual = options(&ways.mutual());
    let trusting = trusting(&ways.authority);
    assert_eq!(objected(&mutual.clone().tls(trusting.clone())), Objection::NoClientCertificate);
    let stranger = Authority::new("Stranger").client("node");
    let stranger = trusting.clone().identity(stranger.pem.as_bytes(), stranger.key.as_bytes(), None).unwrap();
    assert_eq!(objected(&mutual.tls(stranger)), Objection::UnknownClientCa);
    // Plain TCP there, and TLS here.
    let plain = ways.plain().replace("mqtt://", "mqtts://");
    assert_eq!(objected(&options(&plain).tls(trusting)), Objection::HungUp);
}
