//! Links between the pages of the project lead somewhere, and the architecture page names the test of
//! each rule of the managed client.
use super::sources::Source;
use std::path::Path;

const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// The tests of a rule, a file each.
const RULES: &str = "crates/client/tests/rules/rule";

/// The scenarios of a rule, a file each, that both faces pass.
const SCENARIOS: &str = "crates/faces/tests/";

/// The folders at the top whose files pages name.
const FOLDERS: [&str; 5] = ["benches/", "crates/", "docs/", "fuzz/", "xtask/"];

/// How addresses of files and folders of the project begin, in pages that are published elsewhere.
const ADDRESSES: [&str; 2] = [
    "https://github.com/motemq/motemq/blob/main/",
    "https://github.com/motemq/motemq/tree/main/",
];

/// Returns the links to files that do not exist below `top`, the paths of such files, and the rules
/// that the architecture page leaves out.
pub fn check(sources: &[Source], top: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        for (number, line) in source.lines() {
            for path in addressed(line).filter(|path| !top.join(path).exists()) {
                findings.push(
                    source.finding(number, &format!("a link to {path}, which does not exist")),
                );
            }
        }
    }
    for page in sources.iter().filter(|page| page.path.ends_with(".md")) {
        let directory = top.join(&page.path);
        let directory = directory.parent().unwrap_or(top);
        for (number, line) in page.lines() {
            for target in relative_links(line) {
                if !directory.join(target).exists() {
                    let finding = format!("a link to {target}, which does not exist");
                    findings.push(page.finding(number, &finding));
                }
            }
            for path in paths(line).filter(|path| !top.join(path).exists()) {
                findings.push(page.finding(number, &format!("there is no {path}")));
            }
        }
    }
    if let Some(page) = sources.iter().find(|page| page.path == ARCHITECTURE) {
        for rule in sources
            .iter()
            .filter(|source| source.path.starts_with(RULES) && source.text.starts_with("//! Rule"))
        {
            if !page.text.contains(&rule.path) {
                findings.push(page.finding(1, &format!("it does not name {}", rule.path)));
            }
        }
        for scenarios in sources
            .iter()
            .filter(|source| source.path.starts_with(SCENARIOS) && source.path.contains("/rule_"))
        {
            if !rows(&page.text).any(|row| row == rule_of(&scenarios.text)) {
                let finding = format!("it does not begin with a rule as {ARCHITECTURE} has it");
                findings.push(scenarios.finding(1, &finding));
            }
        }
    }
    findings
}

/// Returns the rules of the page's table as `Rule 4: a message ...`.
fn rows(page: &str) -> impl Iterator<Item = String> {
    page.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        let number: u8 = number.parse().ok()?;
        let rule = rest.split(" | ").next()?;
        let (first, rest) = rule.split_at_checked(1)?;
        Some(format!("Rule {number}: {}{rest}", first.to_lowercase()))
    })
}

/// Returns the sentence with which a file begins, on one line.
fn rule_of(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    lines.collect::<Vec<_>>().join(" ")
}

/// Returns the targets of the links in a line that are paths, without the part of the page.
fn relative_links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split_once(')')?.0.split('#').next()?;
        let is_path = !target.is_empty() && !target.contains(':') && !target.contains(' ');
        is_path.then_some(target)
    })
}

/// Returns the paths of the project to which addresses in a line lead.
fn addressed(line: &str) -> impl Iterator<Item = &str> {
    let rests = ADDRESSES.iter().flat_map(|start| line.split(start).skip(1));
    rests.filter_map(|rest| rest.split([')', '#', '>', '"', ' ']).next())
}

/// Returns the paths in a line that are written as code, without those that stand for several.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|text| {
        let is_path = !text.contains(['*', ' ', ':', '<']);
        is_path && FOLDERS.iter().any(|folder| text.starts_with(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_somewhere() {
        let top = crate::programs::workspace();
        let sources = super::super::sources::read(top).unwrap();
        assert!(sources.iter().any(|source| source.path == ARCHITECTURE));
        assert!(sources.iter().any(|source| source.path.starts_with(RULES)));
        assert_eq!(check(&sources, top), [""; 0]);
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        let top = crate::programs::workspace();
        let found = |text: &str| check(&[Source::new("docs/a.md", text)], top).len();
        assert_eq!(found("see [this](size.md), [that](../README.md#loop)"), 0);
        assert_eq!(
            found("see [this](https://example.org/a) and [that](#here)"),
            0
        );
        assert_eq!(found("see [this](sizes.md)"), 1);
        assert_eq!(found("see `docs/size.md`, `docs/*.md` and `sizes.md`"), 0);
        assert_eq!(found("see `docs/sizes.md`, `crates/none`"), 2);
        let address = |path| format!("see [this]({}{path})", ADDRESSES[0]);
        assert_eq!(found(&address("docs/size.md#whole-programs")), 0);
        assert_eq!(found(&address("docs/sizes.md")), 1);
    }

    #[test]
    fn a_rule_without_its_row_is_found() {
        let top = crate::programs::workspace();
        let rule = Source::new(
            "crates/client/tests/rules/rule_99.rs",
            "//! Rule 99: none.\n",
        );
        let found = |text| {
            let sources = [
                Source::new(ARCHITECTURE, text),
                Source::new(&rule.path, &rule.text),
            ];
            check(&sources, top).len()
        };
        assert_eq!(found("no rule"), 1);
        assert_eq!(found("shown by crates/client/tests/rules/rule_99.rs"), 0);
    }

    #[test]
    fn scenarios_of_another_rule_are_found() {
        let top = crate::programs::workspace();
        let page = Source::new(ARCHITECTURE, "| 4 | A rule holds in two lines. | a test |");
        let path = format!("{SCENARIOS}table/rule_04.rs");
        let found = |text| {
            check(
                &[
                    Source::new(&path, text),
                    Source::new(&page.path, &page.text),
                ],
                top,
            )
            .len()
        };
        assert_eq!(
            found("//! Rule 4: a rule holds in\n//! two lines.\nuse a::b;\n"),
            0
        );
        assert_eq!(found("//! Rule 5: a rule holds in two lines.\n"), 1);
        assert_eq!(found("//! Rule 4: another one.\n"), 1);
    }
}
