//! What came of mutants, and the page about it.
use super::subject::Subject;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs, io,
    path::Path,
};

/// The kinds, as the files of `cargo mutants` are named.
const KINDS: [&str; 4] = ["unviable", "caught", "timeout", "missed"];
/// A mutant that a run did not come to, because it was stopped.
const NOT_RUN: &str = "not run";

/// The mutants of a file, each as `cargo mutants` names it, and the kind of what came of it last.
#[derive(Default)]
pub struct Outcomes(BTreeMap<String, &'static str>);

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
                    .0
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
        self.0.retain(|name, _| names.contains(name.as_str()));
    }

    /// Notes which ones of this list of names are missing. Returns how many.
    pub fn note_missing(&mut self, list: &str) -> usize {
        for name in list.lines().filter(|name| !name.is_empty()) {
            self.0.entry(name.to_owned()).or_insert(NOT_RUN);
        }
        self.count(NOT_RUN)
    }

    /// Returns whether each mutant was run.
    pub fn is_whole(&self) -> bool {
        self.count(NOT_RUN) == 0
    }

    /// How many came to this.
    pub fn count(&self, kind: &str) -> usize {
        self.0.values().filter(|other| **other == kind).count()
    }

    /// Writes them down, for a later page.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, path: &Path) -> Result<(), String> {
        let text: String = self
            .0
            .iter()
            .map(|(name, kind)| format!("{kind}\t{name}\n"))
            .collect();
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(path, text))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Those written down; none if none were.
    pub fn kept(path: &Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        Outcomes(
            lines
                .filter_map(|(kind, name)| {
                    let mut known = KINDS.iter().chain([&NOT_RUN]);
                    Some((name.to_owned(), *known.find(|known| **known == kind)?))
                })
                .collect(),
        )
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
    fn missed(&self) -> BTreeMap<&str, usize> {
        let mut missed = BTreeMap::new();
        for (name, _) in self.0.iter().filter(|(_, kind)| **kind == "missed") {
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

/// The page, and what is wrong: mutants that were missed without a reason, reasons without a
/// mutant.
pub fn page(subject: &Subject, files: &[(&str, Outcomes)]) -> (String, Vec<String>) {
    let (table, findings) = table(files, &reasons(subject.reasons));
    ([subject.about, &table, subject.found].concat(), findings)
}

/// By file and change: how many, and why.
fn reasons(text: &str) -> BTreeMap<(&str, &str), (usize, &str)> {
    let lines = text
        .lines()
        .map(|line| line.splitn(4, '\t').collect::<Vec<_>>());
    lines
        .filter_map(|line| {
            if let [file, change, count, why] = line[..] {
                Some(((file, change), (count.parse().ok()?, why)))
            } else {
                None
            }
        })
        .collect()
}

fn table(
    files: &[(&str, Outcomes)],
    reasons: &BTreeMap<(&str, &str), (usize, &str)>,
) -> (String, Vec<String>) {
    let mut page = String::new();
    let mut same = String::new();
    let mut findings = Vec::new();
    let mut sum = [0; 6];
    for (file, all) in files {
        let not_run = all.count(NOT_RUN);
        if all.0.len() == not_run {
            let _ = writeln!(page, "| `{file}` | not run | | | | | |");
            continue;
        }
        let mut reasoned = 0;
        for (change, count) in all.missed() {
            let (known, why) = reasons.get(&(*file, change)).copied().unwrap_or_default();
            reasoned += count.min(known);
            if count != known {
                findings.push(format!(
                    "{file}: {count} missed of `{change}`, {known} with a reason"
                ));
            }
            if known != 0 {
                let _ = writeln!(same, "| `{file}` | {} | {count} | {why} |", code(change));
            }
        }
        let missed = all.count("missed");
        let hung = all.count("timeout");
        let row = [
            all.0.len() - not_run,
            all.count("caught") + hung,
            hung,
            reasoned,
            missed - reasoned,
            all.count("unviable"),
        ];
        sum.iter_mut().zip(row).for_each(|(sum, n)| *sum += n);
        let name = match not_run {
            0 => format!("`{file}`"),
            _ => format!("`{file}`, without {not_run} that were not run"),
        };
        let _ = writeln!(page, "{}", line(&name, row));
        let gone = |((of, change), _): &(&(&str, &str), _)| {
            of == file && !all.missed().contains_key(change)
        };
        findings.extend(
            reasons.iter().filter(gone).map(|((_, change), _)| {
                format!("{file}: a reason for `{change}`, which is caught")
            }),
        );
    }
    let _ = writeln!(page, "{}", line("**all**", sum));
    let [all, caught, .., unviable] = sum;
    let built = all - unviable;
    let rate = caught as f64 * 100.0 / built.max(1) as f64;
    let _ = writeln!(
        page,
        "\nOf the {built} mutants that were built, {caught} were caught ({rate:.1} %)."
    );
    let _ = write!(
        page,
        "\n## Equivalent mutants\n\n| file | change | number | why no test can detect it |\n| --- | --- | ---: | --- |\n{same}\n"
    );
    (page, findings)
}

fn line(name: &str, row: [usize; 6]) -> String {
    let cells: Vec<_> = row.iter().map(usize::to_string).collect();
    format!("| {name} | {} |", cells.join(" | "))
}

/// As code in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::subject::{CLIENT, CORE};

    const KEPT: &str = "caught\tsrc/a.rs:1:2: replace f with ()\nmissed\tsrc/a.rs:2:5: replace | with ^\nmissed\tsrc/a.rs:3:5: replace | with ^\n\
                        timeout\tsrc/a.rs:4:1: replace += with -=\nunviable\tsrc/a.rs:5:1: replace g with 1\n";

    fn said(why: &str) -> (String, Vec<String>) {
        table(
            &[
                ("a.rs", Outcomes::parse(KEPT)),
                ("b.rs", Outcomes::default()),
            ],
            &reasons(why),
        )
    }

    #[test]
    fn mutants_are_counted_and_reasons_told() {
        let (page, findings) = said("a.rs\treplace | with ^\t2\tbits that are never both set\n");
        assert!(findings.is_empty(), "{findings:?}");
        assert!(
            page.contains("| `a.rs` | 5 | 2 | 1 | 2 | 0 | 1 |\n| `b.rs` | not run |"),
            "{page}"
        );
        assert!(
            page.contains("| `a.rs` | `replace \\| with ^` | 2 | bits that are never both set |"),
            "{page}"
        );
        assert!(
            page.contains("Of the 4 mutants that were built, 2 were caught (50.0 %)."),
            "{page}"
        );
    }

    #[test]
    fn a_mutant_without_a_reason_and_a_reason_without_a_mutant_are_found() {
        assert_eq!(
            said("").1,
            ["a.rs: 2 missed of `replace | with ^`, 0 with a reason"]
        );
        assert_eq!(
            said("a.rs\treplace | with ^\t1\twhy\n").1,
            ["a.rs: 2 missed of `replace | with ^`, 1 with a reason"]
        );
        let both = "a.rs\treplace | with ^\t2\twhy\na.rs\treplace f with ()\t1\twhy\n";
        assert_eq!(
            said(both).1,
            ["a.rs: a reason for `replace f with ()`, which is caught"]
        );
    }

    #[test]
    fn what_is_not_in_the_list_is_forgotten() {
        let mut all = Outcomes::parse(KEPT);
        all.retain("src/a.rs:2:5: replace | with ^\nsrc/a.rs:9:9: replace h with 2\n");
        assert_eq!((all.0.len(), all.count("missed")), (1, 1));
    }

    #[test]
    fn a_run_that_was_stopped_is_not_whole() {
        let mut all = Outcomes::parse(KEPT);
        let list = "src/a.rs:1:2: replace f with ()\nsrc/a.rs:9:9: replace h with 2\n";
        assert!(all.is_whole());
        assert_eq!(all.note_missing(list), 1);
        assert!(!all.is_whole());
        let (page, _) = table(&[("a.rs", all)], &reasons(""));
        let row = "| `a.rs`, without 1 that were not run | 5 | 2 | 1 | 0 | 2 | 1 |";
        assert!(page.contains(row), "{page}");
        let kept = "not run\tsrc/a.rs:9:9: replace h with 2\n";
        assert!(!Outcomes::parse(kept).is_whole());
    }

    #[test]
    fn every_line_of_the_reasons_is_read() {
        for text in [CORE.reasons, CLIENT.reasons] {
            assert_eq!(reasons(text).len(), text.lines().count());
        }
    }
}
