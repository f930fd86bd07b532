//! What can go wrong, and what to do next.
use motemq::{Fault, ReturnCode, SendError};
use motemq_net::{Cause, advice, is_about_login, profile::OverLimit};
use std::{io, sync::Arc, time::Duration};

/// Why a call could not do what it was asked for; each message says what to do next.
///
/// Can be cloned, since a connection that is over tells so from every call.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address.
    #[error("cannot find an address for host {host}: check the name and the network ({source})")]
    Resolve {
        /// As given.
        host: String,
        /// What the resolver said.
        source: Arc<io::Error>,
    },
    /// No address of the host takes the connection.
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
        /// What was in the way.
        source: Arc<motemq_net::WebSocketError>,
    },
    /// The broker said no to CONNECT, not for the login's sake.
    #[error("the broker refused the connection: {code}: {advice}", code = .0, advice = advice(*.0))]
    Refused(ReturnCode),
    /// The broker does not know this login, or does not let it in.
    #[error("the broker refused the connection: {code}: {advice}", code = .0, advice = advice(*.0))]
    NotAuthorized(ReturnCode),
    /// A connection was opened, but nobody there answers CONNECT.
    #[error(
        "connected, but no answer to CONNECT within {limit:?}: check that a broker listens on this port, and whether it wants TLS or a \
         WebSocket; if it is only slow, allow more time"
    )]
    NoAnswer {
        /// How long was waited.
        limit: Duration,
    },
    /// Time ran out before anything was sent for this call; nothing was done.
    #[error("no {what} within {limit:?}: no message was sent; try again later, or allow more time")]
    TimedOut {
        /// What did not happen.
        what: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The connection is gone, and with it what this call was about. Unless
    /// [`Reconnect`](crate::Reconnect) says otherwise there will be no other.
    #[error(
        "the connection was lost ({0}): try again; unless Options::reconnect allows to, connect first"
    )]
    ConnectionLost(Cause),
    /// It was sent, but the broker has not answered in time, or taken all of it. It is not sent
    /// again.
    #[error(
        "the broker has not taken or not acknowledged it within {limit:?}: it may have arrived or not; ask the receiver before sending it again"
    )]
    NotAcknowledged {
        /// How long was waited.
        limit: Duration,
    },
    /// It was sent, and the broker lost the session before it answered.
    #[error(
        "the session was lost before the broker acknowledged: it may have arrived or not; send it again if twice is better than never, \
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
    /// An argument is wrong, and will be when tried again.
    #[error("invalid argument: {0}")]
    Invalid(String),
    /// The broker would not take it, says its [profile](crate::Options::profile). Nothing was sent.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// A message longer than [`Options::max_message`](crate::Options::max_message), or than MQTT
    /// allows.
    #[error(
        "a message of {len} bytes{} is too large: raise Options::max_message, or receive it with recv_into",
        on_topic(.topic)
    )]
    MessageTooLarge {
        /// Where it was published; unknown if the topic itself is too long.
        topic: Option<String>,
        /// Length of the payload in bytes.
        len: u64,
    },
    /// What was received and not taken fills its memory, so that no answer can be read. What was
    /// sent is under way.
    #[error(
        "too many received messages wait to be taken: take them with recv, then flush to wait for what is under way"
    )]
    Backlog,
    /// The broker did not grant a subscription again that was lost with the session.
    #[error(
        "the broker lost the session and does not grant {filter} again: check its rules, then subscribe again"
    )]
    SubscriptionLost {
        /// The filter.
        filter: String,
    },
    /// The reader that gives a payload has failed or ended early. The connection was closed, since
    /// half a message cannot be taken back.
    #[error(
        "the payload could not be read to its end ({0}): nothing was published; send it again when it can be read"
    )]
    Source(Arc<io::Error>),
    /// The writer that takes a payload has failed. The rest of the message is dropped.
    #[error(
        "the payload could not be written ({0}): free the writer's way; this message is lost here"
    )]
    Sink(Arc<io::Error>),
    /// [`Options::stop_flag`](crate::Options::stop_flag) was raised.
    #[error("stopped by the stop flag: disconnect, or lower the flag and go on")]
    Stopped,
}

/// What kind of [`Error`] it is, for those who only want to tell a few apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No address, or nobody there.
    CannotConnect,
    /// TLS did not come about.
    #[cfg(feature = "_tls")]
    Tls,
    /// There is no WebSocket.
    #[cfg(feature = "websocket")]
    WebSocket,
    /// The broker said no.
    Refused,
    /// The broker said no because of the login.
    NotAuthorized,
    /// Time ran out, and nothing was done.
    TimedOut,
    /// There is no connection any more.
    ConnectionLost,
    /// It was sent, and nobody can say whether it arrived.
    NotAcknowledged,
    /// An argument is wrong.
    Invalid,
    /// A message is too large.
    MessageTooLarge,
    /// Received messages have to be taken first.
    Backlog,
    /// A subscription is gone.
    SubscriptionLost,
    /// The caller's own reader or writer has failed.
    Io,
    /// The caller asked to stop.
    Stopped,
}

impl Error {
    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Resolve { .. } | Error::Connect { .. } | Error::Proxy { .. } => {
                ErrorKind::CannotConnect
            }
            #[cfg(feature = "websocket")]
            Error::WebSocket { .. } => ErrorKind::WebSocket,
            #[cfg(feature = "_tls")]
            Error::Tls { .. } => ErrorKind::Tls,
            Error::Refused(_) => ErrorKind::Refused,
            Error::NotAuthorized(_) => ErrorKind::NotAuthorized,
            Error::TimedOut { .. } | Error::NoAnswer { .. } => ErrorKind::TimedOut,
            Error::ConnectionLost(_) => ErrorKind::ConnectionLost,
            Error::NotAcknowledged { .. } | Error::OutcomeUnknown | Error::Abandoned { .. } => {
                ErrorKind::NotAcknowledged
            }
            Error::Invalid(_) | Error::OverLimit(_) => ErrorKind::Invalid,
            Error::MessageTooLarge { .. } => ErrorKind::MessageTooLarge,
            Error::Backlog => ErrorKind::Backlog,
            Error::SubscriptionLost { .. } => ErrorKind::SubscriptionLost,
            Error::Source(_) | Error::Sink(_) => ErrorKind::Io,
            Error::Stopped => ErrorKind::Stopped,
        }
    }

    /// The connection failed with this before the broker had accepted it, or while it was open.
    pub(crate) fn of(cause: Cause) -> Self {
        match cause {
            Cause::Fault(Fault::Refused(code)) if is_about_login(code) => {
                Error::NotAuthorized(code)
            }
            Cause::Fault(Fault::Refused(code)) => Error::Refused(code),
            cause => Error::ConnectionLost(cause),
        }
    }

    /// The connection failed with this before the broker had accepted it.
    pub(crate) fn at_first(cause: Cause, route: &motemq_net::Route) -> Self {
        #[cfg(feature = "_tls")]
        if let Some(source) = cause.tls_error(route) {
            return Error::Tls {
                address: route.place(),
                source,
            };
        }
        let _ = route;
        Error::of(cause)
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

/// The session does not take what it was given, and never will.
pub(crate) fn unsendable(error: SendError) -> Error {
    Error::Invalid(motemq_net::unsendable(error))
}

fn on_topic(topic: &Option<String>) -> String {
    topic
        .as_ref()
        .map(|topic| format!(" on {topic}"))
        .unwrap_or_default()
}
