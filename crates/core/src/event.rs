//! What has happened: the events that [`Session::next_event`](crate::Session::next_event) returns.
use crate::{PacketId, Protocol, QoS, TopicName, wire};

/// An event of a protocol.
pub(crate) type EventOf<'r, P> = Event<'r, <P as Protocol>::Properties<'r>>;

/// Something that has happened.
///
/// An event borrows the receive buffer and nothing else, so a handler can answer with borrowed
/// data. `T` is the type of a packet's properties: `()` with MQTT 3.1.1, which has none.
///
/// It is laid out as C lays out a union of structs that all begin with the kind, so that C reads it
/// in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Event<'r, T = ()> {
    /// The broker accepted the connection. From here on commands are possible.
    Connected {
        /// What the broker has kept of the session.
        session: SessionState,
        /// The properties of CONNACK.
        properties: T,
    },
    /// A message: all of it if it fits into `rx` with its header, else its beginning.
    ///
    /// It is acknowledged by the next call of `next_event`, or by `disconnect` [MQTT-4.5.0-2].
    Message(Message<'r, T>),
    /// The next piece of the payload of the last [`Message`](Event::Message).
    Payload {
        /// Bytes of the payload that are still to come. With 0 this was the last piece.
        remaining: u32,
        /// The piece, which is never empty.
        data: &'r [u8],
    },
    /// A message arrived whose topic is longer than `rx`. It is drained unseen, and acknowledged
    /// like any other.
    Skipped {
        /// Length of its payload in bytes.
        len: u32,
    },
    /// PUBREC: the broker has the message, and will not need its payload again. The identifier
    /// ends with [`Acked`](Event::Acked).
    Received {
        /// The identifier that `publish` returned.
        id: PacketId,
    },
    /// PUBACK, PUBCOMP or UNSUBACK: the broker has done what was asked for. The identifier has
    /// ended.
    Acked {
        /// The identifier that `publish` or `unsubscribe` returned.
        id: PacketId,
    },
    /// The broker did not take a message. The identifier has ended. MQTT 3.1.1 has no such answer.
    Refused {
        /// The reason code, 0x80 or above.
        code: u8,
        /// The identifier that `publish` returned.
        id: PacketId,
        /// The properties of the acknowledgement.
        properties: T,
    },
    /// SUBACK. The identifier has ended.
    Subscribed {
        /// The identifier that `subscribe` returned.
        id: PacketId,
        /// One return code for each filter, in their order [MQTT-3.9.3-1]: the QoS granted, or
        /// 0x80 for a refusal.
        codes: &'r [u8],
        /// The properties of SUBACK.
        properties: T,
    },
    /// After a reconnection: the broker may not have this message. Send it again with
    /// [`republish`](crate::Session::republish), or [`abandon`](crate::Session::abandon) it. Until
    /// then no other message is asked for, and new ones with QoS 1 and 2 are
    /// [`Busy`](crate::SendError::Busy).
    Resend {
        /// The QoS with which it was published.
        qos: QoS,
        /// The identifier that `publish` returned.
        id: PacketId,
    },
    /// The identifier ended with the session or connection that it belonged to. Whether the broker
    /// got the packet is not known. Comes before [`Connected`](Event::Connected).
    OutcomeUnknown {
        /// The identifier that the command returned.
        id: PacketId,
    },
}

/// What the broker has kept of the session when it accepts a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum SessionState {
    /// Nothing: subscriptions have to be made.
    New,
    /// The session that this [`Session`](crate::Session) is: both sides go on where they were.
    Resumed,
    /// A session that this [`Session`](crate::Session) does not know, from before a restart
    /// perhaps. Subscriptions may exist, and messages may arrive for them. The broker may still
    /// hold QoS 2 messages under our identifiers and take new ones for repetitions of these, so
    /// identifiers begin at the [offset](crate::Connect::identifier_offset) given to `connect`.
    Unrecognized,
}

/// A message that was received.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Message<'r, T = ()> {
    /// The topic to which it was published.
    pub topic: TopicName<'r>,
    /// The payload, or as much of it as is there.
    pub payload: &'r [u8],
    /// Bytes of the payload that follow as [`Event::Payload`]; 0 if all of the message fits into
    /// `rx`.
    pub remaining: u32,
    /// The properties of PUBLISH.
    pub properties: T,
    pub(crate) id: u16,
    pub(crate) first_byte: u8,
}

impl<T> Message<'_, T> {
    /// Returns the broker's packet identifier, `None` with QoS 0 [MQTT-2.3.1-5]. It is not one of
    /// ours: both sides count for themselves.
    pub fn id(&self) -> Option<PacketId> {
        if self.qos() == QoS::AtMostOnce {
            None
        } else {
            PacketId::new(self.id)
        }
    }

    /// Returns the QoS with which it was delivered.
    pub fn qos(&self) -> QoS {
        QoS::of_first_byte(self.first_byte)
    }

    /// Returns whether the broker had stored it before this subscription was made
    /// [MQTT-3.3.1-8].
    pub fn retain(&self) -> bool {
        self.first_byte & 1 != 0
    }

    /// Returns whether the broker may have sent it before. This does not say whether it was
    /// delivered: with QoS 2 it was not, with QoS 1 it may have been.
    pub fn dup(&self) -> bool {
        self.first_byte & wire::DUP != 0
    }

    /// Returns whether the message arrived under the identifier of a QoS 2 message whose PUBREL is
    /// still to come. It is a repetition, unless the broker has forgotten which identifiers it has
    /// in use. Only a profile that
    /// [delivers such messages](crate::Profile::DELIVERS_REPEATED) ever sees one.
    pub fn is_repeated(&self) -> bool {
        self.first_byte & wire::REPEATED != 0
    }
}
