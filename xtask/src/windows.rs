//! `cargo xtask windows`: the hosted crates on Windows, shown under wine, and checked for systems that cannot be run here.
mod command;
mod wine;

use crate::{
    dist, machine,
    no_std::{self, Way},
    programs::cargo,
    steps::Steps,
};
use clap::Args;
use std::process::{Command, ExitCode};
use wine::{LINKER, Wine};

/// How it is done.
#[derive(Args)]
pub struct Options {
    /// Install what is missing (Debian, as root), and fail where something cannot be shown. CI=true means the same.
    #[arg(long)]
    install: bool,
}

/// What is run.
pub const TARGET: &str = "x86_64-pc-windows-gnu";

/// Only checked: there is no linker for them.
const CHECKED: [&str; 2] = ["x86_64-pc-windows-msvc", "aarch64-apple-darwin"];

/// The crates for systems like these.
const HOSTED: [&str; 10] =
    ["--package", "motemq", "--package", "motemq-net", "--package", "motemq-std", "--package", "motemq-tokio", "--package", "motemq-cli"];

/// Programs that build for Windows and run it, and their packages.
const PROGRAMS: [(&str, &str); 2] = [(LINKER, "gcc-mingw-w64-x86-64-posix"), ("mosquitto", "mosquitto")];

/// What wine 8 cannot do, with its words: it takes a certificate whose revocation nobody can tell for a revoked one, although SChannel was
/// told not to (0x800B010E, CERT_E_REVOCATION_FAILURE).
const BEYOND_WINE: &str = "tests that verify certificates: wine 8 ends the handshake with 0x800B010E";

/// Tests whose name holds one of these need what wine cannot do.
const NOT_UNDER_WINE: [&str; 0] = [];

/// Builds, tests and shows; tells whether all is good.
pub fn run(options: &Options) -> ExitCode {
    let install = options.install || machine::is_ci();
    let mut steps = Steps::new(install);
    if install {
        no_std::add(&[&[TARGET], &CHECKED[..]].concat());
    }
    for target in CHECKED {
        match no_std::way_for(target) {
            Some(way) => steps.run(&format!("check for {target}"), hosted(&way, target, "check", &[])),
            None => steps.skip(&format!("check for {target}"), &no_std::advice(target)),
        }
    }
    let missing = missing();
    if !missing.is_empty() && install {
        steps.check("install wine and a linker", || machine::install(&missing));
    }
    let Some(way) = no_std::way_for(TARGET) else {
        steps.skip("tests under wine", &no_std::advice(TARGET));
        return steps.summary();
    };
    if !missing.is_empty() && !install {
        steps.skip("tests under wine", &format!("not installed: on Debian `apt-get install {}`", missing.join(" ")));
        return steps.summary();
    }
    let mut wine = None;
    steps.check("a Windows in wine", || Wine::prepare().map(|prepared| wine = Some(prepared)));
    let Some(wine) = wine else { return steps.summary() };
    // Each is a process under wine, and a panic in one shall not hide the others.
    let mut test = hosted(&way, TARGET, "test", &["--no-fail-fast", "--features", "motemq/fast", "--lib", "--bins", "--tests"]);
    test.arg("--");
    for name in NOT_UNDER_WINE {
        test.args(["--skip", name]);
    }
    wine.runs_for(&mut test);
    steps.run("tests under wine", test);
    println!("\nNOT SHOWN: {BEYOND_WINE}");
    steps.check("the command under wine", || {
        let archive = dist::windows()?;
        command::show(&wine, &dist::unpacked(&archive)?)
    });
    steps.summary()
}

fn missing() -> Vec<&'static str> {
    let mut packages = machine::missing(&PROGRAMS);
    packages.extend(machine::broker_packages());
    packages.extend(if wine::loader().is_none() { Some("wine64") } else { None });
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Cargo on the hosted crates for one of these systems.
fn hosted(way: &Way, target: &str, verb: &str, arguments: &[&str]) -> Command {
    let mut command = linking(way, [verb, "--target", target]);
    command.args(HOSTED).args(arguments);
    command
}

/// Cargo with a library and a linker for Windows.
pub fn linking<'a>(way: &Way, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = cargo(arguments);
    if let Way::FromSource(rustc) = way {
        command.args(["-Z", "build-std"]).env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
    }
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    command
}
