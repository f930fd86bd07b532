//! Notices for people: on stderr, so that stdout holds messages only.
use crate::{exit::Exit, progress};
#[cfg(feature = "watch")]
use std::sync::{Mutex, PoisonError};
use std::{
    fmt,
    io::{self, Write},
    process,
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

/// The longest time for which the end of the process waits until something is written.
const PATIENCE: Duration = Duration::from_millis(500);

static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// The most characters of a text that a notice shows.
const SHOWN: usize = 80;

/// Returns a text of the user as notices show it: in quotes, and shortened.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Suppresses all notices from here on.
pub fn be_quiet() {
    IS_QUIET.store(true, Relaxed);
}

/// Returns whether notices are suppressed.
pub fn is_quiet() -> bool {
    IS_QUIET.load(Relaxed)
}

/// Notices are kept back, since the screen is used for something else.
#[cfg(feature = "watch")]
static ARE_KEPT: AtomicBool = AtomicBool::new(false);
/// The last notice that was kept back.
#[cfg(feature = "watch")]
static LAST: Mutex<String> = Mutex::new(String::new());

/// Keeps notices back from now on, or does not any more.
#[cfg(feature = "watch")]
pub fn keep_back(are_kept: bool) {
    ARE_KEPT.store(are_kept, Relaxed);
}

/// Returns the last notice that was kept back.
#[cfg(feature = "watch")]
pub fn last() -> String {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// One line. That nobody hears it is no reason to end.
pub fn say(what: impl fmt::Display) {
    if is_quiet() {
        return;
    }
    #[cfg(feature = "watch")]
    if ARE_KEPT.load(Relaxed) {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = what.to_string();
        return;
    }
    progress::suspended(|| {
        let _ = writeln!(io::stderr().lock(), "motemq: {what}");
    });
}

/// Ends the process. A screen that is used for something else is given back before.
pub fn exit(exit: Exit) -> ! {
    #[cfg(feature = "watch")]
    if ARE_KEPT.load(Relaxed) {
        briefly(ratatui::restore);
    }
    process::exit(exit as i32)
}

/// Prints one line just before the process ends. A full pipe without a reader does not hold the
/// process up.
pub fn say_last(what: impl fmt::Display) {
    let words = what.to_string();
    briefly(move || say(words));
}

/// Writes something, and waits for that only for a while.
fn briefly(write: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        write();
        // Nobody waits any more if this fails.
        let _ = sender.send(());
    });
    let _ = receiver.recv_timeout(PATIENCE);
}
