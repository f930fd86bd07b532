//! The handle: what the application calls.
use crate::{
    Acknowledgement, AuthenticateError, Counters, Dial, Driver, Ended, Error, Options, State,
    States, SubscribeError, SubscribeOptions, Subscribing, Subscription,
    attempts::Custom,
    link::Poller,
    receipt::Ticket,
    shared::{Face, Inner, flush, share, wait_until},
};
use motemq::{Filter, SessionState};
use motemq_client::{RequestId, StreamId};
use motemq_hosted::{Handle, is_good};
use std::{thread, time::Duration};

/// The longest time between the limit of a disconnection and its end.
const FAREWELL: Duration = Duration::from_secs(5);

/// A handle to a managed MQTT client, which a [`Driver`] drives, usually in a [thread of its
/// own](Self::connect). Cloning it is cheap. All clones are handles of the same client, and any
/// number of threads can use them.
///
/// **Publishing** encodes the message into the write buffer of the connection, and the calling
/// thread writes it if nothing else waits to be written. With QoS 1 and 2, the client keeps a copy
/// until the broker has the message. While there is no connection, messages [wait](Options::queue).
/// After a reconnection, the messages in flight are sent again in their order if the broker has
/// kept the session. If it has not, messages with QoS 1 are sent as new ones, and the receipts of
/// messages with QoS 2 return [`OutcomeUnknown`](crate::RequestError::OutcomeUnknown), since
/// sending them again could deliver them twice. If the broker has lost the subscriptions, the
/// client subscribes again.
///
/// **The caller chooses whether a call waits for room or fails**: [`publish`](Self::publish) waits,
/// and [`try_publish`](Self::try_publish) fails. For messages that wait for a connection,
/// [`WhenFull`](crate::WhenFull) is the same choice.
///
/// Calls that wait return when the client ends. Any thread can [disconnect](Self::begin_disconnect)
/// it.
///
/// When the last handle is dropped, the client completes the messages in flight, for up to ten
/// seconds, and disconnects. If the program ends earlier, the client does not disconnect: call
/// [`disconnect`](Self::disconnect) before.
///
/// # Examples
/// ```
/// use motemq_std::{Client, Filter, Options, Publish, QoS};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let port = broker.addr().port();
///
/// let client = Client::connect(Options::new("node-7").broker("127.0.0.1", port))?;
/// let mut cellar = client.subscribe(&[Filter::new("cellar/#", QoS::AtLeastOnce)])?;
/// let reading = Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce);
/// client.publish(&reading)?.wait()?; // the broker has it
/// let message = cellar.recv().expect("our own message");
/// assert_eq!((&*message.topic, &message.payload[..]), ("cellar/temperature", &b"11.5"[..]));
/// client.disconnect(std::time::Duration::from_secs(5))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Handle<Face>,
}

impl Client {
    /// Makes a client that connects as the options say, and drives it in a thread of its own.
    ///
    /// It does not wait for a connection, and retries the first one like any other: see
    /// [`connected`](Self::connected), [`state`](Self::state) and [`Options::reconnect`].
    ///
    /// # Errors
    /// [`Options`](Error::Options) if the options cannot be used; [`System`](Error::System) if the
    /// thread cannot be started.
    pub fn connect(options: Options) -> Result<Client, Error> {
        Self::running(Self::new(options)?)
    }

    /// Makes a client that connects over the transports that `dial` opens, and drives it in a
    /// thread of its own: see [`Dial`].
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_dialing(options: Options, dial: impl Dial) -> Result<Client, Error> {
        Self::running(Self::dialing(options, dial)?)
    }

