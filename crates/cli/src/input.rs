//! The sources of messages.
use crate::{
    args::MessageArgs,
    exit::{Exit, Failure},
};
use std::{
    ffi::OsStr,
    fmt, fs,
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// Lines that wait to be published: reading stands still when there are as many.
const LINES_AHEAD: usize = 64;
/// Files up to this length are held in memory.
const HELD: u64 = 1 << 20;

/// Reads lines in a thread of its own, since nothing can interrupt a read of stdin: whoever takes
/// them stays free to look after the connection, and to end. The channel closes at the end of
/// input, or after the error that it tells.
pub fn lines(mut input: impl BufRead + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(LINES_AHEAD);
    thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            let next = match input.read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => Ok(without_line_end(line)),
                Err(error) => Err(error),
            };
            let failed = next.is_err();
            if sender.send(next).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

fn without_line_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        // The line end of Windows has two characters; elsewhere a carriage return is a character
        // like any other.
        if cfg!(windows) && line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}

/// The source of messages, as the command line names it.
#[derive(PartialEq, Eq, Debug)]
pub enum Source {
    Text(Vec<u8>),
    File(PathBuf),
    Stdin,
    Lines,
}

impl Source {
    pub fn of(args: &MessageArgs) -> Option<Self> {
        match args {
            MessageArgs {
                text: Some(text), ..
            } => Some(Source::Text(bytes_of(text))),
            MessageArgs {
                file: Some(path), ..
            } => Some(Source::File(path.clone())),
            MessageArgs { empty: true, .. } => Some(Source::Text(Vec::new())),
            MessageArgs { stdin: true, .. } => Some(Source::Stdin),
            MessageArgs { lines: true, .. } => Some(Source::Lines),
            _ => None,
        }
    }
}

/// The content of the messages to be published.
#[derive(Debug)]
pub enum Content {
    Payload(Vec<u8>),
    /// Read anew for each message: it may have changed.
    File(PathBuf),
    Lines,
}

impl Content {
    /// Reads what is read once, and looks whether the rest can be read.
    pub fn of(source: Source) -> Result<Self, Failure> {
        match source {
            Source::Text(payload) => Ok(Content::Payload(payload)),
            Source::Stdin => {
                let mut payload = Vec::new();
                io::stdin()
                    .lock()
                    .read_to_end(&mut payload)
                    .map_err(|error| cannot_read("stdin", &error))?;
                Ok(Content::Payload(payload))
            }
            Source::File(path) => match fs::metadata(&path) {
                Ok(about) if about.is_dir() => Err(cannot_read(
                    path.display(),
                    &io::ErrorKind::IsADirectory.into(),
                )),
                Ok(_) => Ok(Content::File(path)),
                Err(error) => Err(cannot_read(path.display(), &error)),
            },
            Source::Lines => Ok(Content::Lines),
        }
    }
}

/// A file opened to be published.
pub enum File {
    Small(Vec<u8>),
    /// With its length; not held in memory.
    Large(Box<dyn Read>, u64),
}

/// Opens a file. Only the length of a large regular file is believed: others have none, or a wrong
/// one.
pub fn open(path: &Path) -> Result<File, Failure> {
    read(path).map_err(|error| cannot_read(path.display(), &error))
}

fn read(path: &Path) -> io::Result<File> {
    let mut file = fs::File::open(path)?;
    let about = file.metadata()?;
    if about.is_file() && about.len() > HELD {
        return Ok(File::Large(Box::new(file), about.len()));
    }
    let mut payload = Vec::new();
    file.read_to_end(&mut payload)?;
    Ok(File::Small(payload))
}

/// Returns the failure that a message to be published cannot be read from `what`.
pub fn cannot_read(what: impl fmt::Display, error: &io::Error) -> Failure {
    Failure::new(Exit::Files, format_args!("cannot read {what}: {error}"))
}

/// The bytes of an argument: payloads and passwords need not be text.
pub fn bytes_of(argument: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStrExt::as_bytes(argument).to_vec();
    #[cfg(not(unix))]
    return argument.to_string_lossy().into_owned().into_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::io::{BufReader, Cursor};

    fn all(input: impl BufRead + Send + 'static) -> Vec<Option<Vec<u8>>> {
        lines(input).into_iter().map(Result::ok).collect()
    }

    #[test]
    fn each_line_is_a_message() {
        let text: &[u8] = b"one\n\n\xff three\nlast";
        let wanted = [&b"one"[..], b"", b"\xff three", b"last"].map(|line| Some(line.to_vec()));
        assert_eq!(all(text), wanted);
        assert!(all(&b""[..]).is_empty());
        assert_eq!(all(&b"\n"[..]), [Some(vec![])]);
    }

    #[test]
    fn a_carriage_return_is_a_line_end_on_windows_only() {
        let wanted: &[u8] = if cfg!(windows) { b"a" } else { b"a\r" };
        assert_eq!(all(&b"a\r\n"[..]), [Some(wanted.to_vec())]);
    }

    #[test]
    fn an_error_is_told_and_ends() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let input = BufReader::new(Cursor::new(b"one\n").chain(Broken));
        assert_eq!(all(input), [Some(b"one".to_vec()), None]);
    }

    #[test]
    fn arguments_keep_their_bytes() {
        assert_eq!(bytes_of(&OsString::from("ä")), "ä".as_bytes());
        #[cfg(unix)]
        assert_eq!(
            bytes_of(std::os::unix::ffi::OsStrExt::from_bytes(&[255, 0x41])),
            [255, 0x41]
        );
    }
}
