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

/// Phrases that pages do not contain, and what they say instead.
const PHRASES: [(&str, &str); 22] = [
    ("aimed at", "a target"),
    ("are told", "get, or learn"),
    ("as often as wished", "any number of times"),
    ("by hand", "manually"),
    ("go round", "loop"),
    ("goes round", "loops"),
    ("handed over", "passed"),
    ("hands over", "passes"),
    ("in one go", "as a whole"),
    ("in the manner of", "like"),
    ("is no error", "is not an error"),
    ("is told", "gets, or learns"),
    ("nobody", "no program, no client"),
    ("one's own", "the owner"),
    ("pass the time", "pass the current time"),
    ("passes the time", "passes the current time"),
    ("passing the time", "passing the current time"),
    ("tls by", "TLS with"),
    ("under way", "in flight, or in progress"),
    ("walked in place", "read in the buffer"),
    ("was told", "got, or learned"),
    ("were told", "got, or learned"),
];

/// Looks at the first word of each paragraph of documentation, at each comment, and at the phrases
/// of pages.
pub fn check(sources: &[Source]) -> Vec<String> {
    let rust = || sources.iter().filter(|source| source.is_rust());
    let is_published =
        |source: &&Source| PUBLISHED.iter().any(|begin| source.path.starts_with(begin));
    let mut findings: Vec<_> = rust().filter(is_published).flat_map(paragraphs).collect();
    findings.extend(rust().flat_map(|source| unnamed(source, is_published(&source))));
    let pages = sources.iter().filter(|source| source.path.ends_with(".md"));
    findings.extend(pages.flat_map(phrases));
    findings
}

/// Finds these phrases in the text of a page, apart from its code, also across the end of a line.
fn phrases(page: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let mut is_code = false;
    let mut before = String::from(" ");
    for (number, line) in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code {
            before = String::from(" ");
            continue;
        }
        // Every other part is code, which stands for one word.
        let text: Vec<_> = line.split('`').step_by(2).collect();
        let words = words(&text.join(" \0 "));
        let text = format!("{before}{words}");
        for (phrase, instead) in PHRASES {
            let phrase_here = format!(" {phrase} ");
            if text.contains(&phrase_here) && !before.contains(&phrase_here) {
                findings.push(page.finding(number, &format!("`{phrase}`: say `{instead}`")));
            }
        }
        before = format!(" {words}");
    }
    findings
}

/// Returns the words of a text in lower case, with a space behind each.
fn words(text: &str) -> String {
    let is_between = |c: char| !c.is_alphanumeric() && !['\'', '_', '\0'].contains(&c);
    let words = text.split(is_between);
    let words = words.filter(|word| !word.is_empty()).map(str::to_lowercase);
    words.map(|word| word + " ").collect()
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
    fn phrases_of_pages_are_found() {
        let found = |text: &str| check(&[Source::new("docs/a.md", text)]).len();
        assert_eq!(found("It is acknowledged by hand.\n"), 1);
        assert_eq!(found("The driver passes\nthe time, By Hand\n"), 2);
        assert_eq!(found("It is by `x` hand, `by hand`, and by handles.\n"), 0);
        assert_eq!(found("```text\nby hand\n```\nand more\n"), 0);
        assert_eq!(found("[A rule](tests/acknowledged_by_hand.rs)\n"), 0);
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
