//! Which lines and regions of the core its own tests reach, by cargo-llvm-cov.
use super::record::Figures;
use crate::{
    machine::Missing,
    programs::{cargo, read},
};
use motemq_testing::mosquitto::find;
use serde_json::Value;
use std::process::Command;

/// What rustup's `llvm-tools` would bring, where Debian has it under another name.
const TOOLS: [(&str, &str); 2] = [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")];

/// What this machine lacks to measure it.
pub fn missing() -> Option<Missing> {
    let there = read(cargo(["llvm-cov", "--version"])).is_ok();
    (!there).then(|| {
        Missing::Installable(
            "type `cargo install cargo-llvm-cov` and `rustup component add llvm-tools`, or on Debian `apt-get install llvm-22`"
                .into(),
        )
    })
}

/// Runs the core's tests, as it is and with its feature `fast`: by that much of it is compiled
/// otherwise.
///
/// # Errors
/// A test failed, or nothing could be measured.
pub fn measure() -> Result<Figures, String> {
    let mut figures = Figures::new();
    for (suffix, features) in [("", &[][..]), (", fast", &["--features", "fast"])] {
        let words = [
            "--json",
            "--package",
            "motemq",
            "--tests",
            "--ignore-filename-regex",
            "crates/testing|/tests/",
        ];
        let report = read(llvm_cov(&[&words[..], features].concat()))?;
        // Before it may stand what tests print.
        let report = report
            .lines()
            .find(|line| line.starts_with("{\"data\""))
            .ok_or("there is no report")?;
        let report: Value = serde_json::from_str(report)
            .map_err(|error| format!("cannot understand the report: {error}"))?;
        let data = &report["data"][0];
        for file in data["files"].as_array().into_iter().flatten() {
            let path = file["filename"].as_str().unwrap_or_default();
            let name = path
                .rsplit_once("/core/src/")
                .map_or(path, |(_, name)| name);
            figures.insert(
                format!("`{name}`{suffix}"),
                format!(
                    "{}{}",
                    share(&file["summary"]),
                    not_reached(&file["segments"])
                )
                .into(),
            );
        }
        figures.insert(format!("all of it{suffix}"), share(&data["totals"]).into());
    }
    Ok(figures)
}

fn llvm_cov(words: &[&str]) -> Command {
    let mut command = cargo(["llvm-cov"].iter().chain(words));
    let version = read(crate::programs::program("rustc", ["-vV"])).unwrap_or_default();
    let major = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next())
        .unwrap_or_default()
        .to_owned();
    for (variable, tool) in TOOLS {
        if let Some(path) = find(&format!("{tool}-{major}")) {
            command.env(variable, path);
        }
    }
    command
}

fn share(summary: &Value) -> String {
    let part = |what: &str| {
        let of = |which: &str| summary[what][which].as_u64().unwrap_or_default();
        format!("{} of {} {what}", of("covered"), of("count"))
    };
    format!("{}, {}", part("lines"), part("regions"))
}

/// The lines where something begins that is not reached: `[line, column, count, has count, begins,
/// is gap]` each.
fn not_reached(segments: &Value) -> String {
    let number = |segment: &Value, at: usize| segment[at].as_u64().unwrap_or_default();
    let is_missing = |segment: &&Value| {
        number(segment, 2) == 0
            && segment[3].as_bool() == Some(true)
            && segment[4].as_bool() == Some(true)
            && segment[5].as_bool() != Some(true)
    };
    let mut lines: Vec<_> = segments
        .as_array()
        .into_iter()
        .flatten()
        .filter(is_missing)
        .map(|segment| number(segment, 0))
        .collect();
    lines.dedup();
    let runs = lines.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [only] => only.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    let runs: Vec<_> = runs.collect();
    if runs.is_empty() {
        String::new()
    } else {
        format!("; not lines {}", runs.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::not_reached;

    #[test]
    fn lines_that_are_not_reached_are_named() {
        let line = |line: u64, count: u64| serde_json::json!([line, 1, count, true, true, false]);
        assert_eq!(
            not_reached(&vec![line(1, 5), line(2, 0), line(3, 0), line(3, 0), line(9, 0)].into()),
            "; not lines 2-3, 9"
        );
        assert_eq!(not_reached(&vec![line(1, 5)].into()), "");
    }
}
