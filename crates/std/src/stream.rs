//! The way to the broker, layer upon layer: a socket, TLS perhaps, a WebSocket perhaps.
#[cfg(feature = "tls")]
mod tls;
mod websocket;

use crate::{Error, Transport, engine::is_pause, socket::Socket};
use motemq_net::{Foreign, Route, Scheme, Underway};
use std::{
    fmt,
    io::{self, Read, Write},
    mem,
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant},
};

/// A connection to a broker as its URL says: TCP or a Unix socket, with or without TLS and
/// WebSocket.
pub struct Stream {
    top: Box<dyn Layer>,
    /// Something was read.
    has_read: bool,
}

/// A stream over another, down to a socket.
trait Layer: Read + Write + Send {
    /// What is at the bottom.
    fn socket(&mut self) -> &mut Socket;

    /// Returns whether anything has come since the last call that is a part of something that can
    /// be given only when it is whole.
    fn take_underway(&mut self) -> bool {
        false
    }

    /// Tells the other side that nothing follows.
    fn finish(&mut self) -> io::Result<()>;
}

impl Layer for Socket {
    fn socket(&mut self) -> &mut Socket {
        self
    }

    fn finish(&mut self) -> io::Result<()> {
        Socket::finish(self)
    }
}

impl Stream {
    fn new(top: impl Layer + 'static) -> Self {
        Stream {
            top: Box::new(top),
            has_read: false,
        }
    }

    /// Goes the whole way; each address of the host may take so long, and so may all that follows.
    pub(crate) fn open(route: &Route, limit: Duration) -> Result<Self, Error> {
        // The system refuses to wait no time at all.
        let limit = limit.max(Duration::from_millis(1));
        let mut socket = socket(route, limit)?;
        if route.scheme.is_tls() || route.scheme.is_websocket() {
            if let Some(until) = Instant::now().checked_add(limit) {
                socket.shake_hands(until);
            }
            let mut stream = layers(route, socket)?;
            let shaken = stream.top.socket().hands_are_shaken();
            shaken.map_err(|error| Error::Connect {
                address: route.place(),
                source: Arc::new(error),
            })?;
            return Ok(stream);
        }
        Ok(Stream::new(socket))
    }

    /// It stays so until the next read: who sends message upon message asks the system once.
    fn without_waiting(&mut self) -> &mut dyn Layer {
        self.top.socket().do_not_wait();
        &mut *self.top
    }

    fn waiting(&mut self) -> &mut dyn Layer {
        self.top.socket().wait();
        &mut *self.top
    }
}

fn layers(route: &Route, socket: Socket) -> Result<Stream, Error> {
    if route.scheme.is_tls() {
        let stream = secured(route, socket)?;
        return if route.scheme.is_websocket() {
            websocket::open(route, stream)
        } else {
            Ok(Stream::new(stream))
        };
    }
    websocket::open(route, socket)
}

#[cfg(feature = "tls")]
fn secured(route: &Route, socket: Socket) -> Result<tls::Stream, Error> {
    tls::open(route, socket)
}

#[cfg(not(feature = "tls"))]
fn secured(_: &Route, _: Socket) -> Result<Socket, Error> {
    Err(Error::Invalid(
        "this program was built without TLS: build it with the feature \"tls\"".into(),
    ))
}

fn socket(route: &Route, limit: Duration) -> Result<Socket, Error> {
    let failed = |source| Error::Connect {
        address: route.place(),
        source: Arc::new(source),
    };
    if route.scheme == Scheme::Unix {
        return unix(&route.path).map_err(failed);
    }
    let host = &route.host;
    let addresses = (host.as_str(), route.port())
        .to_socket_addrs()
        .map_err(|source| Error::Resolve {
            host: host.clone(),
            source: Arc::new(source),
        })?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        // Packets are small and go out whole: waiting for more to send would only make them late.
        match TcpStream::connect_timeout(&address, limit)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        {
            Ok(stream) => return Ok(Socket::tcp(stream)),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

#[cfg(unix)]
fn unix(path: &str) -> io::Result<Socket> {
    std::os::unix::net::UnixStream::connect(path).map(Socket::unix)
}

#[cfg(not(unix))]
fn unix(_: &str) -> io::Result<Socket> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no Unix sockets",
    ))
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.top.socket().begin_to_read();
        let read = self.top.read(buffer);
        // Taken however it went: what was given is not on its way.
        let is_underway = self.top.take_underway();
        match read {
            Err(error) if is_pause(error.kind()) && is_underway => Err(Underway.into()),
            Ok(n) if n > 0 && !mem::replace(&mut self.has_read, true) => {
                Foreign::of(&buffer[..n]).map_or(Ok(n), |foreign| Err(foreign.into()))
            }
            read => read,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.waiting().flush()
    }
}

impl Transport for Stream {
    fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        self.top.socket().set_limit(limit);
        Ok(())
    }

    // A write time-out would do on Unix, but on Windows leaves open how much was written.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.without_waiting().write(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.without_waiting().finish()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
