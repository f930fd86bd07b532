//! What carries the bytes.
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// An ordered stream of bytes in both directions: TCP, TLS, a serial line, a pair of pipes.
///
/// Blocking streams cannot wait for both directions at once. The client writes first, with
/// [`write_some`](Self::write_some), and waits for bytes only when all is written; while the other
/// side takes none it looks for incoming bytes every few milliseconds, so that two sides
/// that both write do not wait for each other.
pub trait Transport: Read + Write {
    /// From now on a `read` that waits longer than `limit` fails with `TimedOut` or `WouldBlock`,
    /// which are treated alike; or with [`PartialRead`](crate::PartialRead), if part of something has
    /// come that is given only when it is whole. Zero asks for what is there at once, without
    /// waiting or nearly so.
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()>;

    /// Writes what the other side takes at once; `WouldBlock` or `TimedOut` if that is nothing.
    ///
    /// As provided it is `write`, for streams that never block for long. If `write` may, writing
    /// and receiving wait for each other.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    /// All is written: tells the other side that nothing follows, where there is a way to.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

impl Transport for TcpStream {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        // The system takes zero for no limit.
        TcpStream::set_read_timeout(self, Some(limit.max(Duration::from_millis(1))))
    }

    // A write time-out would do on Unix, but on Windows leaves open how much was written.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_nonblocking(true)?;
        let written = self.write(bytes);
        self.set_nonblocking(false)?;
        written
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        (**self).set_read_timeout(limit)
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write_some(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        (**self).set_read_timeout(limit)
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write_some(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }
}
