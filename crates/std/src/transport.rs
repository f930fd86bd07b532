//! Other ways to carry the bytes than those of this crate.
use crate::Address;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// An ordered stream of bytes in both directions: a serial line, a pair of pipes, a tunnel.
///
/// If it has a [`source`](Self::source), the system reports to the driver when the stream can be
/// read or written, and messages are written by the threads that publish them. Without one, the driver
/// reads for up to ten milliseconds at a time, which is how long messages may wait.
pub trait Transport: Read + Write + Send {
    /// Sets how long a `read` may wait from now on. If nothing has come by then, it fails with
    /// `TimedOut` or `WouldBlock`, which are treated alike; or with
    /// [`PartialRead`](crate::PartialRead), if a part of something has come that can be read only
    /// when it is complete. Zero means not to wait.
    ///
    /// # Errors
    /// The connection is over then.
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()>;

    /// Writes what the other side takes at once; fails with `WouldBlock` or `TimedOut` if that is
    /// nothing. The default is `write`, for streams that never wait for long.
    ///
    /// # Errors
    /// Any other error ends the connection.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    /// Tells the other side that nothing follows, if there is a way to. Everything is written by
    /// then. The default is `flush`.
    ///
    /// # Errors
    /// The connection ends in any case.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Returns what the system can wait for. It must stay the same. The driver reads with a
    /// [time-out](Self::set_read_timeout) of zero then. The default is `None`.
    #[cfg(unix)]
    fn source(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl Transport for TcpStream {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        self.set_nonblocking(limit.is_zero())?;
        // The system takes zero for no limit.
        TcpStream::set_read_timeout(self, Some(limit.max(Duration::from_millis(1))))
    }

    #[cfg(not(unix))]
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A time-out would leave open how much was written.
        self.set_nonblocking(true)?;
        let written = self.write(bytes);
        self.set_nonblocking(false)?;
        written
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    #[cfg(unix)]
    fn source(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
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

    #[cfg(unix)]
    fn source(&self) -> Option<BorrowedFd<'_>> {
        (**self).source()
    }
}

/// Opens a transport to a broker, once for each connection. Closures that take an [`Address`] and
/// return an `io::Result` of a transport implement it.
///
/// It is called in a thread of its own, which may take
/// [`Options::connect_timeout`](crate::Options::connect_timeout); then what it opens is dropped.
///
/// ```
/// use motemq_std::{Address, Client, Options};
/// use std::net::TcpStream;
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let port = broker.addr().port();
/// // Anything that implements Transport carries the bytes.
/// let dial = |broker: &Address| TcpStream::connect((&*broker.host, broker.port));
/// let options = Options::new("node-7").broker("127.0.0.1", port);
/// let client = Client::connect_dialing(options, dial)?;
/// client.connected()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Dial: Send + 'static {
    /// The transport that carries the bytes.
    type Transport: Transport + 'static;

    /// Opens a transport to this broker.
    ///
    /// # Errors
    /// The reason why there is none, which the [state](crate::State) shows.
    fn dial(&mut self, broker: &Address) -> io::Result<Self::Transport>;
}

impl<F, T> Dial for F
where
    F: FnMut(&Address) -> io::Result<T> + Send + 'static,
    T: Transport + 'static,
{
    type Transport = T;

    fn dial(&mut self, broker: &Address) -> io::Result<T> {
        self(broker)
    }
}
