//! The brokers of a client, and the way to them.
use motemq_client::{Options, profile::Profile};
use motemq_net::{BrokerUrl, Route, Scheme, UrlError};
use std::{fmt, sync::Arc};

/// The host and port of a broker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address {
    /// A name or an IP address, without brackets.
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

/// The brokers of a client as its options give them.
#[derive(Clone, Default, Debug)]
pub struct Brokers {
    addresses: Vec<Address>,
    /// The way there, unless it is plain TCP. What most clients do without takes no memory of them.
    route: Option<Arc<Route>>,
}

impl Brokers {
    /// Reads a URL. Returns the broker, the options of the client, and the topic.
    ///
    /// # Errors
    /// A [`UrlError`] for another form or scheme.
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

    /// Returns how many were added.
    pub fn count(&self) -> u32 {
        self.addresses.len() as u32
    }

    /// Sets the way there, apart from host and port.
    pub fn set_route(&mut self, route: Route) {
        self.route = Some(Arc::new(route));
    }

    /// Returns the way there, to be changed.
    pub fn route_mut(&mut self) -> &mut Route {
        Arc::make_mut(self.route.get_or_insert_default())
    }

    /// Returns the brokers to be tried, with what their profile requires; without one it is
    /// `localhost`.
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

/// The brokers to be tried, at least one.
#[derive(Debug)]
pub struct Candidates {
    addresses: Vec<Address>,
    /// The way there, unless it is plain TCP.
    route: Option<Arc<Route>>,
}

impl Candidates {
    /// Returns the way to a broker, if there are so many.
    pub fn route_to(&self, broker: u32) -> Option<Route> {
        let broker = self.addresses.get(broker as usize)?;
        let route = self.route.as_deref().cloned().unwrap_or_default();
        Some(Route {
            host: broker.host.clone(),
            port: Some(broker.port),
            ..route
        })
    }
}
