//! Each example of the workspace has a name of its own: all are built into one folder, and the one
//! that is built last would take the place of the others.
use super::sources::Source;
use std::collections::BTreeMap;

/// Finds the examples whose name another package has given to one of its own.
pub fn check(sources: &[Source]) -> Vec<String> {
    let mut first = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources {
        let Some(name) = name(&source.path) else {
            continue;
        };
        if let Some(path) = first.insert(name, &source.path) {
            findings.push(source.finding(
                1,
                &format!("an example with the name of {path}; rename one of them"),
            ));
        }
    }
    findings
}

/// The name of an example: `crates/<package>/examples/<name>.rs`, or a folder with a `main.rs`.
fn name(path: &str) -> Option<&str> {
    let (_, file) = path.strip_prefix("crates/")?.split_once("/examples/")?;
    let name = file.strip_suffix("/main.rs").or(file.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_examples_with_one_name_are_found() {
        let found = |paths: &[&str]| {
            let sources: Vec<_> = paths.iter().map(|path| Source::new(path, "")).collect();
            check(&sources).len()
        };
        let one = "crates/nal/examples/request.rs";
        assert_eq!(found(&[one, "crates/tokio/examples/request.rs"]), 1);
        assert_eq!(found(&[one, "crates/tokio/examples/request/main.rs"]), 1);
        assert_eq!(found(&[one, "crates/nal/examples/poll.rs"]), 0);
        assert_eq!(found(&[one, "crates/nal/tests/request.rs"]), 0);
        assert_eq!(found(&[one, "crates/std/examples/parts/request.rs"]), 0);
    }
}
