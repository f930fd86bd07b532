//! The page about the mutants of a crate. A run of some files replaces what the page says of them,
//! and keeps what it says of the others.
use super::{outcomes::Outcomes, subject::Subject};
use std::{collections::BTreeMap, fmt::Write};

/// Why mutants need not be caught, and how many there are: by file and change.
type Reasons<'a> = BTreeMap<(&'a str, &'a str), (usize, &'a str)>;

/// A row of the table. Its figures are the numbers of mutants: all, caught, hung, equivalent, not
/// caught, and not built.
struct Row {
    name: String,
    figures: [usize; 6],
    commit: String,
}

/// Returns the page, and what is wrong: mutants that were missed without a reason, reasons without
/// a mutant. For files without outcomes, `earlier` says what the page said of them.
pub fn page(
    subject: &Subject,
    files: &[(&str, Option<Outcomes>)],
    earlier: &str,
) -> (String, Vec<String>) {
    let (table, findings) = table(files, &reasons(subject.reasons), earlier);
    ([subject.about, &table, subject.found].concat(), findings)
}

/// Returns the reasons, one from each line.
pub fn reasons(text: &str) -> Reasons<'_> {
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
    files: &[(&str, Option<Outcomes>)],
    reasons: &Reasons<'_>,
    earlier: &str,
) -> (String, Vec<String>) {
    let mut page = String::new();
    let mut findings = Vec::new();
    let mut sum = [0; 6];
    let earlier: BTreeMap<_, _> = earlier.lines().filter_map(Row::parse).collect();
    for (file, outcomes) in files {
        let row = match (outcomes, earlier.get(file)) {
            (Some(outcomes), _) => &Row::of(file, outcomes, reasons, &mut findings),
            (None, Some(row)) => {
                let with_reason: usize = of_file(reasons, file).map(|(_, count, _)| count).sum();
                if row.figures[3] != with_reason {
                    findings.push(format!(
                        "{file}: the page says that {} are equivalent, {with_reason} have a reason; run the file again",
                        row.figures[3]
                    ));
                }
                row
            }
            (None, None) => {
                let _ = writeln!(page, "| `{file}` | not run | | | | | | |");
                continue;
            }
        };
        sum.iter_mut()
            .zip(row.figures)
            .for_each(|(sum, n)| *sum += n);
        let _ = writeln!(page, "{}", row.line());
    }
    let all = Row {
        name: "**all**".to_owned(),
        figures: sum,
        commit: String::new(),
    };
    let _ = writeln!(page, "{}", all.line());
    let [all, caught, .., unviable] = sum;
    let built = all - unviable;
    let rate = caught as f64 * 100.0 / built.max(1) as f64;
    let _ = writeln!(
        page,
        "\nOf the {built} mutants that were built, {caught} were caught ({rate:.1} %)."
    );
    let _ = write!(
        page,
        "\n## Equivalent mutants\n\n| file | change | number | why no test can detect it |\n| --- | --- | ---: | --- |\n"
    );
    for (file, outcomes) in files {
        let was_run = outcomes.is_some() || earlier.contains_key(file);
        for (change, count, why) in of_file(reasons, file).filter(|_| was_run) {
            let _ = writeln!(page, "| `{file}` | {} | {count} | {why} |", code(change));
        }
    }
    page.push('\n');
    (page, findings)
}

/// Returns the changes of a file that have a reason, how many there are of each, and the reason.
fn of_file<'a>(
    reasons: &'a Reasons<'_>,
    file: &'a str,
) -> impl Iterator<Item = (&'a str, usize, &'a str)> {
    let of_file = reasons.iter().filter(move |((of, _), _)| *of == file);
    of_file.map(|((_, change), (count, why))| (*change, *count, *why))
}

impl Row {
    /// Counts the outcomes of a file, and finds those without a reason.
    fn of(
        file: &str,
        outcomes: &Outcomes,
        reasons: &Reasons<'_>,
        findings: &mut Vec<String>,
    ) -> Self {
        let missed = outcomes.missed();
        let mut reasoned = 0;
        for (change, count) in &missed {
            let (known, _) = reasons.get(&(file, change)).copied().unwrap_or_default();
            reasoned += known.min(*count);
            if known != *count {
                findings.push(format!(
                    "{file}: {count} missed of `{change}`, {known} with a reason"
                ));
            }
        }
        let gone = of_file(reasons, file).filter(|(change, ..)| !missed.contains_key(change));
        findings.extend(
            gone.map(|(change, ..)| format!("{file}: a reason for `{change}`, which is caught")),
        );
        let hung = outcomes.count("timeout");
        let not_run = outcomes.not_run();
        Row {
            name: match not_run {
                0 => format!("`{file}`"),
                _ => format!("`{file}`, without {not_run} that were not run"),
            },
            figures: [
                outcomes.all() - not_run,
                outcomes.count("caught") + hung,
                hung,
                reasoned,
                outcomes.count("missed") - reasoned,
                outcomes.count("unviable"),
            ],
            commit: format!("`{}`", outcomes.commit()),
        }
    }

