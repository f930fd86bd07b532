//! `cargo xtask firmware`: the client on bare metal, in QEMU, against a real mosquitto.
pub mod board;
mod build;
mod measure;
mod messages;
mod microbit;
mod monitor;
mod process;
mod programs;
mod restarts;
mod streams;
mod version5;

use crate::{
    machine::{self, Missing},
    no_std, size,
};
use clap::Args;
use programs::Program;
use std::{thread, time::Instant};

/// What `cargo xtask firmware` takes.
#[derive(Args, Default)]
pub struct Options {
    /// Writes what was measured into docs/size.md and docs/stack.md.
    #[arg(long)]
    write: bool,
}

/// A Cortex-M0, without a compare-and-swap.
const M0: &str = "thumbv6m-none-eabi";

/// What this machine lacks for it.
pub fn missing() -> Option<Missing> {
    if !cfg!(unix) {
        // A broker is halted by one of them.
        return Some(Missing::Unsupported(
            "only Unix has the signals for it".into(),
        ));
    }
    Missing::packages(&machine::missing(&machine::FIRMWARE))
        .or_else(size::missing)
        .or_else(|| no_std::missing(M0))
}

/// The scene that takes long because nothing happens in it.
pub const SILENCE: &str = "keep-alive";

/// The scene that shows most in a short time.
pub const EVERY_QOS: &str = "messages of every QoS, both ways";

type Scene = fn(&board::Mps2) -> Result<(), String>;

/// What is done, one after the other: each has a broker and a board of its own.
const SCENES: [(&str, Scene); 6] = [
    (EVERY_QOS, messages::every_qos),
    ("the will, when the board dies", messages::will),
    (SILENCE, messages::silence),
    (
        "the broker is stopped and started, and remembers",
        restarts::remembered,
    ),
    (
        "the broker is stopped and started, and has forgotten",
        restarts::forgotten,
    ),
    (
        "a long payload up and down through 256 bytes",
        streams::both_ways,
    ),
];

/// The scenes that only MQTT 5 has.
const SCENES_5: [(&str, Scene); 4] = [
    ("properties, both ways", version5::properties),
    ("a subscription with options", version5::options),
    ("refusals, both ways", version5::refusals),
    ("ends that have a reason", version5::ends),
];

/// The versions of MQTT, and how the names of their programs end.
const VERSIONS: [(&str, &str); 2] = [("3.1.1", ""), ("5.0", "5")];

const BOARD: &str = "Cortex-M4, `motemq-smoltcp` over smoltcp: a client controlled from its console, with a copy of \
     each message in flight";

/// The programs of the Cortex-M0.
const MICROBITS: [(&str, &str); 3] = [
    (
        "microbit",
        "Cortex-M0, the core alone over a UART: a client that sends back what it receives",
    ),
    ("polled", "Cortex-M0, the same over `Link` of `motemq-nal`"),
    (
        "awaited",
        "Cortex-M0, the same over `aio::Halves` of `motemq-nal`, with an executor",
    ),
];

/// Builds the firmware, runs it, and checks with independent clients what it says and does.
///
/// # Errors
/// What is missing on this machine, what could not be built, or what went wrong.
pub fn run(options: &Options) -> Result<(), String> {
    if let Some(missing) = missing() {
        return Err(missing.to_string());
    }
    let gauges = measure::build()?;
    let mut measured = Vec::new();
    for (version, suffix) in VERSIONS {
        let name = format!("board{suffix}");
        let board = board::Mps2 {
            firmware: build::program(&name, no_std::TARGET, "mps2")?,
            machine: board::AN386,
            network: board::Network::Ethernet,
        };
        println!("{name}, a Cortex-M4 with Ethernet:");
        scenes(&board, &SCENES)?;
        if suffix == "5" {
            scenes(&board, &SCENES_5)?;
        }
        measured.push(Program {
            name: "board",
            version,
            what: BOARD,
            firmware: board.firmware,
        });
    }
    println!("A Cortex-M0 over its UART, without TCP:");
    for (name, what) in MICROBITS {
        for (version, suffix) in VERSIONS {
            let program = format!("{name}{suffix}");
            let firmware = build::program(&program, M0, "nal")?;
            timed(&program, || microbit::over_its_uart(&firmware))?;
            measured.push(Program {
                name,
                version,
                what,
                firmware,
            });
        }
    }
    programs::measure(&measured, options.write)?;
    measure::calls(&gauges, options.write)
}

/// Plays scenes with a board, one after the other.
fn scenes(board: &board::Mps2, scenes: &[(&str, Scene)]) -> Result<(), String> {
    scenes
        .iter()
        .try_for_each(|(name, scene)| timed(name, || scene(board)))
}

/// Plays one scene.
///
/// # Errors
/// What went wrong.
pub fn play(board: &board::Mps2, name: &str) -> Result<(), String> {
    let scene = SCENES.iter().find(|(other, _)| *other == name);
    let (name, scene) = scene.ok_or_else(|| format!("there is no scene `{name}`"))?;
    timed(name, || scene(board))
}

/// Plays all scenes but the silence at the same time, each with a board of its own. In the silence,
/// time has to pass on the board as it passes at the broker.
///
/// # Errors
/// What went wrong.
pub fn scenes_at_once(board: &board::Mps2) -> Result<(), String> {
    thread::scope(|scope| {
        let scenes = SCENES.iter().filter(|(name, _)| *name != SILENCE);
        let played: Vec<_> = scenes
            .map(|(name, scene)| scope.spawn(move || timed(name, || scene(board))))
            .collect();
        played
            .into_iter()
            .try_for_each(|scene| scene.join().map_err(|_| "a scene panicked")?)
    })
}

fn timed(name: &str, scene: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let begun = Instant::now();
    scene().map_err(|error| format!("{name}: {error}"))?;
    println!("{:6.1} s  {name}", begun.elapsed().as_secs_f64());
    Ok(())
}
