//! Certificates and keys as people have them: DER or PEM, told by the content, whatever the file is
//! called.
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    SecretDocument,
    der::{Decode, Encode, Reader, SliceReader, asn1::OctetStringRef},
};
use zeroize::Zeroizing;

/// What the platforms' TLS takes, all of them.
const LABEL: &str = "PRIVATE KEY";
const OUTDATED: &str = "this key is encrypted in an outdated or rare way: write it anew with `openssl pkcs8 -topk8 -in OLD -out NEW`";

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|part| part == b"-----BEGIN ")
}

fn sections(bytes: &[u8]) -> Result<Vec<pem::Pem>, String> {
    pem::parse_many(bytes).map_err(|error| format!("it looks like PEM, but is damaged ({error})"))
}

/// All certificates in it, as DER, in their order.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
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
    match found
        .iter()
        .find_map(|der| native_tls::Certificate::from_der(der).err())
    {
        Some(error) => Err(format!(
            "it is no certificate, neither PEM nor DER ({error})"
        )),
        None => Ok(found),
    }
}

/// The certificates as PEM text, one behind the other.
pub fn chain(certificates: Vec<Vec<u8>>) -> String {
    let sections: Vec<_> = certificates
        .into_iter()
        .map(|der| pem::Pem::new("CERTIFICATE", der))
        .collect();
    pem::encode_many(&sections)
}

/// The first private key in it, as PKCS#8 in PEM: from PKCS#1 (RSA), SEC1 (elliptic curves) or
/// PKCS#8, encrypted or not.
pub fn private_key(bytes: &[u8], password: Option<&str>) -> Result<Zeroizing<String>, String> {
    if !is_pem(bytes) {
        return wrapped(bytes, password);
    }
    for section in sections(bytes)? {
        // Only "PRIVATE KEY", and this with a kind before it.
        let is_key = section.tag().ends_with(LABEL);
        let old_encryption = section.headers().get("Proc-Type").is_some();
        let contents = Zeroizing::new(section.into_contents());
        if is_key && old_encryption {
            return Err(OUTDATED.into());
        }
        if is_key {
            return wrapped(&contents, password);
        }
    }
    Err("it holds no private key: look for PRIVATE KEY----- in it".into())
}

/// Whether this key, in PEM, can belong to the certificate at all. OpenSSL notices only where both
/// are of one kind.
pub fn same_kind(certificate: &[u8], key: &str) -> bool {
    let Ok(certificate) = x509_cert::Certificate::from_der(certificate) else {
        return true;
    };
    let Ok((_, key)) = SecretDocument::from_pem(key) else {
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

fn wrapped(der: &[u8], password: Option<&str>) -> Result<Zeroizing<String>, String> {
    if PrivateKeyInfoRef::try_from(der).is_ok() {
        return to_pem(SecretDocument::try_from(der));
    }
    if is_encrypted(der) {
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(der)
            .ok()
            .filter(|encrypted| encrypted.encryption_algorithm.pbes2().is_some())
            .ok_or(OUTDATED)?;
        let password = password.ok_or("the private key is encrypted: give its password")?;
        return match encrypted.decrypt(password) {
            Ok(document) => to_pem(Ok(document)),
            Err(pkcs8::Error::EncryptedPrivateKey(_)) => Err(
                "the private key cannot be decrypted: check its password, or write it anew with `openssl pkcs8 -topk8 -in OLD -out NEW`"
                    .into(),
            ),
            Err(error) => Err(format!("the private key cannot be decrypted ({error}): check its password")),
        };
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

/// Whether this is EncryptedPrivateKeyInfo (RFC 5958), by whatever algorithm: old versions of
/// OpenSSL and Java write PBES1, and those of PKCS#12.
fn is_encrypted(der: &[u8]) -> bool {
    let read = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|fields| {
            AlgorithmIdentifierRef::decode(fields)?;
            <&OctetStringRef>::decode(fields)
        })
    });
    read.is_ok()
}

fn pkcs8(algorithm: AlgorithmIdentifierRef<'_>, der: &[u8]) -> Result<Zeroizing<String>, String> {
    let key = OctetStringRef::new(der).map_err(|error| error.to_string())?;
    let info = PrivateKeyInfoRef::new(algorithm, key);
    let document = info
        .to_der()
        .map(Zeroizing::new)
        .map_err(|error| error.to_string())?;
    to_pem(SecretDocument::try_from(document.as_slice()))
}

fn to_pem(
    document: Result<SecretDocument, pkcs8::der::Error>,
) -> Result<Zeroizing<String>, String> {
    document
        .and_then(|document| document.to_pem(LABEL, LineEnding::LF))
        .map_err(|error| format!("the private key cannot be used ({error})"))
}
