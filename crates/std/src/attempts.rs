//! Attempts to open a connection, each in a thread of its own: the system's resolver, hooks of the
//! application and handshakes take their time, and cannot all be interrupted.
use crate::{
    Address, Dial, Options, TransportError, TransportErrorKind,
    credentials::{Attempt, Hook, Login},
    error::unopened,
    link::Carrier,
    shared::{Inner, Shared},
    stream::Stream,
};
use motemq_net::{Route, Scheme, addresses_to_try};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

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
pub(crate) enum Done {
    /// The broker has so many addresses, and this login if the application was asked for one.
    Resolved(u32, Option<Login>),
    /// Something has answered.
    Answered,
    Opened(Carrier),
    Failed(TransportError),
}

/// The result of a thread.
enum Found {
    Target(Box<Target>, Option<Login>),
    Answered,
    Opened(Carrier),
    Failed(TransportError),
}

type BoxedDial = Box<dyn FnMut(&Address) -> io::Result<Carrier> + Send>;

/// Opens transports as the application does.
#[derive(Clone)]
pub(crate) struct Custom(Arc<Mutex<BoxedDial>>);

impl Custom {
    pub fn new(mut dial: impl Dial) -> Self {
        Custom(Arc::new(Mutex::new(Box::new(move |broker| {
            let transport = dial.dial(broker)?;
            Ok(Carrier::Custom(Box::new(transport)))
        }))))
    }

    fn dial(&self, broker: &Address) -> io::Result<Carrier> {
        let mut dial = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dial(broker)
    }
}

/// All attempts that are under way.
pub(crate) struct Attempts {
    custom: Option<Custom>,
    brokers: Vec<Address>,
    /// The way to the brokers, unless it is plain TCP.
    route: Option<Arc<Route>>,
    hook: Option<Hook>,
    limit: Duration,
    /// The attempts that were not given up. Others are left behind.
    current: Vec<u32>,
    sender: mpsc::Sender<(u32, Found)>,
    receiver: mpsc::Receiver<(u32, Found)>,
    /// The destination of the last name that was resolved.
    target: Option<Arc<Target>>,
}

impl Attempts {
    pub fn new(options: Options, custom: Option<Custom>) -> Self {
        let route = options.complete_route();
        let mut brokers = options.brokers;
        if brokers.is_empty() {
            let port = route
                .as_ref()
                .map_or(Scheme::Mqtt.default_port(), |route| route.port());
            let host = "localhost".into();
            brokers.push(Address { host, port });
        }
        let (sender, receiver) = mpsc::channel();
        Attempts {
            custom,
            brokers,
            route,
            hook: options.credentials,
            limit: options.client.get_connect_timeout(),
            current: Vec::new(),
            sender,
            receiver,
            target: None,
        }
    }

    /// Returns where the last attempts led.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_deref()
    }

    /// Asks the application for its credentials, and finds out the addresses of a broker.
    pub fn resolve(&mut self, attempt: u32, broker: u32, shared: &Arc<Shared>) {
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
        let (hook, resolves) = (self.hook.clone(), self.custom.is_none());
        self.begin(attempt, shared, move |_| {
            let (target, login) = resolve(route, hook, resolves)?;
            Ok(Found::Target(Box::new(target), login))
        });
    }

    /// Opens a connection to an address of the broker.
    pub fn open(&mut self, attempt: u32, address: u32, shared: &Arc<Shared>) {
        let Some(target) = self.target.clone() else {
            return;
        };
        let address = target.addresses.get(address as usize).copied();
        let (custom, limit) = (self.custom.clone(), self.limit);
        self.begin(attempt, shared, move |tell| {
            let opened = match custom {
                Some(custom) => custom.dial(&target.broker),
                None => Stream::open(&target, address, limit, || tell(Found::Answered))
                    .map(|stream| Carrier::Stream(Box::new(stream))),
            };
            opened
                .map(Found::Opened)
                .map_err(|error| unopened(Some(&target), error))
        });
    }

    /// Does something in a thread of its own, which reports the result.
    fn begin(
        &mut self,
        attempt: u32,
        shared: &Arc<Shared>,
        work: impl FnOnce(&dyn Fn(Found)) -> Result<Found, TransportError> + Send + 'static,
    ) {
        self.current.push(attempt);
        let (sender, shared) = (self.sender.clone(), shared.clone());
        let tell = move |found| {
            // It fails only if the driver is gone.
            let _ = sender.send((attempt, found));
            shared.with(Inner::wake_driver);
        };
        let spawned = thread::Builder::new()
            .name("mqtt-connect".into())
            .spawn(move || {
                // What the application gave may panic: its credentials, its way to dial.
                let done = panic::catch_unwind(AssertUnwindSafe(|| work(&tell)));
                let found = done.unwrap_or_else(|_| Err(panicked()));
                tell(found.unwrap_or_else(Found::Failed));
            });
        if let Err(error) = spawned {
            let text = format!("the system has refused a thread to connect with: {error}");
            let failed = TransportError::new(TransportErrorKind::Connect, text);
            let _ = self.sender.send((attempt, Found::Failed(failed)));
        }
    }

    pub fn cancel(&mut self, attempt: u32) {
        self.current.retain(|&number| number != attempt);
    }

    /// The client has a connection, or none is wanted any more.
    pub fn cancel_all(&mut self) {
        self.current.clear();
    }

    /// Returns what an attempt has led to, if one has led to anything.
    pub fn poll(&mut self) -> Option<(u32, Done)> {
        loop {
            let (attempt, found) = self.receiver.try_recv().ok()?;
            if !self.current.contains(&attempt) {
                continue;
            }
            let done = match found {
                Found::Answered => return Some((attempt, Done::Answered)),
                Found::Target(target, login) => {
                    let addresses = target.addresses.len().max(1) as u32;
                    self.target = Some(Arc::from(target));
                    Done::Resolved(addresses, login)
                }
                Found::Opened(carrier) => Done::Opened(carrier),
                Found::Failed(error) => Done::Failed(error),
            };
            self.cancel(attempt);
            return Some((attempt, done));
        }
    }
}

fn panicked() -> TransportError {
    let text = "the attempt to connect panicked: see the panic's own message";
    TransportError::new(TransportErrorKind::Connect, text)
}

fn resolve(
    route: Route,
    hook: Option<Hook>,
    resolves: bool,
) -> Result<(Target, Option<Login>), TransportError> {
    let (route, login) = match hook {
        None => (route, None),
        Some(hook) => {
            let place = route.place();
            let Attempt { route, login } = hook.ask(route).map_err(|error| {
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
        find_addresses(&route)?
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

fn find_addresses(route: &Route) -> Result<Vec<SocketAddr>, TransportError> {
    let next_hop = route.next_hop();
    let found = next_hop.to_socket_addrs().map(addresses_to_try);
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
