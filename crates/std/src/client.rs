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
use motemq_hosted::{Handle, completed};
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
/// and [`try_publish`](Self::try_publish) fails. [`WhenFull`](crate::WhenFull) offers the same
/// choice for messages that wait for a connection.
///
/// Calls that wait return when the client ends. Any thread can [disconnect](Self::begin_disconnect)
/// the client.
///
/// When the last handle is dropped, the client completes the messages in flight, for up to ten
/// seconds, and disconnects. Dropping does not wait for that: call
/// [`disconnect`](Self::disconnect) before the program ends, or the broker publishes the will.
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
    /// Makes a client with these options, and drives it in a thread of its own.
    ///
    /// The method does not wait for a connection. If the first attempt to connect fails, the client
    /// tries again, as after the loss of a connection, unless the [reason](Options::end_if) ends
    /// the client: see [`connected`](Self::connected), [`state`](Self::state) and
    /// [`Options::reconnect`].
    ///
    /// # Errors
    /// [`Options`](Error::Options) if the options cannot be used; [`System`](Error::System) if the
    /// system refuses the thread, or a resource that the driver needs to wait.
    pub fn connect(options: Options) -> Result<Client, Error> {
        Self::running(Self::new(options)?)
    }

    /// Makes a client that connects over the transports that `dial` opens, and drives it in a
    /// thread of its own: see [`Dial`].
    ///
    /// # Errors
    /// The same as those of [`connect`](Self::connect).
    pub fn connect_dialing(options: Options, dial: impl Dial) -> Result<Client, Error> {
        Self::running(Self::dialing(options, dial)?)
    }

    /// Makes a client with these options, and its driver. The client connects and reconnects only
    /// while the [`Driver`] is driven.
    ///
    /// # Errors
    /// [`Options`](Error::Options) if the options cannot be used; [`System`](Error::System) if the
    /// system refuses a resource that the driver needs to wait.
    pub fn new(options: Options) -> Result<(Client, Driver), Error> {
        Self::opening(options, None)
    }

    /// Makes a client that connects over the transports that `dial` opens, and its driver: see
    /// [`Dial`].
    ///
    /// # Errors
    /// The same as those of [`new`](Self::new).
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

    /// Subscribes to topic filters, and waits for the broker's answer; without a connection, it
    /// waits for one. The stream contains the messages that arrive after the request was made, even
    /// before the answer.
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

    /// Subscribes as [`subscribe`](Self::subscribe) does, with a subscription identifier from 1 to
    /// 268,435,455. Only MQTT 5 has subscription identifiers. The broker adds this one to the
    /// [subscription identifiers](motemq::Properties::subscription_identifiers) of the messages
    /// that it sends for these filters.
    ///
    /// # Errors
    /// The same as those of [`subscribe`](Self::subscribe), and
    /// [`Identifier`](SubscribeError::Identifier) if the number is out of range.
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

    /// Subscribes to topic filters, without waiting for the broker's answer. If this method is
    /// called before the driver runs, the stream also contains the messages that the broker has
    /// held for a kept session.
    ///
    /// # Errors
    /// A [`SubscribeError`] if the request was not accepted. Nothing was sent in this case.
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
    /// A [`SubscribeError`] if the request was not accepted or not answered, or if the broker has
    /// refused it.
    pub fn unsubscribe(&self, filters: &[&str]) -> Result<Acknowledgement, SubscribeError> {
        let request = self
            .shared
            .with(|inner| inner.client.unsubscribe(filters))?;
        let mut ticket = Ticket::new(&self.shared, request);
        flush(&self.shared);
        Ok(ticket.wait()?)
    }

    motemq_hosted::client_methods!();

    /// Waits for a connection, without a time limit. Returns the state of the session, which shows
    /// whether the broker has kept it.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`].
    pub fn connected(&self) -> Result<SessionState, Ended> {
        self.connected_until(None).unwrap_or(Err(Ended::Unfinished))
    }

    /// Waits up to `limit` for a connection. Returns the state of the session, which shows whether
    /// the broker has kept it, or `None` if there is no connection after this time. The
    /// [state](Self::state) then contains the reason.
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

    /// Wakes the driver if it sleeps, so that [`Driver::drive_until`] calls `is_done` again. Call
    /// this method from another thread after a change that makes `is_done` return true. It is not
    /// necessary after events of the client itself.
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

    /// Disconnects the client, and waits until it has ended. The client accepts no new commands,
    /// waits up to `limit` for the messages in flight and in the queue, and sends DISCONNECT, so
    /// that the broker does not publish the will.
    ///
    /// All streams end. In each of them, the message that was taken last counts as processed;
    /// messages that were not taken are not acknowledged. If the broker accepts no bytes, the
    /// client waits up to three seconds longer to send DISCONNECT, and up to one second for the end
    /// of the transport.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`] before everything was completed, such as
    /// [`Unfinished`](Ended::Unfinished) if the time limit has passed, or
    /// [`DriverStopped`](Ended::DriverStopped) if the driver does not run. The client has ended
    /// even if this method fails.
    pub fn disconnect(&self, limit: Duration) -> Result<(), Ended> {
        self.begin_disconnect(limit);
        let until = self.shared.after(limit.saturating_add(FAREWELL));
        let ended = wait_until(&self.shared, Some(until), |inner, thread| {
            inner.ended(thread)
        });
        completed(ended.unwrap_or(Ended::DriverStopped))
    }

    /// Begins to disconnect as [`disconnect`](Self::disconnect) does, but does not wait. All streams
    /// end at once. Calls that wait in other threads return at the latest when the client has ended.
    pub fn begin_disconnect(&self, limit: Duration) {
        self.shared.leave(limit);
    }
}
