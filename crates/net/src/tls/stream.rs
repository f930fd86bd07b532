//! A connection that is secured by TLS.
use super::{PeerInfo, TlsError, handshake_log::HandshakeTap, peer_info};
use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
};

/// Length of the longest payload of a record.
const MAX_RECORD: usize = 16 << 10;

/// A TLS connection over a blocking or non-blocking stream.
///
/// If a write fails with `WouldBlock` or `TimedOut`, a part of its bytes may already be encrypted
/// or sent, so the next write has to begin with the same bytes.
pub struct TlsStream<S> {
    inner: Inner<S>,
    has_identity: bool,
    /// Number of bytes that are encrypted and not all written. They are given again, and no more:
    /// SChannel would count those as written, too.
    unwritten: Option<usize>,
    /// The peer was told that nothing follows.
    is_closed: bool,
}

enum Inner<S> {
    #[cfg(feature = "native-tls")]
    Native(native_tls::TlsStream<HandshakeTap<S>>),
    #[cfg(feature = "rustls")]
    Rustls(Box<super::rustls::Connection<S>>),
}

/// The same call for either library.
macro_rules! each {
    ($inner:expr, $stream:ident => $call:expr) => {
        match $inner {
            #[cfg(feature = "native-tls")]
            Inner::Native($stream) => $call,
            #[cfg(feature = "rustls")]
            Inner::Rustls($stream) => $call,
        }
    };
}

impl<S: Read + Write> TlsStream<S> {
    #[cfg(feature = "native-tls")]
    pub(super) fn native(
        stream: native_tls::TlsStream<HandshakeTap<S>>,
        has_identity: bool,
    ) -> Self {
        Self::new(Inner::Native(stream), has_identity)
    }

    #[cfg(feature = "rustls")]
    pub(super) fn rustls(
        connection: Box<super::rustls::Connection<S>>,
        has_identity: bool,
    ) -> Self {
        Self::new(Inner::Rustls(connection), has_identity)
    }

    fn new(inner: Inner<S>, has_identity: bool) -> Self {
        let mut stream = TlsStream {
            inner,
            has_identity,
            unwritten: None,
            is_closed: false,
        };
        stream.tap().end_log();
        stream
    }

    fn tap(&mut self) -> &mut HandshakeTap<S> {
        each!(&mut self.inner, stream => stream.get_mut())
    }

    /// Returns the stream below TLS.
    pub fn get_ref(&self) -> &S {
        each!(&self.inner, stream => stream.get_ref()).get_ref()
    }

    /// Returns the stream below TLS. Do not read from it or write to it, since TLS would miss these
    /// bytes.
    pub fn get_mut(&mut self) -> &mut S {
        self.tap().get_mut()
    }

    /// Returns the data that the peer has sent about itself in the handshake.
    pub fn peer_info(&self) -> PeerInfo {
        let (certificate, alpn) = match &self.inner {
            #[cfg(feature = "native-tls")]
            Inner::Native(stream) => super::native::peer(stream),
            #[cfg(feature = "rustls")]
            Inner::Rustls(connection) => connection.peer(),
        };
        peer_info::of(certificate.as_deref(), alpn.as_deref())
    }

    /// Returns whether anything has come since the last call that ends in the middle of a record.
    pub(crate) fn take_partial(&mut self) -> bool {
        self.tap().take_partial()
    }

    /// Sends the closing alert (`close_notify`), after which nothing can be written.
    ///
    /// # Errors
    /// The errors of the stream below. After `WouldBlock`, call it again.
    pub fn close_notify(&mut self) -> io::Result<()> {
        if !self.is_closed {
            match &mut self.inner {
                #[cfg(feature = "native-tls")]
                Inner::Native(stream) => super::native::close_notify(stream)?,
                #[cfg(feature = "rustls")]
                Inner::Rustls(connection) => connection.close_notify()?,
            }
            self.is_closed = true;
        }
        Ok(())
    }
}

impl<S: Read + Write> Read for TlsStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match each!(&mut self.inner, stream => stream.read(buffer)) {
            Err(error) if TlsError::is_bare_end(&error) => Ok(0),
            read => read.map_err(|error| TlsError::explained(error, self.has_identity)),
        }
    }
}

impl<S: Read + Write> Write for TlsStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.unwritten.take().unwrap_or(MAX_RECORD).min(bytes.len());
        let error = match each!(&mut self.inner, stream => stream.write(&bytes[..n])) {
            Ok(n) => return Ok(n),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.unwritten = Some(n),
            // A peer that hung up may have sent the reason before.
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                let read = each!(&mut self.inner, stream => stream.read(&mut [0]));
                if let Err(reason) = read
                    && let Some(said) = TlsError::of_io(&reason, self.has_identity)
                {
                    return Err(io::Error::new(error.kind(), said));
                }
            }
            _ => {}
        }
        Err(TlsError::explained(error, self.has_identity))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(&mut self.inner, stream => stream.flush())
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").finish_non_exhaustive()
    }
}
