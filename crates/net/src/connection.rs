//! The layers between a socket and MQTT, over any stream that may block or not.
use crate::{
    ForeignProtocol, OpenError, PartialRead, ProxyError, ProxyHandshake, Route, Scheme, is_pause,
};
#[cfg(feature = "_tls")]
use crate::{TlsError, TlsStream, tls::TlsHandshake};
#[cfg(feature = "websocket")]
use crate::{WebSocketError, websocket};
use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    mem,
};

/// The progress of something that a stream may block.
#[cfg(any(feature = "_tls", feature = "websocket"))]
pub(crate) enum Progress<D, W> {
    Done(D),
    /// The stream would block.
    Waiting(W),
}

/// A connection to a broker through the layers of its [`Route`]: TLS, a WebSocket, both, or none.
/// The socket below can be blocking or non-blocking. [`Opening`] makes it.
///
/// A read can return [`PartialRead`] as an error, which is not a failure: bytes have arrived that
/// can be read only when more follow. If a write fails with `WouldBlock` or `TimedOut`, the next
/// one has to begin with the same bytes, since a part of them may already be encrypted or framed.
pub struct Connection<S> {
    layers: Layers<S>,
    /// Something was read.
    has_read: bool,
}

enum Layers<S> {
    Bytes(Bytes<S>),
    #[cfg(feature = "websocket")]
    WebSocket(Box<websocket::Framed<Bytes<S>>>),
}

/// A stream of bytes, with or without TLS.
pub(crate) enum Bytes<S> {
    Plain(S),
    #[cfg(feature = "_tls")]
    Tls(Box<TlsStream<S>>),
}

/// The opening of a [`Connection`] over a socket that is connected to the broker or to its proxy:
/// the handshakes of the proxy, of TLS and of the WebSocket, one after the other.
///
/// # Examples
/// ```
/// use motemq_net::{Opening, Proxy, Route};
/// use std::io::Cursor;
/// // A mail server instead of the proxy, in a buffer instead of a socket.
/// let mut server = vec![0; 1000];
/// server.extend(b"220 mail.example ESMTP\r\n\r\n");
/// let route = Route { proxy: Some(Proxy::http("localhost", 25)), ..Route::default() };
/// let mut opening = Opening::new(&route, Cursor::new(server))?;
/// assert!(opening.advance().is_err());
/// # Ok::<(), motemq_net::OpenError>(())
/// ```
#[derive(Debug)]
pub struct Opening<'r, S: Read + Write> {
    route: &'r Route,
    step: Step<S>,
}

enum Step<S: Read + Write> {
    Proxy(Box<ProxyHandshake>, S),
    #[cfg(feature = "_tls")]
    Tls(Box<TlsHandshake<S>>),
    #[cfg(feature = "websocket")]
    WebSocket(websocket::Handshake<Bytes<S>>),
    Open(Bytes<S>),
    /// The connection was given out, or has failed.
    Over,
}

impl<'r, S: Read + Write> Opening<'r, S> {
    /// Begins the handshake of the first layer.
    ///
    /// # Errors
    /// An [`OpenError`] if a setting cannot be used, or if the program was built without a layer.
    pub fn new(route: &'r Route, socket: S) -> Result<Self, OpenError> {
        let step = match &route.proxy {
            Some(proxy) if route.scheme != Scheme::Unix => Step::Proxy(
                Box::new(proxy.handshake(&route.host, route.port())?),
                socket,
            ),
            _ => behind_proxy(route, socket)?,
        };
        Ok(Opening { route, step })
    }

