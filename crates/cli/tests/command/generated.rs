//! Completions and manual pages.
use crate::process::motemq;
use motemq_testing::mosquitto;
use std::{
    io::Write,
    process::{Command, Stdio},
};

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
fn given(test: &str, program: &str, args: &[&str], input: &[u8]) -> Option<String> {
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

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = motemq(&["completions", shell]).text();
        for word in [
            "pub",
            "sub",
            "doctor",
            "completions",
            "will-topic",
            "retained-only",
        ] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    motemq(&["completions", "fisch"]).badly(2, "similar value exists: 'fish'");
    motemq(&["completions"]).badly(2, "<SHELL>");
}

#[cfg(unix)]
#[test]
fn bash_completes_options_and_verbs() {
    let test = "bash_completes_options_and_verbs";
    let mut script = motemq(&["completions", "bash"]).well();
    script.extend_from_slice(
        br#"
        complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _motemq motemq "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
        complete_words motemq pub --will-
        complete_words motemq doc
        complete_words motemq sub --retained
        "#,
    );
    if let Some(said) = given(test, "bash", &[], &script) {
        let wanted =
            "--will-topic --will-payload --will-qos --will-retain\ndoctor\n--retained-only\n";
        assert_eq!(said, wanted);
    }
}

#[test]
fn manual_pages_have_all_that_help_has() {
    let test = "manual_pages_have_all_that_help_has";
    for verb in [&[][..], &["pub"], &["sub"], &["doctor"]] {
        let page = motemq(&[&["man"], verb].concat()).well();
        let help = motemq(&[&["help"], verb].concat()).text();
        let Some(shown) = given(test, "groff", &GROFF, &page) else {
            return;
        };
        let is_long = |word: &&str| word.starts_with("--") && word.len() > 3;
        let words = help.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
        for option in words.filter(is_long) {
            assert!(shown.contains(option), "{verb:?}: {option}");
        }
        for title in ["NAME", "SYNOPSIS", "OPTIONS"] {
            assert!(shown.contains(title), "{verb:?}: {title}");
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
    motemq(&["man", "completions"]).badly(2, "possible values: pub, sub, doctor");
}
