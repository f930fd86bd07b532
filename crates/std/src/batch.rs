//! Many messages with few system calls.
use crate::{Client, PublishError, PublishProperties, Receipt, shared::flush};
use motemq::Publish;
use motemq_hosted::may_pass;

/// The number of messages that are published while the client is locked.
const AT_ONCE: usize = 32;

impl Client {
    /// Publishes several messages with as few system calls as the write buffer allows. Waits for
    /// room as [`publish`](Self::publish) does. The receipts are in the order of the messages.
    ///
    /// With a store (`Options::store`), messages with QoS 1 and 2 are on the disk when this method
    /// returns.
    ///
    /// # Errors
    /// The index of the first message that was not accepted, and a [`PublishError`], which is none
    /// of those for which [`publish`](Self::publish) waits. The messages before it are published.
    /// The index is the number of messages if all were accepted, but not all of them were stored.
    ///
    /// # Examples
    /// ```
    /// # use motemq_std::{Client, Options, Publish, QoS};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// # let client = Client::connect(Options::from_url(&broker.url())?)?;
    /// let values = [b"11.5", b"11.6", b"11.8"];
    /// let readings = values.map(|value| Publish::to("cellar").payload(value).qos(QoS::AtLeastOnce));
    /// for receipt in client.publish_all(&readings).map_err(|(_, error)| error)? {
    ///     receipt.wait()?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_all<'p, T: PublishProperties<'p>>(
        &self,
        messages: &[Publish<'p, T>],
    ) -> Result<Vec<Receipt>, (usize, PublishError)> {
        let mut receipts = Vec::with_capacity(messages.len());
        let mut batch = self.batch();
        while receipts.len() < messages.len() {
            match batch.publish_now(&messages[receipts.len()..], &mut receipts) {
                Ok(()) => {}
                Err(error) if may_pass(&error) => {
                    let receipt = batch.publish(&messages[receipts.len()]);
                    receipts.push(receipt.map_err(|error| (receipts.len(), error))?);
                }
                Err(error) => return Err((receipts.len(), error)),
            }
        }
        batch.flush().map_err(|error| (receipts.len(), error))?;
        Ok(receipts)
    }

    /// Begins a batch of messages that are written together: see [`Batch`].
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            client: self,
            is_unwritten: false,
        }
    }
}

/// Messages that are written together, many of them with one system call. They are written when the
/// batch is [flushed](Self::flush) or dropped, or when the write buffer is full. Other threads and
/// the driver may write them earlier.
///
/// # Examples
/// ```
/// # use motemq_std::{Client, Options, Publish};
/// # let broker = motemq_testing::server::Server::start(Default::default())?;
/// # let client = Client::connect(Options::from_url(&broker.url())?)?;
/// let mut batch = client.batch();
/// for line in "one\ntwo\nthree".lines() {
///     let _ = batch.publish(&Publish::to("lines").payload(line.as_bytes()))?;
/// }
/// batch.flush()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batch<'c> {
    client: &'c Client,
    is_unwritten: bool,
}

impl Batch<'_> {
    /// Publishes the first of these messages without waiting, with the lock taken once. Stops at
    /// the first that is not accepted.
    fn publish_now<'p, T: PublishProperties<'p>>(
        &mut self,
        messages: &[Publish<'p, T>],
        receipts: &mut Vec<Receipt>,
    ) -> Result<(), PublishError> {
        let shared = &self.client.shared;
        let before = receipts.len();
        let done = shared.with(|inner| {
            for publish in messages.iter().take(AT_ONCE) {
                let now = || shared.now();
                let request = motemq_hosted::publish(&mut inner.client, publish, now)?;
                receipts.push(Receipt::new(shared, request));
            }
            Ok(())
        });
        self.is_unwritten |= receipts.len() > before;
        done
    }

    /// Publishes a message, which may be written later. Waits for room as [`Client::publish`] does.
    /// With a store, it does not wait for the disk.
    ///
    /// # Errors
    /// The same as those of [`Client::publish`].
    pub fn publish<'p, T: PublishProperties<'p>>(
        &mut self,
        publish: &Publish<'p, T>,
    ) -> Result<Receipt, PublishError> {
        let shared = &self.client.shared;
        let published = shared
            .with(|inner| motemq_hosted::publish(&mut inner.client, publish, || shared.now()));
        let receipt = match published {
            Ok(request) => Receipt::new(&self.client.shared, request),
            Err(error) if may_pass(&error) => {
                flush(&self.client.shared);
                self.client.accept(publish)?
            }
            Err(error) => return Err(error),
        };
        self.is_unwritten = true;
        Ok(receipt)
    }

    /// Writes the messages that were published. With a store (`Options::store`), they are on the
    /// disk when this method returns.
    ///
    /// # Errors
    /// [`Ended`](PublishError::Ended) if the client has ended before all messages were stored.
    /// Without a store, this method never fails.
    pub fn flush(&mut self) -> Result<(), PublishError> {
        if std::mem::take(&mut self.is_unwritten) {
            flush(&self.client.shared);
            #[cfg(feature = "store")]
            self.client.persisted()?;
        }
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.is_unwritten {
            flush(&self.client.shared);
        }
    }
}
