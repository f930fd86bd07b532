//! What can go wrong, and what to do next.
use motemq::{Fault, ReturnCode};
use motemq_net::{Cause, OpenError, Route, advice, profile::OverLimit};
use std::{io, sync::Arc, time::Duration};

/// Why a call could not do what it was asked for, or what became of a message; each text says what
/// to do next.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is wrong, and will be when tried again.
    #[error("invalid argument: {0}")]
    Invalid(String),
    /// The broker would not take it, says its [profile](crate::Options::profile). Nothing was sent.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// There is no room now: as many messages are under way, or wait for a connection, as the
    /// options allow. Nothing was done.
    #[error("no room for another message now: try again later, or wait for room with publish")]
    Full,
    /// There is no connection, and messages with QoS 0 do not wait for one. Nothing was done.
    #[error(
        "not connected: try again later, or let messages with QoS 0 wait with Options::queue_qos0"
    )]
    Offline,
    /// It waited for a connection, and newer messages took its place: it was never sent.
    #[error(
        "dropped, since newer messages needed the room: send it again, or allow for more with Options::queue"
    )]
    Dropped,
    /// It was sent, but the broker has not acknowledged it in time. It is not sent again.
    #[error(
        "not acknowledged within {limit:?}: it may have arrived or not; ask the receiver before sending it again"
    )]
    NotAcknowledged {
        /// How long was waited.
        limit: Duration,
    },
    /// It was sent, and the session or the client came to its end before the broker answered.
    #[error(
        "the session ended before the broker acknowledged: it may have arrived or not; send it again if twice is better than never, \
         and use Options::keep_session to avoid this"
    )]
    OutcomeUnknown,
    /// The broker answered it with the same breach of the protocol twice. It is not sent again.
    #[error(
        "the broker went wrong over it twice ({fault}): it may have arrived or not; look at the broker, or try another QoS"
    )]
    Abandoned {
        /// What it did.
        fault: Fault,
    },
    /// The broker said no to CONNECT.
    #[error("the broker refused the connection: {code}: {advice}", code = .0, advice = advice(*.0))]
    Refused(ReturnCode),
    /// Nobody could be reached.
    #[error(
        "cannot connect to {address}: check host, port and firewall, and that a broker runs there ({source})"
    )]
    Connect {
        /// Host and port.
        address: String,
        /// What the last attempt said.
        source: Arc<io::Error>,
    },
    /// There is no TLS: one side does not accept the other, or a setting cannot be used.
    #[cfg(feature = "_tls")]
    #[error("no TLS with {address}: {source}")]
    Tls {
        /// Host and port.
        address: String,
        /// The reason.
        source: motemq_net::TlsError,
    },
    /// The proxy does not connect to the broker.
    #[error("no way to {address}: {source}")]
    Proxy {
        /// Host and port of the broker.
        address: String,
        /// The reason.
        source: motemq_net::ProxyError,
    },
    /// A connection was opened, but there is no WebSocket.
    #[cfg(feature = "websocket")]
    #[error("no WebSocket with {address}: {source}")]
    WebSocket {
        /// Host and port.
        address: String,
        /// The reason.
        source: Arc<motemq_net::WebSocketError>,
    },
    /// The connection was lost, and there will be no other: see
    /// [`Options::reconnect`](crate::Options::reconnect).
    #[error(
        "the connection was lost ({0}): make a new client, or let it connect again with Options::reconnect"
    )]
    ConnectionLost(Cause),
    /// The client has left: it was asked to disconnect, or its driver was dropped. What this call
    /// was about was not sent.
    #[error("the client has left: keep its driver running, and make a new client after disconnect")]
    Closed,
    /// The broker does not grant the subscription.
    #[error("the broker does not grant {filters}: check its rules for this client")]
    NotGranted {
        /// The filters.
        filters: String,
    },
    /// The reader that gives a payload has failed or ended early. Nothing was published; the
    /// connection was closed, since half a packet cannot be taken back.
    #[error(
        "the payload could not be read to its end ({0}): nothing was published; send it again when it can be read"
    )]
    Source(Arc<io::Error>),
    /// The file of [`Options::store`](crate::Options::store) cannot be read or written.
    #[cfg(feature = "store")]
    #[error(
        "the store of unacknowledged messages fails ({0}): check the file, its directory and the space on its disk"
    )]
    Store(String),
}

impl Error {
    /// Opening a connection failed.
    pub(crate) fn unconnected(address: String, source: io::Error) -> Self {
        let source = match source.downcast::<OpenError>() {
            Err(source) => Arc::new(source),
            Ok(OpenError::Proxy(source)) => return Error::Proxy { address, source },
            #[cfg(feature = "_tls")]
            Ok(OpenError::Tls(source)) => return Error::Tls { address, source },
            #[cfg(feature = "websocket")]
            Ok(OpenError::WebSocket(source)) => {
                return Error::WebSocket {
                    address,
                    source: Arc::new(source),
                };
            }
            Ok(error) => return Error::Invalid(error.to_string()),
        };
        Error::Connect { address, source }
    }

    /// A connection ended before the broker had accepted it.
    pub(crate) fn at_first(address: String, cause: Cause, route: Option<&Route>) -> Self {
        #[cfg(feature = "_tls")]
        if let Some(source) = route.and_then(|route| cause.tls_error(route)) {
            return Error::Tls { address, source };
        }
        let _ = (address, route);
        Error::ConnectionLost(cause)
    }

    /// This broker was not reached; another may be.
    pub(crate) fn is_unreached(&self) -> bool {
        match self {
            Error::Connect { .. } | Error::Proxy { .. } => true,
            #[cfg(feature = "websocket")]
            Error::WebSocket { .. } => true,
            #[cfg(feature = "_tls")]
            Error::Tls { .. } => true,
            _ => false,
        }
    }
}

#[cfg(feature = "_tls")]
impl From<motemq_net::TlsError> for Error {
    /// Settings are read before there is any connection.
    fn from(error: motemq_net::TlsError) -> Self {
        Error::Invalid(error.to_string())
    }
}

impl From<motemq_net::UrlError> for Error {
    fn from(error: motemq_net::UrlError) -> Self {
        Error::Invalid(error.to_string())
    }
}
