//! Notices for people: on stderr, so that stdout holds messages only.
use crate::progress;
use std::{
    fmt,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Suppresses all notices from here on.
pub fn be_quiet() {
    IS_QUIET.store(true, Relaxed);
}

/// Returns whether notices are suppressed.
pub fn is_quiet() -> bool {
    IS_QUIET.load(Relaxed)
}

/// One line. That nobody hears it is no reason to end.
pub fn say(what: impl fmt::Display) {
    if is_quiet() {
        return;
    }
    progress::suspended(|| {
        let _ = writeln!(io::stderr().lock(), "motemq: {what}");
    });
}
