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

/// A version of MQTT, which has functions and libraries of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    V311,
    V5,
}

impl Version {
    pub const ALL: [Version; 2] = [Version::V311, Version::V5];

    /// What programs include.
    pub fn header(self) -> &'static str {
        match self {
            Version::V311 => "motemq.h",
            Version::V5 => "motemq5.h",
        }
    }

    /// How the standard calls it.
    pub fn number(self) -> &'static str {
        match self {
            Version::V311 => "3.1.1",
            Version::V5 => "5",
        }
    }

    /// The beginning of the names of functions.
    pub fn prefix(self) -> &'static str {
        match self {
            Version::V311 => "motemq_",
            Version::V5 => "motemq5_",
        }
    }
}

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

    fn feature(self) -> &'static str {
        match self {
            Profile::Full => "",
            Profile::Clean => ",clean",
            Profile::Sensor => ",sensor",
        }
    }
}

/// A library: a profile of a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Library {
    pub version: Version,
    pub profile: Profile,
}

impl Library {
    /// All of MQTT 3.1.1.
    pub const V311: Library = Library {
        version: Version::V311,
        profile: Profile::Full,
    };

    /// All of MQTT 5.
    pub const V5: Library = Library {
        version: Version::V5,
        profile: Profile::Full,
    };

    /// Each library.
    pub fn all() -> impl Iterator<Item = Library> {
        Version::ALL
            .into_iter()
            .flat_map(|version| Profile::ALL.map(|profile| Library { version, profile }))
    }

    /// Its name on the command line of the linker.
    pub fn name(self) -> &'static str {
        match (self.version, self.profile) {
            (Version::V311, Profile::Full) => "motemq",
            (Version::V311, Profile::Clean) => "motemq_clean",
            (Version::V311, Profile::Sensor) => "motemq_sensor",
            (Version::V5, Profile::Full) => "motemq5",
            (Version::V5, Profile::Clean) => "motemq5_clean",
            (Version::V5, Profile::Sensor) => "motemq5_sensor",
        }
    }

    /// What a program defines for the header.
    pub fn define(self) -> Option<&'static str> {
        match (self.version, self.profile) {
            (_, Profile::Full) => None,
            (Version::V311, Profile::Clean) => Some("MOTEMQ_CLEAN"),
            (Version::V311, Profile::Sensor) => Some("MOTEMQ_SENSOR"),
            (Version::V5, Profile::Clean) => Some("MOTEMQ5_CLEAN"),
            (Version::V5, Profile::Sensor) => Some("MOTEMQ5_SENSOR"),
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

/// Builds a library, with which no program links that can panic. With `layout` it also says what the
/// header has to agree with, in statics that no program links.
pub fn build(target: &str, library: Library, layout: bool) -> Result<PathBuf, String> {
    let way = no_std::way_for(target).ok_or_else(|| no_std::advice(target))?;
    // rustc's own library for this machine comes with std; core alone need not be built for it.
    let way = if target == host()? {
        Way::Installed
    } else {
        way
    };
    let layout = if layout { ",layout" } else { "" };
    let version = match library.version {
        Version::V311 => "",
        Version::V5 => ",v5",
    };
    let features = format!("strict{}{version}{layout}", library.profile.feature());
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
    let library = directory.join(format!("lib{}.a", library.name()));
    fs::create_dir_all(&directory)
        .and_then(|()| fs::copy(&built, &library))
        .map_err(|error| format!("cannot copy {}: {error}", built.display()))?;
    Ok(library)
}

/// The content of a file.
pub fn content(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
