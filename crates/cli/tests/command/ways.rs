//! The ways to a real mosquitto: TLS, client certificates, WebSocket, Unix socket.
use crate::process::{Motemq, motemq};
use motemq_testing::{certificates::Authority, listeners::Listeners};
use std::fs;

/// A file beside the broker's, as a word of the command line.
fn file(ways: &Listeners, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = ways.directory().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().into()
}

/// A message goes this way, from one motemq to another.
fn passes(options: &[&str]) {
    let sub =
        Motemq::subscriber(&[options, &["-t", "way", "-q", "2", "-C", "1", "-W", "20"]].concat());
    motemq(
        &[
            &["--pub"],
            options,
            &["-t", "way", "-m", "x", "-q", "2", "--repeat", "1"],
        ]
        .concat(),
    )
    .well();
    assert_eq!(sub.end().text(), "x\n");
}

/// An RSA key as PKCS#1 in DER, as AWS gives it out.
#[cfg(target_os = "linux")]
fn private_der(key: &str) -> Vec<u8> {
    let (_, der) = pkcs8::Document::from_pem(key).unwrap();
    pkcs8::PrivateKeyInfoRef::try_from(der.as_bytes())
        .unwrap()
        .private_key
        .as_bytes()
        .to_vec()
}

// Elsewhere a CA has to be given to the system.
#[cfg(target_os = "linux")]
#[test]
fn the_seeds_third_invocation_as_it_stands() {
    let Some(ways) = Listeners::for_test("the_seeds_third_invocation_as_it_stands") else {
        return;
    };
    let client = ways.authority.rsa_client("node");
    let ca = file(&ways, "ca.pem", ways.authority.pem());
    let cert = file(&ways, "cert.der", &client.der);
    let key = file(&ways, "private.der", private_der(&client.key));
    let sub = Motemq::subscriber(&[
        "-L",
        &ways.plain(),
        "-t",
        "SEGGER/Demo",
        "-C",
        "1",
        "-W",
        "20",
    ]);
    let mutual = ways.mutual();
    let (host, port) = mutual
        .trim_start_matches("mqtts://")
        .split_once(':')
        .unwrap();
    let args = [
        "--pub",
        "-h",
        host,
        "-p",
        port,
        "-t",
        "SEGGER/Demo",
        "-m",
        "Hello",
        "--tls",
        "--cert",
        &cert,
        "--key",
        &key,
        "-d",
        "5",
    ];
    let mut run = Motemq::trusting(ca.as_ref(), &args);
    assert_eq!(sub.end().text(), "Hello\n");
    run.kill();
}

#[test]
fn each_way_passes() {
    let Some(ways) = Listeners::for_test("each_way_passes") else {
        return;
    };
    let ca = file(&ways, "ca.pem", ways.authority.pem());
    let client = ways.authority.client("node");
    let both = file(&ways, "both.pem", format!("{}{}", client.key, client.pem));
    passes(&["-L", &ways.plain()]);
    passes(&["-L", &ways.secure(), "--cafile", &ca]);
    passes(&["-L", &ways.mutual(), "--cafile", &ca, "--cert", &both]);
    passes(&["-L", &ways.web(), "--ws-header", "X-Test: yes"]);
    passes(&["-L", &ways.secure_web(), "--cafile", &ca]);
    for (url, options) in [
        (ways.web(), vec![]),
        (ways.secure_web(), vec!["--cafile", &ca]),
    ] {
        let (_, place) = url.split_once("://").unwrap();
        let (host, port) = place.trim_end_matches("/mqtt").split_once(':').unwrap();
        passes(&[&options[..], &["--ws", "-h", host, "-p", port]].concat());
    }
    passes(&["-L", &ways.secure(), "--insecure"]);
    passes(&[
        "-L",
        &ways.secure(),
        "--cafile",
        &ca,
        "--tls-version",
        "tlsv1.3",
    ]);
    for alpn in ["--alpn", "--tls-alpn"] {
        passes(&["-L", &ways.secure(), "--cafile", &ca, alpn, "mqtt"]);
    }
    // The CAs of this system do not know that of the test.
    let secure = ways.secure();
    let (host, port) = secure["mqtts://".len()..].split_once(':').unwrap();
    for with_system in ["--tls", "--tls-use-os-certs"] {
        let words = ["pub", "-t", "a", "-n", "-h", host, "-p", port, with_system];
        motemq(&words).badly(9, "certificate");
    }
    let encrypted = file(&ways, "encrypted.pem", include_bytes!("encrypted.pem"));
    let with_key = ["-L", &secure, "--cafile", &ca, "--cert", &encrypted];
    passes(&[&with_key[..], &["--key-pass", "secret"]].concat());
    let directory = ways.directory().join("authorities");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("README"), "no certificate").unwrap();
    fs::copy(&ca, directory.join("ca")).unwrap();
    passes(&[
        "-L",
        &ways.secure(),
        "--capath",
        directory.to_str().unwrap(),
    ]);
    if cfg!(unix) {
        passes(&["-L", &ways.unix()]);
        passes(&["--unix", ways.unix().trim_start_matches("unix://")]);
    }
}

#[test]
fn each_bar_is_named() {
    let Some(ways) = Listeners::for_test("each_bar_is_named") else {
        return;
    };
    let ca = file(&ways, "ca.pem", ways.authority.pem());
    let run = |options: &[&str]| motemq(&[&["--pub", "-t", "a", "-n"], options].concat());
    run(&["-L", &ways.secure()]).badly(9, "no known CA");
    run(&["-L", &ways.mutual(), "--cafile", &ca]).badly(9, "requires a client certificate");
    run(&[
        "-L",
        &ways.secure(),
        "--cafile",
        &ca,
        "--sni",
        "other.example",
    ])
    .badly(9, "for another name");
    let stranger = Authority::new("Stranger").client("node");
    let (cert, key) = (
        file(&ways, "stranger.pem", &stranger.pem),
        file(&ways, "stranger.key", &stranger.key),
    );
    run(&[
        "-L",
        &ways.mutual(),
        "--cafile",
        &ca,
        "--cert",
        &cert,
        "--key",
        &key,
    ])
    .badly(9, "CA of the client certificate");
    run(&[
        "-L",
        &ways.plain().replace("mqtt", "mqtts"),
        "--cafile",
        &ca,
    ])
    .badly(9, "port is for TLS");
    run(&["-L", &ways.secure().replace("mqtts", "mqtt")]).badly(7, "connection lost");
    run(&["-L", &ways.plain().replace("mqtt", "ws")]).badly(10, "WebSocket");
    run(&["-L", &ways.secure(), "--cafile", &ca, "--cert", &cert]).badly(2, "holds no private key");
    let other = file(&ways, "other.key", &ways.authority.client("other").key);
    run(&[
        "-L",
        &ways.secure(),
        "--cafile",
        &ca,
        "--cert",
        &cert,
        "--key",
        &other,
    ])
    .badly(2, "does not belong");
    let encrypted = file(&ways, "encrypted.pem", include_bytes!("encrypted.pem"));
    let secure = ways.secure();
    let with_key = ["-L", &secure, "--cert", &encrypted];
    run(&with_key).badly(2, "give its password");
    run(&[&with_key[..], &["--key-pass", "wrong"]].concat()).badly(2, "check its password");
    let warned = run(&["-L", &ways.secure(), "--insecure"]);
    assert!(warned.stderr.contains("--insecure"), "{warned:?}");
    warned.well();
}
