//! The guide's page of symptoms quotes messages as the programs print them.
use super::sources::Source;

const PAGE: &str = "docs/guide/src/troubleshooting.md";

/// Words of the page that stand for what changes in a message.
const PLACEHOLDERS: [&str; 3] = ["HOST:PORT", "NAME", "..."];

/// Shorter parts of a message are found by chance.
const SHORTEST: usize = 8;

/// Returns the quoted messages that no source holds.
pub fn check(sources: &[Source]) -> Vec<String> {
    let Some(page) = sources.iter().find(|source| source.path == PAGE) else {
        return vec![format!("{PAGE}: there is none")];
    };
    let code: Vec<_> = sources
        .iter()
        .filter(|source| source.is_rust() && source.path.starts_with("crates/"))
        .map(|source| joined(&source.text))
        .collect();
    let is_printed = |part: &String| code.iter().any(|text| text.contains(part.as_str()));
    let mut findings = Vec::new();
    for (number, line) in page.lines() {
        for message in messages(line) {
            if let Some(part) = parts(message).iter().find(|part| !is_printed(part)) {
                findings.push(page.finding(number, &format!("no program prints {part:?}")));
            }
        }
    }
    findings
}

/// Returns the quoted texts of several words in the first cell of a row.
fn messages(line: &str) -> impl Iterator<Item = &str> {
    let cell = line.strip_prefix("| ").unwrap_or_default();
    let cell = cell.split(" | ").next().unwrap_or_default();
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.contains(' '))
}

/// Returns what stands between placeholders and numbers.
fn parts(message: &str) -> Vec<String> {
    let is_placeholder = |word: &&str| {
        PLACEHOLDERS.contains(&word.trim_end_matches([':', ','])) || word.contains(char::is_numeric)
    };
    let words: Vec<_> = message.split(' ').collect();
    let parts = words.split(|word| is_placeholder(word));
    let parts = parts.map(|words| words.join(" "));
    parts.filter(|part| part.len() >= SHORTEST).collect()
}

/// Returns a source with its text literals on one line each.
fn joined(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let mut joined = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        joined.push_str(line.trim_start());
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(row: &str) -> usize {
        let code = "/// A.\n#[error(\"no way to {}: check \\\n    the port\")]\n";
        let page = format!("# Troubleshooting\n\n| message | remedy |\n| --- | --- |\n{row}\n");
        let sources = [
            Source::new("crates/net/src/a.rs", code),
            Source::new(PAGE, &page),
        ];
        check(&sources).len()
    }

    #[test]
    fn messages_of_the_guide_are_printed() {
        assert_eq!(
            findings("| `no way to HOST:PORT: check the port` | wait |"),
            0
        );
        assert_eq!(
            findings("| `no way to ...` | `a remedy is no message` |"),
            0
        );
        assert_eq!(findings("| `no road to HOST:PORT: ...` | wait |"), 1);
        assert_eq!(
            findings("| `no way to HOST:PORT: check the cable` | wait |"),
            1
        );
    }

    #[test]
    fn a_guide_without_the_page_is_found() {
        assert_eq!(check(&[]).len(), 1);
    }
}
