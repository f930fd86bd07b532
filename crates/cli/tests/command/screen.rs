//! The screen of a terminal, read as a person sees it.
use motemq_testing::mosquitto;
use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const ROWS: u16 = 24;
const COLUMNS: u16 = 110;
const LIMIT: Duration = Duration::from_secs(20);

/// The command on a terminal of its own, by `script` of util-linux; killed when dropped.
pub struct OnScreen {
    child: Child,
    seen: Arc<Mutex<Seen>>,
    reader: Option<JoinHandle<()>>,
}

struct Seen {
    terminal: vt100::Parser,
    bytes: Vec<u8>,
}

impl OnScreen {
    /// Starts it; `None` if there is no program for that.
    pub fn start(test: &str, args: &[&str]) -> Option<Self> {
        let quoted = args.iter().map(|arg| format!("'{arg}'"));
        let args = quoted.collect::<Vec<_>>().join(" ");
        let motemq = env!("CARGO_BIN_EXE_motemq");
        let line = format!("stty rows {ROWS} cols {COLUMNS}; exec {motemq} {args}");
        let child = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            mosquitto::skip(test, "script is not installed");
            return None;
        };
        let mut stdout = child.stdout.take().unwrap();
        let seen = Arc::new(Mutex::new(Seen {
            terminal: vt100::Parser::new(ROWS, COLUMNS, 0),
            bytes: Vec::new(),
        }));
        let own = seen.clone();
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = stdout.read(&mut piece) {
                let mut seen = own.lock().unwrap();
                seen.terminal.process(&piece[..n]);
                seen.bytes.extend_from_slice(&piece[..n]);
            }
        });
        Some(OnScreen {
            child,
            seen,
            reader: Some(reader),
        })
    }

    pub fn type_in(&mut self, keys: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Returns the text on the screen.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().terminal.screen().contents()
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub fn until(&self, what: &str, is_there: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !is_there(&self.text()) {
            assert!(
                begun.elapsed() < LIMIT,
                "{what} is not seen: {}",
                self.text()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    pub fn until_shown(&self, words: &str) {
        self.until(words, |text| text.contains(words));
    }

    /// Waits until the terminal has got these bytes.
    #[track_caller]
    pub fn until_sent(&self, wanted: &str) {
        let begun = Instant::now();
        let has = || {
            let bytes = &self.seen.lock().unwrap().bytes;
            String::from_utf8_lossy(bytes).contains(wanted)
        };
        while !has() {
            assert!(begun.elapsed() < LIMIT, "{wanted:?} was not sent");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for its end. Returns the exit code, and what is on the screen then.
    pub fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        (code, self.text())
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
