//! Tests that hold for each option, found in the definition of the command line: an option without
//! them fails.
use super::{
    Grammar, Line, Surroundings,
    defaults::{NOT_HERE, variable},
    parse,
};
use clap::{Arg, ArgAction};
use std::{collections::HashSet, fs, path::Path};

/// A value for each option that takes one, and the options that it needs.
const VALUES: &[(&str, &str, &str)] = &[
    ("alpn", "mqtt", ""),
    ("bind", "127.0.0.2", ""),
    ("cafile", "ca.pem", ""),
    ("capath", "directory", ""),
    ("cert", "cert.pem", ""),
    ("connections", "7", ""),
    ("count", "7", ""),
    ("delay", "7", ""),
    ("duration", "7", ""),
    ("file", "file", ""),
    ("filter_out", "b/#", ""),
    ("format", "%t", ""),
    ("give_up", "7", ""),
    ("headers", "A: b", ""),
    ("host", "broker.example", ""),
    ("id", "node", ""),
    ("id_prefix", "node-", ""),
    ("keep_alive", "7", ""),
    ("keep_session", "", "--id node"),
    ("keep", "7", ""),
    ("key", "key.pem", "--cert cert.pem"),
    ("key_pass", "secret", ""),
    ("max_inflight", "7", ""),
    ("max_pause", "7", ""),
    ("output", "file", ""),
    ("p12", "archive.p12", ""),
    ("password", "secret", ""),
    ("plot", "file", ""),
    ("port", "1884", ""),
    ("prefix", "a", ""),
    ("profile", "mosquitto", ""),
    ("properties", "connect\0receive-maximum\x007", ""),
    ("protocol_version", "auto", ""),
    ("proxy", "socks5://proxy.example", ""),
    ("publishers", "7", ""),
    ("pw_file", "file", ""),
    ("qos", "2", ""),
    ("random_filter", "7", ""),
    ("ramp_up", "7", ""),
    ("rate", "7", ""),
    ("raw", "file", ""),
    ("repeat", "7", ""),
    ("repeat_delay", "7", "--repeat 2"),
    ("rotate_size", "10k", ""),
    ("rotate_time", "7", ""),
    ("response_topic", "a/b", ""),
    ("retain_handling", "never", ""),
    ("scenario", "storm", ""),
    ("session_expiry", "7", ""),
    ("size", "77", ""),
    ("sni", "broker.example", ""),
    ("speed", "max", ""),
    ("strip", "a", ""),
    ("subscribers", "7", ""),
    ("text", "text", ""),
    ("tls_version", "tlsv1.3", ""),
    ("topics", "a/b", ""),
    ("unix", "/run/socket", ""),
    ("unsubscribe", "b/#", ""),
    ("url", "mqtt://broker.example", ""),
    ("user", "me", ""),
    ("will_payload", "text", "--will-topic w"),
    ("will_qos", "2", "--will-topic w"),
    ("will_retain", "", "--will-topic w"),
    ("will_topic", "w", ""),
];

/// The forms, with the words that each needs.
const FORMS: &[(Grammar, &str)] = &[
    (Grammar::Publish, "pub"),
    (Grammar::Subscribe, "sub"),
    (Grammar::Request, "rr"),
    #[cfg(feature = "watch")]
    (Grammar::Watch, "watch"),
    (Grammar::Record, "record night.jsonl"),
    (Grammar::Replay, "replay night.jsonl"),
    #[cfg(feature = "bench")]
    (Grammar::Bench, "bench"),
    (Grammar::Doctor, "doctor"),
    (Grammar::Flags, "--pub"),
    (Grammar::Flags, "--sub"),
];

/// Returns the options of a form that are for everyone.
fn options(grammar: Grammar) -> Vec<Arg> {
    let mut command = grammar.command();
    command.build();
    let options = command
        .get_arguments()
        .filter(|option| !option.is_hide_set() && !NOT_HERE.contains(&option.get_id().as_str()));
    let options = options.filter(|option| !option.is_positional());
    options.cloned().collect()
}

/// Returns the value of an option, and the options that it needs.
fn sample(option: &Arg) -> (&'static str, &'static str) {
    let id = option.get_id().as_str();
    let found = VALUES.iter().find(|(name, ..)| *name == id);
    let takes_value = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
    match found {
        Some(&(_, value, needed)) => (value, needed),
        None => {
            assert!(!takes_value, "give {id} a value here");
            ("", "")
        }
    }
}

