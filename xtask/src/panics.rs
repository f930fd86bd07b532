//! No panic can be reached in the core: every entry point is linked with a panic handler that calls
//! a function which does not exist.
//!
//! A handler that just loops would not do, since the compiler may fold what calls it into nothing
//! that has a name.
use crate::{
    no_std::{self, TARGET, Way},
    programs::{program, read, run, workspace},
    size::{self, image},
};
use std::{fs, path::PathBuf};

/// The programs of `benches/firmware` that are linked: the session on slices; through buffers, with
/// all layers; the codec and topics.
const PROGRAMS: [&str; 3] = ["engine", "everything", "codec"];

/// What the handler calls.
const MISSING: &str = "reachable_panic";

/// What a compiler may call on its own account, and a system has.
const SYSTEM: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

/// Builds and links each program for a Cortex-M4, if there is a way, and for this machine: as it is
/// meant there, and with `fast`. How many entry points cannot panic.
///
/// # Errors
/// From where a panic can be reached.
pub fn check() -> Result<u64, String> {
    let mut entries = 0;
    if let Some(way) = no_std::way() {
        for program in PROGRAMS {
            entries += links(program, &way, TARGET, "z", false)?;
            entries += links(program, &way, TARGET, "3", true)?;
        }
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        for (program, fast) in PROGRAMS
            .into_iter()
            .flat_map(|program| [(program, false), (program, true)])
        {
            entries += links(
                program,
                &Way::Installed,
                "x86_64-unknown-linux-gnu",
                "3",
                fast,
            )?;
        }
    }
    println!("{entries} entry points cannot panic");
    if entries == 0 {
        Err(format!(
            "nothing could be linked: {}",
            no_std::advice(TARGET)
        ))
    } else {
        Ok(entries)
    }
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
