//! `pub` and `sub` beside `--pub` and `--sub`.
use crate::{
    broker::{Ear, serve},
    process::{Motemq, motemq},
};
use motemq_testing::broker::Config;
use std::time::{Duration, Instant};

#[test]
fn pub_publishes_a_text_once() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let end = motemq(&at.with(&["pub", "-t", "a", "-m", "x", "-q", "1", "-d"]));
    assert!(end.stderr.contains("-> PUBLISH"), "{end:?}");
    end.well();
    assert_eq!(ear.hear().payload, b"x");
    motemq(&at.with(&["pub", "-t", "end", "-m", "x"])).well();
    ear.hears_only("end");
}

#[test]
fn pub_repeats_with_delay() {
    let (server, at) = serve(Config::new());
    let mut ear = Ear::at(server.addr(), "#");
    let begun = Instant::now();
    let _run = Motemq::start(&at.with(&["pub", "-t", "a", "-m", "x", "--delay", "0.2"]));
    (0..3).for_each(|_| assert_eq!(ear.hear().topic, "a"));
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[test]
fn sub_shows_packets_with_d() {
    let (_server, at) = serve(Config::new());
    let sub = Motemq::start(&at.with(&["sub", "-t", "a", "-v", "-C", "2", "-d"]));
    sub.until_said("<- SUBACK");
    motemq(&at.with(&["pub", "-t", "a", "-m", "x"])).well();
    motemq(&at.with(&["pub", "-t", "a", "-n"])).well();
    assert_eq!(sub.end().text(), "a x\na (null)\n");
}

#[test]
fn misspelt_words_are_answered() {
    motemq(&["publish", "-t", "a", "-m", "x"]).badly(2, "similar subcommand exists: 'pub'");
    motemq(&["sub", "--topik", "a"]).badly(2, "similar argument exists: '--topic'");
}

#[test]
fn help_is_there_in_each_form() {
    for (args, words) in [
        (&["help"][..], "every second until Ctrl-C"),
        (&["-?"], "every second until Ctrl-C"),
        (&["help", "pub"], "-m publishes once"),
        (&["pub", "-?"], "-m publishes once"),
        (&["sub", "--help"], "-d shows packets"),
        (&["help", "doctor"], "motemq doctor"),
    ] {
        let text = motemq(args).text();
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

/// The page about other programs names no option that is not there.
#[test]
fn the_page_for_those_who_come_from_elsewhere_is_true() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/coming-from-mosquitto.md"
    );
    // A package holds the crate alone.
    let Ok(page) = std::fs::read_to_string(page) else {
        return;
    };
    let help: String = ["pub", "sub", "rr", "doctor"]
        .map(|verb| motemq(&["help", verb]).text())
        .concat();
    let names: Vec<_> = help
        .split(|char: char| char.is_whitespace() || ",[]".contains(char))
        .filter(|word| word.starts_with('-'))
        .collect();
    let mut count = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let mut columns = row.split(" | ");
        let (theirs, ours) = (columns.next().unwrap(), columns.next().unwrap());
        // Where the options are the same, those of the other program count.
        let named = if ours.starts_with("the same |") {
            theirs
        } else {
            ours
        };
        for text in named.split('`').skip(1).step_by(2) {
            for word in text.split(' ').filter(|word| word.starts_with('-')) {
                assert!(names.contains(&word), "{word} in {row}");
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count}");
}
