//! Rules for the words of documentation.
use super::sources::Source;

/// The crates that are published.
const PUBLISHED: [&str; 9] = [
    "crates/core/src/",
    "crates/client/src/",
    "crates/net/src/",
    "crates/hosted/src/",
    "crates/std/src/",
    "crates/tokio/src/",
    "crates/smoltcp/src/",
    "crates/nal/src/",
    "crates/cli/src/",
];

/// Words with which no paragraph of documentation begins: it names its subject instead.
const RIDDLES: [&str; 9] = [
    "What", "Whatever", "Who", "Whoever", "Whose", "Nobody", "How", "Where", "Why",
];

/// Looks at the first word of each paragraph of documentation.
pub fn check(sources: &[Source]) -> Vec<String> {
    let published = sources.iter().filter(|source| {
        source.is_rust() && PUBLISHED.iter().any(|begin| source.path.starts_with(begin))
    });
    published.flat_map(paragraphs).collect()
}

fn paragraphs(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let mut is_within = false;
    for (number, line) in source.lines() {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let text = text.unwrap_or_default().trim();
        let first = text.split(' ').next().unwrap_or_default();
        // A question is a heading, or a step of an example.
        if !is_within && RIDDLES.contains(&first) && !text.ends_with('?') {
            findings.push(source.finding(
                number,
                &format!("documentation begins with `{first}`: begin with its subject"),
            ));
        }
        is_within = !text.is_empty();
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&[Source::new("crates/net/src/a.rs", text)]).len()
    }

    #[test]
    fn paragraphs_begin_with_their_subject() {
        assert_eq!(found("/// What is read.\nfn a() {}\n"), 1);
        assert_eq!(found("//! Reads.\n//!\n//! Who reads more\n"), 1);
        assert_eq!(found("    /// Returns a number.\n    /// How so.\n"), 0);
        assert_eq!(found("// What is this?\n/// Whatsoever\n"), 0);
        assert_eq!(found("/// What now?\n"), 0);
        let elsewhere = Source::new("xtask/src/a.rs", "/// What is read.\n");
        assert_eq!(check(&[elsewhere]).len(), 0);
    }
}
