//! The way to a broker.
#[cfg(feature = "websocket")]
use crate::WebSocket;
use crate::{BrokerUrl, Proxy, Scheme, url::without_zone};
#[cfg(feature = "_tls")]
use crate::{Tls, TlsError};
use socket2::{Domain, Socket, Type};
use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
    time::Duration,
};

/// The way to a broker: its place, and the layers to go through.
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
    /// The kind of way.
    pub scheme: Scheme,
    /// Name or address of the broker.
    pub host: String,
    /// [`Scheme::default_port`] if none is given.
    pub port: Option<u16>,
    /// Path and query of a WebSocket (`/mqtt` if empty), or path of a Unix socket.
    pub path: String,
    /// The proxy to go through. A Unix socket is reached without one.
    pub proxy: Option<Proxy>,
    /// The addresses of this machine to connect from, of which the first counts that is of the
    /// family of the address to connect to; the system's choice if none is given. A Unix socket has
    /// none.
    pub bind: Vec<IpAddr>,
    /// Settings of TLS, where the scheme has it.
    #[cfg(feature = "_tls")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
    pub tls: Tls,
    /// Settings of the WebSocket, where the scheme has it.
    #[cfg(feature = "websocket")]
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
            proxy: None,
            bind: Vec::new(),
            #[cfg(feature = "_tls")]
            tls: Tls::new(),
            #[cfg(feature = "websocket")]
            websocket: WebSocket::new(),
        }
    }
}

impl Route {
    /// Returns the port of the broker.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Returns host and port to connect to: those of the proxy, if there is one.
    pub fn next_hop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (&self.host, self.port()),
        }
    }

    /// Returns the address to bind a socket to that is to be connected to `peer`, if there is one.
    ///
    /// # Errors
    /// The addresses to [bind](Self::bind) to are IPv4, and `peer` is IPv6, or the other way round.
    ///
    /// ```
    /// use motemq_net::Route;
    /// let bind = vec!["2001:db8::2".parse()?, "192.0.2.1".parse()?, "192.0.2.2".parse()?];
    /// let mut route = Route { bind, ..Route::default() };
    /// let bind = route.bind_for("192.0.2.7:1883".parse()?)?;
    /// assert_eq!(bind, Some("192.0.2.1:0".parse()?));
    /// route.bind.remove(0);
    /// assert!(route.bind_for("[2001:db8::1]:1883".parse()?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bind_for(&self, peer: SocketAddr) -> io::Result<Option<SocketAddr>> {
        let Some(first) = self.bind.first() else {
            return Ok(None);
        };
        let mut all = self.bind.iter();
        if let Some(&bind) = all.find(|bind| bind.is_ipv4() == peer.is_ipv4()) {
            return Ok(Some(SocketAddr::new(bind, 0)));
        }
        let kind = |is_ipv4| if is_ipv4 { "IPv4" } else { "IPv6" };
        let (own, other) = (kind(first.is_ipv4()), kind(peer.is_ipv4()));
        Err(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            format!(
                "{first}, the address to connect from, is {own}, and {} is {other}",
                peer.ip()
            ),
        ))
    }

    /// Connects a socket that blocks to this address of the next hop, from the address to
    /// [bind](Self::bind) to, within `limit`.
    ///
    /// # Errors
    /// The reason why there is no connection.
    pub fn connect(&self, peer: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        let Some(bind) = self.bind_for(peer)? else {
            return TcpStream::connect_timeout(&peer, limit);
        };
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, None)?;
        socket.bind(&bind.into())?;
        socket.connect_timeout(&peer.into(), limit)?;
        Ok(socket.into())
    }

    /// Returns whether there is anything between the socket and MQTT.
    pub fn has_layers(&self) -> bool {
        let has_proxy = self.proxy.is_some() && self.scheme != Scheme::Unix;
        has_proxy || self.scheme.is_tls() || self.scheme.is_websocket()
    }

    /// Returns its place, for people: `host:port`, or the path of a Unix socket.
    pub fn place(&self) -> String {
        match self.scheme {
            Scheme::Unix => self.path.clone(),
            _ if self.host.contains(':') => format!("[{}]:{}", self.host, self.port()),
            _ => format!("{}:{}", self.host, self.port()),
        }
    }

    /// Returns the URL in the request for a WebSocket.
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

#[cfg(feature = "_tls")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
impl Route {
    /// Returns the same way, through TLS.
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

    /// Returns why the broker ended the connection before it had accepted it, if the reason is TLS:
    /// with TLS 1.3 a broker rejects a client certificate behind the handshake, some without an
    /// alert. `error` is the one of the read or write that found it; `None` if the broker closed
    /// the connection.
    pub fn tls_error(&self, error: Option<&io::Error>) -> Option<TlsError> {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        if !self.scheme.is_tls() {
            return None;
        }
        let Some(error) = error else {
            return Some(self.tls.closed());
        };
        match error.get_ref() {
            Some(said) => said.downcast_ref().cloned(),
            None => matches!(
                error.kind(),
                ConnectionReset | ConnectionAborted | BrokenPipe
            )
            .then(|| self.tls.closed()),
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
