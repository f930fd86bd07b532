//! `cargo xtask bench command`: the command beside mosquitto's tools, as whole processes.
use super::{Figure, find, machine, medians, report};
use crate::{
    dist,
    programs::{program, read},
    tables,
};
use clap::Args;
use motemq_testing::mosquitto::{self, Mosquitto};
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// The options of `cargo xtask bench command`.
#[derive(Args)]
pub struct Options {
    /// One round with a tenth of the messages.
    #[arg(long)]
    quick: bool,
    /// Writes the table into docs/speed.md.
    #[arg(long)]
    write: bool,
}

/// Programs take turns; the figure is the median of the rounds.
const ROUNDS: usize = 5;
/// The number of lines, and of messages that are received.
const LINES: usize = 60_000;
/// The number of processes that publish one message each.
const ONCE: usize = 40;
/// A subscriber has its subscription after so long.
const SUBSCRIBED: Duration = Duration::from_millis(700);
/// The program of the archive, the one that `cargo install` builds, and the other.
const PROGRAMS: [&str; 3] = [ARCHIVE, INSTALLED, MOSQUITTO];
const ARCHIVE: &str = "motemq";
const INSTALLED: &str = "motemq, cargo install";
const MOSQUITTO: &str = "mosquitto";
const WORKS: [(&str, &str); 6] = [
    ("lines0", "`pub -l`, 60,000 lines, QoS 0"),
    ("lines1", "`pub -l`, 60,000 lines, QoS 1"),
    ("lines2", "`pub -l`, 60,000 lines, QoS 2"),
    ("once", "`pub -m`, one message, QoS 1"),
    ("sub0", "`sub`, 60,000 messages, QoS 0"),
    ("sub1", "`sub`, 60,000 messages, QoS 1"),
];

/// Builds, measures, prints, and writes if asked to.
///
/// # Errors
/// The reason why something cannot be built or run.
pub fn run(options: &Options) -> Result<(), String> {
    println!("building the command as it is in the archive, and as `cargo install` does");
    let (archive, _) = dist::linux::program_with_c_library()?;
    let installed = dist::linux::program_of_system()?;
    let lines = if options.quick { LINES / 10 } else { LINES };
    let bench = Bench::new(&archive, &installed, lines)?;
    let rounds = if options.quick { 1 } else { ROUNDS };
    let mut measured = Vec::new();
    for round in 1..=rounds {
        let mut figures = Vec::new();
        for (work, what) in WORKS {
            print!("round {round} of {rounds}, {what}:");
            for who in PROGRAMS {
                let value = bench.measure(who, work)?;
                print!(" {who} {value:.1}");
                figures.push(Figure {
                    work: work.into(),
                    who: who.into(),
                    value,
                });
            }
            println!();
        }
        measured.push(figures);
    }
    let figures = medians(&measured);
    let table = format!(
        "{}\n{}",
        report::table(&PROGRAMS, &WORKS, &figures, "-"),
        machine()
    );
    println!("\nmilliseconds of the processor\n\n{table}\n");
    for (work, what) in WORKS {
        let figure = |who| find(&figures, work, who).unwrap_or(f64::NAN);
        let [archive, installed] = [ARCHIVE, INSTALLED].map(|who| figure(who) / figure(MOSQUITTO));
        println!("{what:34} {archive:.2} {installed:.2}");
    }
    if options.write {
        tables::write("docs/speed.md", "bench command", &table)?;
    }
    Ok(())
}

/// A broker, the programs, and the lines that they publish.
struct Bench {
    broker: Mosquitto,
    directory: TempDir,
    lines: usize,
}

