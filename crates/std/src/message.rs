//! Messages that were received, and the rest of those that are too large for memory.
use crate::shared::Shared;
use bytes::{Buf, Bytes};
use motemq::{PacketId, QoS};
use motemq_client::{MessageProperties, PayloadId, PayloadRead};
use std::{
    fmt,
    io::{self, ErrorKind, Read},
    sync::Arc,
};

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
    /// # use motemq_std::{Client, Options, Publish, QoS, Filter};
    /// # let broker = motemq_testing::server::Server::start(Default::default())?;
    /// let client = Client::connect(Options::from_url(&broker.url())?.max_message(100_000))?;
    /// let mut images = client.subscribe(&[Filter::new("image", QoS::AtLeastOnce)])?;
    /// # drop(client.publish(&Publish::to("image").payload(&vec![7; 300_000]))?);
    /// let Some(image) = images.recv() else { return Ok(()) };
    /// assert_eq!((image.len, image.is_whole()), (300_000, false));
    /// let written = std::io::copy(&mut image.into_reader(), &mut std::io::sink())?;
    /// assert_eq!(written, 300_000);
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

impl Read for PayloadReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let Some(Rest(rest)) = &self.rest else {
                return Ok(0);
            };
            match rest.read() {
                PayloadRead::Data(piece) => self.piece = piece,
                PayloadRead::Pending => {}
                PayloadRead::End => self.rest = None,
                PayloadRead::Broken => {
                    let why = "the connection was lost before the payload was complete: with QoS 1 \
                               and 2 the message arrives again";
                    return Err(io::Error::new(ErrorKind::ConnectionReset, why));
                }
            }
        }
        let n = self.piece.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.piece[..n]);
        self.piece.advance(n);
        Ok(n)
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
    /// Waits for more of it.
    fn read(&self) -> PayloadRead {
        let read = self.shared.wait(None, |inner, thread| {
            let read = inner.client.read_payload(self.payload);
            if read == PayloadRead::Pending {
                inner.readers.put(thread);
                return None;
            }
            // There may be room for more, or something to acknowledge.
            inner.wake_driver();
            Some(read)
        });
        read.unwrap_or(PayloadRead::Pending)
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
