//! Attempts to open a connection: names that are being resolved, and connections that are being
//! opened, several at a time.
use crate::{
    Attempt, Options, TransportError,
    dial::{Answer, BoxFuture, Open},
    options::Credentials,
};
use motemq_hosted::{Candidates, Done, Login, Target, find_addresses, no_credentials, unopened};
use motemq_net::{Route, Scheme};
use std::{
    io,
    task::{Context, Poll},
};
use tokio::net::lookup_host;

type Resolving = BoxFuture<Result<(Target, Option<Login>), TransportError>>;

enum Work<S> {
    Resolve(Resolving),
    Open(BoxFuture<io::Result<S>>, Answer),
}

/// All attempts that are under way.
pub(crate) struct Attempts<O: Open> {
    open: O,
    candidates: Candidates,
    hook: Option<Credentials>,
    works: Vec<(u32, Work<O::Stream>)>,
    /// The destination of the last name that was resolved.
    target: Option<Box<Target>>,
}

impl<O: Open> Attempts<O> {
    pub fn new(options: Options, open: O) -> Self {
        let candidates = options.brokers.candidates(options.client.get_profile());
        Attempts {
            open,
            candidates,
            hook: options.credentials,
            works: Vec::new(),
            target: None,
        }
    }

    /// Returns where the last attempts led.
    pub fn target(&self) -> Option<&Target> {
        self.target.as_deref()
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
                        let addresses = target.count();
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

impl<O: Open> motemq_hosted::Attempts for Attempts<O> {
    fn resolve(&mut self, attempt: u32, broker: u32, reference: Option<String>) {
        let route = match self.candidates.route(broker, reference.as_deref()) {
            Ok(route) => route,
            Err(error) => {
                let failed = Box::pin(async { Err(error) });
                self.works.push((attempt, Work::Resolve(failed)));
                return;
            }
        };
        tracing::debug!(broker = %route.place(), "connecting");
        let future = Box::pin(resolve(route, self.hook.clone(), O::RESOLVES));
        self.works.push((attempt, Work::Resolve(future)));
    }

    fn open(&mut self, attempt: u32, address: u32) {
        let Some(target) = &self.target else { return };
        let answer = Answer::default();
        let address = target.address(address);
        let future = self.open.open(target, address, answer.clone());
        self.works.push((attempt, Work::Open(future, answer)));
    }

    fn cancel(&mut self, attempt: u32) {
        self.works.retain(|&(number, _)| number != attempt);
    }
}

async fn resolve(
    route: Route,
    hook: Option<Credentials>,
    resolves: bool,
) -> Result<(Target, Option<Login>), TransportError> {
    let mut attempt = Attempt::new(route);
    if let Some(hook) = hook {
        let place = attempt.route.place();
        let asked = hook.ask(attempt).await;
        attempt = asked.map_err(|error| no_credentials(&place, error))?;
    }
    let login = attempt.take_login();
    let addresses = if resolves && attempt.route.scheme != Scheme::Unix {
        let next_hop = attempt.route.next_hop();
        find_addresses(next_hop.0, lookup_host(next_hop).await)?
    } else {
        Vec::new()
    };
    Ok((Target::new(attempt.route, addresses), login))
}
