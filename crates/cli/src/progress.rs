//! The progress of payloads that take a while: a bar with the rate and the remaining time, on stderr
//! if that is a terminal.
use crate::notice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, Read},
    sync::{Mutex, MutexGuard, PoisonError},
};

const STYLE: &str = "{msg} [{wide_bar}] {percent}% of {total_bytes}, {bytes_per_sec}, {eta} left";

/// The bar that is shown.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that writes on the terminal, without a bar in between.
pub fn suspended(write: impl FnOnce()) {
    match &*shown() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Removes the bar, before the last words.
pub fn end() {
    if let Some(bar) = shown().take() {
        bar.finish_and_clear();
    }
}

/// A line that says what goes on, on stderr if that is a terminal. It disappears with this.
#[cfg(feature = "bench")]
pub struct Live(ProgressBar);

#[cfg(feature = "bench")]
impl Live {
    /// Shows a line, unless nothing may be said.
    pub fn new() -> Self {
        let target = if notice::is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        *shown() = Some(bar.clone());
        Live(bar)
    }

    /// Says something else from now on.
    pub fn say(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
        self.0.tick();
    }
}

#[cfg(feature = "bench")]
impl Drop for Live {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        *shown() = None;
    }
}

/// A reader that shows how much of it was read. The bar disappears with it.
pub struct Progress<R> {
    inner: R,
    bar: ProgressBar,
}

impl<R: Read> Progress<R> {
    /// Shows the progress of so many bytes, unless nothing may be said.
    pub fn of(inner: R, length: u64, what: &'static str) -> Self {
        let target = if notice::is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            // It shows nothing unless it is a terminal.
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        *shown() = Some(bar.clone());
        Progress { inner, bar }
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *shown() = None;
    }
}
