//! Other ways to carry the bytes than those of this crate.
use crate::Address;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// An ordered stream of bytes in both directions, such as a serial line, a pair of pipes, or a
/// tunnel.
///
/// If it has a [`source`](Self::source), the driver waits until the system reports that the stream
/// can be read or written, and the threads that publish messages write them. Without a source, the
/// driver reads for up to 10 ms at a time, so messages may wait for this time.
pub trait Transport: Read + Write + Send {
    /// Sets the time for which the next calls of `read` may wait. Zero means that they do not wait.
    ///
    /// If nothing has arrived within this time, `read` has to fail with `TimedOut` or `WouldBlock`,
    /// which have the same meaning. If bytes have arrived that can be read only when more follow,
    /// such as a part of a TLS record, it can fail with [`PartialRead`](crate::PartialRead).
    ///
    /// # Errors
    /// An error of the system. It ends the connection.
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()>;

    /// Writes as many bytes as the peer accepts without waiting, and returns their number. The
    /// default implementation calls `write`, which suits streams that never wait for long.
    ///
    /// # Errors
    /// `WouldBlock` or `TimedOut` if the peer accepts no bytes now. Any other error ends the
    /// connection.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    /// Closes the sending direction of the stream, if the stream has such an operation. The driver
    /// calls it after it has written all bytes. The default implementation calls `flush`.
    ///
    /// # Errors
    /// An error of the system. It has no effect, since the connection ends in any case.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Returns a file descriptor with which the system can wait until the stream can be read or
    /// written, or `None`, which is the default. Every call has to return the same one. With a
    /// file descriptor, the driver sets a [time-out](Self::set_read_timeout) of zero.
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

/// Opens the transports of a client, one for each connection. Closures that take an [`Address`] and
/// return an `io::Result` of a transport implement this trait.
///
/// The closure or method is called in a thread of its own, so it can block, for up to
/// [`Options::connect_timeout`](crate::Options::connect_timeout). If it returns a transport after
/// this time, the client drops the transport.
///
/// # Examples
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
    /// The reason why the transport cannot be opened. The [state](crate::State) contains it.
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
