//! Formatting, lints and documentation.
use super::{CLIPPY, FFI, FIRMWARE, FUZZ, PEERS, RUSTFMT, SIZES, fuzz};
use crate::{bench::codec, machine::Missing, programs::cargo, steps::Steps};
use std::process::Command;

/// What makes every lint an error.
const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// Checks them all.
pub fn check(steps: &mut Steps, tls: Option<&Missing>) {
    style(steps, tls);
    let mut doc = cargo([
        "doc",
        "--workspace",
        "--lib",
        "--no-deps",
        "--features",
        "motemq/defmt,motemq-nal/async",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.run_unless(tls, "documentation", doc);
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
        let targets = ["--all-targets", "--features", "targets"];
        let mut lints = fuzz("clippy", &targets);
        lints.args(DENY);
        steps.run_unless(tls, "lints of fuzz", lints);
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
    command.args(DENY);
    command
}
