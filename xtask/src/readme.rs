//! Tables of the README, and of other documents, that a command measures.
use crate::programs::workspace;
use std::{fs, path::Path};

/// Ends each of them.
const END: &str = "<!-- end -->";

/// The README holds what this command has measured between its marks; or now it does. Figures of another compiler are not compared.
///
/// # Errors
/// It says otherwise, by more than so many percent, and is not to be written.
pub fn keep(command: &str, measured: &str, compiler: &str, percent: u64, write: bool) -> Result<(), String> {
    let readme = workspace().join("README.md");
    let name = readme.display();
    let begin = format!("<!-- cargo xtask {command} --write -->");
    let text = fs::read_to_string(&readme).map_err(|error| format!("cannot read {name}: {error}"))?;
    let (old, new) = put(&text, &begin, measured).ok_or_else(|| format!("{name} has no place for it between `{begin}` and `{END}`"))?;
    if new == text {
        return Ok(());
    }
    if write {
        return fs::write(&readme, new).map_err(|error| format!("cannot write {name}: {error}"));
    }
    if !old.contains(&format!("Compiled by {compiler}.")) {
        println!("The README's figures are another compiler's, and not compared.");
        return Ok(());
    }
    if alike(old.trim(), measured, percent) {
        return Ok(());
    }
    Err(format!("the README says otherwise: find out why a figure rose, say so in the changelog, and type `cargo xtask {command} --write`"))
}

/// Another document holds now what this command has measured; so may the README, if it is not to be compared.
///
/// # Errors
/// There is no place for it.
pub fn write(document: &Path, command: &str, measured: &str) -> Result<(), String> {
    let name = document.display();
    let begin = format!("<!-- cargo xtask {command} --write -->");
    let text = fs::read_to_string(document).map_err(|error| format!("cannot read {name}: {error}"))?;
    let (_, new) = put(&text, &begin, measured).ok_or_else(|| format!("{name} has no place for it between `{begin}` and `{END}`"))?;
    fs::write(document, new).map_err(|error| format!("cannot write {name}: {error}"))
}

/// What stood in the table's place, and the text with it.
fn put<'t>(text: &'t str, begin: &str, table: &str) -> Option<(&'t str, String)> {
    let (before, rest) = text.split_once(begin)?;
    let (old, after) = rest.split_once(END)?;
    Some((old, format!("{before}{begin}\n{table}\n{END}{after}")))
}

/// Whether these are the same words, and numbers that differ by no more than so many percent.
fn alike(old: &str, new: &str, percent: u64) -> bool {
    let mut pairs = pieces(old).zip(pieces(new));
    let same = |(old, new): (&str, &str)| match (old.parse::<u64>(), new.parse::<u64>()) {
        (Ok(old), Ok(new)) => old.abs_diff(new) * 100 <= old * percent,
        _ => old == new,
    };
    pieces(old).count() == pieces(new).count() && pairs.all(same)
}

/// Numbers, and what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    text.as_bytes().chunk_by(move |a, b| is_digit(a) == is_digit(b)).map(|piece| std::str::from_utf8(piece).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_differ_a_little() {
        assert!(alike("| a | 100 |", "| a | 105 |", 5) && alike("| ä | 100 |", "| ä | 95 |", 5));
        assert!(!alike("| a | 100 |", "| a | 106 |", 5) && !alike("| a | 100 |", "| a | 101 |", 0));
        assert!(!alike("| a | 100 |", "| b | 100 |", 5) && !alike("| a | 100 |", "| a | 100 | 1 |", 5));
    }

    #[test]
    fn the_table_stands_between_its_lines() {
        let begin = "<!-- begin -->";
        let text = format!("a\n{begin}\nold\n{END}\nb\n");
        assert_eq!(put(&text, begin, "new"), Some(("\nold\n", format!("a\n{begin}\nnew\n{END}\nb\n"))));
        assert_eq!(put("a", begin, "new"), None);
    }
}
