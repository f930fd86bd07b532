//! Runs motemq's clients against real brokers on this machine, and writes down what came of it:
//! `cargo xtask interop`.
mod broker;
mod checks;
mod client;
mod matrix;
mod process;
mod recorder;
mod secrets;
mod streams;

use broker::{Address, Broker, Listener, Place, Started};
use checks::{Scene, Verdict};
use clap::{Parser, Subcommand};
use client::{Asynchronous, Blocking, Client, Command, Speech};
use matrix::{Report, Row};
use secrets::Secrets;
use std::{
    collections::BTreeSet,
    fs,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

/// How long one broker may take, with all its transports and clients.
const LIMIT: Duration = Duration::from_secs(600);
/// How many rows are run at once: most of their time is spent waiting.
const AT_ONCE: usize = 4;
/// Where the matrix stands.
const DOCUMENT: &str = "docs/interop.md";

const CLIENTS: [&dyn Client; 3] = [&Command, &Blocking, &Asynchronous];

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Prints the Debian packages that are missing, one a line.
    Missing(Choice),
    /// Runs them.
    Run {
        #[command(flatten)]
        choice: Choice,
        /// Get what no Debian package holds.
        #[arg(long)]
        install: bool,
    },
}

#[derive(clap::Args)]
struct Choice {
    /// Only this broker, as often as wished.
    #[arg(long)]
    only: Vec<String>,
}

