//! The connection to a broker: a socket, and the layers over it.
use crate::socket::Socket;
#[cfg(unix)]
use mio::Interest;
use mio::{Events, Poll, Registry, Token};
use motemq_hosted::Target;
use motemq_net::{Connection, Opening, Route, Scheme, limit_unsent};
use std::{
    fmt,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The longest time by which an attempt gives up earlier than the client.
const EARLY: Duration = Duration::from_millis(250);

/// A connection as the URL of a broker says: TCP or a Unix socket, with or without a proxy, TLS and
/// WebSocket. It never waits.
pub(crate) struct Stream {
    connection: Connection<Socket>,
    has_layers: bool,
}

impl Stream {
    /// Opens a connection to an address of the target, within `limit`. Calls `on_answer` when
    /// something there has answered.
    pub fn open(
        target: &Target,
        address: Option<SocketAddr>,
        limit: Duration,
        on_answer: impl FnOnce(),
    ) -> io::Result<Self> {
        let route = &*target.route;
        let limit = early(limit);
        let until = Instant::now().checked_add(limit);
        let socket = if route.scheme == Scheme::Unix {
            unix(&route.path)?
        } else {
            let address = address.ok_or(ErrorKind::AddrNotAvailable)?;
            let socket = route.connect(address, limit)?;
            on_answer();
            // Packets are small and leave whole: waiting for more to send would only delay them.
            socket.set_nodelay(true)?;
            limit_unsent(&socket);
            Socket::tcp(socket)?
        };
        Ok(Stream {
            connection: open_layers(route, socket, until)?,
            has_layers: route.has_layers(),
        })
    }

    /// Returns whether a connection of this route is plain TCP, which [`begin`](Self::begin) begins.
    #[cfg(unix)]
    pub fn begins_at_once(route: &Route) -> bool {
        route.scheme == Scheme::Mqtt && route.proxy.is_none() && route.bind.is_empty()
    }

    /// Begins to connect. Mostly a broker on this machine has answered then.
    #[cfg(unix)]
    pub fn begin(address: SocketAddr) -> io::Result<Begun> {
        let connecting = Connecting(mio::net::TcpStream::connect(address)?);
        if connecting.is_complete()? {
            connecting.into_stream().map(Begun::Connected)
        } else {
            Ok(Begun::Waiting(connecting))
        }
    }

    /// Returns whether a call that would block waits for the system to report more.
    pub fn is_pending(&mut self) -> bool {
        self.connection.socket().is_pending()
    }

    /// Returns whether something lies between the socket and MQTT.
    pub fn has_layers(&self) -> bool {
        self.has_layers
    }

    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.connection.socket().register(registry, token)
    }

    pub fn deregister(&mut self, registry: &Registry) {
        self.connection.socket().deregister(registry);
    }

    /// Writes what is left, and closes the writing side.
    pub fn finish(&mut self) -> io::Result<()> {
        self.connection.finish(Socket::shut_down)
    }
}

/// Returns a limit for an attempt that ends before the client takes the time, so that the reason is
/// known first. The system refuses to wait no time at all.
fn early(limit: Duration) -> Duration {
    (limit - (limit / 8).min(EARLY)).max(Duration::from_millis(1))
}

/// A connection of plain TCP that was begun.
#[cfg(unix)]
pub(crate) enum Begun {
    Connected(Stream),
    Waiting(Connecting),
}

/// A socket that is not connected yet.
#[cfg(unix)]
pub(crate) struct Connecting(mio::net::TcpStream);

#[cfg(unix)]
impl Connecting {
    /// Waits for the connection.
    pub fn wait(mut self, limit: Duration) -> io::Result<Stream> {
        let until = Instant::now().checked_add(early(limit));
        let mut poll = Poll::new()?;
        poll.registry()
            .register(&mut self.0, Token(0), Interest::WRITABLE)?;
        let mut events = Events::with_capacity(1);
        while !self.is_complete()? {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                let why = "connection timed out";
                return Err(io::Error::new(ErrorKind::TimedOut, why));
            }
            match poll.poll(&mut events, left) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        poll.registry().deregister(&mut self.0)?;
        self.into_stream()
    }

    fn is_complete(&self) -> io::Result<bool> {
        if let Some(error) = self.0.take_error()? {
            return Err(error);
        }
        match self.0.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn into_stream(self) -> io::Result<Stream> {
        self.0.set_nodelay(true)?;
        limit_unsent(&self.0);
        let opening = Opening::new(&Route::default(), Socket::connected(self.0))?.advance()?;
        let connection = opening.ok_or(ErrorKind::WouldBlock)?;
        Ok(Stream {
            connection,
            has_layers: false,
        })
    }
}

/// Opens the layers over a socket.
fn open_layers(
    route: &Route,
    mut socket: Socket,
    until: Option<Instant>,
) -> io::Result<Connection<Socket>> {
    let mut poll = None;
    if route.has_layers() {
        let new = Poll::new()?;
        socket.register(new.registry(), Token(0))?;
        poll = Some(new);
    }
    let mut events = Events::with_capacity(4);
    let mut opening = Opening::new(route, socket)?;
    loop {
        if let Some(mut connection) = opening.advance()? {
            if let Some(poll) = &poll {
                connection.socket().deregister(poll.registry());
            }
            return Ok(connection);
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(opening.timed_out().into());
        }
        let is_pending = opening.socket().is_none_or(|socket| socket.is_pending());
        if let Some(poll) = poll.as_mut().filter(|_| is_pending) {
            match poll.poll(&mut events, left) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    }
}

#[cfg(unix)]
fn unix(path: &str) -> io::Result<Socket> {
    std::os::unix::net::UnixStream::connect(path).and_then(Socket::unix)
}

#[cfg(not(unix))]
fn unix(_: &str) -> io::Result<Socket> {
    Err(io::Error::new(
        ErrorKind::Unsupported,
        "this system has no Unix sockets",
    ))
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.connection.read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.connection.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.connection.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.connection.flush()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
