//! TLS: which certificates are trusted, which one the client presents, what it asks for.
mod distinguished_name;
mod encrypted_key;
mod error;
mod error_kind;
mod files;
mod handshake;
mod handshake_log;
mod keys;
#[cfg(feature = "native-tls")]
mod native;
mod peer_info;
mod records;
#[cfg(feature = "rustls")]
mod rustls;
mod stream;

pub use error::TlsError;
pub use error_kind::TlsErrorKind;
pub(crate) use handshake::TlsHandshake;
pub use peer_info::{CertificateInfo, PeerInfo};
pub use stream::TlsStream;

use crate::Progress;
use pkcs8::SecretDocument;
use std::{
    fmt,
    io::{Read, Write},
    sync::Arc,
};

/// The library that implements TLS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum TlsBackend {
    /// The TLS library of the platform: OpenSSL, SChannel or Secure Transport.
    #[cfg(feature = "native-tls")]
    #[default]
    Native,
    /// The library rustls, with the cryptography of ring.
    #[cfg(feature = "rustls")]
    #[cfg_attr(not(feature = "native-tls"), default)]
    Rustls,
}

/// A version of TLS.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsBackend {
    /// The libraries with which the program was built.
    pub const ALL: &'static [TlsBackend] = &[
        #[cfg(feature = "native-tls")]
        TlsBackend::Native,
        #[cfg(feature = "rustls")]
        TlsBackend::Rustls,
    ];
}

/// The settings of TLS: the CAs that the client trusts, the client certificate, SNI, ALPN and the
/// lowest version.
///
/// By default the broker needs a certificate for its host name, signed by a CA that the system
/// trusts. The versions are TLS 1.2 and 1.3. Certificates and keys are DER or PEM, recognized by
/// their content. Keys and passwords never appear in `Debug` output or in errors.
///
/// # Examples
/// ```
/// use motemq_net::Tls;
/// let tls = Tls::new().alpn(&["x-amzn-mqtt-ca"]).sni("abc-ats.iot.eu-central-1.amazonaws.com");
/// assert!(tls.ca(b"no certificate").is_err());
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    backend: TlsBackend,
    /// DER.
    roots: Vec<Vec<u8>>,
    identity: Option<Arc<Identity>>,
    name: Option<String>,
    alpn: Vec<String>,
    min_version: TlsVersion,
    trusts_anyone: bool,
}

/// The client's certificate and its private key.
enum Identity {
    /// Certificates in DER, the client's own first, and a key in PKCS#8.
    Chain(Vec<Vec<u8>>, SecretDocument),
    /// A PKCS#12 archive and its password.
    #[cfg(feature = "native-tls")]
    Pkcs12(zeroize::Zeroizing<Vec<u8>>, zeroize::Zeroizing<String>),
}

impl Tls {
    /// Makes settings that trust the CAs of the system and present no client certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the same settings as [`new`](Self::new) for this library. The library has to be chosen
    /// first, since it checks certificates and keys when they are set.
    ///
    /// # Examples
    /// ```
    /// use motemq_net::{Tls, TlsBackend};
    /// for &backend in TlsBackend::ALL {
    ///     assert_eq!(Tls::with_backend(backend).backend(), backend);
    /// }
    /// ```
    pub fn with_backend(backend: TlsBackend) -> Self {
        Tls {
            backend,
            ..Self::default()
        }
    }

    /// Returns the library that implements TLS.
    pub fn backend(&self) -> TlsBackend {
        self.backend
    }

    /// Trusts these CAs, and not those of the system. Further calls add CAs.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if the bytes contain no certificate, or one that cannot be
    /// parsed.
    pub fn ca(mut self, certificates: &[u8]) -> Result<Self, TlsError> {
        let roots = keys::certificates(certificates, self.backend)
            .map_err(|why| TlsError::Setting(format!("CA certificate: {why}")))?;
        self.roots.extend(roots);
        Ok(self)
    }

    /// Presents this client certificate. `certificates` contains the certificate itself first, then
    /// the intermediate ones, if any. The key can be PKCS#8, PKCS#1 or SEC1. An encrypted key
    /// (PKCS#8) needs its password.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if the certificate or the key cannot be used.
    pub fn identity(
        mut self,
        certificates: &[u8],
        key: &[u8],
        password: Option<&str>,
    ) -> Result<Self, TlsError> {
        let chain = keys::certificates(certificates, self.backend)
            .map_err(|why| TlsError::Setting(format!("client certificate: {why}")))?;
        let key = keys::private_key(key, password)
            .map_err(|why| TlsError::Setting(format!("private key: {why}")))?;
        if chain
            .first()
            .is_some_and(|certificate| !keys::are_of_one_kind(certificate, &key))
        {
            return Err(mismatch("one is RSA, the other on a curve"));
        }
        self.identity = Some(Arc::new(Identity::Chain(chain, key)));
        self.check_identity()?;
        Ok(self)
    }

