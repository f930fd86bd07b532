//! The connection to a broker: a socket, and the layers over it.
use crate::socket::Socket;
use mio::{Events, Poll, Registry, Token};
use motemq_hosted::Target;
use motemq_net::{Connection, Opening, Route, Scheme, limit_unsent};
use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
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
        // Before the client takes the time, so that the reason is known first. The system refuses to
        // wait no time at all.
        let limit = (limit - (limit / 8).min(EARLY)).max(Duration::from_millis(1));
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

    fn flush(&mut self) -> io::Result<()> {
        self.connection.flush()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
