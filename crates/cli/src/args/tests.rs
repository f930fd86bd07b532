//! Tests of what is read from command lines, and of what is refused.
use super::*;
use motemq_std::profile;
use std::time::Duration;

fn parse(line: &str) -> Result<CommandLine, String> {
    CommandLine::of(line)
}

fn says(line: &str, words: &str) {
    let error = parse(line).expect_err(line);
    assert!(error.contains(words), "{line}: {error}");
}

#[test]
fn the_definition_holds_together() {
    for grammar in [
        Grammar::Flags,
        Grammar::Publish,
        Grammar::Subscribe,
        Grammar::Request,
        Grammar::Doctor,
    ] {
        Command::debug_assert(grammar.command());
    }
}

#[test]
fn h_is_the_host() {
    let line = parse("--pub -h broker -p 1884 -t SEGGER/Demo -m Hello -d 5").unwrap();
    assert_eq!(
        (
            line.broker.connection.host.as_str(),
            line.broker.connection.port
        ),
        ("broker", Some(1884))
    );
    assert_eq!(line.message().delay, Some(Duration::from_secs(5)));
    assert_eq!(
        parse("--sub -t a").unwrap().broker.connection.host,
        "localhost"
    );
}

#[test]
fn one_verb() {
    says("-t a -m b", "--pub|--sub");
    says("--pub --sub -t a -m b", "cannot be used with");
}

#[test]
fn options_of_the_other_verb_are_refused() {
    for option in ["-m x", "-n", "-f x", "-s", "-l", "-d 1", "--repeat 1", "-r"] {
        says(&format!("--sub -t a {option}"), "cannot be used with");
    }
    for option in [
        "-C 1",
        "-E",
        "-T x",
        "-U x",
        "-R",
        "--retained-only",
        "-v",
        "-N",
        "--json",
    ] {
        says(&format!("--pub -t a -m b {option}"), "cannot be used with");
    }
}

#[test]
fn one_source_of_messages() {
    says("--pub -t a -m b -n", "cannot be used with");
    says("--pub -t a -s -l", "cannot be used with");
    says("--pub -t a -l --repeat 2", "cannot be used with");
    says("--pub -t a -l -d 2", "cannot be used with");
}

#[test]
fn what_begins_with_a_hyphen_can_be_said() {
    assert_eq!(
        parse("--pub -t a -m -5")
            .unwrap()
            .message()
            .source
            .text
            .as_ref()
            .unwrap(),
        "-5"
    );
    assert_eq!(
        parse("--pub -t a -m x -u u -P -secret")
            .unwrap()
            .broker
            .connection
            .password
            .unwrap(),
        "-secret"
    );
}

#[test]
fn numbers_are_checked() {
    says("--sub -t a -q 3", "QoS is 0, 1 or 2");
    says("--sub -t a -W 0", "no time");
    says("--sub -t a -W -1", "-1");
    says("--sub -t a -W nan", "seconds");
    for endless in ["-d", "--repeat 2 -d", "--repeat 2 --repeat-delay", "-W"] {
        for number in ["1e19", "1e40", "inf"] {
            says(
                &format!("--pub -t a -m x {endless} {number}"),
                "that can be waited",
            );
        }
        parse(&format!("--pub -t a -m x {endless} 3e9")).unwrap();
    }
    says("--sub -t a -C 0", "0 is not in 1..");
    says("--sub -t a -p 70000", "70000");
    says("--sub -t a -k 70000", "70000");
    assert_eq!(
        parse("--sub -t a -W 0.25").unwrap().common.give_up,
        Some(Duration::from_millis(250))
    );
}

#[test]
fn other_versions_are_refused() {
    parse("--sub -t a -V mqttv311").unwrap();
    parse("--sub -t a -V 5").unwrap();
    parse("--sub -t a -V auto").unwrap();
    says("--sub -t a -V mqttv31", "say mqttv311, mqttv5 or auto");
    says("--sub -t a -V 5 -c -i n -x -2", "not -1, and not 0");
}

#[test]
fn profiles_have_names() {
    let profile = parse("--sub -t a --profile aws-iot")
        .unwrap()
        .broker
        .connection
        .profile;
    assert_eq!(profile, Some(&profile::AWS_IOT));
    says(
        "--sub -t a --profile aws",
        "known are aws-iot, azure-iot-hub, hivemq-cloud, mosquitto",
    );
    let help = parse("--help").unwrap_err();
    assert!(
        profile::ALL
            .iter()
            .all(|profile| help.contains(profile.name)),
        "{help}"
    );
}

#[test]
fn what_goes_together() {
    says("--sub -t a -c", "--id");
    says("--sub -t a --will-payload x", "--will-topic");
    says("--sub -t a --will-retain", "--will-topic");
    says("--pub -t a -m x --repeat-delay 1", "--repeat");
    says("--sub -L mqtt://h/t -h other", "cannot be used with");
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = parse("--help").unwrap_err();
    for words in [
        "motemq --pub",
        "Examples:",
        "Exit codes:",
        "every second until Ctrl-C",
        "-h, --host",
    ] {
        assert!(help.contains(words), "{words} is not in\n{help}");
    }
}

