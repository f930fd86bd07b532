//! WebSocket. MQTT inside it is binary frames with the subprotocol `mqtt`, cut anywhere
//! [MQTT-6.0.0-1 to 4].
mod close;
mod decoder;
mod error;
mod response_head;
mod stream;

pub use close::WebSocketClosed;
pub use error::WebSocketError;
pub(crate) use stream::{Framed, Handshake};

use std::{fmt, sync::Arc};
use tungstenite::{
    ClientRequestBuilder,
    client::IntoClientRequest,
    http::{HeaderName, HeaderValue, Request, Uri},
};

/// The settings of the WebSocket handshake.
///
/// `Debug` shows the names of the headers, but not their values.
///
/// # Examples
/// ```
/// use motemq_net::WebSocket;
/// let plain = WebSocket::new().header("X-Device", "node-7");
/// // Called for each connection, so that a signature is fresh.
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

/// The request of the WebSocket handshake, before it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The URL of the request, with the scheme `ws` or `wss`, host, port, path and query. The
    /// server receives the path and the query. Another host or port changes the header `Host`, but
    /// not the server to which the client connects.
    pub url: String,
    /// The names and values of the additional headers.
    pub headers: Vec<(String, String)>,
}

impl WebSocket {
    /// Makes settings without additional headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header to the request of each connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Calls `prepare` for each connection to change the request before it is sent, for example to
    /// sign the URL, or to set headers that change. If `prepare` fails, the connection is not
    /// opened, and the text is the reason.
    pub fn prepare(
        mut self,
        prepare: impl Fn(&mut Upgrade) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.prepare = Some(Arc::new(prepare));
        self
    }

    /// Returns the request for this URL.
    ///
    /// # Errors
    /// [`Setting`](WebSocketError::Setting): the text of `prepare`, or what is wrong with URL or
    /// headers.
    fn request(&self, url: &str) -> Result<Request<()>, WebSocketError> {
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
