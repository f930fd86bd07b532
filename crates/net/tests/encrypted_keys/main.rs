//! Encrypted keys and archives as versions of OpenSSL write them, with each TLS library: opened with
//! the right password, or named for what they are. The password of all of them is `secret`.
#![cfg(feature = "_tls")]

use motemq_net::{Tls, TlsBackend, TlsError};

const CERTIFICATE: &[u8] = include_bytes!("cert.pem");

/// A name, and the key.
macro_rules! keys {
    ($($name:literal),* $(,)?) => {
        [$(($name, &include_bytes!(concat!($name, ".pem"))[..])),*]
    };
}

#[track_caller]
fn fails(name: &str, outcome: Result<Tls, TlsError>, words: &[&str]) {
    let error = outcome.expect_err(name).to_string();
    for words in words {
        assert!(error.contains(words), "{name}: {words}: {error}");
    }
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn keys_are_opened_with_their_password() {
    // `openssl req` 3.0 writes the first, `openssl pkcs8` 1.0 the second, later ones the third.
    let keys = keys![
        "pbes2-3des",
        "pbes2-aes256-sha1",
        "pbes2-aes256-sha256",
        "pbes2-aes256-sha512",
        "scrypt",
    ];
    for &backend in TlsBackend::ALL {
        for (name, key) in keys {
            let with = |password| Tls::with_backend(backend).identity(CERTIFICATE, key, password);
            assert!(with(Some("secret")).expect(name).has_identity());
            fails(name, with(Some("wrong")), &["check its password"]);
            fails(name, with(None), &["give its password"]);
        }
    }
}

#[test]
fn other_keys_are_named_for_what_they_are() {
    let keys = keys![
        "pbes2-des",
        "pbes1-md5-des",
        "pbes1-sha1-des",
        "p12-3des",
        "p12-2des",
        "p12-rc2-40",
        "p12-rc4",
        "pem-aes256",
        "pem-3des",
        "pem-des",
    ];
    let names = [
        "PBES2 (DES)",
        "PBES1 (PBE-MD5-DES)",
        "PBES1 (PBE-SHA1-DES)",
        "PKCS#12 (PBE-SHA1-3DES)",
        "PKCS#12 (PBE-SHA1-2DES)",
        "PKCS#12 (PBE-SHA1-RC2-40)",
        "PKCS#12 (PBE-SHA1-RC4-128)",
        "the older form of PEM (AES-256-CBC)",
        "the older form of PEM (DES-EDE3-CBC)",
        "the older form of PEM (DES-CBC)",
    ];
    for &backend in TlsBackend::ALL {
        for ((file, key), name) in keys.into_iter().zip(names) {
            let tls = Tls::with_backend(backend).identity(CERTIFICATE, key, Some("secret"));
            fails(file, tls.clone(), &[name, "openssl pkcs8 -topk8"]);
            // OpenSSL 3 reads the oldest ciphers only if told so.
            let is_oldest = !["3DES", "2DES", "EDE3", "AES"]
                .iter()
                .any(|new| name.contains(new));
            let error = tls.expect_err(file).to_string();
            assert_eq!(error.contains("-provider legacy"), is_oldest, "{error}");
        }
    }
}

#[test]
fn archives_are_opened_or_named() {
    let archive = include_bytes!("new.p12");
    let outdated = include_bytes!("legacy.p12");
    for &backend in TlsBackend::ALL {
        let tls = |archive, password| Tls::with_backend(backend).pkcs12(archive, password);
        if cfg!(feature = "native-tls") && format!("{backend:?}") == "Native" {
            assert!(tls(archive, "secret").unwrap().has_identity());
            fails(
                "new",
                tls(archive, "wrong"),
                &["PKCS#12", "check the password"],
            );
            // A system may have the old algorithms, too.
            if let Err(error) = tls(outdated, "secret") {
                fails("legacy", Err(error), &["PKCS#12", "if it is old"]);
            }
        } else {
            let words = ["rustls reads no PKCS#12 archives", "openssl pkcs12 -in"];
            fails("new", tls(archive, "secret"), &words);
            fails("legacy", tls(outdated, "secret"), &words);
        }
        for archive in [&archive[..], outdated] {
            let tls = Tls::with_backend(backend);
            let words = ["it is a PKCS#12 archive"];
            fails(
                "key",
                tls.clone().identity(CERTIFICATE, archive, None),
                &words,
            );
            fails(
                "certificate",
                tls.clone().identity(archive, archive, None),
                &words,
            );
            fails("CA", tls.ca(archive), &words);
        }
    }
}
