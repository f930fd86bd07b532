//! `cargo xtask screens`: pictures of the command's screens for the guide. The command runs on a
//! terminal of its own, by `script` of util-linux, and what a person would see is drawn.
mod draw;

use crate::{
    machine,
    programs::{cargo, run as run_program, workspace},
};
use clap::Args;
use motemq_testing::{
    broker::{Broker, Config},
    mosquitto::Mosquitto,
    server::Server,
};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

const ROWS: u16 = 26;
const COLUMNS: u16 = 120;
const LIMIT: Duration = Duration::from_secs(60);
/// The times at which each topic gets a message.
const WAVES: u32 = 300;
const PACE: Duration = Duration::from_millis(40);

/// How they are drawn.
#[derive(Args)]
pub struct Options {
    /// Build the command without optimization, which takes less time. Its figures are worse.
    #[arg(long)]
    debug: bool,
}

/// Makes all pictures.
///
/// # Errors
/// The reason why one cannot be made.
pub fn run(options: &Options) -> Result<(), String> {
    let mut build = cargo(["build", "--package", "motemq-cli", "--bin", "motemq"]);
    let profile = if options.debug { "debug" } else { "release" };
    if !options.debug {
        build.arg("--release");
    }
    run_program(build)?;
    let motemq = machine::target().join(profile).join("motemq");
    // The usual port is shown, unless there is a broker already.
    let server = Server::start_at(1883, Broker::new(Config::new()))
        .or_else(|_| Server::start(Config::new()))
        .map_err(|error| error.to_string())?;
    let pictures = Pictures {
        motemq,
        port: server.addr().port().to_string(),
        folder: workspace().join("docs/guide/src"),
    };
    pictures.watch()?;
    pictures.bench()?;
    pictures.record()
}

struct Pictures {
    motemq: PathBuf,
    port: String,
    folder: PathBuf,
}

