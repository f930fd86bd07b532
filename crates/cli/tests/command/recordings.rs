//! Directories for recordings, and their content.
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::{
    fs,
    io::Read,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Returns the text of a file that is whole, and was compressed or not.
pub fn text(path: impl AsRef<Path>) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    if bytes.starts_with(b"\x1f\x8b") {
        MultiGzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    text
}

/// Returns the lines of a recording.
pub fn lines(path: impl AsRef<Path>) -> Vec<Value> {
    let text = text(path);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the payloads of a recording, which are texts.
pub fn payloads(path: impl AsRef<Path>) -> Vec<String> {
    let lines = lines(path);
    lines
        .iter()
        .map(|line| line["payload"].as_str().unwrap().into())
        .collect()
}

/// Waits until a file has at least so many bytes.
#[track_caller]
pub fn until_long(path: &str, bytes: u64) {
    let begun = Instant::now();
    while fs::metadata(path).map_or(0, |about| about.len()) < bytes {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{path} stays short"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns a line that was recorded so many milliseconds after some time.
pub fn line(ms: u64, topic: &str, payload: &str) -> String {
    let (minutes, seconds, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    format!(
        r#"{{"timestamp":"2026-11-30T12:{minutes:02}:{seconds:02}.{ms:03}000Z","topic":"{topic}","qos":1,"retain":false,"dup":false,"payload":"{payload}"}}"#
    ) + "\n"
}
