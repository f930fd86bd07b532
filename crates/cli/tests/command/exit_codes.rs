//! Each exit code of the table in `--help`.
use crate::{
    broker::{At, hanging_up, hanging_up_after, saying, serve},
    process::{Motemq, motemq, motemq_reading},
};
use motemq_std::ReturnCode;
use motemq_testing::broker::Config;
use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const ONCE: [&str; 7] = ["--pub", "-t", "a", "-m", "x", "--repeat", "1"];
const SUB: [&str; 3] = ["--sub", "-t", "a"];
/// CONNACK, accepted.
const ACCEPTED: &[u8] = b"\x20\x02\0\0";

#[test]
fn help_is_no_error() {
    let help = motemq(&["--help"]).text();
    for words in ["Examples:", "Exit codes:", "  130  interrupted"] {
        assert!(help.contains(words), "{help}");
    }
    assert!(motemq(&["--version"]).text().starts_with("motemq "));
}

#[test]
fn files_that_cannot_be_read() {
    motemq(&["--pub", "-t", "a", "-f", "/no/such/file"]).badly(1, "cannot read /no/such/file");
    motemq(&["--pub", "-t", "a", "-f", "."]).badly(1, "cannot read .");
    motemq(&["--pub", "-t", "a", "-f", "-"]).badly(1, "for stdin say -s");
}

#[test]
fn usage() {
    motemq(&[]).badly(2, "--pub");
    motemq(&["--pub", "-m", "x"]).badly(2, "say -t TOPIC");
    motemq(&["--pub", "-t", "a"]).badly(2, "nothing to publish");
    motemq(&["--sub", "-t", "a", "-V", "mqttv31"]).badly(2, "MQTT 3.1.1 and MQTT 5");
    motemq(&["--sub", "-L", "http://broker/a"]).badly(2, "mqtts://");
    motemq(&["--sub", "-L", "mqtt://broker/a", "--tls"]).badly(2, "mqtts://");
}

