//! What lies at the bottom of every stream.
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

/// A socket. While hands are shaken it has a deadline, and says `TimedOut` when that is over.
#[derive(Debug)]
pub struct Socket {
    kind: Kind,
    until: Option<Instant>,
    /// It does not wait.
    nonblocking: bool,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
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
        Socket { kind: Kind::Tcp(socket), until: None, nonblocking: false }
    }

    #[cfg(unix)]
    pub fn unix(socket: UnixStream) -> Self {
        Socket { kind: Kind::Unix(socket), until: None, nonblocking: false }
    }

    /// From now on what has not come or gone then fails; `None`: that is over, and time-outs are as the system has them.
    pub fn deadline(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.until = until;
        if until.is_none() {
            each!(&self.kind, socket => socket.set_read_timeout(None).and_then(|()| socket.set_write_timeout(None)))?;
        }
        Ok(())
    }

    pub fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        each!(&self.kind, socket => socket.set_read_timeout(Some(limit)))
    }

    /// Asks the system only where it changes something.
    pub fn set_nonblocking(&mut self, nonblocking: bool) -> io::Result<()> {
        if self.nonblocking != nonblocking {
            each!(&self.kind, socket => socket.set_nonblocking(nonblocking))?;
            self.nonblocking = nonblocking;
        }
        Ok(())
    }

    /// Nothing of ours follows.
    pub fn finish(&self) -> io::Result<()> {
        each!(&self.kind, socket => socket.shutdown(Shutdown::Write))
    }

    /// What is left of the time.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        match until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(ErrorKind::TimedOut.into()),
        }
    }

    /// The systems say it in two ways. With a deadline there is no "later".
    fn late(&self, error: io::Error) -> io::Error {
        if self.until.is_some() && error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.set_read_timeout(left)?;
        }
        each!(&mut self.kind, socket => socket.read(buffer)).map_err(|error| self.late(error))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            each!(&self.kind, socket => socket.set_write_timeout(Some(left)))?;
        }
        each!(&mut self.kind, socket => socket.write(bytes)).map_err(|error| self.late(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
