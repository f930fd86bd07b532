//! A firmware in C, which does what the one in Rust does, with MQTT 3.1.1 and with MQTT 5.
use super::{
    library::{self, Library},
    modem,
};
use crate::{
    firmware::{
        SILENCE,
        board::{Mps2, Network},
        scenes_at_once,
    },
    machine::CROSS_COMPILER,
    no_std,
    programs::{program, run as run_program},
};
use std::path::PathBuf;

/// The options for a Cortex-M4 without a C library. Without the last, gcc would make calls of
/// `memcpy` and `strlen` from loops.
const OPTIONS: [&str; 10] = [
    "-mcpu=cortex-m4",
    "-mthumb",
    "-Os",
    "-std=c99",
    "-ffreestanding",
    "-ffunction-sections",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fno-tree-loop-distribute-patterns",
];

/// Compiles the firmware for both versions of MQTT, and plays all scenes with it.
///
/// # Errors
/// What could not be built, or what went wrong.
pub fn run() -> Result<(), String> {
    let boards = [
        (Library::V311, "main.c", "board.elf", None),
        // The clock of both versions is the same.
        (Library::V5, "main5.c", "board5.elf", Some(SILENCE)),
    ];
    // One after the other: time has to pass on a board as it passes at the broker.
    for (library, source, name, but) in boards {
        let board = Mps2 {
            firmware: compile(library, source, name)?,
            network: Network::Modem(modem::start),
        };
        scenes_at_once(&board, but)?;
    }
    Ok(())
}

/// Compiles a firmware with a library.
fn compile(library: Library, source: &str, name: &str) -> Result<PathBuf, String> {
    let library = library::build(no_std::TARGET, library, true)?;
    let sources = library::folder().join("examples/mps2");
    let firmware = library.with_file_name(name);
    let mut compile = program(CROSS_COMPILER.0, OPTIONS);
    compile
        .args(["-nostdlib", "-Wl,--gc-sections,-z,noexecstack", "-T"])
        .arg(sources.join("link.ld"))
        .arg("-I")
        .arg(library::folder().join("include"))
        .args([sources.join("board.c"), sources.join(source)])
        .arg(&library)
        .arg("-lgcc")
        .arg("-o")
        .arg(&firmware);
    run_program(compile)?;
    Ok(firmware)
}
