//! What `--sub` prints.
use crate::{
    broker::{At, serve, with_each},
    process::{Motemq, motemq, motemq_reading},
};
use motemq_testing::broker::Config;

#[test]
fn messages_are_printed_as_they_arrive() {
    with_each("messages_are_printed_as_they_arrive", |addr| {
        let at = At::of(addr);
        let sub = Motemq::subscriber(&at.with(&["-t", "SEGGER/Demo"]));
        for count in 1..=3 {
            motemq(&at.with(&[
                "--pub",
                "-t",
                "SEGGER/Demo",
                "-m",
                "Hello World",
                "--repeat",
                "1",
            ]))
            .well();
            sub.until_lines(count);
        }
    });
}

#[test]
fn every_byte_passes_through_stdout() {
    with_each("every_byte_passes_through_stdout", |addr| {
        let at = At::of(addr);
        let content: Vec<u8> = (0..=255).cycle().take(256 * 700).collect();
        for qos in ["0", "1", "2"] {
            let sub = Motemq::subscriber(&at.with(&["-t", "a", "-q", qos, "-C", "2", "-N"]));
            for _ in 0..2 {
                motemq_reading(&at.with(&["--pub", "-t", "a", "-s", "-q", qos]), &content).well();
            }
            let printed = sub.end().well();
            assert!(
                printed == content.repeat(2),
                "{} bytes with QoS {qos}",
                printed.len()
            );
        }
    });
}

/// MQTT allows for 256 MiB. The command takes it all, and prints it in one piece.
#[test]
fn large_messages_pass_through_stdout() {
    let (_server, at) = serve(Config::new());
    let content: Vec<u8> = (0..=250).cycle().take(20 << 20).collect();
    let sub = Motemq::subscriber(&at.with(&["-t", "a", "-q", "1", "-C", "1", "-N"]));
    motemq_reading(&at.with(&["--pub", "-t", "a", "-s", "-q", "1"]), &content).well();
    let printed = sub.end().well();
    assert!(printed == content, "{} bytes", printed.len());
}

/// A payload that is printed as it is is not held in memory.
#[cfg(target_os = "linux")]
#[test]
fn large_messages_are_printed_while_they_arrive() {
    use std::{fs, thread, time::Duration, time::Instant};
    let (_server, at) = serve(Config::new());
    let file = crate::files::File::long(0);
    let path = file.path();
    // Without --debug, which puts whole packets together. The session collects the message first.
    let session = at.with(&["sub", "-i", "streamed", "-c", "-t", "a", "-q", "1", "-v"]);
    motemq(&[&session[..], &["-E"]].concat()).well();
    let content = vec![b'x'; 14 << 20];
    motemq_reading(&at.with(&["pub", "-t", "a", "-s", "-q", "1"]), &content).well();
    let sub = Motemq::start(&[&session[..], &["-o", path]].concat());
    let begun = Instant::now();
    let wanted = content.len() as u64 + 3;
    while fs::metadata(path).map_or(0, |about| about.len()) < wanted {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(20));
    }
    let status = fs::read_to_string(format!("/proc/{}/status", sub.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: usize = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 18_000, "{peak} kB");
    sub.interrupt();
    sub.end().well();
    let printed = fs::read(path).unwrap();
    assert!(printed.starts_with(b"a x") && printed.ends_with(b"x\n"));
    assert_eq!(printed.len() as u64, wanted);
}

#[test]
fn topics_are_printed_if_wished() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "a/+", "-t", "b", "-v", "-C", "3"]));
    for topic in ["a/1", "c", "b", "a/2"] {
        motemq(&at.with(&["--pub", "-t", topic, "-m", "x", "--repeat", "1"])).well();
    }
    assert_eq!(sub.end().text(), "a/1 x\nb x\na/2 x\n");
}

#[test]
fn topics_can_be_filtered_out() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::subscriber(&at.with(&["-t", "#", "-T", "a/#", "-T", "b", "-C", "2", "-v"]));
    for topic in ["a", "a/1", "c", "b", "d"] {
        motemq(&at.with(&["--pub", "-t", topic, "-n"])).well();
    }
    assert_eq!(sub.end().text(), "c (null)\nd (null)\n");
}

#[test]
fn retained_messages_are_printed_alone_or_not_at_all() {
    with_each(
        "retained_messages_are_printed_alone_or_not_at_all",
        |addr| {
            let at = At::of(addr);
            motemq(&at.with(&[
                "--pub", "-t", "a/old", "-m", "old", "-r", "-q", "1", "--repeat", "1",
            ]))
            .well();
            let fresh = Motemq::subscriber(&at.with(&["-t", "a/#", "-R", "-C", "1"]));
            let old = Motemq::subscriber(&at.with(&["-t", "a/#", "--retained-only"]));
            old.until_lines(1);
            motemq(&at.with(&["--pub", "-t", "a/new", "-m", "new", "--repeat", "1"])).well();
            assert_eq!(fresh.end().text(), "new\n");
            assert_eq!(old.end().text(), "old\n");
        },
    );
}

