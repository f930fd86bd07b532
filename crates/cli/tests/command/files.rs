//! Files and directories of tests, which are removed in the end.
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::{NamedTempFile, TempDir};

/// A directory.
pub struct Directory(TempDir);

impl Directory {
    pub fn new() -> Self {
        Directory(tempfile::tempdir().unwrap())
    }

    /// Returns its path.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// Returns the path of a file in it.
    pub fn path(&self, name: &str) -> String {
        shown(self.root().join(name))
    }

    /// Returns the names of its files, in their order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Writes a file, and the directories that its name has. Returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        shown(path)
    }
}

/// A file.
pub struct File(NamedTempFile);

impl File {
    pub fn holding(content: impl AsRef<[u8]>) -> Self {
        let file = File::long(0);
        fs::write(file.0.path(), content).unwrap();
        file
    }

    /// One of so many bytes, all of them 0, which takes no place on the disk.
    pub fn long(length: u64) -> Self {
        let file = NamedTempFile::new().unwrap();
        file.as_file().set_len(length).unwrap();
        File(file)
    }

    /// Returns its path.
    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

fn shown(path: impl Into<PathBuf>) -> String {
    path.into().into_os_string().into_string().unwrap()
}
