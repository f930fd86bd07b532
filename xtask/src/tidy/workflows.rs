//! What a public repository's service runs is what developers type.
use clap::CommandFactory;
use std::{fs, path::Path};

const FOLDER: &str = ".github/workflows";

/// Every step that runs something runs a task that exists.
pub fn check(top: &Path) -> Vec<String> {
    let tasks: Vec<_> = crate::Arguments::command()
        .get_subcommands()
        .map(|task| task.get_name().to_owned())
        .collect();
    let mut findings = Vec::new();
    let mut runs = 0;
    for entry in fs::read_dir(top.join(FOLDER))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = format!("{FOLDER}/{}", entry.file_name().to_string_lossy());
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        runs += text.matches("run: ").count();
        findings
            .extend(strange(&text, &tasks).map(|(line, what)| format!("{name}:{line}: {what}")));
    }
    if runs == 0 {
        findings.push(format!("{FOLDER}: no workflow runs anything"));
    }
    findings
}

/// Lines that run something else.
fn strange<'t>(text: &'t str, tasks: &'t [String]) -> impl Iterator<Item = (usize, String)> + 't {
    text.lines().enumerate().filter_map(|(index, line)| {
        let run = line
            .trim_start()
            .trim_start_matches("- ")
            .strip_prefix("run:")?
            .trim();
        let task = run
            .strip_prefix("cargo xtask ")
            .and_then(|words| words.split_whitespace().next());
        let known = task.is_some_and(|task| tasks.iter().any(|known| known == task))
            && !run.contains([';', '&', '|']);
        (!known).then(|| {
            (
                index + 1,
                format!("`{run}` is not one task of `cargo xtask`"),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_run_tasks_that_exist() {
        assert_eq!(check(crate::programs::workspace()), [""; 0]);
    }

    #[test]
    fn anything_else_is_found() {
        let tasks = ["test".to_owned()];
        let found = |text: &str| {
            strange(text, &tasks)
                .map(|(line, _)| line)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(
                "steps:\n  - uses: a\n  - run: cargo xtask test\n    run: cargo xtask test --install"
            ),
            [0; 0]
        );
        assert_eq!(found("  - run: cargo xtask tset"), [1]);
        assert_eq!(
            found("a\n  - run: cargo test\n  - run: |\n  - run: cargo xtask test && rm -r x"),
            [2, 3, 4]
        );
    }
}
