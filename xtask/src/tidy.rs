//! `cargo xtask tidy`: rules that hold for the sources and that no compiler checks.
mod adapters;
mod core_rules;
mod examples;
mod guide;
mod links;
mod packages;
mod promises;
mod requirements;
mod sources;
mod words;
mod workflows;

use sources::Source;

/// Applies every rule.
///
/// # Errors
/// What is against them, a line for each.
pub fn check() -> Result<(), String> {
    let top = crate::programs::workspace();
    let sources =
        sources::read(top).map_err(|error| format!("cannot read the sources: {error}"))?;
    let findings = [
        core_rules::check(&sources),
        adapters::check(&sources),
        packages::check(&sources),
        examples::check(&sources),
        requirements::check(&sources),
        everywhere(&sources),
        promises::check(&sources),
        links::check(&sources, top),
        guide::check(&sources),
        words::check(&sources),
        workflows::check(top),
    ]
    .concat();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.join("\n"))
    }
}

/// Words that say that something is still to be done; spelled so that this file does not hold them.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("XX", "X"),
];

/// Tests are run, examples are compiled, and nothing waits to be written.
fn everywhere(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        for (number, line) in source.lines() {
            let text = line.trim_start_matches(['/', '!', ' ', '\t']);
            if source.is_rust()
                && (line.contains(concat!("#[ig", "nore"))
                    || (line.contains("cfg_attr") && line.contains(concat!(", ig", "nore"))))
            {
                findings.push(source.finding(
                    number,
                    "a test that is not run; every test is, or is deleted",
                ));
            }
            if text.strip_prefix("```").is_some_and(|kind| {
                kind.split(',')
                    .any(|word| word.trim().starts_with(concat!("ig", "nore")))
            }) {
                findings.push(source.finding(
                    number,
                    "an example that is not compiled; every example is, or is no example",
                ));
            }
            if source.is_rust() && UNFINISHED.iter().any(|word| line.contains(word)) {
                findings.push(source.finding(number, "unfinished; finish it or file an issue"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_keep_the_rules() {
        if let Err(findings) = check() {
            panic!("{findings}");
        }
    }

    #[test]
    fn a_test_that_is_not_run_is_found() {
        let text = format!("#[test]\n{}\nfn a() {{}}\n", concat!("#[ig", "nore]"));
        assert_eq!(
            everywhere(&[Source::new("crates/std/src/a.rs", &text)]).len(),
            1
        );
    }

    #[test]
    fn an_example_that_is_not_compiled_is_found() {
        for fence in [
            concat!("/// ```ig", "nore"),
            concat!("//! ```rust,ig", "nore"),
        ] {
            assert_eq!(
                everywhere(&[Source::new("crates/std/src/a.rs", fence)]).len(),
                1,
                "{fence}"
            );
        }
        assert!(
            everywhere(&[Source::new(
                "crates/std/src/a.rs",
                "/// ```no_run\n/// ```text"
            )])
            .is_empty()
        );
    }

    #[test]
    fn unfinished_work_is_found() {
        let text = format!("fn a() {{\n    {}\n}}\n", concat!("to", "do!()"));
        assert_eq!(
            everywhere(&[Source::new("crates/std/src/a.rs", &text)]),
            ["crates/std/src/a.rs:2: unfinished; finish it or file an issue"]
        );
    }
}
