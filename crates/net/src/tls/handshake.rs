//! The handshake of TLS, over a stream that may block or not.
use super::{
    Tls, TlsBackend, TlsError, TlsStream,
    error::{details_of, kind_of, kind_of_transport},
    handshake_log::{HandshakeLog, HandshakeTap},
};
use crate::Progress;
use std::{
    error::Error,
    io::{Read, Write},
};

/// A handshake that is not complete.
pub(crate) struct TlsHandshake<S> {
    log: HandshakeLog,
    has_identity: bool,
    inner: Inner<S>,
}

enum Inner<S> {
    #[cfg(feature = "native-tls")]
    Native(super::native::Handshake<S>),
    #[cfg(feature = "rustls")]
    Rustls(Box<super::rustls::Connection<S>>),
}

impl<S: Read + Write> TlsHandshake<S> {
    pub(super) fn new(tls: &Tls, name: &str, stream: S) -> Result<Self, TlsError> {
        let log = HandshakeLog::default();
        let stream = HandshakeTap::new(stream, log.clone());
        let inner = match tls.backend() {
            #[cfg(feature = "native-tls")]
            TlsBackend::Native => Inner::Native(super::native::Handshake::new(tls, name, stream)?),
            #[cfg(feature = "rustls")]
            TlsBackend::Rustls => {
                Inner::Rustls(Box::new(super::rustls::Connection::new(tls, name, stream)?))
            }
        };
        Ok(TlsHandshake {
            log,
            has_identity: tls.has_identity(),
            inner,
        })
    }

    /// Goes on as far as the stream lets it.
    ///
    /// # Errors
    /// [`Handshake`](TlsError::Handshake).
    pub fn advance(self) -> Result<Progress<TlsStream<S>, Self>, TlsError> {
        let (log, has_identity) = (self.log, self.has_identity);
        let failed = |error: &(dyn Error + 'static)| failed(error, has_identity, &log);
        let waiting = match self.inner {
            #[cfg(feature = "native-tls")]
            Inner::Native(handshake) => {
                match handshake.advance().map_err(|error| failed(&error))? {
                    Progress::Done(stream) => {
                        return Ok(Progress::Done(TlsStream::native(stream, has_identity)));
                    }
                    Progress::Waiting(handshake) => Inner::Native(handshake),
                }
            }
            #[cfg(feature = "rustls")]
            Inner::Rustls(mut connection) => {
                if connection.handshake().map_err(|error| failed(&error))? {
                    return Ok(Progress::Done(TlsStream::rustls(connection, has_identity)));
                }
                Inner::Rustls(connection)
            }
        };
        Ok(Progress::Waiting(TlsHandshake {
            log,
            has_identity,
            inner: waiting,
        }))
    }

    pub fn get_mut(&mut self) -> &mut S {
        match &mut self.inner {
            #[cfg(feature = "native-tls")]
            Inner::Native(handshake) => handshake.get_mut().get_mut(),
            #[cfg(feature = "rustls")]
            Inner::Rustls(connection) => connection.get_mut().get_mut(),
        }
    }
}

/// Returns what a failed handshake means.
fn failed(error: &(dyn Error + 'static), has_identity: bool, log: &HandshakeLog) -> TlsError {
    let inner = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
        .map(|inner| inner as &(dyn Error + 'static));
    let kind = match kind_of_transport(error) {
        Some(kind) => kind,
        None => kind_of(inner.unwrap_or(error)),
    };
    let kind = if has_identity {
        kind
    } else {
        kind.without_identity(log.requests_certificate())
    };
    TlsError::new(kind, details_of(error))
}
