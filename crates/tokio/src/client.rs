//! The handle: what the application calls.
#[cfg(feature = "store")]
use crate::store::Writer;
use crate::{
    AuthenticateError, Counters, Dial, Driver, Ended, Options, OptionsError, State, States,
    SubscribeError, SubscribeOptions, Subscribing, Subscription, Unsubscribing,
    dial::{Custom, Open},
    receipt::Ticket,
    shared::{Face, share, wait},
    stream::Connector,
};
use motemq::{Filter, SessionState};
use motemq_client::{RequestId, StreamId};
use motemq_hosted::{Handle, completed};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The longest time between the limit of a disconnection and its end.
const FAREWELL: Duration = Duration::from_secs(5);

/// A handle to a managed MQTT client, which the [`Driver`] drives. Cloning it is cheap. All clones
/// are handles of the same client.
///
/// **Publishing** encodes the message into the write buffer of the connection at once. With QoS 1
/// and 2, the client keeps a copy until the broker has the message. While there is no connection,
/// messages [wait](Options::queue). After a reconnection, the messages in flight are sent again in
/// their order if the broker has kept the session. If it has not, messages with QoS 1 are sent as
/// new ones, and the receipts of messages with QoS 2 return
/// [`OutcomeUnknown`](crate::RequestError::OutcomeUnknown), since sending them again could deliver
/// them twice. If the broker has lost the subscriptions, the client subscribes again.
///
/// **The caller chooses whether a call waits for room or fails**: [`publish`](Self::publish) waits,
/// and [`try_publish`](Self::try_publish) fails. [`WhenFull`](crate::WhenFull) offers the same
/// choice for messages that wait for a connection.
///
/// **Every future can be dropped at any time.** Only the future of
/// [`publish_from`](Self::publish_from) ends the connection if it is dropped before it is done. The
/// documentation of each method explains the effect on the call.
///
/// When the last handle is dropped, the client completes the messages in flight, for up to ten
/// seconds, and disconnects. Dropping does not wait for that: call
/// [`disconnect`](Self::disconnect) before the program ends, or the broker publishes the will.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use motemq_tokio::{Client, Filter, Options, Publish, QoS};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let port = broker.addr().port();
///
/// let (client, driver) = Client::new(Options::new("node-7").broker("127.0.0.1", port))?;
/// tokio::spawn(driver);
/// let mut cellar = client.subscribe(&[Filter::new("cellar/#", QoS::AtLeastOnce)]).await?;
/// let reading = Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce);
/// client.publish(&reading).await?.await?; // the broker has it
/// let message = cellar.recv().await.expect("our own message");
/// assert_eq!((&*message.topic, &message.payload[..]), ("cellar/temperature", &b"11.5"[..]));
/// client.disconnect(std::time::Duration::from_secs(5)).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) shared: Handle<Face>,
}

impl Client {
    /// Makes a client with these options, and the future that drives it. The client connects and
    /// reconnects only while the [`Driver`] is polled.
    ///
    /// If the first attempt to connect fails, the client tries again, as after the loss of a
    /// connection, unless the [reason](Options::end_if) ends the client: see
    /// [`connected`](Self::connected), [`state`](Self::state) and [`Options::reconnect`].
    ///
    /// # Errors
    /// An [`OptionsError`] if the options cannot be used.
    pub fn new(options: Options) -> Result<(Client, Driver), OptionsError> {
        let limit = options.client.get_connect_timeout();
        Self::opening(options, Connector { limit })
    }

    /// Makes a client that connects over the streams that `dial` opens, and the future that drives
    /// it: see [`Dial`].
    ///
    /// # Errors
    /// The same as those of [`new`](Self::new).
    pub fn dialing(options: Options, dial: impl Dial) -> Result<(Client, Driver), OptionsError> {
        Self::opening(options, Custom(dial))
    }

    #[cfg(not(feature = "store"))]
    fn opening(options: Options, open: impl Open) -> Result<(Client, Driver), OptionsError> {
        let shared = share(motemq_client::Client::new(options.client_options())?);
        let driver = Driver::new(&shared, options, open);
        let shared = Handle::new(&shared);
        Ok((Client { shared }, driver))
    }

    #[cfg(feature = "store")]
    fn opening(options: Options, open: impl Open) -> Result<(Client, Driver), OptionsError> {
        let client_options = options.client_options();
        let (client, store) = match &options.store {
            Some(path) => motemq_hosted::store::restore(path, client_options)?,
            None => (motemq_client::Client::new(client_options)?, None),
        };
        let shared = share(client);
        let driver = Driver::new(&shared, options, open, Writer::new(store));
        let shared = Handle::new(&shared);
        Ok((Client { shared }, driver))
    }

