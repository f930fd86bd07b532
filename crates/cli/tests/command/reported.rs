//! Small faults that were reported once, each with its whole kind.
use crate::{
    broker::{At, Ear, saying, serve},
    process::{Motemq, motemq},
};
use motemq_testing::{broker::Config, mosquitto};
use std::{
    io::Read,
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

/// As `tail -f` feeds it while a real broker restarts: no line is lost.
#[test]
fn lines_survive_the_restart_of_mosquitto() {
    let test = "lines_survive_the_restart_of_mosquitto";
    let config = ["allow_anonymous true", "persistence true"];
    let Some(mut broker) = mosquitto::for_test(test, &config) else {
        return;
    };
    let at = At::of(broker.addr());
    let sub = ["-t", "r", "-c", "-i", "ear", "-q", "1"];
    motemq(&at.with(&[&["sub", "-E"], &sub[..]].concat())).well();
    let mut run = Motemq::with_input(&at.with(&["--pub", "-t", "r", "-l", "-q", "1"]));
    let lines: Vec<_> = (0..30).map(|number| format!("line{number}\n")).collect();
    for (number, line) in lines.iter().enumerate() {
        run.type_in(line.as_bytes());
        thread::sleep(Duration::from_millis(30));
        match number {
            10 => broker.stop(),
            20 => broker.resume(),
            _ => {}
        }
    }
    run.close_stdin();
    run.end().well();
    let all = motemq(&at.with(&[&["sub", "-C", "30", "-W", "15"], &sub[..]].concat()));
    assert_eq!(all.text(), lines.concat());
}

/// The first bytes that a command sends to a broker.
fn connect_of(url: &dyn Fn(u16) -> String) -> Vec<u8> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = url(listener.local_addr().unwrap().port());
    let run = Motemq::start(&["pub", "-m", "x", "-L", &url, "-W", "10"]);
    let mut bytes = vec![0; 256];
    let length = listener.accept().unwrap().0.read(&mut bytes).unwrap();
    drop(run);
    bytes.truncate(length);
    bytes
}

#[test]
fn an_empty_password_is_a_password() {
    let flags = |login: &str| {
        let connect = connect_of(&|port| format!("mqtt://{login}127.0.0.1:{port}/t"));
        assert_eq!(&connect[2..8], b"\0\x04MQTT");
        (connect[9], connect)
    };
    let (with_password, connect) = flags("user:@");
    assert_eq!(with_password, 0xc2);
    assert!(connect.ends_with(b"\0\x04user\0\0"), "{connect:?}");
    let (without, connect) = flags("user@");
    assert_eq!(without, 0x82);
    assert!(connect.ends_with(b"\0\x04user"), "{connect:?}");
    assert_eq!(flags("").0, 0x02);
}

#[test]
fn ports_are_not_zero() {
    motemq(&["pub", "-t", "a", "-m", "x", "-p", "0"]).badly(2, "0 is not in 1..=65535");
    for url in ["mqtt://host:0/t", "mqtt://[::1]:0/t", "ws://host:0/t"] {
        motemq(&["pub", "-t", "a", "-m", "x", "-L", url]).badly(2, "port");
    }
}

/// RFC 6874 and as it is typed. There is no such interface, which the system finds out.
#[test]
fn link_local_brokers_are_given_as_urls() {
    for host in ["fe80::1%25nosuch0", "fe80::1%nosuch0"] {
        let url = format!("mqtt://[{host}]:1883/t");
        motemq(&["pub", "-m", "x", "-L", &url]).badly(3, "fe80::1%nosuch0");
    }
    motemq(&["pub", "-t", "t", "-m", "x", "-h", "fe80::1%nosuch0"]).badly(3, "fe80::1%nosuch0");
}

#[test]
fn names_may_begin_with_a_hyphen() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let names = ["-i", "-x", "-u", "-x", "-P", "-x", "--will-topic", "-x"];
    let publish = [&["pub", "-t", "-x", "-m", "-x"], &names[..]].concat();
    motemq(&at.with(&publish)).well();
    let message = ear.hear();
    assert_eq!(
        (message.topic.as_str(), &message.payload[..]),
        ("-x", &b"-x"[..])
    );
    motemq(&at.with(&["sub", "-t", "-x", "-T", "-y", "-U", "-z", "-E"])).well();
}

#[test]
fn other_protocols_are_named() {
    let http = saying(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let ssh = saying(b"SSH-2.0-OpenSSH_9.6\r\n");
    for command in [
        &["pub", "-m", "x"][..],
        &["pub", "-l"],
        &["sub"],
        &["doctor"],
    ] {
        let command = [command, &["-t", "a"]].concat();
        motemq(&http.with(&command)).badly(7, "HTTP");
        motemq(&ssh.with(&command)).badly(7, "SSH");
    }
}

#[cfg(feature = "_tls")]
#[test]
fn outdated_encryption_of_keys_is_named() {
    use motemq_testing::certificates::Authority;
    let directory = crate::files::Directory::new();
    let cert = directory.write("cert.der", Authority::new("CA").client("node").der);
    // PBE-SHA1-3DES of PKCS#12, and PBE-MD5-DES, each with salt and iterations.
    let algorithms: [&[u8]; 2] = [
        b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03\x30\x0e\x04\x08saltsalt\x02\x02\x08\0",
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03\x30\x0e\x04\x08saltsalt\x02\x02\x08\0",
    ];
    for algorithm in algorithms {
        let length = algorithm.len() as u8;
        let head = [0x30, length + 12, 0x30, length];
        let key = [&head, algorithm, b"\x04\x0812345678"].concat();
        let key = directory.write("key.der", key);
        let tls = ["--cert", &cert, "--key", &key, "--key-pass", "secret"];
        motemq(&[&["pub", "-t", "a", "-m", "x"], &tls[..]].concat()).badly(2, "openssl pkcs8");
        motemq(&[&["doctor"], &tls[..]].concat()).badly(2, "openssl pkcs8");
    }
}

#[test]
fn words_fit_the_command_and_are_short() {
    let publish = ["pub", "-t", "a", "-m", "x"];
    let says = |options: &[&str], words: &str| {
        let end = motemq(&[&publish[..], options].concat());
        assert!(end.stderr.len() < 500, "{}", end.stderr);
        end.badly(2, words);
    };
    says(&["-c", "-i", ""], "say -i ID");
    for proxy in ["", "localhost:1080", "socks5://", "socks5://h:0"] {
        says(&["--proxy", proxy], "write socks5://");
    }
    let long = "x".repeat(65_536);
    says(&["-t", &long], "xxx\"... is not a topic name");
    motemq(&["sub", "-t", &long]).badly(2, "xxx\"... is not a topic filter");
    // As many as possible.
    let (_server, at) = serve(Config::new());
    for count in ["0", "65535"] {
        motemq(&at.with(&[&publish[..], &["-q", "1", "-M", count]].concat())).well();
    }
}
