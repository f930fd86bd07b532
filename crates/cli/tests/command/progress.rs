//! The progress of large payloads, which only a terminal shows.
use crate::{
    broker::{At, scripted, serve},
    files::File,
    process::{Motemq, motemq},
    terminal::on_terminal,
};
use motemq_testing::broker::Config;
use std::{
    fs,
    io::{Read, Write},
    thread,
    time::Duration,
};

/// A length with which the bar is drawn more than once.
const LENGTH: usize = 24 << 20;

/// Returns a large file.
fn large() -> File {
    File::holding(vec![7; LENGTH])
}

/// A broker that takes its time to read what is published, so that the bar is drawn often.
fn slow() -> At {
    scripted(|stream| {
        let _ = stream.write_all(b"\x20\x02\0\0");
        let mut piece = vec![0; 256 << 10];
        while matches!(stream.read(&mut piece), Ok(1..)) {
            thread::sleep(Duration::from_millis(5));
        }
    })
}

/// Returns whether nothing of the bar stays where the terminal goes on.
fn is_erased(shown: &str) -> bool {
    let line = shown
        .strip_suffix('\r')
        .and_then(|shown| shown.rsplit('\r').next());
    line.is_some_and(|line| !line.is_empty() && line.chars().all(|char| char == ' '))
}

#[test]
fn a_terminal_shows_the_progress_of_what_is_sent() {
    let test = "a_terminal_shows_the_progress_of_what_is_sent";
    let (_server, at) = serve(Config::new());
    let slow = slow();
    let file = large();
    for source in [&["-f", file.path()][..], &["-s", "<", file.path()]] {
        let publish = slow.with(&[&["pub", "-t", "a"], source].concat());
        let Some(shown) = on_terminal(test, &[], &publish, b"") else {
            return;
        };
        for words in ["sending [", "% of 24.00 MiB, ", "MiB/s, ", "s left"] {
            assert!(shown.contains(words), "{words}: {shown:?}");
        }
        // Nobody knows a rate at the beginning.
        let first = shown.split('\r').find(|line| line.contains("sending ["));
        assert!(
            first.unwrap().trim_end().ends_with("0% of 24.00 MiB"),
            "{shown:?}"
        );
        assert!(is_erased(&shown), "{shown:?}");
    }
    let quiet = at.with(&["pub", "-t", "a", "-f", file.path(), "--quiet"]);
    assert_eq!(on_terminal(test, &[], &quiet, b"").unwrap(), "");
    // A short one is there at once.
    let short = at.with(&["pub", "-t", "a", "-m", "x", "-q", "1"]);
    assert_eq!(on_terminal(test, &[], &short, b"").unwrap(), "");
    // A file or a pipe gets no bar.
    let end = motemq(&at.with(&["pub", "-t", "a", "-f", file.path(), "-q", "1"]));
    assert_eq!(end.stderr, "");
    end.well();
}

/// What is said in between has a line of its own.
#[test]
fn notices_do_not_break_the_bar() {
    let (_server, at) = serve(Config::new());
    let file = large();
    let publish = at.with(&["pub", "-t", "a", "-q", "1", "-d", "-f", file.path()]);
    let Some(shown) = on_terminal("notices_do_not_break_the_bar", &[], &publish, b"") else {
        return;
    };
    assert!(shown.contains("sending ["), "{shown:?}");
    for notice in shown.match_indices("motemq: ") {
        let before = &shown[..notice.0];
        let is_own = before.is_empty() || before.ends_with('\n') || is_erased(before);
        assert!(is_own, "{shown:?}");
    }
}

/// Lines of a file are a long send, too.
#[test]
fn a_terminal_shows_the_progress_of_lines() {
    let at = slow();
    let line = [vec![b'x'; 64 << 10], b"\n".to_vec()].concat();
    let file = File::holding(line.repeat(LENGTH / line.len()));
    let publish = at.with(&["pub", "-t", "a", "-l", "<", file.path()]);
    let Some(shown) = on_terminal("a_terminal_shows_the_progress_of_lines", &[], &publish, b"")
    else {
        return;
    };
    for words in ["sending [", "% of 23.", "s left"] {
        assert!(shown.contains(words), "{words}: {shown:?}");
    }
    assert!(is_erased(&shown), "{shown:?}");
}

#[test]
fn a_terminal_shows_the_progress_of_what_is_received() {
    let test = "a_terminal_shows_the_progress_of_what_is_received";
    let (_server, at) = serve(Config::new());
    let file = large();
    let publish = at.with(&["pub", "-t", "a", "-r", "-q", "1", "-f", file.path()]);
    motemq(&publish).well();
    let copy = File::long(0);
    let copy = copy.path();
    for (quiet, is_shown) in [(&[][..], true), (&["--quiet"], false)] {
        let sub = ["sub", "-t", "a", "-C", "1", "-N", "-q", "1"];
        let to = [">", copy];
        let sub = at.with(&[&sub, quiet, &to].concat());
        let Some(shown) = on_terminal(test, &[], &sub, b"") else {
            return;
        };
        assert_eq!(shown.contains("receiving ["), is_shown, "{shown:?}");
        assert_eq!(shown.contains("% of 24.00 MiB"), is_shown, "{shown:?}");
        assert_eq!(fs::read(copy).unwrap(), fs::read(file.path()).unwrap());
    }
    // What needs the whole payload shows that it arrives, too.
    for format in [&["-F", "%l"][..], &["--json"]] {
        let sub = [
            &["sub", "-t", "a", "-C", "1", "-q", "1"],
            format,
            &[">", copy],
        ]
        .concat();
        let shown = on_terminal(test, &[], &at.with(&sub), b"").unwrap();
        assert!(shown.contains("receiving ["), "{shown:?}");
        let printed = fs::read_to_string(copy).unwrap();
        let is_right = printed == format!("{LENGTH}\n") || printed.contains(r"\u0007\u0007");
        assert!(is_right, "{}", printed.chars().take(99).collect::<String>());
    }
    let sub = Motemq::start(&at.with(&["sub", "-t", "a", "-C", "1", "-N"]));
    let end = sub.end();
    assert_eq!(end.stderr, "");
    assert_eq!(end.well().len(), LENGTH);
}
