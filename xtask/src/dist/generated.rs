//! Completions for shells and manual pages, which the command prints itself.
use super::cannot;
use crate::{
    machine,
    programs::{cargo, read},
};
use std::{fs, path::PathBuf};

/// The name in the archive, and the words that print it.
const FILES: [(&str, &[&str]); 14] = [
    ("completions/motemq.bash", &["completions", "bash"]),
    ("completions/_motemq", &["completions", "zsh"]),
    ("completions/motemq.fish", &["completions", "fish"]),
    ("completions/motemq.elv", &["completions", "elvish"]),
    ("completions/_motemq.ps1", &["completions", "powershell"]),
    ("man/man1/motemq.1", &["man"]),
    ("man/man1/motemq-pub.1", &["man", "pub"]),
    ("man/man1/motemq-sub.1", &["man", "sub"]),
    ("man/man1/motemq-rr.1", &["man", "rr"]),
    ("man/man1/motemq-watch.1", &["man", "watch"]),
    ("man/man1/motemq-record.1", &["man", "record"]),
    ("man/man1/motemq-replay.1", &["man", "replay"]),
    ("man/man1/motemq-bench.1", &["man", "bench"]),
    ("man/man1/motemq-doctor.1", &["man", "doctor"]),
];

/// Lets this machine's own build of the command print them, and returns where they are and what they
/// are called in an archive.
///
/// # Errors
/// The reason why the command cannot be built, or a file not written.
pub fn files() -> Result<Vec<(PathBuf, String)>, String> {
    let folder = machine::target().join("dist/generated");
    let mut files = Vec::new();
    for (name, words) in FILES {
        let mut command = cargo(["run", "--quiet", "--package", "motemq-cli", "--"]);
        command.args(words);
        let text = read(command)?;
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(&folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| cannot("write", &file, error))?;
        files.push((file, name.to_owned()));
    }
    Ok(files)
}
