//! Pages of `docs/` that are written from what was run.
use crate::programs::workspace;
use std::fs;

/// The page says this; or now it does.
///
/// # Errors
/// It says otherwise, and is not to be written; then `command` writes it.
pub fn keep(name: &str, text: &str, write: bool, command: &str) -> Result<(), String> {
    let path = workspace().join("docs").join(name);
    if write {
        return fs::write(&path, text)
            .map_err(|error| format!("cannot write docs/{name}: {error}"));
    }
    let old = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read docs/{name}: {error}; `{command}` writes it"))?;
    if old.replace("\r\n", "\n") == text {
        return Ok(());
    }
    let is = text
        .lines()
        .find(|line| !old.lines().any(|other| other == *line))
        .unwrap_or_default();
    Err(format!(
        "docs/{name} says otherwise: find out why, then type `{command}`. New is\n{is}"
    ))
}
