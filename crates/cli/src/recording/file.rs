//! The file that a recording is written to.
use super::{
    parts::{Limits, Parts},
    repair,
};
use crate::{
    exit::{Exit, Failure},
    patient::Patient,
};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs::File,
    io::{self, ErrorKind, Stdout, Write},
    mem,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Plain,
    Gzip,
}

/// A recording that is being made. Each line is in its file when it was written: if the process is
/// killed, at most the line that is being written is lost.
pub struct Recording {
    parts: Option<(Parts, u64)>,
    limits: Limits,
    form: Form,
    part: Part,
}

/// One of its files.
struct Part {
    path: PathBuf,
    sink: Sink,
    encoder: Option<GzEncoder<Vec<u8>>>,
    size: u64,
    since: Instant,
}

enum Sink {
    Stdout(Patient<Stdout>),
    File(File),
}

impl Recording {
    /// Opens a file, `-` for stdout, and continues what is there.
    pub fn open(path: &Path, form: Form, limits: Limits) -> Result<Self, Failure> {
        if path == Path::new("-") {
            if limits.are_set() {
                let words = "stdout is one file: name a file with --rotate-size or --rotate-time";
                return Err(Failure::new(Exit::Usage, words));
            }
            return Ok(Recording {
                parts: None,
                limits,
                form,
                part: Part::new(
                    "stdout".into(),
                    Sink::Stdout(Patient(io::stdout())),
                    form,
                    0,
                ),
            });
        }
        let parts = match limits.are_set() {
            true => {
                let words = || format!("{} is no name for a file", path.display());
                let parts = Parts::of(path).ok_or_else(|| Failure::new(Exit::Usage, words()))?;
                let present = parts.present().map_err(|error| cannot(path, &error))?;
                Some((parts, present.last().copied().unwrap_or(1)))
            }
            false => None,
        };
        let path = match &parts {
            Some((parts, number)) => parts.path(*number),
            None => path.into(),
        };
        let part = Part::open(path, form)?;
        Ok(Recording {
            parts,
            limits,
            form,
            part,
        })
    }

    /// Writes a line. Breaks if nobody reads stdout any more.
    pub fn write(&mut self, line: &[u8]) -> Result<ControlFlow<()>, Failure> {
        let next = match self.form {
            Form::Plain => line.len() as u64,
            // Nobody knows before.
            Form::Gzip => 0,
        };
        let part = &self.part;
        if self
            .limits
            .are_reached(part.size, part.since.elapsed(), next)
        {
            self.rotate()?;
        }
        self.part.write(line)
    }

    fn rotate(&mut self) -> Result<(), Failure> {
        let Some((parts, number)) = &mut self.parts else {
            return Ok(());
        };
        self.part.finish()?;
        *number += 1;
        self.part = Part::open(parts.path(*number), self.form)?;
        match self.limits.keep.map(|keep| parts.delete_oldest(keep)) {
            Some(Err(error)) => Err(Failure::new(
                Exit::Files,
                format_args!("cannot delete the oldest file: {error}"),
            )),
            _ => Ok(()),
        }
    }

    /// Ends the file in good order.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.part.finish()
    }
}

impl Part {
    fn new(path: PathBuf, sink: Sink, form: Form, size: u64) -> Self {
        let encoder = || GzEncoder::new(Vec::new(), Compression::default());
        Part {
            path,
            sink,
            encoder: (form == Form::Gzip).then(encoder),
            size,
            since: Instant::now(),
        }
    }

    fn open(path: PathBuf, form: Form) -> Result<Self, Failure> {
        let opened = repair::open(&path, form);
        let (file, size) = opened
            .and_then(|file| {
                let size = file.metadata()?.len();
                Ok((file, size))
            })
            .map_err(|error| cannot(&path, &error))?;
        Ok(Part::new(path, Sink::File(file), form, size))
    }

    fn write(&mut self, line: &[u8]) -> Result<ControlFlow<()>, Failure> {
        let written = match &mut self.encoder {
            None => self.sink.write(line, self.size),
            Some(encoder) => {
                let packed = encoder.write_all(line).and_then(|()| encoder.flush());
                let piece = mem::take(encoder.get_mut());
                packed.and_then(|()| self.sink.write(&piece, self.size))
            }
        };
        match written {
            Ok(count) => self.size += count,
            Err(error) if self.is_unread(&error) => return Ok(ControlFlow::Break(())),
            Err(error) => {
                // The end that it would write belongs to more than the file has.
                self.encoder = None;
                return Err(cannot(&self.path, &error));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self) -> Result<(), Failure> {
        let finished = match self.encoder.take().map(GzEncoder::finish) {
            // Nothing was written, and nothing is.
            Some(Ok(_)) if self.size == 0 => Ok(0),
            Some(Ok(rest)) => self.sink.write(&rest, self.size),
            Some(Err(error)) => Err(error),
            None => Ok(0),
        };
        match finished {
            Err(error) if !self.is_unread(&error) => Err(cannot(&self.path, &error)),
            _ => Ok(()),
        }
    }

    fn is_unread(&self, error: &io::Error) -> bool {
        matches!(self.sink, Sink::Stdout(_)) && error.kind() == ErrorKind::BrokenPipe
    }
}

impl Sink {
    /// Writes all of this behind `size` bytes, or nothing of it.
    fn write(&mut self, bytes: &[u8], size: u64) -> io::Result<u64> {
        match self {
            Sink::Stdout(stdout) => stdout.write_all(bytes).and_then(|()| stdout.flush())?,
            Sink::File(file) => {
                if let Err(error) = file.write_all(bytes) {
                    // What cannot be cut off is cut off when the recording is continued.
                    let _ = file.set_len(size);
                    return Err(error);
                }
            }
        }
        Ok(bytes.len() as u64)
    }
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    let words = format!("cannot record to {}: {error}", path.display());
    Failure::new(Exit::Files, words)
}
