//! `cargo xtask test`: every check that takes minutes.
mod install;

use crate::{
    bench::{codec, instructions},
    c, evidence, firmware,
    machine::{self, Missing},
    portability,
    programs::{cargo, read},
    size,
    steps::Steps,
    tidy,
};
use clap::Args;
use motemq_testing::mosquitto::REQUIRE;
use std::process::{Command, ExitCode};

/// How it is done.
#[derive(Args)]
pub struct Options {
    /// Install what is missing (Debian, as root), and fail where something cannot be checked.
    /// CI=true means the same.
    #[arg(long)]
    install: bool,
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
pub fn run(options: &Options) -> ExitCode {
    let install = options.install || machine::is_ci();
    let mut steps = Steps::new(install);
    steps.check("tidy", tidy::check);
    if install {
        install::all(&mut steps);
    }
    // Nothing is installed any more, so that each check finds what the others find.
    let tls = machine::tls();
    style(&mut steps, tls.as_ref());
    tests(&mut steps, tls.as_ref(), install);
    evidence::quick(&mut steps);
    let mut doc = cargo([
        "doc",
        "--workspace",
        "--lib",
        "--no-deps",
        "--features",
        "motemq/defmt,motemq-nal/async",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.run_unless(tls.as_ref(), "documentation", doc);
    portability::check(&mut steps);
    steps.check_unless(size::missing().as_ref(), "size of the core", || {
        size::measure(&size::Options::default())
    });
    steps.check_unless(firmware::missing().as_ref(), "the firmware in QEMU", || {
        firmware::run(&firmware::Options::default())
    });
    c::check(&mut steps, false);
    steps.check_unless(
        instructions::missing().as_ref(),
        "instructions of the codec",
        || instructions::run(&instructions::Options::default()),
    );
    steps.summary()
}

fn style(steps: &mut Steps, tls: Option<&Missing>) {
    if let Some(missing) = RUSTFMT.missing() {
        steps.not_here("formatting", &missing);
    } else {
        steps.run("formatting", cargo(["fmt", "--all", "--check"]));
        for apart in [FUZZ, SIZES, FIRMWARE, FFI, PEERS] {
            steps.run(
                &format!("formatting of {apart}"),
                cargo(["fmt", "--manifest-path", apart, "--check"]),
            );
        }
    }
    if let Some(missing) = CLIPPY.missing() {
        steps.not_here("lints", &missing);
    } else {
        let core = ["clippy", "--package", "motemq", "--all-targets"];
        steps.run("lints of the core", denying(&core));
        steps.run(
            "lints of the core, with all features",
            denying(&[&core[..], &["--all-features"]].concat()),
        );
        steps.run_unless(
            tls,
            "lints",
            denying(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                "motemq-tokio/store,motemq-std/store,motemq-faces/store,motemq-std/rustls,motemq-tokio/rustls",
            ]),
        );
        steps.run(
            "lints without TLS",
            denying(&[
                "clippy",
                "--package",
                "motemq-cli",
                "--all-targets",
                "--no-default-features",
            ]),
        );
        // The extremes of what is built: nothing, all, and the library that is not the default alone.
        for (name, features) in [
            ("lints of the clients without features", &[][..]),
            (
                "lints of the clients with rustls",
                &["--features", "rustls"],
            ),
        ] {
            let clients = [
                "clippy",
                "--package",
                "motemq-std",
                "--package",
                "motemq-tokio",
                "--no-default-features",
            ];
            steps.run(name, denying(&[&clients[..], features].concat()));
        }
        let fuzz = [
            "clippy",
            "--manifest-path",
            FUZZ,
            "--all-targets",
            "--no-default-features",
            "--features",
            "targets",
        ];
        steps.run_unless(tls, "lints of fuzz", denying(&fuzz));
        steps.run("lints of the benches beside other crates", codec::lints());
        // As far as this machine can: without the programs that measure, which are mostly assembly.
        let mut firmware = vec!["clippy", "--manifest-path", FIRMWARE, "--release", "--lib"];
        for program in [
            "board",
            "board5",
            "microbit",
            "microbit5",
            "polled",
            "polled5",
            "awaited",
            "awaited5",
        ] {
            firmware.extend(["--bin", program]);
        }
        firmware.extend(["--features", "mps2,nal"]);
        steps.run("lints of the firmware", denying(&firmware));
        for features in [
            "layout",
            "layout,clean",
            "layout,sensor",
            "layout,v5",
            "layout,v5,clean",
            "layout,v5,sensor",
        ] {
            steps.run(
                &format!("lints of the library for C with {features}"),
                denying(&[
                    "clippy",
                    "--manifest-path",
                    FFI,
                    "--release",
                    "--features",
                    features,
                ]),
            );
        }
    }
}

fn denying(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.args(["--", "-D", "warnings"]);
    command
}

fn tests(steps: &mut Steps, tls: Option<&Missing>, install: bool) {
    for (server, missing) in machine::servers() {
        if let Some(missing) = missing {
            steps.not_here(&format!("tests against a real {server}"), &missing);
        }
    }
    let test = |arguments: &[&str]| {
        let mut command = cargo(["test", "--no-fail-fast"]);
        if install {
            // A test that would pass over a missing program fails.
            command.env(REQUIRE, "1");
        }
        command.env("PATH", machine::path()).args(arguments);
        command
    };
    steps.run("tests of the core", test(&["--package", "motemq"]));
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
    steps.run_unless(
        tls,
        "tests",
        test(&[
            "--workspace",
            "--features",
            "motemq/fast,motemq-tokio/store,motemq-std/store,motemq-faces/store,motemq-std/rustls,motemq-tokio/rustls",
        ]),
    );
    steps.run_unless(
        tls,
        "fuzz targets on their seeds",
        test(&["--manifest-path", FUZZ, "--no-default-features"]),
    );
    steps.run(
        "benches, once each",
        test(&["--package", "motemq-benches", "--benches"]),
    );
}
