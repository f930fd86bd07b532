//! Finding a way to build for a machine without an operating system.
use crate::{
    machine,
    programs::{cargo, program, read},
};
use motemq_rig::mosquitto::find;
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
    let rustc = find("rustc")?;
    // The path is printed whether or not there is anything.
    let library = read(program(
        &rustc,
        ["--print", "target-libdir", "--target", target],
    ))
    .unwrap_or_default();
    let has_core =
        |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("libcore-");
    if fs::read_dir(library.trim()).is_ok_and(|files| files.flatten().any(has_core)) {
        return Some(Way::Installed);
    }
    with_sources().map(Way::FromSource)
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
        "type `rustup target add {target}`, or on Debian `apt-get install {}`",
        PACKAGES.join(" ")
    )
}

/// Makes a way: rustup's, or else Debian's.
pub fn install() -> Result<Way, String> {
    add(&[TARGET]);
    if way().is_none() {
        machine::install(&PACKAGES)?;
    }
    way().ok_or_else(|| format!("installed, and still no library for {TARGET}"))
}

/// Asks rustup for libraries, which takes seconds; without it, or without a network, there is
/// another way perhaps.
pub fn add(targets: &[&str]) {
    if find("rustup").is_some() {
        println!("installing the libraries for {}", targets.join(", "));
        if let Err(error) = read(program("rustup", ["target", "add"].iter().chain(targets))) {
            println!(
                "rustup could not: {}",
                error
                    .lines()
                    .find(|line| line.starts_with("error"))
                    .unwrap_or(&error)
            );
        }
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
