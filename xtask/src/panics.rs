//! No panic can be reached in the core: every entry point is linked with a panic handler that calls
//! a function which does not exist.
//!
//! A handler that just loops would not do, since the compiler may fold what calls it into nothing
//! that has a name.
use crate::{
    machine::{self, Missing},
    no_std::{self, TARGET, Way},
    programs::{program, read, run, workspace},
    size::{self, image},
};
use std::{fs, path::PathBuf};

/// The programs of `benches/firmware` that are linked: the session on slices; through buffers, with
/// all layers; both with MQTT 5; all layers with both versions; the codec and topics.
const PROGRAMS: [&str; 6] = [
    "engine",
    "everything",
    "engine,v5",
    "everything,v5",
    "everything,either",
    "codec",
];

/// What the handler calls.
const MISSING: &str = "reachable_panic";

/// What a compiler may call on its own account, and a system has.
const SYSTEM: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

/// The only machine with an operating system for which they are linked.
const HOST: &str = "x86_64-unknown-linux-gnu";

/// A Cortex-M4, and this machine.
pub const TARGETS: [&str; 2] = [TARGET, HOST];

/// What this machine lacks to link the programs for a target.
pub fn missing(target: &str) -> Option<Missing> {
    if target == TARGET {
        size::missing()
    } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        no_std::missing(target)
            .or_else(|| Missing::packages(&machine::missing(&[("ld", "binutils")])))
    } else {
        Some(Missing::Unsupported(format!(
            "this machine has no linker for {target}"
        )))
    }
}

/// Builds and links each program for each target that is not missing here, as it is meant there
/// and with `fast`. The targets, and how many entry points cannot panic there.
///
/// # Errors
/// From where a panic can be reached.
pub fn check() -> Result<Vec<(&'static str, u64)>, String> {
    let mut all = Vec::new();
    for target in TARGETS {
        if missing(target).is_some() {
            continue;
        }
        let way = no_std::way_for(target).ok_or_else(|| no_std::advice(target))?;
        let plain = if target == TARGET { "z" } else { "3" };
        let mut entries = 0;
        for program in PROGRAMS {
            entries += links(program, &way, target, plain, false)?;
            entries += links(program, &way, target, "3", true)?;
        }
        println!("{entries} entry points cannot panic on {target}");
        all.push((target, entries));
    }
    Ok(all)
}

fn links(name: &str, way: &Way, target: &str, level: &str, fast: bool) -> Result<u64, String> {
    let features = format!("{name},strict{}", if fast { ",fast" } else { "" });
    let what = format!("`{features}` for {target} at level {level}");
    let library = build(way, target, level, &features)?;
    let archive = fs::read(&library)
        .map_err(|error| format!("cannot read {}: {error}", library.display()))?;
    let entries = image::entries(&archive)?;
    let first = entries.first().ok_or("the program exports nothing")?;
    let mut command = if target == TARGET {
        size::linker()?
    } else {
        program("ld", [""; 0])
    };
    command.args(["--gc-sections", "-e", first]);
    command.args(entries.iter().flat_map(|entry| ["-u", entry]));
    if target != TARGET {
        command.args(
            SYSTEM
                .iter()
                .flat_map(|name| ["--defsym".to_owned(), format!("{name}=0")]),
        );
    }
    let out = directory().join(format!("{}.elf", features.replace(',', "-")));
    command.arg(&library).arg("-o").arg(out);
    match read(command) {
        Ok(_) => Ok(entries.len() as u64),
        Err(why) if why.contains(MISSING) => Err(format!(
            "a panic can be reached in {what}: link it with `--defsym {MISSING}=0` and disassemble\n{why}"
        )),
        Err(why) => Err(format!("{what} cannot be linked\n{why}")),
    }
}

fn build(way: &Way, target: &str, level: &str, features: &str) -> Result<PathBuf, String> {
    let mut command = no_std::cargo_for(
        way,
        [
            "build",
            "--quiet",
            "--release",
            "--target",
            target,
            "--features",
            features,
        ],
    );
    command.current_dir(workspace().join("benches/firmware"));
    command
        .env("CARGO_TARGET_DIR", directory())
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
    run(command)?;
    Ok(directory()
        .join(target)
        .join("release/libmotemq_firmware_size.a"))
}

/// Apart from the sizes, so that neither builds anew what the other has.
fn directory() -> PathBuf {
    workspace().join("target/panics")
}
