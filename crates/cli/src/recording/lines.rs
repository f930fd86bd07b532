//! The messages of a recording, one after the other.
use super::{Recorded, repair};
use crate::{
    exit::{Exit, Failure},
    input::cannot_read,
    notice::say,
    patient::Patient,
};
use flate2::bufread::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

/// The messages of a file, compressed or not. The last line may be torn.
pub struct Lines {
    path: PathBuf,
    lines: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens a file, `-` for stdin.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| cannot_read(path.display(), &error);
        let mut file: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(BufReader::new(Patient(io::stdin())))
        } else {
            Box::new(BufReader::new(File::open(path).map_err(failed)?))
        };
        let is_compressed = file.fill_buf().map_err(failed)?.starts_with(&repair::MAGIC);
        let lines = if is_compressed {
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            file
        };
        Ok(Lines {
            path: path.into(),
            lines,
            line: Vec::new(),
            number: 0,
        })
    }

    fn read(&mut self) -> Result<Option<Recorded>, Failure> {
        loop {
            self.line.clear();
            self.number += 1;
            let is_end = match self.lines.read_until(b'\n', &mut self.line) {
                Ok(_) => self.line.last() != Some(&b'\n'),
                Err(error) if repair::is_cut(&error) => true,
                Err(error) => return Err(cannot_read(self.path.display(), &error)),
            };
            if self.line.trim_ascii().is_empty() {
                if is_end {
                    return Ok(None);
                }
                continue;
            }
            let place = format!("{}, line {}", self.path.display(), self.number);
            return match Recorded::parse(&self.line) {
                Ok(message) => Ok(Some(message)),
                Err(_) if is_end => {
                    say(format_args!("{place} is torn, and is left out"));
                    Ok(None)
                }
                Err(error) => Err(Failure::new(Exit::Files, format_args!("{place}: {error}"))),
            };
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Recorded, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
