//! Each dependency has one requirement: packages with different ones cannot be built together with
//! the oldest versions that they allow.
use super::sources::Source;
use std::collections::BTreeMap;

/// Workspaces of their own.
const APART: [&str; 5] = [
    "fuzz/",
    "benches/peers/",
    "benches/firmware/",
    "crates/firmware/",
    "crates/ffi/",
];

/// All manifests of the workspace require the same version of a dependency.
pub fn check(sources: &[Source]) -> Vec<String> {
    let manifests = sources.iter().filter(|source| {
        let path = &source.path;
        path.ends_with("Cargo.toml") && !APART.iter().any(|apart| path.starts_with(apart))
    });
    let mut first = BTreeMap::new();
    let mut findings = Vec::new();
    for source in manifests {
        let mut is_dependency = false;
        for (number, line) in source.lines() {
            if line.starts_with('[') {
                is_dependency = line.ends_with("dependencies]");
            } else if let Some((name, version)) = requirement(line).filter(|_| is_dependency) {
                let (known, at) = *first.entry(name).or_insert((version, source.path.as_str()));
                if known != version {
                    let finding = format!("{name} {version:?}, but {at} has {known:?}");
                    findings.push(source.finding(number, &finding));
                }
            }
        }
    }
    findings
}

/// Returns the name and the version that a line requires.
fn requirement(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    let version = match value.strip_prefix('"') {
        Some(version) => version,
        None => value.split_once("version = \"")?.1,
    };
    Some((name, version.split('"').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_requirements_are_found() {
        let found = |one: &str, other: &str| {
            let sources = [
                Source::new("crates/a/Cargo.toml", &format!("[dependencies]\n{one}\n")),
                Source::new("b/Cargo.toml", &format!("[dev-dependencies]\n{other}\n")),
            ];
            check(&sources).len()
        };
        let detailed = "tempfile = { version = \"3\", optional = true }";
        assert_eq!(found("tempfile = \"3\"", detailed), 0);
        assert_eq!(found("tempfile = \"3.15\"", detailed), 1);
        assert_eq!(found("tempfile = \"3.15\"", "bytes = \"3\""), 0);
    }

    #[test]
    fn other_versions_are_no_requirements() {
        let one = Source::new("a/Cargo.toml", "[package]\nversion = \"1\"\n");
        let other = Source::new("b/Cargo.toml", "[package]\nversion = \"2\"\n");
        assert_eq!(check(&[one, other]), [""; 0]);
    }
}
