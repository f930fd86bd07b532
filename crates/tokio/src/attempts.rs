//! Attempts to open a connection: names that are being resolved, and connections that are being
//! opened, several at a time.
use crate::{
    Address, Options, TransportError, TransportErrorKind,
    credentials::{Attempt, Hook, Login},
    dial::{Answer, BoxFuture, Open},
    error::unopened,
};
use motemq_net::{Route, Scheme, addresses_to_try};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::net::lookup_host;

/// The destination of attempts.
#[derive(Debug)]
pub(crate) struct Target {
    pub broker: Address,
    pub route: Arc<Route>,
    addresses: Vec<SocketAddr>,
}

impl Target {
    /// Returns where it is, for people.
    pub fn place(&self) -> String {
        self.broker.to_string()
    }

    /// Returns where the first socket leads, for people.
    pub fn next_place(&self) -> String {
        match &self.route.proxy {
            Some(proxy) if self.route.scheme != Scheme::Unix => {
                format!("the proxy {}:{}", proxy.host(), proxy.port())
            }
            _ => self.place(),
        }
    }
}

/// The result of an attempt.
pub(crate) enum Done<S> {
    /// The broker has so many addresses, and this login if the application was asked for one.
    Resolved(u32, Option<Login>),
    /// Something has answered.
    Answered,
    Opened(S),
    Failed(TransportError),
}

type Resolving = BoxFuture<Result<(Target, Option<Login>), TransportError>>;

enum Work<S> {
    Resolve(Resolving),
    Open(BoxFuture<io::Result<S>>, Answer),
}

/// All attempts that are under way.
pub(crate) struct Attempts<O: Open> {
    open: O,
    brokers: Vec<Address>,
    /// The way to the brokers, unless it is plain TCP.
    route: Option<Arc<Route>>,
    hook: Option<Hook>,
    works: Vec<(u32, Work<O::Stream>)>,
    /// The destination of the last name that was resolved.
    target: Option<Box<Target>>,
}

impl<O: Open> Attempts<O> {
    pub fn new(options: Options, open: O) -> Self {
        let route = options.complete_route();
        let mut brokers = options.brokers;
        if brokers.is_empty() {
            let port = route
                .as_ref()
                .map_or(Scheme::Mqtt.default_port(), |route| route.port());
            let host = "localhost".into();
            brokers.push(Address { host, port });
        }
        brokers.shrink_to_fit();
        Attempts {
            open,
            brokers,
            route,
            hook: options.credentials,
            works: Vec::new(),
            target: None,
        }
    }

    /// Returns where the last attempts led.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_deref()
    }

    /// Asks the application for its credentials, and finds out the addresses of a broker.
    pub fn resolve(&mut self, attempt: u32, broker: u32) {
        let Some(broker) = self.brokers.get(broker as usize).cloned() else {
            return;
        };
        tracing::debug!(%broker, "connecting");
        let route = self.route.as_deref().cloned().unwrap_or_default();
        let route = Route {
            host: broker.host,
            port: Some(broker.port),
            ..route
        };
        let future = Box::pin(resolve(route, self.hook.clone(), O::RESOLVES));
        self.works.push((attempt, Work::Resolve(future)));
    }

    /// Opens a connection to an address of the broker.
    pub fn open(&mut self, attempt: u32, address: u32) {
        let Some(target) = &self.target else { return };
        let answer = Answer::default();
        let address = target.addresses.get(address as usize).copied();
        let future = self.open.open(target, address, answer.clone());
        self.works.push((attempt, Work::Open(future, answer)));
    }

    pub fn cancel(&mut self, attempt: u32) {
        self.works.retain(|&(number, _)| number != attempt);
    }

    /// Gives memory back: the broker has accepted a connection.
    pub fn shrink(&mut self) {
        self.works = Vec::new();
        self.target = None;
    }

    /// Returns what an attempt has led to, if one has led to anything.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Option<(u32, Done<O::Stream>)> {
        for at in 0..self.works.len() {
            let (number, work) = &mut self.works[at];
            let number = *number;
            let done = match work {
                Work::Resolve(future) => future.as_mut().poll(cx).map(|resolved| match resolved {
                    Ok((target, login)) => {
                        let addresses = target.addresses.len().max(1) as u32;
                        self.target = Some(Box::new(target));
                        Done::Resolved(addresses, login)
                    }
                    Err(error) => Done::Failed(error),
                }),
                Work::Open(future, answer) => match future.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => Poll::Ready(Done::Opened(stream)),
                    Poll::Ready(Err(error)) => {
                        let target = self.target.as_deref();
                        Poll::Ready(Done::Failed(unopened(target, error)))
                    }
                    Poll::Pending if answer.take() => return Some((number, Done::Answered)),
                    Poll::Pending => Poll::Pending,
                },
            };
            if let Poll::Ready(done) = done {
                self.works.swap_remove(at);
                return Some((number, done));
            }
        }
        None
    }
}

async fn resolve(
    route: Route,
    hook: Option<Hook>,
    resolves: bool,
) -> Result<(Target, Option<Login>), TransportError> {
    let (route, login) = match hook {
        None => (route, None),
        Some(hook) => {
            let place = route.place();
            let Attempt { route, login } = hook.ask(route).await.map_err(|error| {
                let text = format!("there are no credentials for {place}: {error}");
                TransportError::new(TransportErrorKind::Credentials, text).with_source(error)
            })?;
            (route, login)
        }
    };
    let broker = Address {
        host: route.host.clone(),
        port: route.port(),
    };
    let addresses = if resolves && route.scheme != Scheme::Unix {
        find_addresses(&route).await?
    } else {
        Vec::new()
    };
    let route = Arc::new(route);
    let target = Target {
        broker,
        route,
        addresses,
    };
    Ok((target, login))
}

async fn find_addresses(route: &Route) -> Result<Vec<SocketAddr>, TransportError> {
    let next_hop = route.next_hop();
    let found = lookup_host(next_hop).await.map(addresses_to_try);
    let host = next_hop.0;
    let failed = |text: String| TransportError::new(TransportErrorKind::Resolve, text);
    match found {
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
