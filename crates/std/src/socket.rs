//! The lowest layer of every stream: a socket that never waits.
#[cfg(unix)]
use mio::net::UnixStream;
use mio::{Interest, Registry, Token, event::Source, net::TcpStream};
use std::{
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
};

/// A socket that returns `WouldBlock` instead of waiting.
#[derive(Debug)]
pub(crate) struct Socket {
    kind: Kind,
    /// The last call would have waited.
    is_pending: bool,
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
    pub fn tcp(socket: std::net::TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::new(Kind::Tcp(TcpStream::from_std(socket))))
    }

    /// Takes a socket that never waits already.
    #[cfg(unix)]
    pub fn connected(socket: TcpStream) -> Self {
        Self::new(Kind::Tcp(socket))
    }

    #[cfg(unix)]
    pub fn unix(socket: std::os::unix::net::UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::new(Kind::Unix(UnixStream::from_std(socket))))
    }

    fn new(kind: Kind) -> Self {
        Socket {
            kind,
            is_pending: false,
        }
    }

    /// Returns whether the last call would have waited. Layers may stop of their own accord instead.
    pub fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Tells the peer that nothing follows.
    pub fn shut_down(&mut self) -> io::Result<()> {
        each!(&self.kind, socket => socket.shutdown(Shutdown::Write))
    }

    /// Registers it with the system, which reports when it can be read or written.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        each!(&mut self.kind, socket => socket.register(registry, token, both))
    }

    pub fn deregister(&mut self, registry: &Registry) {
        // It fails only if it was not registered.
        let _ = each!(&mut self.kind, socket => socket.deregister(registry));
    }

    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.is_pending = matches!(&done, Err(error) if error.kind() == ErrorKind::WouldBlock);
        done
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = each!(&mut self.kind, socket => socket.read(buffer));
        self.noted(read)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = each!(&mut self.kind, socket => socket.write(bytes));
        self.noted(written)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = each!(&mut self.kind, socket => socket.write_vectored(slices));
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
