//! Which lines and regions of the core its own tests reach, by cargo-llvm-cov.
use super::record::Figures;
use crate::programs::{cargo, read};
use motemq_rig::mosquitto::find;
use serde_json::Value;
use std::{path::Path, process::Command};

/// What rustup's `llvm-tools` would bring, where Debian has it under another name.
const TOOLS: [(&str, &str); 2] = [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")];

/// Why it cannot be measured here, if so.
pub fn hindrance() -> Option<String> {
    let there = read(cargo(["llvm-cov", "--version"])).is_ok();
    (!there)
        .then(|| "type `cargo install cargo-llvm-cov` and `rustup component add llvm-tools`, or on Debian `apt-get install llvm-22`".into())
}

/// Runs the core's tests, with its feature `fast` and without.
///
/// # Errors
/// A test failed, or nothing could be measured.
pub fn measure() -> Result<Figures, String> {
    read(llvm_cov(&["clean", "--workspace"]))?;
    for features in [&["--features", "fast"][..], &[]] {
        read(llvm_cov(&[&["--no-report", "--package", "motemq", "--tests"], features].concat()))?;
    }
    let report = read(llvm_cov(&["report", "--json", "--package", "motemq", "--ignore-filename-regex", "rig|/tests/"]))?;
    let report: Value = serde_json::from_str(&report).map_err(|error| format!("cannot understand the report: {error}"))?;
    let data = &report["data"][0];
    let mut figures = Figures::new();
    for file in data["files"].as_array().into_iter().flatten() {
        let path = file["filename"].as_str().unwrap_or_default();
        let name = path.rsplit_once("/core/src/").map_or(path, |(_, name)| name);
        figures.insert(name.into(), format!("{}{}", share(&file["summary"]), missing(&file["segments"], Path::new(path))).into());
    }
    figures.insert("all of it".into(), share(&data["totals"]).into());
    Ok(figures)
}

fn llvm_cov(words: &[&str]) -> Command {
    let mut command = cargo(["llvm-cov"].iter().chain(words));
    let version = read(crate::programs::program("rustc", ["-vV"])).unwrap_or_default();
    let major = version.lines().find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next()).unwrap_or_default().to_owned();
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

/// The lines where something begins that is not reached: `[line, column, count, has count, begins, is gap]` each.
fn missing(segments: &Value, _path: &Path) -> String {
    let number = |segment: &Value, at: usize| segment[at].as_u64().unwrap_or_default();
    let is_missing = |segment: &&Value| {
        number(segment, 2) == 0
            && segment[3].as_bool() == Some(true)
            && segment[4].as_bool() == Some(true)
            && segment[5].as_bool() != Some(true)
    };
    let mut lines: Vec<_> = segments.as_array().into_iter().flatten().filter(is_missing).map(|segment| number(segment, 0)).collect();
    lines.dedup();
    if lines.is_empty() {
        return String::new();
    }
    format!("; not reached from line {}", lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
}
