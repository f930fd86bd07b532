//! Sentences of the help that no other test is about.
use crate::{
    broker::{Ear, serve},
    files::Directory,
    process::{Motemq, motemq, motemq_reading},
    recordings::{payloads, until_long},
};
use motemq_testing::broker::Config;
#[cfg(target_os = "linux")]
use std::time::Instant;
use std::{fs, thread, time::Duration};

/// CONNECT carries the values that the options of the connection give.
#[test]
fn connect_has_what_the_options_say() {
    let (_server, at) = serve(Config::new());
    let will = ["--will-topic", "w"];
    for (options, wanted) in [
        (&[][..], "CONNECT id \"motemq"),
        (&[], ", clean session, keep alive 60 s\n"),
        (&["-i", "node"], "CONNECT id \"node\", clean session, "),
        (&["-i", "node", "-c"], "\"node\", session kept, "),
        (&["-i", "node", "--disable-clean-session"], "session kept, "),
        (&["-k", "7"], "keep alive 7 s\n"),
        (&["--keepalive", "0"], "keep alive 0 s\n"),
        (&["-u", "me"], ", user \"me\"\n"),
        (&["--username", "me"], ", user \"me\"\n"),
        (&["-u", "me", "-P", "x"], ", user \"me\" with password\n"),
        (&["-u", "me", "--password", "x"], "with password\n"),
        (&will, ", will \"w\", QoS 0, 0 bytes"),
        (
            &["--will-topic", "w", "--will-payload", "gone"],
            ", will \"w\", QoS 0, 4 bytes \"gone\"\n",
        ),
        (
            &["--will-topic", "w", "--will-qos", "2", "--will-retain"],
            ", will \"w\", QoS 2, retain, 0 bytes",
        ),
    ] {
        for verb in [
            &["pub", "-t", "a", "-n", "-d"][..],
            &["sub", "-t", "a", "-E", "-d"],
            &["record", "-", "-t", "a", "-W", "0.2", "-d"],
        ] {
            let end = motemq(&at.with(&[verb, options].concat()));
            assert!(end.stderr.contains(wanted), "{options:?}: {end:?}");
        }
    }
}

/// `-M 0` sends all that there is, without waiting for an acknowledgement.
#[test]
fn as_many_messages_are_under_way_as_is_said() {
    let broker = || crate::broker::taking_only_connect();
    let lines: String = (0..200).map(|n| format!("{n}\n")).collect();
    for (window, sent) in [(&[][..], 20), (&["-M", "3"], 3), (&["-M", "0"], 200)] {
        let words = ["pub", "-d", "-t", "a", "-l", "-q", "1", "-W", "1"];
        let words = [&words[..], window].concat();
        let end = motemq_reading(&broker().with(&words), lines.as_bytes());
        assert_eq!(end.stderr.matches("-> PUBLISH").count(), sent, "{window:?}");
    }
}

/// A recorder says that the connection is lost, and goes on when there is one again.
#[test]
fn a_recorder_connects_again() {
    let directory = Directory::new();
    let (server, at) = serve(Config::new());
    let path = directory.path("again.jsonl");
    let recorder = Motemq::recorder(&at.with(&[&path, "-t", "a", "-C", "2"]));
    motemq(&at.with(&["pub", "-t", "a", "-m", "1", "-q", "1"])).well();
    until_long(&path, 20);
    server.cut_all();
    recorder.until_said("connecting again");
    recorder.until_said("connected to 127.0.0.1");
    let publish = at.with(&["pub", "-t", "a", "-m", "2", "-q", "1", "--delay", "0.1"]);
    let _publisher = Motemq::start(&publish);
    recorder.end().well();
    assert_eq!(payloads(&path), ["1", "2"]);
}

