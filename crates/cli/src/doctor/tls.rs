//! The layer TLS: the handshake, and the certificates of a broker.
use super::{Exit, Failure, Instant, PATIENCE, Route, TcpStream, bad, be_patient, good, report};
use motemq_net::{CertificateInfo, PeerInfo, Tls, TlsErrorKind};
use std::{
    io::{ErrorKind, Read},
    time::{Duration, SystemTime},
};

/// The time that a broker has to reject a missing certificate after the handshake.
const REJECTION: Duration = Duration::from_millis(500);

/// The time that a peer has to show that it speaks TLS after all.
const GLANCE: Duration = Duration::from_secs(2);

pub fn look(route: &Route, stream: TcpStream) -> Result<(), Failure> {
    let since = Instant::now();
    be_patient(&stream, PATIENCE);
    match route.tls.connect(&route.host, stream) {
        Ok(stream) => {
            let peer = stream.peer_info();
            good("tls", chosen(&peer), since);
            show(&peer);
        }
        Err(error) => {
            let is_mute = error.kind() == Some(TlsErrorKind::TimedOut);
            let failure = bad(
                "tls",
                if is_mute { Exit::TimeOut } else { Exit::Tls },
                format_args!("TLS with {} failed: {error}", route.place()),
            );
            if !is_mute && let Some(peer) = anyone(route, &route.tls, PATIENCE) {
                show(&peer);
            }
            return Err(failure);
        }
    }
    report::show(format_args!(
        "           client certificate: {}",
        client_certificate(route)
    ));
    Ok(())
}

/// Returns whether TLS is spoken where we spoke plainly.
pub fn is_spoken(route: &Route) -> bool {
    !route.scheme.is_tls() && anyone(route, &Tls::new(), GLANCE).is_some()
}

/// Returns the certificate and the ALPN protocol of a peer, for a diagnosis. Any certificate is
/// accepted.
fn anyone(route: &Route, tls: &Tls, limit: Duration) -> Option<PeerInfo> {
    let tls = tls.clone().dangerously_trust_anyone();
    let stream = tls.connect(&route.host, again(route, limit)?).ok()?;
    Some(stream.peer_info())
}

fn again(route: &Route, limit: Duration) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(route.next_hop()).ok()?;
    be_patient(&stream, limit);
    if let Some(proxy) = &route.proxy {
        proxy.connect(&route.host, route.port(), &mut stream).ok()?;
    }
    Some(stream)
}

fn chosen(peer: &PeerInfo) -> String {
    match &peer.alpn {
        Some(name) => format!("ALPN protocol {name}"),
        None => "no ALPN protocol".into(),
    }
}

fn show(peer: &PeerInfo) {
    let Some(CertificateInfo {
        subject,
        issuer,
        names,
        from,
        until,
        ..
    }) = &peer.certificate
    else {
        return;
    };
    let names = if names.is_empty() {
        "no host name".into()
    } else {
        names.join(", ")
    };
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    for line in [
        format!("the broker's certificate: {subject}, signed by {issuer}"),
        format!("for: {names}"),
        format!(
            "valid: {} to {}, {} days from now",
            humantime::format_rfc3339_seconds(*from),
            humantime::format_rfc3339_seconds(*until),
            left.as_secs() / (24 * 60 * 60)
        ),
    ] {
        report::show(format_args!("           {line}"));
    }
}

/// Tries without a certificate: with TLS 1.3 a broker rejects that behind the handshake.
fn client_certificate(route: &Route) -> &'static str {
    let shown = route.tls.has_identity();
    let stranger = route.tls.without_identity();
    let Some(stream) = again(route, PATIENCE) else {
        return "unknown: the broker accepts no second connection";
    };
    let wanted = match stranger.connect(&route.host, stream) {
        Ok(mut stream) => {
            be_patient(stream.get_ref(), REJECTION);
            let read = stream.read(&mut [0]);
            !matches!(read, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
        }
        Err(_) => true,
    };
    match (wanted, shown) {
        (true, true) => "required, and presented",
        (true, false) => "required, but none given: use --cert and --key, or --p12",
        (false, true) => "presented, but not required",
        (false, false) => "not required",
    }
}
