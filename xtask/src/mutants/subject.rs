//! The crates whose code is changed, and which of their tests a mutant meets.
use crate::programs::workspace;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A crate whose code is changed at one place at a time.
pub struct Subject {
    /// Its directory below `crates`.
    pub name: &'static str,
    /// The page that tells what came of its mutants.
    pub page: &'static str,
    /// What the page begins and ends with.
    pub about: &'static str,
    pub found: &'static str,
    /// Why some mutants need not be caught: file, change, how many of this name, reason.
    pub reasons: &'static str,
    /// Files without code, or whose code is not built here: not changed.
    left_out: &'static [&'static str],
    /// What selects the tests, behind `cargo test`.
    pub target: &'static [&'static str],
    /// Each round tries what no earlier one noticed.
    pub rounds: &'static [Round],
    /// Tests that take many seconds where nothing is optimised, and look into a corner deeper than
    /// others do: left out altogether.
    pub too_long: &'static [&'static str],
    /// Tests that take long: what holds for all inputs, cuts, much data and much time.
    pub long: &'static [&'static str],
    /// Tests that take many seconds and look into certain files only, by how their names begin:
    /// left out for all other files.
    about_files: &'static [(&'static str, &'static [&'static str])],
}

/// One run of the tests for each mutant.
pub struct Round {
    pub name: &'static str,
    /// What cargo is given for the features.
    pub features: Option<&'static str>,
    /// Whether the tests that take long are left out.
    pub is_short: bool,
    /// The processor time for all tests, in seconds.
    pub seconds: &'static str,
}

const FAST: Option<&str> = Some("--features=fast");

pub const CORE: Subject = Subject {
    name: "core",
    page: "mutants.md",
    about: include_str!("core/about.md"),
    found: include_str!("core/found.md"),
    reasons: include_str!("core/reasons.tsv"),
    left_out: &["lib.rs", "defmt.rs"],
    target: &["--test", "all"],
    rounds: &[
        Round {
            name: "with feature `fast`, without long tests",
            features: FAST,
            is_short: true,
            seconds: "15",
        },
        Round {
            name: "without feature `fast` and long tests",
            features: None,
            is_short: true,
            seconds: "15",
        },
        Round {
            name: "with feature `fast`",
            features: FAST,
            is_short: false,
            seconds: "300",
        },
        Round {
            name: "without feature `fast`",
            features: None,
            is_short: false,
            seconds: "300",
        },
    ],
    too_long: &[
        "every_three_bytes_are_a_topic_or_not",
        "every_two_cuts_of_a_long_dialogue",
    ],
    long: &[
        "properties::topics::",
        "properties5::",
        "dialogue5::cuts::",
        "features::",
        "manual_acks_model::",
        "ten_megabytes",
        "no_packet_is_longer_than_the_remaining_length_allows",
        "sleeping_as_long_as_tick_returns_misses_nothing",
    ],
    about_files: &[
        (
            "properties::topics::",
            &["topic", "wire", "command", "packet", "session/fast"],
        ),
        (
            "every_short_property_is_read_or_refused",
            &["property", "packet/v5"],
        ),
    ],
};

pub const CLIENT: Subject = Subject {
    name: "client",
    page: "mutants-client.md",
    about: include_str!("client/about.md"),
    found: include_str!("client/found.md"),
    reasons: include_str!("client/reasons.tsv"),
    left_out: &[
        "lib.rs",
        "client/phase.rs",
        "error/authenticate.rs",
        "error/response.rs",
        "protocol/tests.rs",
        "profile/limit.rs",
        "write_buf/tests.rs",
    ],
    target: &["--lib"],
    rounds: &[Round {
        name: "rules and ten seeds of the random driver",
        features: None,
        is_short: false,
        seconds: "6",
    }],
    too_long: &[],
    long: &[],
    about_files: &[],
};

impl Subject {
    /// Returns the files of the crate that are changed, in their order.
    ///
    /// # Errors
    /// The crate cannot be read.
    pub fn files(&self) -> Result<Vec<String>, String> {
        let sources = workspace().join("crates").join(self.name).join("src");
        let mut files = files(&sources, Path::new(""))
            .map_err(|error| format!("cannot read {}: {error}", sources.display()))?;
        files.retain(|file| !self.left_out.contains(&file.as_str()));
        files.sort();
        Ok(files)
    }

    /// Returns where the outcomes of a file are kept.
    pub fn kept(&self, file: &str) -> PathBuf {
        self.below("outcomes", file).with_extension("txt")
    }

    /// Returns where `cargo mutants` writes what it finds about a file.
    pub fn run(&self, file: &str) -> PathBuf {
        self.below("run", file).with_extension("")
    }

    fn below(&self, kind: &str, file: &str) -> PathBuf {
        let top = workspace().join("target/mutants").join(kind);
        top.join(self.name).join(file.replace('/', "-"))
    }

    /// Returns the arguments of the tests that leave out those that a file is not changed for.
    pub fn skipped(&self, file: &str, round: &Round) -> Vec<&'static str> {
        let long = self.long.iter().filter(|_| round.is_short);
        let elsewhere = self
            .about_files
            .iter()
            .filter(|(_, files)| !files.iter().any(|begin| file.starts_with(begin)))
            .map(|(test, _)| test);
        let tests = self.too_long.iter().chain(long).chain(elsewhere);
        tests.flat_map(|test| ["--skip", test]).collect()
    }
}

/// Returns the Rust files below a directory.
fn files(top: &Path, below: &Path) -> io::Result<Vec<String>> {
    let mut all = Vec::new();
    for file in fs::read_dir(top.join(below))? {
        let file = file?;
        let path = below.join(file.file_name());
        if file.path().is_dir() {
            all.extend(files(top, &path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            all.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_take_long_exist() {
        let mut text = String::new();
        let tests = workspace().join("crates/core/tests");
        for file in files(&tests, Path::new("")).unwrap() {
            text += &fs::read_to_string(tests.join(&file)).unwrap();
            text += &file;
        }
        let about = CORE.about_files.iter().map(|(name, _)| name);
        for name in CORE.long.iter().chain(CORE.too_long).chain(about) {
            let exists = name.split("::").all(|part| text.contains(part));
            assert!(exists, "no test of the core is named {name}");
        }
    }

    #[test]
    fn a_file_meets_the_tests_that_are_about_it() {
        let (short, long) = (&CORE.rounds[0], &CORE.rounds[2]);
        let is_skipped = |file, round, test| {
            CORE.skipped(file, round)
                .chunks(2)
                .any(|c| c == ["--skip", test])
        };
        assert!(is_skipped("topic.rs", short, "properties::topics::"));
        assert!(!is_skipped("topic.rs", long, "properties::topics::"));
        assert!(is_skipped("buffer.rs", long, "properties::topics::"));
        assert!(is_skipped("topic.rs", long, CORE.too_long[0]));
    }
}
