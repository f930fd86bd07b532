//! What shows that nothing is lost, doubled or misread.
use crate::{
    conformance, fuzz, ledger, machine, pages,
    programs::{cargo, read},
    simulate,
    steps::Steps,
};
use clap::Args;
use motemq_rig::world::simulation::Report;
use std::{fmt::Write, process::Command};

/// Seconds for each fuzz target: two run at once, and with the build it is not to take more than three minutes.
const FUZZ: u32 = 15;

/// What `cargo xtask evidence` takes.
#[derive(Args)]
pub struct Options {
    /// Messages of the simulation, a thousand in each world.
    #[arg(long, default_value_t = 100_000_000)]
    messages: u64,
    /// Seconds for each fuzz target.
    #[arg(long, default_value_t = 3600)]
    seconds: u32,
}

const ABOUT: &str = "\
# Evidence

Written by `cargo xtask evidence` from what it has run. The quick forms of all this run in `cargo xtask test`, with fixed seeds.

";

const BEHIND: &str = "
## What it found

- `Manual` with all slots taken gave up (`TooManyQos2`) before the application had its turn, on every connection anew. Found by simulation; test
  `with_all_slots_taken_what_is_owed_goes_first`.
- Mutants that nothing noticed, and why, stand in [mutants.md](mutants.md).

## What it cannot show

- The broker of ledger and simulation is the project's own. Real ones are run by `cargo xtask interop`: [interop.md](interop.md).
- The exploration is of small configurations, without the clock; that is left to dialogues and simulation.
- Fuzzing shows what it has found, never that there is nothing.
";

/// What of it is done for every change.
pub fn quick(steps: &mut Steps, install: bool) {
    steps.check("ledger", || ledger::run(&ledger::Options::default()));
    steps.check("simulation", || simulate::run(&simulate::Options::default()).map(|_| ()));
    steps.check("conformance", || conformance::run(&conformance::Options::default()));
    if install && fuzz::needs_compiler() {
        steps.check("install a C++ compiler", || machine::install(&["g++"]));
    }
    match fuzz::hindrance() {
        None => steps.check("fuzzing", || fuzz::run(&fuzz::Options { seconds: FUZZ, target: None, seed: Some(1) }).map(|_| ())),
        Some(why) => steps.skip("fuzzing", &why),
    }
}

/// Runs all of it at length and writes the page.
///
/// # Errors
/// Something was broken; the page is not written then.
pub fn run(options: &Options) -> Result<(), String> {
    let mut page = ABOUT.to_owned();
    let lines = ledger::hold()?;
    let (cuts, broken) = lines.iter().fold((0, 0), |(cuts, broken), line| (cuts + line.cuts, broken + line.broken));
    let _ = writeln!(page, "- **The ledger**: {cuts} conversations cut and continued, {broken} broken. See [ledger.md](ledger.md).");
    let seeds = options.messages.div_ceil(1000);
    let report: Report = simulate::run(&simulate::Options { seeds, messages: options.messages, first: 0 })?;
    let _ = writeln!(page, "- **Simulation**: {report}.");
    let _ = writeln!(
        page,
        "- **Every order of events** in small configurations of the real `Session` (two slots, three messages, one lost connection):"
    );
    page.push_str(&explore()?);
    let _ = writeln!(page, "- **Fuzzing**, inputs tried without a finding:");
    for (name, runs) in fuzz::run(&fuzz::Options { seconds: options.seconds, target: None, seed: None })? {
        let _ = writeln!(page, "  - `{name}`: {runs} in {} s", options.seconds);
    }
    match coverage() {
        Ok(text) => page.push_str(&text),
        Err(why) => println!("no coverage: {why}"),
    }
    match read(cargo(["deny", "check", "licenses", "bans", "sources"])) {
        Ok(_) => page.push_str("- **Dependencies**: licences and sources are those that `deny.toml` allows.\n"),
        Err(why) => println!("dependencies are not checked: {why}"),
    }
    page.push_str(BEHIND);
    println!("{page}");
    pages::keep("evidence.md", &page, true, "cargo xtask evidence")
}

/// The numbers of states, by configuration.
fn explore() -> Result<String, String> {
    let said = read(cargo(["test", "--package", "motemq-rig", "--test", "model", "--", "--nocapture", "--test-threads", "1"]))?;
    let states = said.lines().filter(|line| line.ends_with(" states"));
    let mut text = String::new();
    for line in states.map(|line| line.rsplit(" ... ").next().unwrap_or(line)) {
        let _ = writeln!(text, "  - {line}");
    }
    Ok(text)
}

/// Lines and regions of the core that its tests reach, by `cargo llvm-cov`.
fn coverage() -> Result<String, String> {
    let mut command: Command =
        cargo(["llvm-cov", "--package", "motemq", "--features", "fast", "--summary-only", "--ignore-filename-regex", "rig|tests"]);
    command.env("CARGO_TERM_COLOR", "never");
    let said = read(command)?;
    let mut text = String::from("- **Coverage** of the core by its own tests, regions and lines that are reached:\n");
    for line in said.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        // The name; regions, functions, lines: all, missed, per cent.
        if let [name, _, missed_regions, regions, _, _, _, _, missed_lines, lines, ..] = words[..]
            && (name.ends_with(".rs") || name == "TOTAL")
        {
            let name = if name == "TOTAL" { "all of it" } else { name };
            let _ = writeln!(text, "  - {name}: {regions} of regions (but {missed_regions}), {lines} of lines (but {missed_lines})");
        }
    }
    Ok(text)
}
