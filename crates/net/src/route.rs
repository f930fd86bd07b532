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

/// The route to a broker: its host and port, or the path of its Unix socket, and the layers of the
/// connection.
///
/// # Examples
/// ```
/// use motemq_net::{Route, Scheme};
/// let route = Route { scheme: Scheme::Ws, host: "::1".into(), ..Route::default() };
/// assert_eq!((route.place(), route.url()), ("[::1]:80".into(), "ws://[::1]:80/mqtt".into()));
/// let route = Route { host: "fe80::1%eth0".into(), ..route };
/// assert_eq!(route.url(), "ws://[fe80::1]:80/mqtt");
/// ```
#[derive(Clone, Debug)]
pub struct Route {
    /// The scheme, which determines the layers.
    pub scheme: Scheme,
    /// The host name or address of the broker.
    pub host: String,
    /// The port of the broker, or `None` for [`Scheme::default_port`].
    pub port: Option<u16>,
    /// The path and query of a WebSocket (`/mqtt` if empty), or the path of a Unix socket.
    pub path: String,
    /// The proxy, or `None`. A Unix socket does not use it.
    pub proxy: Option<Proxy>,
    /// The local addresses to which a socket is bound before it connects. The first one of the same
    /// family (IPv4 or IPv6) as the peer's address is used. If there are none, the system chooses.
    /// A Unix socket does not use them.
    pub bind: Vec<IpAddr>,
    /// The settings of TLS, for schemes with TLS.
    #[cfg(feature = "_tls")]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "native-tls", feature = "rustls"))))]
    pub tls: Tls,
    /// The settings of the WebSocket handshake, for schemes with WebSocket.
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
    /// Returns the port of the broker: the given one, or the default of the scheme.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Returns the host and port to which the socket connects: those of the proxy if there is one,
    /// or else those of the broker.
    pub fn next_hop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (&self.host, self.port()),
        }
    }

    /// Returns the local address to which a socket has to be bound before it connects to `peer`, or
    /// `None` if the system chooses.
    ///
    /// # Errors
    /// An error if all addresses in [`bind`](Self::bind) are IPv4 and `peer` is IPv6, or vice
    /// versa.
    ///
    /// # Examples
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

    /// Connects a blocking socket to this address of the [next hop](Self::next_hop) within `limit`,
    /// from the address that [`bind_for`](Self::bind_for) returns.
    ///
    /// # Errors
    /// The error of the system or of [`bind_for`](Self::bind_for).
    pub fn connect(&self, peer: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        let Some(bind) = self.bind_for(peer)? else {
            return TcpStream::connect_timeout(&peer, limit);
        };
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, None)?;
        socket.bind(&bind.into())?;
        socket.connect_timeout(&peer.into(), limit)?;
        Ok(socket.into())
    }

    /// Returns whether there is a layer between the socket and MQTT: a proxy, TLS or a WebSocket.
    pub fn has_layers(&self) -> bool {
        let has_proxy = self.proxy.is_some() && self.scheme != Scheme::Unix;
        has_proxy || self.scheme.is_tls() || self.scheme.is_websocket()
    }

    /// Returns the address of the broker for error messages: `host:port`, or the path of a Unix
    /// socket.
    pub fn place(&self) -> String {
        match self.scheme {
            Scheme::Unix => self.path.clone(),
            _ if self.host.contains(':') => format!("[{}]:{}", self.host, self.port()),
            _ => format!("{}:{}", self.host, self.port()),
        }
    }

    /// Returns the URL of the WebSocket handshake.
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
    /// Returns the same route with TLS: the scheme becomes `mqtts`, or `wss` for a WebSocket.
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

    /// Returns the TLS error because of which the broker ended the connection before CONNACK, or
    /// `None` if TLS was not the reason. With TLS 1.3, a broker rejects a client certificate only
    /// after the handshake, and some brokers do so without an alert. `error` is the error of the
    /// failed read or write, or `None` if the broker closed the connection.
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
