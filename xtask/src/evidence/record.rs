//! What was run, when and by what, and the figures that came of it: `docs/evidence.json`.
use crate::programs::{program, read, workspace};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// By name: numbers, or texts.
pub type Figures = Map<String, Value>;

/// What came of each part of the evidence, by the part's name.
pub struct Records(BTreeMap<String, Value>);

/// Where they are kept.
pub fn file() -> PathBuf {
    workspace().join("docs/evidence.json")
}

impl Records {
    /// Reads them.
    ///
    /// # Errors
    /// It is not such a file.
    pub fn read(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        serde_json::from_str(&text)
            .map(Records)
            .map_err(|error| format!("cannot understand {name}: {error}"))
    }

    /// Nothing was run.
    #[cfg(test)]
    pub fn none() -> Self {
        Records(BTreeMap::new())
    }

    /// Writes them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self) -> Result<(), String> {
        let text = serde_json::to_string_pretty(&self.0).map_err(|error| error.to_string())?;
        // At once, so that a run which is stopped leaves a whole file.
        let new = file().with_extension("new");
        fs::write(&new, text + "\n")
            .and_then(|()| fs::rename(&new, file()))
            .map_err(|error| format!("cannot write docs/evidence.json: {error}"))
    }

    /// What came of a part.
    pub fn of(&self, part: &str) -> Option<&Value> {
        self.0.get(part)
    }

    /// Its figures; none if it failed or was not run.
    pub fn figures(&self, part: &str) -> Option<&Figures> {
        self.of(part)?.get("figures")?.as_object()
    }

    /// A part of this commit was run just now, as `extent` says, and took so long.
    pub fn keep(
        &mut self,
        part: &str,
        commit: &str,
        extent: &str,
        took: Duration,
        outcome: &Result<Figures, String>,
    ) {
        let (what, came) = match outcome {
            Ok(figures) => ("figures", Value::from(figures.clone())),
            Err(why) => ("failed", why.lines().last().unwrap_or_default().into()),
        };
        let record = json!({
            "date": Timestamp::now().strftime("%Y-%m-%d").to_string(),
            "commit": commit, "compiler": compiler(), "extent": extent, "seconds": took.as_secs(), what: came,
        });
        self.0.insert(part.into(), record);
    }

    /// Takes what came of a part elsewhere.
    ///
    /// # Errors
    /// Nothing did.
    pub fn take(&mut self, part: &str, other: &Records) -> Result<(), String> {
        let record = other.of(part).ok_or("it is not in that file")?;
        self.0.insert(part.into(), record.clone());
        Ok(())
    }
}

/// What is compiled here, and whether anything but evidence is not in it yet.
pub fn commit() -> String {
    let git = |arguments: &[&str]| read(program("git", arguments)).unwrap_or_default();
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":!docs",
    ]);
    let commit = git(&["rev-parse", "--short=10", "HEAD"]).trim().to_owned();
    if changed.trim().is_empty() {
        commit
    } else {
        commit + " and changes"
    }
}

fn compiler() -> String {
    let version = read(program("rustc", ["--version"])).unwrap_or_default();
    version
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}
