//! Prompts for passwords on the terminal. The time that the user takes does not count towards `-W`.
#[cfg(unix)]
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
#[cfg(unix)]
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::{Handle, Signals},
    low_level::emulate_default_handler,
};
#[cfg(unix)]
use std::fs::File;
use std::{
    io,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The time for which the user was asked so far. It is locked while the user is asked.
static SPENT: Mutex<Duration> = Mutex::new(Duration::ZERO);

/// Asks for a password on the terminal, where it is not shown.
pub fn password(question: &str) -> io::Result<String> {
    timed(|| {
        #[cfg(unix)]
        let _kept = Kept::terminal();
        rpassword::prompt_password(question)
    })
}

/// The terminal as it was, while its input is not shown: a signal that ends the process puts it back.
#[cfg(unix)]
struct Kept(Handle);

#[cfg(unix)]
impl Kept {
    /// Returns `None` if there is no terminal.
    fn terminal() -> Option<Self> {
        let terminal = File::open("/dev/tty").ok()?;
        let state = tcgetattr(&terminal).ok()?;
        let mut signals = Signals::new([SIGINT, SIGTERM]).ok()?;
        let handle = signals.handle();
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // There is nothing left to do if it fails.
                let _ = tcsetattr(&terminal, OptionalActions::Now, &state);
                let _ = emulate_default_handler(signal);
            }
        });
        Some(Kept(handle))
    }
}

#[cfg(unix)]
impl Drop for Kept {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Sleeps for the given time, and for as long as the user is asked meanwhile.
pub fn sleep(limit: Duration) {
    let begun = Instant::now();
    loop {
        let spent = *SPENT.lock().unwrap_or_else(PoisonError::into_inner);
        let left = (limit + spent).saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        thread::sleep(left);
    }
}

fn timed<T>(ask: impl FnOnce() -> T) -> T {
    let mut spent = SPENT.lock().unwrap_or_else(PoisonError::into_inner);
    let since = Instant::now();
    let answer = ask();
    *spent += since.elapsed();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_user_does_not_count() {
        let begun = Instant::now();
        let sleeper = thread::spawn(|| sleep(Duration::from_millis(400)));
        for _ in 0..2 {
            timed(|| thread::sleep(Duration::from_millis(600)));
        }
        sleeper.join().unwrap();
        let slept = begun.elapsed();
        assert!(slept >= Duration::from_millis(1600), "{slept:?}");
        assert!(slept < Duration::from_millis(2100), "{slept:?}");
    }
}
