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
            "record",
            "replay",
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

/// Returns the long options that a text names.
fn long_options(text: &str) -> Vec<&str> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    let is_long = |word: &&str| word.starts_with("--") && word.len() > 3;
    words.filter(is_long).collect()
}

#[test]
fn zsh_and_fish_know_the_options_of_each_verb() {
    let zsh = motemq(&["completions", "zsh"]).text();
    let fish = motemq(&["completions", "fish"]).text();
    for verb in ["pub", "sub", "record", "replay", "doctor"] {
        let help = motemq(&[verb, "--help"]).text();
        // The explanations of the options name others, too: of the other forms, and of old ones.
        let defined = help.lines().filter_map(|line| {
            let line = line.trim_start();
            let is_option = line.starts_with('-') && !line.starts_with("- ");
            is_option.then(|| long_options(line).first().copied())?
        });
        let defined: Vec<_> = defined.collect();
        assert!(defined.len() > 30, "{verb}: {defined:?}");
        let begin = format!("({verb})\n_arguments");
        let in_zsh = zsh.split(&begin).nth(1).unwrap();
        let in_zsh = in_zsh.split("\n;;\n").next().unwrap();
        let place = format!("__fish_motemq_using_subcommand {verb}\"");
        let in_fish: Vec<_> = fish.lines().filter(|line| line.contains(&place)).collect();
        for option in defined {
            let is_there = |end: &str| in_zsh.contains(&format!("{option}{end}"));
            assert!(is_there("=[") || is_there("["), "zsh: {verb} {option}");
            let long = format!(" -l {} ", option.trim_start_matches('-'));
            let is_there = in_fish.iter().any(|line| line.contains(&long));
            assert!(is_there, "fish: {verb} {option}");
        }
    }
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

/// Returns the table of exit codes of a help.
fn exit_codes(help: &str) -> &str {
    let mut parts = help.split("Exit codes:\n");
    let table = parts.nth(1).unwrap_or_default().trim_end();
    assert!(!table.is_empty(), "{help}");
    table
}

#[test]
fn each_help_has_the_exit_codes() {
    for verb in [&[][..], &["pub"], &["sub"], &["doctor"]] {
        let help = motemq(&[&["help"], verb].concat()).text();
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
    for verb in [
        &[][..],
        &["pub"],
        &["sub"],
        &["record"],
        &["replay"],
        &["doctor"],
    ] {
        let page = motemq(&[&["man"], verb].concat()).well();
        let help = motemq(&[&["help"], verb].concat()).text();
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
    motemq(&["man", "completions"]).badly(2, "possible values: pub, sub, record, replay, doctor");
}