/// Reads a command line in these surroundings, and shows all that was read.
fn shown(words: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let words = std::iter::once("motemq").chain(words.split_whitespace());
    let surroundings = Surroundings::with_variables(variables);
    match parse(words.map(Into::into).collect(), &surroundings) {
        Ok((_, Line::Command(line))) => Ok(format!("{line:?}")),
        Ok((_, line)) => Ok(format!("{line:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn each_option_has_a_variable() {
    let mut count = 0;
    for &(grammar, form) in FORMS {
        for option in options(grammar) {
            let (value, needed) = sample(&option);
            let long = option.get_long().expect("a long name");
            let begin = format!("{form} {needed}");
            let word = if option.get_action().takes_values() {
                format!("--{long}={}", value.replace(' ', ""))
            } else {
                format!("--{long}")
            };
            let Ok(on_line) = shown(&format!("{begin} {word}"), &[]) else {
                // An option of the other flag.
                assert_eq!(grammar, Grammar::Flags, "{form} {word}");
                continue;
            };
            let set = if value.is_empty() { "1" } else { value };
            for name in option.get_long_and_visible_aliases().unwrap_or_default() {
                let name = variable(name);
                let by_variable = shown(&begin, &[(&name, &set.replace(' ', ""))]);
                assert_eq!(by_variable.as_ref(), Ok(&on_line), "{form}: {name}={set}");
            }
            // An option without a value is not given by all values.
            if value.is_empty() {
                let off = shown(&begin, &[(&variable(long), "0")]);
                assert_eq!(off, shown(&begin, &[]), "{form}: --{long}");
            }
            let is_default = option.get_default_values() == [value];
            assert!(
                is_default || shown(&begin, &[]) != Ok(on_line),
                "{form}: --{long} does nothing"
            );
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

/// Returns the words of each test of the whole command, with the name of its file; none if a package
/// holds no tests.
fn tests() -> Vec<(String, HashSet<String>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command");
    let mut tests = Vec::new();
    for file in fs::read_dir(directory).into_iter().flatten() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap_or_default();
        for test in text.split("#[test]") {
            let words = test.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
            tests.push((name.to_owned(), words.map(str::to_owned).collect()));
        }
    }
    tests
}

/// A test of the whole command uses each option, by its long or its short name. An option that is not
/// for all connections is used with each form that has it.
#[test]
fn each_option_has_a_test_of_the_whole_command() {
    // Functions of the tests that start some of the forms, and the files about one.
    let helpers = [
        ("pub", "--pub", "publish"),
        ("sub", "subscriber", "subscribe"),
        ("sub", "listen", "subscribe"),
        ("record", "recorder", "record"),
        ("rr", "rr", "request"),
    ];
    let tests = tests();
    for &(grammar, form) in FORMS
        .iter()
        .filter(|(grammar, _)| *grammar != Grammar::Flags)
    {
        let verb = form.split(' ').next().unwrap();
        let is_about = |(file, words): &(String, HashSet<String>)| {
            let mut helpers = helpers.iter().filter(|(of, ..)| *of == verb);
            file == verb
                || words.contains(verb)
                || helpers.any(|(_, word, about)| words.contains(*word) || file == about)
        };
        for option in options(grammar) {
            let longs = option.get_long_and_visible_aliases().unwrap_or_default();
            let mut names: Vec<_> = longs.iter().map(|long| format!("--{long}")).collect();
            names.extend(option.get_short().map(|short| format!("-{short}")));
            let headings = ["Connection", "TLS and WebSocket"];
            let is_of_all = headings.map(Some).contains(&option.get_help_heading());
            let is_used = tests.iter().any(|test| {
                (is_of_all || is_about(test)) && names.iter().any(|name| test.1.contains(name))
            });
            assert!(
                is_used || tests.is_empty(),
                "{form} has no test of --{}",
                longs[0]
            );
        }
    }
}

/// Files of options have one option a line, by its long name.
#[test]
fn each_option_can_stand_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let named = FORMS.iter().filter(|(_, form)| !form.starts_with('-'));
    for (grammar, form) in named {
        let verb = form.split(' ').next().unwrap();
        fs::create_dir_all(path.join("motemq")).unwrap();
        for option in options(*grammar) {
            let (value, needed) = sample(&option);
            let long = option.get_long().unwrap();
            let begin = format!("{form} {needed}");
            let value = value.replace(' ', "");
            let mut word = format!("--{long}");
            if option.get_action().takes_values() {
                word = format!("{word}={value}");
            }
            let line = format!("# a comment\n\n--{long} {value}\n");
            fs::write(path.join("motemq").join(verb), line).unwrap();
            let words = std::iter::once("motemq").chain(begin.split_whitespace());
            let surroundings = Surroundings::with_files_in(path);
            let by_file = parse(words.map(Into::into).collect(), &surroundings).unwrap();
            let by_file = match by_file.1 {
                Line::Command(line) => format!("{line:?}"),
                line => format!("{line:?}"),
            };
            assert_eq!(
                Ok(by_file),
                shown(&format!("{begin} {word}"), &[]),
                "{form}: --{long}"
            );
        }
    }
}
