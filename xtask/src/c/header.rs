//! The header says what the library has: the same names, sizes, offsets and values.
use super::library::{self, Library};
use crate::{
    programs::{program, read, run},
    size::image,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A header, and what it is compared with.
pub struct Subject {
    /// The folder of the header.
    pub folder: PathBuf,
    pub header: &'static str,
    /// Every function of the library begins so.
    pub prefix: &'static str,
    /// An option for the header.
    pub define: Option<String>,
    /// The name of the library.
    pub library: &'static str,
}

impl Subject {
    /// The header of a library without I/O.
    pub fn of(library: Library) -> Self {
        Subject {
            folder: library::folder().join("include"),
            header: library.version.header(),
            prefix: library.version.prefix(),
            define: define(library),
            library: library.name(),
        }
    }
}

/// Compares a header with a library that was built with its layout.
///
/// # Errors
/// What differs.
pub fn check(compiler: &str, subject: &Subject, library: &Path) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let mut layout = Vec::new();
    image::for_each_symbol(&library::content(library)?, |name, size| {
        if name.starts_with(subject.prefix) {
            names.insert(name.to_owned());
        } else if is_expression(name) {
            layout.push((name.to_owned(), size - 1));
        }
    })?;
    let mut preprocess = program(compiler, ["-E", "-P"]);
    preprocess.args(&subject.define);
    preprocess.arg(subject.folder.join(subject.header));
    let declared = functions(&read(preprocess)?, subject.prefix);
    let differing: Vec<_> = names.symmetric_difference(&declared).collect();
    if !differing.is_empty() {
        return Err(format!(
            "only the header or only lib{}.a has {differing:?}",
            subject.library
        ));
    }
    if layout.len() < 40 {
        return Err(format!("only {} facts of the layout", layout.len()));
    }
    let file = library::out().join("layout.c");
    fs::write(&file, comparison(subject.header, &layout))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let mut compile = program(compiler, ["-std=c99", "-fsyntax-only"]);
    compile.args(&subject.define).arg("-I");
    compile.arg(&subject.folder).arg(&file);
    run(compile)?;
    println!(
        "lib{}.a by {compiler}: {} functions, {} sizes, offsets and values as in the header",
        subject.library,
        names.len(),
        layout.len()
    );
    Ok(())
}

/// The option for the header.
pub fn define(library: Library) -> Option<String> {
    library.define().map(|name| format!("-D{name}"))
}

/// A static of the library is named as an expression of C.
fn is_expression(name: &str) -> bool {
    name.contains("MOTEMQ") || name.contains("(motemq")
}

/// The functions that are declared, and not defined, in a header without comments.
fn functions(header: &str, prefix: &str) -> BTreeSet<String> {
    let declaration = |text: &str| {
        let text = text.rsplit('}').next().unwrap_or_default();
        let (before, _) = text.split_once('(')?;
        let name = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        let is_function = name.starts_with(prefix) && !text.contains(['{', '=']);
        (is_function && !text.contains("typedef")).then(|| name.to_owned())
    };
    header.split(';').filter_map(declaration).collect()
}

/// A file in C that does not compile if an expression has another value.
fn comparison(header: &str, layout: &[(String, u64)]) -> String {
    let checks = layout
        .iter()
        .enumerate()
        .map(|(index, (expression, value))| {
            format!(
                "typedef char check_{index}[({expression}) == {value} ? 1 : -1]; /* {value} */\n"
            )
        });
    format!("#include \"{header}\"\n") + &checks.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_are_declared_are_found() {
        let header = "typedef int motemq_a(int); static inline int motemq_b(int i) { int n = i; \
                      return n; } int motemq_c(int); void *motemq_d(void);";
        let names: Vec<_> = functions(header, "motemq_").into_iter().collect();
        assert_eq!(names, ["motemq_c", "motemq_d"]);
    }

    #[test]
    fn an_expression_is_compared() {
        let text = comparison("motemq.h", &[("sizeof(motemq_text_t)".into(), 16)]);
        assert!(text.contains("[(sizeof(motemq_text_t)) == 16 ? 1 : -1];"));
        assert!(is_expression("-MOTEMQ_FULL") && is_expression("sizeof(motemq_text_t)"));
        assert!(!is_expression("memcpy") && !is_expression("_ZN6motemq4wire"));
    }
}
