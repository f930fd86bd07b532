//! The facts that a broker shows of itself in the handshake.
use super::distinguished_name::text_of;
use std::time::SystemTime;
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// The data that a broker has sent about itself in the TLS handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The broker's certificate, or `None` if it cannot be parsed.
    pub certificate: Option<CertificateInfo>,
    /// The application protocol that the broker has selected by ALPN, if any.
    pub alpn: Option<String>,
}

/// The main fields of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// The distinguished name of the owner of the certificate.
    pub subject: String,
    /// The distinguished name of the CA that has signed the certificate.
    pub issuer: String,
    /// The host names and addresses for which the certificate is valid.
    pub names: Vec<String>,
    /// The time from which the certificate is valid.
    pub from: SystemTime,
    /// The time until which the certificate is valid.
    pub until: SystemTime,
}

/// Returns it from the certificate in DER, and the chosen protocol.
pub fn of(certificate: Option<&[u8]>, alpn: Option<&[u8]>) -> PeerInfo {
    PeerInfo {
        certificate: certificate.and_then(certificate_info),
        alpn: alpn.map(|name| String::from_utf8_lossy(name).into_owned()),
    }
}

fn certificate_info(der: &[u8]) -> Option<CertificateInfo> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let inner = certificate.tbs_certificate();
    let names = match inner.get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
        _ => Vec::new(),
    };
    Some(CertificateInfo {
        subject: text_of(inner.subject()),
        issuer: text_of(inner.issuer()),
        names,
        from: inner.validity().not_before.to_system_time(),
        until: inner.validity().not_after.to_system_time(),
    })
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(address) => match address.as_bytes() {
            &[a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            long => <[u8; 16]>::try_from(long)
                .ok()
                .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    }
}
