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
        about: "Each normative statement of MQTT 3.1.1 that binds a client, and of MQTT 5 that binds the codec, has a test, or it is said \
                where it is decided: [conformance.md](conformance.md).",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| {
            let counts = conformance::run(&conformance::Options::default())?;
            let of = |count: conformance::Count| {
                let figures = [
                    ("statements", count.all),
                    ("are to be kept", count.bound),
                    ("have a test", count.tested),
                    ("are decided elsewhere", count.elsewhere),
                    ("are not kept", count.failed),
                ];
                figures.map(|(what, n)| (format!("{}: {what}", count.version), n.into()))
            };
            Ok(counts.into_iter().flat_map(of).collect())
        },
    },
    Part {
        name: "ledger",
        title: "The ledger",
        about: "Conversations of the managed client that cover each exchange of packets are cut at every byte in each direction, the process \
                ended there or not, and continued: [ledger.md](ledger.md).",
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
                ("messages that came", sum(|line| line.count.delivered)),
                ("broken", sum(|line| line.broken)),
            ]))
        },
    },
    Part {
        name: "simulation",
        title: "Simulation",
        about: "Worlds by chance of clients, links and a broker, where links are slow, stall and break, clocks wrap and jump, processes are \
                killed and start again, messages are given up, and the broker stops, starts, and at times has lost its sessions. Nothing was \
                lost or doubled that its QoS protects, wills included; each seed shows the same again.",
        checked: false,
        slow: false,
        missing: Vec::new,
        run: simulation::run,
    },
    Part {
        name: "losses",
        title: "Links that break",
        about: "A publisher and a subscriber of `motemq-tokio`, over TCP, whose links are cut at random places in either direction, again and \
                again, while messages with QoS 1 and 2 pass: QoS 1 is never lost, QoS 2 neither lost nor doubled, and order is kept.",
        checked: false,
        slow: true,
        missing: Vec::new,
        run: |extent| losses::run(extent.seeds),
    },
    Part {
        name: "exploration",
        title: "Every order of events",
        about: "A model checker goes through all states of small configurations of the real `Session` in both versions: two slots, three \
                messages, one lost connection, and with MQTT 5 refusals, a smaller window after reconnection, DISCONNECT of the server, topic \
                aliases, and reasons longer than the buffer; and of the managed client: two in flight, up to three messages, one lost \
                connection, more messages than may wait, or one process that ends and goes on with what is stored. In none is a promise broken, and from each everything comes to its end. States:",
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
        about: "A session of either version and a small program around it, at the broker in memory: each conversation is ended at every byte in \
                each direction, by a lost link, a process that begins again, or DISCONNECT, and goes on; and worlds by chance, in which what the \
                server allows changes with each connection. Nothing was lost or doubled that its QoS protects, every identifier ended, and an \
                independent judge found no limit exceeded.",
        checked: true,
        slow: false,
        missing: Vec::new,
        run: |_| counts::of("motemq-testing", "conversations"),
    },
    Part {
        name: "properties",
        title: "All inputs of a kind",
        about: "Topics, filters, text and lengths against naive models: each input of a kind is tried. Identifiers, time and manual \
                acknowledgement are played at random besides (`sequences.rs`, `manual_acks_model.rs`).",
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
        about: "Every entry point of the core is linked, with all its layers and the codec, for a Cortex-M4 and for this machine, as it is and \
                with `fast`, with a panic handler that calls a function which does not exist.",
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
        about: "Inputs that libFuzzer tried without a finding. Their seeds run as plain tests, too.",
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
        about: "Of the core by its own tests, with `fast` and without. What is not reached stands in other tests, in examples of the \
                documentation, or in formatting for people.",
        checked: false,
        slow: true,
        missing: || all(coverage::missing()),
        run: |_| coverage::measure(),
    },
    Part {
        name: "address",
        title: "Address sanitizer",
        about: "The tests of `motemq-std` and `motemq-tokio`, against the broker in memory and a real mosquitto; leaks are findings, too.",
        checked: false,
        slow: true,
        missing: || all(sanitizers::missing()),
        run: |_| sanitizers::address(),
    },
    Part {
        name: "thread",
        title: "Thread sanitizer",
        about: "The same tests, with a standard library that is built with the sanitizer, too.",
        checked: false,
        slow: true,
        missing: || all(sanitizers::missing()),
        run: |_| sanitizers::thread(),
    },
    Part {
        name: "mutants",
        title: "Mutants",
        about: "Changes to the code that a test notices; those that none does are named, with the reason: [mutants.md](mutants.md) for the \
                core and [mutants-client.md](mutants-client.md) for the managed client, from which these sums are taken.",
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
