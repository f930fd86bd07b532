//! Replaying: messages arrive in their order, at their pace, and where they are wanted.
use crate::{
    broker::{At, Ear, serve, with_each},
    files::Directory,
    process::{Motemq, motemq, motemq_reading},
    recordings::{line, lines},
};
use motemq_std::QoS;
use motemq_testing::broker::Config;
use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};

#[test]
fn what_was_recorded_is_published_again() {
    with_each("what_was_recorded_is_published_again", |addr| {
        let directory = Directory::new();
        let at = At::of(addr);
        motemq(&at.with(&["pub", "-t", "p/kept", "-m", "on", "-r", "-q", "1"])).well();
        for gzip in [&[][..], &["-z"]] {
            let path = directory.path(&format!("{}.jsonl", gzip.len()));
            let record = [&[&*path, "-t", "p/#", "-C", "4"], gzip].concat();
            let recorder = Motemq::recorder(&at.with(&record));
            motemq_reading(&at.with(&["pub", "-t", "p/0", "-s"]), b"\xff\0").well();
            motemq(&at.with(&["pub", "-t", "p/1", "-m", "1", "-q", "1"])).well();
            motemq(&at.with(&["pub", "-t", "p/2", "-n", "-q", "2"])).well();
            recorder.end().well();
            let mut ear = Ear::at(addr, "test/#");
            let replay = ["replay", &path, "--prefix", "test", "--strip", "p"];
            let end = motemq(&at.with(&replay));
            assert!(end.stderr.contains("messages replayed: 4"), "{end:?}");
            end.well();
            for (topic, payload, qos) in [
                ("test/kept", &b"on"[..], QoS::AtLeastOnce),
                ("test/0", b"\xff\0", QoS::AtMostOnce),
                ("test/1", b"1", QoS::AtLeastOnce),
                ("test/2", b"", QoS::ExactlyOnce),
            ] {
                let heard = ear.hear();
                assert_eq!((&*heard.topic, &*heard.payload), (topic, payload));
                assert_eq!(heard.qos, qos);
            }
            // It is retained again.
            let sub = at.with(&["sub", "-t", "test/kept", "-C", "1", "--retained-only"]);
            assert_eq!(motemq(&sub).text(), "on\n");
            motemq(&at.with(&["pub", "-t", "test/kept", "-n", "-r", "-q", "1"])).well();
        }
    });
}

/// What sub prints as JSON is a recording, too.
#[test]
fn json_of_sub_is_replayed() {
    let (server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-r", "-q", "1"])).well();
    let printed = motemq(&at.with(&["sub", "-t", "a", "-C", "1", "--json", "-q", "1"])).well();
    let mut ear = Ear::at(server.addr(), "b/#");
    let replay = at.with(&["replay", "-", "--prefix", "b/", "--quiet"]);
    let end = motemq_reading(&replay, &printed);
    assert_eq!(end.stderr, "");
    end.well();
    assert_eq!(ear.hear().topic, "b/a");
}

#[test]
fn messages_have_the_pace_of_the_recording() {
    with_each("messages_have_the_pace_of_the_recording", |addr| {
        let directory = Directory::new();
        let at = At::of(addr);
        let times = [0, 200, 200, 600, 1000];
        let recording: Vec<_> = (0..)
            .zip(times)
            .map(|(n, ms)| line(ms, "a", &format!("{n}")))
            .collect();
        let path = directory.write("pace.jsonl", recording.concat());
        for (speed, divisor) in [("1", 1.0), ("2", 2.0), ("0.5", 0.5), ("max", 1e9)] {
            let mut ear = Ear::at(addr, "a");
            let mut replay = Motemq::start(&at.with(&["replay", &path, "--speed", speed]));
            let mut first = None;
            for (n, ms) in (0..).zip(times) {
                assert_eq!(ear.hear().payload, format!("{n}").as_bytes());
                let since = first.get_or_insert_with(Instant::now).elapsed();
                let wanted = Duration::from_millis(ms).div_f64(divisor);
                let late = since.checked_sub(wanted);
                // Other tests load the machine, and the first message may have been late.
                let is_early = late.is_none() && wanted - since > Duration::from_millis(150);
                let is_late = late.is_some_and(|late| late > Duration::from_millis(400));
                assert!(!is_early && !is_late, "{speed}: {since:?}, not {wanted:?}");
            }
            replay.close_stdin();
            replay.end().well();
        }
    });
}

/// The clock of the recorder was set, so that there is a pause of an hour.
#[test]
fn no_pause_is_longer_than_wanted() {
    let directory = Directory::new();
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "a");
    let recording = [line(0, "a", "1"), line(3_540_000, "a", "2")].concat();
    let path = directory.write("pause.jsonl", recording);
    motemq(&at.with(&["replay", &path, "--max-pause", "0.3", "-W", "20"])).well();
    assert_eq!(ear.hear().payload, b"1");
    assert_eq!(ear.hear().payload, b"2");
    let replay = motemq(&at.with(&["replay", &path, "-W", "1"]));
    assert!(replay.stderr.contains("follows after 58m 5"), "{replay:?}");
    replay.badly(6, "gave up");
}

