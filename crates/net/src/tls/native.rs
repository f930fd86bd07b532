//! The platform's TLS.
use super::{Identity, Tls, TlsError, TlsVersion, handshake_log::HandshakeTap};
use crate::Progress;
use native_tls::{
    Certificate, Error, HandshakeError, MidHandshakeTlsStream, Protocol, TlsConnector, TlsStream,
};
use pkcs8::LineEnding;
use std::{
    fmt,
    io::{self, Read, Write},
};

/// The label of a key that all platforms take.
const LABEL: &str = "PRIVATE KEY";

/// A handshake that has not begun, or waits for its stream.
pub enum Handshake<S> {
    New(TlsConnector, String, HandshakeTap<S>),
    Waiting(MidHandshakeTlsStream<HandshakeTap<S>>),
}

impl<S: Read + Write> Handshake<S> {
    pub fn new(tls: &Tls, name: &str, stream: HandshakeTap<S>) -> Result<Self, TlsError> {
        let connector = connector(tls).map_err(setting)?;
        Ok(Handshake::New(connector, name.into(), stream))
    }

    pub fn advance(self) -> Result<Progress<TlsStream<HandshakeTap<S>>, Self>, Error> {
        let advanced = match self {
            Handshake::New(connector, name, stream) => connector.connect(&name, stream),
            Handshake::Waiting(handshake) => handshake.handshake(),
        };
        match advanced {
            Ok(stream) => Ok(Progress::Done(stream)),
            Err(HandshakeError::WouldBlock(handshake)) => {
                Ok(Progress::Waiting(Handshake::Waiting(handshake)))
            }
            Err(HandshakeError::Failure(error)) => Err(error),
        }
    }

    pub fn get_mut(&mut self) -> &mut HandshakeTap<S> {
        match self {
            Handshake::New(_, _, stream) => stream,
            Handshake::Waiting(handshake) => handshake.get_mut(),
        }
    }
}

/// Returns what connects with these settings.
pub fn connector(tls: &Tls) -> Result<TlsConnector, Error> {
    let mut builder = TlsConnector::builder();
    builder
        .min_protocol_version(Some(match tls.min_version {
            TlsVersion::Tls12 => Protocol::Tlsv12,
            TlsVersion::Tls13 => Protocol::Tlsv13,
        }))
        .use_sni(true)
        .disable_built_in_roots(!tls.roots.is_empty());
    for root in &tls.roots {
        builder.add_root_certificate(Certificate::from_der(root)?);
    }
    if let Some(identity) = &tls.identity {
        builder.identity(match &**identity {
            Identity::Chain(chain, key) => {
                let key = key.to_pem(LABEL, LineEnding::LF).unwrap_or_default();
                native_tls::Identity::from_pkcs8(to_pem(chain).as_bytes(), key.as_bytes())?
            }
            Identity::Pkcs12(archive, password) => {
                native_tls::Identity::from_pkcs12(archive, password)?
            }
        });
    }
    builder
        .request_alpns(&tls.alpn.iter().map(String::as_str).collect::<Vec<_>>())
        .danger_accept_invalid_certs(tls.trusts_anyone)
        .danger_accept_invalid_hostnames(tls.trusts_anyone);
    builder.build()
}

/// Checks that this is a certificate.
pub fn check_certificate(der: &[u8]) -> Result<(), String> {
    let certificate = Certificate::from_der(der);
    certificate.map(|_| ()).map_err(|error| error.to_string())
}

/// Checks that this archive can be opened.
pub fn check_pkcs12(archive: &[u8], password: &str) -> Result<(), TlsError> {
    let opened = native_tls::Identity::from_pkcs12(archive, password);
    opened.map(|_| ()).map_err(|error| {
        let advice =
            "check the password, and write it anew with `openssl pkcs12 -export` if it is old";
        TlsError::Setting(format!(
            "this PKCS#12 archive cannot be opened: {advice} ({error})"
        ))
    })
}

/// Returns the certificate of the peer in DER, and the application protocol that it has chosen.
pub fn peer<S: Read + Write>(stream: &TlsStream<S>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let certificate = stream.peer_certificate().ok().flatten();
    (
        certificate.and_then(|certificate| certificate.to_der().ok()),
        stream.negotiated_alpn().ok().flatten(),
    )
}

/// Sends the alert that nothing follows.
pub fn close_notify<S: Read + Write>(stream: &mut TlsStream<S>) -> io::Result<()> {
    stream.shutdown()
}

fn to_pem(chain: &[Vec<u8>]) -> String {
    let sections: Vec<_> = chain
        .iter()
        .map(|der| pem::Pem::new("CERTIFICATE", der.clone()))
        .collect();
    pem::encode_many(&sections)
}

fn setting(error: impl fmt::Display) -> TlsError {
    TlsError::Setting(error.to_string())
}
