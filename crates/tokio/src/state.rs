//! The state of the connection as the application sees it.
use crate::shared::Shared;
use std::{pin::pin, sync::Arc};
use tokio::time::Instant;

/// The state of the connection: see [`Client::state`](crate::Client::state).
pub type State = motemq_client::State<Instant>;

/// Returns a state with its times on the clock of the system.
pub(crate) fn at_instants(state: &motemq_client::State, shared: &Shared) -> State {
    // No wait is longer than a year.
    let instant = |time| shared.instant(time).unwrap_or_else(Instant::now);
    state.clone().map_time(instant)
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
                let state = at_instants(inner.client.state(), &self.shared);
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
