//! A firmware in C, which does what the one in Rust does, with MQTT 3.1.1 and with MQTT 5.
use super::{
    dialogue::question,
    library::{self, Library, Version},
    modem,
};
use crate::{
    firmware::{
        SILENCE,
        board::{AN386, Mps2, Network, broker, piped},
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

/// A board, and what its firmware is compiled with.
pub struct Bare {
    pub target: &'static str,
    /// The options of gcc.
    pub cpu: &'static [&'static str],
    /// The board in QEMU that has this processor, or one that runs its code.
    pub machine: &'static str,
    /// The linker script.
    pub memory: &'static str,
}

/// The Cortex-M4, whose sizes the project states.
pub const M4: Bare = Bare {
    target: no_std::TARGET,
    cpu: &["-mcpu=cortex-m4", "-mthumb"],
    machine: AN386,
    memory: "link.ld",
};

/// The firmware of both versions of MQTT.
pub const MAIN: [(Library, &str); 2] = [
    (Library::V311, "examples/mps2/main.c"),
    (Library::V5, "examples/mps2/main5.c"),
];

/// Compiles the firmware for both versions of MQTT, and plays all scenes with it.
///
/// # Errors
/// What could not be built, or what went wrong.
pub fn run() -> Result<(), String> {
    for (library, source) in MAIN {
        let built = library::build(M4.target, library, true)?;
        let board = board(&M4, &library::folder(), source, &built)?;
        if library.version == Version::V311 {
            // The clock of both versions is the same.
            play(&board, SILENCE)?;
            over_a_pipe(&M4, &library::folder(), &built)?;
        }
        scenes_at_once(&board)?;
    }
    Ok(())
}

/// A board with a firmware that has a modem.
///
/// # Errors
/// The messages of the compiler or the linker.
pub fn board(bare: &Bare, root: &Path, source: &str, library: &Path) -> Result<Mps2, String> {
    Ok(Mps2 {
        firmware: compile(bare, root, &[source], library)?,
        machine: bare.machine,
        network: Network::Modem(modem::start),
    })
}

/// Asks the example whose UART is a pipe to the broker a question.
///
/// # Errors
/// It does not compile, or does not answer.
pub fn over_a_pipe(bare: &Bare, root: &Path, library: &Path) -> Result<(), String> {
    let sources = ["examples/mps2/uart.c", "src/motemq_run.c"];
    let example = compile(bare, root, &sources, library)?;
    let broker = broker(&[])?;
    let port = broker.addr().port().to_string();
    let expected = ["subscribed", "received why", "answered"];
    let example = piped(&example, bare.machine, &broker);
    question(example, &port, ["subscribed", "answered"], &expected)
}

/// Compiles a firmware, whose first source names it, in the folder that contains headers and
/// examples, and puts it beside the library.
fn compile(bare: &Bare, root: &Path, sources: &[&str], library: &Path) -> Result<PathBuf, String> {
    let folder = root.join("examples/mps2");
    let name = sources[0].rsplit('/').next().unwrap_or_default();
    let firmware = library.with_file_name(name).with_extension("elf");
    let mut compile = program(CROSS_COMPILER.0, bare.cpu);
    compile
        .args(OPTIONS)
        .args(["-nostdlib", "-Wl,--gc-sections,-z,noexecstack", "-T"])
        .arg(bare.memory)
        .arg("-L")
        .arg(&folder)
        .arg("-I")
        .arg(root.join("include"))
        .arg("-I")
        .arg(&folder)
        .arg(folder.join("board.c"))
        .args(sources.iter().map(|source| root.join(source)))
        .arg(library)
        .arg("-lgcc")
        .arg("-o")
        .arg(&firmware);
    run_program(compile)?;
    Ok(firmware)
}
