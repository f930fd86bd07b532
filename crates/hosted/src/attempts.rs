//! Attempts to connect: the driver makes them for the client, and reports their results to it.
use crate::{Face, Login, Shared, Watch};
use motemq_client::{Client, Ended, State, Transport, TransportError, TransportErrorKind};
use std::time::Duration;

/// The result of a step of an attempt to connect.
pub enum Done<S> {
    /// The broker was resolved to this number of addresses. The login is that of the application's
    /// `Options::credentials`, if it has set one.
    Resolved(u32, Option<Login>),
    /// The address has answered, but the layers over its socket are not open yet.
    Answered,
    /// The connection is open.
    Opened(S),
    /// The attempt has failed.
    Failed(TransportError),
}

impl<S> Done<S> {
    /// Calls `open` with the connection if there is one, and replaces it by the result, or by
    /// [`Failed`](Self::Failed). Returns other results unchanged.
    pub fn and_then<T>(self, open: impl FnOnce(S) -> Result<T, TransportError>) -> Done<T> {
        match self {
            Done::Resolved(addresses, login) => Done::Resolved(addresses, login),
            Done::Answered => Done::Answered,
            Done::Opened(stream) => open(stream).map_or_else(Done::Failed, Done::Opened),
            Done::Failed(error) => Done::Failed(error),
        }
    }
}

/// The actions that the client wants for its attempts. The driver carries them out after it has
/// released the lock.
#[derive(Default)]
pub struct Tasks {
    /// The actions: `Resolve`, `Dial` and `Cancel`.
    pub tasks: Vec<Transport>,
    /// True if the client uses a connection that was opened.
    pub is_open: bool,
    /// The reason why the client has ended, if it has.
    pub ended: Option<Ended>,
}

/// The attempts of a driver. [`carry_out`] calls its methods, none of which waits for the result.
pub trait Attempts {
    /// Begins to ask the application for its credentials, and to resolve the host of a broker, or
    /// of the server that the broker has named in `reference`.
    fn resolve(&mut self, attempt: u32, broker: u32, reference: Option<String>);

    /// Begins to open a connection to an address of the broker. `address` is its index among the
    /// addresses that were found.
    fn open(&mut self, attempt: u32, address: u32);

    /// Cancels an attempt.
    fn cancel(&mut self, attempt: u32);
}

/// Carries out the actions that the client wants, by the methods of `attempts`.
pub fn carry_out<F: Face>(tasks: Vec<Transport>, attempts: &mut impl Attempts, shared: &Shared<F>) {
    for task in tasks {
        match task {
            Transport::Resolve { attempt, broker } => {
                let reference =
                    shared.with(|inner| inner.client.server_reference().map(Into::into));
                attempts.resolve(attempt, broker, reference);
            }
            Transport::Dial {
                attempt, address, ..
            } => attempts.open(attempt, address),
            Transport::Cancel { attempt } => attempts.cancel(attempt),
            _ => {}
        }
    }
}

/// Reports the result of an attempt to the client. Returns the connection if it was opened. The
/// client uses it if the next [`Tasks::is_open`] is true; otherwise the driver drops it.
pub fn report<S>(client: &mut Client, attempt: u32, done: Done<S>, now: Duration) -> Option<S> {
    match done {
        Done::Resolved(addresses, login) => {
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
        Done::Answered => client.on_open_progress(attempt),
        Done::Failed(error) => client.on_open_failed(attempt, error),
        Done::Opened(stream) => {
            client.on_opened(attempt, now);
            return Some(stream);
        }
    }
    None
}

/// Returns the next actions of a client without a connection, at the time `now`. Counts a change of
/// the state in `watch`.
pub fn poll_tasks(client: &mut Client, watch: &mut Watch, now: Duration) -> Tasks {
    let mut tasks = Tasks::default();
    let was_connecting = is_connecting(client);
    client.on_timeout(now, || 0);
    loop {
        match client.poll_transport(now, fastrand::u64(..)) {
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
    if is_connecting(client) && !was_connecting {
        watch.on_change();
    }
    tasks
}

fn is_connecting(client: &Client) -> bool {
    matches!(client.state(), State::Connecting { .. })
}
