//! A firmware in C, which does what the one in Rust does.
use super::{
    library::{self, Profile},
    modem,
};
use crate::{
    firmware::{
        board::{Mps2, Network},
        scenes_at_once,
    },
    machine::CROSS_COMPILER,
    no_std,
    programs::{program, run as run_program},
};

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

/// Compiles the firmware, and plays all scenes with it.
///
/// # Errors
/// What could not be built, or what went wrong.
pub fn run() -> Result<(), String> {
    let library = library::build(no_std::TARGET, Profile::Full, true)?;
    let sources = library::folder().join("examples/mps2");
    let firmware = library.with_file_name("board.elf");
    let mut compile = program(CROSS_COMPILER.0, OPTIONS);
    compile
        .args(["-nostdlib", "-Wl,--gc-sections,-z,noexecstack", "-T"])
        .arg(sources.join("link.ld"))
        .arg("-I")
        .arg(library::folder().join("include"))
        .args([sources.join("board.c"), sources.join("main.c")])
        .arg(&library)
        .arg("-lgcc")
        .arg("-o")
        .arg(&firmware);
    run_program(compile)?;
    scenes_at_once(&Mps2 {
        firmware,
        network: Network::Modem(modem::start),
    })
}
