//! One message, from connecting to disconnecting.
use crate::{Acknowledgement, Client, Ended, Error, Options, PublishProperties, RequestError};
use motemq::Publish;
use std::time::{Duration, Instant};

/// The time for which the driver is driven at once while the client leaves, which has a limit of
/// its own.
const LEAVE: Duration = Duration::from_secs(1);

/// Connects, publishes one message, waits until the broker has acknowledged it, and disconnects.
/// Returns the broker's acknowledgement. The calling thread drives the client.
///
/// The acknowledgement has to arrive within `limit`. [Disconnecting](Client::disconnect) can take
/// up to four seconds longer.
///
/// # Errors
/// An [`Error`] of the options, of [`Client::try_publish`], of the [`Receipt`](crate::Receipt) or
/// of [`Client::disconnect`]. If there is no connection when the time limit has passed, the error is
/// [`Ended::GaveUp`] with the reason of the last failed attempt.
///
/// # Examples
/// ```
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let url = broker.url();
/// use motemq_std::{Options, Publish, QoS, publish_once};
/// use std::time::Duration;
/// let door = Publish::to("cellar/door").payload(b"open").qos(QoS::ExactlyOnce);
/// publish_once(Options::from_url(&url)?, &door, Duration::from_secs(5))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn publish_once<'p, T: PublishProperties<'p>>(
    options: Options,
    publish: &Publish<'p, T>,
    limit: Duration,
) -> Result<Acknowledgement, Error> {
    let begun = Instant::now();
    // One message waits for the connection, whatever its QoS and size.
    let options = options.queue(1, usize::MAX, crate::WhenFull::Wait);
    let options = options.queue_qos0();
    let (client, mut driver) = Client::new(options)?;
    let mut receipt = client.try_publish(publish)?;
    let mut outcome = None;
    let mut ended = driver.drive_until(limit, || {
        outcome = receipt.poll();
        outcome.is_some()
    });
    let acknowledgement = match outcome.or_else(|| receipt.poll()) {
        Some(outcome) => outcome?,
        None => {
            return Err(match client.state().reason() {
                Some(reason) => Ended::GaveUp(reason.clone()).into(),
                None => RequestError::NotAcknowledged(limit).into(),
            });
        }
    };
    client.begin_disconnect(limit.saturating_sub(begun.elapsed()));
    while ended.is_none() {
        ended = driver.drive(LEAVE);
    }
    ended.unwrap_or(Ok(()))?;
    Ok(acknowledgement)
}