    /// Makes a client that connects as the options say, and its driver. The client connects, and
    /// connects again, only while the [`Driver`] is driven.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn new(options: Options) -> Result<(Client, Driver), Error> {
        Self::opening(options, None)
    }

    /// Makes a client that connects over the transports that `dial` opens, and its driver: see
    /// [`Dial`].
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn dialing(options: Options, dial: impl Dial) -> Result<(Client, Driver), Error> {
        Self::opening(options, Some(Custom::new(dial)))
    }

    fn running((client, driver): (Client, Driver)) -> Result<Client, Error> {
        thread::Builder::new()
            .name("mqtt".into())
            .spawn(move || driver.run())?;
        Ok(client)
    }

    #[cfg(not(feature = "store"))]
    fn opening(options: Options, custom: Option<Custom>) -> Result<(Client, Driver), Error> {
        let client = motemq_client::Client::new(options.client_options())?;
        let (poller, waker) = Poller::new()?;
        let shared = share(client, waker, false);
        let driver = Driver::new(&shared, poller, options, custom);
        let shared = Handle::new(&shared);
        Ok((Client { shared }, driver))
    }

    #[cfg(feature = "store")]
    fn opening(options: Options, custom: Option<Custom>) -> Result<(Client, Driver), Error> {
        let client_options = options.client_options();
        let (client, store) = match &options.store {
            Some(path) => motemq_hosted::store::restore(path, client_options)?,
            None => (motemq_client::Client::new(client_options)?, None),
        };
        let (poller, waker) = Poller::new()?;
        let shared = share(client, waker, options.store.is_some());
        let writer = crate::store::Writer::new(store);
        let driver = Driver::new(&shared, poller, options, custom, writer);
        let shared = Handle::new(&shared);
        Ok((Client { shared }, driver))
    }

    /// Subscribes to topic filters, and waits for the broker's answer. The stream of messages
    /// begins when the request is made, not when the answer arrives.
    ///
    /// Every stream with a filter that matches a topic receives its messages. For overlapping
    /// subscriptions, a broker may send a message several times [MQTT-3.3.5-1]; each of the streams
    /// then receives it the same number of times. With `$share/NAME/FILTER`, a shared subscription
    /// of MQTT 5, the stream receives the messages that match `FILTER`. With MQTT 5, filters have
    /// [options](Filter::options).
    ///
    /// # Errors
    /// A [`SubscribeError`]. It is [`Failed`](SubscribeError::Failed) with
    /// [`Refused`](crate::RequestError::Refused) if the broker refuses any of the filters. In that
    /// case the client unsubscribes from the other filters, unless it was subscribed to them
    /// before.
    pub fn subscribe<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
    ) -> Result<Subscription, SubscribeError> {
        self.begin_subscribe(filters)?.wait()
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, with a subscription identifier, 1 to
    /// 268,435,455, which only MQTT 5 has. Messages that the broker sends for these filters have it
    /// among their [subscription identifiers](motemq::Properties::subscription_identifiers).
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe); also [`Identifier`](SubscribeError::Identifier) for
    /// another number.
    pub fn subscribe_with_identifier<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
        identifier: u32,
    ) -> Result<Subscription, SubscribeError> {
        let asked = self
            .shared
            .with(|inner| inner.client.subscribe_with_identifier(filters, identifier));
        self.subscribing(asked?).wait()
    }

    /// Subscribes to topic filters, without waiting for the broker's answer. If it is called before
    /// the driver runs, no message is missed that the broker holds for a kept session.
    ///
    /// # Errors
    /// A [`SubscribeError`]. Nothing was sent.
    pub fn begin_subscribe<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
    ) -> Result<Subscribing, SubscribeError> {
        let asked = self.shared.with(|inner| inner.client.subscribe(filters));
        Ok(self.subscribing(asked?))
    }

    fn subscribing(&self, (request, stream): (RequestId, StreamId)) -> Subscribing {
        let ticket = Ticket::new(&self.shared, request);
        let subscription = Subscription::new(&self.shared, stream);
        flush(&self.shared);
        Subscribing::new(subscription, ticket)
    }

    /// Unsubscribes from topic filters, which have to be identical to those of the subscription,
    /// and waits for the broker's answer. Messages that are still in flight may arrive later. See
    /// also [`Subscription::unsubscribe`].
    ///
    /// # Errors
    /// A [`SubscribeError`].
    pub fn unsubscribe(&self, filters: &[&str]) -> Result<Acknowledgement, SubscribeError> {
        let request = self
            .shared
            .with(|inner| inner.client.unsubscribe(filters))?;
        let mut ticket = Ticket::new(&self.shared, request);
        flush(&self.shared);
        Ok(ticket.wait()?)
    }

    motemq_hosted::client_methods!();

    /// Waits until there is a connection. Returns whether the broker has kept the session.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`].
    pub fn connected(&self) -> Result<SessionState, Ended> {
        self.connected_until(None).unwrap_or(Err(Ended::Unfinished))
    }

    /// Waits up to `limit` until there is a connection. Returns whether the broker has kept the
    /// session, or `None` if there is no connection after this time: the [state](Self::state)
    /// contains the reason.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`].
    pub fn connected_timeout(&self, limit: Duration) -> Result<Option<SessionState>, Ended> {
        let until = self.shared.after(limit);
        self.connected_until(Some(until)).transpose()
    }

    fn connected_until(&self, until: Option<Duration>) -> Option<Result<SessionState, Ended>> {
        wait_until(&self.shared, until, |inner, thread| inner.connected(thread))
    }

    /// Wakes the driver if it sleeps, so that [`Driver::drive_until`] calls its function again. Call
    /// it from another thread after a change that makes this function return true. For events of
    /// the client itself it is not necessary.
    ///
    /// # Examples
    /// ```
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// use motemq_std::{Client, Options};
    /// use std::{sync::atomic::{AtomicBool, Ordering::SeqCst}, thread, time::Duration};
    /// static IS_OVER: AtomicBool = AtomicBool::new(false);
    /// let (client, mut driver) = Client::new(Options::from_url(&broker.url())?)?;
    /// let other = client.clone();
    /// thread::spawn(move || {
    ///     IS_OVER.store(true, SeqCst);
    ///     other.wake_driver();
    /// });
    /// driver.drive_until(Duration::from_secs(60), || IS_OVER.load(SeqCst));
    /// assert!(IS_OVER.load(SeqCst));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wake_driver(&self) {
        self.shared.with(Inner::wake_driver);
    }

    /// Disconnects the client: it accepts no new commands, waits up to `limit` for the messages in
    /// flight and in the queue, and sends DISCONNECT, so that the broker does not publish the will.
    /// All streams end: the message that was taken last counts as processed, and messages that were
    /// not taken are not acknowledged. If the broker accepts no bytes, the client waits up to three
    /// seconds longer to send DISCONNECT, and up to one second for the end of the transport.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`], unless everything was completed:
    /// [`Unfinished`](Ended::Unfinished) if the time limit has passed;
    /// [`DriverStopped`](Ended::DriverStopped) if the driver does not run. The client has ended in
    /// this case, too.
    pub fn disconnect(&self, limit: Duration) -> Result<(), Ended> {
        self.begin_disconnect(limit);
        let until = self.shared.after(limit.saturating_add(FAREWELL));
        let ended = wait_until(&self.shared, Some(until), |inner, thread| {
            inner.ended(thread)
        });
        is_good(ended.unwrap_or(Ended::DriverStopped))
    }

    /// Begins to disconnect as [`disconnect`](Self::disconnect) does, without waiting. Streams end
    /// at once. Other calls that wait, in any thread, return when the client has ended.
    pub fn begin_disconnect(&self, limit: Duration) {
        self.shared.leave(limit);
    }
}
