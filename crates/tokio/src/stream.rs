//! The way to the broker, layer upon layer: a socket, TLS perhaps, a WebSocket perhaps.
#[cfg(feature = "tls")]
mod tls;
mod websocket;

use crate::{Address, Dial, Tcp};
use motemq_net::{Route, Scheme};
use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connection to a broker as its URL says: TCP or a Unix socket, with or without TLS and WebSocket.
pub struct Stream(Box<dyn Layer>);

/// A stream over another, down to a socket.
trait Layer: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Layer for S {}

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
        let Some(route) = self.0.as_deref() else { return Ok(Stream(Box::new(Tcp.dial(address).await?))) };
        if route.scheme == Scheme::Unix {
            return unix(&route.path).await;
        }
        let route = Route { host: address.host.clone(), port: Some(address.port), ..route.clone() };
        let stream = Tcp.dial(address).await?;
        match route.scheme {
            Scheme::Mqtts => Ok(Stream(Box::new(secured(&route, stream).await?))),
            Scheme::Wss => websocket::open(&route, secured(&route, stream).await?).await,
            Scheme::Ws => websocket::open(&route, stream).await,
            Scheme::Mqtt | Scheme::Unix => Ok(Stream(Box::new(stream))),
        }
    }
}

#[cfg(feature = "tls")]
async fn secured(route: &Route, stream: TcpStream) -> io::Result<tls::Secured> {
    tls::open(route, stream).await.map_err(io::Error::other)
}

#[cfg(not(feature = "tls"))]
async fn secured(_: &Route, _: TcpStream) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this program was built without TLS: build it with the feature \"tls\""))
}

#[cfg(unix)]
async fn unix(path: &str) -> io::Result<Stream> {
    Ok(Stream(Box::new(tokio::net::UnixStream::connect(path).await?)))
}

#[cfg(not(unix))]
async fn unix(_: &str) -> io::Result<Stream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
