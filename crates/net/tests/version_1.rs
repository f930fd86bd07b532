//! Certificates of X.509 version 1, which OpenSSL makes where nothing is said about extensions, and
//! which rustls does not read.
#![cfg(all(target_os = "linux", feature = "rustls"))]

use motemq_net::{Tls, TlsBackend, TlsErrorKind};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    ssl::{SslAcceptor, SslMethod, SslVerifyMode, SslVersion},
    x509::{X509, X509NameBuilder},
};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
};

struct Issued {
    certificate: X509,
    key: PKey<Private>,
}

/// Makes a certificate of version 1; without an issuer it signs itself.
fn issued(name: &str, issuer: Option<&Issued>) -> Issued {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let (signer, by) = match issuer {
        Some(issuer) => (&issuer.key, issuer.certificate.subject_name()),
        None => (&key, &*subject),
    };
    let mut builder = X509::builder().unwrap();
    builder.set_version(0).unwrap();
    let number = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&number).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(by).unwrap();
    builder.set_pubkey(&key).unwrap();
    let (from, until) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(2));
    builder.set_not_before(&from.unwrap()).unwrap();
    builder.set_not_after(&until.unwrap()).unwrap();
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    let certificate = builder.build();
    Issued { certificate, key }
}

/// Answers each connection with a byte, if the client shows a certificate of this CA.
fn serve(ca: &Issued, server: &Issued, newest: SslVersion) -> SocketAddr {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_max_proto_version(Some(newest)).unwrap();
    acceptor.set_certificate(&server.certificate).unwrap();
    acceptor.set_private_key(&server.key).unwrap();
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    let store = acceptor.cert_store_mut();
    store.add_cert(ca.certificate.clone()).unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(mut stream) = acceptor.accept(stream) {
                // What came of it is seen at the other side.
                let _ = stream.write_all(b"1").and_then(|()| stream.flush());
            }
        }
    });
    address
}

fn shaken(tls: &Tls, address: SocketAddr) -> Option<TlsErrorKind> {
    match tls.connect("localhost", TcpStream::connect(address).unwrap()) {
        Ok(mut stream) => {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            assert_eq!(&byte, b"1");
            None
        }
        Err(error) => error.kind(),
    }
}

#[test]
fn certificates_of_version_1_are_shown_and_taken_from_anybody() {
    let ca = issued("CA", None);
    let server = issued("localhost", Some(&ca));
    let client = issued("node", Some(&ca));
    let pem = |issued: &Issued| issued.certificate.to_pem().unwrap();
    let key = |issued: &Issued| issued.key.private_key_to_pem_pkcs8().unwrap();
    for &backend in TlsBackend::ALL {
        let tls = Tls::with_backend(backend);
        let shows = tls.identity(&pem(&client), &key(&client), None).unwrap();
        for newest in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
            let address = serve(&ca, &server, newest);
            let anybody = shows.clone().dangerously_trust_anyone();
            assert_eq!(shaken(&anybody, address), None, "{backend:?}");
            let trusting = shows.clone().ca(&pem(&ca)).unwrap();
            let expected = match backend {
                TlsBackend::Rustls => Some(TlsErrorKind::NoSubjectAltName),
                _ => None,
            };
            assert_eq!(shaken(&trusting, address), expected, "{backend:?}");
        }
        let tls = Tls::with_backend(backend);
        let error = tls
            .identity(&pem(&client), &key(&server), None)
            .unwrap_err();
        assert!(error.to_string().contains("does not belong"), "{error}");
    }
}
