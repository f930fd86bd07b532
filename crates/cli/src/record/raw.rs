//! The bytes of connections, as they were written and read, one piece on each line.
use crate::{
    exit::{Exit, Failure},
    recording::Stamp,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use motemq_std::{Direction, Options};
use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// A file with the bytes of connections. They hold the password, so that only its owner may read
/// it.
pub struct Raw {
    path: PathBuf,
    file: Arc<Mutex<io::Result<File>>>,
}

/// Lets only the owner read a file that was there, as one that was made for this.
#[cfg(unix)]
fn hide(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.is_file() {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// A piece of a connection. It need not hold whole packets.
#[derive(Serialize)]
struct Piece {
    timestamp: Stamp,
    /// Connections are counted from 1.
    connection: u64,
    direction: &'static str,
    bytes_base64: String,
}

impl Raw {
    /// Makes the file. One that is there is replaced.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| cannot(path, &error))?;
        #[cfg(unix)]
        hide(&file).map_err(|error| cannot(path, &error))?;
        Ok(Raw {
            path: path.into(),
            file: Arc::new(Mutex::new(Ok(file))),
        })
    }

    /// Returns options with which the bytes of connections are written to the file.
    pub fn listen_to(&self, options: Options) -> Options {
        let file = self.file.clone();
        options.trace_bytes(move |connection, direction, bytes| {
            let piece = Piece {
                timestamp: Stamp(SystemTime::now()),
                connection,
                direction: match direction {
                    Direction::In => "in",
                    Direction::Out => "out",
                },
                bytes_base64: STANDARD.encode(bytes),
            };
            let mut kept = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(file) = &mut *kept
                && let Err(error) = piece.write(file)
            {
                *kept = Err(error);
            }
        })
    }

    /// Returns whether all of it is written up to now.
    pub fn check(&self) -> Result<(), Failure> {
        let kept = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Ok(_) => Ok(()),
            Err(error) => Err(cannot(&self.path, error)),
        }
    }
}

impl Piece {
    fn write(&self, file: &mut File) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        file.write_all(&line)
    }
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    let words = format!("cannot record to {}: {error}", path.display());
    Failure::new(Exit::Files, words)
}
