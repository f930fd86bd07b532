//! The text files that the rules are about.
use std::{fs, io, path::Path};

/// A text file of the project.
pub struct Source {
    /// From the workspace's top directory, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    #[cfg(test)]
    pub fn new(path: &str, text: &str) -> Self {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Returns whether it is Rust code in one of these folders.
    pub fn is_rust_in(&self, folders: &[&str]) -> bool {
        self.is_rust() && folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Lines with their numbers, from 1 on.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// What is wrong, with its place.
    pub fn finding(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// All Rust, Markdown and Cargo files below `top`.
pub fn read(top: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(top)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() {
            collect(&entry.path(), &name, &mut sources)?;
        } else if ["crates", "docs", "fuzz", "benches", "xtask"].contains(&name.as_str()) {
            walk(&entry.path(), &name, &mut sources)?;
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(directory: &Path, path: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        if entry.file_type()?.is_file() {
            collect(&entry.path(), &path, sources)?;
        } else if entry.file_type()?.is_dir() && name != "target" && !name.starts_with('.') {
            walk(&entry.path(), &path, sources)?;
        }
    }
    Ok(())
}

fn collect(file: &Path, path: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    if [".rs", ".md", "Cargo.toml"]
        .iter()
        .any(|end| path.ends_with(end))
    {
        sources.push(Source {
            path: path.into(),
            text: fs::read_to_string(file)?,
        });
    }
    Ok(())
}
