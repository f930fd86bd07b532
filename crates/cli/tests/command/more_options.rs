//! Options of mosquitto's tools that cannot be carried out, and options that take an address or a
//! version: what they say, and what they do.
use crate::{
    broker::{At, serve},
    process::{Motemq, motemq},
};
use motemq_testing::broker::Config;
use std::net::{Ipv4Addr, TcpListener};

#[test]
fn options_that_cannot_be_carried_out_say_why() {
    for (option, words) in [
        (&["-S"][..], "dig +short SRV"),
        #[cfg(feature = "_tls")]
        (
            &["--ciphers", "DEFAULT"],
            "the TLS library chooses the cipher",
        ),
        #[cfg(feature = "_tls")]
        (&["--psk", "c0ffee"], "no pre-shared keys"),
        #[cfg(feature = "_tls")]
        (&["--psk-identity", "node"], "no pre-shared keys"),
        #[cfg(feature = "_tls")]
        (&["--tls-engine", "pkcs11"], "engines of OpenSSL"),
        #[cfg(feature = "_tls")]
        (&["--keyform", "engine"], "engines of OpenSSL"),
        #[cfg(feature = "_tls")]
        (
            &["--tls-version", "tlsv1.1"],
            "not secure: say tlsv1.2 or tlsv1.3",
        ),
        #[cfg(feature = "_tls")]
        (&["--tls-version", "1.3"], "say tlsv1.2 or tlsv1.3"),
        (&["-A", "127.0.0.1:0"], "write it as 192.0.2.1"),
        (
            &["-A", "127.0.0.1", "-L", "unix:///run/x"],
            "leave out --bind",
        ),
    ] {
        motemq(&[&["pub", "-t", "a", "-n"], option].concat()).badly(2, words);
    }
}

/// Other systems have one address of their own only.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_begins_at_the_address_that_is_given() {
    let from = Ipv4Addr::new(127, 0, 0, 2);
    for verb in [
        &["pub", "-t", "a", "-n"][..],
        &["sub", "-t", "a"],
        &["doctor"],
    ] {
        // A name stands for its addresses.
        for (given, from) in [("127.0.0.2", from), ("localhost", Ipv4Addr::LOCALHOST)] {
            // A new one for each: programs connect again.
            let broker = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let at = At::of(broker.local_addr().unwrap());
            let _run = Motemq::start(&at.with(&[verb, &["-A", given]].concat()));
            assert_eq!(broker.accept().unwrap().1.ip(), from);
        }
        let nowhere = [verb, &["-A", "no-such-host.invalid"]].concat();
        let words = ["motemq"].iter().chain(&nowhere).map(Into::into);
        // Reading the command line asks nobody.
        assert_eq!(motemq_cli::check(words), Ok(()));
        motemq(&nowhere).badly(3, "no-such-host.invalid, to connect from, has no");
    }
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-n", "-q", "1", "-A", "127.0.0.2"])).well();
    motemq(&at.with(&["pub", "-t", "a", "-n", "-A", "::1"])).badly(3, "is IPv6");
    motemq(&at.with(&["pub", "-t", "a", "-n", "-A", "192.0.2.1"])).badly(3, "connect");
}

#[test]
fn objects_can_be_indented() {
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", r#"{"b":1.50}"#, "-r", "-q", "1"])).well();
    let sub = ["sub", "-t", "a", "-C", "1", "--pretty"];
    let text = motemq(&at.with(&[&sub[..], &["-F", "%J"]].concat())).text();
    let tail = "  \"payload\": {\n    \"b\": 1.50\n  }\n}\n";
    assert!(
        text.starts_with("{\n  \"tst\": ") && text.ends_with(tail),
        "{text}"
    );
    let text = motemq(&at.with(&[&sub[..], &["--json"]].concat())).text();
    let tail = "  \"payload\": \"{\\\"b\\\":1.50}\"\n}\n";
    assert!(
        text.starts_with("{\n  \"timestamp\": ") && text.ends_with(tail),
        "{text}"
    );
}
