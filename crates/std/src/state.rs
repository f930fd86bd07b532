//! The state of the connection as the application sees it.
use crate::shared::Shared;
use std::time::{Duration, Instant};

motemq_hosted::states! {
    /// ```
    /// # use motemq_std::{Client, Options, State};
    /// // Nothing listens there.
    /// let client = Client::connect(Options::new("node-7").broker("127.0.0.1", 1))?;
    /// let mut states = client.states();
    /// let State::Waiting { reason, retry_at } = states.changed() else {
    ///     return Ok(());
    /// };
    /// println!("{reason}; the next attempt begins in {:?}", retry_at - std::time::Instant::now());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Instant
}

impl States {
    /// Waits until the state has changed since the last call, or, at the first call, since
    /// [`Client::states`](crate::Client::states) was called; or until the broker has refused
    /// [subscriptions](crate::Client::subscriptions). Returns the new state. Once it
    /// has returned that the client has ended, it does not return again.
    pub fn changed(&mut self) -> State {
        loop {
            if let Some(state) = self.changed_until(None) {
                return state;
            }
        }
    }

    /// Waits as [`changed`](Self::changed) does, but only up to `limit`. Returns `None` if the
    /// state has not changed after this time.
    pub fn changed_timeout(&mut self, limit: Duration) -> Option<State> {
        self.changed_until(Some(self.shared.after(limit)))
    }

    pub(crate) fn changed_until(&mut self, until: Option<Duration>) -> Option<State> {
        let (shared, seen) = (&self.shared, self.seen);
        let (version, state) = shared.wait(until, |inner, thread| {
            if inner.watch.version() == seen {
                inner.changed.put(thread);
                return None;
            }
            let state = at_instants(inner.client.state(), shared);
            Some((inner.watch.version(), state))
        })?;
        self.seen = version;
        Some(state)
    }
}
