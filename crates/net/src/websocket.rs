//! WebSocket: what is asked for, and what went wrong in words. MQTT inside it is binary frames with
//! the subprotocol `mqtt`, cut anywhere [MQTT-6.0.0-1 to 4].
mod decoder;
mod head;

pub use decoder::FrameDecoder;
pub use head::ResponseHead;

use std::{fmt, io, sync::Arc};
use tungstenite::{
    ClientRequestBuilder,
    client::IntoClientRequest,
    error::{Error, ProtocolError},
    http::{HeaderName, HeaderValue, Request, Uri},
    protocol::WebSocketConfig,
};

/// How to ask for a WebSocket.
///
/// ```
/// use motemq_net::WebSocket;
/// let plain = WebSocket::new().header("X-Device", "node-7");
/// // Asked each time anew, so that a signature is fresh.
/// let signed = WebSocket::new().prepare(|upgrade| {
///     upgrade.url.push_str("?X-Amz-Signature=0123");
///     upgrade.headers.push(("Authorization".into(), "secret".into()));
///     Ok(())
/// });
/// assert!(!format!("{signed:?}{plain:?}").contains("node-7"));
/// ```
#[derive(Clone, Default)]
pub struct WebSocket {
    headers: Vec<(String, String)>,
    prepare: Option<Arc<Prepare>>,
}

type Prepare = dyn Fn(&mut Upgrade) -> Result<(), String> + Send + Sync;

/// The request that asks for a WebSocket, before it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// `ws://` or `wss://`, host, port, path and query. Path and query are what the server gets;
    /// to change the rest changes the header `Host`, but not where we connect to.
    pub url: String,
    /// Headers besides those that every such request has.
    pub headers: Vec<(String, String)>,
}

/// Why there is no WebSocket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebSocketError {
    /// URL or headers cannot be sent.
    #[error("the request for a WebSocket cannot be made: {0}")]
    Setting(String),
    /// An answer of HTTP.
    #[error(
        "the server answers {status} to the request for a WebSocket: check path, port and headers; mosquitto, AWS and most others have \
         it at /mqtt"
    )]
    Status {
        /// Code and reason.
        status: String,
    },
    /// The subprotocol is not there.
    #[error(
        "the server does not offer MQTT in this WebSocket (no subprotocol \"mqtt\"): check path and port"
    )]
    NoMqtt,
    /// It does not speak HTTP.
    #[error("what answers there is no WebSocket ({0}): check scheme and port")]
    NoWebSocket(String),
    /// The stream below it failed.
    #[error("the connection was lost while a WebSocket was asked for ({0}): check scheme and port")]
    Io(io::Error),
}

impl WebSocket {
    /// The longest payload that is sent in one frame. Servers limit it, many to 65,536 bytes (Netty:
    /// ActiveMQ Artemis, Moquette), and close the connection when a frame is longer. A packet may
    /// be cut across frames [MQTT-6.0.0-2].
    pub const MAX_FRAME: usize = 16 << 10;

    /// How many bytes are put into frames before the frames are written.
    pub const MAX_WRITE: usize = 64 << 10;

    /// Asks for nothing special.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends this header, too.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Lets `prepare` change the request before it is sent, for each connection anew: to sign the
    /// URL, or to set headers that change. What it says when it fails is the reason why there
    /// is no connection.
    pub fn prepare(
        mut self,
        prepare: impl Fn(&mut Upgrade) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.prepare = Some(Arc::new(prepare));
        self
    }

    /// The request for this URL.
    ///
    /// # Errors
    /// [`Setting`](WebSocketError::Setting): what `prepare` said, or what is wrong with URL or
    /// headers.
    pub fn request(&self, url: &str) -> Result<Request<()>, WebSocketError> {
        let mut upgrade = Upgrade {
            url: url.into(),
            headers: self.headers.clone(),
        };
        if let Some(prepare) = &self.prepare {
            prepare(&mut upgrade).map_err(WebSocketError::Setting)?;
        }
        // Not the URL itself, which may hold a signature.
        let uri: Uri = upgrade
            .url
            .parse()
            .map_err(|error| WebSocketError::Setting(format!("its URL is wrong ({error})")))?;
        let request = ClientRequestBuilder::new(uri)
            .with_sub_protocol("mqtt")
            .into_client_request();
        let mut request = request.map_err(|error| WebSocketError::Setting(error.to_string()))?;
        for (name, value) in upgrade.headers {
            let wrong = |error: &dyn fmt::Display| {
                WebSocketError::Setting(format!("header {name:?} is wrong ({error})"))
            };
            let value = HeaderValue::try_from(value).map_err(|error| wrong(&error))?;
            request.headers_mut().append(
                HeaderName::try_from(&name).map_err(|error| wrong(&error))?,
                value,
            );
        }
        Ok(request)
    }

    /// Bounds of the frames that wait to be written: those of one write, and as much again of pongs
    /// to a server that does not read them. The library reads only the handshake, then
    /// [`FrameDecoder`] does.
    pub fn config() -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(0)
            .write_buffer_size(Self::MAX_WRITE)
            .max_write_buffer_size(2 * Self::MAX_WRITE)
    }
}

impl WebSocketError {
    /// What a failed request means.
    pub fn of(error: Error) -> Self {
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

#[cfg(feature = "tls")]
impl WebSocketError {
    /// What TLS below it said: with TLS 1.3 the broker's objections come behind the handshake.
    pub fn tls(&self) -> Option<&crate::TlsError> {
        match self {
            WebSocketError::Io(error) => error.get_ref()?.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("WebSocket")
            .field("headers", &names)
            .field("prepare", &self.prepare.is_some())
            .finish()
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}
