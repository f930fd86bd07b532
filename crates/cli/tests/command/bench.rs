//! The bench: its counts are right, its latency leaves nothing out, and it ends with a summary.
use crate::{
    broker::{At, serve, with_each},
    files::Directory,
    process::{Motemq, motemq},
};
use motemq_std::{Client, Filter, Options, Publish, QoS, ReturnCode};
use motemq_testing::{broker::Config, mosquitto};
use serde_json::Value;
use std::{fs, thread, time::Duration};

/// Runs a bench to its end, and returns its summary.
fn summary(args: &[&str]) -> Value {
    let text = motemq(&[&["bench", "--json"], args].concat()).text();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn each_message_is_counted_in_each_scenario() {
    with_each("each_message_is_counted_in_each_scenario", |addr| {
        let at = At::of(addr);
        for (scenario, numbers, copies) in [
            ("pairs", &["--publishers", "3"][..], 1),
            ("fan-in", &["--publishers", "5", "--subscribers", "2"], 2),
            ("fan-out", &["--subscribers", "4"], 4),
        ] {
            for qos in ["0", "1", "2"] {
                let messages = ["-s", scenario, "-q", qos, "--rate", "2000", "-C", "301"];
                let args = [&messages, numbers].concat();
                let summary = summary(&at.with(&args));
                let counts = &summary["messages"];
                assert_eq!(counts["sent"], 301, "{summary}");
                assert_eq!(counts["received"], 301 * copies, "{summary}");
                for none in ["lost", "duplicates", "out_of_order", "dropped_here"] {
                    assert_eq!(counts[none], 0, "{none}: {summary}");
                }
                assert_eq!(summary["connections"]["failed"], 0, "{summary}");
                let of = |percentile: &str| summary["latency"][percentile].as_f64().unwrap();
                let spread = ["p50_ms", "p90_ms", "p99_ms", "p99.9_ms", "max_ms"].map(of);
                assert!(spread[0] > 0.0 && spread.is_sorted(), "{summary}");
            }
        }
    });
}

/// Other messages to the same topics are no part of it, and those that come again are.
#[test]
fn duplicates_are_counted_and_strangers_are_not() {
    let (server, at) = serve(Config::new());
    let options = Options::new("").broker("127.0.0.1", server.addr().port());
    let client = Client::connect(options).unwrap();
    let mut all = client
        .subscribe(&[Filter::new("twice/#", QoS::AtMostOnce)])
        .unwrap();
    let echo = thread::spawn(move || {
        for _ in 0..5 {
            let message = all.recv().unwrap();
            let again = Publish::to(&message.topic);
            // One has the stamp of the run, and a number that would take all memory.
            let mut forged = message.payload.to_vec();
            forged[8..16].copy_from_slice(&(1_u64 << 60).to_le_bytes());
            let stranger = b"a stranger, and long enough for a stamp";
            for payload in [&stranger[..], &forged, &message.payload] {
                let publish = again.payload(payload);
                client.publish(&publish).unwrap().wait().unwrap();
                // Its own messages come back, too.
                all.recv().unwrap();
            }
        }
    });
    let bench = [
        "--prefix",
        "twice/",
        "--publishers",
        "1",
        "--rate",
        "20",
        "-C",
        "10",
    ];
    let summary = summary(&at.with(&bench));
    echo.join().unwrap();
    let counts = &summary["messages"];
    assert_eq!(
        (&counts["received"], &counts["lost"]),
        (&10.into(), &0.into()),
        "{summary}"
    );
    assert_eq!(counts["duplicates"], 5, "{summary}");
}

/// A broker that stands still for a second: messages that were to be sent meanwhile are as late as
/// they are.
#[cfg(unix)]
#[test]
fn latency_counts_from_when_messages_were_to_be_sent() {
    let test = "latency_counts_from_when_messages_were_to_be_sent";
    let Some(broker) = mosquitto::for_test(test, &["allow_anonymous true"]) else {
        return;
    };
    let at = At::of(broker.addr());
    let bench = [
        "bench",
        "--json",
        "-d",
        "3",
        "--publishers",
        "1",
        "--rate",
        "100",
        "-q",
        "1",
        "-M",
        "1",
    ];
    let bench = Motemq::start(&at.with(&bench));
    thread::sleep(Duration::from_millis(1200));
    broker.freeze();
    thread::sleep(Duration::from_millis(1000));
    broker.thaw();
    let text = bench.end().text();
    let summary: Value = serde_json::from_str(&text).unwrap();
    // A third of the messages was late, by half a second on average.
    let of = |percentile: &str| summary["latency"][percentile].as_f64().unwrap();
    assert!(of("p90_ms") > 400.0 && of("max_ms") > 900.0, "{summary}");
    assert!(of("p50_ms") < 400.0, "{summary}");
    assert_eq!(summary["messages"]["lost"], 0, "{summary}");
}

#[test]
fn as_many_as_the_broker_takes_are_not_lost() {
    with_each("as_many_as_the_broker_takes_are_not_lost", |addr| {
        let bench = [
            "--rate",
            "max",
            "-d",
            "0.5",
            "-q",
            "1",
            "--size",
            "24",
            "--publishers",
            "2",
        ];
        let summary = summary(&At::of(addr).with(&bench));
        let counts = &summary["messages"];
        assert!(counts["sent"].as_u64().unwrap() > 100, "{summary}");
        assert_eq!(
            (&counts["sent"], &counts["lost"]),
            (&counts["received"], &0.into()),
            "{summary}"
        );
        assert!(counts["rate"].is_null(), "{summary}");
    });
}

#[test]
fn connections_are_held_and_come_back_after_a_storm() {
    with_each("connections_are_held_and_come_back", |addr| {
        let at = At::of(addr);
        let connect = [
            "-s",
            "connect",
            "--connections",
            "50",
            "--ramp-up",
            "1",
            "-d",
            "0.1",
        ];
        let held = summary(&at.with(&connect));
        assert_eq!(held["connections"]["made"], 50, "{held}");
        assert!(
            held["connections"]["seconds"].as_f64().unwrap() > 0.9,
            "{held}"
        );
        assert!(held["messages"].is_null(), "{held}");
        let has_memory = held["connections"]["bytes_of_memory_each"].is_u64();
        assert_eq!(has_memory, cfg!(target_os = "linux"), "{held}");
        let storm = summary(&at.with(&["-s", "storm", "-n", "60", "-d", "15"]));
        assert_eq!(
            (&storm["storm"]["cut"], &storm["storm"]["back"]),
            (&60.into(), &60.into()),
            "{storm}"
        );
        assert!(
            storm["storm"]["times"]["max_ms"].as_f64().unwrap() > 0.0,
            "{storm}"
        );
    });
}

/// Programs read the summary: no name of it changes, and none is missing in its scenario.
#[test]
fn the_names_of_the_summary_are_stable() {
    fn names(prefix: &str, value: &Value, all: &mut Vec<String>) {
        match value.as_object() {
            Some(object) => object
                .iter()
                .for_each(|(name, value)| names(&format!("{prefix}.{name}"), value, all)),
            None => all.push(prefix[1..].into()),
        }
    }
    let spread = |of: &str| {
        ["max_ms", "p50_ms", "p90_ms", "p99.9_ms", "p99_ms"].map(|name| format!("{of}.{name}"))
    };
    let (_server, at) = serve(Config::new());
    let every = ["broker", "scenario", "qos", "interrupted"].map(String::from);
    let connections = ["wanted", "made", "failed", "seconds"];
    let connections = connections.map(|name| format!("connections.{name}"));
    let common = [&every[..], &connections, &spread("connections.each")].concat();
    let messages = [
        "size",
        "seconds",
        "sent",
        "received",
        "sent_per_second",
        "received_per_second",
        "lost",
        "duplicates",
        "out_of_order",
        "dropped_here",
        "rate",
    ]
    .map(|name| format!("messages.{name}"));
    let storm = ["storm.cut", "storm.back"].map(String::from);
    for (args, more) in [
        (
            &["-C", "20"][..],
            [&messages[..], &spread("latency")].concat(),
        ),
        (
            &["-s", "storm", "-n", "5"],
            [&storm[..], &spread("storm.times")].concat(),
        ),
    ] {
        let mut found = Vec::new();
        names("", &summary(&at.with(args)), &mut found);
        found.retain(|name| name != "connections.bytes_of_memory_each");
        let mut wanted = [&common[..], &more].concat();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }
}

#[test]
fn another_machine_is_loaded_only_after_a_yes() {
    let (server, _at) = serve(Config::new());
    let port = server.addr().port().to_string();
    // It is this one, by a name that does not say so.
    let bench = [
        "bench",
        "-h",
        "0.0.0.0",
        "-p",
        &port,
        "-C",
        "10",
        "--publishers",
        "1",
    ];
    motemq(&bench).badly(2, "0.0.0.0:");
    motemq(&bench).badly(
        2,
        "2 connections and 1000 messages a second for 10s: if it is yours, say --yes",
    );
    assert_eq!(server.connections(), 0);
    #[cfg(unix)]
    motemq(&[&bench[..], &["--yes", "--quiet"]].concat()).well();
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_what_goes_on_and_asks() {
    use crate::terminal::on_terminal;
    let test = "a_terminal_shows_what_goes_on_and_asks";
    let (server, at) = serve(Config::new());
    let bench = at.with(&["bench", "-d", "1", "--publishers", "1", "--rate", "100"]);
    let Some(shown) = on_terminal(test, &[], &bench, b"") else {
        return;
    };
    for words in [
        " sent, ",
        " received, ",
        " a second",
        "broker       127.0.0.1:",
    ] {
        assert!(shown.contains(words), "{words}: {shown:?}");
    }
    let port = server.addr().port().to_string();
    let there = ["bench", "-h", "0.0.0.0", "-p", &port, "-C", "10", "-d", "1"];
    let shown = on_terminal(test, &[], &there, b"yes\n").unwrap();
    assert!(
        shown.contains("Is it yours") && shown.contains("0 lost"),
        "{shown:?}"
    );
}

#[test]
fn a_drawing_is_made_on_request() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let path = directory.path("bench.svg");
    motemq(&at.with(&["bench", "-d", "1.5", "--plot", &path])).well();
    let svg = fs::read_to_string(&path).unwrap();
    assert!(
        svg.contains("pairs, QoS 0") && svg.contains("class=\"c\" d=\"M"),
        "{svg}"
    );
    motemq(&at.with(&["bench", "--plot", "/no/such/x"])).badly(1, "cannot write to /no/such/x");
}

#[test]
fn what_fails_is_said() {
    motemq(&["bench", "-p", "1"]).badly(3, "cannot connect");
    let refusing = Config::new().login(|connect| match connect.client_id {
        "c3" => ReturnCode::NOT_AUTHORIZED,
        _ => ReturnCode::ACCEPTED,
    });
    let (_server, at) = serve(refusing);
    let end = motemq(&at.with(&["bench", "-s", "fan-in", "-i", "c", "-C", "10"]));
    assert!(
        String::from_utf8_lossy(&end.stdout).contains("10 of 11"),
        "{end:?}"
    );
    assert!(
        end.stderr.contains("1 clients failed, the first one so"),
        "{end:?}"
    );
    assert_eq!(end.code, Some(5));
    for (args, words) in [
        (&["-s", "storm", "--publishers", "1"][..], "--connections"),
        (&["-n", "3"], "--publishers"),
        (&["--publishers", "2", "--subscribers", "3"], "as many"),
        (&["--size", "23"], "24 to"),
        (&["--rate", "0"], "messages a second"),
        (&["-c", "-i", "x"], "-c"),
        (&["--will-topic", "x"], "--will-topic"),
        (&["--prefix", "a/#"], "topic name"),
    ] {
        motemq(&[&["bench", "-p", "1"], args].concat()).badly(2, words);
    }
    motemq(&["bench", "-L", "mqtt://localhost/t"]).badly(2, "--prefix t");
}
