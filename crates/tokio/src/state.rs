//! The state of the connection as the application sees it.
use crate::shared::{Face, wait};
use tokio::time::Instant;

motemq_hosted::states! {
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
    Instant
}

impl States {
    /// Waits for a change of the state since the last call, or since the call of
    /// [`Client::states`](crate::Client::states), and returns the new state. It also returns when
    /// the broker refuses [subscriptions](crate::Client::subscriptions) after the loss of a
    /// session. If the future is dropped, the next call returns the change that it has missed.
    ///
    /// After it has returned [`State::Ended`](motemq_client::State::Ended), there are no more
    /// changes, and another call never returns.
    pub async fn changed(&mut self) -> State {
        let seen = self.seen;
        let changed = wait(&self.shared, |inner, task| inner.state_after(seen, task)).await;
        self.see(changed)
    }
}
