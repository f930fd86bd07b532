//! Messages as the application takes them.
use super::{AckId, PayloadId};
use crate::{MessageProperties, hash::hash};
use alloc::sync::Arc;
use bytes::Bytes;
use motemq::{PacketId, QoS};

/// A message that was received. Cloning it copies no bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Message {
    /// The topic to which it was published.
    pub topic: Arc<str>,
    /// The payload, or its beginning if there is a [rest](Self::rest).
    pub payload: Bytes,
    /// The length of the whole payload in bytes.
    pub len: u64,
    /// The QoS with which it was delivered.
    pub qos: QoS,
    /// True if the broker had stored it before this subscription was made [MQTT-3.3.1-8].
    pub retain: bool,
    /// True if the broker may have sent it before. With QoS 1 it may have been delivered then, with
    /// QoS 2 it was not.
    pub dup: bool,
    /// The packet identifier that the broker chose; `None` with QoS 0.
    pub packet_id: Option<PacketId>,
    /// The properties, which only MQTT 5 has. The topic is that for which an alias stands.
    pub properties: MessageProperties,
    /// The rest of a payload that is too large for memory, to be read with
    /// [`Client::read_payload`](crate::Client::read_payload).
    pub rest: Option<PayloadId>,
}

impl Message {
    /// Returns the memory that it takes in a stream, in bytes.
    #[inline]
    pub(super) fn weight(&self) -> usize {
        self.topic.len() + self.payload.len() + self.properties.len() + size_of::<Self>()
    }

    /// Returns a hash of its content, without the properties: a repetition is closer to its expiry.
    pub(super) fn hash(&self) -> u64 {
        hash(&[self.topic.as_bytes(), &self.payload])
    }
}

/// A message taken from a stream.
#[derive(PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Item {
    /// The message.
    pub message: Message,
    /// Its acknowledgement, if the application asked to allow it itself.
    pub ack: Option<AckId>,
}

/// The moment from which a message that is taken from a stream counts as processed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AckMode {
    /// The next message is taken from the stream, the stream is closed, or the connection is lost.
    /// With QoS 2 a message in hand does not arrive again then, with QoS 1 it may. A program that
    /// must not lose it if the process ends there acknowledges by [`Manual`](Self::Manual).
    OnNext,
    /// The application calls [`Client::ack`](crate::Client::ack), over whichever connection of the
    /// session.
    Manual,
}

/// The next item of a stream.
#[derive(PartialEq, Eq, Hash, Debug)]
pub enum Taken {
    /// A message.
    Message(Item),
    /// Nothing now. [`Event::Delivered`](crate::Event::Delivered) says when there is more.
    Pending,
    /// Nothing more: the stream has ended.
    End,
}

/// The next piece of a payload.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PayloadRead {
    /// The next piece, which is never empty.
    Data(Bytes),
    /// Nothing now. [`Event::Delivered`](crate::Event::Delivered) for its stream says when there is
    /// more.
    Pending,
    /// The payload is complete. The message is acknowledged now.
    End,
    /// The connection was lost before the payload was complete. With QoS 1 and 2 the message
    /// arrives again.
    Broken,
}
