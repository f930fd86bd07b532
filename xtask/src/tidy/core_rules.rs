//! Rules of the core: what it may not use, and how long its files may be.
use super::sources::Source;

const SOURCES: &str = "crates/core/src/";
const MANIFEST: &str = "crates/core/Cargo.toml";

/// Attributes at the top of the core: what they say is promised.
const ATTRIBUTES: [&str; 2] = ["#![no_std]", "#![forbid(unsafe_code)]"];

/// Lints that keep panics out of the core.
const LINTS: [&str; 7] = [
    "indexing_slicing",
    "string_slice",
    "arithmetic_side_effects",
    "unwrap_used",
    "expect_used",
    "panic",
    "unreachable",
];

/// A file has one subject, and can be held in the head.
const MOST_LINES: usize = 500;

pub fn check(sources: &[Source]) -> Vec<String> {
    let core: Vec<_> = sources
        .iter()
        .filter(|source| source.is_rust() && source.path.starts_with(SOURCES))
        .collect();
    let mut findings = Vec::new();
    for source in &core {
        let lines = source.text.lines().count();
        if lines >= MOST_LINES {
            findings.push(source.finding(lines, "the core's files have less than 500 lines"));
        }
        for (number, line) in source.lines() {
            let code = line.split("//").next().unwrap_or_default();
            if words(code).any(|word| word == "std" || word == "alloc") {
                findings.push(source.finding(number, "the core names neither std nor alloc"));
            }
            if code.contains("allow(") || code.contains("expect(") {
                findings.push(source.finding(number, "the core switches no lint off"));
            }
            if code.contains(".split_at(") || code.contains(".split_at_mut(") {
                findings.push(source.finding(
                    number,
                    "this can panic, which no lint sees: split_at_checked, or get",
                ));
            }
        }
    }
    match core.iter().find(|source| source.path.ends_with("/lib.rs")) {
        Some(lib) => findings.extend(missing(lib)),
        None => findings.push(format!("{SOURCES}lib.rs: there is no core")),
    }
    match sources.iter().find(|source| source.path == MANIFEST) {
        Some(manifest) => findings.extend(dependencies(manifest)),
        None => findings.push(format!("{MANIFEST}: there is no core")),
    }
    findings
}

/// Words of a program's text.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn missing(lib: &Source) -> Vec<String> {
    let attributes = ATTRIBUTES
        .iter()
        .filter(|attribute| !lib.text.lines().any(|line| line == **attribute));
    let denied = lib
        .text
        .split("#![deny(")
        .nth(1)
        .and_then(|text| text.split(")]").next())
        .unwrap_or_default();
    let lints = LINTS.iter().filter(|lint| {
        !denied
            .split([',', '\n'])
            .any(|word| word.trim().strip_prefix("clippy::") == Some(lint))
    });
    let attributes = attributes.map(|attribute| lib.finding(1, &format!("{attribute} is missing")));
    attributes
        .chain(lints.map(|lint| lib.finding(1, &format!("clippy::{lint} is not denied"))))
        .collect()
}

/// Tests may depend on what they like, and whoever asks for more gets it.
fn dependencies(manifest: &Source) -> Vec<String> {
    let mut inside = false;
    let mut findings = Vec::new();
    for (number, line) in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies") && !line.contains("dev-dependencies");
            // A table of its own: [dependencies.name]
            if !(inside && line.contains("dependencies.")) {
                continue;
            }
        }
        if inside
            && !line.trim().is_empty()
            && !line.starts_with('#')
            && !line.contains("optional = true")
        {
            findings
                .push(manifest.finding(number, "the core has no dependencies but optional ones"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "#![no_std]\n#![forbid(unsafe_code)]\n#![deny(\n    clippy::indexing_slicing,\n    clippy::string_slice,\n    \
        clippy::arithmetic_side_effects,\n    clippy::unwrap_used,\n    clippy::expect_used,\n    clippy::panic,\n    clippy::unreachable\n)]\n";
    const CARGO: &str =
        "[package]\n\n[features]\nfast = []\n\n[dev-dependencies]\nproptest = \"1\"\n";

    fn findings(lib: &str, manifest: &str) -> Vec<String> {
        check(&[
            Source::new("crates/core/src/lib.rs", lib),
            Source::new(MANIFEST, manifest),
        ])
    }

    #[test]
    fn a_good_core_is_good() {
        assert_eq!(findings(LIB, CARGO), [""; 0]);
        assert_eq!(
            findings(
                &format!("{LIB}/// Like alloc's.\nuse core::fmt; // not std\n"),
                CARGO
            ),
            [""; 0]
        );
        assert_eq!(
            findings(
                LIB,
                &format!("{CARGO}[dependencies]\ndefmt = {{ version = \"1\", optional = true }}\n")
            ),
            [""; 0]
        );
    }

    #[test]
    fn std_and_alloc_are_found() {
        for line in [
            "use std::fmt;",
            "extern crate alloc;",
            "    let a = std::mem::take(b);",
        ] {
            assert_eq!(
                findings(&format!("{LIB}{line}\n"), CARGO),
                ["crates/core/src/lib.rs:12: the core names neither std nor alloc"],
                "{line}"
            );
        }
    }

    #[test]
    fn a_missing_attribute_is_found() {
        for line in LIB.lines().filter(|line| {
            line.starts_with("#![no") || line.starts_with("#![fo") || line.contains("::")
        }) {
            assert_eq!(findings(&LIB.replace(line, ""), CARGO).len(), 1, "{line}");
        }
    }

    #[test]
    fn a_lint_switched_off_is_found() {
        assert_eq!(
            findings(&format!("{LIB}#[allow(clippy::panic)]\n"), CARGO),
            ["crates/core/src/lib.rs:12: the core switches no lint off"]
        );
    }

    #[test]
    fn a_dependency_is_found() {
        for table in [
            "[dependencies]\nbytes = \"1\"\n",
            "[dependencies.bytes]\n",
            "[target.'cfg(unix)'.dependencies]\na = \"1\"\n",
            "[build-dependencies]\na = \"1\"\n",
        ] {
            assert_eq!(
                findings(LIB, &format!("{CARGO}{table}")).len(),
                1,
                "{table}"
            );
        }
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(
            findings(&format!("{LIB}{}", "\n".repeat(488)), CARGO),
            [""; 0]
        );
        assert_eq!(
            findings(&format!("{LIB}{}", "\n".repeat(489)), CARGO),
            ["crates/core/src/lib.rs:500: the core's files have less than 500 lines"]
        );
    }
}
