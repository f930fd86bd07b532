//! TLS: whom we trust, who we are, what we ask for; and what went wrong in words.
mod heard;
mod keys;
mod look;
mod objection;
mod records;

pub use heard::{Heard, Overheard};
pub use look::{Look, Shown};
pub use objection::Objection;
pub use records::Records;

use native_tls::{Certificate, HandshakeError, Identity, Protocol, TlsConnector, TlsStream};
use std::{
    fmt, fs,
    io::{self, Read as _},
    path::Path,
};
use zeroize::Zeroizing;

/// The longest file to read. The certificates of all CAs of a system have less than 1 MB.
const MAX_FILE: u64 = 16 << 20;

/// How to speak TLS: whom to trust, who we are, what to ask for.
///
/// Unless something else is said, the broker needs a certificate for the host name that we ask for,
/// signed by a CA that the system knows. TLS 1.2 and 1.3 are spoken. Files are DER or PEM, told by
/// their content. Keys and passwords are never shown.
///
/// ```
/// use motemq_net::Tls;
/// let tls = Tls::new().alpn(&["x-amzn-mqtt-ca"]).sni("abc-ats.iot.eu-central-1.amazonaws.com");
/// assert!(tls.ca(b"no certificate").is_err());
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    roots: Vec<Certificate>,
    identity: Option<Identity>,
    name: Option<String>,
    alpn: Vec<String>,
    trusts_anyone: bool,
}

/// Why TLS cannot be spoken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate, a key or another setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// One side objected to something.
    #[error("{objection} ({words})")]
    Objection {
        /// What it means.
        objection: Objection,
        /// What the platform said.
        words: String,
    },
}

impl Tls {
    /// Trusts the CAs that the system trusts, and shows no client certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these CAs and no others; called again, these as well.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if there is no certificate in it.
    pub fn ca(mut self, certificates: &[u8]) -> Result<Self, TlsError> {
        let roots = keys::certificates(certificates)
            .map_err(|why| TlsError::Setting(format!("CA certificate: {why}")))?;
        for der in roots {
            self.roots
                .push(Certificate::from_der(&der).map_err(setting)?);
        }
        Ok(self)
    }

    /// Trusts the CAs in this file and no others; called again, these as well.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if it cannot be read, or there is no certificate in it.
    pub fn ca_file(self, file: impl AsRef<Path>) -> Result<Self, TlsError> {
        self.ca(&read(file.as_ref())?)
            .map_err(|error| in_file(file.as_ref(), &error))
    }