    /// Continues the handshakes as far as the socket permits, and returns the connection when it is
    /// open. Returns `None` if the socket would block; call it again when the socket can be read or
    /// written.
    ///
    /// # Errors
    /// An [`OpenError`] if the connection cannot be opened.
    ///
    /// # Panics
    /// Panics if it is called again after it has returned a connection or an error.
    pub fn advance(&mut self) -> Result<Option<Connection<S>>, OpenError> {
        loop {
            self.step = match mem::replace(&mut self.step, Step::Over) {
                Step::Proxy(mut handshake, mut socket) => {
                    if !handshake.advance(&mut socket)? {
                        self.step = Step::Proxy(handshake, socket);
                        return Ok(None);
                    }
                    behind_proxy(self.route, socket)?
                }
                #[cfg(feature = "_tls")]
                Step::Tls(handshake) => match handshake.advance()? {
                    Progress::Done(stream) => behind_tls(self.route, Bytes::Tls(Box::new(stream)))?,
                    Progress::Waiting(handshake) => {
                        self.step = Step::Tls(Box::new(handshake));
                        return Ok(None);
                    }
                },
                #[cfg(feature = "websocket")]
                Step::WebSocket(handshake) => match handshake.advance()? {
                    Progress::Done(stream) => {
                        let layers = Layers::WebSocket(Box::new(stream));
                        return Ok(Some(Connection::new(layers)));
                    }
                    Progress::Waiting(handshake) => {
                        self.step = Step::WebSocket(handshake);
                        return Ok(None);
                    }
                },
                Step::Open(bytes) => return Ok(Some(Connection::new(Layers::Bytes(bytes)))),
                Step::Over => panic!("the opening is over"),
            }
        }
    }

    /// Returns the error for an opening that takes too long, which names the layer that has not
    /// answered. The caller measures the time.
    pub fn timed_out(&self) -> OpenError {
        match self.step {
            #[cfg(feature = "_tls")]
            Step::Tls(_) => OpenError::Tls(TlsError::timed_out()),
            #[cfg(feature = "websocket")]
            Step::WebSocket(_) => {
                OpenError::WebSocket(WebSocketError::Io(io::ErrorKind::TimedOut.into()))
            }
            Step::Proxy(..) | Step::Open(_) | Step::Over => OpenError::Proxy(ProxyError::TimedOut),
        }
    }

    /// Returns the socket below all layers, or `None` after [`advance`](Self::advance) has returned
    /// a connection or an error.
    pub fn socket(&mut self) -> Option<&mut S> {
        match &mut self.step {
            Step::Proxy(_, socket) => Some(socket),
            #[cfg(feature = "_tls")]
            Step::Tls(handshake) => Some(handshake.get_mut()),
            #[cfg(feature = "websocket")]
            Step::WebSocket(handshake) => Some(handshake.get_mut().socket()),
            Step::Open(bytes) => Some(bytes.socket()),
            Step::Over => None,
        }
    }
}

fn behind_proxy<S: Read + Write>(route: &Route, socket: S) -> Result<Step<S>, OpenError> {
    if !route.scheme.is_tls() {
        return behind_tls(route, Bytes::Plain(socket));
    }
    #[cfg(feature = "_tls")]
    return Ok(Step::Tls(Box::new(
        route.tls.handshake(&route.host, socket)?,
    )));
    #[cfg(not(feature = "_tls"))]
    Err(OpenError::Unsupported(
        "this program was built without TLS: build it with the feature \"native-tls\" or \"rustls\"",
    ))
}

fn behind_tls<S: Read + Write>(route: &Route, bytes: Bytes<S>) -> Result<Step<S>, OpenError> {
    if !route.scheme.is_websocket() {
        return Ok(Step::Open(bytes));
    }
    #[cfg(feature = "websocket")]
    return Ok(Step::WebSocket(websocket::Handshake::new(route, bytes)?));
    #[cfg(not(feature = "websocket"))]
    Err(OpenError::Unsupported(
        "this program was built without WebSocket: build it with the feature \"websocket\"",
    ))
}

/// The same call for each stack of layers.
macro_rules! each {
    ($layers:expr, $stream:ident => $call:expr) => {
        match $layers {
            Layers::Bytes($stream) => $call,
            #[cfg(feature = "websocket")]
            Layers::WebSocket($stream) => $call,
        }
    };
}

