//! Errors of proxies.
use std::{io, sync::Arc};

/// The reason why a proxy does not open a connection to the broker.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A setting cannot be sent to the proxy, for the reason in this text.
    #[error("the request to the proxy cannot be made: {0}")]
    Setting(String),
    /// The proxy requires a user name and a password, and none were set.
    #[error("the proxy requires a login: set user name and password")]
    LoginRequired,
    /// The proxy rejects the user name and the password, or accepts none at all.
    #[error("the proxy does not accept this login: check user name and password")]
    LoginRejected,
    /// The proxy does not allow this connection.
    #[error("the proxy does not allow a connection to the broker ({0}): check its rules")]
    Forbidden(String),
    /// The proxy cannot reach the broker.
    #[error("the proxy does not reach the broker ({0}): check the broker's host and port")]
    Unreachable(String),
    /// The proxy refuses the connection for another reason.
    #[error("the proxy refuses the connection ({0}): check its log")]
    Refused(String),
    /// The peer does not speak the protocol of such a proxy.
    #[error(
        "the peer is no such proxy ({0}): check its port, and whether it speaks socks5 or http"
    )]
    NotAProxy(String),
    /// The proxy closed the connection without an answer.
    #[error("the proxy closed the connection without an answer: check its port and its rules")]
    Closed,
    /// The proxy did not answer in time.
    #[error("no answer from the proxy in time: check its port, or allow more time")]
    TimedOut,
    /// The connection to the proxy failed.
    #[error("the connection to the proxy failed ({0}): check host, port and network")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => ProxyError::TimedOut,
            io::ErrorKind::UnexpectedEof => ProxyError::Closed,
            _ => ProxyError::Io(Arc::new(error)),
        }
    }
}
