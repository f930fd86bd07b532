//! Other programs that listen, for tests: started with a configuration in a directory of their own,
//! gone when dropped.
use crate::mosquitto::{REQUIRE, find};
use std::{
    env, fs,
    io::{self, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long it may take to begin to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look.
const GLANCE: Duration = Duration::from_millis(10);

/// A running program.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    directory: TempDir,
}

/// Says that a test cannot run here for want of this, loudly.
///
/// # Panics
/// If [`MOTEMQ_REQUIRE`](REQUIRE) is set.
pub fn skip(test: &str, what: &str) {
    let advice = "install it, or type `cargo xtask test --install`";
    assert!(
        env::var_os(REQUIRE).is_none(),
        "{test}: {what} is not installed, and {REQUIRE} is set: {advice}"
    );
    // Past the test harness, which would hide what a passing test prints.
    let _ = writeln!(
        io::stderr(),
        "not here: {test}: {what} is not installed: {advice}"
    );
}

impl Daemon {
    /// Starts `program` with the arguments that `configure` makes, which may write files into the
    /// directory, and waits until it listens on `port`. `None` where it is not installed, which
    /// is then said: the test of this name is to return.
    ///
    /// # Panics
    /// If it is not installed and [`MOTEMQ_REQUIRE`](REQUIRE) is set, or if it does not start.
    pub fn for_test(
        test: &str,
        program: &str,
        port: u16,
        configure: impl FnOnce(&Path) -> Vec<String>,
    ) -> Option<Self> {
        let Some(path) = find(program) else {
            skip(test, program);
            return None;
        };
        let directory = TempDir::with_prefix(format!("motemq-{program}-")).expect("a directory");
        let arguments = configure(directory.path());
        let log = fs::File::create(directory.path().join("log")).expect("a log");
        let mut command = Command::new(path);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        let mut daemon = Daemon {
            child: command.spawn().expect("it starts"),
            directory,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = daemon.child.try_wait().ok().flatten();
            assert!(
                ended.is_none() && Instant::now() < end,
                "{program} does not listen ({ended:?}): {}",
                daemon.log()
            );
            thread::sleep(GLANCE);
        }
        Some(daemon)
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
