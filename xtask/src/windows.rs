//! `cargo xtask windows`: the hosted crates on Windows, shown under wine, and checked for systems
//! that cannot be run here.
mod command;
mod tls;
pub mod wine;

use crate::{
    dist,
    machine::{self, Missing},
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
    /// Install what is missing (Debian, as root), and fail where something cannot be shown.
    /// CI=true means the same.
    #[arg(long)]
    install: bool,
    /// Only the command: no tests, and no checks for systems that cannot be run.
    #[arg(long)]
    short: bool,
}

/// What is run.
pub const TARGET: &str = "x86_64-pc-windows-gnu";

/// Only checked: there is no linker for them.
const CHECKED: [&str; 2] = ["x86_64-pc-windows-msvc", "aarch64-apple-darwin"];

/// The crates for systems like these.
const HOSTED: [&str; 7] = [
    "motemq",
    "motemq-net",
    "motemq-std",
    "motemq-tokio",
    "motemq-faces",
    "motemq-cli",
    "motemq-c-hosted",
];

/// Programs that build for Windows and run it, and their packages.
const PROGRAMS: [(&str, &str); 3] = [
    (LINKER, "gcc-mingw-w64-x86-64-posix"),
    ("mosquitto", "mosquitto"),
    ("openssl", "openssl"),
];

/// Tests of private keys in files of their own, for which wine has no provider: see
/// docs/windows.md.
const BEYOND_WINE: [&str; 6] = [
    "keys_of_rsa",
    "keys_on_curves",
    "encrypted_keys_need_their_password",
    "what_does_not_fit_is_told",
    "text_around_them_does_not_matter",
    "nothing_secret_is_shown",
];

/// Builds, tests and shows; tells whether all is good.
pub fn run(options: &Options) -> ExitCode {
    let install = options.install || machine::is_ci();
    let mut steps = Steps::new(install);
    if options.short {
        steps.check("the command under wine", || command(install));
        return steps.summary();
    }
    if install {
        steps.check("install what is missing", || {
            self::install(&[TARGET, CHECKED[0], CHECKED[1]])
        });
    }
    for target in CHECKED {
        let name = format!("check for {target}");
        match no_std::way_for(target) {
            Some(way) => steps.run(&name, hosted(&way, target, "check")),
            None => steps.not_here(&name, &Missing::Installable(no_std::advice(target))),
        }
    }
    match missing() {
        None => under_wine(&mut steps),
        Some(missing) => steps.not_here("tests under wine, and the command", &missing),
    }
    steps.summary()
}

fn under_wine(steps: &mut Steps) {
    let (way, wine) = match ready() {
        Ok(ready) => ready,
        Err(why) => return steps.check("tests under wine, and the command", || Err(why)),
    };
    // Tests run them as programs.
    let mut examples = hosted(&way, TARGET, "build");
    examples.args(["--features", "motemq/fast", "--examples"]);
    steps.run("examples for Windows", examples);
    let mut test = hosted(&way, TARGET, "test");
    test.args([
        "--no-fail-fast",
        "--features",
        "motemq/fast",
        "--lib",
        "--bins",
        "--tests",
        "--",
    ]);
    test.args(BEYOND_WINE.iter().flat_map(|name| ["--skip", name]));
    wine.runs_for(&mut test);
    steps.run("tests under wine", test);
    steps.check("the command under wine", || show_command(&wine));
}

/// Shows the command alone, if this machine has what it takes.
///
/// # Errors
/// What went wrong; with `install` also what is missing.
pub fn command(install: bool) -> Result<(), String> {
    if install {
        self::install(&[TARGET])?;
    }
    match missing() {
        None => show_command(&ready()?.1),
        Some(missing) if install => Err(missing.to_string()),
        Some(missing) => {
            println!("not here: the command under wine: {missing}");
            Ok(())
        }
    }
}

/// It is the program of the archive that is shown.
fn show_command(wine: &Wine) -> Result<(), String> {
    let archive = dist::windows()?;
    let exe = dist::unpacked(&archive)?;
    command::show(wine, &exe)?;
    tls::show(wine, &exe)
}

/// A library for Windows and a Windows.
fn ready() -> Result<(Way, Wine), String> {
    let way = no_std::way_for(TARGET).ok_or_else(|| no_std::advice(TARGET))?;
    Ok((way, Wine::prepare()?))
}

/// What is missing to build a program.
pub fn missing_to_build() -> Option<Missing> {
    Missing::packages(&machine::missing(&PROGRAMS[..1])).or_else(|| no_std::missing(TARGET))
}

/// What is missing to show anything.
fn missing() -> Option<Missing> {
    Missing::packages(&packages()).or_else(|| no_std::missing(TARGET))
}

/// Installs what is missing, with the libraries for these targets.
fn install(targets: &[&str]) -> Result<(), String> {
    no_std::install(targets)?;
    let packages = packages();
    if packages.is_empty() {
        Ok(())
    } else {
        machine::install(&packages)
    }
}

/// Packages to be installed for building for Windows and running it; none if they are there.
fn packages() -> Vec<&'static str> {
    let mut packages = machine::missing(&PROGRAMS);
    packages.extend(machine::broker_packages());
    packages.extend(if wine::loader().is_none() {
        Some("wine64")
    } else {
        None
    });
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Cargo on the hosted crates for one of these systems.
fn hosted(way: &Way, target: &str, verb: &str) -> Command {
    let mut command = linking(way, [verb, "--target", target]);
    command
        .args(HOSTED.iter().flat_map(|package| ["--package", package]))
        .args(["--features", "motemq-tokio/native-tls"]);
    command
}

/// Cargo with a library and a linker for Windows.
pub fn linking<'a>(way: &Way, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = cargo(arguments);
    if let Way::FromSource(rustc) = way {
        command
            .args(["-Z", "build-std"])
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1");
    }
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    command
}
