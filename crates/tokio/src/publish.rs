//! Publishing.
#[cfg(feature = "store")]
use crate::shared::wait;
use crate::{Client, PublishError, PublishProperties, Receipt, shared::when_there_is_room};
use bytes::Bytes;
use motemq::Publish;
use motemq_client::RequestId;
use motemq_hosted::may_pass;

impl Client {
    /// Publishes a message. The [`Receipt`] reports the outcome.
    ///
    /// While there is no room, this method waits. Without a connection, the message waits in the
    /// [queue](crate::Options::queue), and the method returns. Two kinds of messages are not queued,
    /// so that this method waits for a connection: messages with QoS 0, unless
    /// [`queue_qos0`](crate::Options::queue_qos0) is set, and messages that are larger than the
    /// queue.
    ///
    /// With a store (`Options::store`), messages with QoS 1 and 2 are on the disk when the future is
    /// done.
    ///
    /// If the future is dropped before it is done, nothing is published. With a store, a message
    /// with QoS 1 or 2 may be published nevertheless.
    ///
    /// # Errors
    /// Any [`PublishError`] except `Full`, `Offline` and `LargerThanQueue`, for which this method
    /// waits. Nothing was sent, unless the client has ended while the message was being stored.
    pub async fn publish<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
    ) -> Result<Receipt, PublishError> {
        self.publish_by(|client| motemq_hosted::publish(client, publish, || self.shared.now()))
            .await
    }

    /// Publishes a message as [`publish`](Self::publish) does, with `payload` as its payload. If
    /// `payload` has 16 KiB or more, it is not copied, but written to the transport from its own
    /// memory.
    ///
    /// # Errors
    /// The same as those of [`publish`](Self::publish).
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Options, Publish, QoS};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// # let (client, driver) = Client::new(Options::from_url(&broker.url())?)?;
    /// # tokio::spawn(driver);
    /// let image = bytes::Bytes::from(vec![7; 1_000_000]);
    /// let publish = Publish::to("camera").qos(QoS::AtLeastOnce);
    /// client.publish_bytes(&publish, &image).await?.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn publish_bytes<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
        payload: &'p Bytes,
    ) -> Result<Receipt, PublishError> {
        self.publish_by(|client| {
            motemq_hosted::publish_bytes(client, publish, payload, || self.shared.now())
        })
        .await
    }

    pub(crate) async fn publish_by(
        &self,
        attempt: impl FnMut(&mut motemq_client::Client) -> Result<Option<RequestId>, PublishError>,
    ) -> Result<Receipt, PublishError> {
        let request = when_there_is_room(&self.shared, attempt, may_pass).await?;
        let receipt = Receipt::new(&self.shared, request);
        #[cfg(feature = "store")]
        if request.is_some() {
            self.persisted().await?;
        }
        Ok(receipt)
    }

    /// Waits until everything that was accepted is on the disk.
    #[cfg(feature = "store")]
    async fn persisted(&self) -> Result<(), PublishError> {
        let version = self.shared.with(|inner| inner.client.version());
        wait(&self.shared, |inner, task| inner.persisted(version, task))
            .await
            .map_err(PublishError::Ended)
    }

    /// Publishes a message if there is room for it, and never waits. With a store
    /// (`Options::store`), this method can return before the message is on the disk; the client
    /// sends the message only afterwards.
    ///
    /// # Errors
    /// A [`PublishError`] if the client has not accepted the message. Nothing was sent.
    ///
    /// # Examples
    /// ```
    /// # use motemq_tokio::{Client, Options, Publish, PublishError};
    /// let (client, driver) = Client::new(Options::new("node-7"))?;
    /// // Without a connection messages with QoS 0 are refused.
    /// let refused = client.try_publish(&Publish::to("door").payload(b"open")).unwrap_err();
    /// assert_eq!(refused, PublishError::Offline);
    /// # Ok::<(), motemq_tokio::OptionsError>(())
    /// ```
    #[inline]
    pub fn try_publish<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
    ) -> Result<Receipt, PublishError> {
        let request = self.shared.with(|inner| {
            inner.wake_driver();
            motemq_hosted::publish(&mut inner.client, publish, || self.shared.now())
        })?;
        Ok(Receipt::new(&self.shared, request))
    }
}
