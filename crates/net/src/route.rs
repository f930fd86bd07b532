//! How a broker is reached.
use crate::{BrokerUrl, Scheme, WebSocket, url::without_zone};
#[cfg(feature = "tls")]
use crate::{Cause, Tls, TlsError};

/// How a broker is reached: where it is, and through which layers.
///
/// ```
/// use motemq_net::{Route, Scheme};
/// let route = Route { scheme: Scheme::Ws, host: "::1".into(), ..Route::default() };
/// assert_eq!((route.place(), route.url()), ("[::1]:80".into(), "ws://[::1]:80/mqtt".into()));
/// let route = Route { host: "fe80::1%eth0".into(), ..route };
/// assert_eq!(route.url(), "ws://[fe80::1]:80/mqtt");
/// ```
#[derive(Clone, Debug)]
pub struct Route {
    /// Which way.
    pub scheme: Scheme,
    /// Name or address of the broker.
    pub host: String,
    /// [`Scheme::default_port`] if none is given.
    pub port: Option<u16>,
    /// Path and query of a WebSocket (`/mqtt` if empty), or path of a Unix socket.
    pub path: String,
    /// How to speak TLS, where the scheme wants it.
    #[cfg(feature = "tls")]
    pub tls: Tls,
    /// How to ask for a WebSocket, where the scheme wants it.
    pub websocket: WebSocket,
}

impl Default for Route {
    /// Plain TCP to this machine.
    fn default() -> Self {
        Route {
            scheme: Scheme::Mqtt,
            host: "localhost".into(),
            port: None,
            path: String::new(),
            #[cfg(feature = "tls")]
            tls: Tls::new(),
            websocket: WebSocket::new(),
        }
    }
}

impl Route {
    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Where it is, for people: `host:port`, or the path of a Unix socket.
    pub fn place(&self) -> String {
        match self.scheme {
            Scheme::Unix => self.path.clone(),
            _ if self.host.contains(':') => format!("[{}]:{}", self.host, self.port()),
            _ => format!("{}:{}", self.host, self.port()),
        }
    }

    /// What a WebSocket is asked for with.
    pub fn url(&self) -> String {
        let scheme = if self.scheme.is_tls() { "wss" } else { "ws" };
        let path = if self.path.is_empty() {
            "/mqtt"
        } else {
            &self.path
        };
        // A zone means something on this machine only.
        let host = without_zone(&self.host);
        if host.contains(':') {
            format!("{scheme}://[{host}]:{}{path}", self.port())
        } else {
            format!("{scheme}://{host}:{}{path}", self.port())
        }
    }
}

#[cfg(feature = "tls")]
impl Route {
    /// The same way, through TLS.
    pub fn secured(self, tls: Tls) -> Self {
        let scheme = if self.scheme.is_websocket() {
            Scheme::Wss
        } else {
            Scheme::Mqtts
        };
        Route {
            scheme,
            tls,
            ..self
        }
    }

    /// What the other side objected to, if TLS is spoken and the connection ended like this before
    /// the broker had accepted it. With TLS 1.3 what is wrong with our certificate shows only
    /// there.
    pub fn objection(&self, cause: &Cause) -> Option<TlsError> {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        if !self.scheme.is_tls() {
            return None;
        }
        match cause {
            Cause::Closed => Some(self.tls.closed()),
            Cause::Io(error) => {
                let said = error
                    .get_ref()
                    .and_then(|said| said.downcast_ref().cloned());
                let ended = matches!(
                    error.kind(),
                    ConnectionReset | ConnectionAborted | BrokenPipe
                );
                said.or_else(|| ended.then(|| self.tls.closed()))
            }
            _ => None,
        }
    }
}

impl From<&BrokerUrl> for Route {
    fn from(url: &BrokerUrl) -> Self {
        let (host, path) = (url.host.clone(), url.path.clone());
        Route {
            scheme: url.scheme,
            host,
            port: Some(url.port),
            path,
            ..Route::default()
        }
    }
}
