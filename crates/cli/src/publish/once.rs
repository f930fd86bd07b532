//! One small message, from connecting to disconnecting, in one thread: a process that publishes it
//! lives for a few milliseconds.
use super::Address;
use crate::{
    connection,
    exit::{Exit, Failure},
    stop::Stop,
    target::Target,
};
use motemq_std::{Client, Driver, Ended};
use std::{
    mem,
    time::{Duration, Instant},
};

/// The time after which a thread waits for Ctrl-C.
const BRIEF: Duration = Duration::from_millis(50);
/// The longest time for which the driver is driven at once.
const TURN: Duration = Duration::from_secs(60 * 60);

/// Publishes this payload to each topic, and waits until the broker has acknowledged all of them.
pub fn run(
    target: &Target,
    address: &Address<'_>,
    payload: &[u8],
    stop: &Stop,
    show_packets: bool,
) -> Result<Exit, Failure> {
    let (client, driver) = Client::new(connection::options(target, false, show_packets))?;
    // What a session that was kept receives is left to the broker.
    let messages = client.messages();
    let mut once = Once {
        driver,
        ended: None,
        stop,
        begun: Instant::now(),
        is_brief: true,
    };
    once.drive_until(|| client.state().is_connected())?;
    if let Some(Err(ended)) = &once.ended {
        return Err(Failure::of_end(ended));
    }
    stop.connected(&client);
    let outcome = once.publish(&client, address, payload);
    client.begin_disconnect(connection::patience(&outcome, stop));
    once.drive_until(|| false)?;
    // To give back what they hold takes its time, and the process ends.
    mem::forget((client, messages, once.driver));
    connection::ended(outcome, once.ended.unwrap_or(Ok(())), stop)
}

/// A driver, and how its client has ended.
struct Once<'a> {
    driver: Driver,
    ended: Option<Result<(), Ended>>,
    stop: &'a Stop,
    begun: Instant,
    /// No thread waits for Ctrl-C.
    is_brief: bool,
}

impl Once<'_> {
    /// Drives until then, or until the client has ended.
    fn drive_until(&mut self, mut is_done: impl FnMut() -> bool) -> Result<(), Failure> {
        while self.ended.is_none() && !is_done() {
            let limit = if self.is_brief {
                BRIEF.saturating_sub(self.begun.elapsed())
            } else {
                TURN
            };
            self.ended = self.driver.drive_until(limit, || {
                is_done() || (self.is_brief && self.stop.has_signal())
            });
            if self.is_brief {
                self.is_brief = self.begun.elapsed() < BRIEF;
                self.stop.look(!self.is_brief)?;
            }
        }
        Ok(())
    }

    fn publish(
        &mut self,
        client: &Client,
        address: &Address<'_>,
        payload: &[u8],
    ) -> Result<(), Failure> {
        for topic in &address.topics {
            let receipt = client.try_publish(&address.message(topic, payload));
            let mut receipt = receipt.map_err(|error| Failure::of_publish(&error))?;
            let mut outcome = None;
            self.drive_until(|| {
                outcome = outcome.take().or_else(|| receipt.poll());
                outcome.is_some()
            })?;
            match outcome.or_else(|| receipt.poll()) {
                Some(outcome) => outcome
                    .map(drop)
                    .map_err(|error| Failure::of_request(&error))?,
                None => return Err(Failure::new(Exit::Interrupted, self.stop.words())),
            }
        }
        Ok(())
    }
}
