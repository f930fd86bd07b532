//! The handle: what the application calls.
use crate::{
    Counters, Dial, Driver, Error, Options, Receipt, State, States, Subscribing, Subscription,
    Unsubscribing, receipt::Ticket, shared::Shared, stream::Way, work::Body,
};
use motemq::{Filter, Publish, SessionState};
use motemq_net::check_filters;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// How long may pass between the end of what is under way and that of the driver.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long a client without handles takes to leave, at most.
const LEAVE: Duration = Duration::from_secs(10);

/// A handle to a connection that its [`Driver`] keeps up. Cloning it is cheap; all clones are one
/// client.
///
/// **Publishing** encodes the message into the connection's write buffer at once; with QoS 1 and 2
/// a copy is kept until the broker has it. While there is no connection messages
/// [wait](Options::queue). After a reconnection what was under way is sent again in its order if
/// the broker knows the session; if not, with QoS 1 as new messages, while with QoS 2 receipts say
/// [`OutcomeUnknown`](Error::OutcomeUnknown), because sending it again might double it.
/// Subscriptions are made again if the broker lost them.
///
/// **Whether a call waits for room, fails or drops** is the caller's choice:
/// [`publish`](Self::publish) waits, [`try_publish`](Self::try_publish) fails, and to drop is to
/// not mind that; [`WhenFull`](crate::WhenFull) says the same for messages that wait for a
/// connection.
///
/// **Every future here can be dropped at any time** without harm to the connection; what that means
/// for the call is said there.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use motemq_tokio::{Client, Filter, Options, Publish, QoS};
/// # let broker = motemq_rig::server::Server::start(Default::default())?;
/// # let port = broker.addr().port();
///
/// let (client, driver) = Client::new(Options::new("node-7").broker("127.0.0.1", port));
/// tokio::spawn(driver);
/// let mut cellar = client.subscribe(&[Filter::new("cellar/#", QoS::AtLeastOnce)]).await?;
/// let receipt = client.publish(&Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce)).await?;
/// receipt.await?; // the broker has it
/// let message = cellar.recv().await.expect("our own message");
/// assert_eq!((&*message.topic, &message.payload[..]), ("cellar/temperature", &b"11.5"[..]));
/// client.disconnect(std::time::Duration::from_secs(5)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        self.shared.with(|core| core.handles += 1);
        Client {
            shared: self.shared.clone(),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let last = self.shared.with(|core| {
            core.handles -= 1;
            core.handles == 0
        });
        if last {
            leave(&self.shared, Instant::now() + LEAVE);
        }
    }
}

fn leave(shared: &Shared, until: Instant) {
    shared.with(|core| {
        core.leave_until = core
            .leave_until
            .map_or(Some(until), |other| Some(other.min(until)));
        core.inbox.leave(&mut core.session, &mut core.manual);
        core.nudge();
    });
    shared.room.notify_waiters();
}

impl Client {
    /// A client over what the options say, TCP if nothing else, and the future that drives it. The
    /// connection is made, and made again, as soon as that is polled.
    pub fn new(options: Options) -> (Client, Driver) {
        let way = Way::new(options.way(), options.identity.timeout);
        Self::dialing(options, way)
    }

    /// The same over whatever `dial` opens.
    pub fn dialing(options: Options, dial: impl Dial) -> (Client, Driver) {
        let shared = Shared::new(options);
        let client = Client {
            shared: shared.clone(),
        };
        (client, Driver::new(shared, dial))
    }

    /// Publishes a message; waits for room if there is none, and with QoS 0 for a connection. The
    /// [`Receipt`] tells what becomes of it.
    ///
    /// Dropped, it has published nothing.
    ///
    /// # Errors
    /// `Invalid`; `OverLimit`; `Closed`, or why the connection is over.
    pub async fn publish(&self, publish: &Publish<'_>) -> Result<Receipt, Error> {
        let key = self
            .when_there_is_room(|core| core.publish(publish, &self.shared.options))
            .await?;
        Ok(Receipt::new(&self.shared, key))
    }

    /// Publishes a message if there is room for it now; never waits.
    ///
    /// # Errors
    /// `Full`, `Offline`: nothing was done; else as [`publish`](Self::publish).
    #[inline]
    pub fn try_publish(&self, publish: &Publish<'_>) -> Result<Receipt, Error> {
        let key = self
            .shared
            .with(|core| core.publish(publish, &self.shared.options))?;
        Ok(Receipt::new(&self.shared, key))
    }

    /// Asks for messages, from now on if polled or not; the future ends with the stream of them
    /// when the broker has answered.
    ///
    /// Every stream with a filter that matches a topic gets its messages. Brokers may send a
    /// message once for each of several subscriptions that overlap [MQTT-3.3.5-1]; then each of
    /// these streams gets it as often.
    ///
    /// Dropped, it takes the request back if it was not sent; messages that come for it all the
    /// same go to [`messages`](Self::messages).
    ///
    /// # Errors
    /// `Invalid` without a filter, for more than 255 of them, and for one that is none;
    /// `OverLimit`; `NotGranted` if the broker grants none of them; `NotAcknowledged`;
    /// `Closed`, or why the connection is over.
    pub fn subscribe(&self, filters: &[Filter<'_>]) -> Subscribing {
        let asked = check_filters(filters.iter().map(|filter| filter.filter))
            .map_err(Error::Invalid)
            .and_then(|()| {
                self.shared.options.rules().check_subscribe(filters)?;
                self.shared.with(|core| {
                    core.check_open()?;
                    let names = filters
                        .iter()
                        .map(|filter| filter.filter.to_owned())
                        .collect();
                    let stream = core.inbox.open(names, self.shared.options.streams);
                    let body = Body::Subscribe(
                        filters
                            .iter()
                            .map(|filter| (filter.filter.into(), filter.qos))
                            .collect(),
                    );
                    let key = core.work.enqueue(body, Instant::now());
                    core.nudge();
                    Ok((stream, key))
                })
            });
        Subscribing::new(asked.map(|(stream, key)| {
            (
                Subscription::new(self, stream),
                Ticket::new(&self.shared, key),
            )
        }))
    }

    /// Takes filters back, literally as they were given. Messages that were on their way may still
    /// come.
    ///
    /// Dropped, it takes the request back if it was not sent.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn unsubscribe(&self, filters: &[&str]) -> Unsubscribing {
        let asked = check_filters(filters.iter().copied())
            .map_err(Error::Invalid)
            .and_then(|()| {
                self.shared.with(|core| {
                    core.check_open()?;
                    let filters = filters.iter().map(|&filter| filter.to_owned()).collect();
                    let key = core
                        .work
                        .enqueue(Body::Unsubscribe(filters), Instant::now());
                    core.nudge();
                    Ok(key)
                })
            });
        Unsubscribing::new(asked.map(|key| Ticket::new(&self.shared, key)))
    }

