//! Options of TLS.
use clap::Args;
use motemq_net::{Tls, TlsError, TlsVersion};
use std::{convert::Infallible, path::PathBuf};

#[derive(Args, Debug, Default)]
pub struct TlsArgs {
    /// Speak TLS; the port is 8883 unless -p says otherwise. Each of the following, to --insecure,
    /// means --tls, too
    #[arg(long, visible_alias = "tls-use-os-certs")]
    tls: bool,

    /// Trust the CA certificates in FILE, instead of those of the system
    #[arg(long, value_name = "FILE")]
    cafile: Option<PathBuf>,

    /// Trust the CA certificates in the files of DIR, instead of those of the system
    #[arg(long, value_name = "DIR")]
    capath: Option<PathBuf>,

    /// Client certificate, with those between it and its CA; all files may be PEM or DER
    #[arg(long, value_name = "FILE", conflicts_with = "p12")]
    cert: Option<PathBuf>,

    /// Private key of the client certificate (in the file of --cert if not given)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Client certificate and private key in a PKCS#12 archive
    #[arg(long, value_name = "FILE")]
    p12: Option<PathBuf>,

    /// Password of the private key or of the archive; - asks for it on the terminal. Other users of
    /// this machine may see it in the list of processes: use - or the variable MOTEMQ_KEY_PASS
    #[arg(long, value_name = "PASSWORD", allow_hyphen_values = true)]
    key_pass: Option<String>,

    /// Offer application protocol NAME, for example x-amzn-mqtt-ca; as often as wished
    #[arg(long, visible_alias = "tls-alpn", value_name = "NAME", value_parser = protocol_name)]
    alpn: Vec<String>,

    /// Ask for host NAME, and expect it in the broker's certificate, instead of the name connected
    /// to
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    sni: Option<String>,

    /// Speak this version of TLS or a newer one: tlsv1.2 or tlsv1.3 [default: tlsv1.2]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    tls_version: Option<TlsVersion>,

    /// Take any certificate of anybody: for a first look, never for work
    #[arg(long)]
    pub insecure: bool,

    #[command(flatten)]
    refused: RefusedArgs,
}

/// Options of mosquitto's tools that are refused with the reason.
#[derive(Args, Debug, Default)]
struct RefusedArgs {
    #[arg(long, hide = true, value_parser = ciphers)]
    ciphers: Option<Infallible>,

    #[arg(long, hide = true, value_parser = shared_key)]
    psk: Option<Infallible>,

    #[arg(long, hide = true, value_parser = shared_key)]
    psk_identity: Option<Infallible>,

    #[arg(long, hide = true, value_parser = engine)]
    tls_engine: Option<Infallible>,

    #[arg(long, hide = true, value_parser = engine)]
    tls_engine_kpass_sha1: Option<Infallible>,

    #[arg(long, hide = true, value_parser = engine)]
    keyform: Option<Infallible>,
}

/// Reads the name of an application protocol [RFC 7301, 3.1].
fn protocol_name(text: &str) -> Result<String, &'static str> {
    match text.len() {
        1..=255 => Ok(text.into()),
        _ => Err("the name of a protocol has 1 to 255 bytes"),
    }
}

/// Reads a version of TLS, as mosquitto's tools name it.
fn version(text: &str) -> Result<TlsVersion, &'static str> {
    match text {
        "tlsv1.2" => Ok(TlsVersion::Tls12),
        "tlsv1.3" => Ok(TlsVersion::Tls13),
        "tlsv1" | "tlsv1.0" | "tlsv1.1" => {
            Err("versions before tlsv1.2 are not secure: say tlsv1.2 or tlsv1.3")
        }
        _ => Err("say tlsv1.2 or tlsv1.3"),
    }
}

fn ciphers(_: &str) -> Result<Infallible, &'static str> {
    Err("the TLS library chooses the cipher, among those that it takes for secure: leave it out")
}

fn shared_key(_: &str) -> Result<Infallible, &'static str> {
    Err(
        "the TLS libraries of this program take no pre-shared keys: use certificates, --cafile, --cert and --key",
    )
}

fn engine(_: &str) -> Result<Infallible, &'static str> {
    Err("engines of OpenSSL are not used: keys are files, --key or --p12")
}

/// Reads the name of a host, or an address.
fn server_name(text: &str) -> Result<String, &'static str> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || "-._:".contains(char);
    if (1..=253).contains(&text.len()) && text.chars().all(is_name) {
        Ok(text.into())
    } else {
        Err("a name has 1 to 253 letters, digits, hyphens and full stops")
    }
}

impl TlsArgs {
    /// Returns whether any option of TLS is given.
    pub fn is_wanted(&self) -> bool {
        let files = [&self.cafile, &self.capath, &self.cert, &self.key, &self.p12];
        self.tls
            || self.insecure
            || self.key_pass.is_some()
            || self.tls_version.is_some()
            || self.sni.is_some()
            || !self.alpn.is_empty()
            || files.iter().any(|file| file.is_some())
    }

    /// Returns whether the user is asked for the password of the key on the terminal.
    pub fn asks_for_password(&self) -> bool {
        self.key_pass.as_deref() == Some("-")
    }

    /// Reads the files.
    pub fn read(&self) -> Result<Tls, TlsError> {
        let asked = if self.asks_for_password() {
            let asked = crate::prompt::password("Password of the key: ");
            Some(asked.map_err(|error| {
                TlsError::Unreadable(format!("the password from the terminal: {error}"))
            })?)
        } else {
            None
        };
        let password = asked.as_deref().or(self.key_pass.as_deref());
        let mut tls = Tls::new().alpn(&self.alpn);
        if let Some(version) = self.tls_version {
            tls = tls.min_version(version);
        }
        if let Some(file) = &self.cafile {
            tls = tls.ca_file(file)?;
        }
        if let Some(directory) = &self.capath {
            tls = tls.ca_dir(directory)?;
        }
        if let Some(cert) = &self.cert {
            tls = tls.identity_files(cert, self.key.as_ref().unwrap_or(cert), password)?;
        }
        if let Some(archive) = &self.p12 {
            tls = tls.pkcs12_file(archive, password.unwrap_or_default())?;
        }
        if let Some(name) = &self.sni {
            tls = tls.sni(name);
        }
        Ok(if self.insecure {
            tls.dangerously_trust_anyone()
        } else {
            tls
        })
    }
}