impl Choice {
    fn brokers(&self) -> Result<Vec<&'static Broker>, String> {
        let names = broker::ALL.map(|broker| broker.name);
        if let Some(unknown) = self
            .only
            .iter()
            .find(|only| !names.iter().any(|name| name.eq_ignore_ascii_case(only)))
        {
            return Err(format!(
                "there is no broker {unknown}: choose of {}",
                names.join(", ")
            ));
        }
        let chosen = |broker: &&Broker| {
            self.only.is_empty()
                || self
                    .only
                    .iter()
                    .any(|only| broker.name.eq_ignore_ascii_case(only))
        };
        Ok(broker::ALL.into_iter().filter(chosen).collect())
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().action {
        Action::Missing(choice) => choice.brokers().map(|brokers| missing(&brokers)),
        Action::Run { choice, install } => {
            choice.brokers().and_then(|brokers| run(&brokers, install))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn missing(brokers: &[&Broker]) {
    let packages: BTreeSet<_> = brokers
        .iter()
        .flat_map(|broker| broker.missing_packages())
        .collect();
    packages
        .into_iter()
        .for_each(|package| println!("{package}"));
}

fn run(brokers: &[&'static Broker], install: bool) -> Result<(), String> {
    let mut reports = Vec::new();
    let mut absent = Vec::new();
    for &broker in brokers {
        println!("\n==> {}", broker.name);
        match one(broker, install) {
            Ok(report) => reports.push(report),
            Err(why) => {
                println!("{why}");
                absent.push(format!("{}: {why}", broker.name));
            }
        }
    }
    // The first run of all finds none.
    let before = fs::read_to_string(DOCUMENT).unwrap_or_default();
    let document = matrix::document(&reports, &before);
    println!("\n{}", matrix::document(&reports, ""));
    let bad: Vec<_> = reports
        .iter()
        .filter(|report| !report.is_good())
        .map(|report| report.broker.name)
        .collect();
    if !bad.is_empty() {
        return Err(format!(
            "{DOCUMENT} stays as it is: not all is well with {}",
            bad.join(", ")
        ));
    }
    fs::write(DOCUMENT, document).map_err(|error| format!("cannot write {DOCUMENT}: {error}"))?;
    println!("{DOCUMENT} is written.");
    absent
        .iter()
        .for_each(|absent| println!("not here: {absent}"));
    Ok(())
}

fn one(broker: &'static Broker, install: bool) -> Result<Report, String> {
    let place = broker.place();
    let packages = broker.missing_packages();
    if !packages.is_empty() {
        return Err(format!(
            "no {}: on Debian `apt-get install {}`, or `cargo xtask interop --install`",
            broker.missing().join(", "),
            packages.join(" ")
        ));
    }
    if let Some(from) = broker.missing_program(&place) {
        if !install {
            return Err(format!(
                "no {from}: it comes with `cargo xtask interop --install`"
            ));
        }
        broker.fetch(&place)?;
    }
    let version = process::read((broker.version)(&place))?;
    let begun = Instant::now();
    let (started, secrets) = broker.run(&place)?;
    println!(
        "{version} listens after {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let (rows, streams) = tables(broker, &place, started, &secrets);
    let report = Report {
        broker,
        version,
        day: matrix::today(),
        rows,
        streams: streams?,
    };
    println!("{:.1} s in all", begun.elapsed().as_secs_f64());
    Ok(report)
}

/// A cell of the matrix, and how long it took.
type Told = (usize, usize, Verdict, Duration);

/// Runs every client over every transport, until the time is up, and then streams of messages
/// through a broker that has nothing of that.
fn tables(
    broker: &'static Broker,
    place: &Place,
    started: Started,
    secrets: &Secrets,
) -> (Vec<Row>, Result<Vec<streams::Row>, String>) {
    // A cluster is one broker more, whose nodes have been looked at.
    let is_cluster = started.nodes.len() > 1;
    let rows = if is_cluster {
        Vec::new()
    } else {
        rows(broker, &started, secrets)
    };
    if broker.restarts.is_empty() {
        started.stop();
        return (rows, Ok(Vec::new()));
    }
    let begun = if is_cluster {
        Ok((started, secrets.clone()))
    } else {
        started.stop();
        broker.run(place)
    };
    let streams = begun.and_then(|(mut started, secrets)| {
        let streams = streams::run(broker, place, &mut started, &secrets, &CLIENTS);
        started.stop();
        streams
    });
    (rows, streams)
}

/// What runs in one row.
struct Run {
    at: Address,
    client: &'static dyn Client,
    speech: Speech,
}

fn rows(broker: &'static Broker, started: &Started, secrets: &Secrets) -> Vec<Row> {
    let end = Instant::now() + LIMIT;
    let mut rows: Vec<Row> = Vec::new();
    let (tell, told) = mpsc::channel();
    let mut runs = Vec::new();
    for listener in &started.listeners {
        let Listener { transport, .. } = *listener;
        for speech in Speech::with(broker.versions) {
            for client in CLIENTS {
                rows.push(Row {
                    transport,
                    speech,
                    client: client.name(),
                    verdicts: vec![None; checks::ALL.len()],
                });
                let at = Address::of(broker, listener, secrets);
                runs.push(Run { at, client, speech });
            }
        }
    }
    // Left behind if they take too long; what they talk with is gone then.
    let (runs, next) = (Arc::new(runs), Arc::new(AtomicUsize::new(0)));
    for _ in 0..AT_ONCE {
        let (runs, next, tell) = (runs.clone(), next.clone(), tell.clone());
        thread::spawn(move || {
            while let Some((row, run)) = take(&runs, &next) {
                work(row, run, &tell);
            }
        });
    }
    drop(tell);
    collect(&told, end, &mut rows);
    rows
}

fn take<'r>(runs: &'r [Run], next: &AtomicUsize) -> Option<(usize, &'r Run)> {
    let row = next.fetch_add(1, Ordering::Relaxed);
    runs.get(row).map(|run| (row, run))
}

fn work(row: usize, run: &Run, tell: &Sender<Told>) {
    let Run { at, client, speech } = run;
    for (column, check) in checks::ALL.iter().enumerate() {
        let scene = Scene {
            client: *client,
            at,
            speech: *speech,
            name: format!("{row}{}{column}", client.name()),
        };
        let begun = Instant::now();
        let verdict = (check.run)(&scene).unwrap_or_else(Verdict::Failed);
        // Nobody listens any more when the time is up.
        let _ = tell.send((row, column, verdict, begun.elapsed()));
    }
}

fn collect(told: &Receiver<Told>, end: Instant, rows: &mut [Row]) {
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((row, column, verdict, took)) => {
                let Row {
                    transport,
                    speech,
                    client,
                    verdicts,
                } = &mut rows[row];
                println!(
                    "{:6.1} s  {transport}, MQTT {speech}, {client}, {}: {verdict:?}",
                    took.as_secs_f64(),
                    checks::ALL[column].name
                );
                verdicts[column] = Some(verdict);
            }
            Err(RecvTimeoutError::Timeout) => return println!("  the time is up after {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
