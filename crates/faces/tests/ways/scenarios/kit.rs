//! What the scenarios of ways share.
use super::{
    face::{
        Client, DisconnectReason, Ended, Filter, Options, Publish, QoS, Reconnect, Tls, TlsError,
        TlsErrorKind, TransportErrorKind,
    },
    support::{Caller, LEVELS, done, next, nothing},
};
use motemq_testing::certificates::Authority;
use std::{error::Error, path::Path};

pub fn options(url: &str) -> Options {
    Options::from_url(url).unwrap().reconnect(Reconnect::Never)
}

/// What a client can do at all, it can do this way.
pub fn works(options: &Options, size: u32) {
    let mut client = Caller::connect(options.clone().max_message(64 << 20)).unwrap();
    client
        .subscribe(&[Filter::new("way", QoS::ExactlyOnce)])
        .unwrap();
    // More than sockets, records and frames hold: whoever only wrote would wait for ever.
    let large: Vec<u8> = (0..size).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect();
    for qos in LEVELS {
        let payloads = [&b""[..], b"small", &large, &large];
        let receipts =
            payloads.map(|payload| client.send(&Publish::to("way").payload(payload).qos(qos)));
        for payload in payloads {
            let message = next(&mut client);
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
    nothing(&mut client);
    client.disconnect().unwrap();
}

/// Connects, and disconnects.
pub fn connects(options: Options) {
    Caller::connect(options).unwrap().disconnect().unwrap();
}

pub fn trusting(authority: &Authority) -> Tls {
    Tls::new().ca(authority.pem().as_bytes()).unwrap()
}

pub fn text(path: &Path) -> String {
    path.to_str().expect("a path of characters").into()
}

/// Returns why there is no connection.
pub fn fails(options: Options) -> Ended {
    Client::connect(options).unwrap().connected().unwrap_err()
}

/// Returns the part of the connection that failed.
pub fn failed_part(ended: &Ended) -> TransportErrorKind {
    match ended {
        Ended::GaveUp(DisconnectReason::Transport(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// Returns why there is no TLS.
#[track_caller]
pub fn tls_error(options: &Options) -> TlsErrorKind {
    let ended = fails(options.clone());
    assert_eq!(failed_part(&ended), TransportErrorKind::Tls, "{ended:?}");
    match ended.source().and_then(|source| source.downcast_ref()) {
        Some(TlsError::Handshake { kind, .. }) => *kind,
        other => panic!("{other:?}"),
    }
}
