//! However a bench ends, it prints its summary.
use crate::{
    broker::{At, serve},
    process::Motemq,
};
use motemq_testing::{broker::Config, mosquitto};
use serde_json::Value;
use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

#[test]
fn ctrl_c_ends_with_a_summary() {
    let (_server, at) = serve(Config::new());
    let bench = Motemq::start(&at.with(&["bench", "-d", "100", "--publishers", "2"]));
    thread::sleep(Duration::from_millis(1500));
    let begun = Instant::now();
    bench.interrupt();
    let end = bench.end();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(end.code, Some(130), "{end:?}");
    let text = String::from_utf8(end.stdout).unwrap();
    for words in [
        "pairs, QoS 0, interrupted",
        "4 of 4",
        "at 1,000 a second",
        "0 lost",
        "p99.9",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// A broker that accepts connections and never answers: there is a summary all the same.
#[test]
fn ctrl_c_while_nothing_is_connected_ends_with_a_summary() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = At::of(silent.local_addr().unwrap());
    let bench = Motemq::start(&at.with(&["bench", "--json"]));
    thread::sleep(Duration::from_millis(700));
    bench.interrupt();
    let end = bench.end();
    assert_eq!(end.code, Some(130), "{end:?}");
    let summary: Value = serde_json::from_slice(&end.stdout).unwrap();
    assert_eq!(summary["interrupted"], true, "{summary}");
    assert_eq!(summary["connections"]["made"], 0, "{summary}");
    assert_eq!(summary["messages"]["sent"], 0, "{summary}");
}

/// The broker stands still: the second Ctrl-C does not wait for what is under way.
#[test]
fn ctrl_c_twice_ends_with_a_summary() {
    let test = "ctrl_c_twice_ends_with_a_summary";
    let Some(broker) = mosquitto::for_test(test, &["allow_anonymous true"]) else {
        return;
    };
    let at = At::of(broker.addr());
    let bench = Motemq::start(&at.with(&["bench", "-d", "100", "-q", "1"]));
    thread::sleep(Duration::from_millis(1200));
    broker.freeze();
    thread::sleep(Duration::from_millis(300));
    for _ in 0..2 {
        bench.interrupt();
        thread::sleep(Duration::from_millis(200));
    }
    let end = bench.end();
    broker.thaw();
    assert_eq!(end.code, Some(130), "{end:?}");
    let text = String::from_utf8(end.stdout).unwrap();
    assert!(
        text.contains("20 of 20") && text.contains("p99.9"),
        "{text}"
    );
}
