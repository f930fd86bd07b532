//! The progress of what takes a while: a line of the terminal that changes and disappears, on stderr
//! if that is a terminal.
use crate::notice;
use std::{
    fmt,
    io::{self, IsTerminal, Read, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use terminal_size::{Width, terminal_size_of};

/// The shortest time between two drawings of the line.
const PAUSE: Duration = Duration::from_millis(100);
/// The width of a terminal that does not say it.
const WIDTH: u16 = 80;
/// The least length of a bar.
const BAR: usize = 10;

/// The text of the line that is shown.
static SHOWN: Mutex<Option<String>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<String>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the characters that fit into a line. One behind them stays free: some terminals begin a
/// new line when the last one is used.
fn room() -> usize {
    let size = terminal_size_of(io::stderr());
    let width = size.map_or(0, |(Width(width), _)| width);
    usize::from(if width == 0 { WIDTH } else { width } - 1)
}

/// Writes a text over the one that stands in the line. Without a text, the next one begins there.
fn overwrite(before: &str, text: &str) {
    let width = before.chars().count();
    let end = if text.is_empty() { "\r" } else { "" };
    let line = format!("\r{text:width$}{end}");
    // The program goes on if the terminal is gone.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Does something that writes on the terminal, without the line in between.
pub fn suspended(write: impl FnOnce()) {
    let line = shown();
    if let Some(text) = &*line {
        overwrite(text, "");
        write();
        overwrite("", text);
    } else {
        write();
    }
}

/// Removes the line, before the last words.
pub fn end() {
    if let Some(text) = shown().take() {
        overwrite(&text, "");
    }
}

/// A line on the terminal that shows the present state. It disappears when this is dropped.
pub struct Live {
    is_shown: bool,
}

impl Live {
    /// Makes the line. It is shown if stderr is a terminal and `--quiet` is not given.
    pub fn new() -> Self {
        Live {
            is_shown: !notice::is_quiet() && io::stderr().is_terminal(),
        }
    }

    /// Says something else from now on.
    pub fn say(&self, what: &str) {
        if !self.is_shown {
            return;
        }
        let text: String = what.chars().take(room()).collect();
        let mut line = shown();
        overwrite(line.as_deref().unwrap_or_default(), &text);
        *line = Some(text);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        end();
    }
}

/// A reader that shows how much of it was read. The bar disappears with it.
pub struct Progress<R> {
    inner: R,
    live: Live,
    bar: Bar,
    /// The time at which the bar was drawn last, and is drawn next.
    drawn: Instant,
    next: Instant,
}

impl<R: Read> Progress<R> {
    /// Shows the progress of `length` bytes, unless `--quiet` is given.
    pub fn of(inner: R, length: u64, what: &'static str) -> Self {
        let now = Instant::now();
        Progress {
            inner,
            live: Live::new(),
            bar: Bar {
                what,
                length,
                done: 0,
                before: 0,
                rate: None,
                times: 0,
            },
            drawn: now,
            next: now,
        }
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bar.done += count as u64;
        let now = Instant::now();
        if self.live.is_shown && now >= self.next {
            // At first no time has passed.
            if self.next > self.drawn {
                self.bar.pass(now.saturating_duration_since(self.drawn));
            }
            self.live.say(&self.bar.text(room()));
            (self.drawn, self.next) = (now, now + PAUSE);
        }
        Ok(count)
    }
}

/// The state of a bar: what it shows, how far that is, and how fast it goes.
struct Bar {
    what: &'static str,
    length: u64,
    done: u64,
    /// The bytes that were done when time passed last.
    before: u64,
    /// Bytes a second; the last time counts for a part of it.
    rate: Option<f64>,
    /// The number of times that time has passed.
    times: u32,
}

impl Bar {
    /// Time passes. In the first while, the buffers of the system are filled, which is faster than
    /// what follows.
    fn pass(&mut self, time: Duration) {
        let now = (self.done - self.before) as f64 / time.as_secs_f64().max(1e-3);
        (self.before, self.times) = (self.done, self.times + 1);
        self.rate = Some(match self.rate {
            Some(rate) if self.times > 2 => rate + (now - rate) / 8.0,
            _ => now,
        });
    }

    /// Returns a line with at most `room` characters.
    fn text(&self, room: usize) -> String {
        let Bar { what, length, .. } = *self;
        // A file may grow.
        let done = self.done.min(length);
        let percent = done * 100 / length.max(1);
        let mut numbers = format!("{percent}% of {}", Bytes(length as f64));
        if let Some(rate) = self.rate {
            let left = Time(((length - done) as f64 / rate.max(1.0)) as u64);
            numbers += &format!(", {}/s, {left} left", Bytes(rate));
        }
        let width = room.saturating_sub(what.len() + numbers.len() + 4).max(BAR);
        let done = (width as u64 * done / length.max(1)) as usize;
        let bar = format!("{:=<done$}", "") + if done < width { ">" } else { "" };
        format!("{what} [{bar:width$}] {numbers}")
    }
}

/// A number of bytes.
struct Bytes(f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bytes(mut number) = *self;
        if number < 1024.0 {
            return write!(f, "{number:.0} B");
        }
        let mut unit = "";
        for larger in ["KiB", "MiB", "GiB", "TiB"] {
            if number < 1024.0 {
                break;
            }
            number /= 1024.0;
            unit = larger;
        }
        write!(f, "{number:.2} {unit}")
    }
}

/// A time in seconds, in two units at most.
struct Time(u64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds @ 0..60 => write!(f, "{seconds} s"),
            seconds @ 60..3600 => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            seconds => write!(f, "{} h {} min", seconds / 3600, seconds / 60 % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_how_much_is_done_how_fast_and_how_long_it_takes() {
        let mut bar = Bar {
            what: "sending",
            length: 24 << 20,
            done: 6 << 20,
            before: 0,
            rate: None,
            times: 0,
        };
        let text = "sending [=====>              ] 25% of 24.00 MiB";
        assert_eq!(bar.text(text.len()), text);
        bar.pass(Duration::from_secs(2));
        let text = "sending [=====>              ] 25% of 24.00 MiB, 3.00 MiB/s, 6 s left";
        assert_eq!(bar.text(text.len()), text);
        // The first while does not count any more; later, what was faster or slower lately counts
        // for an eighth.
        for (more, rate, text) in [
            (2 << 20, 2.0, "33% of 24.00 MiB, 2.00 MiB/s, 8 s left"),
            (10 << 20, 3.0, "75% of 24.00 MiB, 3.00 MiB/s, 2 s left"),
            (11 << 20, 4.0, "100% of 24.00 MiB, 4.00 MiB/s, 0 s left"),
        ] {
            bar.done += more;
            bar.pass(Duration::from_secs(1));
            assert_eq!(bar.rate, Some(rate * 1048576.0));
            assert!(bar.text(0).ends_with(text), "{}", bar.text(0));
        }
        bar.length = 0;
        assert!(bar.text(0).starts_with("sending [>         ] 0% of 0 B, "));
    }

    #[test]
    fn numbers_have_units() {
        for (bytes, wanted) in [
            (0.0, "0 B"),
            (1023.0, "1023 B"),
            (1024.0, "1.00 KiB"),
            (1.5 * 1048576.0, "1.50 MiB"),
            (3e15, "2728.48 TiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), wanted);
        }
        for (seconds, wanted) in [
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3599, "59 min 59 s"),
            (7260, "2 h 1 min"),
        ] {
            assert_eq!(Time(seconds).to_string(), wanted);
        }
    }
}
