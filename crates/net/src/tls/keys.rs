//! Certificates and keys in all usual forms: DER or PEM, recognized by the content, not by the name of
//! the file.
use super::{TlsBackend, encrypted_key};
use pkcs8::{
    AlgorithmIdentifierRef, PrivateKeyInfoRef, SecretDocument,
    der::{
        Decode, Encode, Reader, SliceReader, Tag, Tagged,
        asn1::{AnyRef, OctetStringRef},
    },
};
use zeroize::Zeroizing;

/// The label of a key in PEM; some forms have a word before it.
const LABEL: &str = "PRIVATE KEY";
const IS_ARCHIVE: &str = "it is a PKCS#12 archive: give it as one, as certificate and key together";

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|part| part == b"-----BEGIN ")
}

fn sections(bytes: &[u8]) -> Result<Vec<pem::Pem>, String> {
    pem::parse_many(bytes).map_err(|error| format!("it looks like PEM, but is damaged ({error})"))
}

/// Returns all certificates in these bytes, as DER, in their order.
pub fn certificates(bytes: &[u8], backend: TlsBackend) -> Result<Vec<Vec<u8>>, String> {
    let found = if is_pem(bytes) {
        let certificates = sections(bytes)?
            .into_iter()
            .filter(|section| section.tag() == "CERTIFICATE");
        certificates.map(pem::Pem::into_contents).collect()
    } else {
        vec![bytes.to_vec()]
    };
    if found.is_empty() {
        return Err("it holds no certificate: look for -----BEGIN CERTIFICATE----- in it".into());
    }
    let check = match backend {
        #[cfg(feature = "native-tls")]
        TlsBackend::Native => super::native::check_certificate,
        #[cfg(feature = "rustls")]
        TlsBackend::Rustls => super::rustls::check_certificate,
    };
    if found.iter().any(|der| is_pkcs12(der)) {
        return Err(IS_ARCHIVE.into());
    }
    match found.iter().find_map(|der| check(der).err()) {
        Some(error) => Err(format!(
            "it is no certificate, neither PEM nor DER ({error})"
        )),
        None => Ok(found),
    }
}

/// Returns the first private key in these bytes as PKCS#8: from PKCS#1 (RSA), SEC1 (elliptic curves)
/// or PKCS#8, encrypted or not.
pub fn private_key(bytes: &[u8], password: Option<&str>) -> Result<SecretDocument, String> {
    if !is_pem(bytes) {
        return wrapped(bytes, password);
    }
    for section in sections(bytes)? {
        let is_key = section.tag().ends_with(LABEL);
        if is_key && section.headers().get("Proc-Type").is_some() {
            return Err(encrypted_key::outdated_pem(
                section.headers().get("DEK-Info"),
            ));
        }
        let contents = Zeroizing::new(section.into_contents());
        if is_key {
            return wrapped(&contents, password);
        }
    }
    Err("it holds no private key: look for PRIVATE KEY----- in it".into())
}

/// Returns whether this key, in PKCS#8, can belong to the certificate at all. OpenSSL notices a
/// mismatch only where both are of one kind.
pub fn are_of_one_kind(certificate: &[u8], key: &SecretDocument) -> bool {
    let Ok(certificate) = x509_cert::Certificate::from_der(certificate) else {
        return true;
    };
    let Ok(key) = PrivateKeyInfoRef::try_from(key.as_bytes()) else {
        return true;
    };
    let is_curve = certificate
        .tbs_certificate()
        .subject_public_key_info()
        .algorithm
        .oid
        == sec1::ALGORITHM_OID;
    is_curve == (key.algorithm.oid == sec1::ALGORITHM_OID)
}

fn wrapped(der: &[u8], password: Option<&str>) -> Result<SecretDocument, String> {
    if PrivateKeyInfoRef::try_from(der).is_ok() {
        return usable(SecretDocument::try_from(der));
    }
    if let Some(algorithm) = encrypted_key::algorithm(der) {
        return encrypted_key::decrypt(der, algorithm, password);
    }
    if is_pkcs12(der) {
        return Err(IS_ARCHIVE.into());
    }
    let algorithm = if pkcs1::RsaPrivateKeyRef::try_from(der).is_ok() {
        pkcs1::ALGORITHM_ID
    } else if let Ok(key) = sec1::EcPrivateKey::try_from(der) {
        let curve = key
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.named_curve());
        let curve = curve
            .as_ref()
            .ok_or("the private key does not say on which curve it is: convert it to PKCS#8")?;
        let algorithm = AlgorithmIdentifierRef {
            oid: sec1::ALGORITHM_OID,
            parameters: Some(curve.into()),
        };
        return pkcs8(algorithm, der);
    } else {
        return Err("it is no private key as PKCS#8, PKCS#1 or SEC1, neither PEM nor DER".into());
    };
    pkcs8(algorithm, der)
}

/// Returns whether this is a PKCS#12 archive: a sequence of version 3 and another sequence.
fn is_pkcs12(der: &[u8]) -> bool {
    let read = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|fields| {
            let version = u8::decode(fields)?;
            let is_sequence = AnyRef::decode(fields)?.tag() == Tag::Sequence;
            while !fields.is_finished() {
                AnyRef::decode(fields)?;
            }
            Ok::<_, pkcs8::der::Error>(version == 3 && is_sequence)
        })
    });
    read.unwrap_or(false)
}

fn pkcs8(algorithm: AlgorithmIdentifierRef<'_>, der: &[u8]) -> Result<SecretDocument, String> {
    let key = OctetStringRef::new(der).map_err(|error| error.to_string())?;
    let info = PrivateKeyInfoRef::new(algorithm, key);
    let document = info
        .to_der()
        .map(Zeroizing::new)
        .map_err(|error| error.to_string())?;
    usable(SecretDocument::try_from(document.as_slice()))
}

fn usable(document: Result<SecretDocument, pkcs8::der::Error>) -> Result<SecretDocument, String> {
    document.map_err(|error| format!("the private key cannot be used ({error})"))
}
