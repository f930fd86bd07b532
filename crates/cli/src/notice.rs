//! Notices for people: on stderr, so that stdout holds messages only.
use std::{
    fmt,
    io::{self, Write},
};

/// One line. That nobody hears it is no reason to end.
pub fn say(what: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "motemq: {what}");
}
