//! `cargo xtask mutants`: changes a crate at one place at a time, and tells which changes no test
//! notices.
mod copy;
mod outcomes;
mod page;
mod subject;

use crate::{
    evidence::commit,
    pages,
    programs::{cargo, program, read, run as run_to_end, workspace},
};
use clap::{Args, ValueEnum};
use outcomes::Outcomes;
use std::{fs, process::Command};
use subject::{CLIENT, CORE, Round, Subject};

/// What `cargo xtask mutants` takes.
#[derive(Args)]
pub struct Options {
    /// The crate to be changed.
    #[arg(long = "crate", value_enum, default_value = "core")]
    of: Crate,
    /// Only this file of the crate, as in `wire.rs`; may be given several times.
    #[arg(long)]
    file: Vec<String>,
    /// Leaves out files that were run before.
    #[arg(long)]
    resume: bool,
    /// Of files that were run before, tries only what was missed, and what is new.
    #[arg(long, conflicts_with = "resume")]
    missed: bool,
    /// Writes the page of the crate: the rows of the files that were run anew, the others as they
    /// are.
    #[arg(long)]
    write: bool,
    /// Runs nothing: looks at what was run before.
    #[arg(long)]
    report: bool,
}

/// How many seeds of the client's random driver each mutant meets.
const SEEDS: &str = "10";

#[derive(Clone, Copy, ValueEnum)]
enum Crate {
    Core,
    Client,
}

/// Changes, runs, and tells.
///
/// # Errors
/// A mutant was not noticed and has no reason, or a reason has no mutant.
pub fn run(options: &Options) -> Result<(), String> {
    let subject = match options.of {
        Crate::Core => &CORE,
        Crate::Client => &CLIENT,
    };
    let files = subject.files()?;
    if let Some(wrong) = options.file.iter().find(|file| !files.contains(file)) {
        return Err(format!(
            "the crate has no file {wrong} to be changed; it has {}",
            files.join(", ")
        ));
    }
    if !options.report {
        read(cargo(["mutants", "--version"]))
            .map_err(|why| format!("{why}\ntype `cargo install cargo-mutants --locked`"))?;
        copy::make(subject)?;
        test_unchanged(subject)?;
        for file in &files {
            let is_chosen = options.file.is_empty() || options.file.contains(file);
            let kept = subject.kept(file);
            let was_run = kept.exists() && Outcomes::kept(&kept).is_whole();
            if is_chosen && !(options.resume && was_run) {
                all_rounds(subject, file, options.missed)?;
            }
        }
    }
    let outcomes = |file: &String| {
        let is_chosen = options.file.is_empty() || options.file.contains(file);
        let kept = is_chosen.then(|| Outcomes::kept(&subject.kept(file)));
        kept.filter(Outcomes::has_any)
    };
    let all: Vec<_> = files
        .iter()
        .map(|file| (file.as_str(), outcomes(file)))
        .collect();
    let earlier = fs::read_to_string(workspace().join("docs").join(subject.page))
        .map_err(|error| format!("cannot read docs/{}: {error}", subject.page))?;
    let (page, findings) = page::page(subject, &all, &earlier);
    println!("{page}");
    if options.write {
        let command = format!("cargo xtask mutants --crate {} --write", subject.name);
        pages::keep(subject.page, &page, true, &command)?;
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.join("\n"))
    }
}

/// Unchanged, all tests pass: else every mutant would seem to be noticed.
fn test_unchanged(subject: &Subject) -> Result<(), String> {
    let mut tested = Vec::new();
    for round in subject.rounds {
        if tested.contains(&round.features) {
            continue;
        }
        tested.push(round.features);
        let mut unchanged = cargo(["test", "--manifest-path"]);
        unchanged
            .arg(copy::place(subject).join("Cargo.toml"))
            .args(subject.target)
            .args(round.features)
            .arg("--")
            .args(subject.too_long.iter().flat_map(|test| ["--skip", test]))
            .env("MOTEMQ_CLIENT_SEEDS", SEEDS)
            .env("CARGO_TARGET_DIR", copy::built(subject));
        run_to_end(unchanged)?;
    }
    Ok(())
}

/// All mutants of a file, or those that were missed, and what came of them.
fn all_rounds(subject: &Subject, file: &str, only_missed: bool) -> Result<(), String> {
    let place = subject.run(file);
    let kept = subject.kept(file);
    let goes_on = only_missed && place.exists();
    let list = read(mutants(subject, file, ["--list"]))?;
    let mut all = Outcomes::default();
    if goes_on {
        all = Outcomes::kept(&kept);
        // A run that was stopped may have found more than was kept.
        all.add(&place.join("mutants.out"))?;
        all.retain(&list);
    } else if place.exists() {
        fs::remove_dir_all(&place)
            .map_err(|error| format!("cannot remove {}: {error}", place.display()))?;
    }
    // `cargo mutants` makes no more than one directory.
    fs::create_dir_all(&place)
        .map_err(|error| format!("cannot make {}: {error}", place.display()))?;
    for (number, round) in subject.rounds.iter().enumerate() {
        if !round.is_short && number != 0 && all.have_reasons(subject, file) {
            break;
        }
        println!("==> {file}, {}", round.name);
        let command = round_of(subject, file, round, goes_on || number != 0);
        // It ends with an error when a mutant was missed; what it found is in its files.
        if let Err(why) = run_to_end(command) {
            if !place.join("mutants.out").exists() {
                return Err(why);
            }
            println!("{why}");
        }
        all.add(&place.join("mutants.out"))?;
        if all.count("missed") == 0 {
            break;
        }
    }
    let missing = all.note_missing(&list);
    all.note_commit(commit());
    all.keep(&kept)?;
    if missing != 0 {
        return Err(format!(
            "{file}: {missing} mutants were not run; with `--missed`, they are"
        ));
    }
    Ok(())
}

/// `cargo mutants` for one file.
fn mutants<const N: usize>(subject: &Subject, file: &str, arguments: [&str; N]) -> Command {
    let mut mutants = cargo(["mutants", "--colors", "never", "--dir"]);
    mutants.arg(copy::place(subject)).args(arguments);
    mutants.args(["--file", &format!("src/{file}")]);
    mutants
}

fn round_of(subject: &Subject, file: &str, round: &Round, again: bool) -> Command {
    let mut mutants = mutants(
        subject,
        file,
        [
            "--in-place",
            "--no-shuffle",
            "--baseline",
            "skip",
            // By the clock, for what waits; whatever is busy is ended by the limit of processor
            // time.
            "--timeout",
            "600",
            "--build-timeout",
            "600",
        ],
    );
    mutants
        .arg("--output")
        .arg(subject.run(file))
        .args(round.features)
        .args(again.then_some("--iterate"))
        .arg("--")
        .args(subject.target)
        .arg("--")
        .args(subject.skipped(file, round));
    // A mutant that goes round in circles is to run out of memory before the machine does.
    let mut command = program("sh", ["-c", "ulimit -v 8388608; exec \"$@\"", "sh"]);
    command.arg(mutants.get_program()).args(mutants.get_args());
    // Random tests choose the same each time, so that what is found is found again.
    command
        .env("MUTANT_SECONDS", round.seconds)
        .env("MOTEMQ_CLIENT_SEEDS", SEEDS)
        .env("CARGO_TARGET_DIR", copy::built(subject))
        .env("PROPTEST_RNG_SEED", "1")
        .env("RUST_BACKTRACE", "0");
    command
}
