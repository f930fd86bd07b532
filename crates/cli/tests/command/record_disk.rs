//! Recording on a disk that becomes full.
use crate::{broker::serve, files::Directory, process::motemq, recordings::lines};
use motemq_testing::broker::Config;
use std::process::Command;

#[test]
fn a_full_disk_is_said_and_the_file_ends_with_a_whole_line() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    let payload = "x".repeat(1000);
    motemq(&at.with(&["pub", "-t", "a/1", "-m", &payload, "-r", "-q", "1"])).well();
    motemq(&at.with(&["record", "/dev/full", "-t", "a/#"])).badly(1, "No space left");
    motemq(&at.with(&["record", "--raw", "/dev/full", "-t", "a/#"])).badly(1, "No space left");
    for n in 2..10 {
        let topic = format!("a/{n}");
        motemq(&at.with(&["pub", "-t", &topic, "-m", &payload, "-r", "-q", "1"])).well();
    }
    // No file may be longer than 4,096 bytes.
    for gzip in [&[][..], &["-z"]] {
        let path = directory.path(&format!("{}.jsonl", gzip.len()));
        let record = at.with(&[&["record", &*path, "-t", "a/#", "-q", "1"], gzip].concat());
        let limit = if gzip.is_empty() { "8" } else { "0" };
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let limited = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_motemq")])
            .args(&record)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&limited.stderr);
        assert_eq!(limited.status.code(), Some(1), "{said}");
        assert!(said.contains("File too large"), "{said}");
        let count = if gzip.is_empty() { 3 } else { 0 };
        assert_eq!(lines(&path).len(), count);
        // It goes on when there is room again.
        motemq(&[&record[..], &["-C", "9"]].concat()).well();
        assert_eq!(lines(&path).len(), count + 9);
    }
}

/// A compressed file has no end then, but whole lines, and nothing behind them that is wrong.
#[test]
fn a_full_disk_leaves_a_compressed_file_readable() {
    let directory = Directory::new();
    let (_server, at) = serve(Config::new());
    for n in 0..9 {
        // What cannot be compressed further.
        let payload: String = (0..1500).map(|_| fastrand::alphanumeric()).collect();
        let topic = format!("a/{n}");
        motemq(&at.with(&["pub", "-t", &topic, "-m", &payload, "-r", "-q", "1"])).well();
    }
    let path = directory.path("full.jsonl.gz");
    let record = at.with(&["record", &path, "-z", "-t", "a/#", "-q", "1"]);
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_motemq"))
        .args(&record)
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1), "{limited:?}");
    let replayed = motemq(&at.with(&["replay", &path, "--prefix", "b", "--speed", "max"]));
    let said = replayed.stderr.clone();
    replayed.well();
    let count = said.trim().strip_prefix("motemq: messages replayed: ");
    let count: usize = count.and_then(|count| count.parse().ok()).expect(&said);
    assert!((1..9).contains(&count), "{said}");
    motemq(&[&record[..], &["-C", "9"]].concat()).well();
    assert_eq!(lines(&path).len(), count + 9);
}
