//! `cargo xtask c`: the library for C is built, tested, measured and packed.
mod dialogue;
mod firmware;
mod header;
mod hosted;
mod library;
mod lwip;
mod modem;
mod pack;
mod peers;
mod sizes;
mod tests;

use crate::{
    machine::{self, Missing},
    no_std, size,
    steps::Steps,
};
use clap::Args;
use std::process::ExitCode;

/// What `cargo xtask c` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Writes the measured sizes into docs/c.md.
    #[arg(long)]
    write: bool,
    /// Packs an archive for each target in target/c/archives, and not only for this machine.
    #[arg(long)]
    pack: bool,
}

/// Tests, measures and packs.
pub fn run(options: &Options) -> ExitCode {
    let mut steps = Steps::new(machine::is_ci());
    check(&mut steps, options.write);
    steps.check_unless(
        host().as_ref(),
        "the archive of the C library, by somebody who has nothing else",
        pack::try_it,
    );
    steps.check_unless(
        host().or_else(machine::tls).as_ref(),
        "the archive of the C library with threads",
        pack::hosted::try_it,
    );
    if options.pack {
        steps.check("archives of the C library", pack::all);
        steps.check_unless(
            machine::tls().as_ref(),
            "archives of the C library with threads",
            pack::hosted::all,
        );
    }
    steps.summary()
}

/// Every check of the library but those of its archives, which take longer.
pub fn check(steps: &mut Steps, write: bool) {
    let host = host();
    steps.check_unless(
        host.as_ref(),
        "the C library and its header",
        tests::run_all,
    );
    let broker = || Missing::packages(&machine::broker_packages());
    steps.check_unless(
        host.clone().or_else(broker).as_ref(),
        "the C library against a real mosquitto",
        tests::against_mosquitto,
    );
    steps.check_unless(
        host.clone().or_else(broker).or_else(lwip::missing).as_ref(),
        "the C library over lwIP against a real mosquitto",
        lwip::run_all,
    );
    // The managed client uses the TLS of the system.
    let host_and_tls = || host.clone().or_else(machine::tls);
    steps.check_unless(
        host_and_tls().as_ref(),
        "the C library with threads, and its header",
        hosted::check,
    );
    steps.check_unless(
        host_and_tls().or_else(broker).as_ref(),
        "the C library with threads against a real mosquitto",
        hosted::against_mosquitto,
    );
    steps.check_unless(size::missing().as_ref(), "size of the C library", || {
        sizes::measure(write)
    });
    let compiler = || Missing::packages(&machine::missing(&[machine::CROSS_COMPILER]));
    steps.check_unless(
        size::missing().or_else(compiler).as_ref(),
        "the C library beside other clients",
        || peers::compare(write),
    );
    steps.check_unless(
        firmware_missing().as_ref(),
        "the C firmware in QEMU",
        firmware::run,
    );
}

/// What this machine lacks to compile and run programs in C.
fn host() -> Option<Missing> {
    if !cfg!(target_os = "linux") {
        return Some(Missing::Unsupported(
            "the C programs are run on Linux".into(),
        ));
    }
    Missing::packages(&machine::missing(&machine::C))
}

/// What this machine lacks for the firmware.
fn firmware_missing() -> Option<Missing> {
    if !cfg!(unix) {
        return Some(Missing::Unsupported(
            "only Unix has the signals for it".into(),
        ));
    }
    let mut programs = machine::FIRMWARE.to_vec();
    programs.push(machine::CROSS_COMPILER);
    Missing::packages(&machine::missing(&programs)).or_else(|| no_std::missing(no_std::TARGET))
}
