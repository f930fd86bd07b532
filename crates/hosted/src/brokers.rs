//! The brokers of a client, and the routes to them.
use motemq_client::{Options, TransportError, TransportErrorKind, profile::Profile};
use motemq_net::{BrokerUrl, Route, Scheme, UrlError};
use std::{fmt, sync::Arc};

/// The host and port of a broker. `Display` writes `host:port`, and an IPv6 address in brackets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address {
    /// The host name or IP address, without brackets. It is empty for a Unix socket.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.is_empty() {
            f.write_str("a Unix socket")
        } else if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The brokers in the options of a client, and the route to them.
#[derive(Clone, Default, Debug)]
pub struct Brokers {
    addresses: Vec<Address>,
    /// The route without host and port, or `None` for plain TCP.
    route: Option<Arc<Route>>,
}

impl Brokers {
    /// Parses a URL. Returns the broker, options of the client with the login of the URL and no
    /// client identifier, and the topic.
    ///
    /// # Errors
    /// A [`UrlError`] if the URL is not valid, or if its scheme is unknown.
    pub fn from_url(url: &str) -> Result<(Self, Options, Option<String>), UrlError> {
        let url = BrokerUrl::parse(url)?;
        let is_plain = url.scheme == Scheme::Mqtt;
        let brokers = Brokers {
            addresses: vec![Address {
                host: url.host.clone(),
                port: url.port,
            }],
            route: (!is_plain).then(|| Arc::new(Route::from(&url))),
        };
        let options = Options::new("");
        let options = match (url.user, url.password) {
            (Some(user), Some(password)) => options.login(user, password),
            (Some(user), None) => options.user(user),
            _ => options,
        };
        Ok((brokers, options, url.topic))
    }

    /// Adds a broker.
    pub fn add(&mut self, host: String, port: u16) {
        self.addresses.push(Address { host, port });
    }

    /// Returns the number of brokers that were added.
    pub fn count(&self) -> u32 {
        self.addresses.len() as u32
    }

    /// Sets the route to all brokers. Its host is not used.
    pub fn set_route(&mut self, route: Route) {
        self.route = Some(Arc::new(route));
    }

    /// Returns the route to all brokers, to change it.
    pub fn route_mut(&mut self) -> &mut Route {
        Arc::make_mut(self.route.get_or_insert_default())
    }

    /// Returns the brokers to be tried, or `localhost` if none was added. In the second case, the
    /// profile sets the port and TLS if the route does not. On the port for which the profile
    /// requires ALPN, it also sets ALPN.
    pub fn candidates(mut self, profile: Option<&Profile>) -> Candidates {
        let route = self.complete_route(profile);
        if self.addresses.is_empty() {
            let port = route
                .as_ref()
                .map_or(Scheme::Mqtt.default_port(), |route| route.port());
            self.add("localhost".into(), port);
        }
        self.addresses.shrink_to_fit();
        Candidates {
            addresses: self.addresses,
            route,
        }
    }

    fn complete_route(&self, profile: Option<&Profile>) -> Option<Arc<Route>> {
        let Some(profile) = profile else {
            return self.route.clone();
        };
        let mut route = self.route.as_deref().cloned().unwrap_or_default();
        let port = self.addresses.first().map(|broker| broker.port);
        route.port = port.or(route.port);
        if route.port.is_none() && route.scheme == Scheme::Mqtt {
            route.port = Some(profile.port);
            if profile.tls {
                route.scheme = Scheme::Mqtts;
            }
        }
        #[cfg(feature = "_tls")]
        if let Some((port, protocol)) = profile.alpn
            && (route.scheme, route.port()) == (Scheme::Mqtts, port)
            && !route.tls.has_alpn()
        {
            route.tls = std::mem::take(&mut route.tls).alpn(&[protocol]);
        }
        Some(Arc::new(route))
    }
}

/// The brokers to be tried, of which there is at least one.
#[derive(Debug)]
pub struct Candidates {
    addresses: Vec<Address>,
    /// The route without host and port, or `None` for plain TCP.
    route: Option<Arc<Route>>,
}

impl Candidates {
    /// Returns the route to a server that a broker has named, as `host` or `host:port`, or with the
    /// host in brackets.
    fn route_to_reference(&self, broker: u32, reference: &str) -> Option<Route> {
        let route = self.route_to(broker)?;
        let (host, port) = match reference.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                (host, rest.strip_prefix(':'))
            }
            None => match reference.split_once(':') {
                // An IPv6 address without brackets has no port.
                Some((_, rest)) if rest.contains(':') => (reference, None),
                Some((host, port)) => (host, Some(port)),
                None => (reference, None),
            },
        };
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => route.port,
        };
        (!host.is_empty()).then(|| Route {
            host: host.into(),
            port,
            ..route
        })
    }

    /// Returns the route to the broker with this index, or to the server that it has named in
    /// `reference`.
    ///
    /// # Errors
    /// A [`TransportError`] if there is no such broker, or if the reference is not a host and port.
    pub fn route(&self, broker: u32, reference: Option<&str>) -> Result<Route, TransportError> {
        let Some(reference) = reference else {
            return self
                .route_to(broker)
                .ok_or_else(|| no_route("no such broker".into()));
        };
        let route = self.route_to_reference(broker, reference);
        route.ok_or_else(|| {
            let shown: String = reference.chars().take(80).collect();
            no_route(format!(
                "the broker refers to {shown:?}, which is not a host and port"
            ))
        })
    }

    /// Returns the route to the broker with this index, if there is one.
    fn route_to(&self, broker: u32) -> Option<Route> {
        let broker = self.addresses.get(broker as usize)?;
        let route = self.route.as_deref().cloned().unwrap_or_default();
        Some(Route {
            host: broker.host.clone(),
            port: Some(broker.port),
            ..route
        })
    }
}

fn no_route(text: String) -> TransportError {
    TransportError::new(TransportErrorKind::Resolve, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_host_and_mostly_a_port() {
        let mut brokers = Brokers::default();
        brokers.add("broker".into(), 1884);
        let candidates = brokers.candidates(None);
        for (reference, host, port) in [
            ("other", "other", 1884),
            ("other:1885", "other", 1885),
            ("10.0.0.1:1885", "10.0.0.1", 1885),
            ("[::1]:1885", "::1", 1885),
            ("[::1]", "::1", 1884),
            ("fe80::1", "fe80::1", 1884),
        ] {
            let route = candidates.route(0, Some(reference)).unwrap();
            assert_eq!((&*route.host, route.port), (host, Some(port)));
        }
        for reference in [
            "",
            ":1885",
            "other:",
            "other:x",
            "other:70000",
            "[::1",
            "[::1]:x",
        ] {
            let error = candidates.route(0, Some(reference)).unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Resolve, "{reference}");
        }
        assert_eq!(candidates.route(0, None).unwrap().host, "broker");
        assert!(candidates.route(1, None).is_err());
    }
}
