//! `cargo xtask firmware`: the client on bare metal, in QEMU, against a real mosquitto.
mod board;
mod build;
mod measure;
mod messages;
mod microbit;
mod process;
mod restarts;
mod streams;

use crate::{machine, no_std};
use clap::Args;
use std::time::Instant;

/// What `cargo xtask firmware` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Writes what was measured into the README.
    #[arg(long)]
    write: bool,
}

/// A Cortex-M0, without a compare-and-swap.
const M0: &str = "thumbv6m-none-eabi";

/// What this machine lacks for it, and where to get it.
pub fn missing() -> Option<String> {
    let packages = machine::missing(&machine::FIRMWARE);
    if !packages.is_empty() {
        return Some(format!(
            "not installed: on Debian `apt-get install {}`",
            packages.join(" ")
        ));
    }
    let target = [no_std::TARGET, M0]
        .into_iter()
        .find(|target| no_std::way_for(target).is_none());
    if let Some(target) = target {
        return Some(format!(
            "no library for {target}: {}",
            no_std::advice(target)
        ));
    }
    // A broker is halted by a signal.
    (!cfg!(unix)).then(|| "only Unix has the signals for it".into())
}

type Scene = fn(&board::Boards) -> Result<(), String>;

/// What is done, one after the other: each has a broker and a board of its own.
const SCENES: [(&str, Scene); 7] = [
    ("messages of every QoS, both ways", messages::every_qos),
    ("the will, when the board dies", messages::will),
    ("keep-alive", messages::silence),
    (
        "the broker is stopped and started, and remembers",
        restarts::remembered,
    ),
    (
        "the broker is stopped and started, and has forgotten",
        restarts::forgotten,
    ),
    (
        "1 MB up and 1 MB down through 256 bytes",
        streams::both_ways,
    ),
    (
        "a Cortex-M0 over its UART, without TCP",
        microbit::over_its_uart,
    ),
];

/// Builds the firmware, runs it, and checks with independent clients what it says and does.
///
/// # Errors
/// What is missing on this machine, what could not be built, or what went wrong.
pub fn run(options: &Options) -> Result<(), String> {
    if let Some(missing) = missing() {
        return Err(missing);
    }
    let boards = board::Boards {
        mps2: build::program("board", no_std::TARGET, "mps2")?,
        measure: build::program("measure", no_std::TARGET, "measure")?,
        microbit: build::program("microbit", M0, "microbit")?,
    };
    for (name, scene) in SCENES {
        let begun = Instant::now();
        scene(&boards).map_err(|error| format!("{name}: {error}"))?;
        println!("{:6.1} s  {name}", begun.elapsed().as_secs_f64());
    }
    measure::calls(&boards, options.write)
}
