//! The reasons why a connection cannot be opened.
use crate::ProxyError;
#[cfg(feature = "_tls")]
use crate::TlsError;
#[cfg(feature = "websocket")]
use crate::WebSocketError;
use std::io;

/// The reason why a connection cannot be opened over a socket: the error of the layer that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The proxy does not open a connection to the broker.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// TLS cannot be used, or its handshake failed.
    #[cfg(feature = "_tls")]
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The WebSocket handshake failed.
    #[cfg(feature = "websocket")]
    #[error(transparent)]
    WebSocket(WebSocketError),
    /// The program was built without a layer that the route needs. The text names the feature.
    #[error("{0}")]
    Unsupported(&'static str),
}

#[cfg(feature = "websocket")]
impl From<WebSocketError> for OpenError {
    /// With TLS 1.3 a broker rejects a client certificate behind the handshake: then the layer that
    /// failed is TLS.
    fn from(error: WebSocketError) -> Self {
        #[cfg(feature = "_tls")]
        if let WebSocketError::Io(error) = &error
            && let Some(said) = error
                .get_ref()
                .and_then(|said| said.downcast_ref::<TlsError>())
        {
            return OpenError::Tls(said.clone());
        }
        OpenError::WebSocket(error)
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        io::Error::other(error)
    }
}