impl Pictures {
    /// A house and a plant, whose topics change.
    fn watch(&self) -> Result<(), String> {
        let line = format!("exec \"$MOTEMQ\" watch -h 127.0.0.1 -p {}", self.port);
        let mut screen = Screen::start(&self.motemq, &line, Path::new("/"))?;
        screen.until("no message has come yet")?;
        self.publish(&["-t", "home/hall/lamp", "-m", "on", "-r"])?;
        let mut publisher = Command::new(&self.motemq)
            .args(["pub", "-h", "127.0.0.1", "-p", &self.port])
            .args(["-l", "--topic-per-line"])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut lines = publisher.stdin.take().ok_or("the publisher has no input")?;
        let begun = Instant::now();
        for n in 0..WAVES {
            let wave = f64::from(n) / 6.0;
            let text = format!(
                "home/kitchen/temperature {:.1}\n\
                 home/kitchen/humidity {:.0}\n\
                 plant/line/1/speed {}\n\
                 plant/line/1/state {{\"running\":true,\"order\":\"A-{}\",\"pieces\":{n},\"load\":{{\"kW\":{:.1},\"peak\":9.7}}}}\n\
                 plant/line/2/speed {}\n",
                21.0 + wave.sin() * 2.0,
                44.0 + wave.cos() * 5.0,
                880 + n % 23,
                4711 + n / 40,
                6.5 + wave.sin(),
                430 + n % 7,
            );
            lines
                .write_all(text.as_bytes())
                .map_err(|error| error.to_string())?;
            if n == WAVES - 40 {
                // Down to the state of the first line.
                screen.type_in("\x1b[F\x1b[A\x1b[A")?;
            }
            // Always the same number in a second.
            let next = begun + PACE * (n + 1);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        screen.until("\"peak\": 9.7")?;
        drop(lines);
        self.write("watch.svg", &screen)?;
        screen.type_in("q")?;
        let _ = publisher.wait();
        screen.end()
    }

    /// A real broker is measured.
    fn bench(&self) -> Result<(), String> {
        let broker = Mosquitto::start(&["allow_anonymous true"]);
        let broker = broker.ok_or("mosquitto is not installed")?;
        let words = "bench --publishers 20 --rate 2000 -q 1 -d 5";
        let line = format!(
            "printf '$ motemq {words}\\n'; \"$MOTEMQ\" {words} -h 127.0.0.1 -p {}",
            broker.addr().port()
        );
        let screen = Screen::start(&self.motemq, &line, Path::new("/"))?;
        screen.until("p99.9")?;
        screen.until("latency")?;
        self.write("bench.svg", &screen)?;
        screen.end()
    }

    fn record(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let at = format!("-h 127.0.0.1 -p {}", self.port);
        let line = format!(
            "show() {{ printf '\\n$ %s\\n' \"$*\"; }}\n\
             show \"motemq record plant.jsonl -t 'plant/#' -C 3\"\n\
             \"$MOTEMQ\" record plant.jsonl -t 'plant/#' -C 3 {at} &\n\
             sleep 1\n\
             printf 'plant/1/speed 903\\nplant/1/state on\\nplant/2/speed 433\\n' |\n\
             \"$MOTEMQ\" pub -l --topic-per-line -q 1 {at}\n\
             wait\n\
             show 'cat plant.jsonl'\n\
             cat plant.jsonl\n\
             show 'motemq replay plant.jsonl --prefix test --speed 10'\n\
             \"$MOTEMQ\" replay plant.jsonl --prefix test --speed 10 {at}\n"
        );
        let screen = Screen::start(&self.motemq, &line, folder.path())?;
        screen.until("messages replayed: 3")?;
        self.write("record.svg", &screen)?;
        screen.end()
    }

    fn publish(&self, args: &[&str]) -> Result<(), String> {
        let mut command = Command::new(&self.motemq);
        command
            .args(["pub", "-h", "127.0.0.1", "-p", &self.port])
            .args(args);
        run_program(command)
    }

    fn write(&self, name: &str, screen: &Screen) -> Result<(), String> {
        let svg = screen.with(|terminal| draw::svg(terminal.screen()));
        let path = self.folder.join(name);
        println!("{}", path.display());
        fs::write(&path, svg).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// A program on a terminal; killed when dropped.
struct Screen {
    child: Child,
    terminal: Arc<Mutex<vt100::Parser>>,
}

impl Screen {
    /// Starts the lines of a shell, which know the command as `$MOTEMQ`.
    fn start(motemq: &Path, lines: &str, folder: &Path) -> Result<Self, String> {
        let lines = format!("stty rows {ROWS} cols {COLUMNS}\n{lines}");
        let mut child = Command::new("script")
            .args(["-qec", &lines, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .env("TZ", "UTC")
            .env("MOTEMQ", motemq)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start script of util-linux: {error}"))?;
        let mut stdout = child.stdout.take().ok_or("the terminal shows nothing")?;
        let terminal = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let own = terminal.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = stdout.read(&mut piece) {
                if let Ok(mut terminal) = own.lock() {
                    terminal.process(&piece[..n]);
                }
            }
        });
        Ok(Screen { child, terminal })
    }

    fn with<T>(&self, look: impl FnOnce(&vt100::Parser) -> T) -> T {
        look(
            &self
                .terminal
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    fn type_in(&mut self, keys: &str) -> Result<(), String> {
        let stdin = self
            .child
            .stdin
            .as_mut()
            .ok_or("the terminal has no keys")?;
        let typed = stdin
            .write_all(keys.as_bytes())
            .and_then(|()| stdin.flush());
        typed.map_err(|error| error.to_string())
    }

    fn until(&self, words: &str) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let shown = self.with(|terminal| terminal.screen().contents());
            if shown.contains(words) {
                // What belongs to it follows at once.
                thread::sleep(Duration::from_millis(300));
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                return Err(format!("{words:?} is not seen: {shown}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn end(mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|error| error.to_string())?;
        status
            .success()
            .then_some(())
            .ok_or(format!("it ended with {status}"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
