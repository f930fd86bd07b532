//! The parts of the evidence: what each shows, and how it is run.
use super::{counts, coverage, losses, mutants, record::Figures, sanitizers, simulation};
use crate::{conformance, fuzz, ledger, machine::Missing, panics};
use serde_json::Value;

/// How much is done.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Messages of the simulation, a thousand in each world.
    pub messages: u64,
    /// The simulation goes on where an earlier run of it was stopped.
    pub resume: bool,
    /// Seconds for each fuzz target.
    pub seconds: u32,
    /// Runs of whole clients over links that break.
    pub seeds: u64,
}

/// One part.
pub struct Part {
    /// What one types.
    pub name: &'static str,
    /// Its heading on the page.
    pub title: &'static str,
    /// What it shows, and how.
    pub about: &'static str,
    /// `cargo xtask test` does it again and compares each figure.
    pub checked: bool,
    /// Left out where time is short.
    pub slow: bool,
    /// The figures that this machine cannot measure, and what it lacks for each. They are neither
    /// kept nor compared.
    pub missing: fn() -> Vec<(String, Missing)>,
    /// Runs it.
    pub run: fn(&Extent) -> Result<Figures, String>,
}

/// All of them, in the order of the page.
pub const PARTS: [Part; 13] = [
    Part {
        name: "conformance",
        title: "Conformance",
        about: "Each normative statement of MQTT 3.1.1 that binds a client, and of MQTT 5 that binds a client or its codec, has a test, or a \
                note that says where the behaviour is decided: [conformance.md](conformance.md).",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| {
            let counts = conformance::run(&conformance::Options::default())?;
            let of = |count: conformance::Count| {
                let figures = [
                    ("statements", count.all),
                    ("bind a client or its codec", count.bound),
                    ("have a test", count.tested),
                    ("decided elsewhere", count.elsewhere),
                    ("not met", count.failed),
                ];
                figures.map(|(what, n)| (format!("{}: {what}", count.version), n.into()))
            };
            Ok(counts.into_iter().flat_map(of).collect())
        },
    },
    Part {
        name: "ledger",
        title: "The ledger",
        about: "For each exchange of packets of the managed client, the connection is cut at every byte in each direction. At the same byte, \
                the process either ends or continues. Then the conversation continues: [ledger.md](ledger.md).",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| {
            let lines = ledger::run(&ledger::Options::default())?;
            let sum = |of: fn(&motemq_world::ledger::Line) -> u64| {
                Value::from(lines.iter().map(of).sum::<u64>())
            };
            Ok(figures([
                ("conversations", lines.len().into()),
                ("cut and continued", sum(|line| line.cuts)),
                ("messages delivered", sum(|line| line.count.delivered)),
                ("broken", sum(|line| line.broken)),
            ]))
        },
    },
    Part {
        name: "simulation",
        title: "Simulation",
        about: "A world is a random scenario of clients, connections and a broker. Connections are slow, stall and break; clocks wrap and \
                jump; processes are killed and restarted; messages are given up; the broker restarts, and sometimes loses its sessions. No \
                message, including wills, was lost or duplicated contrary to its QoS. A seed reproduces its world.",
        checked: false,
        slow: false,
        missing: Vec::new,
        run: simulation::run,
    },
    Part {
        name: "losses",
        title: "Lost connections",
        about: "A publisher and a subscriber of `motemq-tokio` exchange messages with QoS 1 and 2 over TCP connections that are cut \
                repeatedly, at random positions in either direction. No message is lost, none with QoS 2 is duplicated, and the order is \
                kept.",
        checked: false,
        slow: true,
        missing: Vec::new,
        run: |extent| losses::run(extent.seeds),
    },
    Part {
        name: "exploration",
        title: "Every order of events",
        about: "A model checker visits all states of small configurations. Those of `Session`, in both versions, have two slots, three \
                messages and one lost connection; with MQTT 5 they also have refusals, a smaller receive maximum (*window*) after \
                reconnection, DISCONNECT from the server, topic aliases, and reasons longer than the buffer. Those of the managed client \
                have up to three messages, at most two of them in flight, and one lost connection or one process that ends and continues \
                with its store; in some of them, more messages arrive than may wait. No state breaks a promise, and from each state all \
                messages can be completed. The figures are numbers of states.",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| {
            let mut all = counts::of("motemq-testing", "model")?;
            all.extend(counts::of("motemq-world", "model")?);
            Ok(all)
        },
    },
    Part {
        name: "conversations",
        title: "Conversations of the core",
        about: "A session of either version, with a small program around it, talks to the in-process broker. Each conversation is \
                interrupted at every byte in each direction, by a lost connection, a restart of the process, or DISCONNECT, and continues. \
                In random runs, the limits of the server change with each connection. No message was lost or duplicated contrary to its QoS, \
                the use of every packet identifier ended, and an independent checker found no exceeded limit.",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| counts::of("motemq-testing", "conversations"),
    },
    Part {
        name: "properties",
        title: "Exhaustive inputs",
        about: "Topics, filters, text and lengths are compared with simple models, for all inputs of a kind. Packet identifiers, time and \
                manual acknowledgement are tested with random calls (`sequences.rs`, `manual_acks_model.rs`).",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| {
            let mut all = counts::of("motemq", "properties")?;
            all.extend(counts::of("motemq", "properties5")?);
            Ok(all)
        },
    },
    Part {
        name: "panics",
        title: "No panic can be reached",
        about: "Every entry point of the core, its layers and the codec is linked for a Cortex-M4 and for this machine, with and without `fast`. \
                The panic handler calls a function that does not exist, so an entry point from which a panic can be reached does not link.",
        checked: true,
        slow: false,
        missing: || {
            let missing = |target| Some((entry_points(target), panics::missing(target)?));
            panics::TARGETS.into_iter().filter_map(missing).collect()
        },
        run: |_| {
            let figure = |(target, entries)| (entry_points(target), Value::from(entries));
            Ok(panics::check()?.into_iter().map(figure).collect())
        },
    },
    Part {
        name: "fuzz",
        title: "Fuzzing",
        about: "The figures are the numbers of inputs that libFuzzer tried without a finding. The seeds also run as ordinary tests.",
        checked: false,
        slow: false,
        missing: || all(fuzz::missing()),
        run: |extent| {
            let counts = fuzz::run(&fuzz::Options {
                seconds: extent.seconds,
                target: None,
                seed: None,
            })?;
            Ok(counts
                .into_iter()
                .map(|(name, runs)| (format!("`{name}`"), runs.into()))
                .collect())
        },
    },
    Part {
        name: "coverage",
        title: "Coverage",
        about: "The figures are the lines of the core that its own tests reach, with and without `fast`. The other lines are reached by \
                other tests or by examples in the documentation, or format text for people.",
        checked: false,
        slow: true,
        missing: || all(coverage::missing()),
        run: |_| coverage::measure(),
    },
    Part {
        name: "address",
        title: "Address sanitizer",
        about: "The tests of `motemq-std` and `motemq-tokio` run against the in-process broker and a real mosquitto. A memory leak counts as \
                a failure.",
        checked: false,
        slow: true,
        missing: || all(sanitizers::missing()),
        run: |_| sanitizers::address(),
    },
    Part {
        name: "thread",
        title: "Thread sanitizer",
        about: "The same tests run with a standard library that is built with the sanitizer.",
        checked: false,
        slow: true,
        missing: || all(sanitizers::missing()),
        run: |_| sanitizers::thread(),
    },
    Part {
        name: "mutants",
        title: "Mutants",
        about: "The code is changed in one place at a time; the figures count the changes and how many of them a test detects. \
                [mutants.md](mutants.md) lists the changes of the core that no test detects, and [mutants-client.md](mutants-client.md) \
                those of the managed client, with the reasons.",
        checked: false,
        slow: false,
        missing: Vec::new,
        run: |_| mutants::sums(),
    },
];

/// What is counted of a target.
pub fn entry_points(target: &str) -> String {
    format!("entry points linked for `{target}`")
}

/// All figures of a part are missing, or none is.
fn all(missing: Option<Missing>) -> Vec<(String, Missing)> {
    missing
        .map(|missing| ("all figures".to_owned(), missing))
        .into_iter()
        .collect()
}

/// Figures by name.
pub fn figures<const N: usize>(list: [(&str, Value); N]) -> Figures {
    list.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
