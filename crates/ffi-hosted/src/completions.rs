//! The thread that reports the outcomes of requests.
use crate::{
    callbacks::{Callbacks, Done},
    error::{Failure, OK},
    messages::Routes,
};
use motemq_std::{Receipt, Subscribing};
use std::{
    collections::VecDeque,
    ffi::c_int,
    mem,
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
    time::Duration,
};

/// Outcomes mostly come in the order of the requests, so the oldest one is waited for, for so long.
/// Then all the others are looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// A request whose outcome is to be reported.
pub enum Request {
    Publish(Receipt, Done),
    /// A subscription, and the number of its route.
    Subscribe(Subscribing, u64, Done),
    /// An outcome that is known.
    Known(Result<c_int, Failure>, Done),
}

impl Request {
    /// Waits for the outcome, for no longer than `limit`. Returns whether it is there.
    fn is_complete(&mut self, limit: Duration) -> bool {
        match self {
            Request::Publish(receipt, _) => receipt.wait_timeout(limit).is_some(),
            Request::Subscribe(subscribing, ..) => subscribing.wait_timeout(limit),
            Request::Known(..) => true,
        }
    }

    fn report(self, routes: &Routes, callbacks: &Callbacks) {
        match self {
            Request::Publish(receipt, done) => {
                let outcome = receipt.wait();
                done.call(outcome.map(|_| OK).map_err(Failure::from), callbacks);
            }
            Request::Subscribe(subscribing, route, done) => {
                // The subscription outlives its stream, whose messages go to the stream of all.
                let outcome = subscribing.wait().map(|subscription| {
                    let granted = subscription.granted().first();
                    granted.map_or(OK, |&qos| c_int::from(qos as u8))
                });
                if outcome.is_err() {
                    routes.remove(route);
                }
                done.call(outcome.map_err(Failure::from), callbacks);
            }
            Request::Known(outcome, done) => done.call(outcome, callbacks),
        }
    }
}

/// Reports outcomes until there are no further requests and all outcomes are known.
pub fn run(requests: &Receiver<Request>, routes: &Arc<Routes>, callbacks: &Callbacks) {
    let mut pending = VecDeque::new();
    let mut is_open = true;
    while is_open || !pending.is_empty() {
        if pending.is_empty() {
            pending.extend(requests.recv());
        }
        loop {
            match requests.try_recv() {
                Ok(request) => pending.push_back(request),
                Err(error) => {
                    is_open = error == TryRecvError::Empty;
                    break;
                }
            }
        }
        if let Some(mut oldest) = pending.pop_front() {
            if oldest.is_complete(INTERVAL) {
                oldest.report(routes, callbacks);
                continue;
            }
            pending.push_front(oldest);
        }
        for mut request in mem::take(&mut pending) {
            if request.is_complete(Duration::ZERO) {
                request.report(routes, callbacks);
            } else {
                pending.push_back(request);
            }
        }
    }
}
