//! A firmware in C, which does what the one in Rust does, with MQTT 3.1.1 and with MQTT 5.
use super::{
    library::{self, Library, Version},
    modem,
};
use crate::{
    firmware::{
        SILENCE,
        board::{AN386, Mps2, Network},
        play, scenes_at_once,
    },
    machine::CROSS_COMPILER,
    no_std,
    programs::{program, run as run_program},
};
use std::path::{Path, PathBuf};

/// The options for a machine without a C library. Without the last, gcc would make calls of `memcpy`
/// and `strlen` from loops.
pub const OPTIONS: [&str; 8] = [
    "-Os",
    "-std=c99",
    "-ffreestanding",
    "-ffunction-sections",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fno-tree-loop-distribute-patterns",
];

/// The options for a Cortex-M4.
const CPU: [&str; 2] = ["-mcpu=cortex-m4", "-mthumb"];

/// The sources of the firmware for both versions of MQTT.
pub const MAIN: [(Library, &str); 2] = [(Library::V311, "main.c"), (Library::V5, "main5.c")];

/// Compiles the firmware for both versions of MQTT, and plays all scenes with it.
///
/// # Errors
/// What could not be built, or what went wrong.
pub fn run() -> Result<(), String> {
    for (library, source) in MAIN {
        let built = library::build(no_std::TARGET, library, true)?;
        let board = Mps2 {
            firmware: compile(&library::folder(), &CPU, source, &built)?,
            machine: AN386,
            network: Network::Modem(modem::start),
        };
        if library.version == Version::V311 {
            // The clock of both versions is the same.
            play(&board, SILENCE)?;
        }
        scenes_at_once(&board)?;
    }
    Ok(())
}

/// Compiles the firmware of the folder that contains headers and examples, and puts it beside the
/// library.
///
/// # Errors
/// What does not compile or link.
pub fn compile(root: &Path, cpu: &[&str], source: &str, library: &Path) -> Result<PathBuf, String> {
    let sources = root.join("examples/mps2");
    let firmware = library.with_file_name(source).with_extension("elf");
    let mut compile = program(CROSS_COMPILER.0, cpu);
    compile
        .args(OPTIONS)
        .args(["-nostdlib", "-Wl,--gc-sections,-z,noexecstack", "-T"])
        .arg(sources.join("link.ld"))
        .arg("-I")
        .arg(root.join("include"))
        .args([sources.join("board.c"), sources.join(source)])
        .arg(library)
        .arg("-lgcc")
        .arg("-o")
        .arg(&firmware);
    run_program(compile)?;
    Ok(firmware)
}
