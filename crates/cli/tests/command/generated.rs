//! Helps and manual pages.
use crate::process::motemq;
use motemq_testing::mosquitto;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// The verbs that have options of their own.
pub const VERBS: &[&str] = &[
    "pub",
    "sub",
    "rr",
    #[cfg(feature = "watch")]
    "watch",
    "record",
    "replay",
    #[cfg(feature = "bench")]
    "bench",
    "doctor",
];

/// Plain text without hyphenation, wide enough for each option.
const GROFF: [&str; 8] = [
    "-man",
    "-Tascii",
    "-P-c",
    "-P-b",
    "-P-o",
    "-P-u",
    "-rLL=200n",
    "-rHY=0",
];

/// Runs a program with this input; `None` if it is not installed.
pub fn given(test: &str, program: &str, args: &[&str], input: &[u8]) -> Option<String> {
    if mosquitto::find(program).is_none() {
        mosquitto::skip(test, &format!("{program} is not installed"));
        return None;
    }
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &said)
}

/// Returns the long options that a text names.
pub fn long_options(text: &str) -> Vec<&str> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    let is_long = |word: &&str| word.starts_with("--") && word.len() > 3;
    words.filter(is_long).collect()
}

/// Returns the table of exit codes of a help.
fn exit_codes(help: &str) -> &str {
    let mut parts = help.split("Exit codes:\n");
    let table = parts.nth(1).unwrap_or_default().trim_end();
    assert!(!table.is_empty(), "{help}");
    table
}

#[test]
fn each_help_has_the_exit_codes() {
    let verbs = VERBS.iter().map(|verb| vec![*verb]);
    for verb in verbs.chain([vec![]]) {
        let help = motemq(&[&["help"], &verb[..]].concat()).text();
        let codes = exit_codes(&help).lines().map(|line| {
            let code = line.split_whitespace().next();
            code.and_then(|code| code.parse().ok()).expect(line)
        });
        let all: Vec<u8> = (0..=11).chain([130]).collect();
        assert_eq!(codes.collect::<Vec<u8>>(), all, "{verb:?}");
    }
    for verb in ["completions", "man"] {
        let help = motemq(&["help", verb]).text();
        assert_eq!(exit_codes(&help).lines().count(), 3, "{help}");
    }
}

#[test]
fn manual_pages_have_all_that_help_has() {
    let test = "manual_pages_have_all_that_help_has";
    let verbs = VERBS.iter().map(|verb| vec![*verb]);
    for verb in verbs.chain([vec![]]) {
        let page = motemq(&[&["man"], &verb[..]].concat()).well();
        let help = motemq(&[&["help"], &verb[..]].concat()).text();
        let Some(shown) = given(test, "groff", &GROFF, &page) else {
            return;
        };
        for option in long_options(&help) {
            assert!(shown.contains(option), "{verb:?}: {option}");
        }
        for title in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT CODES"] {
            assert!(shown.contains(title), "{verb:?}: {title}");
        }
        for code in exit_codes(&help).lines() {
            assert!(shown.contains(code.trim_start()), "{verb:?}: {code}");
        }
    }
    let page = motemq(&["man", "sub"]).well();
    let shown = given(test, "groff", &GROFF, &page).unwrap();
    for words in [
        "motemq-sub - Subscribes to topics",
        "FORMAT OF -F",
        "\\n \\t \\r \\a \\e \\v \\0 \\xHH \\\\ one byte.",
        "130  interrupted by Ctrl-C",
        "MOTEMQ_HOST",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    motemq(&["man", "completions"]).badly(2, &format!("possible values: {}", VERBS.join(", ")));
}
