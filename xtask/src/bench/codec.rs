//! `cargo xtask bench codec`: all codecs, side by side.
use super::{callgrind, criterion, machine, medians, report};
use crate::programs::{cargo, read, workspace};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What `cargo xtask bench codec` takes.
#[derive(Args)]
pub struct Options {
    /// One short round: about a minute, once it is built.
    #[arg(long)]
    quick: bool,
    /// Writes the tables and the charts into docs.
    #[arg(long)]
    write: bool,
}

/// Codecs take turns; what is told is the median of the rounds.
const ROUNDS: usize = 5;

/// A workspace of its own.
const PEERS: &str = "benches/peers/Cargo.toml";

/// Builds, verifies, measures, prints, and writes if asked to.
///
/// # Errors
/// What cannot be built or run.
pub fn run(options: &Options) -> Result<(), String> {
    let target = workspace().join("target/peers");
    println!("building Motemq and eight others");
    crate::programs::run(peers("bench", &target, &["--quiet", "--no-run"]))?;
    let mut times = Vec::new();
    let rounds = if options.quick { 1 } else { ROUNDS };
    for round in 1..=rounds {
        println!("measuring times, round {round} of {rounds}");
        times.push(criterion::run(
            peers("bench", &target, &["--quiet", "--bench", "codec"]),
            &target.join("criterion"),
            options.quick,
        )?);
    }
    let instructions = match callgrind::missing() {
        None => {
            println!("counting instructions");
            let program: PathBuf =
                callgrind::build(peers("build", &target, &["--quiet"]), &target)?;
            callgrind::count(&program)?
        }
        Some(missing) => {
            println!("not here: instructions: {missing}");
            Vec::new()
        }
    };
    let versions = versions()?;
    let report = report::Report {
        times: medians(&times),
        instructions,
        versions,
        machine: machine(),
    };
    println!("\n{}", report.summary());
    if options.write {
        report.write(workspace())
    } else {
        Ok(())
    }
}

/// Runs cargo on the workspace of the others, which declare newer compilers than they need.
pub fn peers(verb: &str, target: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo([verb, "--manifest-path", PEERS, "--ignore-rust-version"]);
    command.args(arguments).env("CARGO_TARGET_DIR", target);
    command
}

/// Checks that all of it still compiles, and with the versions that are written down; the whole
/// clients apart, which are many more packages.
pub fn lints() -> Command {
    let mut command = peers(
        "clippy",
        &workspace().join("target/peers"),
        &["--locked", "--benches", "--bins"],
    );
    command.args(["--", "-D", "warnings"]);
    command
}

/// Names and versions of those that are measured.
fn versions() -> Result<Vec<(String, String)>, String> {
    let arguments = [
        "tree",
        "--manifest-path",
        PEERS,
        "--depth",
        "1",
        "--prefix",
        "none",
        "--edges",
        "normal",
        "--format",
        "{p}",
    ];
    let tree = read(cargo(arguments))?;
    let pair = |line: &str| {
        line.split_once(" v")
            .map(|(name, rest)| (name.into(), rest.split(' ').next().unwrap_or(rest).into()))
    };
    Ok(tree.lines().skip(1).filter_map(pair).collect())
}
