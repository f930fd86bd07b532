//! `cargo xtask mutants`: changes the core at one place at a time, and tells which changes no test
//! notices.
mod copy;
mod outcomes;

use crate::{
    pages,
    programs::{cargo, program, read, run as run_to_end, workspace},
};
use clap::Args;
use outcomes::Outcomes;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What `cargo xtask mutants` takes.
#[derive(Args)]
pub struct Options {
    /// Only this file of the core, as in `wire.rs`; may be given several times.
    #[arg(long)]
    file: Vec<String>,
    /// Writes `docs/mutants.md` from all that was run.
    #[arg(long)]
    write: bool,
    /// Runs nothing: looks at what was run before.
    #[arg(long)]
    report: bool,
}

/// Files without code, or whose code is not built here: not changed.
const LEFT_OUT: [&str; 2] = ["lib.rs", "defmt.rs"];

/// The rounds: feature `fast` or not, and whether the tests that take long are left out. Each round
/// tries what no earlier one noticed.
const ROUNDS: [(bool, bool); 4] = [(true, true), (false, true), (true, false), (false, false)];

/// Tests that take many seconds where nothing is optimised, and look into a corner deeper than
/// others do: left out altogether.
const TOO_LONG: [&str; 2] = [
    "every_three_bytes_are_a_topic_or_not",
    "every_two_cuts_of_a_long_dialogue",
];

/// Tests that take long: what holds for all inputs, cuts, much data and much time.
const LONG: [&str; 7] = [
    "properties::topics::",
    "properties5::",
    "features::",
    "manual_acks_model::",
    "ten_megabytes",
    "no_packet_is_longer_than_the_remaining_length_allows",
    "sleeping_as_long_as_tick_returns_misses_nothing",
];

/// Tests that take many seconds and look into certain files only, by how their names begin: left out
/// for all other files.
const ABOUT: [(&str, &[&str]); 2] = [
    (
        "properties::topics::",
        &["topic", "wire", "command", "packet", "session/fast"],
    ),
    (
        "every_short_property_is_read_or_refused",
        &["property", "packet/v5"],
    ),
];

/// Changes, runs, and tells.
///
/// # Errors
/// A mutant was not noticed and has no reason, or a reason has no mutant.
pub fn run(options: &Options) -> Result<(), String> {
    let sources = workspace().join("crates/core/src");
    let mut files =
        files(&sources, Path::new("")).map_err(|error| format!("cannot read the core: {error}"))?;
    files.retain(|file| !LEFT_OUT.contains(&file.as_str()));
    files.sort();
    if let Some(wrong) = options.file.iter().find(|file| !files.contains(file)) {
        return Err(format!(
            "the core has no file {wrong} to be changed; it has {}",
            files.join(", ")
        ));
    }
    if !options.report {
        read(cargo(["mutants", "--version"]))
            .map_err(|why| format!("{why}\ntype `cargo install cargo-mutants --locked`"))?;
        copy::make()?;
        // Unchanged, all tests pass: else every mutant would seem to be noticed.
        for features in [&["--features", "fast"][..], &[]] {
            let mut unchanged = cargo(["test", "--test", "all", "--manifest-path"]);
            unchanged
                .arg(copy::place().join("Cargo.toml"))
                .args(features)
                .arg("--")
                .args(TOO_LONG.iter().flat_map(|test| ["--skip", test]))
                .env("CARGO_TARGET_DIR", copy::built());
            run_to_end(unchanged)?;
        }
        for file in files
            .iter()
            .filter(|file| options.file.is_empty() || options.file.contains(file))
        {
            all_rounds(file)?;
        }
    }
    let all: Vec<_> = files
        .iter()
        .map(|file| (file.as_str(), Outcomes::kept(&kept(file))))
        .collect();
    let (page, findings) = outcomes::page(&all);
    println!("{page}");
    if options.write {
        pages::keep("mutants.md", &page, true, "cargo xtask mutants --write")?;
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.join("\n"))
    }
}

/// The Rust files below a directory.
fn files(top: &Path, below: &Path) -> std::io::Result<Vec<String>> {
    let mut all = Vec::new();
    for file in fs::read_dir(top.join(below))? {
        let file = file?;
        let path = below.join(file.file_name());
        if file.path().is_dir() {
            all.extend(files(top, &path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            all.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(all)
}

/// Where the outcomes of a file are kept.
fn kept(file: &str) -> PathBuf {
    workspace()
        .join("target/mutants/outcomes")
        .join(file.replace('/', "-"))
        .with_extension("txt")
}

/// All mutants of a file, and what came of them.
fn all_rounds(file: &str) -> Result<(), String> {
    let mut all = Outcomes::default();
    let place = workspace().join("target/mutants/run");
    for (round, (fast, short)) in ROUNDS.into_iter().enumerate() {
        if !short && all.have_reasons(file) {
            break;
        }
        println!(
            "==> {file}, {} feature `fast`{}",
            if fast { "with" } else { "without" },
            if short { ", without long tests" } else { "" }
        );
        if round == 0 && place.exists() {
            fs::remove_dir_all(&place)
                .map_err(|error| format!("cannot remove {}: {error}", place.display()))?;
        }
        let command = round_of(file, &place, fast, short, round != 0);
        // It ends with an error when a mutant was missed; what it found is in its files.
        if let Err(why) = run_to_end(command) {
            println!("{why}");
        }
        all.add(&place.join("mutants.out"))?;
        if all.count("missed") == 0 {
            break;
        }
    }
    all.keep(&kept(file))
}

fn round_of(file: &str, place: &Path, fast: bool, short: bool, again: bool) -> Command {
    let mut mutants = cargo([
        "mutants",
        "--in-place",
        "--no-shuffle",
        "--baseline",
        "skip",
        "--colors",
        "never",
    ]);
    mutants
        .arg("--dir")
        .arg(copy::place())
        .arg("--output")
        .arg(place)
        .args(["--file", &format!("src/{file}")]);
    // By the clock, for what waits; whoever is busy is ended by the limit of processor time.
    mutants.args(["--timeout", "600", "--build-timeout", "600"]);
    mutants
        .args(fast.then_some("--features=fast"))
        .args(again.then_some("--iterate"))
        .args(["--", "--test", "all", "--"]);
    let left_out = TOO_LONG.iter().chain(LONG.iter().filter(|_| short));
    let elsewhere = ABOUT
        .iter()
        .filter(|(_, files)| !files.iter().any(|begin| file.starts_with(begin)))
        .map(|(test, _)| test);
    mutants.args(left_out.chain(elsewhere).flat_map(|test| ["--skip", test]));
    // A mutant that goes round in circles is to run out of memory before the machine does.
    let mut command = program("sh", ["-c", "ulimit -v 8388608; exec \"$@\"", "sh"]);
    command.arg(mutants.get_program()).args(mutants.get_args());
    // Random tests choose the same each time, so that what is found is found again.
    command.env("MUTANT_SECONDS", if short { "15" } else { "300" });
    command
        .env("CARGO_TARGET_DIR", copy::built())
        .env("PROPTEST_RNG_SEED", "1")
        .env("RUST_BACKTRACE", "0");
    command
}