/// A replay does so, too, and no message with QoS 1 is missing.
#[test]
fn a_replay_connects_again() {
    let directory = Directory::new();
    let (server, at) = serve(Config::new());
    let line = |n: usize| {
        format!(
            "{{\"timestamp\":\"2026-01-01T00:00:0{n}.000000Z\",\"topic\":\"a\",\"qos\":1,\"retain\":false,\"payload\":\"{n}\"}}\n"
        )
    };
    let path = directory.write("replay.jsonl", (0..3).map(line).collect::<String>());
    let mut ear = Ear::at(server.addr(), "a");
    let replay = Motemq::start(&at.with(&["replay", &path]));
    assert_eq!(ear.hear().payload, b"0");
    server.cut_all();
    replay.until_said("connecting again");
    replay.until_said("connected to 127.0.0.1");
    let mut ear = Ear::at(server.addr(), "a");
    replay.end().well();
    while ear.hear().payload != b"2" {}
}

/// Other publishers end at once, and so does what cannot connect at the beginning.
#[test]
fn what_does_not_connect_again_ends() {
    let (server, at) = serve(Config::new());
    let words = ["pub", "-t", "a", "-m", "x", "--repeat", "2"];
    let pause = ["--repeat-delay", "2", "-d"];
    let publisher = Motemq::start(&at.with(&[&words[..], &pause].concat()));
    publisher.until_said("-> PUBLISH");
    server.cut_all();
    publisher.end().badly(7, "connection lost");
    let nobody = ["-p", "1"];
    for verb in [
        &["pub", "-t", "a", "-m", "x", "--delay", "1"][..],
        &["pub", "-t", "a", "-l"],
        &["sub", "-t", "a"],
        &["record", "-", "-t", "a"],
        &["rr", "-t", "a", "-n"],
        &["doctor", "-h", "127.0.0.1"],
    ] {
        let end = motemq(&[verb, &nobody].concat());
        assert_eq!(end.code, Some(3), "{verb:?}: {end:?}");
    }
}

/// The most memory that a process has had so far, in bytes.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

/// A large payload goes from a file to a file without being in memory.
#[cfg(target_os = "linux")]
#[test]
fn large_payloads_are_not_held() {
    const LENGTH: u64 = 48 << 20;
    const MEMORY: u64 = 24 << 20;
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let from = directory.write("from", vec![7; LENGTH as usize]);
    let to = directory.path("to");
    let is_there = |path: &str, length| {
        let limit = Instant::now() + Duration::from_secs(20);
        while fs::metadata(path).map_or(0, |file| file.len()) < length {
            assert!(Instant::now() < limit, "{path} is short");
            thread::sleep(Duration::from_millis(10));
        }
    };
    let sub = Motemq::start(&at.with(&["sub", "-t", "a", "-q", "1", "-N", "-o", &to]));
    let publish = [
        "pub", "-t", "a", "-r", "-q", "1", "-f", &from, "--delay", "60",
    ];
    let publisher = Motemq::start(&at.with(&publish));
    is_there(&to, LENGTH);
    for (process, name) in [(publisher.id(), "pub"), (sub.id(), "sub")] {
        let held = peak(process);
        assert!(held < MEMORY, "{name} has had {held} bytes");
    }
    assert!(fs::read(&from).unwrap() == fs::read(&to).unwrap());
    // To show a packet, all of it is needed, once.
    let shown = Motemq::start(&at.with(&[&publish[..], &["-d"]].concat()));
    shown.until_said("-> PUBLISH");
    let held = peak(shown.id());
    assert!(held < LENGTH + MEMORY, "pub -d has had {held} bytes");
}

/// `doctor` says which QoS was granted and with which a message went there and back.
#[test]
fn a_doctor_takes_a_qos() {
    let (_server, at) = serve(Config::new());
    for (options, qos) in [(&[][..], 1), (&["-q", "0"], 0), (&["--qos", "2"], 2)] {
        let text = motemq(&at.with(&[&["doctor"], options].concat())).text();
        for words in [format!("QoS {qos} granted"), format!("QoS {qos} ")] {
            assert!(text.contains(&words), "{words}: {text}");
        }
        let topic = text.contains("motemq/doctor/");
        assert!(topic, "{text}");
    }
}
