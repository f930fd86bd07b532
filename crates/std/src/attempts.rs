//! Attempts to open a connection, each in a thread of its own: the system's resolver, hooks of the
//! application and handshakes take their time, and cannot all be interrupted.
#[cfg(unix)]
use crate::stream::Begun;
use crate::{
    Address, Attempt, Dial, Options, TransportError, TransportErrorKind,
    link::Carrier,
    options::Credentials,
    shared::{Inner, Shared},
    stream::Stream,
};
use motemq_hosted::{Candidates, Done, Login, Target, find_addresses, no_credentials, unopened};
use motemq_net::{Route, Scheme};
use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

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
    shared: Arc<Shared>,
    custom: Option<Custom>,
    candidates: Candidates,
    hook: Option<Credentials>,
    limit: Duration,
    /// The attempts that were not given up. Others are left behind.
    current: Vec<u32>,
    sender: mpsc::Sender<(u32, Found)>,
    receiver: mpsc::Receiver<(u32, Found)>,
    /// The destination of the last name that was resolved.
    target: Option<Arc<Target>>,
}

impl Attempts {
    pub fn new(shared: &Arc<Shared>, options: Options, custom: Option<Custom>) -> Self {
        let candidates = options.brokers.candidates(options.client.get_profile());
        let (sender, receiver) = mpsc::channel();
        Attempts {
            shared: shared.clone(),
            custom,
            candidates,
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

    /// Keeps the result of an attempt that did not wait for anything.
    fn put(&mut self, attempt: u32, done: Result<Found, TransportError>) {
        self.current.push(attempt);
        // The receiver is here.
        let _ = self
            .sender
            .send((attempt, done.unwrap_or_else(Found::Failed)));
    }

    /// Does something in a thread of its own, which reports the result.
    fn begin(
        &mut self,
        attempt: u32,
        work: impl FnOnce(&dyn Fn(Found)) -> Result<Found, TransportError> + Send + 'static,
    ) {
        self.current.push(attempt);
        let (sender, shared) = (self.sender.clone(), self.shared.clone());
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

    /// The client has a connection, or none is wanted any more.
    pub fn cancel_all(&mut self) {
        self.current.clear();
    }

    /// Returns what an attempt has led to, if one has led to anything.
    pub fn poll(&mut self) -> Option<(u32, Done<Carrier>)> {
        loop {
            let (attempt, found) = self.receiver.try_recv().ok()?;
            if !self.current.contains(&attempt) {
                continue;
            }
            let done = match found {
                Found::Answered => return Some((attempt, Done::Answered)),
                Found::Target(target, login) => {
                    let addresses = target.count();
                    self.target = Some(Arc::from(target));
                    Done::Resolved(addresses, login)
                }
                Found::Opened(carrier) => Done::Opened(carrier),
                Found::Failed(error) => Done::Failed(error),
            };
            self.current.retain(|&number| number != attempt);
            return Some((attempt, done));
        }
    }
}

impl motemq_hosted::Attempts for Attempts {
    fn resolve(&mut self, attempt: u32, broker: u32, reference: Option<String>) {
        let route = match self.candidates.route(broker, reference.as_deref()) {
            Ok(route) => route,
            Err(error) => {
                self.put(attempt, Err(error));
                return;
            }
        };
        tracing::debug!(broker = %route.place(), "connecting");
        let (hook, resolves) = (self.hook.clone(), self.custom.is_none());
        let is_immediate = hook.is_none() && !(resolves && has_name(&route));
        let work = move || {
            let (target, login) = resolve(route, hook, resolves)?;
            Ok(Found::Target(Box::new(target), login))
        };
        if is_immediate {
            self.put(attempt, work());
        } else {
            self.begin(attempt, move |_| work());
        }
    }

    fn open(&mut self, attempt: u32, address: u32) {
        let Some(target) = self.target.clone() else {
            return;
        };
        let address = target.address(address);
        let (custom, limit) = (self.custom.clone(), self.limit);
        #[cfg(unix)]
        if custom.is_none()
            && let Some(address) = address.filter(|_| Stream::begins_at_once(&target.route))
        {
            match Stream::begin(address) {
                Ok(Begun::Connected(stream)) => {
                    let carrier = Carrier::Stream(Box::new(stream));
                    self.put(attempt, Ok(Found::Opened(carrier)));
                }
                Ok(Begun::Waiting(connecting)) => self.begin(attempt, move |_| {
                    let opened = connecting.wait(limit);
                    opened
                        .map(|stream| Found::Opened(Carrier::Stream(Box::new(stream))))
                        .map_err(|error| unopened(Some(&target), error))
                }),
                Err(error) => self.put(attempt, Err(unopened(Some(&target), error))),
            }
            return;
        }
        self.begin(attempt, move |tell| {
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

    fn cancel(&mut self, attempt: u32) {
        self.current.retain(|&number| number != attempt);
    }
}

fn panicked() -> TransportError {
    let text = "the attempt to connect panicked: see the panic's own message";
    TransportError::new(TransportErrorKind::Connect, text)
}

/// Returns whether the system has to be asked for the address of the next hop, which may take time.
fn has_name(route: &Route) -> bool {
    route.scheme != Scheme::Unix && route.next_hop().0.parse::<IpAddr>().is_err()
}

fn resolve(
    route: Route,
    hook: Option<Credentials>,
    resolves: bool,
) -> Result<(Target, Option<Login>), TransportError> {
    let mut attempt = Attempt::new(route);
    if let Some(hook) = hook {
        let place = attempt.route.place();
        let asked = hook.ask(attempt);
        attempt = asked.map_err(|error| no_credentials(&place, error))?;
    }
    let login = attempt.take_login();
    let addresses = if resolves && attempt.route.scheme != Scheme::Unix {
        let next_hop = attempt.route.next_hop();
        find_addresses(next_hop.0, next_hop.to_socket_addrs())?
    } else {
        Vec::new()
    };
    Ok((Target::new(attempt.route, addresses), login))
}
