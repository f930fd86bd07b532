//! The table of handshakes.
use motemq_net::{Tls, TlsBackend, TlsErrorKind as Kind, TlsVersion};
use motemq_testing::certificates::{Authority, Issued, self_signed_ca_server, self_signed_server};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use std::sync::Arc;

/// A server for one connection.
pub enum Server {
    Tls(Arc<ServerConfig>),
    /// Sends these bytes after the client's first ones.
    Bytes(Vec<u8>),
    HangsUp,
    Silent,
}

/// A handshake, and what comes of it: with the platform's TLS where that is OpenSSL, and with
/// rustls.
pub struct Row {
    pub name: &'static str,
    pub server: Server,
    pub tls: Box<dyn Fn(TlsBackend) -> Tls + Send>,
    pub openssl: Result<(), Kind>,
    pub rustls: Result<(), Kind>,
}

fn config(
    issued: &Issued,
    version: &'static SupportedProtocolVersion,
    clients_of: Option<&Authority>,
    alpn: &[&str],
) -> Server {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])
        .unwrap();
    let builder = match clients_of {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from(issued.der.clone())];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Server::Tls(Arc::new(config))
}

/// A fatal alert in the clear.
fn alert(number: u8) -> Server {
    Server::Bytes(vec![21, 3, 3, 0, 2, 2, number])
}

/// A ServerHello of TLS 1.1.
fn outdated() -> Server {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    let mut bytes = vec![
        22,
        3,
        2,
        0,
        hello.len() as u8 + 4,
        2,
        0,
        0,
        hello.len() as u8,
    ];
    bytes.extend(hello);
    Server::Bytes(bytes)
}

