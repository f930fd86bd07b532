//! The outcomes of mutants, and the files that keep them.
use super::{page::reasons, subject::Subject};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

/// The kinds, as the files of `cargo mutants` are named.
const KINDS: [&str; 4] = ["unviable", "caught", "timeout", "missed"];
/// A mutant that a run did not come to, because it was stopped.
const NOT_RUN: &str = "not run";
/// The first word of the line that names the commit.
const COMMIT: &str = "commit";

/// The mutants of a file, each as `cargo mutants` names it, with the kind of its last outcome.
#[derive(Default)]
pub struct Outcomes {
    by_name: BTreeMap<String, &'static str>,
    /// The commit that the last run was of.
    commit: String,
}

impl Outcomes {
    /// Adds what a round found.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn add(&mut self, directory: &Path) -> Result<(), String> {
        for kind in KINDS {
            let path = directory.join(kind).with_extension("txt");
            match fs::read_to_string(&path) {
                Ok(text) => self
                    .by_name
                    .extend(text.lines().map(|name| (name.to_owned(), kind))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            }
        }
        Ok(())
    }

    /// Forgets those that are not in this list of names.
    pub fn retain(&mut self, list: &str) {
        let names: BTreeSet<_> = list.lines().collect();
        self.by_name.retain(|name, _| names.contains(name.as_str()));
    }

    /// Notes which ones of this list of names are missing. Returns how many.
    pub fn note_missing(&mut self, list: &str) -> usize {
        for name in list.lines().filter(|name| !name.is_empty()) {
            self.by_name.entry(name.to_owned()).or_insert(NOT_RUN);
        }
        self.count(NOT_RUN)
    }

    /// Notes the commit that the run is of.
    pub fn note_commit(&mut self, commit: String) {
        self.commit = commit;
    }

    /// Returns the commit that the last run was of.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Returns whether each mutant was run.
    pub fn is_whole(&self) -> bool {
        self.not_run() == 0
    }

    /// Returns whether any mutant was run.
    pub fn has_any(&self) -> bool {
        self.not_run() < self.all()
    }

    /// Returns how many mutants there are.
    pub fn all(&self) -> usize {
        self.by_name.len()
    }

    /// Returns how many mutants were not run.
    pub fn not_run(&self) -> usize {
        self.count(NOT_RUN)
    }

    /// How many came to this.
    pub fn count(&self, kind: &str) -> usize {
        self.by_name
            .values()
            .filter(|other| **other == kind)
            .count()
    }

    /// Writes them down, for a later page.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, path: &Path) -> Result<(), String> {
        let mut text = format!("{COMMIT}\t{}\n", self.commit);
        for (name, kind) in &self.by_name {
            text += &format!("{kind}\t{name}\n");
        }
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(path, text))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Those written down; none if none were.
    pub fn kept(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut all = Outcomes::default();
        for (kind, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            if kind == COMMIT {
                name.clone_into(&mut all.commit);
            }
            if let Some(kind) = KINDS.iter().chain([&NOT_RUN]).find(|known| **known == kind) {
                all.by_name.insert(name.to_owned(), kind);
            }
        }
        all
    }

    /// Returns whether there is a reason for each that was missed.
    pub fn have_reasons(&self, subject: &Subject, file: &str) -> bool {
        let reasons = reasons(subject.reasons);
        self.missed().into_iter().all(|(change, count)| {
            reasons
                .get(&(file, change))
                .is_some_and(|(known, _)| *known == count)
        })
    }

    /// Those that were missed, without their places: lines move. How many there are of each name.
    pub fn missed(&self) -> BTreeMap<&str, usize> {
        let mut missed = BTreeMap::new();
        for (name, _) in self.by_name.iter().filter(|(_, kind)| **kind == "missed") {
            *missed
                .entry(
                    name.split_once(": ")
                        .map_or(name.as_str(), |(_, change)| change),
                )
                .or_default() += 1;
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = "commit\t1a2b\ncaught\tsrc/a.rs:1:2: replace f with ()\nmissed\tsrc/a.rs:2:5: replace | with ^\nmissed\tsrc/a.rs:3:5: replace | with ^\n";

    #[test]
    fn what_is_not_in_the_list_is_forgotten() {
        let mut all = Outcomes::parse(KEPT);
        all.retain("src/a.rs:2:5: replace | with ^\nsrc/a.rs:9:9: replace h with 2\n");
        assert_eq!((all.all(), all.count("missed")), (1, 1));
    }

    #[test]
    fn a_run_that_was_stopped_is_not_whole() {
        let mut all = Outcomes::parse(KEPT);
        let list = "src/a.rs:1:2: replace f with ()\nsrc/a.rs:9:9: replace h with 2\n";
        assert!(all.is_whole());
        assert_eq!(all.note_missing(list), 1);
        assert!(!all.is_whole() && all.has_any());
        let kept = Outcomes::parse("not run\tsrc/a.rs:9:9: replace h with 2\n");
        assert!(!kept.is_whole() && !kept.has_any());
        assert!(!Outcomes::parse("").has_any());
    }

    #[test]
    fn the_commit_is_kept() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let all = Outcomes::parse(KEPT);
        all.keep(file.path()).unwrap();
        let kept = Outcomes::kept(file.path());
        assert_eq!(kept.commit(), "1a2b");
        assert_eq!(kept.by_name, all.by_name);
    }
}
