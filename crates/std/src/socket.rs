//! What lies at the bottom of every stream.
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

/// A time-out of the system's that is longer than what is left, by so much at most, is not set
/// anew: what lies there already comes at once.
const SLACK: Duration = Duration::from_millis(20);

/// A socket that waits as it is told.
#[derive(Debug)]
pub struct Socket {
    kind: Kind,
    pace: Pace,
    /// How long a read may take.
    limit: Option<Duration>,
    /// The time-out of reads that the system was told.
    told: Option<Duration>,
    nonblocking: bool,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// For what it waits. The layers above read as often as they like.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Whatever it takes.
    Patient,
    /// For nothing.
    AtOnce,
    /// For bytes, until then, then it says `WouldBlock`: layers above go on where they were. What
    /// is written meanwhile does not wait.
    Reading(Instant),
    /// For all, until then, then it says `TimedOut`: it has failed.
    Shaking(Instant),
}

/// The same for each kind of socket.
macro_rules! each {
    ($kind:expr, $socket:ident => $call:expr) => {
        match $kind {
            Kind::Tcp($socket) => $call,
            #[cfg(unix)]
            Kind::Unix($socket) => $call,
        }
    };
}

impl Socket {
    pub fn tcp(socket: TcpStream) -> Self {
        Self::new(Kind::Tcp(socket))
    }

    #[cfg(unix)]
    pub fn unix(socket: UnixStream) -> Self {
        Self::new(Kind::Unix(socket))
    }

    fn new(kind: Kind) -> Self {
        Socket {
            kind,
            pace: Pace::Patient,
            limit: None,
            told: None,
            nonblocking: false,
        }
    }

    /// Hands are shaken: from now on what has not come or gone by then fails.
    pub fn shake_hands(&mut self, until: Instant) {
        self.pace = Pace::Shaking(until);
    }

    /// They are.
    pub fn hands_are_shaken(&mut self) -> io::Result<()> {
        self.pace = Pace::Patient;
        each!(&self.kind, socket => socket.set_write_timeout(None))
    }

    /// How long a read may take from its [beginning](Self::begin_to_read); zero: it takes what is
    /// there.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = Some(limit);
    }

    /// Somebody reads.
    pub fn begin_to_read(&mut self) {
        self.pace = match self.limit {
            Some(Duration::ZERO) => Pace::AtOnce,
            limit => limit
                .and_then(|limit| Instant::now().checked_add(limit))
                .map_or(Pace::Patient, Pace::Reading),
        };
    }

    /// Somebody writes, and waits for it.
    pub fn wait(&mut self) {
        self.pace = Pace::Patient;
    }

    /// Nobody waits.
    pub fn do_not_wait(&mut self) {
        self.pace = Pace::AtOnce;
    }

    /// Nothing of ours follows.
    pub fn finish(&self) -> io::Result<()> {
        each!(&self.kind, socket => socket.shutdown(Shutdown::Write))
    }

    /// Asks the system only where it changes something.
    fn set_nonblocking(&mut self, nonblocking: bool) -> io::Result<()> {
        if self.nonblocking != nonblocking {
            each!(&self.kind, socket => socket.set_nonblocking(nonblocking))?;
            self.nonblocking = nonblocking;
        }
        Ok(())
    }

    /// This, too: setting it for each read would cost as much as the read.
    fn set_read_timeout(&mut self, left: Option<Duration>) -> io::Result<()> {
        let slack = left.map_or(SLACK, |left| SLACK.min(left / 8));
        let does = match (self.told, left) {
            (Some(told), Some(left)) => {
                told.checked_sub(left).is_some_and(|longer| longer <= slack)
            }
            (told, left) => told == left,
        };
        if !does {
            each!(&self.kind, socket => socket.set_read_timeout(left))?;
            self.told = left;
        }
        Ok(())
    }

    /// The systems say in two ways that time is up, and the layers above hear but one of them as
    /// "later".
    fn late(&self, error: io::Error) -> io::Error {
        match (error.kind(), self.pace) {
            (ErrorKind::WouldBlock, Pace::Shaking(_)) => ErrorKind::TimedOut.into(),
            (ErrorKind::TimedOut, Pace::Reading(_)) => ErrorKind::WouldBlock.into(),
            _ => error,
        }
    }
}

/// What is left of the time.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(ErrorKind::TimedOut.into())
    } else {
        Ok(left)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.set_nonblocking(matches!(self.pace, Pace::AtOnce))?;
        match self.pace {
            Pace::AtOnce => {}
            Pace::Patient => self.set_read_timeout(None)?,
            Pace::Reading(until) | Pace::Shaking(until) => {
                let left = left(until).map_err(|error| self.late(error))?;
                self.set_read_timeout(Some(left))?;
            }
        }
        each!(&mut self.kind, socket => socket.read(buffer)).map_err(|error| self.late(error))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_nonblocking(matches!(self.pace, Pace::AtOnce | Pace::Reading(_)))?;
        if let Pace::Shaking(until) = self.pace {
            let left = left(until)?;
            each!(&self.kind, socket => socket.set_write_timeout(Some(left)))?;
        }
        each!(&mut self.kind, socket => socket.write(bytes)).map_err(|error| self.late(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
