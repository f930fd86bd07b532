//! Attempts to connect to a broker, and their destinations.
use crate::Address;
use motemq_client::{TransportError, TransportErrorKind};
use motemq_net::{Route, Scheme, addresses_to_try};
use std::{io, net::SocketAddr, sync::Arc};

/// A user name and a password, each of which can be missing.
pub type Login = (Option<String>, Option<Vec<u8>>);

/// An attempt to connect to a broker, which the function of `Options::credentials` can change. The
/// documentation of that method contains an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The route of the attempt: the host, port, path and query, and the settings of proxy, TLS and
    /// WebSocket, such as certificates and headers.
    pub route: Route,
    login: Option<Login>,
}

impl Attempt {
    /// Makes an attempt with this route.
    #[doc(hidden)]
    pub fn new(route: Route) -> Self {
        Attempt { route, login: None }
    }

    /// Sets the user name and the password for this attempt and later ones. The password can be any
    /// bytes, such as those of a token.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Some((Some(user.into()), Some(password.into())));
        self
    }

    /// Takes the login that was set, if there is one.
    #[doc(hidden)]
    pub fn take_login(&mut self) -> Option<Login> {
        self.login.take()
    }
}

/// The destination of an attempt: a broker, and the addresses of the first hop on the route to it,
/// which is the broker itself or a proxy.
#[derive(Debug)]
pub struct Target {
    /// The host and port of the broker.
    pub broker: Address,
    /// The route to the broker.
    pub route: Arc<Route>,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Makes the destination of a route, with the addresses of its first hop.
    pub fn new(route: Route, addresses: Vec<SocketAddr>) -> Self {
        let broker = Address {
            host: route.host.clone(),
            port: route.port(),
        };
        let route = Arc::new(route);
        Target {
            broker,
            route,
            addresses,
        }
    }

    /// Returns the number of addresses to try. It is 1 if the first hop has no address, like a Unix
    /// socket.
    pub fn count(&self) -> u32 {
        self.addresses.len().max(1) as u32
    }

    /// Returns the address with this index, or `None` if the first hop has no such address.
    pub fn address(&self, index: u32) -> Option<SocketAddr> {
        self.addresses.get(index as usize).copied()
    }

    /// Returns the host and port of the broker, for error messages.
    pub fn place(&self) -> String {
        self.broker.to_string()
    }

    /// Returns the name of the first hop, which is the proxy or the broker, for error messages.
    pub fn next_place(&self) -> String {
        match &self.route.proxy {
            Some(proxy) if self.route.scheme != Scheme::Unix => {
                format!("the proxy {}:{}", proxy.host(), proxy.port())
            }
            _ => self.place(),
        }
    }
}

/// Returns the addresses to be tried, of those that the resolver has found for `host`.
///
/// # Errors
/// A [`TransportError`] if the resolver has failed, or has found no address.
pub fn find_addresses(
    host: &str,
    found: io::Result<impl Iterator<Item = SocketAddr>>,
) -> Result<Vec<SocketAddr>, TransportError> {
    let failed = |text: String| TransportError::new(TransportErrorKind::Resolve, text);
    match found.map(addresses_to_try) {
        Ok(addresses) if addresses.is_empty() => {
            Err(failed(format!("{host} has no address: check the name")))
        }
        Ok(addresses) => Ok(addresses),
        Err(error) => {
            let text = format!("no address of {host} was found ({error}): check the name, and DNS");
            Err(failed(text).with_source(Arc::new(error)))
        }
    }
}
