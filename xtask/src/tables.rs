//! Tables of documents that a command measures.
use crate::programs::workspace;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Ends each of them.
const END: &str = "<!-- end -->";

/// Where tables are kept that are to be compared with, one for each compiler; a page shows one of
/// them.
const KNOWN: &str = "benches/firmware/known";

/// What this command has measured is what is known of this compiler; or it is known from now on,
/// and stands between its marks in the document.
///
/// # Errors
/// It was otherwise, by more than so many percent, and is not to be written.
pub fn keep(
    document: &str,
    command: &str,
    measured: &str,
    compiler: &str,
    percent: u64,
    write: bool,
) -> Result<(), String> {
    let known = known_file(command, compiler);
    if write {
        remember(&known, measured)?;
        return self::write(document, command, measured);
    }
    compare(&known, command, measured, compiler, percent)
}

/// The same for a part of what the command measures: the document has one place for each.
///
/// # Errors
/// As [`keep`].
pub fn keep_part(
    document: &str,
    command: &str,
    part: &str,
    measured: &str,
    compiler: &str,
    percent: u64,
    write: bool,
) -> Result<(), String> {
    let known = known_file(part, compiler);
    if write {
        remember(&known, measured)?;
        return write_part(document, command, part, measured);
    }
    compare(&known, command, measured, compiler, percent)
}

fn remember(known: &Path, measured: &str) -> Result<(), String> {
    fs::write(known, format!("{measured}\n"))
        .map_err(|error| format!("cannot write {}: {error}", known.display()))
}

/// Compares with what is known.
fn compare(
    known: &Path,
    command: &str,
    measured: &str,
    compiler: &str,
    percent: u64,
) -> Result<(), String> {
    let Ok(before) = fs::read_to_string(known) else {
        println!("No figures are known of {compiler}; nothing to compare with.");
        return Ok(());
    };
    if alike(before.trim(), measured.trim(), percent) {
        return Ok(());
    }
    Err(format!(
        "{} says otherwise: find out why a figure rose, say so in the commit message, and type `cargo xtask {command} --write`",
        known.display()
    ))
}

/// What is known of this compiler.
pub fn known(command: &str, compiler: &str) -> Option<String> {
    fs::read_to_string(known_file(command, compiler)).ok()
}

fn known_file(command: &str, compiler: &str) -> PathBuf {
    workspace()
        .join(KNOWN)
        .join(format!("{command} {compiler}.md"))
}

/// The document holds from now on what this command has measured, and is not compared with it.
///
/// # Errors
/// There is no place for it.
pub fn write(document: &str, command: &str, measured: &str) -> Result<(), String> {
    put_between(
        document,
        &format!("<!-- cargo xtask {command} --write -->"),
        measured,
    )
}

/// The same for a part of what the command measures: the document has one place for each.
///
/// # Errors
/// As [`write`].
pub fn write_part(document: &str, command: &str, part: &str, measured: &str) -> Result<(), String> {
    let begin = format!("<!-- cargo xtask {command} --write: {part} -->");
    put_between(document, &begin, measured)
}

fn put_between(document: &str, begin: &str, measured: &str) -> Result<(), String> {
    let path = workspace().join(document);
    let text =
        fs::read_to_string(&path).map_err(|error| format!("cannot read {document}: {error}"))?;
    let new = put(&text, begin, measured)
        .ok_or_else(|| format!("{document} has no place for it between `{begin}` and `{END}`"))?;
    fs::write(path, new).map_err(|error| format!("cannot write {document}: {error}"))
}

/// The text with the table in its place.
fn put(text: &str, begin: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n{table}\n{END}{after}"))
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
    text.as_bytes()
        .chunk_by(move |a, b| is_digit(a) == is_digit(b))
        .map(|piece| std::str::from_utf8(piece).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_differ_a_little() {
        assert!(alike("| a | 100 |", "| a | 105 |", 5) && alike("| ä | 100 |", "| ä | 95 |", 5));
        assert!(!alike("| a | 100 |", "| a | 106 |", 5) && !alike("| a | 100 |", "| a | 101 |", 0));
        assert!(
            !alike("| a | 100 |", "| b | 100 |", 5) && !alike("| a | 100 |", "| a | 100 | 1 |", 5)
        );
    }

    #[test]
    fn pages_show_what_is_known_of_some_compiler() {
        for (file, page, begin) in [
            ("size", "docs/size.md", "size --write"),
            ("firmware", "docs/stack.md", "firmware --write"),
            ("programs", "docs/size.md", "firmware --write: programs"),
        ] {
            let page = fs::read_to_string(workspace().join(page)).unwrap();
            let shown = page
                .split_once(&format!("<!-- cargo xtask {begin} -->"))
                .unwrap()
                .1
                .split_once(END)
                .unwrap()
                .0;
            let files = fs::read_dir(workspace().join(KNOWN)).unwrap().flatten();
            let mut known =
                files.filter(|name| name.file_name().to_string_lossy().starts_with(file));
            assert!(
                known.any(|known| fs::read_to_string(known.path()).unwrap().trim() == shown.trim()),
                "{file}"
            );
        }
    }

    #[test]
    fn the_table_stands_between_its_lines() {
        let begin = "<!-- begin -->";
        let text = format!("a\n{begin}\nold\n{END}\nb\n");
        assert_eq!(
            put(&text, begin, "new"),
            Some(format!("a\n{begin}\nnew\n{END}\nb\n"))
        );
        assert_eq!(put("a", begin, "new"), None);
    }
}
