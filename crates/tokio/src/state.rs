//! The state of the connection as the application sees it.
use crate::{DisconnectReason, Ended, ServerLimits, SessionState, shared::Shared};
use std::{pin::pin, sync::Arc};
use tokio::time::Instant;

/// The state of the connection: see [`Client::state`](crate::Client::state).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum State {
    /// A connection is being made.
    Connecting {
        /// The reason why the last connection or attempt ended, if there was one.
        reason: Option<DisconnectReason>,
    },
    /// The broker has accepted the connection.
    Connected {
        /// The part of the session that the broker has kept.
        session: SessionState,
        /// The limits of the broker.
        limits: ServerLimits,
        /// The time at which it accepted the connection.
        since: Instant,
    },
    /// There is no connection.
    Waiting {
        /// The reason why the last connection or attempt ended.
        reason: DisconnectReason,
        /// The time at which the next attempt begins, unless it waits for the application to take
        /// messages.
        retry_at: Instant,
    },
    /// There is no connection, and there will be none.
    Ended(Ended),
}

impl State {
    pub(crate) fn new(state: &motemq_client::State, shared: &Shared) -> Self {
        use motemq_client::State as Inner;
        // No wait is longer than a year.
        let instant = |time| shared.instant(time).unwrap_or_else(Instant::now);
        match state.clone() {
            Inner::Connecting { reason } => State::Connecting { reason },
            Inner::Connected {
                session,
                limits,
                since,
            } => State::Connected {
                session,
                limits,
                since: instant(since),
            },
            Inner::Waiting { reason, retry_at } => State::Waiting {
                reason,
                retry_at: instant(retry_at),
            },
            Inner::Ended(ended) => State::Ended(ended),
            _ => State::Connecting { reason: None },
        }
    }

    /// Returns why there is no connection, as far as there is a reason.
    pub fn reason(&self) -> Option<&DisconnectReason> {
        match self {
            State::Connecting { reason } => reason.as_ref(),
            State::Waiting { reason, .. } => Some(reason),
            State::Ended(Ended::GaveUp(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns whether there is a connection.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Connected { .. })
    }
}

/// Watches a connection's [`State`]. Of several changes at once it returns the last.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use motemq_tokio::{Client, Options, State};
/// // Nothing listens there.
/// let (client, driver) = Client::new(Options::new("node-7").broker("127.0.0.1", 1))?;
/// tokio::spawn(driver);
/// let mut states = client.states();
/// let State::Waiting { reason, retry_at } = states.changed().await else {
///     return Ok(());
/// };
/// println!("{reason}; the next attempt begins in {:?}", retry_at - tokio::time::Instant::now());
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct States {
    shared: Arc<Shared>,
    seen: u64,
}

impl States {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        States {
            shared: shared.clone(),
            seen: shared.with(|inner| inner.watch.version()),
        }
    }

    /// Waits until the state is another than when this was called last, or than when
    /// [`Client::states`](crate::Client::states) was, or until the broker has refused
    /// [subscriptions](crate::Client::subscriptions); forever if the client has ended. It can be
    /// dropped and called again.
    pub async fn changed(&mut self) -> State {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let (version, state) = self.shared.with(|inner| {
                let state = State::new(inner.client.state(), &self.shared);
                (inner.watch.version(), state)
            });
            if version != self.seen {
                self.seen = version;
                return state;
            }
            changed.await;
        }
    }
}