    /// A stream of all messages for which there is no other: of a session that goes on from
    /// earlier, or of subscriptions that were dropped. Without such a stream they are
    /// acknowledged and dropped, and [counted](Counters::dropped).
    pub fn messages(&self) -> Subscription {
        let stream = self
            .shared
            .with(|core| core.inbox.open(Vec::new(), self.shared.options.streams));
        Subscription::new(self, stream)
    }

    /// Waits until there is a connection. Returns what the broker knew of us.
    ///
    /// # Errors
    /// `Closed`, or why there will be none.
    pub async fn connected(&self) -> Result<SessionState, Error> {
        let mut states = self.states();
        let mut state = self.state();
        loop {
            match state {
                State::Connected { session } => return Ok(session),
                State::Over { error } => return Err(error.unwrap_or(Error::Closed)),
                _ => state = states.changed().await,
            }
        }
    }

    /// What there is of a connection now.
    pub fn state(&self) -> State {
        self.shared.with(|core| core.state.clone())
    }

    /// Sees how that changes.
    pub fn states(&self) -> States {
        States {
            shared: self.shared.clone(),
            seen: self.shared.with(|core| core.version),
        }
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.shared.with(|core| Counters {
            connections: core.connections,
            sent: core.sent,
            resent: core.resent,
            received: core.inbox.received,
            dropped: core.inbox.dropped,
            bytes_out: core.bytes_out,
            bytes_in: core.bytes_in,
            in_flight: core.work.in_flight(),
            queued: core.work.queued().0,
        })
    }

    /// Leaves in good order: no new messages are taken, those under way and in the queue are waited
    /// for, for no longer than `limit`, then DISCONNECT is said, so that the will is not
    /// published. Streams end; what was taken from them counts as dealt with, what was not is left
    /// to the broker.
    ///
    /// Dropped, it leaves all the same. The driver must be running.
    ///
    /// # Errors
    /// `NotAcknowledged` if something did not come to its end; why the connection was over before.
    /// The client has left all the same.
    pub fn disconnect(
        &self,
        limit: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let shared = self.shared.clone();
        async move {
            let until = Instant::now() + limit;
            let unfinished = Error::NotAcknowledged { limit };
            let over = async {
                let mut states = States {
                    shared: shared.clone(),
                    seen: u64::MAX,
                };
                loop {
                    if let State::Over { error } = states.changed().await {
                        break error;
                    }
                }
            };
            if let Some(over) = shared.with(|core| {
                if let State::Over { error } = &core.state {
                    Some(error.clone())
                } else {
                    None
                }
            }) {
                return over.map_or(Ok(()), Err);
            }
            leave(&shared, until);
            match timeout(limit + FAREWELL, over).await {
                Ok(None) => Ok(()),
                Ok(Some(Error::OutcomeUnknown)) | Err(_) => Err(unfinished),
                Ok(Some(error)) => Err(error),
            }
        }
    }
}

/// Somebody waits for room.
pub(crate) struct Waiting<'s>(&'s Shared);

impl<'s> Waiting<'s> {
    pub fn new(shared: &'s Shared) -> Self {
        shared.with(|core| core.waiting += 1);
        Waiting(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.with(|core| core.waiting -= 1);
    }
}

/// Connects, publishes one message, waits until the broker has acknowledged it, and disconnects;
/// all within `limit`.
///
/// # Errors
/// As [`Client::publish`], [`Receipt`] and [`Client::disconnect`]; `NotAcknowledged` if time is up.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let broker = motemq_rig::server::Server::start(Default::default())?;
/// # let url = broker.url();
/// use motemq_tokio::{Options, Publish, QoS, publish_once};
/// use std::time::Duration;
/// let door = Publish::to("cellar/door").payload(b"open").qos(QoS::ExactlyOnce);
/// publish_once(Options::from_url(&url)?, &door, Duration::from_secs(5)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn publish_once(
    options: Options,
    publish: &Publish<'_>,
    limit: Duration,
) -> Result<(), Error> {
    let (client, driver) = Client::new(options);
    let until = Instant::now() + limit;
    let work = async {
        client.publish(publish).await?.await?;
        client
            .disconnect(until.saturating_duration_since(Instant::now()))
            .await
    };
    let (mut work, mut driver) = (pin!(work), pin!(driver));
    // Whichever ends first: the driver with the reason why nothing else will.
    let both = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done),
        Poll::Pending => driver.as_mut().poll(cx),
    });
    timeout(limit, both)
        .await
        .unwrap_or(Err(Error::NotAcknowledged { limit }))
}
