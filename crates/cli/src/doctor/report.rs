//! The report of `doctor`, on stdout.
use crate::exit::{Exit, Failure};
use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The first error of stdout.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Shows a line. If that is not possible, the diagnosis goes on: its exit code says something, too.
pub fn show(line: impl fmt::Display) {
    if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
        let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(error);
    }
}

/// Shows a layer that works.
pub fn good(layer: &str, what: impl fmt::Display, since: Instant) {
    let milliseconds = since.elapsed().as_secs_f64() * 1000.0;
    show(format_args!(
        "{layer:<10} ok  {what} ({milliseconds:.1} ms)"
    ));
}

/// Shows the layer that does not; the words say what to change.
pub fn bad(layer: &str, exit: Exit, words: impl fmt::Display) -> Failure {
    show(format_args!("{layer:<10} FAILED"));
    Failure::new(exit, words)
}

/// Returns how a diagnosis ends that found nothing wrong.
pub fn end() -> Result<Exit, Failure> {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    match failed.take() {
        // Whoever reads may have had enough.
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::of_stdout(&error)),
        _ => Ok(Exit::Done),
    }
}