    /// Subscribes to topic filters. The future returns a stream of messages when the broker has
    /// answered; without a connection, it waits for one.
    ///
    /// The request is made when this method is called, even if the future is not polled. The stream
    /// contains the messages that arrive after that, even before the answer. If this method is
    /// called before the driver runs, the stream also contains the messages that the broker has
    /// held for a kept session.
    ///
    /// Every stream with a filter that matches a topic receives its messages. For overlapping
    /// subscriptions, a broker may send a message several times [MQTT-3.3.5-1]; each of the streams
    /// then receives it the same number of times. With `$share/NAME/FILTER`, a shared subscription
    /// of MQTT 5, the stream receives the messages that match `FILTER`. With MQTT 5, filters have
    /// [options](Filter::options).
    ///
    /// If the future is dropped, the request is withdrawn unless it was sent. Messages that arrive
    /// for a request that was sent are treated as the messages of a [dropped stream](Subscription).
    ///
    /// # Errors
    /// A [`SubscribeError`](crate::SubscribeError). It is [`Failed`](crate::SubscribeError::Failed)
    /// with [`Refused`](crate::RequestError::Refused) if the broker refuses any of the filters. In
    /// that case the client unsubscribes from the other filters, unless it was subscribed to them
    /// before.
    pub fn subscribe<O: SubscribeOptions>(&self, filters: &[Filter<'_, O>]) -> Subscribing {
        self.subscribing(|client| client.subscribe(filters))
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, with a subscription identifier from 1 to
    /// 268,435,455. Only MQTT 5 has subscription identifiers. The broker adds this one to the
    /// [subscription identifiers](motemq::Properties::subscription_identifiers) of the messages
    /// that it sends for these filters.
    ///
    /// # Errors
    /// The same as those of [`subscribe`](Self::subscribe), and
    /// [`Identifier`](crate::SubscribeError::Identifier) if the number is out of range.
    pub fn subscribe_with_identifier<O: SubscribeOptions>(
        &self,
        filters: &[Filter<'_, O>],
        identifier: u32,
    ) -> Subscribing {
        self.subscribing(|client| client.subscribe_with_identifier(filters, identifier))
    }

    fn subscribing(
        &self,
        ask: impl FnOnce(&mut motemq_client::Client) -> Result<(RequestId, StreamId), SubscribeError>,
    ) -> Subscribing {
        let asked = self.shared.command(ask);
        Subscribing::new(asked.map(|(request, stream)| {
            (
                Subscription::new(&self.shared, stream),
                Ticket::new(&self.shared, request),
            )
        }))
    }

    /// Unsubscribes from topic filters, which have to be identical to those of the subscription.
    /// The future waits for the broker's answer. Messages that are still in flight may arrive
    /// later. See also [`Subscription::unsubscribe`].
    ///
    /// The request is made when this method is called. If the future is dropped, the request is
    /// withdrawn unless it was sent.
    ///
    /// # Errors
    /// A [`SubscribeError`](crate::SubscribeError) if the request was not accepted or not answered,
    /// or if the broker has refused it.
    pub fn unsubscribe(&self, filters: &[&str]) -> Unsubscribing {
        let asked = self.shared.command(|client| client.unsubscribe(filters));
        Unsubscribing::new(asked.map(|request| Ticket::new(&self.shared, request)))
    }

    motemq_hosted::client_methods!();

    /// Waits for a connection, without a time limit. Returns the state of the session, which shows
    /// whether the broker has kept it.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`].
    pub async fn connected(&self) -> Result<SessionState, Ended> {
        wait(&self.shared, |inner, task| inner.connected(task)).await
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
    /// The driver must be running. Nothing happens before the future is polled. If it is dropped
    /// afterwards, the client still disconnects.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`] before everything was completed, such as
    /// [`Unfinished`](Ended::Unfinished) if the time limit has passed, or
    /// [`DriverStopped`](Ended::DriverStopped) if the driver does not run. The client has ended
    /// even if the future returns an error.
    pub fn disconnect(
        &self,
        limit: Duration,
    ) -> impl Future<Output = Result<(), Ended>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            shared.leave(limit);
            let ended = wait(&shared, |inner, task| inner.ended(task));
            let ended = timeout(limit.saturating_add(FAREWELL), ended).await;
            completed(ended.unwrap_or(Ended::DriverStopped))
        }
    }
}