pub fn rows() -> Vec<Row> {
    let ours = Authority::new("Ours");
    let theirs = Authority::new("Theirs");
    let good = ours.server();
    let trusting = |authority: &Authority| {
        let pem = authority.pem().to_owned();
        move |backend| Tls::with_backend(backend).ca(pem.as_bytes()).unwrap()
    };
    let knows = trusting(&ours);
    let shows = |client: Issued| {
        let knows = trusting(&ours);
        move |backend| {
            let (certificate, key) = (client.pem.as_bytes(), client.key.as_bytes());
            knows(backend).identity(certificate, key, None).unwrap()
        }
    };
    let mut rows = Vec::new();
    let mut add = |name, server, tls: Box<dyn Fn(TlsBackend) -> Tls + Send>, openssl, rustls| {
        rows.push(Row {
            name,
            server,
            tls,
            openssl,
            rustls,
        });
    };
    let mut both = |name, server, tls: Box<dyn Fn(TlsBackend) -> Tls + Send>, outcome| {
        add(name, server, tls, outcome, outcome);
    };
    let open = |issued: &Issued| config(issued, &TLS13, None, &[]);
    let closed = |version| config(&good, version, Some(&ours), &[]);

    both("good", open(&good), Box::new(knows.clone()), Ok(()));
    let old = config(&good, &TLS12, None, &[]);
    both("good, TLS 1.2", old, Box::new(knows.clone()), Ok(()));
    let expired = ours.expired_server();
    both(
        "expired",
        open(&expired),
        Box::new(knows.clone()),
        Err(Kind::Expired),
    );
    let insecure = |backend| Tls::with_backend(backend).dangerously_trust_anyone();
    both(
        "expired, but anybody will do",
        open(&expired),
        Box::new(insecure),
        Ok(()),
    );
    let other = ours.server_for(&["other.example"]);
    both(
        "wrong host",
        open(&other),
        Box::new(knows.clone()),
        Err(Kind::WrongName),
    );
    let named = trusting(&ours);
    let named = move |backend| named(backend).sni("other.example");
    both(
        "the name that was asked for",
        open(&other),
        Box::new(named),
        Ok(()),
    );
    both(
        "unknown CA",
        open(&good),
        Box::new(trusting(&theirs)),
        Err(Kind::UnknownCa),
    );
    both(
        "a CA that the system does not know",
        open(&good),
        Box::new(Tls::with_backend),
        Err(Kind::UnknownCa),
    );
    for (server, given) in [
        ("self-signed", "self-signed, and given"),
        ("self-signed CA", "self-signed CA, and given"),
    ]
    .into_iter()
    .zip([self_signed_server(), self_signed_ca_server()])
    .map(|((unknown, known), issued)| ((unknown, open(&issued)), (known, issued)))
    {
        both(
            server.0,
            server.1,
            Box::new(knows.clone()),
            Err(Kind::SelfSigned),
        );
        let (name, issued) = given;
        let server = open(&issued);
        let knows = move |backend| Tls::with_backend(backend).ca(&issued.der).unwrap();
        both(name, server, Box::new(knows), Ok(()));
    }

    for (name, version) in [
        ("client certificate wanted, TLS 1.2", &TLS12),
        ("client certificate wanted, TLS 1.3", &TLS13),
    ] {
        let kind = Err(Kind::ClientCertificateRequired);
        both(name, closed(version), Box::new(knows.clone()), kind);
    }
    let client = shows(ours.client("node"));
    both(
        "client certificate",
        closed(&TLS13),
        Box::new(client.clone()),
        Ok(()),
    );
    let client_12 = shows(ours.rsa_client("node"));
    both(
        "client certificate of RSA, TLS 1.2",
        closed(&TLS12),
        Box::new(client_12),
        Ok(()),
    );
    let stranger = shows(theirs.client("node"));
    both(
        "client certificate of another CA",
        closed(&TLS13),
        Box::new(stranger),
        Err(Kind::UnknownClientCa),
    );
    let late = shows(ours.expired_client("node"));
    both(
        "expired client certificate",
        closed(&TLS12),
        Box::new(late),
        Err(Kind::ClientCertificateExpired),
    );

    let offering = trusting(&ours);
    let offering = move |backend| offering(backend).alpn(&["mqtt"]);
    let alpn = |name| config(&good, &TLS13, None, &[name]);
    both("ALPN", alpn("mqtt"), Box::new(offering.clone()), Ok(()));
    both(
        "no common ALPN",
        alpn("http/1.1"),
        Box::new(offering),
        Err(Kind::NoCommonAlpn),
    );

    both(
        "alert 42 without a certificate",
        alert(42),
        Box::new(knows.clone()),
        Err(Kind::ClientCertificateRequired),
    );
    both(
        "alert 42 to a certificate",
        alert(42),
        Box::new(client),
        Err(Kind::ClientCertificateRejected),
    );
    both(
        "alert 40",
        alert(40),
        Box::new(knows.clone()),
        Err(Kind::HandshakeRefused),
    );
    both(
        "alert 70",
        alert(70),
        Box::new(knows.clone()),
        Err(Kind::NoCommonVersion),
    );
    both(
        "alert 112",
        alert(112),
        Box::new(knows.clone()),
        Err(Kind::UnrecognizedName),
    );
    both(
        "too old a protocol",
        outdated(),
        Box::new(knows.clone()),
        Err(Kind::NoCommonVersion),
    );
    let newest = {
        let knows = knows.clone();
        move |backend| knows(backend).min_version(TlsVersion::Tls13)
    };
    let over = |version| config(&ours.server(), version, None, &[]);
    let refused = Err(Kind::NoCommonVersion);
    both("1.3 wanted", over(&TLS13), Box::new(newest.clone()), Ok(()));
    both(
        "1.3 wanted, 1.2 there",
        over(&TLS12),
        Box::new(newest),
        refused,
    );
    let http = Server::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".into());
    both("HTTP", http, Box::new(knows.clone()), Err(Kind::NotTls));
    let ssh = Server::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".into());
    both("SSH", ssh, Box::new(knows.clone()), Err(Kind::NotTls));
    both(
        "hangs up",
        Server::HangsUp,
        Box::new(knows.clone()),
        Err(Kind::ConnectionClosed),
    );
    both(
        "silent",
        Server::Silent,
        Box::new(knows.clone()),
        Err(Kind::TimedOut),
    );

    // The one difference: OpenSSL looks at the common name, too.
    let by_common_name = open(&ours.server_by_common_name("localhost"));
    add(
        "common name only",
        by_common_name,
        Box::new(knows),
        Ok(()),
        Err(Kind::NoSubjectAltName),
    );
    rows
}
