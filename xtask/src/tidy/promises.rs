//! Every promise of a page has a test.
use super::sources::Source;
use std::collections::HashSet;

/// The page of what is promised first of all.
const PROMISES: &str = "docs/promises.md";

/// Looks at the tables whose last column is called `test` or `tests`: it names them in backticks,
/// as `name` or `file::name`, and each of them exists.
pub fn check(sources: &[Source]) -> Vec<String> {
    let Some(promised) = sources.iter().find(|source| source.path == PROMISES) else {
        return vec![format!("{PROMISES}: there is none")];
    };
    let tests: HashSet<&str> = sources
        .iter()
        .filter(|source| source.is_rust())
        .flat_map(|source| tests(&source.text))
        .collect();
    let mut findings = Vec::new();
    for page in sources.iter().filter(|source| source.path.ends_with(".md")) {
        let promises = page_of_promises(page, &tests, &mut findings);
        if promises == 0 && page.path == promised.path {
            findings.push(promised.finding(
                1,
                "no promise, in a table whose last column is called `tests`",
            ));
        }
    }
    findings
}

/// Looks at one page; how many promises it makes.
fn page_of_promises(page: &Source, tests: &HashSet<&str>, findings: &mut Vec<String>) -> usize {
    // The row of the present table, from 1 on, and whether it names tests.
    let (mut row, mut named) = (0, false);
    let mut promises = 0;
    for (number, line) in page.lines() {
        row = if line.starts_with('|') { row + 1 } else { 0 };
        let cell = line
            .trim_end_matches(['|', ' '])
            .rsplit('|')
            .next()
            .unwrap_or_default()
            .trim();
        match row {
            0 | 2 => continue, // no table, or the line below its head
            1 => {
                named = cell == "test" || cell == "tests";
                continue;
            }
            _ if !named => continue,
            _ => promises += 1,
        }
        let mut names = cell.split('`').skip(1).step_by(2).peekable();
        if names.peek().is_none() {
            findings.push(page.finding(number, "a promise without the name of its test"));
        }
        for name in names {
            if !tests.contains(name.rsplit("::").next().unwrap_or(name)) {
                findings.push(page.finding(number, &format!("there is no test {name}")));
            }
        }
    }
    promises
}

/// Names of the functions behind `#[test]`, also of those within `proptest!`, and of the scenarios
/// that stand in a `table!`, one a line.
fn tests(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut is_test, mut is_table) = (false, false);
    for line in text.lines().map(str::trim) {
        if line == "table! {" || line == "}" {
            is_table = line != "}";
        } else if is_table {
            names.push(line.trim_end_matches(';'));
        } else if let Some(rest) = line.strip_prefix("#[test]") {
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
    line.strip_prefix("fn ")?
        .split(['(', '<'])
        .next()
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(row: &str) -> Vec<String> {
        let page = format!(
            "# Motemq\n\n| a | b |\n| --- | --- |\n| c | d |\n\n| promise | tests |\n| --- | --- |\n{row}\n"
        );
        let test = "#[test]\n#[should_panic]\nfn it_is_small() {}\nfn helper() {}\n\
                    table! {\n    rule:\n        it_is_listed;\n}\nmod other;\n";
        check(&[
            Source::new(PROMISES, &page),
            Source::new("crates/core/tests/size.rs", test),
        ])
    }

    #[test]
    fn a_promise_with_its_test_is_good() {
        assert_eq!(findings("| **Small.** | `it_is_small` |"), [""; 0]);
        assert_eq!(
            findings("| **Small**: `Slot` is 4 bytes. | `size::it_is_small` |"),
            [""; 0]
        );
        assert_eq!(findings("| **Small.** | `it_is_listed` |"), [""; 0]);
    }

    #[test]
    fn a_promise_without_test_is_found() {
        assert_eq!(
            findings("| **Small**: `Slot` is 4 bytes. | it is |"),
            ["docs/promises.md:9: a promise without the name of its test"]
        );
        assert_eq!(
            findings("| **Small.** | `it_is_smaller` |"),
            ["docs/promises.md:9: there is no test it_is_smaller"]
        );
        assert_eq!(
            findings("| **Small.** | `helper` |"),
            ["docs/promises.md:9: there is no test helper"]
        );
    }

    #[test]
    fn a_page_without_promises_is_found() {
        assert_eq!(findings("").len(), 1);
        assert_eq!(check(&[]), ["docs/promises.md: there is none"]);
    }
}
