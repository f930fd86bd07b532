//! One message, from connecting to disconnecting.
use crate::{Acknowledgement, Client, Ended, Error, Options, PublishProperties, RequestError};
use motemq::Publish;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Connects, publishes one message, waits until the broker has acknowledged it, and disconnects.
/// Returns the broker's acknowledgement. The future drives the client itself.
///
/// The acknowledgement has to arrive within `limit`. [Disconnecting](Client::disconnect) can take
/// up to four seconds longer. If the future is dropped, the connection is closed without
/// DISCONNECT.
///
/// # Errors
/// An [`Error`] of the options, of [`Client::publish`], of the [`Receipt`](crate::Receipt) or of
/// [`Client::disconnect`]. If there is no connection when the time limit has passed, the error is
/// [`Ended::GaveUp`] with the reason of the last failed attempt.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let url = broker.url();
/// use motemq_tokio::{Options, Publish, QoS, publish_once};
/// use std::time::Duration;
/// let door = Publish::to("cellar/door").payload(b"open").qos(QoS::ExactlyOnce);
/// publish_once(Options::from_url(&url)?, &door, Duration::from_secs(5)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn publish_once<'p, T: PublishProperties<'p>>(
    options: Options,
    publish: &Publish<'p, T>,
    limit: Duration,
) -> Result<Acknowledgement, Error> {
    let (client, driver) = Client::new(options)?;
    let begun = Instant::now();
    let work = async {
        let publishing = async { Ok::<_, Error>(client.publish(publish).await?.await?) };
        let Ok(published) = timeout(limit, publishing).await else {
            return Err(match client.state().reason() {
                Some(reason) => Ended::GaveUp(reason.clone()).into(),
                None => RequestError::NotAcknowledged(limit).into(),
            });
        };
        let acknowledgement = published?;
        // This has limits of its own: the message is no longer at stake.
        let limit = limit.saturating_sub(begun.elapsed());
        client.disconnect(limit).await?;
        Ok(acknowledgement)
    };
    let (mut work, mut driver) = (pin!(work), pin!(driver));
    let mut is_driven = true;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        // What the driver does wakes the task, as does what is asked of it.
        is_driven = is_driven && driver.as_mut().poll(cx).is_pending();
        Poll::Pending
    })
    .await
}
