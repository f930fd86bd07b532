//! Every promise of the README has a test.
use super::sources::Source;
use std::collections::HashSet;

/// Looks at the tables below the headings with "Promises": the last cell of each row names tests in backticks, as `name` or
/// `file::name`, and each of them exists.
pub fn check(sources: &[Source]) -> Vec<String> {
    let Some(readme) = sources.iter().find(|source| source.path == "README.md") else {
        return vec!["README.md: there is none".into()];
    };
    let tests: HashSet<&str> = sources.iter().filter(|source| source.is_rust()).flat_map(|source| tests(&source.text)).collect();
    let mut inside = false;
    let mut rows = 0;
    let mut findings = Vec::new();
    for (number, line) in readme.lines() {
        if line.starts_with('#') {
            inside = line.to_lowercase().contains("promises");
        }
        if !inside || !line.starts_with('|') {
            continue;
        }
        rows += 1;
        if rows <= 2 {
            continue; // the table's head
        }
        let cell = line.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
        let mut names = cell.split('`').skip(1).step_by(2).peekable();
        if names.peek().is_none() {
            findings.push(readme.finding(number, "a promise without the name of its test"));
        }
        for name in names {
            if !tests.contains(name.rsplit("::").next().unwrap_or(name)) {
                findings.push(readme.finding(number, &format!("there is no test {name}")));
            }
        }
    }
    if rows <= 2 {
        findings.push(readme.finding(1, "no promise, in a table `| promise | `test` |` below a heading with \"Promises\""));
    }
    findings
}

/// Names of the functions behind `#[test]`, also of those within `proptest!`.
fn tests(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[test]") {
            is_test = true;
            names.extend(function(rest.trim()));
        } else if let Some(name) = function(line) {
            if is_test {
                names.push(name);
            }
            is_test = false;
        }
    }
    names
}

fn function(line: &str) -> Option<&str> {
    line.strip_prefix("fn ")?.split(['(', '<']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(row: &str) -> Vec<String> {
        let readme = format!("# Motemq\n\n## Promises\n\n| promise | test |\n| --- | --- |\n{row}\n\n## Other\n\n| a | b |\n");
        let test = "#[test]\n#[should_panic]\nfn it_is_small() {}\nfn helper() {}\n";
        check(&[Source::new("README.md", &readme), Source::new("crates/core/tests/size.rs", test)])
    }

    #[test]
    fn a_promise_with_its_test_is_good() {
        assert_eq!(findings("| **Small.** | `it_is_small` |"), [""; 0]);
        assert_eq!(findings("| **Small**: `Slot` is 4 bytes. | `size::it_is_small` |"), [""; 0]);
    }

    #[test]
    fn a_promise_without_test_is_found() {
        assert_eq!(findings("| **Small**: `Slot` is 4 bytes. | it is |"), ["README.md:7: a promise without the name of its test"]);
        assert_eq!(findings("| **Small.** | `it_is_smaller` |"), ["README.md:7: there is no test it_is_smaller"]);
        assert_eq!(findings("| **Small.** | `helper` |"), ["README.md:7: there is no test helper"]);
    }

    #[test]
    fn a_readme_without_promises_is_found() {
        assert_eq!(findings("").len(), 1);
        assert_eq!(check(&[]), ["README.md: there is none"]);
    }
}
