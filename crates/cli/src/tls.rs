//! Options of TLS.
use clap::Args;
use motemq_net::{Tls, TlsError};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct TlsArgs {
    /// Speak TLS; the port is 8883 unless -p says otherwise. Each of the following means --tls,
    /// too
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

    /// Password of the private key or of the archive; other users of this machine may see it in
    /// the list of processes
    #[arg(long, value_name = "PASSWORD", allow_hyphen_values = true)]
    key_pass: Option<String>,

    /// Offer application protocol NAME, for example x-amzn-mqtt-ca; as often as wished
    #[arg(long, visible_alias = "tls-alpn", value_name = "NAME", value_parser = protocol_name)]
    alpn: Vec<String>,

    /// Ask for host NAME, and expect it in the broker's certificate, instead of the name connected
    /// to
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    sni: Option<String>,

    /// Take any certificate of anybody: for a first look, never for work
    #[arg(long)]
    pub insecure: bool,
}

/// Reads the name of an application protocol [RFC 7301, 3.1].
fn protocol_name(text: &str) -> Result<String, &'static str> {
    match text.len() {
        1..=255 => Ok(text.into()),
        _ => Err("the name of a protocol has 1 to 255 bytes"),
    }
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
            || self.sni.is_some()
            || !self.alpn.is_empty()
            || files.iter().any(|file| file.is_some())
    }

    /// Reads the files.
    pub fn read(&self) -> Result<Tls, TlsError> {
        let mut tls = Tls::new().alpn(&self.alpn);
        if let Some(file) = &self.cafile {
            tls = tls.ca_file(file)?;
        }
        if let Some(directory) = &self.capath {
            tls = tls.ca_dir(directory)?;
        }
        if let Some(cert) = &self.cert {
            tls = tls.identity_files(
                cert,
                self.key.as_ref().unwrap_or(cert),
                self.key_pass.as_deref(),
            )?;
        }
        if let Some(archive) = &self.p12 {
            tls = tls.pkcs12_file(archive, self.key_pass.as_deref().unwrap_or_default())?;
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