    /// Trusts the CAs in the files of this directory that hold certificates, and no others.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting) if it cannot be read, or there is no certificate in it.
    pub fn ca_dir(mut self, directory: impl AsRef<Path>) -> Result<Self, TlsError> {
        let directory = directory.as_ref();
        let unreadable = |error: io::Error| {
            TlsError::Setting(format!("cannot read {}: {error}", directory.display()))
        };
        let before = self.roots.len();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            // Lists of revoked certificates, read-me files: what is no certificate is passed over.
            let found = if file.is_file() {
                keys::certificates(&read(&file)?).unwrap_or_default()
            } else {
                Vec::new()
            };
            self.roots.extend(
                found
                    .iter()
                    .filter_map(|der| Certificate::from_der(der).ok()),
            );
        }
        if self.roots.len() == before {
            return Err(TlsError::Setting(format!(
                "{}: no file in it holds a certificate",
                directory.display()
            )));
        }
        Ok(self)
    }

    /// Shows this client certificate: the certificate itself first, then those between it and its
    /// CA, if any. The key may be PKCS#8, PKCS#1 or SEC1; an encrypted one (PKCS#8) needs its
    /// password.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting), which says what is wrong with which of them.
    pub fn identity(
        mut self,
        certificates: &[u8],
        key: &[u8],
        password: Option<&str>,
    ) -> Result<Self, TlsError> {
        let chain = keys::certificates(certificates)
            .map_err(|why| TlsError::Setting(format!("client certificate: {why}")))?;
        let key = keys::private_key(key, password)
            .map_err(|why| TlsError::Setting(format!("private key: {why}")))?;
        if chain
            .first()
            .is_some_and(|certificate| !keys::same_kind(certificate, &key))
        {
            return Err(unfit("one is RSA, the other on a curve"));
        }
        self.identity = Some(
            Identity::from_pkcs8(keys::chain(chain).as_bytes(), key.as_bytes()).map_err(setting)?,
        );
        self.checked()
    }

    /// [`identity`](Self::identity) from files. Both may be the same file.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting), which says what is wrong with which of them.
    pub fn identity_files(
        self,
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
        password: Option<&str>,
    ) -> Result<Self, TlsError> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let tls = self.identity(&read(certificates)?, &read(key)?, password);
        tls.map_err(|error| {
            TlsError::Setting(format!(
                "{} with {}: {error}",
                certificates.display(),
                key.display()
            ))
        })
    }

    /// Shows the client certificate of a PKCS#12 archive, with its chain.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting): it is none, the password is wrong, or the platform cannot
    /// read its encryption.
    pub fn pkcs12(mut self, archive: &[u8], password: &str) -> Result<Self, TlsError> {
        let identity = Identity::from_pkcs12(archive, password).map_err(|error| {
            let advice =
                "check the password, and write it anew with `openssl pkcs12 -export` if it is old";
            TlsError::Setting(format!(
                "this PKCS#12 archive cannot be opened: {advice} ({error})"
            ))
        })?;
        self.identity = Some(identity);
        self.checked()
    }

    /// [`pkcs12`](Self::pkcs12) from a file.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting): it cannot be read, or used.
    pub fn pkcs12_file(self, file: impl AsRef<Path>, password: &str) -> Result<Self, TlsError> {
        self.pkcs12(&read(file.as_ref())?, password)
            .map_err(|error| in_file(file.as_ref(), &error))
    }

    /// Asks for this host name instead of the one connected to, by SNI, and expects it in the
    /// broker's certificate.
    pub fn sni(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Offers these application protocols by ALPN, the most wanted first; none if nothing is said.
    pub fn alpn(mut self, protocols: &[impl AsRef<str>]) -> Self {
        self.alpn = protocols
            .iter()
            .map(|protocol| protocol.as_ref().into())
            .collect();
        self
    }

    /// **Takes any certificate of anybody**: whoever stands between us and the broker can read and
    /// change everything, passwords included. For a first look at a broker, never for work.
    pub fn dangerously_trust_anyone(mut self) -> Self {
        self.trusts_anyone = true;
        self
    }

    /// Whether any application protocol is offered by ALPN.
    pub fn has_alpn(&self) -> bool {
        !self.alpn.is_empty()
    }

    /// Whether a client certificate is shown.
    pub fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// The same without a client certificate.
    pub fn without_identity(&self) -> Self {
        Tls {
            identity: None,
            ..self.clone()
        }
    }

    /// What connects by these settings, for any kind of stream.
    ///
    /// # Errors
    /// [`Setting`](TlsError::Setting): the platform does not take them.
    pub fn connector(&self) -> Result<TlsConnector, TlsError> {
        let mut builder = TlsConnector::builder();
        builder
            .min_protocol_version(Some(Protocol::Tlsv12))
            .use_sni(true);
        builder.disable_built_in_roots(!self.roots.is_empty());
        for root in &self.roots {
            builder.add_root_certificate(root.clone());
        }
        if let Some(identity) = &self.identity {
            builder.identity(identity.clone());
        }
        builder.request_alpns(&self.alpn.iter().map(String::as_str).collect::<Vec<_>>());
        builder
            .danger_accept_invalid_certs(self.trusts_anyone)
            .danger_accept_invalid_hostnames(self.trusts_anyone);
        builder.build().map_err(setting)
    }

    /// The name that the broker of this host is asked for, and that its certificate is to hold.
    pub fn name<'a>(&'a self, host: &'a str) -> &'a str {
        self.name
            .as_deref()
            .unwrap_or(crate::url::without_zone(host))
    }

    /// Shakes hands over a stream that blocks.
    ///
    /// # Errors
    /// See [`TlsError`]. A stream that says `TimedOut` or `WouldBlock` ends the handshake.
    pub fn connect<S: io::Read + io::Write>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<Overheard<S>>, TlsError> {
        let heard = Heard::default();
        let connected = self
            .connector()?
            .connect(self.name(host), Overheard::new(stream, heard.clone()));
        let mut stream = connected.map_err(|error| match error {
            HandshakeError::Failure(error) => self.failed(&error, &heard),
            HandshakeError::WouldBlock(_) => {
                TlsError::objection(Objection::Silence, "it would block")
            }
        })?;
        stream.get_mut().listen_no_more();
        Ok(stream)
    }

    /// What a failed handshake means, of which this was heard.
    pub fn failed(&self, error: &native_tls::Error, heard: &Heard) -> TlsError {
        match TlsError::of(error) {
            TlsError::Objection { objection, words } if !self.has_identity() => {
                TlsError::objection(
                    objection.without_identity(heard.asks_for_certificate()),
                    words,
                )
            }
            other => other,
        }
    }

    /// Why the broker closed the connection before it had said anything.
    pub fn closed(&self) -> TlsError {
        let objection = if self.has_identity() {
            Objection::ClosedDespiteCertificate
        } else {
            Objection::ClosedWithoutCertificate
        };
        TlsError::objection(objection, "end of file")
    }

    /// That the key belongs to the certificate is seen only when they are used.
    fn checked(self) -> Result<Self, TlsError> {
        match self.connector() {
            Ok(_) => Ok(self),
            Err(error) => Err(unfit(error)),
        }
    }
}

