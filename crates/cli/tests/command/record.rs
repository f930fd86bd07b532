//! Recording: all that arrives is in the file, whatever happens to the process or the disk.
use crate::{
    broker::{At, serve, with_each},
    files::Directory,
    process::{Motemq, command, motemq, motemq_reading},
    recordings::{lines, payloads, text, until_long},
};
use motemq_testing::broker::Config;
use serde_json::json;
use std::{
    collections::HashSet,
    fs, thread,
    time::{Duration, Instant},
};

#[test]
fn each_message_is_a_line() {
    with_each("each_message_is_a_line", |addr| {
        let directory = Directory::new();
        let at = At::of(addr);
        motemq(&at.with(&["pub", "-t", "r/kept", "-m", "on", "-r", "-q", "1"])).well();
        for (name, gzip) in [("plain.jsonl", None), ("packed.jsonl.gz", Some("-z"))] {
            let path = directory.path(name);
            let record = [&path, "-t", "r/#", "-C", "5"].into_iter().chain(gzip);
            let recorder = Motemq::recorder(&at.with(&record.collect::<Vec<_>>()));
            for qos in ["0", "1", "2"] {
                motemq(&at.with(&["pub", "-t", "r/text", "-m", "\"ä\"\n", "-q", qos])).well();
            }
            motemq_reading(&at.with(&["pub", "-t", "r/bytes", "-s"]), b"\xff\0").well();
            recorder.end().well();
            let mut recorded = lines(&path);
            for line in &mut recorded {
                let line = line.as_object_mut().unwrap();
                let time = line.remove("timestamp").unwrap();
                let length = "2026-11-30T09:31:12.248517Z".len();
                assert_eq!(time.as_str().unwrap().len(), length);
            }
            let text = |qos| json!({"topic": "r/text", "qos": qos, "retain": false, "dup": false, "payload": "\"ä\"\n"});
            let wanted = [
                json!({"topic": "r/kept", "qos": 1, "retain": true, "dup": false, "payload": "on"}),
                text(0),
                text(1),
                text(2),
                json!({"topic": "r/bytes", "qos": 0, "retain": false, "dup": false, "payload_base64": "/wA="}),
            ];
            assert_eq!(recorded, wanted);
        }
    });
}

/// Ctrl-C is how a recording ends.
#[cfg(unix)]
#[test]
fn a_recording_ends_well_with_ctrl_c() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    for gzip in [&[][..], &["--gzip"]] {
        let path = directory.path(&format!("{}.jsonl", gzip.len()));
        let recorder = Motemq::recorder(&at.with(&[&[&*path, "-t", "a"], gzip].concat()));
        motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-q", "1"])).well();
        until_long(&path, 20);
        recorder.interrupt();
        recorder.end().well();
        assert_eq!(payloads(&path), ["x"]);
    }
}

/// A process that is killed loses one line at most, and the next one goes on behind the last whole
/// one.
#[test]
fn a_killed_recording_goes_on() {
    with_each("a_killed_recording_goes_on", |addr| {
        let directory = Directory::new();
        let at = At::of(addr);
        for gzip in [&[][..], &["--gzip"]] {
            let path = directory.path(&format!("{}.jsonl", gzip.len()));
            let session = [
                "-t",
                "a",
                "-q",
                "1",
                "-i",
                "recorder",
                "-c",
                "--max-inflight",
                "10",
            ];
            let record = at.with(&[&[&*path], &session[..], gzip].concat());
            let mut recorder = Motemq::recorder(&record);
            let mut publisher = Motemq::with_input(&at.with(&["pub", "-t", "a", "-l", "-q", "1"]));
            let input: Vec<_> = (0..900).map(|n| format!("{n}\n")).collect();
            publisher.type_in(input.concat().as_bytes());
            publisher.close_stdin();
            until_long(&path, 5_000);
            recorder.kill();
            drop(recorder);
            publisher.end().well();
            // The session is kept, so nothing is missing. What was in flight may be there twice:
            // nobody knows whether it was acknowledged.
            let recorder = Motemq::start(&[&["record"], &record[..]].concat());
            motemq(&at.with(&["pub", "-t", "a", "-m", "last", "-q", "1"])).well();
            let begun = Instant::now();
            while !readable(&path).contains("\"last\"") {
                assert!(
                    begun.elapsed() < Duration::from_secs(20),
                    "{:?}",
                    recorder.end()
                );
                thread::sleep(Duration::from_millis(20));
            }
            #[cfg(unix)]
            {
                recorder.interrupt();
                recorder.end().well();
                let mut recorded = payloads(&path);
                assert_eq!(recorded.pop().unwrap(), "last");
                let mut seen = HashSet::new();
                recorded.retain(|payload| seen.insert(payload.clone()));
                let wanted: Vec<_> = (0..900).map(|n| n.to_string()).collect();
                assert_eq!(recorded, wanted);
            }
            #[cfg(not(unix))]
            drop(recorder);
            motemq(&at.with(&["sub", "-t", "a", "-i", "recorder", "-E"])).well();
        }
    });
}