/// A terminal breaks longer lines, and an example that is broken cannot be copied.
#[test]
fn what_follows_the_options_fits_the_width_of_help() {
    for grammar in [Grammar::Flags, Grammar::Publish, Grammar::Subscribe] {
        for line in super::help::after(grammar).lines() {
            assert!(line.len() <= 100, "{line}");
        }
    }
}

#[test]
fn verbs_are_words_too() {
    let line = parse("pub -t a -m x -d --delay 2").unwrap();
    assert!(line.common.report.debug);
    assert_eq!(line.message().delay, Some(Duration::from_secs(2)));
    assert!(parse("sub -t a -d").unwrap().common.report.debug);
    says("pub -t a -C 1", "unexpected argument '-C'");
    says("sub -t a -m x", "unexpected argument '-m'");
    says("pub --pub -t a -m x", "--pub");
}

#[test]
fn misspelt_words_are_recognized() {
    says("publish -t a", "'pub'");
    says("subscribe -t a", "'sub'");
    says("dokter", "'doctor'");
    says("help dokter", "'doctor'");
    says("pub --topik a", "'--topic'");
}

#[test]
fn each_form_has_its_help() {
    for (line, words) in [
        ("help", "every second until Ctrl-C"),
        ("-?", "motemq sub"),
        ("help pub", "This text, once"),
        ("pub -?", "-m publishes once"),
        ("pub --help", "-d, --debug"),
        ("help sub", "-d shows packets"),
        ("sub --help", "-C, --count"),
        ("help doctor", "motemq doctor"),
        ("doctor -?", "--timeout"),
    ] {
        says(line, words);
    }
}

#[test]
fn names_may_begin_with_a_hyphen() {
    let line = parse("sub -t -x -T -y -U -z -i -x -u -x --will-topic -x").unwrap();
    assert_eq!(line.common.topics, ["-x"]);
    assert_eq!(line.broker.connection.id.as_deref(), Some("-x"));
    assert_eq!(line.broker.connection.user.as_deref(), Some("-x"));
    assert_eq!(line.broker.connection.will_topic.as_deref(), Some("-x"));
    assert_eq!(line.subscription().filter_out, ["-y"]);
}

#[test]
fn variables_that_are_empty_are_not_set() {
    let with = |variables: &[(&str, &str)]| {
        let words = ["motemq", "pub", "-t", "a", "-m", "x"].map(Into::into);
        match super::parse(words.into(), &Surroundings::with_variables(variables)) {
            Ok((_, Line::Command(line))) => line,
            other => panic!("{other:?}"),
        }
    };
    let line = with(&[
        ("MOTEMQ_HOST", ""),
        ("MOTEMQ_PORT", ""),
        ("MOTEMQ_CAFILE", ""),
        ("MOTEMQ_RETAIN", ""),
        ("MOTEMQ_PW", ""),
    ]);
    assert_eq!(line.broker.connection.host, "localhost");
    assert_eq!(line.broker.connection.port, None);
    assert_eq!(line.broker.connection.password, None);
    assert!(!line.message().retain);
    // The other name of the option counts then.
    let line = with(&[("MOTEMQ_PW", ""), ("MOTEMQ_PASSWORD", "secret")]);
    assert_eq!(
        line.broker.connection.password.as_deref(),
        Some("secret".as_ref())
    );
}

#[test]
fn lines_of_a_file_may_be_written_in_several_ways() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::create_dir_all(path.join("motemq")).unwrap();
    for text in [
        "-p 1884\n-m two words\n",
        "\u{feff}-p 1884\r\n\r\n# none\r\n-m two words\r\n",
        "  -p\t1884\n \n  # none\n\t-m   two words",
        "--port=1884\n--message=two words\n",
    ] {
        std::fs::write(path.join("motemq/pub"), text).unwrap();
        let surroundings = Surroundings::with_files_in(path);
        let words = ["motemq", "pub", "-t", "a"].map(Into::into);
        match super::parse(words.into(), &surroundings) {
            Ok((_, Line::Command(line))) => {
                assert_eq!(line.broker.connection.port, Some(1884), "{text:?}");
                let message = line.message().source.text.as_deref();
                assert_eq!(message, Some("two words".as_ref()), "{text:?}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn the_last_of_an_option_counts() {
    let line = parse("pub -q 1 -h a -r -r -t a -t b -m x -m y -q 2 -h b").unwrap();
    assert_eq!(line.common.qos, motemq::QoS::ExactlyOnce);
    assert_eq!(line.broker.connection.host, "b");
    assert_eq!(line.message().source.text.as_deref(), Some("y".as_ref()));
    assert!(line.message().retain);
    assert_eq!(line.common.topics, ["a", "b"]);
    let line = parse("sub -t a -T b -T c -C 1 -C 2 --will-topic w --will-topic x").unwrap();
    assert_eq!(line.subscription().count, Some(2));
    assert_eq!(line.subscription().filter_out, ["b", "c"]);
    says("pub -t a -m x -f y -f z", "cannot be used with");
}