impl TlsError {
    /// What the words for a failed handshake mean.
    fn of(error: &native_tls::Error) -> Self {
        let words = objection::words_of(error);
        let objection =
            objection::of_transport(error).unwrap_or_else(|| Objection::of_words(&words));
        Self::objection(objection, words)
    }

    /// Returns what a failed read or write means: with TLS 1.3 the broker's objections to our
    /// certificate, or to its absence (no `has_identity`), come behind the handshake.
    pub fn of_io(error: &io::Error, has_identity: bool) -> Option<Self> {
        let words = objection::words_of(error.get_ref()?);
        match Objection::of_words(&words) {
            Objection::Other => None,
            // The handshake is behind us: a cipher and all else was agreed upon.
            objection if !has_identity => {
                Some(Self::objection(objection.without_identity(true), words))
            }
            objection => Some(Self::objection(objection, words)),
        }
    }

    /// Returns the same error with what it [means](Self::of_io).
    pub fn explained(error: io::Error, has_identity: bool) -> io::Error {
        match Self::of_io(&error, has_identity) {
            Some(said) => io::Error::new(error.kind(), said),
            None => error,
        }
    }

    /// Whether a read ended because the other side closed the socket without a word of TLS. Brokers
    /// that end do so, and some that hang up; MQTT knows where its packets end.
    pub fn is_bare_end(error: &io::Error) -> bool {
        let hung_up = || {
            matches!(
                Self::of_io(error, true),
                Some(TlsError::Objection {
                    objection: Objection::HungUp,
                    ..
                })
            )
        };
        error.kind() == io::ErrorKind::UnexpectedEof || hung_up()
    }

    fn objection(objection: Objection, words: impl Into<String>) -> Self {
        TlsError::Objection {
            objection,
            words: words.into(),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("own_roots", &self.roots.len())
            .field("identity", &self.identity.as_ref().map(|_| "***"))
            .field("name", &self.name)
            .field("alpn", &self.alpn)
            .field("trusts_anyone", &self.trusts_anyone)
            .finish()
    }
}

fn setting(error: native_tls::Error) -> TlsError {
    TlsError::Setting(error.to_string())
}

fn unfit(why: impl fmt::Display) -> TlsError {
    TlsError::Setting(format!(
        "the private key does not belong to the client certificate ({why})"
    ))
}

/// Reads a file of certificates, or a key.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |error: &dyn fmt::Display| {
        TlsError::Setting(format!("cannot read {}: {error}", file.display()))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(file)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(failed(&format_args!(
            "it is longer than {MAX_FILE} bytes, and so holds no certificates and no key"
        )));
    }
    Ok(bytes)
}

fn in_file(file: &Path, error: &TlsError) -> TlsError {
    TlsError::Setting(format!("{}: {error}", file.display()))
}
