//! The exchange between the client and its attempts to connect.
use crate::{Face, Login, Shared, Watch};
use motemq_client::{Client, Ended, State, Transport, TransportError, TransportErrorKind};
use std::time::Duration;

/// The result of an attempt, which may be an open connection.
pub enum Done<S> {
    /// The broker has this number of addresses, and this login if the application was asked for
    /// one.
    Resolved(u32, Option<Login>),
    /// Something has answered.
    Answered,
    /// There is a connection.
    Opened(S),
    /// There is none.
    Failed(TransportError),
}

impl<S> Done<S> {
    /// Does something more for a connection that was opened.
    pub fn and_then<T>(self, open: impl FnOnce(S) -> Result<T, TransportError>) -> Done<T> {
        match self {
            Done::Resolved(addresses, login) => Done::Resolved(addresses, login),
            Done::Answered => Done::Answered,
            Done::Opened(stream) => open(stream).map_or_else(Done::Failed, Done::Opened),
            Done::Failed(error) => Done::Failed(error),
        }
    }
}

/// The actions for attempts, which are taken outside of the lock.
#[derive(Default)]
pub struct Tasks {
    /// Resolve, dial, and cancel.
    pub tasks: Vec<Transport>,
    /// One of the attempts is the connection from now on.
    pub is_open: bool,
    /// The client has ended.
    pub ended: Option<Ended>,
}

/// Makes attempts as the client wants them.
pub trait Attempts {
    /// Asks the application for its credentials, and finds out the addresses of a broker, or of the
    /// server that it has named.
    fn resolve(&mut self, attempt: u32, broker: u32, reference: Option<String>);

    /// Opens a connection to an address of the broker.
    fn open(&mut self, attempt: u32, address: u32);

    /// Gives an attempt up.
    fn cancel(&mut self, attempt: u32);
}

/// Lets `attempts` do what the client wants.
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

/// Tells the client what an attempt has led to. Returns the connection that was opened, which the
/// client uses from now on if [`Tasks::is_open`] says so.
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

/// Asks the client what to do.
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
