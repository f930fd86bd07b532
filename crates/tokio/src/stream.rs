//! The way to the broker, layer upon layer: a socket, TLS perhaps, a WebSocket perhaps.
#[cfg(feature = "tls")]
mod noted;
#[cfg(feature = "tls")]
mod tls;
mod websocket;

use crate::{Address, Dial, Tcp};
use motemq_net::{Foreign, Route, Scheme, Underway};
use std::{
    fmt, io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connection to a broker as its URL says: TCP or a Unix socket, with or without TLS and
/// WebSocket.
///
/// A read may fail with [`Underway`], which is no failure: something has come that can only be
/// given when it is whole.
pub struct Stream {
    top: Box<dyn Layer>,
    /// Something was read.
    has_read: bool,
}

/// A stream over another, down to a socket.
trait Layer: AsyncRead + AsyncWrite + Unpin + Send {
    /// Returns whether anything has come since the last call that is a part of something that can
    /// be given only when it is whole.
    fn take_underway(&mut self) -> bool {
        false
    }
}

impl Layer for TcpStream {}

#[cfg(unix)]
impl Layer for tokio::net::UnixStream {}

impl Stream {
    fn new(top: impl Layer + 'static) -> Self {
        Stream {
            top: Box::new(top),
            has_read: false,
        }
    }
}

/// Opens connections as the options say; by plain TCP if they say nothing.
#[derive(Debug)]
pub(crate) struct Way(Option<Arc<Route>>);

impl Way {
    pub fn new(route: Option<Arc<Route>>) -> Self {
        Way(route)
    }
}

impl Dial for Way {
    type Stream = Stream;

    async fn dial(&mut self, address: Address) -> io::Result<Stream> {
        let Some(route) = self.0.as_deref() else {
            return Ok(Stream::new(Tcp.dial(address).await?));
        };
        if route.scheme == Scheme::Unix {
            return unix(&route.path).await;
        }
        let route = Route {
            host: address.host.clone(),
            port: Some(address.port),
            ..route.clone()
        };
        let stream = Tcp.dial(address).await?;
        Ok(match route.scheme {
            Scheme::Mqtts => Stream::new(secured(&route, stream).await?),
            Scheme::Wss => {
                Stream::new(websocket::open(&route, secured(&route, stream).await?).await?)
            }
            Scheme::Ws => Stream::new(websocket::open(&route, stream).await?),
            Scheme::Mqtt | Scheme::Unix => Stream::new(stream),
        })
    }
}

#[cfg(feature = "tls")]
async fn secured(route: &Route, stream: TcpStream) -> io::Result<tls::Secured> {
    tls::open(route, stream).await.map_err(io::Error::other)
}

#[cfg(not(feature = "tls"))]
async fn secured(_: &Route, _: TcpStream) -> io::Result<TcpStream> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program was built without TLS: build it with the feature \"tls\"",
    ))
}

#[cfg(unix)]
async fn unix(path: &str) -> io::Result<Stream> {
    Ok(Stream::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &str) -> io::Result<Stream> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no Unix sockets",
    ))
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.top).poll_read(cx, buffer);
        // Taken however it went: what was given is not on its way.
        let is_underway = self.top.take_underway();
        if is_underway && read.is_pending() {
            return Poll::Ready(Err(Underway.into()));
        }
        let bytes = &buffer.filled()[before..];
        if !bytes.is_empty()
            && !mem::replace(&mut self.has_read, true)
            && let Some(foreign) = Foreign::of(bytes)
        {
            return Poll::Ready(Err(foreign.into()));
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.top).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.top).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.top).poll_shutdown(cx)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
