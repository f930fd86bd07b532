//! `cargo xtask test`: every check that is done for each change.
mod beside;
mod install;
mod style;
mod together;

use crate::{
    bench::instructions,
    c, evidence, firmware,
    machine::{self, Missing},
    portability,
    programs::{cargo, read},
    size,
    steps::Steps,
    tidy,
};
use beside::{Beside, Priority};
use clap::{Args, ValueEnum};
use motemq_testing::mosquitto::REQUIRE;
use std::process::{Command, ExitCode};

/// How it is done.
#[derive(Args)]
pub struct Options {
    /// Install what is missing (Debian, as root), and fail where something cannot be checked.
    /// CI=true means the same.
    #[arg(long)]
    install: bool,
    /// Checks only these parts, one after the other.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the checks.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting, lints and documentation.
    Style,
    /// The tests of all crates.
    Tests,
    /// The evidence in its quick form: exploration, simulation, fuzzing and more.
    Evidence,
    /// The core on microcontrollers, the library for C, sizes and instructions.
    Devices,
}

impl Part {
    fn check(self, steps: &mut Steps, install: bool) {
        let tls = machine::tls();
        match self {
            Part::Style => style::check(steps, tls.as_ref()),
            Part::Tests => tests(steps, tls.as_ref(), install),
            Part::Evidence => evidence::quick(steps),
            Part::Devices => devices(steps),
        }
    }
}

/// The fuzz targets are a workspace of their own.
const FUZZ: &str = "fuzz/Cargo.toml";

/// So are the programs whose size is measured.
const SIZES: &str = "benches/firmware/Cargo.toml";

/// And the firmware that is run.
const FIRMWARE: &str = "crates/firmware/Cargo.toml";

/// Other crates to compare with, too.
const PEERS: &str = "benches/peers/Cargo.toml";

/// The library for C.
const FFI: &str = "crates/ffi/Cargo.toml";

/// A component of the toolchain.
struct Component {
    /// What rustup calls it.
    name: &'static str,
    /// The subcommand of cargo that comes with it.
    subcommand: &'static str,
}

const RUSTFMT: Component = Component {
    name: "rustfmt",
    subcommand: "fmt",
};

const CLIPPY: Component = Component {
    name: "clippy",
    subcommand: "clippy",
};

const COMPONENTS: [Component; 2] = [RUSTFMT, CLIPPY];

impl Component {
    fn missing(&self) -> Option<Missing> {
        let there = read(cargo([self.subcommand, "--version"])).is_ok();
        (!there).then(|| {
            Missing::Installable(format!(
                "no `cargo {}`: type `rustup component add {}`",
                self.subcommand, self.name
            ))
        })
    }
}

/// Runs all checks, and tells whether all are good.
///
/// Many tests wait for servers and for time to pass. Meanwhile, other processes of lower priority
/// do the rest: one checks devices, and two do what only computes.
pub fn run(options: &Options) -> ExitCode {
    let install = options.install || machine::is_ci();
    let mut steps = Steps::new(install);
    if options.only.is_empty() {
        steps.check("tidy", tidy::check);
        if install {
            install::all(&mut steps);
        }
        // Nothing is installed any more, so that each check finds what the others find.
        let devices = Beside::start(Part::Devices, Priority::Lower, install);
        let style = Beside::start(Part::Style, Priority::Lowest, install);
        let evidence = Beside::start(Part::Evidence, Priority::Lowest, install);
        Part::Tests.check(&mut steps, install);
        steps.check("devices, the library for C, sizes and instructions", || {
            devices?.finish()
        });
        steps.check("formatting, lints and documentation", || style?.finish());
        steps.check("evidence", || evidence?.finish());
    }
    for part in &options.only {
        part.check(&mut steps, install);
    }
    steps.summary()
}

fn devices(steps: &mut Steps) {
    portability::check(steps);
    steps.check_unless(size::missing().as_ref(), "size of the core", || {
        size::measure(&size::Options::default())
    });
    steps.check_unless(firmware::missing().as_ref(), "the firmware in QEMU", || {
        firmware::run(&firmware::Options::default())
    });
    c::check(steps, false);
    steps.check_unless(
        instructions::missing().as_ref(),
        "instructions of the codec",
        || instructions::run(&instructions::Options::default()),
    );
}

/// Returns cargo with a subcommand for the fuzz targets, as any toolchain builds them: with what is
/// built for the workspace, as far as it is the same.
fn fuzz(subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = cargo([subcommand, "--manifest-path", FUZZ, "--no-default-features"]);
    command.args(arguments);
    command.env("CARGO_TARGET_DIR", machine::target());
    command
}

fn tests(steps: &mut Steps, tls: Option<&Missing>, install: bool) {
    for (server, missing) in machine::servers() {
        if let Some(missing) = missing {
            steps.not_here(&format!("tests against a real {server}"), &missing);
        }
    }
    let prepared = |mut command: Command| {
        if install {
            // A test that would pass over a missing program fails.
            command.env(REQUIRE, "1");
        }
        // Tests that take long wait, for servers or for time to pass.
        command
            .env("RUST_TEST_THREADS", (together::cores() * 2).to_string())
            .env("PATH", machine::path());
        command
    };
    let test = |arguments: &[&str]| {
        let mut command = cargo(["test", "--no-fail-fast"]);
        command.args(arguments);
        prepared(command)
    };
    steps.check("tests of the core", || {
        together::run(&["--package", "motemq"], prepared)
    });
    steps.run(
        "tests of the core with defmt",
        test(&[
            "--package",
            "motemq",
            "--features",
            "defmt",
            "--test",
            "defmt",
        ]),
    );
    let features = "motemq/fast,motemq-tokio/store,motemq-std/store,motemq-faces/store,motemq-std/rustls,motemq-tokio/rustls";
    steps.check_unless(tls, "tests", || {
        together::run(&["--workspace", "--features", features], prepared)
    });
    steps.run_unless(
        tls,
        "fuzz targets on their seeds",
        prepared(fuzz("test", &["--no-fail-fast"])),
    );
    steps.run(
        "benches, once each",
        test(&["--package", "motemq-benches", "--benches"]),
    );
}
