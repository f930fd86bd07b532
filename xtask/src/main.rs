//! The project's own commands: `cargo xtask test`, `cargo xtask demo`, `cargo xtask tidy`.
mod bench;
mod demo;
mod dist;
mod firmware;
mod interop;
mod machine;
mod no_std;
mod plot;
mod portability;
mod programs;
mod readme;
mod size;
mod steps;
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
  cargo xtask test --install    install what is missing (Debian, as root) and check everything
  cargo xtask size              measure the code for a Cortex-M4, and compare with the README
  cargo xtask firmware          run the client on microcontrollers in QEMU
  cargo xtask interop --install install six real brokers, run all clients against them, and write docs/interop.md
  cargo xtask bench codec --quick   compare the codec with other crates on this machine; minutes to build, one to run
  cargo xtask windows --install show the client on Windows, under wine; on Debian, as root
  cargo xtask dist              make the archives that people download
  cargo xtask tidy              check the rules of the sources alone; takes no time";

#[derive(Subcommand)]
enum Command {
    /// Shows messages flow at QoS 0, 1 and 2: a broker, publishers and subscribers on real sockets, nothing to install.
    Demo(demo::Options),
    /// Runs every check: format, lints, tests, documentation, the build for a microcontroller. Under 25 minutes on two cores.
    Test(test::Options),
    /// Measures how large the core is on a Cortex-M4, and compares with the README.
    Size(size::Options),
    /// Runs the client on bare metal, in QEMU, against a real mosquitto.
    Firmware(firmware::Options),
    /// Runs the command and the libraries against real brokers on this machine, and writes docs/interop.md.
    Interop(interop::Options),
    /// Measures how fast the core is, beside other crates.
    Bench(bench::Options),
    /// Builds for Windows, runs tests and the command under wine, and checks for MSVC and macOS.
    Windows(windows::Options),
    /// Makes archives of the command for Linux and Windows, with checksums, in target/dist/archives.
    Dist(dist::Options),
    /// Checks the rules that hold for the sources, and that each promise of the README names a test that exists.
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
        Command::Interop(options) => exit(interop::run(&options)),
        Command::Bench(options) => exit(bench::run(&options)),
        Command::Windows(options) => windows::run(&options),
        Command::Dist(options) => exit(dist::make(&options)),
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
