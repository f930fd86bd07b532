//! Errors of the WebSocket handshake.
use std::io;
use tungstenite::error::{Error, ProtocolError};

/// The reason why a WebSocket handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The URL or a header cannot be sent, for the reason in this text.
    #[error("the request for a WebSocket cannot be made: {0}")]
    Setting(String),
    /// The server answered with an HTTP status other than 101.
    #[error(
        "the server answers {status} to the request for a WebSocket: check path, port and headers; mosquitto, AWS and most others have \
         it at /mqtt"
    )]
    Status {
        /// The HTTP status code and its reason phrase.
        status: String,
    },
    /// The server did not choose the subprotocol `mqtt`.
    #[error(
        "the server does not offer MQTT in this WebSocket (no subprotocol \"mqtt\"): check path and port"
    )]
    NoMqtt,
    /// The server does not speak HTTP, or violates the protocol of the handshake.
    #[error("the server opens no WebSocket ({0}): check scheme, port and path")]
    NoWebSocket(String),
    /// The stream below failed, or timed out.
    #[error(
        "the connection was lost during the WebSocket handshake ({0}): check scheme, port and path"
    )]
    Io(io::Error),
}

impl WebSocketError {
    /// Returns what a failed request means.
    pub(super) fn of(error: Error) -> Self {
        match error {
            Error::Io(error) => WebSocketError::Io(error),
            Error::Http(response) => WebSocketError::Status {
                status: response.status().to_string(),
            },
            Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
                WebSocketError::NoMqtt
            }
            Error::Protocol(ProtocolError::HandshakeIncomplete) | Error::ConnectionClosed => {
                WebSocketError::Io(io::ErrorKind::UnexpectedEof.into())
            }
            error => WebSocketError::NoWebSocket(error.to_string()),
        }
    }
}
