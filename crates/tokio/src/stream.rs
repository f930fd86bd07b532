//! The way to the broker, layer upon layer: a socket, TLS perhaps, a WebSocket perhaps.
mod noted;
#[cfg(feature = "tls")]
mod tls;
mod websocket;

use crate::{Address, Dial, Tcp};
use motemq_net::{Route, Scheme, Underway};
use noted::{Noted, Stirs};
use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection to a broker as its URL says: TCP or a Unix socket, with or without TLS and
/// WebSocket.
///
/// A read may fail with [`Underway`], which is no failure: something has come that can only be
/// given when it is whole.
pub struct Stream {
    top: Box<dyn Layer>,
    /// Of the socket below layers that give only what is whole.
    stirs: Option<Stirs>,
}

/// A stream over another, down to a socket.
trait Layer: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Layer for S {}

impl Stream {
    fn plain(socket: impl Layer + 'static) -> Self {
        Stream {
            top: Box::new(socket),
            stirs: None,
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
            return Ok(Stream::plain(Tcp.dial(address).await?));
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
        let stirs = Stirs::default();
        let top: Box<dyn Layer> = match route.scheme {
            Scheme::Mqtts => Box::new(secured(&route, stirs.over(stream)).await?),
            Scheme::Wss => {
                Box::new(websocket::open(&route, secured(&route, stirs.over(stream)).await?).await?)
            }
            Scheme::Ws => Box::new(websocket::open(&route, stirs.over(stream)).await?),
            Scheme::Mqtt | Scheme::Unix => return Ok(Stream::plain(stream)),
        };
        Ok(Stream {
            top,
            stirs: Some(stirs),
        })
    }
}

#[cfg(feature = "tls")]
async fn secured(route: &Route, stream: Noted) -> io::Result<tls::Secured> {
    tls::open(route, stream).await.map_err(io::Error::other)
}

#[cfg(not(feature = "tls"))]
async fn secured(_: &Route, _: Noted) -> io::Result<Noted> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program was built without TLS: build it with the feature \"tls\"",
    ))
}

#[cfg(unix)]
async fn unix(path: &str) -> io::Result<Stream> {
    Ok(Stream::plain(tokio::net::UnixStream::connect(path).await?))
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
        let read = Pin::new(&mut self.top).poll_read(cx, buffer);
        // Taken however it went: what was given is not on its way.
        let stirs = self.stirs.as_ref().is_some_and(Stirs::take);
        if stirs && read.is_pending() {
            Poll::Ready(Err(Underway.into()))
        } else {
            read
        }
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