impl Bench {
    /// The programs are copied, as they are when they are installed: what a linker has just written
    /// lies in memory in smaller pieces, and takes longer to start.
    fn new(archive: &Path, installed: &Path, lines: usize) -> Result<Self, String> {
        let config = ["allow_anonymous true", "max_queued_messages 0"];
        let broker = Mosquitto::start(&config).ok_or("mosquitto is not installed")?;
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let bench = Bench {
            broker,
            directory,
            lines,
        };
        let text: String = (0..lines)
            .map(|line| format!("line {line} with a few more words, as logs have them\n"))
            .collect();
        fs::write(bench.input(), text)
            .and_then(|()| fs::copy(archive, bench.program(ARCHIVE)))
            .and_then(|_| fs::copy(installed, bench.program(INSTALLED)))
            .map_err(|error| {
                format!("cannot write {}: {error}", bench.directory.path().display())
            })?;
        Ok(bench)
    }

    fn input(&self) -> PathBuf {
        self.directory.path().join("lines")
    }

    fn program(&self, who: &str) -> PathBuf {
        self.directory.path().join(if who == ARCHIVE {
            "archive"
        } else {
            "installed"
        })
    }

    /// Returns the milliseconds of the processor that one process takes.
    fn measure(&self, who: &str, work: &str) -> Result<f64, String> {
        let lines = self.lines.to_string();
        match work {
            "lines0" => self.time(1, self.publisher(who)?, &["-l", "-q", "0"]),
            "lines1" => self.time(1, self.publisher(who)?, &["-l", "-q", "1"]),
            "lines2" => self.time(1, self.publisher(who)?, &["-l", "-q", "2"]),
            "once" => self.time(ONCE, self.publisher(who)?, &["-m", "x", "-q", "1"]),
            work => {
                let qos = work.trim_start_matches("sub");
                let subscriber = self.subscriber(who)?;
                let args = ["-C", &lines, "-q", qos];
                thread::scope(|scope| {
                    let measured = scope.spawn(|| self.time(1, subscriber, &args));
                    thread::sleep(SUBSCRIBED);
                    self.time(1, self.publisher(MOSQUITTO)?, &["-l", "-q", qos])?;
                    measured.join().map_err(|_| "the measurement panicked")?
                })
            }
        }
    }

    fn publisher(&self, who: &str) -> Result<Vec<String>, String> {
        self.spelling(who, "pub")
    }

    fn subscriber(&self, who: &str) -> Result<Vec<String>, String> {
        self.spelling(who, "sub")
    }

    fn spelling(&self, who: &str, verb: &str) -> Result<Vec<String>, String> {
        let shown = |path: &Path| path.display().to_string();
        if who != MOSQUITTO {
            return Ok(vec![shown(&self.program(who)), verb.into()]);
        }
        let name = format!("mosquitto_{verb}");
        let found = mosquitto::find(&name).ok_or(format!("{name} is not installed"))?;
        Ok(vec![shown(&found)])
    }

    /// Runs a program so many times with the lines as its input. The shell says what it took.
    fn time(&self, times: usize, program_words: Vec<String>, args: &[&str]) -> Result<f64, String> {
        const SCRIPT: &str = "input=$1 times=$2; shift 2; TIMEFORMAT='%U %S'; \
            { time for ((i = 0; i < times; i++)); do \
            \"$@\" <$input >/dev/null 2>&1 || exit 1; done; } 2>&1";
        let (input, times_word) = (self.input().display().to_string(), times.to_string());
        let port = self.broker.addr().port().to_string();
        let mut words = vec!["-c", SCRIPT, "bash", &input, &times_word];
        words.extend(program_words.iter().map(String::as_str));
        words.extend(["-h", "127.0.0.1", "-p", &port, "-t", "bench"]);
        words.extend(args);
        let said = read(program("bash", &words))?;
        let seconds: Option<Vec<f64>> = said.split_whitespace().map(|n| n.parse().ok()).collect();
        match seconds.as_deref() {
            Some([user, system]) => Ok((user + system) * 1000.0 / times as f64),
            _ => Err(format!("{program_words:?}: the shell said {said:?}")),
        }
    }
}
