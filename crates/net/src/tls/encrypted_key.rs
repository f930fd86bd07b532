//! Encrypted private keys: opened with their password, or named for what they are.
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, ObjectIdentifier, SecretDocument,
    der::{Decode, Reader, SliceReader, asn1::OctetStringRef},
    pkcs5,
};

const ANEW: &str = "write it anew with `openssl pkcs8 -topk8 -in OLD -out NEW`";
/// The way out for what OpenSSL reads only with its old algorithms.
const LEGACY: &str = ", with OpenSSL 3 `-provider default -provider legacy`, too";

/// Algorithms that are not read, by their object identifiers and the names that OpenSSL has for
/// them.
const NAMES: [(&str, &str); 12] = [
    ("1.2.840.113549.1.5.1", "PBES1 (PBE-MD2-DES)"),
    ("1.2.840.113549.1.5.3", "PBES1 (PBE-MD5-DES)"),
    ("1.2.840.113549.1.5.4", "PBES1 (PBE-MD2-RC2-64)"),
    ("1.2.840.113549.1.5.6", "PBES1 (PBE-MD5-RC2-64)"),
    ("1.2.840.113549.1.5.10", "PBES1 (PBE-SHA1-DES)"),
    ("1.2.840.113549.1.5.11", "PBES1 (PBE-SHA1-RC2-64)"),
    ("1.2.840.113549.1.12.1.1", "PKCS#12 (PBE-SHA1-RC4-128)"),
    ("1.2.840.113549.1.12.1.2", "PKCS#12 (PBE-SHA1-RC4-40)"),
    ("1.2.840.113549.1.12.1.3", "PKCS#12 (PBE-SHA1-3DES)"),
    ("1.2.840.113549.1.12.1.4", "PKCS#12 (PBE-SHA1-2DES)"),
    ("1.2.840.113549.1.12.1.5", "PKCS#12 (PBE-SHA1-RC2-128)"),
    ("1.2.840.113549.1.12.1.6", "PKCS#12 (PBE-SHA1-RC2-40)"),
];

/// Algorithms of PBES2 that are not read.
const PBES2_NAMES: [(&str, &str); 2] = [("1.3.14.3.2.7", "DES"), ("1.2.840.113549.3.2", "RC2")];

/// Returns the algorithm of an EncryptedPrivateKeyInfo (RFC 5958), by whatever algorithm it is
/// encrypted; `None` if this is something else.
pub fn algorithm(der: &[u8]) -> Option<AlgorithmIdentifierRef<'_>> {
    let mut algorithm = None;
    let read = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|fields| {
            algorithm = Some(AlgorithmIdentifierRef::decode(fields)?);
            <&OctetStringRef>::decode(fields)
        })
    });
    read.ok().and(algorithm)
}

/// Opens a key that is encrypted by this algorithm.
///
/// # Errors
/// The password is missing or wrong, or the algorithm is not read: its name, and the way out.
pub fn decrypt(
    der: &[u8],
    algorithm: AlgorithmIdentifierRef<'_>,
    password: Option<&str>,
) -> Result<SecretDocument, String> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der)
        .ok()
        .filter(|encrypted| encrypted.encryption_algorithm.pbes2().is_some())
        .ok_or_else(|| outdated(algorithm))?;
    let password = password.ok_or("the private key is encrypted: give its password")?;
    encrypted.decrypt(password).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { oid }
            | pkcs5::Error::AlgorithmParametersInvalid { oid },
        ) => unread(&format!("PBES2 ({})", name(oid, &PBES2_NAMES)), ""),
        // Another password may leave something that looks decrypted.
        _ => format!("the private key cannot be decrypted: check its password, or {ANEW}"),
    })
}

/// Returns that a key in the older form of PEM cannot be read, which its header `DEK-Info` is of.
pub fn outdated_pem(dek_info: Option<&str>) -> String {
    let cipher = dek_info.and_then(|value| value.split(',').next());
    let cipher = cipher.unwrap_or("no cipher");
    let is_current = cipher.starts_with("AES-") || cipher.starts_with("DES-EDE3-");
    unread(
        &format!("the older form of PEM ({cipher})"),
        if is_current { "" } else { LEGACY },
    )
}

fn outdated(algorithm: AlgorithmIdentifierRef<'_>) -> String {
    if algorithm.oid == pkcs5::pbes2::PBES2_OID {
        let cipher = cipher_of(algorithm).map(|oid| name(oid, &PBES2_NAMES));
        let cipher = cipher.unwrap_or("without a cipher".into());
        return unread(&format!("PBES2 ({cipher})"), LEGACY);
    }
    let name = name(algorithm.oid, &NAMES);
    let is_triple = name.ends_with("3DES)") || name.ends_with("2DES)");
    unread(&name, if is_triple { "" } else { LEGACY })
}

/// Returns the cipher in the parameters of PBES2, which follows the derivation of the key.
fn cipher_of(algorithm: AlgorithmIdentifierRef<'_>) -> Option<ObjectIdentifier> {
    let parameters = algorithm.parameters?.value();
    let mut reader = SliceReader::new(parameters).ok()?;
    AlgorithmIdentifierRef::decode(&mut reader).ok()?;
    let cipher = AlgorithmIdentifierRef::decode(&mut reader).ok()?;
    Some(cipher.oid)
}

fn unread(name: &str, more: &str) -> String {
    format!("this key is encrypted by {name}, which is outdated or rare: {ANEW}{more}")
}

fn name(oid: ObjectIdentifier, names: &[(&str, &str)]) -> String {
    let oid = oid.to_string();
    let known = names.iter().find(|(number, _)| *number == oid);
    known.map_or(format!("the algorithm {oid}"), |(_, name)| {
        (*name).to_owned()
    })
}
