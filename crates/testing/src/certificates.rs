//! Certificates for tests: a CA of one's own, and what it signs.
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Purpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// An RSA key in PEM, as PKCS#8. The whole world knows it.
pub const RSA_KEY: &str = include_str!("../keys/rsa.pem");

/// A CA that signs whatever a test wants.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its private key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate as DER.
    pub der: Vec<u8>,
    /// The certificate as PEM.
    pub pem: String,
    /// The private key, PKCS#8 as PEM.
    pub key: String,
}

impl Issued {
    /// Writes both into a directory, as `NAME.pem` and `NAME.key`.
    pub fn write(&self, directory: &Path, name: &str) -> (PathBuf, PathBuf) {
        let files = (
            directory.join(format!("{name}.pem")),
            directory.join(format!("{name}.key")),
        );
        fs::write(&files.0, &self.pem).expect("a file for a certificate");
        fs::write(&files.1, &self.key).expect("a file for a key");
        files
    }
}

impl Authority {
    /// A new CA.
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().expect("a key"));
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A CA below this one, and its certificate.
    pub fn below(&self, name: &str) -> Self {
        let (params, key) = (authority(name), KeyPair::generate().expect("a key"));
        let pem = params
            .signed_by(&key, &self.issuer)
            .expect("a certificate")
            .pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Its own certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// For a broker on this machine: `localhost` and 127.0.0.1.
    pub fn server(&self) -> Issued {
        self.server_for(&["localhost", "127.0.0.1"])
    }

    /// For a broker of these names.
    pub fn server_for(&self, names: &[&str]) -> Issued {
        self.sign(server(names), KeyPair::generate().expect("a key"))
    }

    /// For a broker on this machine, until yesteryear.
    pub fn expired_server(&self) -> Issued {
        self.sign(
            expired(server(&["localhost", "127.0.0.1"])),
            KeyPair::generate().expect("a key"),
        )
    }

    /// For a broker whose name stands in the common name only, as in old certificates.
    pub fn server_by_common_name(&self, name: &str) -> Issued {
        let mut params = server(&[]);
        params.distinguished_name.push(DnType::CommonName, name);
        self.sign(params, KeyPair::generate().expect("a key"))
    }

    /// For a client of this name.
    pub fn client(&self, name: &str) -> Issued {
        self.sign(client(name), KeyPair::generate().expect("a key"))
    }

    /// For a client of this name, until yesteryear.
    pub fn expired_client(&self, name: &str) -> Issued {
        self.sign(expired(client(name)), KeyPair::generate().expect("a key"))
    }

    /// For a client of this name, with [`RSA_KEY`].
    pub fn rsa_client(&self, name: &str) -> Issued {
        self.sign(client(name), KeyPair::from_pem(RSA_KEY).expect("a key"))
    }

    fn sign(&self, mut params: CertificateParams, key: KeyPair) -> Issued {
        params.use_authority_key_identifier_extension = true;
        issued(
            params.signed_by(&key, &self.issuer).expect("a certificate"),
            &key,
        )
    }
}

/// For a broker on this machine, signed by nobody else.
pub fn self_signed_server() -> Issued {
    let key = KeyPair::generate().expect("a key");
    issued(
        server(&["localhost", "127.0.0.1"])
            .self_signed(&key)
            .expect("a certificate"),
        &key,
    )
}

/// For a broker on this machine, signed by itself and marked as a CA, as `openssl req -x509` makes
/// it.
pub fn self_signed_ca_server() -> Issued {
    let key = KeyPair::generate().expect("a key");
    let mut params = server(&["localhost", "127.0.0.1"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    issued(params.self_signed(&key).expect("a certificate"), &key)
}

/// Until a year that the clocks of all brokers reach; rcgen's own choice, 4096, ends ejabberd.
fn dated(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = dated(CertificateParams::default());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn server(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.into()).collect();
    let mut params = dated(CertificateParams::new(names).expect("names of hosts"));
    params.distinguished_name.push(DnType::CommonName, "broker");
    params.insert_extended_key_usage(Purpose::ServerAuth);
    params
}

fn client(name: &str) -> CertificateParams {
    let mut params = dated(CertificateParams::default());
    params.distinguished_name.push(DnType::CommonName, name);
    params.insert_extended_key_usage(Purpose::ClientAuth);
    params
}

fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    params
}

fn issued(certificate: rcgen::Certificate, key: &KeyPair) -> Issued {
    Issued {
        der: certificate.der().to_vec(),
        pem: certificate.pem(),
        key: key.serialize_pem(),
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
