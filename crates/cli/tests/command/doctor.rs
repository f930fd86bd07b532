//! `motemq doctor`: which layer works, and which does not.
use crate::{
    broker::{At, saying, serve, with_each},
    process::{command, motemq},
};
use motemq_std::{QoS, ReturnCode};
use motemq_testing::{
    broker::{Config, Limits},
    forward_proxy,
};
use std::net::{Ipv4Addr, TcpListener};

/// These layers work, in this order.
#[track_caller]
fn works(options: &[&str], layers: &[&str]) {
    let end = motemq(&[&["doctor"], options].concat());
    let text = end.text();
    let good: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" ok  "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    let mut wanted = layers.to_vec();
    wanted.extend(["connect", "subscribe", "publish", "receive", "versions"]);
    assert_eq!(good, wanted, "{text}");
    assert!(text.ends_with("all layers work\n"), "{text}");
}

#[test]
fn each_layer_that_works_is_named() {
    let (server, at) = serve(Config::new());
    for qos in ["0", "1", "2"] {
        works(&at.with(&["-q", qos]), &["name", "tcp"]);
    }
    works(&["-L", &server.url(), "-t", "my/topic"], &["name", "tcp"]);
}

#[test]
fn what_the_broker_announces_is_printed() {
    let limits = Limits {
        receive_maximum: 7,
        maximum_packet_size: 5000,
        maximum_qos: QoS::AtLeastOnce,
        topic_alias_maximum: 3,
        retain_available: false,
        server_keep_alive: Some(9),
        ..Limits::NONE
    };
    let (_server, at) = serve(Config::new().limits(limits));
    let text = motemq(&at.with(&["doctor", "-V", "mqttv5", "-i", ""])).text();
    for line in [
        "version: MQTT 5",
        "assigned client identifier: ",
        "receive maximum: 7",
        "maximum packet size: 5000 bytes",
        "maximum QoS: 1",
        "topic alias maximum: 3",
        "retained messages: not available",
        "shared subscriptions: available",
        "keep alive: 9 s, as the broker wants it",
        "session expiry: 0 s",
        "MQTT 5 and MQTT 3.1.1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let text = motemq(&at.with(&["doctor"])).text();
    assert!(text.contains("MQTT 3.1.1 and MQTT 5"), "{text}");
    assert!(!text.contains("receive maximum"), "{text}");
}

#[test]
fn versions_that_a_broker_does_not_speak_are_named() {
    let (_server, at) = serve(Config::new().only_3_1_1());
    for options in [&[][..], &["-V", "auto"]] {
        let text = motemq(&at.with(&[&["doctor"], options].concat())).text();
        assert!(text.contains("MQTT 3.1.1, not MQTT 5"), "{text}");
    }
    motemq(&at.with(&["doctor", "-V", "5"])).badly(4, "say -V auto");
}

/// The broker of the system is asked, too.
#[test]
fn mosquitto_announces_its_limits() {
    with_each("mosquitto_announces_its_limits", |addr| {
        let text = motemq(&At::of(addr).with(&["doctor", "-V", "5"])).text();
        assert!(text.contains("MQTT 5 and MQTT 3.1.1"), "{text}");
        assert!(text.contains("maximum QoS: 2"), "{text}");
    });
}

#[test]
fn a_proxy_is_a_layer() {
    let (server, _) = serve(Config::new());
    let at = server.url();
    for proxy in [
        forward_proxy::socks5(true).unwrap(),
        forward_proxy::http(None).unwrap(),
    ] {
        works(&["-L", &at, "--proxy", &proxy], &["name", "tcp", "proxy"]);
        let publish = [
            "--pub", "-t", "t", "-m", "x", "-q", "1", "--repeat", "1", "--proxy", &proxy,
        ];
        motemq(&[&publish[..], &["-L", &at]].concat()).well();
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let nobody = format!("mqtt://{nobody}");
        for command in [&publish[..], &["doctor", "--proxy", &proxy]] {
            motemq(&[command, &["-L", &nobody]].concat()).badly(3, "does not reach the broker");
        }
    }
    motemq(&["doctor", "--proxy", "ftp://h"]).badly(2, "not the scheme of a proxy");
    motemq(&["doctor", "-L", "unix:///x", "--proxy", "http://h"]).badly(2, "leave out --proxy");
}

#[test]
fn the_layer_that_does_not_work_is_named() {
    motemq(&["doctor", "-h", "no-such-host.invalid"])
        .badly(11, "no-such-host.invalid has no address");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    motemq(&["doctor", "-L", &format!("mqtt://{nobody}")]).badly(3, "nobody takes a connection");
    let (server, at) = serve(Config::new().login(|_| ReturnCode::NOT_AUTHORIZED));
    motemq(&at.with(&["doctor"])).badly(5, "check user name");
    motemq(&["doctor", "-L", &server.url().replace("mqtt:", "ws:")]).badly(10, "WebSocket");
    let (_server, at) = serve(Config::new().admit(|_, _| false));
    motemq(&at.with(&["doctor", "-t", "secret"])).badly(4, "refuses secret");
    motemq(&saying(b"HTTP/1.1 400 Bad Request\r\n\r\n").with(&["doctor"]))
        .badly(7, "connection lost");
    motemq(&["doctor", "--no-such-option"]).badly(2, "--no-such-option");
    assert!(
        motemq(&["doctor", "--help"])
            .text()
            .contains("motemq doctor")
    );
}

#[cfg(feature = "_tls")]
mod tls {
    use super::{motemq, works};
    use motemq_testing::listeners::Listeners;
    use std::fs;

    #[test]
    fn the_layers_of_tls_and_websockets() {
        let Some(ways) = Listeners::for_test("the_layers_of_tls_and_websockets") else {
            return;
        };
        let ca = ways.directory().join("ca.pem");
        fs::write(&ca, ways.authority.pem()).unwrap();
        let ca = ca.to_str().unwrap();
        let (cert, key) = ways
            .authority
            .client("node")
            .write(ways.directory(), "client");
        let mutual = [
            "-L",
            &ways.mutual(),
            "--cafile",
            ca,
            "--cert",
            cert.to_str().unwrap(),
            "--key",
            key.to_str().unwrap(),
        ];
        works(
            &["-L", &ways.secure(), "--cafile", ca],
            &["name", "tcp", "tls"],
        );
        works(&mutual, &["name", "tcp", "tls"]);
        works(&["-L", &ways.web()], &["name", "tcp", "websocket"]);
        works(
            &["-L", &ways.secure_web(), "--cafile", ca],
            &["name", "tcp", "tls", "websocket"],
        );
        if cfg!(unix) {
            works(&["-L", &ways.unix()], &["socket"]);
        }
        let shown = motemq(&[&["doctor"], &mutual[..]].concat()).text();
        for words in [
            "required, and presented",
            "CN=broker",
            "CN=Test CA",
            "localhost, 127.0.0.1",
            "days from now",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let end = motemq(&["doctor", "-L", &ways.secure()]);
        let text = String::from_utf8_lossy(&end.stdout).into_owned();
        assert!(
            text.contains("tls        FAILED") && text.contains("CN=Test CA"),
            "{text}"
        );
        end.badly(9, "no known CA");
        motemq(&["doctor", "-L", &ways.mutual(), "--cafile", ca])
            .badly(9, "requires a client certificate");
        motemq(&["doctor", "-L", &ways.secure().replace("mqtts:", "mqtt:")])
            .badly(7, "TLS is spoken on this port");
        motemq(&[
            "doctor",
            "-L",
            &ways.web().replace("/mqtt", ""),
            "--insecure",
        ])
        .badly(2, "mqtts://");
    }
}

/// The report is for whoever reads it; the exit code tells the rest.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_does_no_harm() {
    let (_server, at) = serve(Config::new());
    let full = || std::fs::File::create("/dev/full").unwrap();
    for args in [
        &at.with(&["doctor"])[..],
        &["help"],
        &["pub", "-?"],
        &["man"],
    ] {
        let run = command(args).stdout(full()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("cannot write to stdout"), "{args:?}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = command(args).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!((run.status.code(), &*said), (Some(0), ""), "{args:?}");
    }
}
