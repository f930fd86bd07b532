//! Attempts to reach a broker, and where they lead.
use crate::Address;
use motemq_client::{TransportError, TransportErrorKind};
use motemq_net::{Route, Scheme, addresses_to_try};
use std::{io, net::SocketAddr, sync::Arc};

/// A user name and a password.
pub type Login = (Option<String>, Option<Vec<u8>>);

/// An attempt to connect to a broker: see `Options::credentials`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The route of the attempt: host, port, path and query, proxy, certificates, and headers of
    /// the WebSocket handshake. A function of `Options::credentials` can change all of them.
    pub route: Route,
    login: Option<Login>,
}

impl Attempt {
    /// Makes an attempt with this route.
    #[doc(hidden)]
    pub fn new(route: Route) -> Self {
        Attempt { route, login: None }
    }

    /// Sets the user name and the password for this attempt and later ones.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Some((Some(user.into()), Some(password.into())));
        self
    }

    /// Returns the login that was set.
    #[doc(hidden)]
    pub fn take_login(&mut self) -> Option<Login> {
        self.login.take()
    }
}

/// The destination of attempts.
#[derive(Debug)]
pub struct Target {
    /// The broker.
    pub broker: Address,
    /// The way to it.
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

    /// Returns the number of addresses to try, at least one.
    pub fn count(&self) -> u32 {
        self.addresses.len().max(1) as u32
    }

    /// Returns the address of this number, if the first hop has one.
    pub fn address(&self, index: u32) -> Option<SocketAddr> {
        self.addresses.get(index as usize).copied()
    }

    /// Returns the host and port of the broker, for messages to people.
    pub fn place(&self) -> String {
        self.broker.to_string()
    }

    /// Returns the destination of the first socket, for messages to people.
    pub fn next_place(&self) -> String {
        match &self.route.proxy {
            Some(proxy) if self.route.scheme != Scheme::Unix => {
                format!("the proxy {}:{}", proxy.host(), proxy.port())
            }
            _ => self.place(),
        }
    }
}

/// Returns the addresses to be tried of those that were found for a host.
///
/// # Errors
/// There are none.
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
