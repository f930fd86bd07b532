//! The files of a recording that goes on in another file from time to time.
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The digits of the number in the name of a file, so that sorted names are in their order.
const DIGITS: usize = 6;

/// The limits of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    pub size: Option<u64>,
    pub age: Option<Duration>,
    /// The number of files that are kept.
    pub keep: Option<u64>,
}

impl Limits {
    /// Returns whether there are several files.
    pub fn are_set(&self) -> bool {
        self.size.is_some() || self.age.is_some()
    }

    /// Returns whether another file begins before the next line of this length. A file has one line
    /// at least.
    pub fn are_reached(&self, size: u64, age: Duration, next: u64) -> bool {
        let is_large = self.size.is_some_and(|limit| size + next > limit);
        let is_old = self.age.is_some_and(|limit| age >= limit);
        size > 0 && (is_large || is_old)
    }
}

/// The names of numbered files: `night.jsonl` is `night-000001.jsonl` and so on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    directory: PathBuf,
    begin: String,
    end: String,
}

impl Parts {
    /// Makes the names that follow from this one; `None` if it is no text.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        let dot = stem.rfind('.').filter(|&dot| dot > 0);
        let (begin, end) = name.split_at(dot.unwrap_or(stem.len()));
        Some(Parts {
            directory: path.parent().unwrap_or(Path::new("")).into(),
            begin: format!("{begin}-"),
            end: end.into(),
        })
    }

    /// Returns the path of the file with this number.
    pub fn path(&self, number: u64) -> PathBuf {
        let Parts { begin, end, .. } = self;
        self.directory
            .join(format!("{begin}{number:0DIGITS$}{end}"))
    }

    /// Returns the number of a file with this name.
    fn number(&self, name: &OsString) -> Option<u64> {
        let digits = name.to_str()?.strip_prefix(&self.begin)?;
        let digits = digits.strip_suffix(&self.end)?;
        let is_number = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        // Another number follows.
        let number = digits.parse().ok().filter(|&number| number < u64::MAX);
        number.filter(|_| is_number)
    }

    /// Returns the numbers of the files that are there, in their order.
    pub fn present(&self) -> io::Result<Vec<u64>> {
        let directory = match self.directory.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.directory,
        };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(directory)? {
            numbers.extend(self.number(&entry?.file_name()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Deletes the oldest of the files, so that `keep` are left.
    pub fn delete_oldest(&self, keep: u64) -> io::Result<()> {
        let present = self.present()?;
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let old = present.len().saturating_sub(keep);
        present[..old]
            .iter()
            .try_for_each(|&number| fs::remove_file(self.path(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact() {
        let size = Limits {
            size: Some(100),
            ..Limits::default()
        };
        let now = Duration::ZERO;
        assert!(!size.are_reached(60, now, 40) && size.are_reached(60, now, 41));
        // A line that is longer than a file has a file of its own.
        assert!(!size.are_reached(0, now, 101));
        let age = Limits {
            age: Some(Duration::from_secs(60)),
            ..Limits::default()
        };
        assert!(!age.are_reached(1, Duration::from_millis(59_999), 1));
        assert!(age.are_reached(1, Duration::from_secs(60), 1));
        assert!(!age.are_reached(0, Duration::from_secs(60), 1));
        let none = Limits::default();
        assert!(!none.are_set() && !none.are_reached(u64::MAX - 1, Duration::MAX, 1));
    }

    #[test]
    fn names_are_sorted_as_their_numbers() {
        for (name, first) in [
            ("night.jsonl", "night-000001.jsonl"),
            ("d/night.jsonl.gz", "d/night-000001.jsonl.gz"),
            ("night", "night-000001"),
            ("night.gz", "night-000001.gz"),
            (".night", ".night-000001"),
            ("a.b.jsonl", "a.b-000001.jsonl"),
        ] {
            let parts = Parts::of(Path::new(name)).unwrap();
            assert_eq!(parts.path(1), Path::new(first));
            let name = |number| parts.path(number).file_name().unwrap().to_owned();
            assert_eq!(parts.number(&name(999_999)), Some(999_999));
            assert_eq!(parts.number(&name(1_000_000)), Some(1_000_000));
            assert!(name(9) < name(10));
        }
        let parts = Parts::of(Path::new("night.jsonl")).unwrap();
        for other in [
            "night.jsonl",
            "night-1.jsonl",
            "night-00000x.jsonl",
            "night-18446744073709551615.jsonl",
            "x",
        ] {
            assert_eq!(parts.number(&other.into()), None);
        }
    }
}
