//! Building the library: one for each target and profile.
use crate::{
    no_std::{self, Way},
    programs::{program, read, run, workspace},
};
use motemq_testing::mosquitto::find;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A profile of the library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Every part of the protocol.
    Full,
    /// Clean sessions.
    Clean,
    /// Publishes with QoS 0 and 1 over clean sessions.
    Sensor,
}

impl Profile {
    pub const ALL: [Profile; 3] = [Profile::Full, Profile::Clean, Profile::Sensor];

    /// Its name on the command line of the linker.
    pub fn library(self) -> &'static str {
        match self {
            Profile::Full => "motemq",
            Profile::Clean => "motemq_clean",
            Profile::Sensor => "motemq_sensor",
        }
    }

    /// What a program defines for the header.
    pub fn define(self) -> Option<&'static str> {
        match self {
            Profile::Full => None,
            Profile::Clean => Some("MOTEMQ_CLEAN"),
            Profile::Sensor => Some("MOTEMQ_SENSOR"),
        }
    }

    fn feature(self) -> &'static str {
        match self {
            Profile::Full => "",
            Profile::Clean => ",clean",
            Profile::Sensor => ",sensor",
        }
    }
}

/// The folder of the crate.
pub fn folder() -> PathBuf {
    workspace().join("crates/ffi")
}

/// Where everything is built.
pub fn out() -> PathBuf {
    workspace().join("target/c")
}

/// The target of this machine.
pub fn host() -> Result<String, String> {
    let rustc = find("rustc").ok_or("no rustc on the path")?;
    let version = read(program(rustc, ["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "rustc does not say what machine this is".into())
}

/// Builds the library of a profile, with which no program links that can panic. With `layout` it
/// also says what the header has to agree with, in statics that no program links.
pub fn build(target: &str, profile: Profile, layout: bool) -> Result<PathBuf, String> {
    let way = no_std::way_for(target).ok_or_else(|| no_std::advice(target))?;
    // rustc's own library for this machine comes with std; core alone need not be built for it.
    let way = if target == host()? {
        Way::Installed
    } else {
        way
    };
    let layout = if layout { ",layout" } else { "" };
    let features = format!("strict{}{layout}", profile.feature());
    let words = [
        "build",
        "--quiet",
        "--release",
        "--target",
        target,
        "--features",
        &features,
    ];
    let mut command = no_std::cargo_for(&way, words);
    command.current_dir(folder()).env("CARGO_TARGET_DIR", out());
    run(command)?;
    let built = out().join(target).join("release/libmotemq_c.a");
    let directory = out()
        .join(target)
        .join(if layout.is_empty() { "lib" } else { "test" });
    let library = directory.join(format!("lib{}.a", profile.library()));
    fs::create_dir_all(&directory)
        .and_then(|()| fs::copy(&built, &library))
        .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    Ok(library)
}

/// The content of a file.
pub fn content(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