#[test]
fn json_tells_all_of_a_message() {
    with_each("json_tells_all_of_a_message", |addr| {
        let at = At::of(addr);
        motemq_reading(
            &at.with(&["--pub", "-t", "a/ä", "-s", "-r", "-q", "1"]),
            "\"ä\"\n".as_bytes(),
        )
        .well();
        let sub = Motemq::subscriber(&at.with(&["-t", "a/#", "-q", "2", "--json", "-C", "2"]));
        sub.until_lines(1);
        motemq_reading(
            &at.with(&["--pub", "-t", "a/b", "-s", "-q", "2"]),
            b"\xff\0\xfe",
        )
        .well();
        let text = sub.end().text();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let timestamp = lines[0]["timestamp"].as_str().unwrap();
        assert!(
            timestamp.len() == "2026-01-02T03:04:05.678Z".len() && timestamp.ends_with('Z'),
            "{timestamp}"
        );
        let without_time = |line: &serde_json::Value| {
            let mut line = line.clone();
            line.as_object_mut().unwrap().remove("timestamp").unwrap();
            line
        };
        let wanted = serde_json::json!({"topic": "a/ä", "qos": 1, "retain": true, "dup": false, "payload": "\"ä\"\n"});
        assert_eq!(without_time(&lines[0]), wanted);
        let wanted = serde_json::json!({"topic": "a/b", "qos": 2, "retain": false, "dup": false, "payload_base64": "/wD+"});
        assert_eq!(without_time(&lines[1]), wanted);
    });
}

#[test]
fn a_session_collects_until_its_messages_are_fetched() {
    with_each(
        "a_session_collects_until_its_messages_are_fetched",
        |addr| {
            let at = At::of(addr);
            let session = ["--sub", "-i", "logger", "-c", "-q", "1", "-t", "plant/#"];
            motemq(&at.with(&[&session[..], &["-E"]].concat())).well();
            for text in ["one", "two"] {
                motemq(&at.with(&[
                    "--pub", "-t", "plant/x", "-m", text, "-q", "1", "--repeat", "1",
                ]))
                .well();
            }
            assert_eq!(
                motemq(&at.with(&[&session[..], &["-C", "2"]].concat())).text(),
                "one\ntwo\n"
            );
            // Both were acknowledged: neither comes again.
            motemq(&at.with(&[&session[..], &["-C", "1", "-W", "0.5"]].concat()))
                .badly(6, "gave up");
        },
    );
}

/// The broker sends all of them before it answers SUBSCRIBE.
#[test]
fn a_session_may_hold_more_than_fits_before_the_answer() {
    let (_server, at) = serve(Config::new().window(200));
    let session = ["--sub", "-i", "logger", "-c", "-q", "1", "-t", "a"];
    motemq(&at.with(&[&session[..], &["-E"]].concat())).well();
    let lines: String = (0..150).map(|number| format!("{number}\n")).collect();
    motemq_reading(
        &at.with(&["--pub", "-t", "a", "-l", "-q", "1"]),
        lines.as_bytes(),
    )
    .well();
    assert_eq!(
        motemq(&at.with(&[&session[..], &["-C", "150"]].concat())).text(),
        lines
    );
}

#[test]
fn a_kept_subscription_can_be_taken_back() {
    with_each("a_kept_subscription_can_be_taken_back", |addr| {
        let at = At::of(addr);
        let session = ["--sub", "-i", "logger", "-c", "-q", "1"];
        motemq(&at.with(&[&session[..], &["-t", "a", "-t", "b", "-E"]].concat())).well();
        motemq(&at.with(&[&session[..], &["-U", "a", "-E"]].concat())).well();
        for topic in ["a", "b"] {
            motemq(&at.with(&["--pub", "-t", topic, "-n", "-q", "1"])).well();
        }
        assert_eq!(
            motemq(&at.with(&[&session[..], &["-t", "c", "-C", "1", "-v"]].concat())).text(),
            "b (null)\n"
        );
    });
}

#[test]
fn refused_filters_are_said_and_the_others_serve() {
    let (_server, at) = serve(Config::new().admit(|_, filter| filter != "secret"));
    let sub = Motemq::subscriber(&at.with(&["-t", "open", "-t", "secret", "-C", "1"]));
    sub.until_said("refuses the subscription to secret");
    motemq(&at.with(&["--pub", "-t", "open", "-m", "x", "--repeat", "1"])).well();
    assert_eq!(sub.end().text(), "x\n");
}

#[test]
fn many_filters_are_subscribed_to() {
    let (_server, at) = serve(Config::new());
    let topics: Vec<_> = (0..300).map(|number| format!("t/{number}")).collect();
    let filters: Vec<_> = topics.iter().flat_map(|topic| ["-t", topic]).collect();
    motemq(&at.with(&[&["--sub", "-E"], &filters[..]].concat())).well();
}

#[test]
fn packets_are_shown_on_stderr() {
    let (_server, at) = serve(Config::new());
    let end = motemq(&at.with(&[
        "--pub", "--debug", "-t", "a", "-m", "x", "-q", "2", "-u", "me", "-P", "secret",
        "--repeat", "1",
    ]));
    let wanted = [
        "-> CONNECT",
        "user \"me\" with password",
        "<- CONNACK",
        "-> PUBLISH \"a\", QoS 2, id 1, 1 bytes \"x\"",
        "<- PUBREC",
        "-> PUBREL",
        "<- PUBCOMP",
        "-> DISCONNECT",
    ];
    let mut rest = end.stderr.as_str();
    for words in wanted {
        let at = rest
            .find(words)
            .unwrap_or_else(|| panic!("{words} is not in {:?}", end.stderr));
        rest = &rest[at..];
    }
    assert!(!end.stderr.contains("secret"));
    assert!(end.well().is_empty());
}
