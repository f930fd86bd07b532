//! Payloads that are sent from a reader, and never in memory as a whole.
use crate::{
    Client, Error, Receipt,
    client::Waiting,
    receipt::Ticket,
    shared::{Core, HEADER, Shared},
    work::Body,
};
use motemq::{Publish, QoS, SendError};
use motemq_net::{Cause, check_topic, unsendable};
use std::{io, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::Instant,
};

/// Bytes read at a time.
const PIECE: usize = 16 << 10;

impl Client {
    /// Publishes a message of which [`remaining`](Publish::remaining) bytes are taken from a reader, without
    /// holding them. Ends when the last one is in the connection's write buffer; the
    /// [`Receipt`] tells what becomes of it.
    ///
    /// There is no copy to send again: if the connection is lost before the last byte, nothing was
    /// published; if later, but before the acknowledgement, the receipt says
    /// [`OutcomeUnknown`](Error::OutcomeUnknown). Nothing else can be sent meanwhile, not even a
    /// ping: a broker may hang up if it takes longer than one and a half
    /// [keep-alives](crate::Options::keep_alive).
    ///
    /// Dropped before the last byte, it closes the connection, since half a packet cannot be taken
    /// back, and nothing is published; the connection is made again.
    ///
    /// # Errors
    /// `Source` if the reader fails or ends early, which closes the connection, too;
    /// `ConnectionLost`; else as [`publish`](Self::publish).
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_rig::server::Server::start(Default::default())?;
    /// # let (client, driver) = Client::new(Options::from_url(&broker.url())?.max_message(1000));
    /// # tokio::spawn(driver);
    /// let mut images = client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)]).await?;
    /// let image = Publish::to("image").qos(QoS::AtLeastOnce).remaining(300_000);
    /// let receipt = client.publish_from(&image, tokio::io::repeat(7)).await?; // any AsyncRead
    /// let message = images.recv().await.expect("our own image");
    /// assert_eq!((message.len, message.is_whole()), (300_000, false));
    /// let copied = tokio::io::copy(&mut message.into_reader(), &mut tokio::io::sink()).await?;
    /// assert_eq!(copied, 300_000);
    /// receipt.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn publish_from(
        &self,
        publish: &Publish<'_>,
        mut from: impl AsyncRead + Unpin,
    ) -> Result<Receipt, Error> {
        if publish.remaining == 0 {
            return self.publish(publish).await;
        }
        let mut upload = self
            .when_there_is_room(|core| core.begin_upload(publish, &self.shared))
            .await?;
        let mut piece = vec![0; PIECE.min(publish.remaining as usize)];
        let mut left = publish.remaining as usize;
        while left > 0 {
            let want = piece.len().min(left);
            let got = match from.read(&mut piece[..want]).await {
                Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                got => got,
            };
            let mut rest = &piece[..got.map_err(|error| Error::Source(Arc::new(error)))?];
            while !rest.is_empty() {
                let n = self
                    .when_there_is_room(|core| core.give_upload(upload.number, rest))
                    .await?;
                rest = &rest[n..];
                left -= n;
            }
        }
        Ok(Receipt::of(upload.ticket.take()))
    }

    /// Tries again whenever there may be room, or a connection.
    pub(crate) async fn when_there_is_room<T>(
        &self,
        mut attempt: impl FnMut(&mut Core) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let wait = |tried: &Result<T, Error>| matches!(tried, Err(Error::Full | Error::Offline));
        loop {
            let tried = self.shared.with(&mut attempt);
            if !wait(&tried) {
                return tried;
            }
            let mut room = pin!(self.shared.room.notified());
            room.as_mut().enable();
            let _waiting = Waiting::new(&self.shared);
            // It may have come in between.
            let tried = self.shared.with(&mut attempt);
            if !wait(&tried) {
                return tried;
            }
            room.await;
        }
    }
}

/// A payload on its way.
struct Upload {
    shared: Arc<Shared>,
    number: u64,
    ticket: Option<Ticket>,
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.shared.with(|core| {
            if core.upload == Some(self.number) {
                core.upload = None;
                core.hang_up = true;
                core.nudge();
            }
        });
    }
}

impl Core {
    fn begin_upload(
        &mut self,
        publish: &Publish<'_>,
        shared: &Arc<Shared>,
    ) -> Result<Upload, Error> {
        self.check_open()?;
        shared.options.rules().check_publish(publish)?;
        check_topic(publish.topic()).map_err(Error::Invalid)?;
        if self.connected_at.is_none() {
            return Err(Error::Offline);
        }
        if self.must_wait(publish.qos, &shared.options)
            || !self
                .tx
                .has_room(publish.topic().len() + publish.payload.len() + HEADER)
        {
            return Err(Error::Full);
        }
        let id =
            self.session
                .publish(publish, &mut self.tx.out())
                .map_err(|error| match error {
                    SendError::Full | SendError::Busy => Error::Full,
                    SendError::Offline => Error::Offline,
                    error => Error::Invalid(unsendable(error)),
                })?;
        self.nudge();
        self.sent += 1;
        self.uploads += 1;
        self.upload = Some(self.uploads);
        let key = id
            .filter(|_| publish.qos != QoS::AtMostOnce)
            .map(|id| self.work.launch(id, Body::Gone, Instant::now()));
        let ticket = key.map(|key| Ticket::new(shared, key));
        Ok(Upload {
            shared: shared.clone(),
            number: self.uploads,
            ticket,
        })
    }

    /// Returns how many bytes there was room for.
    fn give_upload(&mut self, number: u64, data: &[u8]) -> Result<usize, Error> {
        if self.upload != Some(number) {
            return Err(Error::ConnectionLost(
                self.last_cause.clone().unwrap_or(Cause::HungUp),
            ));
        }
        if !self.tx.has_room(data.len()) {
            return Err(Error::Full);
        }
        let given = self
            .session
            .publish_chunk(data, &mut self.tx.out())
            .map_err(|error| match error {
                SendError::Full => Error::Full,
                _ => Error::ConnectionLost(Cause::HungUp),
            })?;
        if self.session.payload_remaining() == 0 {
            self.upload = None;
        }
        self.nudge();
        Ok(given)
    }
}
