//! Files of certificates and keys.
use motemq_net::Tls;

const CERTIFICATE: &[u8] = include_bytes!("keys/certificate.pem");
/// Belongs to it; nobody uses either.
const KEY: &[u8] = include_bytes!("keys/key.pem");

/// Takes any bytes for a file of the kind that the first byte says: certificates of a CA, a private
/// key, a client's certificates. Reading it never panics; what is wrong with it is said; and text
/// before the first section of PEM makes no difference.
///
/// No password is given: who writes a key file says in it how long its decryption takes.
pub fn keys(data: &[u8]) {
    let Some((&kind, file)) = data.split_first() else {
        return;
    };
    let read = |file: &[u8]| match kind % 3 {
        0 => Tls::new().ca(file),
        1 => Tls::new().identity(CERTIFICATE, file, None),
        _ => Tls::new().identity(file, KEY, None),
    };
    let outcome = read(file);
    match &outcome {
        Ok(tls) => assert_eq!(tls.has_identity(), kind % 3 != 0),
        Err(why) => assert!(!why.to_string().trim().is_empty()),
    }
    if file.starts_with(b"-----BEGIN ") {
        assert_eq!(
            read(&[b"Bag Attributes\n", file].concat()).is_ok(),
            outcome.is_ok()
        );
    }
}
