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
