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

/// Words behind "so" that stand for a number or a time that is not named.
const UNNAMED: [&str; 5] = ["many", "much", "few", "long", "often"];

/// Looks at the first word of each paragraph of documentation, and at each comment.
pub fn check(sources: &[Source]) -> Vec<String> {
    let rust = || sources.iter().filter(|source| source.is_rust());
    let is_published =
        |source: &&Source| PUBLISHED.iter().any(|begin| source.path.starts_with(begin));
    let mut findings: Vec<_> = rust().filter(is_published).flat_map(paragraphs).collect();
    findings.extend(rust().flat_map(|source| unnamed(source, is_published(&source))));
    findings
}

/// Finds "so many" and the like without an "as" or "that" which says how many: in the sources of
/// published crates everywhere in a comment, elsewhere at its beginning.
fn unnamed(source: &Source, is_published: bool) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        let words: Vec<_> = comment
            .split([' ', '/', '!'])
            .filter(|word| !word.is_empty())
            .collect();
        for (at, pair) in words.windows(2).enumerate() {
            let is_unnamed = pair[0].eq_ignore_ascii_case("so")
                && UNNAMED.contains(&pair[1].trim_end_matches(|c: char| !c.is_alphanumeric()));
            let is_explained = words[at..].iter().any(|word| ["as", "that"].contains(word));
            if is_unnamed && !is_explained && (at == 0 || is_published) {
                let finding = format!("`{} {}` of what? Name the number or time", pair[0], pair[1]);
                findings.push(source.finding(number, &finding));
            }
        }
    }
    findings
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
        assert_eq!(found("/// Waits so long.\n// So many bytes.\n"), 2);
        assert_eq!(found("/// Is so long that it waits.\nlet so = many;\n"), 0);
        let test = "/// Waits so long.\n/// So many bytes.\n";
        let test = Source::new("crates/net/tests/a.rs", test);
        assert_eq!(check(&[test]).len(), 1);
        let elsewhere = Source::new("xtask/src/a.rs", "/// What is read.\n");
        assert_eq!(check(&[elsewhere]).len(), 0);
    }
}
