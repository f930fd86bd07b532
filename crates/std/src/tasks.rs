//! The exchange between the client and its attempts to connect.
use crate::{
    Ended,
    attempts::Done,
    link::Link,
    shared::{Inner, Sleep},
};
use motemq_client::{State, Transport, TransportError, TransportErrorKind};
use std::time::Duration;

/// The actions for attempts, which are taken outside of the lock.
#[derive(Default)]
pub(crate) struct Tasks {
    pub tasks: Vec<Transport>,
    /// One of the attempts is the connection from now on.
    pub is_open: bool,
    pub sleep: Option<Sleep>,
    pub ended: Option<Ended>,
}

/// The result of an attempt, with a connection that the system watches.
pub(crate) enum Watched {
    Opened(Box<Link>),
    Other(Done),
}

/// Tells the client what an attempt has led to. Returns the connection, which the client uses from
/// now on if it wants one.
pub(crate) fn report(
    inner: &mut Inner,
    attempt: u32,
    done: Watched,
    now: Duration,
) -> Option<Link> {
    let client = &mut inner.client;
    match done {
        Watched::Opened(link) => {
            client.on_opened(attempt, now);
            return Some(*link);
        }
        Watched::Other(Done::Resolved(addresses, login)) => {
            if let Some((user, password)) = login
                && let Err(error) = client.set_login(user, password)
            {
                let text = format!("the credentials cannot be used: {error}");
                let error = TransportError::new(TransportErrorKind::Credentials, text);
                client.on_open_failed(attempt, error);
            } else {
                client.on_resolved(attempt, addresses, now);
            }
        }
        Watched::Other(Done::Answered) => client.on_open_progress(attempt),
        Watched::Other(Done::Failed(error)) => client.on_open_failed(attempt, error),
        Watched::Other(Done::Opened(_)) => {}
    }
    None
}

/// Asks the client what to do.
pub(crate) fn poll_tasks(inner: &mut Inner, is_done: bool, now: Duration) -> Tasks {
    let mut tasks = Tasks::default();
    let was_connecting = is_connecting(inner);
    inner.client.on_timeout(now, || 0);
    loop {
        match inner.client.poll_transport(now, fastrand::u64(..)) {
            Transport::Ended(ended) => tasks.ended = Some(ended),
            Transport::Keep | Transport::Close => tasks.is_open = true,
            Transport::Wait => {}
            task => {
                tasks.tasks.push(task);
                continue;
            }
        }
        break;
    }
    if is_connecting(inner) && !was_connecting {
        inner.watch.on_change();
    }
    if !is_done && tasks.tasks.is_empty() && tasks.ended.is_none() {
        let until = inner.client.poll_timeout();
        tasks.sleep = inner.fall_asleep(until, now);
    }
    tasks
}

fn is_connecting(inner: &Inner) -> bool {
    matches!(inner.client.state(), State::Connecting { .. })
}
