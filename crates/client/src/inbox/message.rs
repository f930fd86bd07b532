//! Messages as the application takes them.
use super::{AckId, PayloadId};
use crate::{MessageProperties, hash::hash};
use alloc::sync::Arc;
use bytes::Bytes;
use motemq::{PacketId, QoS};

/// A received message. Cloning it copies no bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Message {
    /// The topic to which the message was published.
    pub topic: Arc<str>,
    /// The payload, or its beginning if there is a [rest](Self::rest).
    pub payload: Bytes,
    /// The length of the whole payload in bytes.
    pub len: u64,
    /// The quality of service with which the broker delivered the message.
    pub qos: QoS,
    /// The retain flag: whether the broker had stored the message before this subscription was
    /// made [MQTT-3.3.1-8]. With MQTT 5 and
    /// [retain as published](motemq::SubscriptionOptions::retain_as_published), it is the flag with
    /// which the message was published.
    pub retain: bool,
    /// The DUP flag: whether the broker may have sent the message before. With QoS 1 the
    /// application may have processed it before; with QoS 2 it has not.
    pub dup: bool,
    /// The packet identifier that the broker chose, or `None` with QoS 0.
    pub packet_id: Option<PacketId>,
    /// The properties, which only MQTT 5 has. Topic aliases are resolved: see
    /// [`topic`](Self::topic).
    pub properties: MessageProperties,
    /// The rest of a payload that is too large for memory, which
    /// [`Client::read_payload`](crate::Client::read_payload) reads, or `None` if the payload is
    /// complete.
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
    /// The acknowledgement of the message, with [`AckMode::Manual`] and QoS 1 or 2.
    pub ack: Option<AckId>,
}

/// The moment from which a message counts as processed after it was taken from a stream. The client
/// then acknowledges it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AckMode {
    /// A message counts as processed when the next one is taken from the stream, when the stream is
    /// closed, or when the connection is lost. After a lost connection, a message with QoS 2 does
    /// not arrive again, and one with QoS 1 may. A program that must not lose the message if its
    /// process ends at that moment uses [`Manual`](Self::Manual).
    OnNext,
    /// A message counts as processed when the application calls
    /// [`Client::ack`](crate::Client::ack), over any connection of the session.
    Manual,
}

/// The result of taking a message from a stream with [`Client::take`](crate::Client::take).
#[derive(PartialEq, Eq, Hash, Debug)]
pub enum Taken {
    /// The oldest message of the stream.
    Message(Item),
    /// The stream is empty now. [`Event::Delivered`](crate::Event::Delivered) reports when it has a
    /// message.
    Pending,
    /// The stream has ended, and has no more messages.
    End,
}

/// The result of reading a payload in pieces with
/// [`Client::read_payload`](crate::Client::read_payload).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PayloadRead {
    /// The next piece, which is never empty.
    Data(Bytes),
    /// No piece has arrived yet. [`Event::Delivered`](crate::Event::Delivered) for the stream of
    /// the message reports when there is one.
    Pending,
    /// The payload is complete, and the message counts as processed.
    End,
    /// The connection was lost before the payload was complete. With QoS 1 and 2 the message
    /// arrives again if the session is resumed.
    Broken,
}
