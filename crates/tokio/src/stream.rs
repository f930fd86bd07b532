//! The connection to a broker: a socket, and the layers over it.
mod socket;

use crate::dial::{Answer, BoxFuture, Open};
use motemq_hosted::Target;
use motemq_net::{Connection, ForeignProtocol, Opening, Route, Scheme, limit_unsent};
use socket::Socket;
use std::{
    fmt,
    future::{Future, poll_fn},
    io::{self, ErrorKind, IoSlice, Read, Write},
    mem,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep_until},
};

/// Bytes that are read at once through layers, which want them initialized. No record of TLS and no
/// frame of ours holds more.
pub(crate) const MAX_READ: usize = 16 << 10;

/// The transport of a connection to a broker: TCP or a Unix socket, with or without a proxy, TLS and
/// WebSocket.
///
/// A read can fail with [`PartialRead`](crate::PartialRead), after which the stream can still be
/// used: bytes have arrived that can be read only when more follow. After a write that returned
/// `Pending`, the next write has to begin with the same bytes, since some of them may already be
/// encrypted or framed.
pub(crate) struct Stream(Kind);

enum Kind {
    Plain {
        socket: Box<dyn Bare>,
        /// Something was read.
        has_read: bool,
    },
    Layered(Box<Connection<Socket>>),
}

/// A socket without layers.
trait Bare: AsyncRead + AsyncWrite + Unpin + Send {}

impl Bare for TcpStream {}

#[cfg(unix)]
impl Bare for tokio::net::UnixStream {}

impl Stream {
    fn plain(socket: impl Bare + 'static) -> Self {
        Stream(Kind::Plain {
            socket: Box::new(socket),
            has_read: false,
        })
    }
}

/// Opens connections along a [`Route`].
pub(crate) struct Connector {
    /// The longest time that it may take.
    pub limit: Duration,
}

impl Open for Connector {
    type Stream = Stream;
    const RESOLVES: bool = true;

    fn open(
        &mut self,
        target: &Target,
        address: Option<SocketAddr>,
        answer: Answer,
    ) -> BoxFuture<io::Result<Stream>> {
        let route = target.route.clone();
        // Before the driver takes the time, so that the reason is known first.
        let until = Instant::now().checked_add(self.limit);
        Box::pin(async move {
            if route.scheme == Scheme::Unix {
                return unix(&route.path).await;
            }
            let address = address.ok_or(ErrorKind::AddrNotAvailable)?;
            let socket = connect(&route, address).await?;
            answer.set();
            // Packets are small and leave whole: waiting for more to send would only delay them.
            socket.set_nodelay(true)?;
            limit_unsent(&socket);
            if route.has_layers() {
                open_layers(&route, socket, until).await
            } else {
                Ok(Stream::plain(socket))
            }
        })
    }
}

/// Connects to an address, from the one that the route says.
async fn connect(route: &Route, address: SocketAddr) -> io::Result<TcpStream> {
    let Some(bind) = route.bind_for(address)? else {
        return TcpStream::connect(address).await;
    };
    let socket = if bind.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.bind(bind)?;
    socket.connect(address).await
}

/// Opens the layers over a socket.
async fn open_layers(
    route: &Route,
    socket: TcpStream,
    until: Option<Instant>,
) -> io::Result<Stream> {
    let mut opening = Opening::new(route, Socket::new(socket))?;
    let mut timer = pin!(until.map(sleep_until));
    let connection = poll_fn(|cx| {
        if let Some(socket) = opening.socket() {
            socket.prepare(cx);
        }
        match opening.advance() {
            Ok(Some(connection)) => return Poll::Ready(Ok(connection)),
            Ok(None) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
        match timer.as_mut().as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(opening.timed_out())),
            _ => Poll::Pending,
        }
    });
    Ok(Stream(Kind::Layered(Box::new(connection.await?))))
}

#[cfg(unix)]
async fn unix(path: &str) -> io::Result<Stream> {
    Ok(Stream::plain(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &str) -> io::Result<Stream> {
    Err(io::Error::new(
        ErrorKind::Unsupported,
        "this system has no Unix sockets",
    ))
}

/// Does something with the layers, for the task of `cx`.
fn poll_layers<T>(
    connection: &mut Connection<Socket>,
    cx: &mut Context<'_>,
    call: impl FnOnce(&mut Connection<Socket>) -> io::Result<T>,
) -> Poll<io::Result<T>> {
    connection.socket().prepare(cx);
    match call(connection) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            // The layers have stopped of their own accord, so that others get their turn.
            if !connection.socket().is_pending() {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        }
        done => Poll::Ready(done),
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain { socket, has_read } => {
                let before = buffer.filled().len();
                let read = Pin::new(socket).poll_read(cx, buffer);
                let bytes = &buffer.filled()[before..];
                if !bytes.is_empty()
                    && !mem::replace(has_read, true)
                    && let Some(foreign) = ForeignProtocol::of(bytes)
                {
                    return Poll::Ready(Err(foreign.into()));
                }
                read
            }
            Kind::Layered(connection) => {
                let n = buffer.remaining().min(MAX_READ);
                let space = buffer.initialize_unfilled_to(n);
                poll_layers(connection, cx, |connection| connection.read(space))
                    .map_ok(|n| buffer.advance(n))
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Plain { socket, .. } => Pin::new(socket).poll_write(cx, bytes),
            Kind::Layered(connection) => {
                poll_layers(connection, cx, |connection| connection.write(bytes))
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Kind::Plain { socket, .. } => Pin::new(socket).poll_write_vectored(cx, slices),
            Kind::Layered(connection) => poll_layers(connection, cx, |connection| {
                connection.write_vectored(slices)
            }),
        }
    }

    fn is_write_vectored(&self) -> bool {
        matches!(&self.0, Kind::Plain { socket, .. } if socket.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain { socket, .. } => Pin::new(socket).poll_flush(cx),
            Kind::Layered(connection) => poll_layers(connection, cx, Connection::flush),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Kind::Plain { socket, .. } => Pin::new(socket).poll_shutdown(cx),
            Kind::Layered(connection) => poll_layers(connection, cx, |connection| {
                connection.finish(Socket::shut_down)
            }),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
