//! Proxies on the way to a broker.
mod error;
mod handshake;
mod http;
mod socks5;

pub use error::ProxyError;
pub(crate) use handshake::ProxyHandshake;

use crate::{UrlError, url::Authority, url::without_zone};
use std::{
    fmt,
    io::{Read, Write},
};

/// A proxy between the client and a broker: SOCKS5 (RFC 1928, with user name and password by RFC
/// 1929) or the method CONNECT of HTTP (with basic authentication). The proxy resolves the broker's
/// name. It cannot read a TLS connection to the broker. The user name and password of the proxy
/// itself are not encrypted.
///
/// # Examples
/// ```
/// use motemq_net::Proxy;
/// let proxy = Proxy::socks5("proxy.example", 1080).login("node", "secret");
/// assert_eq!(Proxy::from_url("socks5://node:secret@proxy.example:1080")?, proxy);
/// assert_eq!(Proxy::from_url("http://proxy.example")?.port(), 8080);
/// assert!(!format!("{proxy:?}").contains("secret"));
/// # Ok::<(), motemq_net::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    login: Option<Login>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Socks5,
    Http,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    password: Vec<u8>,
}

impl Proxy {
    /// Makes a SOCKS5 proxy. The usual port is 1080.
    pub fn socks5(host: impl Into<String>, port: u16) -> Self {
        Self::new(Kind::Socks5, host, port)
    }

    /// Makes an HTTP proxy, which opens connections with the method CONNECT. It has no standard
    /// port; 8080 and 3128 are common.
    pub fn http(host: impl Into<String>, port: u16) -> Self {
        Self::new(Kind::Http, host, port)
    }

    fn new(kind: Kind, host: impl Into<String>, port: u16) -> Self {
        Proxy {
            kind,
            host: host.into(),
            port,
            login: None,
        }
    }

    /// Sets the user name and the password for the proxy.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Some(Login {
            user: user.into(),
            password: password.into(),
        });
        self
    }

    /// Parses `socks5://[user[:password]@]host[:port]` (port 1080; `socks5h://` is the same) or
    /// `http://[user[:password]@]host[:port]` (port 8080). Special characters in user and password
    /// are percent-encoded.
    ///
    /// # Errors
    /// A [`UrlError`] if the text has neither of these forms.
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| UrlError::ProxyForm("there is no ://".into()))?;
        let (kind, port) = match scheme.to_ascii_lowercase().as_str() {
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            "http" => (Kind::Http, 8080),
            _ => return Err(UrlError::ProxyScheme(scheme.into())),
        };
        let authority = Authority::parse(rest.strip_suffix('/').unwrap_or(rest));
        let authority = authority.map_err(|error| match error {
            UrlError::Form(why) => UrlError::ProxyForm(why),
            error => error,
        })?;
        let proxy = Proxy::new(kind, authority.host, authority.port.unwrap_or(port));
        Ok(match authority.user {
            Some(user) => proxy.login(user, authority.password.unwrap_or_default()),
            None => proxy,
        })
    }

    /// Returns the host name or address of the proxy.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens a connection to this host and port over a blocking stream that is connected to the
    /// proxy.
    ///
    /// # Errors
    /// A [`ProxyError`] if the proxy does not open the connection, or if the stream fails, even
    /// with `TimedOut` or `WouldBlock`.
    pub fn connect<S: Read + Write>(
        &self,
        host: &str,
        port: u16,
        stream: &mut S,
    ) -> Result<(), ProxyError> {
        if self.handshake(host, port)?.advance(stream)? {
            Ok(())
        } else {
            Err(ProxyError::TimedOut)
        }
    }

    /// Begins to ask for a connection to this host.
    pub(crate) fn handshake(&self, host: &str, port: u16) -> Result<ProxyHandshake, ProxyError> {
        // A zone is known on this machine only.
        let host = without_zone(host);
        let machine = match self.kind {
            Kind::Socks5 => {
                handshake::Machine::Socks5(socks5::Socks5::new(self.login.as_ref(), host, port)?)
            }
            Kind::Http => {
                handshake::Machine::Http(http::Http::new(self.login.as_ref(), host, port)?)
            }
        };
        Ok(ProxyHandshake::new(machine))
    }
}

impl fmt::Display for Proxy {
    /// Writes scheme, host and port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Socks5 => "socks5",
            Kind::Http => "http",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("kind", &self.kind)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("login", &self.login.as_ref().map(|_| "***"))
            .finish()
    }
}
