//! A look at who answers, whether we trust it or not.
use super::{Tls, TlsError};
use std::{
    io::{Read, Write},
    time::SystemTime,
};
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// What a broker shows of itself in the handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Look {
    /// Its certificate; `None` if it cannot be read.
    pub certificate: Option<Shown>,
    /// The application protocol that it has chosen by ALPN.
    pub alpn: Option<String>,
}

/// What stands in a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Shown {
    /// Whose it is.
    pub subject: String,
    /// Who has signed it.
    pub issuer: String,
    /// Host names and addresses that it is for.
    pub names: Vec<String>,
    /// From when on it is valid.
    pub from: SystemTime,
    /// Until when it is valid.
    pub until: SystemTime,
}

impl Tls {
    /// Shakes hands as [`connect`](Self::connect) does, and says who is there. With `trusting`,
    /// whoever it is: for the sake of a diagnosis.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn look<S: Read + Write>(
        &self,
        host: &str,
        trusting: bool,
        stream: S,
    ) -> Result<Look, TlsError> {
        let tls = if trusting {
            self.clone().dangerously_trust_anyone()
        } else {
            self.clone()
        };
        let stream = tls.connect(host, stream)?;
        let der = stream
            .peer_certificate()
            .ok()
            .flatten()
            .and_then(|certificate| certificate.to_der().ok());
        let alpn = stream
            .negotiated_alpn()
            .ok()
            .flatten()
            .map(|name| String::from_utf8_lossy(&name).into_owned());
        Ok(Look {
            certificate: der.and_then(|der| shown(&der)),
            alpn,
        })
    }
}

fn shown(der: &[u8]) -> Option<Shown> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let inner = certificate.tbs_certificate();
    let names = match inner.get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
        _ => Vec::new(),
    };
    Some(Shown {
        subject: inner.subject().to_string(),
        issuer: inner.issuer().to_string(),
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
