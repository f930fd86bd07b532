//! Payloads that are sent from a reader, and are never in memory as a whole.
use crate::{
    Client, PublishError, PublishProperties, Receipt, UploadError, shared::when_there_is_room,
};
use motemq::Publish;
use motemq_client::UploadError as ChunkError;
use motemq_hosted::Upload;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The number of bytes that are read at once.
const PIECE: usize = 16 << 10;

impl Client {
    /// Publishes a message, and reads [`remaining`](Publish::remaining) bytes of its payload from a
    /// reader, without holding them in memory. Waits for room and for a connection. Returns when
    /// the last byte is in the write buffer of the connection. The [`Receipt`] reports the outcome.
    ///
    /// The client keeps no copy of the payload. If the connection is lost before the last byte was
    /// read, nothing was published. If it is lost later, but before the acknowledgement, the
    /// receipt returns [`OutcomeUnknown`](crate::RequestError::OutcomeUnknown).
    ///
    /// Until the last byte was read, the client can send nothing else, not even PINGREQ. The broker
    /// may close the connection if the reader pauses for longer than one and a half times the
    /// [keep alive](crate::Options::keep_alive).
    ///
    /// If the future is dropped before the last byte was read, the client closes the connection,
    /// since a packet that was sent in part cannot be taken back, and reconnects. Nothing is
    /// published in this case.
    ///
    /// # Errors
    /// - [`UploadError::Publish`] if the client did not accept the message;
    /// - [`UploadError::Source`] if the reader failed or ended early. The connection is closed in
    ///   this case, too;
    /// - [`UploadError::Lost`] if the connection was lost before the payload was complete.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Options, Publish, QoS};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// # let (client, driver) = Client::new(Options::from_url(&broker.url())?)?;
    /// # tokio::spawn(driver);
    /// let image = Publish::to("image").qos(QoS::AtLeastOnce).remaining(300_000);
    /// let receipt = client.publish_from(&image, tokio::io::repeat(7)).await?; // any AsyncRead
    /// receipt.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn publish_from<'p, T: PublishProperties<'p>>(
        &self,
        publish: &Publish<'p, T>,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<Receipt, UploadError> {
        let (id, request) = when_there_is_room(
            &self.shared,
            |client| client.begin_upload(publish),
            |error| matches!(error, PublishError::Full | PublishError::Offline),
        )
        .await?;
        let receipt = Receipt::new(&self.shared, request);
        let upload = Upload::new(&self.shared, id);
        let mut remaining = publish.remaining as usize;
        let mut piece = vec![0; PIECE.min(remaining)];
        while remaining > 0 {
            let want = piece.len().min(remaining);
            let n = upload.on_read(from.read(&mut piece[..want]).await)?;
            remaining -= n;
            let mut data = &piece[..n];
            while !data.is_empty() {
                let taken = when_there_is_room(
                    &self.shared,
                    |client| client.upload_chunk(id, data),
                    |error| *error == ChunkError::Full,
                );
                data = &data[taken.await.map_err(|_| upload.lost())?..];
            }
        }
        Ok(receipt)
    }
}
