//! Ways that are barred, and what is said of it.
use super::{
    face::{Tls, TlsErrorKind, TransportErrorKind},
    kit::{connects, failed_part, fails, options, tls_error, trusting},
};
use motemq_testing::{
    certificates::{Authority, self_signed_server},
    listeners::{Listeners, tls},
    mosquitto::{Mosquitto, free_port, skip},
};
use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

pub fn what_we_object_to() {
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

pub fn what_the_broker_objects_to() {
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
    // Another name than that of the certificate.
    let other = trusting.clone().sni("other.example");
    assert_eq!(
        tls_error(&options(&ways.secure()).tls(other)),
        TlsErrorKind::WrongName
    );
    // Plain TCP there, and a WebSocket or TLS here.
    let plain = ways.plain().replace("mqtt://", "ws://");
    assert_eq!(
        failed_part(&fails(options(&plain))),
        TransportErrorKind::WebSocket
    );
    let plain = ways.plain().replace("mqtt://", "mqtts://");
    assert_eq!(
        tls_error(&options(&plain).tls(trusting)),
        TlsErrorKind::ConnectionClosed
    );
}

pub fn whoever_says_nothing_is_given_up() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // An attempt gives up a quarter of a second before the client does, whose reason says less.
    let limit = Duration::from_secs(2);
    let there =
        options(&format!("mqtts://{}", silent.local_addr().unwrap())).connect_timeout(limit);
    assert_eq!(tls_error(&there), TlsErrorKind::TimedOut);
    let there = options(&format!("ws://{}", silent.local_addr().unwrap())).connect_timeout(limit);
    assert_eq!(failed_part(&fails(there)), TransportErrorKind::WebSocket);
}
