//! `cargo xtask firmware`: the client on bare metal, in QEMU, against a real mosquitto.
mod board;
mod build;
mod messages;
mod process;
mod restarts;
mod streams;

use crate::{machine, no_std};
use clap::Args;
use std::time::Instant;

/// What `cargo xtask firmware` takes.
#[derive(Args, Default)]
pub struct Options {}

type Scene = fn(&board::Boards) -> Result<(), String>;

/// What is done, one after the other: each has a broker and boards of its own.
const SCENES: [(&str, Scene); 6] = [
    ("messages of every QoS, both ways", messages::every_qos),
    ("the will, when the board dies", messages::will),
    ("keep-alive", messages::silence),
    ("the broker is stopped and started, and remembers", restarts::remembered),
    ("the broker is stopped and started, and has forgotten", restarts::forgotten),
    ("1 MB up and 1 MB down through 256 bytes", streams::both_ways),
];

/// Builds the firmware, runs it, and checks with independent clients what it says and does.
///
/// # Errors
/// What is missing on this machine, what could not be built, or what went wrong.
pub fn run(_: &Options) -> Result<(), String> {
    let missing = machine::missing(&machine::FIRMWARE);
    if !missing.is_empty() {
        return Err(format!("not installed: on Debian `apt-get install {}`", missing.join(" ")));
    }
    let boards = board::Boards { mps2: build::program("board", no_std::TARGET, "mps2")? };
    for (name, scene) in SCENES {
        let begun = Instant::now();
        scene(&boards).map_err(|error| format!("{name}: {error}"))?;
        println!("{:6.1} s  {name}", begun.elapsed().as_secs_f64());
    }
    Ok(())
}
