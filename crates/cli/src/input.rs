//! The sources of messages.
use crate::{
    args::{MessageArgs, SourceArgs},
    exit::{Exit, Failure},
    patient::Patient,
};
use motemq_std::QoS;
use std::{
    ffi::OsStr,
    fmt, fs,
    io::{self, BufRead, BufReader, Read, Seek},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// The most bytes of a packet behind its fixed header [MQTT-2.2.3].
const LONGEST_PACKET: usize = 268_435_455;
/// Reads of lines that wait to be published: reading stands still when there are as many.
const READS_AHEAD: usize = 2;
/// As many bytes of lines are read at once.
const READ: usize = 64 << 10;
/// Files up to this length are held in memory, and so are payloads that can be sent again.
pub const HELD: usize = 1 << 20;

/// The payloads that fit behind a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room(usize);

impl Room {
    /// Returns the room that a topic leaves.
    pub fn behind(topic: &str, qos: QoS) -> Self {
        let identifier = if qos == QoS::AtMostOnce { 0 } else { 2 };
        Room(LONGEST_PACKET - 2 - topic.len() - identifier)
    }

    fn check(self, what: impl fmt::Display, length: u64) -> Result<(), Failure> {
        if length <= self.0 as u64 {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Files,
            format_args!(
                "{what} is too long: a message has at most 268,435,455 bytes, the topic included"
            ),
        ))
    }

    /// Reads all of an input, and no more of it than fits.
    fn read(self, what: impl fmt::Display, from: impl Read) -> Result<Vec<u8>, Failure> {
        let mut payload = Vec::new();
        Patient(from)
            .take(self.0 as u64 + 1)
            .read_to_end(&mut payload)
            .map_err(|error| cannot_read(&what, &error))?;
        self.check(what, payload.len() as u64)?;
        Ok(payload)
    }
}

