//! TLS with rustls.
mod certified;
mod verifier;

use super::{Identity, Tls, TlsError, TlsErrorKind, TlsVersion, handshake_log::HandshakeTap};
use certified::certified;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DEFAULT_VERSIONS, Error,
    PeerIncompatible, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    sign::SingleCertAndKey,
    version::TLS13,
};
use std::{
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
};
use verifier::{Refusal, Verifier};

/// A client's connection over a stream.
pub struct Connection<S> {
    client: ClientConnection,
    stream: HandshakeTap<S>,
    /// Number of bytes that were encrypted by the write that has to be given again.
    encrypted: Option<usize>,
}

impl<S: Read + Write> Connection<S> {
    pub fn new(tls: &Tls, name: &str, stream: HandshakeTap<S>) -> Result<Self, TlsError> {
        let config = config(tls).map_err(TlsError::Setting)?;
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            TlsError::Setting(format!(
                "{:?} is neither a host name nor an address: write it in ASCII, international names as Punycode",
                name.chars().take(80).collect::<String>()
            ))
        })?;
        let client = ClientConnection::new(Arc::new(config), name)
            .map_err(|error| TlsError::Setting(error.to_string()))?;
        Ok(Connection {
            client,
            stream,
            encrypted: None,
        })
    }

    /// Goes on with the handshake, and returns whether it is complete.
    pub fn handshake(&mut self) -> io::Result<bool> {
        let done = loop {
            if self.client.is_handshaking() {
                match self.client.complete_io(&mut self.stream) {
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
            } else {
                break self.write_records();
            }
        };
        match done {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn get_ref(&self) -> &HandshakeTap<S> {
        &self.stream
    }

    pub fn get_mut(&mut self) -> &mut HandshakeTap<S> {
        &mut self.stream
    }

    /// Returns the certificate of the peer in DER, and the application protocol that it has chosen.
    pub fn peer(&self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let certificates = self.client.peer_certificates();
        let certificate = certificates.and_then(<[_]>::first).map(|der| der.to_vec());
        (certificate, self.client.alpn_protocol().map(<[_]>::to_vec))
    }

    pub fn close_notify(&mut self) -> io::Result<()> {
        self.client.send_close_notify();
        self.write_records()
    }

    /// Writes all records that wait.
    fn write_records(&mut self) -> io::Result<()> {
        while self.client.wants_write() {
            match self.client.write_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        self.stream.flush()
    }

    /// Reads from the stream, and decrypts what is complete with it.
    fn read_records(&mut self) -> io::Result<()> {
        // Answers to the peer's requests (new keys) go out as far as there is room.
        match self.write_records() {
            Err(error) if !is_pause(&error) => return Err(error),
            _ => {}
        }
        self.client.read_tls(&mut self.stream)?;
        if let Err(error) = self.client.process_new_packets() {
            // The alert that says so; the connection has failed whether it goes out or not.
            let _ = self.write_records();
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(())
    }
}

impl<S: Read + Write> Read for Connection<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.client.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.read_records()?,
                read => return read,
            }
        }
    }
}

impl<S: Read + Write> Write for Connection<S> {
    /// Counts bytes only when their records are written; else they have to be given again.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = match self.encrypted {
            Some(n) => n,
            None => {
                self.write_records()?;
                let n = self.client.writer().write(bytes)?;
                self.encrypted = Some(n);
                n
            }
        };
        self.write_records()?;
        self.encrypted = None;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_records()
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Returns what connects with these settings.
pub fn config(tls: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let newest = [&TLS13];
    let versions = match tls.min_version {
        TlsVersion::Tls12 => DEFAULT_VERSIONS,
        TlsVersion::Tls13 => &newest,
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(
            &roots(tls)?,
            &tls.roots,
            tls.trusts_anyone,
            &provider,
        )));
    let mut config = match tls.identity.as_deref() {
        None => builder.with_no_client_auth(),
        Some(Identity::Chain(chain, key)) => {
            let chain = chain.iter().cloned().map(CertificateDer::from).collect();
            let key = PrivatePkcs8KeyDer::from(key.as_bytes().to_vec());
            let identity = certified(chain, PrivateKeyDer::Pkcs8(key), &provider)
                .map_err(|error| error.to_string())?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
        }
        #[cfg(feature = "native-tls")]
        Some(Identity::Pkcs12(..)) => {
            return Err("rustls reads no PKCS#12 archives".into());
        }
    };
    config.alpn_protocols = tls.alpn.iter().map(|name| name.as_bytes().into()).collect();
    Ok(config)
}

/// Returns the CAs to trust: those given, or those of the system.
fn roots(tls: &Tls) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    if tls.trusts_anyone {
        return Ok(store);
    }
    if tls.roots.is_empty() {
        // A system has certificates that only it can read; those are left out.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for root in &tls.roots {
        store
            .add(CertificateDer::from(root.as_slice()))
            .map_err(|error| format!("CA certificate: {error}"))?;
    }
    Ok(store)
}

/// Checks that this is a certificate.
pub fn check_certificate(der: &[u8]) -> Result<(), String> {
    RootCertStore::empty()
        .add(CertificateDer::from(der))
        .map_err(|error| error.to_string())
}

/// Returns what an error of rustls means.
pub fn kind_of(error: &Error) -> TlsErrorKind {
    match error {
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => TlsErrorKind::NoCommonVersion,
        Error::PeerIncompatible(_) => TlsErrorKind::HandshakeRefused,
        Error::NoApplicationProtocol => TlsErrorKind::NoCommonAlpn,
        Error::InvalidMessage(_) => TlsErrorKind::NotTls,
        _ => TlsErrorKind::Other,
    }
}

fn of_alert(alert: AlertDescription) -> TlsErrorKind {
    TlsErrorKind::of_alert(alert.into())
}

fn of_certificate(error: &CertificateError) -> TlsErrorKind {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            TlsErrorKind::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsErrorKind::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsErrorKind::WrongName
        }
        CertificateError::UnknownIssuer => TlsErrorKind::UnknownCa,
        CertificateError::Other(other) => other
            .0
            .downcast_ref::<Refusal>()
            .map_or(TlsErrorKind::Untrusted, |refusal| refusal.0),
        _ => TlsErrorKind::Untrusted,
    }
}
