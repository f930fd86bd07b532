//! The project's own commands: `cargo xtask test`, `cargo xtask demo`, `cargo xtask tidy`.
mod bench;
mod c;
mod conformance;
mod demo;
mod dist;
mod evidence;
mod firmware;
mod fuzz;
mod interop;
mod ledger;
mod machine;
mod mutants;
mod no_std;
mod pages;
mod panics;
mod plot;
mod portability;
mod programs;
mod release;
mod replay;
mod screens;
mod simulate;
mod size;
mod steps;
mod tables;
mod test;
mod tidy;
mod windows;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What developers and newcomers of Motemq type.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo              see messages flow; needs nothing but Rust, takes seconds
  cargo xtask demo --keep       leave the broker running, and play with it from another terminal
  cargo xtask test              check everything that this machine has the programs for
  cargo xtask test --only style   check a part of it: formatting, lints and documentation
  cargo xtask test --install    install what is missing (Debian, as root) and check everything
  cargo xtask size              measure the code for a Cortex-M4, and compare with docs/size.md
  cargo xtask firmware          run the client on microcontrollers in QEMU
  cargo xtask c                 test the library for C, run its firmware in QEMU, and measure it
  cargo xtask interop --install install real brokers, run all clients against them, and write docs/interop.md
  cargo xtask bench codec --quick   compare the codec with other crates on this machine; minutes to build, one to run
  cargo xtask windows --install show the client on Windows, under wine; on Debian, as root
  cargo xtask dist              make the archives that people download
  cargo xtask release --dry-run check the packages from their archives, publish nothing
  cargo xtask ledger            cut conversations at every byte, and compare with docs/ledger.md
  cargo xtask simulate          a million messages through worlds where everything goes wrong
  cargo xtask replay FILE       show what the core makes of the bytes that motemq record --raw has kept
  cargo xtask screens           draw the pictures of motemq watch, bench and record in the guide
  cargo xtask fuzz --seconds 60 every fuzz target for a minute
  cargo xtask mutants --file wire.rs   which changes of this file of the core no test notices
  cargo xtask mutants --crate client   the same for the managed client
  cargo xtask conformance       the statements of the standard, and docs/conformance.md
  cargo xtask evidence --quick  all evidence in ten minutes, without --quick at length; writes docs/evidence.md
  cargo xtask tidy              check the rules of the sources alone; takes no time";

#[derive(Subcommand)]
enum Command {
    /// Shows messages flow at QoS 0, 1 and 2: a broker, publishers and subscribers on real sockets,
    /// nothing to install.
    Demo(demo::Options),
    /// Runs every check: format, lints, tests, documentation, the build for a microcontroller.
    /// About twelve minutes on two cores, from nothing.
    Test(test::Options),
    /// Measures how large the core is on a Cortex-M4, and compares with docs/size.md.
    Size(size::Options),
    /// Runs the client on bare metal, in QEMU, against a real mosquitto.
    Firmware(firmware::Options),
    /// Builds the library for C, runs its tests and its firmware, and measures it.
    C(c::Options),
    /// Runs the command and the libraries against real brokers on this machine, and writes
    /// docs/interop.md.
    Interop(interop::Options),
    /// Measures how fast the core is, beside other crates.
    Bench(bench::Options),
    /// Builds for Windows, runs tests and the command under wine, and checks for MSVC and macOS.
    Windows(windows::Options),
    /// Makes archives of the command for Linux and Windows, with checksums, in
    /// target/dist/archives.
    Dist(dist::Options),
    /// Makes the packages, and checks them from their archives: examples, tests, documentation,
    /// features, versions and the guide. Publishes nothing.
    Release(release::Options),
    /// Cuts the link and ends the process at every byte of many conversations, and compares what
    /// came of it with `docs/ledger.md`.
    Ledger(ledger::Options),
    /// Simulates clients, a broker and links where everything goes wrong. A seed that fails tells
    /// how to see it again.
    Simulate(simulate::Options),
    /// Runs the bytes that `motemq record --raw` has kept into the core, and shows each event.
    Replay(replay::Options),
    /// Draws the screens of the command for the guide, as SVG.
    Screens(screens::Options),
    /// Runs every fuzz target.
    Fuzz(fuzz::Options),
    /// Changes the core or the managed client at one place at a time, and tells which changes no
    /// test notices. Needs cargo-mutants, and an hour.
    Mutants(mutants::Options),
    /// Runs the tests of the standard's statements, and compares with `docs/conformance.md`.
    Conformance(conformance::Options),
    /// Runs all evidence at length, and writes `docs/evidence.md`.
    Evidence(evidence::Options),
    /// Checks the rules that hold for the sources, and that each promise names a test that
    /// exists.
    Tidy,
}

fn main() -> ExitCode {
    if let Err(error) = programs::enter_workspace() {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Size(options) => exit(size::measure(&options)),
        Command::Firmware(options) => exit(firmware::run(&options)),
        Command::C(options) => c::run(&options),
        Command::Interop(options) => exit(interop::run(&options)),
        Command::Bench(options) => exit(bench::run(&options)),
        Command::Windows(options) => windows::run(&options),
        Command::Dist(options) => exit(dist::make(&options)),
        Command::Release(options) => release::run(&options),
        Command::Ledger(options) => exit(ledger::run(&options).map(|_| ())),
        Command::Simulate(options) => exit(simulate::run(&options).map(|_| ())),
        Command::Replay(options) => exit(replay::run(&options)),
        Command::Screens(options) => exit(screens::run(&options)),
        Command::Fuzz(options) => exit(fuzz::run(&options).map(|_| ())),
        Command::Mutants(options) => exit(mutants::run(&options)),
        Command::Conformance(options) => exit(conformance::run(&options).map(|_| ())),
        Command::Evidence(options) => evidence::run(&options),
        Command::Tidy => exit(tidy::check()),
    }
}

fn exit(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
