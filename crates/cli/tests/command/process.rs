//! The command as a process, and what it says.
use motemq_testing::process;
use std::{
    io::{self, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// Nothing may take longer.
const LIMIT: Duration = Duration::from_secs(20);

/// A running `motemq`; killed when dropped.
pub struct Motemq {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// How it ended.
#[derive(Debug)]
pub struct End {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Motemq {
    /// Starts it without any input.
    pub fn start(args: &[&str]) -> Self {
        Self::spawn(args, Stdio::null(), true)
    }

    /// Starts it on a system that trusts the CAs in this file.
    #[cfg(all(feature = "_tls", target_os = "linux"))]
    pub fn trusting(file: &Path, args: &[&str]) -> Self {
        Self::spawn_in(&[("SSL_CERT_FILE", file)], args, Stdio::null(), true)
    }

    /// Starts it with an input that stays open until [`close_stdin`](Self::close_stdin).
    pub fn with_input(args: &[&str]) -> Self {
        Self::spawn(args, Stdio::piped(), true)
    }

    /// Starts it with an output that nobody reads any more.
    pub fn unread(args: &[&str]) -> Self {
        Self::spawn(args, Stdio::null(), false)
    }

    fn spawn(args: &[&str], stdin: Stdio, is_read: bool) -> Self {
        Self::spawn_in(&[], args, stdin, is_read)
    }

    fn spawn_in(environment: &[(&str, &Path)], args: &[&str], stdin: Stdio, is_read: bool) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motemq"));
        command
            .args(args)
            .envs(environment.iter().copied())
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = process::start(|| command.spawn()).expect("motemq starts");
        let stdout = child.stdout.take().unwrap();
        let stdout = if is_read {
            Stream::of(stdout)
        } else {
            Stream::of(io::empty())
        };
        let stderr = Stream::of(child.stderr.take().unwrap());
        Motemq {
            child,
            stdout,
            stderr,
        }
    }

    /// Starts a subscriber, and waits until it has its subscriptions.
    pub fn subscriber(args: &[&str]) -> Self {
        let subscriber = Self::start(&[&["--sub", "--debug"], args].concat());
        subscriber.until_said("<- SUBACK");
        subscriber
    }

    /// Starts a recorder, and waits until it has its subscriptions.
    pub fn recorder(args: &[&str]) -> Self {
        let recorder = Self::start(&[&["record", "--debug"], args].concat());
        recorder.until_said("<- SUBACK");
        recorder
    }

    pub fn type_in(&mut self, input: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("started with_input");
        // It may have ended already; what came of that is seen elsewhere.
        let _ = stdin.write_all(input).and_then(|()| stdin.flush());
    }

    pub fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// Waits until it has said so on stderr.
    pub fn until_said(&self, words: &str) {
        let said = self
            .stderr
            .until(|bytes| String::from_utf8_lossy(bytes).contains(words));
        assert!(
            said,
            "{words:?} was not said: {:?}",
            String::from_utf8_lossy(&self.stderr.bytes())
        );
    }

    /// Waits until it has printed so many lines.
    pub fn until_lines(&self, count: usize) {
        let printed = self
            .stdout
            .until(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count() >= count);
        assert!(
            printed,
            "fewer than {count} lines: {:?}",
            String::from_utf8_lossy(&self.stdout.bytes())
        );
    }

    /// Returns the number of the process.
    #[cfg(target_os = "linux")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let killed = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(killed.success());
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }

    /// Waits for its end.
    pub fn end(mut self) -> End {
        let ended = self.stdout.until_closed() && self.stderr.until_closed();
        let (stdout, stderr) = (
            self.stdout.bytes(),
            String::from_utf8_lossy(&self.stderr.bytes()).into_owned(),
        );
        assert!(ended, "it does not end: {stderr:?}");
        End {
            code: self.child.wait().unwrap().code(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Motemq {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl End {
    /// It ended well; what it printed.
    #[track_caller]
    pub fn well(self) -> Vec<u8> {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The same as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.well()).unwrap()
    }

    /// It ended with this code, and said these words.
    #[track_caller]
    pub fn badly(self, code: i32, words: &str) {
        assert!(
            self.code == Some(code) && self.stderr.contains(words),
            "wanted {code} and {words:?}: {self:?}"
        );
    }
}

/// Returns the command with these arguments, to be started by the caller.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motemq"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn motemq(args: &[&str]) -> End {
    Motemq::start(args).end()
}

/// Runs it to its end with this input.
pub fn motemq_reading(args: &[&str], input: &[u8]) -> End {
    let mut run = Motemq::with_input(args);
    run.type_in(input);
    run.close_stdin();
    run.end()
}

/// Bytes that come from a process.
struct Stream(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    bytes: Vec<u8>,
    /// There may be more.
    open: bool,
}

impl Stream {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let state = Mutex::new(State {
            bytes: Vec::new(),
            open: true,
        });
        let shared = Arc::new(Shared {
            state,
            changed: Condvar::new(),
        });
        let writer = shared.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                let n = from.read(&mut piece).unwrap_or(0);
                let mut state = writer.state.lock().unwrap();
                state.bytes.extend_from_slice(&piece[..n]);
                state.open = n > 0;
                writer.changed.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        Stream(shared)
    }

    /// Waits until there is what is waited for, or nothing will come any more; then whether it is
    /// there.
    fn until(&self, there: impl Fn(&[u8]) -> bool) -> bool {
        let state = self.0.state.lock().unwrap();
        let waiting = |state: &mut State| state.open && !there(&state.bytes);
        let (state, _) = self
            .0
            .changed
            .wait_timeout_while(state, LIMIT, waiting)
            .unwrap();
        there(&state.bytes)
    }

    fn until_closed(&self) -> bool {
        self.until(|_| false);
        !self.0.state.lock().unwrap().open
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.state.lock().unwrap().bytes.clone()
    }
}