#[test]
fn what_the_broker_would_not_take() {
    let (_server, at) = serve(Config::new());
    let keeping =
        |verb: &[&'static str]| at.with(&[verb, &["--profile", "aws-iot", "-q", "2"]].concat());
    motemq(&keeping(&ONCE)).badly(2, "AWS IoT Core accepts QoS 1 at most");
    motemq(&keeping(&SUB)).badly(2, "AWS IoT Core accepts QoS 1 at most");
    motemq(&at.with(&[&SUB[..], &["--profile", "aws-iot", "-k", "0"]].concat()))
        .badly(2, "keep alive of 1 to 1200 s");
}

#[test]
fn cannot_connect() {
    // A port that was free a moment ago.
    let nobody = At::of(
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap(),
    );
    for args in [&ONCE[..], &SUB, &["--pub", "-t", "a", "-m", "x"]] {
        motemq(&nobody.with(args)).badly(3, "cannot connect");
    }
    motemq(&["--sub", "-t", "a", "-h", "no-such-host.invalid"]).badly(3, "no-such-host.invalid");
}

#[test]
fn refused() {
    for code in [
        ReturnCode::IDENTIFIER_REJECTED,
        ReturnCode::SERVER_UNAVAILABLE,
        ReturnCode::from(7),
    ] {
        let (_server, at) = serve(Config::new().login(move |_| code));
        for args in [&ONCE[..], &SUB, &["--pub", "-t", "a", "-m", "x"]] {
            motemq(&at.with(args)).badly(4, &code.to_string());
        }
    }
}

#[test]
fn all_subscriptions_refused() {
    let (_server, at) = serve(Config::new().admit(|_, _| false));
    motemq(&at.with(&["--sub", "-t", "a", "-t", "b"])).badly(4, "refuses the subscription to b");
}

/// A broker that loses the sessions and grants less than before.
#[test]
fn all_subscriptions_lost() {
    let is_strict = Arc::new(AtomicBool::new(false));
    let check = is_strict.clone();
    let admits = move |_: &str, filter: &str| filter == "open" || !check.load(Ordering::Relaxed);
    let (server, at) = serve(Config::new().admit(admits));
    let all = Motemq::subscriber(&at.with(&["-t", "a", "-t", "b"]));
    let some = Motemq::subscriber(&at.with(&["-t", "a", "-t", "open", "-C", "1"]));
    is_strict.store(true, Ordering::Relaxed);
    server.restart(false);
    let end = all.end();
    for filter in ["a", "b"] {
        let words = format!("refuses the subscription to {filter} now");
        assert!(end.stderr.contains(&words), "{end:?}");
    }
    end.badly(4, "no subscription is left");
    some.until_said("refuses the subscription to a now");
    motemq(&at.with(&["--pub", "-t", "open", "-m", "x", "--repeat", "1"])).well();
    assert_eq!(some.end().text(), "x\n");
}

#[test]
fn not_authorised() {
    let check = |connect: &motemq_std::motemq::Connect<'_>| match (connect.user, connect.password) {
        (Some("me"), Some(b"secret")) => ReturnCode::ACCEPTED,
        (Some(_), _) => ReturnCode::BAD_USER_NAME_OR_PASSWORD,
        _ => ReturnCode::NOT_AUTHORIZED,
    };
    let (server, at) = serve(Config::new().login(check));
    motemq(&at.with(&ONCE)).badly(5, "not authorised");
    motemq(&at.with(&[&SUB[..], &["-u", "me", "-P", "wrong"]].concat()))
        .badly(5, "bad user name or password");
    motemq(&at.with(&[&ONCE[..], &["-u", "me", "-P", "secret"]].concat())).well();
    motemq(&[
        "--pub",
        "-n",
        "-L",
        &format!("mqtt://me:s%65cret@{}/a", server.addr()),
    ])
    .well();
    // Lines that nobody can read must not keep it waiting.
    let run = Motemq::with_input(&at.with(&["--pub", "-t", "a", "-l"]));
    run.end().badly(5, "not authorised");
}

#[test]
fn time_out() {
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&[&SUB[..], &["-W", "0.3"]].concat())).badly(6, "gave up after 300ms");
    motemq(&at.with(&["--pub", "-t", "a", "-m", "x", "-W", "0.3"])).badly(6, "gave up after 300ms");
    Motemq::with_input(&at.with(&["--pub", "-t", "a", "-l", "-W", "0.3"]))
        .end()
        .badly(6, "gave up");
    // Before there is anything to send, and before the broker has said anything.
    Motemq::with_input(&at.with(&["--pub", "-t", "a", "-s", "-W", "0.3"]))
        .end()
        .badly(6, "gave up");
    motemq(&saying(b"").with(&[&SUB[..], &["-W", "0.3"]].concat())).badly(6, "gave up");
}

#[test]
fn connection_lost() {
    motemq(&hanging_up_after(ACCEPTED).with(&[&ONCE[..], &["-q", "1"]].concat()))
        .badly(7, "connection lost");
    motemq(&hanging_up().with(&SUB)).badly(7, "connection lost");
    motemq(&saying(b"\x20\x02\0\0\xf0\0").with(&[&ONCE[..], &["-q", "1"]].concat()))
        .badly(7, "malformed");
}

#[test]
fn not_acknowledged() {
    for args in [&ONCE[..], &["--pub", "-t", "a", "-n"]] {
        for qos in ["1", "2"] {
            motemq(&saying(ACCEPTED).with(&[args, &["-q", qos, "-W", "0.5"]].concat()))
                .badly(8, "without an acknowledgement");
        }
    }
    let args = ["--pub", "-t", "a", "-l", "-q", "1", "-W", "0.5"];
    motemq_reading(&saying(ACCEPTED).with(&args), b"x\n").badly(8, "without an acknowledgement");
}
