//! Which certificates of a broker are accepted, and why others are not.
use crate::TlsErrorKind;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use std::sync::Arc;
use x509_cert::{Certificate, certificate::Version, der::Decode, ext::pkix::SubjectAltName};

/// Accepts what rustls accepts, and a certificate that was given as a CA itself, as other libraries
/// do; and gives a name to what rustls does not tell apart.
#[derive(Debug)]
pub struct Verifier {
    /// `None` if nothing can be accepted, since no CA is known.
    inner: Option<Arc<WebPkiServerVerifier>>,
    given: Vec<Vec<u8>>,
    trusts_anyone: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The reason why a certificate is not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub struct Refusal(pub TlsErrorKind);

impl Verifier {
    pub fn new(
        roots: &RootCertStore,
        given: &[Vec<u8>],
        trusts_anyone: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        let roots = Arc::new(roots.clone());
        Verifier {
            inner: WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
                .build()
                .ok(),
            given: given.to_vec(),
            trusts_anyone,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// Returns whether this is a certificate that is accepted, since all are, and whose key rustls does
    /// not read. Whoever sits in between could show a certificate of his own as well.
    fn is_unread(&self, certificate: &CertificateDer<'_>) -> bool {
        self.trusts_anyone && is_version_1(certificate)
    }

    /// Accepts a certificate that was given itself, if name and dates are right.
    fn verify_given(
        der: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_name(&ParsedCertificate::try_from(der)?, name)?;
        let certificate = parse(der).ok_or(CertificateError::BadEncoding)?;
        let validity = certificate.tbs_certificate().validity();
        let now = now.as_secs();
        if now > validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired.into());
        }
        if now < validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet.into());
        }
        Ok(ServerCertVerified::assertion())
    }
}

/// Reads a certificate.
pub fn parse(der: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(der).ok()
}

/// Returns whether this is a certificate of X.509 version 1, which has no extensions. webpki does not
/// read it.
pub fn is_version_1(der: &CertificateDer<'_>) -> bool {
    parse(der).is_some_and(|read| read.tbs_certificate().version() == Version::V1)
}

/// Tells apart what is one error to rustls.
fn explained(error: Error, der: &CertificateDer<'_>) -> Error {
    let Error::InvalidCertificate(reason) = &error else {
        return error;
    };
    let Some(certificate) = parse(der) else {
        return error;
    };
    let inner = certificate.tbs_certificate();
    let kind = match reason {
        _ if is_version_1(der) => TlsErrorKind::NoSubjectAltName,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            if !matches!(inner.get_extension::<SubjectAltName>(), Ok(Some(_))) =>
        {
            TlsErrorKind::NoSubjectAltName
        }
        CertificateError::UnknownIssuer if inner.issuer() == inner.subject() => {
            TlsErrorKind::SelfSigned
        }
        // A CA's certificate that a server shows as its own, without being known.
        CertificateError::Other(_) if inner.issuer() == inner.subject() => TlsErrorKind::SelfSigned,
        _ => return error,
    };
    CertificateError::Other(OtherError(Arc::new(Refusal(kind)))).into()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.trusts_anyone {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = if self.given.iter().any(|given| given == end_entity.as_ref()) {
            Self::verify_given(end_entity, server_name, now)
        } else {
            match &self.inner {
                Some(inner) => inner.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                ),
                None => Err(CertificateError::UnknownIssuer.into()),
            }
        };
        verified.map_err(|error| explained(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.is_unread(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.is_unread(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::crypto::ring;

    /// A certificate as `openssl x509 -req` makes it without extensions, for the common name
    /// `localhost`.
    const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBIjCByQIUDtAcRYXyQxX7gmu+BajHv3bsJ0MwCgYIKoZIzj0EAwIwEjEQMA4G
A1UEAwwHVGVzdCBDQTAgFw0yNjExMzAxMjEwMTRaGA8yMDUxMDcyMjEyMTAxNFow
FDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
riFEa7IzZnbWfiUFvmQkSr69dTeAa217v/hQxuNl93oEgw5wyIUaoIWRlsXcavjG
wkr2ThIB0gDxBsIXQJq1CDAKBggqhkjOPQQDAgNIADBFAiAjYBwqjEvVgEWBIlsp
8C5vZaWeuvrUaS7t9mQZ0AZjmgIhAIRSZreS4Yzby274JxEXdEBmrekoakmynPcw
J72i2sgd
-----END CERTIFICATE-----";

    #[test]
    fn certificates_of_version_1_have_no_name_that_counts() {
        let der = pem::parse(VERSION_1).unwrap().into_contents();
        let certificate = CertificateDer::from(der.as_slice());
        let name = ServerName::try_from("localhost").unwrap();
        let provider = Arc::new(ring::default_provider());
        // Also one that is trusted itself.
        for given in [vec![], vec![der.clone()]] {
            let verifier = Verifier::new(&RootCertStore::empty(), &given, false, &provider);
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
            let error = verifier.verify_server_cert(&certificate, &[], &name, &[], now);
            let kind = super::super::kind_of(&error.unwrap_err());
            assert_eq!(kind, TlsErrorKind::NoSubjectAltName);
        }
    }
}
