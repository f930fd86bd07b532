//! The state of the connection as the application sees it.
use crate::shared::{Face, wait, wait_until};
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
    /// Waits for a change of the state since the last call, or since the call of
    /// [`Client::states`](crate::Client::states), and returns the new state. It also returns when
    /// the broker refuses [subscriptions](crate::Client::subscriptions) after the loss of a
    /// session.
    ///
    /// After it has returned [`State::Ended`](motemq_client::State::Ended), there are no more
    /// changes, and another call never returns.
    pub fn changed(&mut self) -> State {
        let changed = wait(&self.shared, |inner, thread| {
            inner.state_after(self.seen, thread)
        });
        self.see(changed)
    }

    /// Waits as [`changed`](Self::changed) does, but only up to `limit`. Returns `None` if the
    /// state has not changed after this time.
    pub fn changed_timeout(&mut self, limit: Duration) -> Option<State> {
        let until = self.shared.after(limit);
        let changed = wait_until(&self.shared, Some(until), |inner, thread| {
            inner.state_after(self.seen, thread)
        });
        changed.map(|changed| self.see(changed))
    }
}
