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
use motemq_hosted::{Handle, is_good};
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
/// and [`try_publish`](Self::try_publish) fails. For messages that wait for a connection,
/// [`WhenFull`](crate::WhenFull) is the same choice.
///
/// **Every future can be dropped at any time** without harm to the connection. The documentation of
/// each method says what that means for the call.
///
/// When the last handle is dropped, the client completes the messages in flight, for up to ten
/// seconds, and disconnects.
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
    /// Makes a client that connects as the options say, and the future that drives it. The client
    /// connects, and connects again, only while the driver is polled.
    ///
    /// # Errors
    /// An [`OptionsError`] if the options cannot be used.
    pub fn new(options: Options) -> Result<(Client, Driver), OptionsError> {
        let limit = options.client.get_connect_timeout();
        Self::opening(options, Connector { limit })
    }

    /// Makes a client that connects over the streams that `dial` opens: see [`Dial`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
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

    /// Subscribes to topic filters. The request is made at once, and the stream of messages begins
    /// now. The future returns it when the broker has answered.
    ///
    /// Every stream with a filter that matches a topic receives its messages. For overlapping
    /// subscriptions, a broker may send a message several times [MQTT-3.3.5-1]; each of the streams
    /// then receives it the same number of times. With `$share/NAME/FILTER`, a shared subscription
    /// of MQTT 5, the stream receives the messages that match `FILTER`. With MQTT 5, filters have
    /// [options](Filter::options). If this method is called before the driver runs, no message is
    /// missed that the broker holds for a kept session.
    ///
    /// If the future is dropped, the request is withdrawn unless it was sent. If messages arrive
    /// for it nevertheless, they are treated as the messages of a [dropped stream](Subscription).
    ///
    /// # Errors
    /// A [`SubscribeError`](crate::SubscribeError). It is [`Failed`](crate::SubscribeError::Failed)
    /// with [`Refused`](crate::RequestError::Refused) if the broker refuses any of the filters. In
    /// that case the client unsubscribes from the other filters, unless it was subscribed to them
    /// before.
    pub fn subscribe<O: SubscribeOptions>(&self, filters: &[Filter<'_, O>]) -> Subscribing {
        self.subscribing(|client| client.subscribe(filters))
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, with a subscription identifier, 1 to
    /// 268,435,455, which only MQTT 5 has. Messages that the broker sends for these filters have it
    /// among their [subscription identifiers](motemq::Properties::subscription_identifiers).
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe); also [`Identifier`](crate::SubscribeError::Identifier)
    /// for another number.
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
    /// Messages that are still in flight may arrive later. See also [`Subscription::unsubscribe`].
    ///
    /// If the future is dropped, the request is withdrawn unless it was sent.
    ///
    /// # Errors
    /// A [`SubscribeError`](crate::SubscribeError).
    pub fn unsubscribe(&self, filters: &[&str]) -> Unsubscribing {
        let asked = self.shared.command(|client| client.unsubscribe(filters));
        Unsubscribing::new(asked.map(|request| Ticket::new(&self.shared, request)))
    }

    motemq_hosted::client_methods!();

    /// Waits until there is a connection. Returns whether the broker has kept the session.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`].
    pub async fn connected(&self) -> Result<SessionState, Ended> {
        wait(&self.shared, |inner, task| inner.connected(task)).await
    }

    /// Disconnects the client: it accepts no new commands, waits up to `limit` for the messages in
    /// flight and in the queue, and sends DISCONNECT, so that the broker does not publish the will.
    /// All streams end: the message that was taken last counts as processed, and messages that were
    /// not taken are not acknowledged. If the broker accepts no bytes, the client waits up to three
    /// seconds longer to send DISCONNECT, and up to one second for the end of the transport.
    ///
    /// The driver must be running. If the future is dropped after it was polled, the client still
    /// disconnects.
    ///
    /// # Errors
    /// The reason why the client has [`Ended`], unless everything was completed:
    /// [`Unfinished`](Ended::Unfinished) if the time limit has passed;
    /// [`DriverStopped`](Ended::DriverStopped) if the driver does not run. The client has ended in
    /// this case, too.
    pub fn disconnect(
        &self,
        limit: Duration,
    ) -> impl Future<Output = Result<(), Ended>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            shared.leave(limit);
            let ended = wait(&shared, |inner, task| inner.ended(task));
            let ended = timeout(limit.saturating_add(FAREWELL), ended).await;
            is_good(ended.unwrap_or(Ended::DriverStopped))
        }
    }
}