/// Reads lines in a thread of its own, since nothing can interrupt a read of stdin: the receiver
/// stays free to look after the connection, and to end. Each item holds the whole lines that were
/// there together. The channel closes at the end of input, or after the failure that it reports.
pub fn lines(input: impl Read + Send + 'static, room: Room) -> Receiver<Result<Vec<u8>, Failure>> {
    let (sender, receiver) = sync_channel(READS_AHEAD);
    thread::spawn(move || {
        let mut input = BufReader::with_capacity(READ, Patient(input));
        let mut rest = Vec::new();
        while let Some(lines) = next_lines(&mut input, &mut rest, room).transpose() {
            let failed = lines.is_err();
            if sender.send(lines).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

/// Returns the lines that are there, at least one; `None` at the end. `rest` is the beginning of the
/// line behind them.
fn next_lines(
    input: &mut impl BufRead,
    rest: &mut Vec<u8>,
    room: Room,
) -> Result<Option<Vec<u8>>, Failure> {
    loop {
        let read = match input.fill_buf() {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(cannot_read("stdin", &error)),
        };
        if read.is_empty() {
            let last = std::mem::take(rest);
            return Ok(Some(last).filter(|last| !last.is_empty()));
        }
        let first = read.iter().position(|&byte| byte == b'\n');
        let length = rest.len() + first.unwrap_or(read.len());
        room.check("the line", length as u64)?;
        let count = read.len();
        let lines = match first.and_then(|_| read.iter().rposition(|&byte| byte == b'\n')) {
            Some(end) => {
                rest.extend_from_slice(&read[..=end]);
                Some(std::mem::replace(rest, read[end + 1..].to_vec()))
            }
            None => {
                rest.extend_from_slice(read);
                None
            }
        };
        input.consume(count);
        if lines.is_some() {
            return Ok(lines);
        }
    }
}

/// Returns each of these lines without its end.
pub fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split_inclusive(|&byte| byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // The line end of Windows has two characters; elsewhere a carriage return is a character
        // like any other.
        if cfg!(windows) {
            line.strip_suffix(b"\r").unwrap_or(line)
        } else {
            line
        }
    })
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
    /// Returns the source of one message or of many.
    pub fn of(args: &MessageArgs) -> Option<Self> {
        let lines = args.lines.then_some(Source::Lines);
        Self::of_one(&args.source).or(lines)
    }

    /// Returns the source of one message.
    pub fn of_one(args: &SourceArgs) -> Option<Self> {
        match args {
            SourceArgs {
                text: Some(text), ..
            } => Some(Source::Text(bytes_of(text))),
            SourceArgs {
                file: Some(path), ..
            } => Some(Source::File(path.clone())),
            SourceArgs { empty: true, .. } => Some(Source::Text(Vec::new())),
            SourceArgs { stdin: true, .. } => Some(Source::Stdin),
            _ => None,
        }
    }
}

/// The content of the messages to be published.
#[derive(Debug)]
pub enum Content {
    Payload(Vec<u8>),
    /// A regular file, read anew for each message: it may have changed.
    File(PathBuf),
    Lines,
}

impl Content {
    /// Reads what is read once, and looks whether the rest can be read. A pipe is read to its end,
    /// which may take long: there is no connection yet that would have to be kept up.
    pub fn of(source: Source, room: Room) -> Result<Self, Failure> {
        match source {
            Source::Text(payload) => Ok(Content::Payload(payload)),
            Source::Stdin => room.read("stdin", io::stdin().lock()).map(Content::Payload),
            Source::File(path) => {
                let failed = |error: io::Error| {
                    let hint = if path.as_os_str() == "-" {
                        "; for stdin say -s"
                    } else {
                        ""
                    };
                    cannot_read(path.display(), &format_args!("{error}{hint}"))
                };
                let about = fs::metadata(&path).map_err(failed)?;
                if about.is_dir() {
                    return Err(failed(io::ErrorKind::IsADirectory.into()));
                }
                let file = |path| fs::File::open(path).map_err(failed);
                if !about.is_file() {
                    let payload = room.read(path.display(), file(&path)?)?;
                    return Ok(Content::Payload(payload));
                }
                file(&path)?;
                room.check(path.display(), about.len())?;
                Ok(Content::File(path))
            }
            Source::Lines => Ok(Content::Lines),
        }
    }
}

/// A file opened to be published.
pub enum File {
    Small(Vec<u8>),
    /// With its length; not held in memory.
    Large(fs::File, u64),
}

/// Opens a regular file. Only the length of a large one is believed: those of the system have a
/// wrong one.
pub fn open(path: &Path, room: Room) -> Result<File, Failure> {
    let failed = |error| cannot_read(path.display(), &error);
    let file = fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > HELD as u64 {
        room.check(path.display(), length)?;
        return Ok(File::Large(file, length));
    }
    room.read(path.display(), file).map(File::Small)
}

/// Returns how much there is in stdin, if that is a file.
pub fn length_of_stdin() -> Option<u64> {
    #[cfg(unix)]
    let stdin = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned();
    #[cfg(windows)]
    let stdin = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned();
    #[cfg(any(unix, windows))]
    {
        let mut file = fs::File::from(stdin.ok()?);
        let about = file.metadata().ok()?;
        let position = file.stream_position().ok().filter(|_| about.is_file())?;
        Some(about.len().saturating_sub(position))
    }
    #[cfg(not(any(unix, windows)))]
    None
}

/// Returns the failure that a message to be published cannot be read from `what`.
pub fn cannot_read(what: impl fmt::Display, error: &impl fmt::Display) -> Failure {
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
    use std::io::Cursor;

    fn all(input: impl Read + Send + 'static) -> Vec<Option<Vec<u8>>> {
        within(input, Room(100))
    }

    fn within(input: impl Read + Send + 'static, room: Room) -> Vec<Option<Vec<u8>>> {
        let reads = lines(input, room).into_iter();
        reads
            .flat_map(|read| match read {
                Ok(lines) => each_line(&lines).map(|line| Some(line.to_vec())).collect(),
                Err(_) => vec![None],
            })
            .collect()
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
    fn lines_may_come_in_pieces() {
        let pieces = Cursor::new(b"on").chain(&b"e\ntw"[..]).chain(&b"o\n"[..]);
        let wanted = [&b"one"[..], b"two"].map(|line| Some(line.to_vec()));
        assert_eq!(all(pieces), wanted);
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
        let input = Cursor::new(b"one\n").chain(Broken);
        assert_eq!(all(input), [Some(b"one".to_vec()), None]);
    }

    #[test]
    fn what_does_not_fit_is_read_no_further() {
        let room = Room(3);
        assert_eq!(within(&b"abcd\nx\n"[..], room), [None]);
        assert_eq!(within(io::repeat(0), Room(1 << 20)), [None]);
        assert_eq!(room.read("it", &b"abc"[..]).unwrap(), b"abc");
        let failure = room.read("it", io::repeat(0)).unwrap_err();
        assert_eq!(failure.exit, Exit::Files);
        assert!(failure.words.contains("too long"), "{failure:?}");
        assert_eq!(Room::behind("abc", QoS::AtMostOnce), Room(268_435_450));
        assert_eq!(Room::behind("abc", QoS::AtLeastOnce), Room(268_435_448));
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