    /// Reads the line of a table that [`line`](Self::line) has written, and the name of the file.
    fn parse(line: &str) -> Option<(&str, Self)> {
        let (file, _) = line.strip_prefix("| `")?.split_once('`')?;
        let cells: Vec<_> = line.trim().trim_matches('|').split('|').collect();
        let [name, figures @ .., commit] = &cells[..] else {
            return None;
        };
        let figures: Vec<_> = figures
            .iter()
            .map_while(|n| n.trim().parse().ok())
            .collect();
        let row = Row {
            name: name.trim().to_owned(),
            figures: figures.try_into().ok()?,
            commit: commit.trim().to_owned(),
        };
        Some((file, row))
    }

    fn line(&self) -> String {
        let figures = self.figures.map(|n| n.to_string()).join(" | ");
        let line = format!("| {} | {figures} | {} |", self.name, self.commit);
        line.replace("|  |", "| |")
    }
}

/// As code in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mutants::subject::{CLIENT, CORE},
        programs::workspace,
    };
    use std::fs;

    const KEPT: &str = "commit\t1a2b\ncaught\tsrc/a.rs:1:2: replace f with ()\nmissed\tsrc/a.rs:2:5: replace | with ^\nmissed\tsrc/a.rs:3:5: replace | with ^\n\
                        timeout\tsrc/a.rs:4:1: replace += with -=\nunviable\tsrc/a.rs:5:1: replace g with 1\n";
    const WHY: &str = "a.rs\treplace | with ^\t2\tbits that are never both set\n";

    fn said(why: &str) -> (String, Vec<String>) {
        let files = [("a.rs", Some(Outcomes::parse(KEPT))), ("b.rs", None)];
        table(&files, &reasons(why), "")
    }

    #[test]
    fn mutants_are_counted_and_reasons_told() {
        let (page, findings) = said(WHY);
        assert!(findings.is_empty(), "{findings:?}");
        assert!(
            page.contains("| `a.rs` | 5 | 2 | 1 | 2 | 0 | 1 | `1a2b` |\n| `b.rs` | not run |"),
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
    fn mutants_that_were_not_run_are_told_apart() {
        let mut all = Outcomes::parse(KEPT);
        all.note_missing("src/a.rs:9:9: replace h with 2\n");
        let (page, _) = table(&[("a.rs", Some(all))], &reasons(WHY), "");
        let row = "| `a.rs`, without 1 that were not run | 5 | 2 | 1 | 2 | 0 | 1 | `1a2b` |";
        assert!(page.contains(row), "{page}");
    }

    #[test]
    fn a_run_replaces_the_rows_of_its_files_only() {
        let (first, _) = said(WHY);
        let new = "commit\t3c4d\ncaught\tsrc/b.rs:1:2: replace f with ()\n";
        let files = [("a.rs", None), ("b.rs", Some(Outcomes::parse(new)))];
        let (second, findings) = table(&files, &reasons(WHY), &first);
        assert!(findings.is_empty(), "{findings:?}");
        let rows = "| `a.rs` | 5 | 2 | 1 | 2 | 0 | 1 | `1a2b` |\n| `b.rs` | 1 | 1 | 0 | 0 | 0 | 0 | `3c4d` |\n| **all** | 6 | 3 | 1 | 2 | 0 | 1 | |\n";
        assert!(second.contains(rows), "{second}");
        assert!(
            second.contains("| `a.rs` | `replace \\| with ^` | 2 |"),
            "{second}"
        );
        // Without a run, nothing changes.
        let files = [("a.rs", None), ("b.rs", None)];
        assert_eq!(table(&files, &reasons(WHY), &second).0, second);
        // A file that is gone has no row any more.
        let (third, _) = table(&files[1..], &reasons(WHY), &second);
        assert!(!third.contains("a.rs"), "{third}");
    }

    #[test]
    fn a_row_that_is_kept_has_a_reason_for_each_of_its_equivalent_mutants() {
        let (first, _) = said(WHY);
        let (_, findings) = table(&[("a.rs", None)], &reasons(""), &first);
        let said = "a.rs: the page says that 2 are equivalent, 0 have a reason; run the file again";
        assert_eq!(findings, [said]);
    }

    /// Each page says of each file what a run without files would say.
    #[test]
    fn the_pages_are_as_they_are_written() {
        for subject in [CORE, CLIENT] {
            let old = fs::read_to_string(workspace().join("docs").join(subject.page)).unwrap();
            let old = old.replace("\r\n", "\n");
            let files = subject.files().unwrap();
            let files: Vec<_> = files.iter().map(|file| (file.as_str(), None)).collect();
            let (new, findings) = page(&subject, &files, &old);
            assert!(findings.is_empty(), "{findings:?}");
            for (new, old) in new.lines().zip(old.lines()) {
                assert_eq!(new, old, "{}", subject.page);
            }
            assert_eq!(new.len(), old.len(), "{}", subject.page);
        }
    }

    #[test]
    fn every_line_of_the_reasons_is_read() {
        for text in [CORE.reasons, CLIENT.reasons] {
            assert_eq!(reasons(text).len(), text.lines().count());
        }
    }
}
