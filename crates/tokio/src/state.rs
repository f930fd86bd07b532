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
    /// Waits until the state has changed since the last call, or, at the first call, since
    /// [`Client::states`](crate::Client::states) was called; or until the broker has refused
    /// [subscriptions](crate::Client::subscriptions). Returns the new state. Once it
    /// has returned that the client has ended, it does not return again. The future can be dropped,
    /// and the method called again.
    pub async fn changed(&mut self) -> State {
        let seen = self.seen;
        let changed = wait(&self.shared, |inner, task| inner.state_after(seen, task)).await;
        self.see(changed)
    }
}
