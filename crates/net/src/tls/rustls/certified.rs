//! A client certificate with its key.
use super::verifier::{is_version_1, parse};
use rustls::{
    Error, InconsistentKeys,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};
use x509_cert::der::Encode;

/// Returns a client certificate with its key, if they belong together. rustls does not read
/// certificates of X.509 version 1, which a broker may take.
pub fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Error> {
    let key = provider.key_provider.load_private_key(key)?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InvalidCertificate(_)) if is_version_1(certified.end_entity_cert()?) => {
            match has_the_key(&certified) {
                Some(false) => Err(InconsistentKeys::KeyMismatch.into()),
                _ => Ok(certified),
            }
        }
        Err(error) => Err(error),
    }
}

/// Returns whether the key of the certificate is that beside it, if both can be read.
fn has_the_key(certified: &CertifiedKey) -> Option<bool> {
    let certificate = parse(certified.end_entity_cert().ok()?)?;
    let inner = certificate.tbs_certificate();
    let public = inner.subject_public_key_info().to_der().ok()?;
    Some(public == certified.key.public_key()?.as_ref())
}
