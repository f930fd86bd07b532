//! What has happened: the events that [`Session::next_event`](crate::Session::next_event) tells.
use crate::{PacketId, QoS, topic::Topic};

/// Something that has happened. Borrows the receive buffer and nothing else, so that a handler can
/// answer with borrowed data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'r> {
    /// The broker accepted the connection; commands are possible from here on.
    Connected {
        /// What the broker knew of us.
        session: Known,
    },
    /// A message: whole if it fits into `rx` with its header, else its beginning.
    ///
    /// It is acknowledged by the next call of `next_event`, or by `disconnect` [MQTT-4.5.0-2].
    Message(Message<'r>),
    /// The next piece of the payload of the last [`Message`](Event::Message).
    Payload {
        /// The piece, never empty.
        data: &'r [u8],
        /// Bytes of the payload that are still to come; 0: this was the last piece.
        left: u32,
    },
    /// A message came whose topic is longer than `rx`. It is drained unseen, and acknowledged like
    /// any other.
    Skipped {
        /// Length of its payload in bytes.
        len: u32,
    },
    /// PUBREC: the broker has the message, its payload will not be asked for again. The identifier
    /// ends with [`Acked`](Event::Acked).
    Received {
        /// What `publish` returned.
        id: PacketId,
    },
    /// PUBACK, PUBCOMP or UNSUBACK: the broker has done what it was asked for. The identifier has
    /// ended.
    Acked {
        /// What `publish` or `unsubscribe` returned.
        id: PacketId,
    },
    /// SUBACK. The identifier has ended.
    Subscribed {
        /// What `subscribe` returned.
        id: PacketId,
        /// One return code for each filter, in their order [MQTT-3.9.3-1]: the QoS granted, or
        /// 0x80 for no.
        codes: &'r [u8],
    },
    /// After a reconnection: the broker may not have this message. Give it again with
    /// [`republish`](crate::Session::republish), or [`abandon`](crate::Session::abandon) it;
    /// until then no other is asked for, and new ones with QoS 1 and 2 are `Busy`.
    Resend {
        /// What `publish` returned.
        id: PacketId,
        /// The QoS with which it was published.
        qos: QoS,
    },
    /// This identifier ended with the session or connection it belonged to; nobody can say whether
    /// the broker got the packet. Told before [`Connected`](Event::Connected).
    Unknown {
        /// What the command returned.
        id: PacketId,
    },
}

/// What the broker knew of us when it accepted the connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Known {
    /// Nothing: subscriptions must be made (anew).
    New,
    /// The session that this [`Session`](crate::Session) is: both sides continue where they were.
    Resumed,
    /// A session of which this [`Session`](crate::Session) knows nothing, from before a restart
    /// perhaps: subscriptions may exist, and messages may come for them. The broker may hold
    /// QoS 2 messages under identifiers that we use anew, and take ours for repetitions;
    /// who publishes with QoS 2 connects clean first, to be rid of it.
    Foreign,
}

/// An application message that came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Message<'r> {
    /// Where it was published.
    pub topic: Topic<'r>,
    /// The payload, or as much of it as is there.
    pub payload: &'r [u8],
    /// Bytes of the payload that follow as [`Event::Payload`]; 0 for every message that fits into
    /// `rx`.
    pub left: u32,
    pub(crate) id: u16,
    pub(crate) head: u8,
}

impl Message<'_> {
    /// The broker's packet identifier; none with QoS 0 [MQTT-2.3.1-5]. Not one of ours: both sides
    /// count for themselves.
    pub fn id(&self) -> Option<PacketId> {
        if self.qos() == QoS::AtMostOnce {
            None
        } else {
            PacketId::new(self.id)
        }
    }

    /// The QoS with which it was delivered.
    pub fn qos(&self) -> QoS {
        QoS::of_head(self.head)
    }

    /// The broker had stored it before this subscription was made [MQTT-3.3.1-8].
    pub fn retain(&self) -> bool {
        self.head & 1 != 0
    }

    /// The broker may have sent it before. Says nothing about whether it was delivered: with QoS 2
    /// it was not, with QoS 1 it may have been.
    pub fn dup(&self) -> bool {
        self.head & 8 != 0
    }
}
