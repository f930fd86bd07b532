//! Messages that were received, and the rest of those that are too large for memory.
use crate::shared::Shared;
use bytes::{Buf, Bytes};
use motemq::{PacketId, QoS};
use motemq_client::{MessageProperties, PayloadId, PayloadRead};
use std::{
    fmt,
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, ReadBuf};

/// A message that was received. Cloning it copies no bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// The topic to which it was published.
    pub topic: Arc<str>,
    /// The payload, or only its beginning: see [`is_whole`](Self::is_whole).
    pub payload: Bytes,
    /// The length of the whole payload in bytes.
    pub len: u64,
    /// The QoS with which it was delivered.
    pub qos: QoS,
    /// True if the broker had stored it before this subscription was made [MQTT-3.3.1-8].
    pub retain: bool,
    /// True if the broker may have sent it before. With QoS 1 it may have been delivered then,
    /// with QoS 2 it was not.
    pub dup: bool,
    /// The packet identifier that the broker chose; `None` with QoS 0.
    pub packet_id: Option<PacketId>,
    /// The properties, which only MQTT 5 has.
    pub properties: MessageProperties,
    rest: Option<Rest>,
}

impl Message {
    #[inline]
    pub(crate) fn new(message: motemq_client::Message, shared: &Arc<Shared>) -> Self {
        let rest = message.rest.map(|payload| Rest::new(payload, shared));
        Message {
            topic: message.topic,
            payload: message.payload,
            len: message.len,
            qos: message.qos,
            retain: message.retain,
            dup: message.dup,
            packet_id: message.packet_id,
            properties: message.properties,
            rest,
        }
    }

    /// Returns whether all of the payload is in [`payload`](Self::payload). It is, unless the
    /// payload is larger than [`Options::max_message`](crate::Options::max_message) and arrived in
    /// more than one piece.
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// Returns a reader of the whole payload, of any size, which reads it while it arrives.
    ///
    /// Nothing behind the message is received meanwhile. A message that was not whole is
    /// acknowledged when its payload is read to the end, or when all its clones and readers are
    /// dropped, which discards the rest. Clones read from one and the same rest. If the connection
    /// is lost before the end, reading fails with `ConnectionReset`; with QoS 1 and 2 the message
    /// arrives again then.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// # use motemq_tokio::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// let options = Options::from_url(&broker.url())?.max_message(100_000);
    /// let (client, driver) = Client::new(options)?;
    /// # tokio::spawn(driver);
    /// let mut images = client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)]).await?;
    /// # drop(client.publish(&Publish::to("image").payload(&vec![7; 300_000])).await?);
    /// let Some(image) = images.recv().await else { return Ok(()) };
    /// assert_eq!((image.len, image.is_whole()), (300_000, false));
    /// let written = tokio::io::copy(&mut image.into_reader(), &mut tokio::io::sink()).await?;
    /// assert_eq!(written, 300_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_reader(self) -> PayloadReader {
        PayloadReader {
            piece: self.payload,
            rest: self.rest,
        }
    }
}

/// A reader of a payload while it arrives: see [`Message::into_reader`].
#[derive(Debug)]
pub struct PayloadReader {
    piece: Bytes,
    rest: Option<Rest>,
}

impl AsyncRead for PayloadReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.piece.is_empty() {
            let Some(Rest(rest)) = &this.rest else {
                return Poll::Ready(Ok(()));
            };
            match rest.read(cx) {
                PayloadRead::Data(piece) => this.piece = piece,
                PayloadRead::Pending => return Poll::Pending,
                PayloadRead::End => this.rest = None,
                PayloadRead::Broken => {
                    let why = "the connection was lost before the payload was complete: with QoS 1 \
                               and 2 the message arrives again";
                    return Poll::Ready(Err(io::Error::new(ErrorKind::ConnectionReset, why)));
                }
            }
        }
        let n = this.piece.len().min(buffer.remaining());
        buffer.put_slice(&this.piece[..n]);
        this.piece.advance(n);
        Poll::Ready(Ok(()))
    }
}

/// The rest of a payload, for all clones of its message.
#[derive(Clone)]
struct Rest(Arc<Unread>);

/// A payload that is discarded when nothing reads it any more.
struct Unread {
    payload: PayloadId,
    shared: Arc<Shared>,
}

impl Rest {
    #[cold]
    fn new(payload: PayloadId, shared: &Arc<Shared>) -> Self {
        let shared = shared.clone();
        Rest(Arc::new(Unread { payload, shared }))
    }
}

impl Unread {
    fn read(&self, cx: &Context<'_>) -> PayloadRead {
        self.shared.with(|inner| {
            let read = inner.client.read_payload(self.payload);
            if read == PayloadRead::Pending {
                inner.waiters.add_reader(cx);
            } else {
                // There may be room for more, or something to acknowledge.
                inner.wake_driver();
            }
            read
        })
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.shared.with(|inner| {
            inner.client.discard_payload(self.payload);
            inner.wake_driver();
        });
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}
