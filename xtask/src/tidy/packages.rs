//! A package has no part of this repository that is not published.
use super::sources::Source;

/// The crates that are published.
const PUBLISHED: [&str; 9] = [
    "crates/core/src/",
    "crates/client/src/",
    "crates/net/src/",
    "crates/hosted/src/",
    "crates/std/src/",
    "crates/tokio/src/",
    "crates/cli/src/",
    "crates/smoltcp/src/",
    "crates/nal/src/",
];

/// No code names the test support. Examples in the documentation may: they are tested here alone.
pub fn check(sources: &[Source]) -> Vec<String> {
    let published = sources
        .iter()
        .filter(|source| source.is_rust_in(&PUBLISHED));
    let mut findings = Vec::new();
    for source in published {
        for (number, line) in source.lines() {
            let code = line.split("//").next().unwrap_or_default();
            if code.contains("motemq_testing") {
                findings.push(source.finding(
                    number,
                    "test support that the package does not have; move the test to `tests`",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_support_in_a_package_is_found() {
        let found = |path, text| check(&[Source::new(path, text)]).len();
        let text = "use motemq_testing::server::Server;";
        assert_eq!(found("crates/std/src/a.rs", text), 1);
        assert_eq!(found("crates/std/tests/a.rs", text), 0);
        assert_eq!(found("crates/std/src/a.rs", "//! # use motemq_testing;"), 0);
    }
}
