//! A real mosquitto broker for tests, where there is one.
use std::{
    env, fs,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long it may take to begin to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look.
const GLANCE: Duration = Duration::from_millis(10);
/// Set it to make a missing mosquitto an error instead of a test that is not here.
pub const REQUIRE: &str = "MOTEMQ_REQUIRE";

/// A mosquitto on a free port of 127.0.0.1, in a directory of its own; both are gone when it is
/// dropped.
#[derive(Debug)]
pub struct Mosquitto {
    program: PathBuf,
    port: u16,
    dir: TempDir,
    child: Option<Child>,
}

/// A mosquitto for the test of this name, or `None` where there is none: the test is to return
/// then.
///
/// ```
/// # fn a_test_of_mine() {
/// let Some(broker) = motemq_testing::mosquitto::for_test("a_test_of_mine", &["allow_anonymous true"]) else { return };
/// std::net::TcpStream::connect(broker.addr()).unwrap();
/// # }
/// # a_test_of_mine();
/// ```
///
/// # Panics
/// If there is none and [`MOTEMQ_REQUIRE`](REQUIRE) is set, or if it does not start.
pub fn for_test(test: &str, config: &[&str]) -> Option<Mosquitto> {
    let broker = Mosquitto::start(config);
    if broker.is_none() {
        skip(test, "mosquitto is not installed");
    }
    broker
}

/// Says that a test cannot run here, loudly.
///
/// # Panics
/// If [`MOTEMQ_REQUIRE`](REQUIRE) is set.
pub fn skip(test: &str, why: &str) {
    let advice = "install it (`apt-get install mosquitto mosquitto-clients`, or `cargo xtask test --install`)";
    assert!(
        env::var_os(REQUIRE).is_none(),
        "{test}: {why}, and {REQUIRE} is set: {advice}, or unset {REQUIRE}"
    );
    // Past the test harness, which would hide what a passing test prints.
    let _ = writeln!(io::stderr(), "not here: {test}: {why}");
}

/// Where the program is, if it is installed.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    let known = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/opt/homebrew/sbin",
        r"C:\Program Files\mosquitto",
    ];
    env::split_paths(&path)
        .chain(known.into_iter().map(PathBuf::from))
        .map(|dir| dir.join(&name))
        .find(|file| file.is_file())
}

impl Mosquitto {
    /// Starts one with these lines of configuration besides its listener; it keeps sessions and
    /// retained messages in its directory when they ask for `persistence true`. `None` if it is
    /// not installed.
    ///
    /// # Panics
    /// If it is installed, but does not start.
    pub fn start(config: &[&str]) -> Option<Self> {
        Self::start_with(|_| config.iter().map(|&line| line.into()).collect())
    }

    /// The same with lines that may name files, which `config` writes into the directory.
    ///
    /// # Panics
    /// If it is installed, but does not start.
    pub fn start_with(config: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        let program = find("mosquitto")?;
        let dir = TempDir::with_prefix("motemq-mosquitto-").expect("a directory for mosquitto");
        let mut broker = Mosquitto {
            program,
            port: free_port(),
            dir,
            child: None,
        };
        let mut lines = config(broker.dir.path());
        lines.push(format!("listener {} 127.0.0.1", broker.port));
        lines.push(format!(
            "persistence_location {}/",
            broker.dir.path().display()
        ));
        lines.push("log_type all".into());
        // Where it is started by root it would become a user who cannot write here.
        if cfg!(unix) {
            lines.push("user root".into());
        }
        fs::write(broker.dir.path().join("mosquitto.conf"), lines.join("\n"))
            .expect("a configuration for mosquitto");
        broker.resume();
        Some(broker)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr())
    }

    /// What it has written into its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Stops it in good order, so that it stores what it keeps.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // It stores when it is asked politely.
        if cfg!(unix) {
            signal(&child, "-TERM");
            let end = Instant::now() + PATIENCE;
            while Instant::now() < end {
                if let Ok(Some(_)) = child.try_wait() {
                    return;
                }
                thread::sleep(GLANCE);
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Lets it hang, until it is killed or [thawed](Self::thaw): what comes it neither reads nor
    /// answers. Does nothing where there are no signals.
    pub fn freeze(&self) {
        if let Some(child) = &self.child {
            signal(child, "-STOP");
        }
    }

    /// Lets it go on after it was [frozen](Self::freeze).
    pub fn thaw(&self) {
        if let Some(child) = &self.child {
            signal(child, "-CONT");
        }
    }

    /// Kills it, as when the power fails: it stores nothing any more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, on the same port and with what it stored.
    ///
    /// # Panics
    /// If it does not start.
    pub fn resume(&mut self) {
        self.stop();
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .expect("a log for mosquitto");
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(self.dir.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log for mosquitto"))
            .stderr(log)
            .spawn()
            .expect("mosquitto starts");
        let child = self.child.insert(child);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = child.try_wait().ok().flatten();
            if ended.is_some() || Instant::now() > end {
                panic!(
                    "mosquitto does not listen ({ended:?}): {}",
                    fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
                );
            }
            thread::sleep(GLANCE);
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// std can only kill. Does nothing if there is no such program.
fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
}

/// A port of 127.0.0.1 that nobody listens on, below those that the system hands out to outgoing
/// connections: one of those could take it away while the broker is stopped.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(37);
    (0..10_000)
        .map(|_| {
            20_000 + (first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000) as u16
        })
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("a free port between 20,000 and 30,000")
}
