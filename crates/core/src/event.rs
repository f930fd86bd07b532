//! The events that [`Session::next_event`](crate::Session::next_event) returns.
use crate::{PacketId, Protocol, QoS, ReasonCode, TopicName, wire};

/// The event of a session that speaks `P`.
pub(crate) type EventOf<'r, P> = Event<'r, <P as Protocol>::Properties<'r>>;

/// Something that has happened: a packet was received, or an identifier has ended.
///
/// An event borrows the receive buffer and nothing else, so a handler can answer with borrowed
/// data. `T` is the type of a packet's properties: `()` with MQTT 3.1.1, which has none.
///
/// In memory it is a union of C structs that all begin with the kind of the event, so that C reads
/// it in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Event<'r, T = ()> {
    /// CONNACK: the broker accepted the connection. From now on commands are possible.
    Connected {
        /// The state of the session that the broker has kept.
        session: SessionState,
        /// The properties of CONNACK.
        properties: T,
    },
    /// PUBLISH: a message, or its beginning if it does not fit into `rx` with its header.
    ///
    /// It is acknowledged by the next call of `next_event`, or by `disconnect` [MQTT-4.5.0-2].
    Message(Message<'r, T>),
    /// The next piece of the payload of the last [`Message`](Event::Message).
    Payload {
        /// The number of bytes of the payload that are still to come. If it is 0, this is the last
        /// piece.
        remaining: u32,
        /// The piece, which is never empty.
        data: &'r [u8],
    },
    /// A message arrived whose topic, with the properties of MQTT 5, is longer than `rx`. It is not
    /// delivered, but acknowledged like any other. If it sets a topic alias, that is not known: a
    /// program that has offered aliases forgets all of them.
    Skipped {
        /// The length of its payload in bytes; with MQTT 5, that of its properties and payload.
        len: u32,
    },
    /// PUBREC: the broker has received the QoS 2 message, so its payload is not needed any more.
    /// The identifier ends with [`Acked`](Event::Acked).
    Received {
        /// The identifier that `publish` returned.
        id: PacketId,
    },
    /// PUBACK, PUBCOMP or UNSUBACK: the broker has completed the command. The identifier has ended.
    Acked {
        /// The identifier that `publish` or `unsubscribe` returned.
        id: PacketId,
    },
    /// PUBACK, PUBREC or PUBCOMP with an error: the server refused a message, or does not know it.
    /// The identifier has ended. Only servers of MQTT 5 can do this.
    Refused {
        /// The reason code, 0x80 or above.
        code: ReasonCode,
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
    /// After a reconnection, the broker may not have this message. Send it again with
    /// [`republish`](crate::Session::republish), or [`abandon`](crate::Session::abandon) it. Until
    /// then the session asks for no other message, and commands that need a slot return
    /// [`Busy`](crate::SendError::Busy).
    Resend {
        /// The QoS with which it was published.
        qos: QoS,
        /// The identifier that `publish` returned.
        id: PacketId,
    },
    /// The identifier ended with the session or the connection to which it belonged. It is not
    /// known whether the broker received the packet. This event comes before
    /// [`Connected`](Event::Connected).
    OutcomeUnknown {
        /// The identifier that the command returned.
        id: PacketId,
    },
    /// UNSUBACK of MQTT 5. The identifier has ended. MQTT 3.1.1 has [`Acked`](Event::Acked) in its
    /// place.
    Unsubscribed {
        /// The identifier that `unsubscribe` returned.
        id: PacketId,
        /// One reason code for each filter, in their order [MQTT-3.11.3-1].
        codes: &'r [u8],
        /// The properties of UNSUBACK.
        properties: T,
    },
    /// The server ended the connection with DISCONNECT, or refused it with CONNACK. Only servers of
    /// MQTT 5 say this. The session [is closed](crate::Session::is_closed): close the transport.
    Disconnected {
        /// The reason code.
        code: ReasonCode,
        /// The properties, for example the [server
        /// reference](crate::Properties::server_reference). They are empty if they do not fit into
        /// `rx`.
        properties: T,
    },
    /// AUTH of MQTT 5: the server goes on with an authentication, or has completed the one that the
    /// client began anew.
    Auth {
        /// [`CONTINUE_AUTHENTICATION`](ReasonCode::CONTINUE_AUTHENTICATION): answer with
        /// [`authenticate`](crate::Session::authenticate).
        /// [`SUCCESS`](ReasonCode::SUCCESS): it is complete.
        code: ReasonCode,
        /// The properties: the method, and its data.
        properties: T,
    },
    /// PUBLISH of a QoS 2 message that was delivered before. It is not delivered again, but it may
    /// set a topic alias. This is reported only if the client has offered the server aliases, which
    /// MQTT 5 has.
    Repeated {
        /// The topic. It is empty if an alias stands for it, and if it does not fit into `rx`, as
        /// with [`Skipped`](Event::Skipped).
        topic: TopicName<'r>,
        /// The properties, with the topic alias.
        properties: T,
    },
    /// PUBACK, PUBREC or PUBCOMP of MQTT 5 that succeeds and says more than that. It stands in
    /// place of [`Acked`](Event::Acked) or [`Received`](Event::Received), only with a profile that
    /// [reports such answers](crate::Profile::REPORTS_SUCCESS).
    Accepted {
        /// The reason code, below 0x80.
        code: ReasonCode,
        /// The identifier that `publish` returned.
        id: PacketId,
        /// True for PUBREC: the payload is not needed any more, and the identifier ends with
        /// another event. False for the others: the identifier has ended.
        is_pubrec: bool,
        /// The properties of the acknowledgement.
        properties: T,
    },
}

/// The state of the session that the broker has kept when it accepts a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum SessionState {
    /// The broker has kept nothing: subscriptions have to be made.
    New,
    /// The broker has kept the state of this [`Session`](crate::Session): both sides continue where
    /// they were.
    Resumed,
    /// The broker has kept a session that this [`Session`](crate::Session) does not know, for
    /// example from before a restart. Subscriptions may exist, and messages may arrive for them.
    /// The broker may still hold QoS 2 messages under identifiers of this client, and take new
    /// messages under them for repetitions. Therefore identifiers begin at the
    /// [offset](crate::Connect::identifier_offset) that was given to `connect`.
    Unrecognized,
}

/// A message that was received.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Message<'r, T = ()> {
    /// The topic to which it was published.
    pub topic: TopicName<'r>,
    /// The payload, or its beginning if [`remaining`](Self::remaining) is not 0.
    pub payload: &'r [u8],
    /// The number of bytes of the payload that follow as [`Event::Payload`]. It is 0 if the whole
    /// message fits into `rx`.
    pub remaining: u32,
    /// The properties of PUBLISH.
    pub properties: T,
    pub(crate) id: u16,
    pub(crate) first_byte: u8,
}

impl<T> Message<'_, T> {
    /// Returns the packet identifier that the broker chose, or `None` with QoS 0 [MQTT-2.3.1-5]. It
    /// has nothing to do with the identifiers that commands return.
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

    /// Returns whether the broker may have sent it before. If so, a QoS 2 message was not delivered
    /// before, and a QoS 1 message may have been.
    pub fn dup(&self) -> bool {
        self.first_byte & wire::DUP != 0
    }

    /// Returns whether the message arrived under the identifier of a QoS 2 message whose PUBREL is
    /// still to come. It is a repetition, unless the broker has forgotten which identifiers it has
    /// in use. Only with a profile that
    /// [delivers such messages](crate::Profile::DELIVERS_REPEATED) can this be `true`.
    pub fn is_repeated(&self) -> bool {
        self.first_byte & wire::REPEATED != 0
    }
}