    /// Presents the client certificate of a PKCS#12 archive, with its chain.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if the bytes are not such an archive, the password is wrong,
    /// or the library does not support the encryption. rustls does not support archives at all.
    pub fn pkcs12(mut self, archive: &[u8], password: &str) -> Result<Self, TlsError> {
        match self.backend {
            #[cfg(feature = "native-tls")]
            TlsBackend::Native => {
                native::check_pkcs12(archive, password)?;
                let (archive, password) = (archive.to_vec().into(), password.to_owned().into());
                self.identity = Some(Arc::new(Identity::Pkcs12(archive, password)));
                self.check_identity()?;
                Ok(self)
            }
            #[cfg(feature = "rustls")]
            TlsBackend::Rustls => {
                let _ = (archive, password, &mut self);
                Err(TlsError::Setting(
                    "rustls reads no PKCS#12 archives: write its content as PEM with `openssl pkcs12 -in ARCHIVE -out FILE`, and give that file as certificate and as key".into(),
                ))
            }
        }
    }

    /// Sends this host name as SNI instead of the host of the connection, and requires it in the
    /// broker's certificate.
    pub fn sni(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Offers these application protocols by ALPN, in the order of preference. By default none are
    /// offered.
    pub fn alpn(mut self, protocols: &[impl AsRef<str>]) -> Self {
        self.alpn = protocols
            .iter()
            .map(|protocol| protocol.as_ref().into())
            .collect();
        self
    }

    /// Sets the lowest version of TLS that the client accepts. The default is TLS 1.2.
    ///
    /// # Examples
    /// ```
    /// use motemq_net::{Tls, TlsVersion};
    /// let tls = Tls::new().min_version(TlsVersion::Tls13);
    /// ```
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min_version = version;
        self
    }

    /// **Accepts every certificate of every peer**, so that anyone between the client and the
    /// broker can read and change everything, including passwords. Use it only to try out a broker,
    /// and never in production.
    pub fn dangerously_trust_anyone(mut self) -> Self {
        self.trusts_anyone = true;
        self
    }

    /// Returns whether the client offers any application protocol by ALPN.
    pub fn has_alpn(&self) -> bool {
        !self.alpn.is_empty()
    }

    /// Returns whether the client presents a certificate.
    pub fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// Returns the same settings without a client certificate.
    pub fn without_identity(&self) -> Self {
        Tls {
            identity: None,
            ..self.clone()
        }
    }

    /// Performs the handshake with this host over a blocking stream.
    ///
    /// # Errors
    /// A [`TlsError`] if the handshake fails, or if the stream fails, even with `TimedOut` or
    /// `WouldBlock`.
    pub fn connect<S: Read + Write>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, TlsError> {
        match self.handshake(host, stream)?.advance()? {
            Progress::Done(stream) => Ok(stream),
            Progress::Waiting(_) => Err(TlsError::timed_out()),
        }
    }

    /// Begins a handshake.
    pub(crate) fn handshake<S: Read + Write>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsHandshake<S>, TlsError> {
        TlsHandshake::new(self, self.name(host), stream)
    }

    /// Returns the name to ask for, which the certificate of this host has to hold.
    fn name<'a>(&'a self, host: &'a str) -> &'a str {
        self.name
            .as_deref()
            .unwrap_or(crate::url::without_zone(host))
    }

    /// Returns what it means that the broker closed the connection before it had said anything.
    pub(crate) fn closed(&self) -> TlsError {
        let kind = if self.has_identity() {
            TlsErrorKind::ClosedDespiteCertificate
        } else {
            TlsErrorKind::ClosedWithoutCertificate
        };
        TlsError::new(kind, "end of file")
    }

    /// Checks that the key belongs to the certificate, which shows only when they are used.
    fn check_identity(&self) -> Result<(), TlsError> {
        match self.backend {
            #[cfg(feature = "native-tls")]
            TlsBackend::Native => native::connector(self).map(|_| ()).map_err(mismatch),
            #[cfg(feature = "rustls")]
            TlsBackend::Rustls => rustls::config(self).map(|_| ()).map_err(mismatch),
        }
    }
}

fn mismatch(why: impl fmt::Display) -> TlsError {
    TlsError::Setting(format!(
        "the private key does not belong to the client certificate ({why})"
    ))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("backend", &self.backend)
            .field("roots", &self.roots.len())
            .field("identity", &self.identity.as_ref().map(|_| "***"))
            .field("name", &self.name)
            .field("alpn", &self.alpn)
            .field("trusts_anyone", &self.trusts_anyone)
            .finish()
    }
}
