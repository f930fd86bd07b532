//! The connection to a broker: a socket, and the layers over it.
use crate::{Error, Transport, socket::Socket};
use motemq_net::{Connection, OpenError, Opening, Route, Scheme, addresses_to_try};
use std::{
    fmt,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant},
};

/// A connection to a broker as its URL says: TCP or a Unix socket, with or without a proxy, TLS and
/// WebSocket.
pub struct Stream(Connection<Socket>);

impl Stream {
    /// Opens a connection. `limit` holds for each address of the host, and for all layers together.
    pub(crate) fn open(route: &Route, limit: Duration) -> Result<Self, Error> {
        // The system refuses to wait no time at all.
        let limit = limit.max(Duration::from_millis(1));
        let mut socket = socket(route, limit)?;
        if route.has_layers()
            && let Some(until) = Instant::now().checked_add(limit)
        {
            socket.shake_hands(until);
        }
        let open = || {
            let mut opening = Opening::new(route, socket)?;
            loop {
                if let Some(connection) = opening.advance()? {
                    return Ok(connection);
                }
            }
        };
        let mut connection = open().map_err(|error| unopened(route, error))?;
        if route.has_layers() {
            connection
                .socket()
                .hands_are_shaken()
                .map_err(|error| unconnected(route, error))?;
        }
        Ok(Stream(connection))
    }

    /// It stays so until the next read: a client that sends message upon message asks the system
    /// once.
    fn without_waiting(&mut self) -> &mut Connection<Socket> {
        self.0.socket().do_not_wait();
        &mut self.0
    }

    fn waiting(&mut self) -> &mut Connection<Socket> {
        self.0.socket().wait();
        &mut self.0
    }
}

fn unconnected(route: &Route, source: io::Error) -> Error {
    let (host, port) = route.next_hop();
    let address = match route.scheme {
        Scheme::Unix => route.path.clone(),
        _ if route.proxy.is_none() => route.place(),
        _ => format!("the proxy {host}:{port}"),
    };
    Error::Connect {
        address,
        source: Arc::new(source),
    }
}

fn unopened(route: &Route, error: OpenError) -> Error {
    let address = route.place();
    match error {
        OpenError::Proxy(source) => Error::Proxy { address, source },
        #[cfg(feature = "_tls")]
        OpenError::Tls(source) => Error::Tls { address, source },
        #[cfg(feature = "websocket")]
        OpenError::WebSocket(source) => Error::WebSocket {
            address,
            source: Arc::new(source),
        },
        error => Error::Invalid(error.to_string()),
    }
}

fn socket(route: &Route, limit: Duration) -> Result<Socket, Error> {
    if route.scheme == Scheme::Unix {
        return unix(&route.path).map_err(|error| unconnected(route, error));
    }
    let (host, port) = route.next_hop();
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|source| Error::Resolve {
            host: host.into(),
            source: Arc::new(source),
        })?;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses_to_try(found) {
        // Packets are small and go out whole: waiting for more to send would only make them late.
        match TcpStream::connect_timeout(&address, limit)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        {
            Ok(stream) => return Ok(Socket::tcp(stream)),
            Err(error) => last = error,
        }
    }
    Err(unconnected(route, last))
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
        self.0.socket().begin_to_read();
        self.0.read(buffer)
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
        self.0.socket().set_limit(limit);
        Ok(())
    }

    // A write time-out would do on Unix, but on Windows leaves open how much was written.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.without_waiting().write(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.without_waiting().finish(|socket| socket.finish())
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
