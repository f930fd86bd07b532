//! Certificates and keys in every form that people have them in.
#![cfg(feature = "_tls")]

use motemq_net::{Tls, TlsError};
use motemq_testing::certificates::{Authority, Issued, RSA_KEY};
use pkcs8::{Document, LineEnding, PrivateKeyInfoRef, der::Encode};

/// The certificate fits the key, whatever form that has.
#[track_caller]
fn fits(certificate: &Issued, key: &[u8], password: Option<&str>) {
    for form in [certificate.pem.as_bytes(), &certificate.der] {
        assert!(
            Tls::new()
                .identity(form, key, password)
                .unwrap()
                .has_identity()
        );
    }
}

#[track_caller]
fn fails(certificate: &[u8], key: &[u8], password: Option<&str>, words: &str) {
    let error = Tls::new().identity(certificate, key, password).unwrap_err();
    assert!(
        matches!(error, TlsError::Setting(_)) && error.to_string().contains(words),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn der(pem: &str) -> Vec<u8> {
    Document::from_pem(pem).unwrap().1.into_vec()
}

fn pem(label: &'static str, der: &[u8]) -> String {
    Document::try_from(der)
        .unwrap()
        .to_pem(label, LineEnding::CRLF)
        .unwrap()
}

#[test]
fn keys_of_rsa() {
    let client = Authority::new("CA").rsa_client("node");
    let pkcs8 = der(RSA_KEY);
    let pkcs1 = PrivateKeyInfoRef::try_from(pkcs8.as_slice())
        .unwrap()
        .private_key
        .as_bytes();
    fits(&client, RSA_KEY.as_bytes(), None);
    fits(&client, &pkcs8, None);
    fits(&client, pkcs1, None);
    fits(&client, pem("RSA PRIVATE KEY", pkcs1).as_bytes(), None);
}

#[test]
fn keys_on_curves() {
    let client = Authority::new("CA").client("node");
    let pkcs8 = der(&client.key);
    let info = PrivateKeyInfoRef::try_from(pkcs8.as_slice()).unwrap();
    let mut key = sec1::EcPrivateKey::try_from(info.private_key.as_bytes()).unwrap();
    let nameless = key.to_der().unwrap();
    key.parameters = Some(sec1::EcParameters::NamedCurve(
        info.algorithm.parameters_oid().unwrap(),
    ));
    let sec1 = key.to_der().unwrap();
    fits(&client, &pkcs8, None);
    fits(&client, &sec1, None);
    let text = pem("EC PRIVATE KEY", &sec1);
    fits(&client, text.as_bytes(), None);
    // As openssl writes it, with the curve before it.
    fits(
        &client,
        format!(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{text}"
        )
        .as_bytes(),
        None,
    );
    fails(&client.der, &nameless, None, "on which curve");
}

#[test]
fn text_around_them_does_not_matter() {
    let client = Authority::new("CA").client("node");
    let bag = format!(
        "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n{}\n{}",
        client.key, client.pem
    );
    let certificate = format!("subject=CN = node\n{}", client.pem);
    Tls::new()
        .identity(certificate.as_bytes(), bag.as_bytes(), None)
        .unwrap();
}

#[test]
fn encrypted_keys_need_their_password() {
    let client = Authority::new("CA").client("node");
    let pkcs8 = der(&client.key);
    let info = PrivateKeyInfoRef::try_from(pkcs8.as_slice()).unwrap();
    let parameters = pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
        2048,
        b"salt salt",
        [7; 16],
    )
    .unwrap();
    let encrypted = info.encrypt_with_params(parameters, "secret").unwrap();
    let text = encrypted
        .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
        .unwrap();
    fits(&client, encrypted.as_bytes(), Some("secret"));
    fits(&client, text.as_bytes(), Some("secret"));
    fails(&client.der, text.as_bytes(), None, "give its password");
    fails(
        &client.der,
        text.as_bytes(),
        Some("secret?"),
        "check its password",
    );
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    fails(
        &client.der,
        old.as_bytes(),
        Some("secret"),
        "openssl pkcs8 -topk8",
    );
}

/// As OpenSSL before 1.1 and Java wrote them, and by a cipher that nobody has.
#[test]
fn outdated_encryption_is_told() {
    let client = Authority::new("CA").client("node");
    let algorithms: [&[u8]; 3] = [
        // PBE-SHA1-3DES of PKCS#12, with salt and iterations.
        b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03\x30\x0e\x04\x08saltsalt\x02\x02\x08\0",
        // PBE-MD5-DES of PBES1.
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03\x30\x0e\x04\x08saltsalt\x02\x02\x08\0",
        // PBES2 without parameters that anybody knows.
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\0",
    ];
    for algorithm in algorithms {
        let mut der = vec![
            0x30,
            (algorithm.len() + 12) as u8,
            0x30,
            algorithm.len() as u8,
        ];
        der.extend_from_slice(algorithm);
        der.extend_from_slice(b"\x04\x0812345678");
        let text = pem("ENCRYPTED PRIVATE KEY", &der);
        for form in [text.as_bytes(), &der] {
            fails(&client.der, form, Some("secret"), "openssl pkcs8 -topk8");
            fails(&client.der, form, None, "outdated");
        }
    }
}

#[cfg(unix)]
#[test]
fn files_without_an_end_are_not_read_to_it() {
    let file = "/dev/zero";
    let error = Tls::new().ca_file(file).unwrap_err().to_string();
    assert!(
        error.contains("longer than") && error.contains(file),
        "{error}"
    );
    let error = Tls::new().identity_files(file, file, None).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
    assert!(Tls::new().pkcs12_file(file, "secret").is_err());
}

#[test]
fn what_does_not_fit_is_told() {
    let authority = Authority::new("CA");
    let client = authority.client("node");
    fails(
        &client.der,
        authority.client("other").key.as_bytes(),
        None,
        "does not belong",
    );
    fails(&client.der, RSA_KEY.as_bytes(), None, "does not belong");
    fails(
        client.key.as_bytes(),
        client.key.as_bytes(),
        None,
        "client certificate: it holds no certificate",
    );
    fails(
        b"nothing",
        client.key.as_bytes(),
        None,
        "client certificate: it is no certificate",
    );
    fails(
        &client.der,
        client.pem.as_bytes(),
        None,
        "private key: it holds no private key",
    );
    fails(
        &client.der,
        b"nothing",
        None,
        "private key: it is no private key",
    );
    fails(
        &client.der,
        b"-----BEGIN PRIVATE KEY-----\n???\n-----END PRIVATE KEY-----\n",
        None,
        "damaged",
    );
    let error = Tls::new()
        .pkcs12(b"nothing", "secret")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("PKCS#12") && !error.contains("secret"),
        "{error}"
    );
    assert!(Tls::new().ca(client.key.as_bytes()).is_err());
}

// Elsewhere there is nothing to make one with.
#[cfg(target_os = "linux")]
#[test]
fn archives_of_pkcs12() {
    use openssl::{pkcs12::Pkcs12, pkey::PKey, x509::X509};
    let client = Authority::new("CA").client("node");
    let (key, certificate) = (
        PKey::private_key_from_pem(client.key.as_bytes()).unwrap(),
        X509::from_der(&client.der).unwrap(),
    );
    let archive = Pkcs12::builder()
        .name("node")
        .pkey(&key)
        .cert(&certificate)
        .build2("secret")
        .unwrap()
        .to_der()
        .unwrap();
    assert!(
        Tls::new()
            .pkcs12(&archive, "secret")
            .unwrap()
            .has_identity()
    );
    let error = Tls::new()
        .pkcs12(&archive, "secret?")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("check the password") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn nothing_secret_is_shown() {
    let client = Authority::new("CA").client("node");
    let tls = Tls::new()
        .identity(client.pem.as_bytes(), client.key.as_bytes(), None)
        .unwrap();
    let shown = format!("{tls:?}");
    assert!(
        shown.contains("identity: Some(\"***\")") && shown.len() < 120,
        "{shown}"
    );
}