/// The same call with and without TLS.
macro_rules! either {
    ($bytes:expr, $stream:ident => $call:expr) => {
        match $bytes {
            Bytes::Plain($stream) => $call,
            #[cfg(feature = "_tls")]
            Bytes::Tls($stream) => $call,
        }
    };
}

impl<S: Read + Write> Connection<S> {
    fn new(layers: Layers<S>) -> Self {
        Connection {
            layers,
            has_read: false,
        }
    }

    fn bytes(&mut self) -> &mut Bytes<S> {
        match &mut self.layers {
            Layers::Bytes(bytes) => bytes,
            #[cfg(feature = "websocket")]
            Layers::WebSocket(stream) => stream.get_mut(),
        }
    }

    /// Returns the socket below all layers, for example to set its timeouts. Do not read from it or
    /// write to it, since the layers would miss these bytes.
    pub fn socket(&mut self) -> &mut S {
        self.bytes().socket()
    }

    /// Writes the remaining bytes and, with TLS, the closing alert, then calls `shut_down`, which
    /// closes the sending direction of the socket. Over a WebSocket it only writes the remaining
    /// bytes: the broker closes the WebSocket after DISCONNECT, and RabbitMQ has been observed to
    /// publish the will if a closing frame follows at once.
    ///
    /// # Errors
    /// The errors of the socket. After `WouldBlock`, call it again.
    pub fn finish(&mut self, shut_down: impl FnOnce(&mut S) -> io::Result<()>) -> io::Result<()> {
        match &mut self.layers {
            Layers::Bytes(bytes) => {
                bytes.flush()?;
                #[cfg(feature = "_tls")]
                if let Bytes::Tls(stream) = bytes {
                    stream.close_notify()?;
                }
                shut_down(bytes.socket())
            }
            #[cfg(feature = "websocket")]
            Layers::WebSocket(stream) => stream.flush(),
        }
    }
}

impl<S: Read + Write> Bytes<S> {
    fn socket(&mut self) -> &mut S {
        match self {
            Bytes::Plain(socket) => socket,
            #[cfg(feature = "_tls")]
            Bytes::Tls(stream) => stream.get_mut(),
        }
    }

    /// Returns whether anything has come since the last call that is a part of something that can
    /// be read only when it is complete.
    fn take_partial(&mut self) -> bool {
        match self {
            Bytes::Plain(_) => false,
            #[cfg(feature = "_tls")]
            Bytes::Tls(stream) => stream.take_partial(),
        }
    }
}

impl<S: Read + Write> Read for Connection<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = each!(&mut self.layers, stream => stream.read(buffer));
        // Taken in any case: what was read is not on its way.
        let is_partial = self.bytes().take_partial();
        match read {
            Err(error) if is_pause(error.kind()) && is_partial => Err(PartialRead.into()),
            Ok(n) if n > 0 && !mem::replace(&mut self.has_read, true) => {
                ForeignProtocol::of(&buffer[..n]).map_or(Ok(n), |foreign| Err(foreign.into()))
            }
            read => read,
        }
    }
}

impl<S: Read + Write> Write for Connection<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(&mut self.layers, stream => stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        each!(&mut self.layers, stream => stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(&mut self.layers, stream => stream.flush())
    }
}

impl<S: Read + Write> Read for Bytes<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.read(buffer))
    }
}

impl<S: Read + Write> Write for Bytes<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, stream => stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        either!(self, stream => stream.flush())
    }
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<S: Read + Write> fmt::Debug for Step<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Proxy(..) => "Proxy",
            #[cfg(feature = "_tls")]
            Step::Tls(_) => "Tls",
            #[cfg(feature = "websocket")]
            Step::WebSocket(_) => "WebSocket",
            Step::Open(_) => "Open",
            Step::Over => "Over",
        })
    }
}
