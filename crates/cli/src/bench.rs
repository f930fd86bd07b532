//! `bench`: a broker is loaded and measured.
mod consent;
mod files;
mod memory;
mod metronome;
mod options;
mod pace;
mod payload;
mod plan;
mod plot;
mod run;
mod sequences;
mod summary;
mod tally;
mod traffic;
mod worker;

use crate::{
    args::BenchLine,
    exit::{Exit, Failure},
    notice::{self, say},
    stop::on_signals,
    target::{Target, check_topic},
};
use clap::ValueEnum;
pub use payload::LEAST as LEAST_PAYLOAD;
use plan::{Numbers, Plan};
pub use plan::{Rate, Scenario};
use run::Run;
use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};
use summary::{Summary, grouped};

/// Loads a broker, and prints the summary.
pub fn run(line: &BenchLine) -> Result<Exit, Failure> {
    let mut target = target(line)?;
    let plan = plan(line)?;
    let client_options = options::of(&target, &line.broker.connection)?;
    let prefix = fastrand::u32(..);
    let topics = match &line.prefix {
        Some(prefix) => prefix.trim_end_matches('/').into(),
        None => format!("motemq/bench/{prefix:08x}"),
    };
    check_topic(&topics)?;
    // What cannot be written is known before.
    if let Some(path) = &line.plot {
        let opened = OpenOptions::new().create(true).append(true).open(path);
        opened.map_err(|error| cannot_draw(line, &error))?;
    }
    if !consent::is_here(&target.route) && !line.yes {
        consent::ask(&target.route, Load { line, plan })?;
    }
    files::make_room(plan.clients())?;
    target.look_up_own_address(&line.broker.connection)?;
    let asked = watch_signals()?;
    let run = Run {
        line,
        plan,
        options: client_options.route(target.route.clone()),
        place: target.route.place(),
        id_prefix: options::id_prefix(&line.broker.connection, prefix),
        topics,
        number: prefix,
        asked,
    };
    let (summary, samples, failure) = run.carry_out()?;
    print(line, &summary)?;
    if let Some(path) = &line.plot {
        let title = format!("{}, QoS {}", summary.scenario, summary.qos);
        fs::write(path, plot::svg(&title, &samples)).map_err(|error| cannot_draw(line, &error))?;
    }
    match failure {
        Some(failure) => {
            let failed = summary.connections.failed;
            let words = format!(
                "{failed} clients failed, the first one so: {}",
                failure.words
            );
            Err(Failure::new(failure.exit, words))
        }
        None if summary.interrupted => Ok(Exit::Interrupted),
        None => Ok(Exit::Done),
    }
}

/// Reads the broker from the command line.
pub fn target(line: &BenchLine) -> Result<Target, Failure> {
    let target = Target::unchecked(&line.broker, &[])?;
    if let Some(topic) = target.topics.first() {
        let words = format!("for topics below {topic} say --prefix {topic}");
        return Err(Failure::new(Exit::Usage, words));
    }
    plan(line)?;
    Ok(target)
}

fn plan(line: &BenchLine) -> Result<Plan, Failure> {
    let numbers = Numbers {
        publishers: line.publishers,
        subscribers: line.subscribers,
        connections: line.connections,
    };
    Plan::new(line.scenario, numbers).map_err(|words| Failure::new(Exit::Usage, words))
}

/// Returns the count of Ctrl-C. The first one ends the run, and the second one the wait for messages
/// that are under way: with a summary, both of them. The third one ends the program.
fn watch_signals() -> Result<Arc<AtomicU32>, Failure> {
    let asked = Arc::<AtomicU32>::default();
    let count = asked.clone();
    on_signals(move || match count.fetch_add(1, Relaxed) {
        0 => say("ending; once more waits for no message that is under way"),
        1 => {}
        _ => notice::exit(Exit::Interrupted),
    })?;
    Ok(asked)
}

fn print(line: &BenchLine, summary: &Summary) -> Result<(), Failure> {
    let text = if line.json {
        let json = serde_json::to_string_pretty(summary);
        json.map_err(|error| Failure::of_stdout(&error.into()))? + "\n"
    } else {
        summary.text()
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::of_stdout(&error)),
        _ => Ok(()),
    }
}

fn cannot_draw(line: &BenchLine, error: &io::Error) -> Failure {
    let path = line.plot.as_deref().unwrap_or("--plot".as_ref());
    let words = format!("cannot write to {}: {error}", path.display());
    Failure::new(Exit::Files, words)
}

/// The load of a run, in words.
struct Load<'a> {
    line: &'a BenchLine,
    plan: Plan,
}

impl fmt::Display for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections", grouped(self.plan.clients().into()))?;
        if self.plan.has_messages() {
            match self.line.rate {
                Rate::PerSecond(rate) => write!(f, " and {rate} messages a second")?,
                Rate::Max => f.write_str(" and as many messages as it takes")?,
            }
        }
        write!(f, " for {:?}", self.line.duration)
    }
}

/// Returns the name of a scenario, as the command line has it.
fn name(scenario: Scenario) -> String {
    let value = scenario.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().into())
}