#[test]
fn order_is_kept_at_full_speed() {
    with_each("order_is_kept_at_full_speed", |addr| {
        let directory = Directory::new();
        let at = At::of(addr);
        // No more than mosquitto keeps for a subscriber.
        let recording: Vec<_> = (0..900).map(|n| line(n, "a", &n.to_string())).collect();
        let (one, other) = recording.split_at(400);
        let one = directory.write("1.jsonl", one.concat());
        let other = directory.write("2.jsonl", other.concat());
        let mut ear = Ear::at(addr, "a");
        let replay = ["replay", &one, &other, "--speed", "max", "-q", "2"];
        motemq(&at.with(&replay)).well();
        for n in 0..900 {
            let heard = ear.hear();
            assert_eq!(
                (heard.payload, heard.qos),
                (n.to_string().into_bytes(), QoS::ExactlyOnce)
            );
        }
    });
}

#[test]
fn recordings_are_repeated() {
    let directory = Directory::new();
    let (server, at) = serve(Config::new());
    let path = directory.write(
        "two.jsonl",
        [line(0, "a", "1"), line(20, "a", "2")].concat(),
    );
    let mut ear = Ear::at(server.addr(), "a");
    motemq(&at.with(&["replay", &path, "--repeat", "3", "-q", "0"])).well();
    for payload in ["1", "2"].repeat(3) {
        assert_eq!(ear.hear().payload, payload.as_bytes());
    }
    #[cfg(unix)]
    {
        let replay = Motemq::start(&at.with(&["replay", &path, "--loop", "--speed", "10"]));
        for payload in ["1", "2"].repeat(20) {
            assert_eq!(ear.hear().payload, payload.as_bytes());
        }
        replay.interrupt();
        replay.end().well();
        let slow = Motemq::start(&at.with(&["replay", &path, "--speed", "0.0001", "-d"]));
        slow.until_said("-> PUBLISH");
        slow.interrupt();
        assert_eq!(slow.end().code, Some(130));
    }
}

#[test]
fn a_torn_last_line_is_left_out_and_another_is_an_error() {
    let directory = Directory::new();
    let (server, at) = serve(Config::new());
    let torn = [&line(0, "a", "1"), "\n", &line(0, "a", "2")[..60]].concat();
    let path = directory.write("torn.jsonl", &torn);
    let mut ear = Ear::at(server.addr(), "#");
    let end = motemq(&at.with(&["replay", &path]));
    assert!(
        end.stderr
            .contains("torn.jsonl, line 3 is torn, and is left out"),
        "{end:?}"
    );
    end.well();
    // Compressed, it breaks off within the second line.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(torn.as_bytes()).unwrap();
    encoder.flush().unwrap();
    fs::write(&path, encoder.get_ref()).unwrap();
    let end = motemq(&at.with(&["replay", &path]));
    assert!(end.stderr.contains("line 3 is torn"), "{end:?}");
    end.well();
    // What stands before a wrong line is published.
    let wrong = [&line(0, "a", "3"), "{\"topic\":1}\n", &line(0, "a", "4")].concat();
    let path = directory.write("wrong.jsonl", wrong);
    motemq(&at.with(&["replay", &path])).badly(1, "wrong.jsonl, line 2: invalid type");
    let path = directory.write("topic.jsonl", line(0, "a/#", "5"));
    motemq(&at.with(&["replay", &path])).badly(1, "is not a topic name");
    for payload in ["1", "1", "3"] {
        assert_eq!(ear.hear().payload, payload.as_bytes());
    }
    let path = directory.write("empty.jsonl", "\n");
    motemq(&at.with(&["replay", &path, "--loop"])).badly(1, "no message to replay");
}

#[test]
fn what_cannot_be_replayed_is_said_before() {
    motemq(&["replay"]).badly(2, "<FILE>");
    motemq(&["replay", "/no/such/file"]).badly(1, "cannot read /no/such/file");
    motemq(&["replay", "-", "--loop"]).badly(2, "stdin can be read once");
    motemq(&["replay", "x", "--prefix", "a/#"]).badly(2, "not a topic name");
    for speed in ["0", "1e-300", "1e12"] {
        let words = "not max, and not a number from 0.0001 to 1000000";
        motemq(&["replay", "x", "--speed", speed]).badly(2, words);
    }
    motemq(&["replay", "x", "-L", "mqtt://h/t"]).badly(2, "--prefix t");
    let directory = Directory::new();
    let path = directory.write("x.jsonl", line(0, "a", "1"));
    motemq(&["replay", &path, "/no/such/file"]).badly(1, "cannot read /no/such/file");
    let (_server, at) = serve(Config::new());
    let two = [line(0, "a", "1"), line(59_000, "a", "2")].concat();
    let path = directory.write("two.jsonl", two);
    assert_eq!(lines(&path).len(), 2);
    motemq(&at.with(&["replay", &path, "-W", "0.5", "--debug"])).badly(6, "gave up after 500ms");
}