/// Returns as much of a file as can be read while it is written.
fn readable(path: &str) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = Vec::new();
    if bytes.starts_with(b"\x1f\x8b") {
        let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]);
        let _ = std::io::Read::read_to_end(&mut decoder, &mut text);
    } else {
        text = bytes;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_torn_line_is_removed_and_a_whole_one_ended() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", "new", "-r", "-q", "1"])).well();
    let whole = r#"{"topic":"a","payload":"old"}"#;
    let long = format!(r#"{{"topic":"a","payload":"{}"#, "x".repeat(200_000));
    for (before, said, wanted) in [
        (String::new(), "", &["new"][..]),
        (format!("{whole}\n"), "", &["old", "new"]),
        (whole.into(), "", &["old", "new"]),
        (format!("{whole}\n{{\"topic\":\"a"), "torn", &["old", "new"]),
        (format!("{whole}\n{long}"), "torn", &["old", "new"]),
        (long.clone(), "torn", &["new"]),
        ("{".into(), "torn", &["new"]),
    ] {
        let path = directory.write("torn.jsonl", &before);
        let end = motemq(&at.with(&["record", &path, "-t", "a", "-C", "1"]));
        assert!(end.stderr.contains(said), "{end:?}");
        assert_eq!(end.stderr.is_empty(), said.is_empty(), "{end:?}");
        end.well();
        assert_eq!(
            payloads(&path),
            wanted,
            "{}",
            &before[..before.len().min(99)]
        );
    }
}

#[test]
fn a_file_that_is_no_recording_is_left_alone() {
    let directory = Directory::new();
    for (content, gzip, words) in [
        (&b"Dear diary,\n"[..], &[][..], "is no recording"),
        (b"Dear diary,", &[], "is no recording"),
        (b"{}\n{\"torn", &[], "is no recording"),
        (b"{\"topic\":\"a\"}\n", &["--gzip"], "leave out --gzip"),
        (b"\x1f\x8b", &[], "say --gzip"),
    ] {
        let path = directory.write("diary", content);
        let record = [&["record", &*path, "-t", "a", "-p", "1"], gzip].concat();
        motemq(&record).badly(1, words);
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    motemq(&["record", "/no/such/directory/x", "-t", "a", "-p", "1"]).badly(1, "cannot record to");
}

#[test]
fn files_are_rotated_by_size() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let path = directory.path("night.jsonl");
    let one = motemq_testing_line_length(&directory, &at);
    // Room for exactly three lines.
    let limit = (3 * one).to_string();
    let record = [&*path, "-t", "a", "--rotate-size", &limit, "-C"];
    let recorder = Motemq::recorder(&at.with(&[&record[..], &["7"]].concat()));
    let mut input: Vec<_> = (1..=7).map(|n| format!("{n}\n")).collect();
    motemq_reading(
        &at.with(&["pub", "-t", "a", "-l"]),
        input.concat().as_bytes(),
    )
    .well();
    recorder.end().well();
    let names = [
        "night-000001.jsonl",
        "night-000002.jsonl",
        "night-000003.jsonl",
    ];
    assert_eq!(directory.names()[..3], names);
    let all: Vec<_> = names.map(|name| payloads(directory.path(name))).concat();
    assert_eq!(all, ["1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(payloads(directory.path(names[0])).len(), 3);
    // It goes on in the last file, and keeps the newest two.
    let recorder = Motemq::recorder(&at.with(&[&record[..], &["3", "--keep", "2"]].concat()));
    input.truncate(3);
    motemq_reading(
        &at.with(&["pub", "-t", "a", "-l"]),
        input.concat().as_bytes(),
    )
    .well();
    recorder.end().well();
    let names = ["night-000003.jsonl", "night-000004.jsonl"];
    assert_eq!(directory.names()[..2], names);
    assert_eq!(payloads(directory.path(names[0])), ["7", "1", "2"]);
    assert_eq!(payloads(directory.path(names[1])), ["3"]);
}

/// Returns the length of a line with a payload of one character.
fn motemq_testing_line_length(directory: &Directory, at: &At) -> usize {
    let path = directory.path("zz-one.jsonl");
    let recorder = Motemq::recorder(&at.with(&[&path, "-t", "a", "-C", "1"]));
    motemq(&at.with(&["pub", "-t", "a", "-m", "1"])).well();
    recorder.end().well();
    text(&path).len()
}

#[test]
fn compressed_files_are_rotated_and_whole() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let path = directory.path("n.jsonl.gz");
    let record = [&*path, "-t", "a", "-z", "--rotate-size", "1k", "-C", "300"];
    let recorder = Motemq::recorder(&at.with(&record));
    let input: Vec<_> = (1..=300).map(|n| format!("{n}\n")).collect();
    motemq_reading(
        &at.with(&["pub", "-t", "a", "-l", "-q", "1"]),
        input.concat().as_bytes(),
    )
    .well();
    recorder.end().well();
    let names = directory.names();
    assert!(
        names.len() > 3 && names[0] == "n-000001.jsonl.gz",
        "{names:?}"
    );
    let all: Vec<_> = names
        .iter()
        .flat_map(|name| payloads(directory.path(name)))
        .collect();
    let wanted: Vec<_> = (1..=300).map(|n| n.to_string()).collect();
    assert_eq!(all, wanted);
    for name in names {
        let length = fs::metadata(directory.path(&name)).unwrap().len();
        assert!(length < 1100, "{name}: {length}");
    }
}

#[test]
fn files_are_rotated_by_time() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let path = directory.path("n.jsonl");
    let record = at.with(&[&path, "-t", "a", "--rotate-time", "0.3", "-C", "3"]);
    let recorder = Motemq::recorder(&record);
    for pause in [0, 0, 400] {
        thread::sleep(Duration::from_millis(pause));
        motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-q", "1"])).well();
    }
    recorder.end().well();
    let names = directory.names();
    assert!(names.len() >= 2, "{names:?}");
    let counts = names.iter().map(|name| lines(directory.path(name)).len());
    assert_eq!(counts.sum::<usize>(), 3);
}

#[test]
fn stdout_is_a_file_too() {
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-r", "-q", "1"])).well();
    let printed = motemq(&at.with(&["record", "-", "-t", "a", "-C", "1", "--quiet"])).text();
    assert!(
        printed.contains(r#""topic":"a","qos":1,"retain":true"#),
        "{printed}"
    );
    motemq(&["record", "-", "-t", "a", "--rotate-size", "1k", "-p", "1"]).badly(2, "one file");
}

#[test]
fn what_cannot_be_recorded_is_said_before() {
    motemq(&["record", "x.jsonl"]).badly(2, "say -t FILTER");
    motemq(&["record", "-t", "a"]).badly(2, "<FILE>");
    motemq(&["record", "x.jsonl", "-t", "a#"]).badly(2, "not a topic filter");
    motemq(&["record", "x.jsonl", "-t", "a", "--keep", "1"]).badly(2, "--rotate-size");
    motemq(&["record", "x.jsonl", "-t", "a", "--rotate-size", "0"]).badly(2, "number of bytes");
    let (_server, at) = serve(Config::new());
    let directory = Directory::new();
    let path = directory.path("x.jsonl");
    motemq(&at.with(&["record", &path, "-t", "a", "-W", "0.5"])).badly(6, "gave up after 500ms");
    assert_eq!(text(&path), "");
}

/// The bytes of a connection, in both directions, and readable for its owner alone.
#[test]
fn the_bytes_of_a_connection_are_kept() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-r", "-q", "1"])).well();
    let path = directory.path("raw.jsonl");
    // A file that is there is replaced, and only its owner can read it from then on.
    fs::write(&path, "old").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let record = at.with(&["record", "--raw", &path, "-t", "a", "-C", "1", "-i", "me"]);
    assert!(command(&record).status().unwrap().success());
    let pieces = lines(&path);
    let of = |direction: &str| -> Vec<u8> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let pieces = pieces
            .iter()
            .filter(|piece| piece["direction"] == direction);
        pieces
            .flat_map(|piece| {
                STANDARD
                    .decode(piece["bytes_base64"].as_str().unwrap())
                    .unwrap()
            })
            .collect()
    };
    assert!(pieces.iter().all(|piece| piece["connection"] == 1));
    assert_eq!(
        of("out")[..16],
        *b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02me"
    );
    assert!(of("out").ends_with(b"\xe0\0"));
    assert!(of("in").starts_with(b"\x20\x02\0\0"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
