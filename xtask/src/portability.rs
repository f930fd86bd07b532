//! The machines without an operating system that the core and its embedded adapters are built for.
use crate::{
    machine::Missing,
    no_std::{self, TARGET, Way},
    programs::cargo,
    steps::Steps,
};
use std::{iter, process::Command};

/// From the smallest Cortex-M, which has no compare-and-swap, to a browser. [`TARGET`] is built for
/// besides, since its sizes are measured.
const TARGETS: [&str; 5] = [
    "thumbv6m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabi",
    "riscv32imc-unknown-none-elf",
    "wasm32-unknown-unknown",
];

const PACKAGES: [&str; 6] = [
    "--package",
    "motemq",
    "--package",
    "motemq-nal",
    "--package",
    "motemq-smoltcp",
];
const EVERYTHING: [&str; 2] = ["--features", "motemq/fast,motemq/defmt,motemq-nal/async"];

/// All of them.
pub fn targets() -> impl Iterator<Item = &'static str> {
    iter::once(TARGET).chain(TARGETS)
}

/// Builds for all of them for which this machine has a library.
pub fn check(steps: &mut Steps) {
    let mut installed = Vec::new();
    let mut from_source = Vec::new();
    let mut missing = Vec::new();
    for target in TARGETS {
        match no_std::way_for(target) {
            Some(Way::Installed) => installed.push(target),
            Some(way) => from_source.push((target, way)),
            None => missing.push(target),
        }
    }
    if !installed.is_empty() {
        both(steps, &installed.join(", "), &|| {
            build(cargo(["build"]), &installed)
        });
    }
    if let Some((_, way)) = from_source.first() {
        // To check finds as much as to build does, and spares half of the time that core takes.
        let targets: Vec<_> = from_source.iter().map(|(target, _)| *target).collect();
        both(steps, &targets.join(", "), &|| {
            build(no_std::cargo_for(way, ["check"]), &targets)
        });
    }
    if !missing.is_empty() {
        let targets = missing.join(" ");
        steps.not_here(
            &format!("build for {targets}"),
            &Missing::Installable(no_std::advice(&targets)),
        );
    }
    match no_std::way() {
        Some(way) => {
            let command = || {
                let mut command = no_std::cargo_for(&way, ["build", "--release"]);
                command.args(["--target", TARGET]).args(PACKAGES);
                command
            };
            both(steps, TARGET, &command);
        }
        None => steps.not_here(
            &format!("build for {TARGET}"),
            &Missing::Installable(no_std::advice(TARGET)),
        ),
    }
}

fn both(steps: &mut Steps, targets: &str, command: &dyn Fn() -> Command) {
    steps.run(&format!("build for {targets}"), command());
    let mut all = command();
    all.args(EVERYTHING);
    steps.run(&format!("build for {targets}, with all features"), all);
}

fn build(mut command: Command, targets: &[&str]) -> Command {
    command.args(PACKAGES);
    for target in targets {
        command.args(["--target", target]);
    }
    command
}
