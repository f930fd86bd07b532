//! Finding a way to build for a machine without an operating system.
use crate::{
    machine::{self, Missing},
    programs::{cargo, program, read},
};
use motemq_testing::mosquitto::find;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A Cortex-M4, the machine whose code sizes the project states.
pub const TARGET: &str = "thumbv7em-none-eabi";

/// Debian's compiler that comes with the sources of its library.
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// How the library for the target is come by.
#[derive(Debug)]
pub enum Way {
    /// It is installed.
    Installed,
    /// This compiler has its sources beside it, and builds it anew.
    FromSource(PathBuf),
}

/// The way on this machine, if there is one.
pub fn way() -> Option<Way> {
    way_for(TARGET)
}

/// The way for another target.
pub fn way_for(target: &str) -> Option<Way> {
    if is_installed(target) {
        Some(Way::Installed)
    } else {
        with_sources().map(Way::FromSource)
    }
}

/// Whether the compiler has the library for this target.
pub fn is_installed(target: &str) -> bool {
    let Some(rustc) = find("rustc") else {
        return false;
    };
    // The path is printed whether or not there is anything.
    let library = read(program(
        &rustc,
        ["--print", "target-libdir", "--target", target],
    ))
    .unwrap_or_default();
    let has_core =
        |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("libcore-");
    fs::read_dir(library.trim()).is_ok_and(|files| files.flatten().any(has_core))
}

/// A compiler that has the sources of its library beside it.
pub fn with_sources() -> Option<PathBuf> {
    [find("rustc")?, "/usr/bin/rustc".into()]
        .into_iter()
        .find(|rustc| has_sources(rustc))
}

fn has_sources(rustc: &Path) -> bool {
    let root = read(program(rustc, ["--print", "sysroot"])).unwrap_or_default();
    !root.is_empty()
        && Path::new(root.trim())
            .join("lib/rustlib/src/rust/library/core/Cargo.toml")
            .exists()
}

/// What is to be done where there is no way.
pub fn advice(target: &str) -> String {
    format!(
        "no library for {target}: type `rustup target add {target}`, or on Debian `apt-get install {}`",
        PACKAGES.join(" ")
    )
}

/// What is missing to build for this target.
pub fn missing(target: &str) -> Option<Missing> {
    way_for(target)
        .is_none()
        .then(|| Missing::Installable(advice(target)))
}

/// Installs the libraries that are missing: rustup's, or else the sources that Debian has.
///
/// # Errors
/// There is still no way for one of them.
pub fn install(targets: &[&str]) -> Result<(), String> {
    let missing: Vec<_> = targets
        .iter()
        .filter(|target| !is_installed(target))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if let Err(why) = read(program(
        "rustup",
        ["target", "add"].iter().chain(missing.iter().copied()),
    )) {
        println!("rustup could not: {why}");
        if with_sources().is_none() {
            machine::install(&PACKAGES)?;
        }
    }
    match targets.iter().find(|target| way_for(target).is_none()) {
        Some(target) => Err(advice(target)),
        None => Ok(()),
    }
}

/// Cargo with a library for the target.
pub fn cargo_for<'a>(way: &Way, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = cargo(arguments);
    if let Way::FromSource(rustc) = way {
        // A stable compiler builds its own library; the project's code needs nothing unstable.
        command
            .args(["-Z", "build-std=core"])
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1");
    }
    command
}
