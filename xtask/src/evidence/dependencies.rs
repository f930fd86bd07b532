//! Dependencies have licences and come from places that `deny.toml` allows, and none is banned.
use crate::programs::{cargo, read, workspace};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// The workspaces, by their manifests. Not that of `benches/peers`: other clients are run there
/// beside ours, and one of them needs what is under the GPL; nothing of it is part of ours.
const MANIFESTS: [&str; 5] = [
    "Cargo.toml",
    "fuzz/Cargo.toml",
    "benches/firmware/Cargo.toml",
    "crates/firmware/Cargo.toml",
    "crates/ffi/Cargo.toml",
];

/// What [cargo-deny](https://embarkstudios.github.io/cargo-deny/) checks of licences and sources, from what cargo tells: it takes seconds and
/// needs nothing installed. How many packages there are.
///
/// # Errors
/// Each package that is not allowed.
pub fn check() -> Result<u64, String> {
    let rules = fs::read_to_string(workspace().join("deny.toml"))
        .map_err(|error| format!("cannot read deny.toml: {error}"))?;
    let allowed = list(&rules, "allow");
    let mut findings = BTreeSet::new();
    let mut packages = BTreeSet::new();
    for manifest in MANIFESTS {
        let said = read(cargo([
            "metadata",
            "--format-version",
            "1",
            "--all-features",
            "--manifest-path",
            manifest,
        ]))?;
        let metadata: Value = serde_json::from_str(&said)
            .map_err(|error| format!("cannot understand cargo: {error}"))?;
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let text = |what: &str| package[what].as_str().unwrap_or_default();
            let name = format!("{} {}", text("name"), text("version"));
            if !package["source"].is_null()
                && !text("source")
                    .starts_with("registry+https://github.com/rust-lang/crates.io-index")
            {
                findings.insert(format!("{name} comes from {}", text("source")));
            }
            if !is_allowed(text("license"), &allowed) {
                findings.insert(format!("{name} has the licence `{}`", text("license")));
            }
            packages.insert(name);
        }
    }
    println!(
        "{} packages have a licence and a source that deny.toml allows",
        packages.len()
    );
    if findings.is_empty() {
        Ok(packages.len() as u64)
    } else {
        Err(findings.into_iter().collect::<Vec<_>>().join("\n"))
    }
}

/// cargo-deny itself, where it is installed.
///
/// # Errors
/// What it does not allow.
pub fn deny() -> Result<bool, String> {
    if read(cargo(["deny", "--version"])).is_err() {
        return Ok(false);
    }
    read(cargo(["deny", "check", "licenses", "bans", "sources"])).map(|_| true)
}

/// The words of a list in `deny.toml`, which is on one line.
fn list<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    line.unwrap_or_default()
        .split('"')
        .skip(1)
        .step_by(2)
        .collect()
}

/// Of an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` one choice is allowed in each
/// part; exceptions only widen a licence.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let any = |part: &str| {
        part.split(" OR ").any(|licence| {
            allowed.contains(&licence.split(" WITH ").next().unwrap_or_default().trim())
        })
    };
    // Without parentheses AND binds first; with them, at the places where there are some, OR does.
    if expression.contains('(') {
        plain.split(" AND ").all(any)
    } else {
        plain
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(any))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_understood() {
        let allowed = list(
            "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Unicode-3.0\"]\n",
            "allow",
        );
        assert_eq!(allowed, ["MIT", "Apache-2.0", "Unicode-3.0"]);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "MIT AND Apache-2.0",
        ] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND GPL-3.0",
            "GPL-3.0 OR LGPL-3.0",
        ] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
