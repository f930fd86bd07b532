//! `cargo xtask release --dry-run`: the packages as crates.io would get them, built and tested from
//! their archives, and the checks of their versions and features that take minutes.
mod archives;
mod contents;
mod tools;
mod unpacked;
mod versions;

use crate::{
    machine::{self, Missing},
    programs::{cargo, program, read, run as run_program, workspace},
    steps::Steps,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};
use tools::Tools;

/// The options of `cargo xtask release`.
#[derive(Args)]
pub struct Options {
    /// Publish nothing. It has to be given.
    #[arg(long)]
    dry_run: bool,
    /// Install the tools that are missing: cargo-hack, cargo-deny and mdBook below Cargo's target
    /// directory, and compilers by rustup.
    #[arg(long)]
    install: bool,
}

/// The workspaces whose dependencies become part of something. `benches/peers` is none of them:
/// other clients are measured there, and one of them needs something under the GPL.
const MANIFESTS: [&str; 5] = [
    "Cargo.toml",
    "fuzz/Cargo.toml",
    "benches/firmware/Cargo.toml",
    "crates/firmware/Cargo.toml",
    "crates/ffi/Cargo.toml",
];

/// The folder of all that is made here.
fn folder() -> PathBuf {
    machine::target().join("release-check")
}

/// Runs all checks, and returns whether all passed. A tool that cannot be had is `not here`.
pub fn run(options: &Options) -> ExitCode {
    if !options.dry_run {
        println!(
            "This publishes nothing. Type `cargo xtask release --dry-run`, \
             and when all has passed `cargo publish --workspace`."
        );
        return ExitCode::FAILURE;
    }
    let mut steps = Steps::new(false);
    let tools = Tools::new(options.install);
    let mut packages = Vec::new();
    steps.check("packages", || {
        packages = archives::make()?;
        Ok(())
    });
    if packages.is_empty() {
        return steps.summary();
    }
    steps.check("contents of the packages", || contents::check(&packages));
    steps.check("a workspace of the archives", || {
        unpacked::write_workspace(&packages)
    });
    unpacked::check(&mut steps);
    tools.step(&mut steps, &tools::HACK, |_| {
        unpacked::feature_powerset(&tools.path())
    });
    steps.check("documentation as on docs.rs", || {
        run_program(unpacked::documentation())
    });
    versions::check(&mut steps, &tools);
    steps.check("documentation tests, with the broker of the tests", || {
        unpacked::add_broker(&packages)?;
        run_program(unpacked::documentation_tests())
    });
    tools.step(&mut steps, &tools::DENY, |deny| {
        MANIFESTS.iter().try_for_each(|manifest| {
            let mut command = program(deny, ["--all-features", "--config", "deny.toml"]);
            command.args(["--manifest-path", manifest, "check"]);
            command.args(["licenses", "bans", "sources"]);
            run_program(command)
        })
    });
    advisories(&mut steps, &tools);
    tools.step(&mut steps, &tools::MDBOOK, |mdbook| {
        let mut command = program(mdbook, ["build"]);
        command.arg(workspace().join("docs/guide"));
        command.arg("--dest-dir").arg(folder().join("guide"));
        run_program(command)
    });
    compatibility(&mut steps, &tools);
    steps.summary()
}

/// The database of advisories is a repository, which not every machine reaches.
fn advisories(steps: &mut Steps, tools: &Tools) {
    let name = "advisories";
    match tools.find(&tools::DENY) {
        Err(missing) => steps.not_here(name, &missing),
        Ok(deny) => match read(program(&deny, ["fetch", "db"])) {
            Err(why) => {
                let why = why.lines().last().unwrap_or_default().trim();
                steps.not_here(name, &Missing::Unsupported(format!("no database: {why}")));
            }
            Ok(_) => steps.run(name, program(deny, ["check", "advisories"])),
        },
    }
}

/// Versions promise nothing before the first release, which has a tag.
fn compatibility(steps: &mut Steps, tools: &Tools) {
    let name = "semantic versions";
    let tags = read(program("git", ["tag", "--list", "v*"])).unwrap_or_default();
    if tags.trim().is_empty() {
        let missing = Missing::Unsupported("there is no release to compare with".into());
        return steps.not_here(name, &missing);
    }
    match tools.find(&tools::SEMVER_CHECKS) {
        Err(missing) => steps.not_here(name, &missing),
        Ok(_) => {
            let mut command = cargo(["semver-checks", "--workspace"]);
            command.env("PATH", tools.path());
            steps.run(name, command);
        }
    }
}
