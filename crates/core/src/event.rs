//! The events that [`Session::next_event`](crate::Session::next_event) returns.
use crate::{PacketId, Protocol, QoS, ReasonCode, TopicName, wire};

/// The event of a session that speaks `P`.
pub(crate) type EventOf<'r, P> = Event<'r, <P as Protocol>::Properties<'r>>;

/// Something that has happened: the session received a packet, or a packet identifier is no longer
/// in use. [`Session::next_event`](crate::Session::next_event) returns it.
///
/// An event borrows the receive buffer and nothing else, so a handler can answer with borrowed
/// data. `T` is the type of a packet's properties: `()` with MQTT 3.1.1, which has none.
///
/// In memory it is a union of C structs that all begin with the kind of the event, so that C reads
/// it in place.
///
/// # Examples
/// ```
/// use motemq::{Event, QoS};
/// fn describe(event: &Event<'_>) -> String {
///     match event {
///         Event::Connected { session, .. } => format!("connected, session {session:?}"),
///         Event::Message(m) => format!("{} has {} bytes", m.topic, m.payload.len()),
///         Event::Acked { id } => format!("packet {id} is acknowledged"),
///         other => format!("{other:?}"),
///     }
/// }
/// # let resend = Event::Resend { qos: QoS::AtLeastOnce, id: 7.try_into().unwrap() };
/// # assert_eq!(describe(&resend), "Resend { qos: AtLeastOnce, id: 7 }");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Event<'r, T = ()> {
    /// CONNACK: the broker accepted the connection, so the program can publish and subscribe.
    Connected {
        /// The session: the one that the broker has kept, or a new one.
        session: SessionState,
        /// The properties of CONNACK.
        properties: T,
    },
    /// PUBLISH: a message, or its beginning if it does not fit into `rx` with its header.
    ///
    /// With QoS 1 and 2, the next call of [`next_event`](crate::Session::next_event), or
    /// [`disconnect`](crate::Session::disconnect), acknowledges it [MQTT-4.5.0-2].
    Message(Message<'r, T>),
    /// The next piece of the payload of the last [`Message`](Event::Message), which did not fit
    /// into `rx`.
    Payload {
        /// The number of bytes of the payload that are still to come. If it is 0, this is the last
        /// piece.
        remaining: u32,
        /// The piece, which is never empty.
        data: &'r [u8],
    },
    /// A message arrived whose topic, with the properties of MQTT 5, is longer than `rx`. The
    /// session acknowledges it, but does not deliver it. If the message sets a topic alias, the
    /// alias is not known, so a program that offers aliases has to forget all of them.
    /// [`TopicAliases`](crate::TopicAliases) does that.
    Skipped {
        /// The length of its payload in bytes; with MQTT 5, that of its properties and payload.
        len: u32,
    },
    /// PUBREC: the broker has received the QoS 2 message, so the program no longer needs its
    /// payload. The packet identifier stays in use until [`Acked`](Event::Acked).
    Received {
        /// The identifier that `publish` returned.
        id: PacketId,
    },
    /// PUBACK, PUBCOMP or UNSUBACK: the broker has completed the command, and the packet identifier
    /// is free again. With MQTT 5, UNSUBACK is [`Unsubscribed`](Event::Unsubscribed).
    Acked {
        /// The identifier that `publish` or `unsubscribe` returned.
        id: PacketId,
    },
    /// PUBACK, PUBREC or PUBCOMP with an error: the server refused a message, or does not know its
    /// packet identifier, which is free again. Only MQTT 5 has this event.
    Refused {
        /// The reason code, 0x80 or above.
        code: ReasonCode,
        /// The identifier that `publish` returned.
        id: PacketId,
        /// The properties of the acknowledgement. They are empty if it is longer than `rx`.
        properties: T,
    },
    /// SUBACK: the broker answered SUBSCRIBE, and may have refused some or all of its filters. The
    /// packet identifier is free again.
    Subscribed {
        /// The identifier that `subscribe` returned.
        id: PacketId,
        /// One code for each filter, in their order [MQTT-3.9.3-1]: the QoS granted, 0 to 2, or
        /// the code of a refusal. With MQTT 3.1.1 this is 0x80, with MQTT 5 a reason code of 0x80
        /// or above, which [`ReasonCode::from`] converts.
        codes: &'r [u8],
        /// The properties of SUBACK. They are empty if it is longer than `rx`.
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
    /// The session or the connection to which the packet belonged has ended, and it is not known
    /// whether the broker received the packet. Its identifier is free again. This event comes
    /// before [`Connected`](Event::Connected).
    OutcomeUnknown {
        /// The identifier that the command returned.
        id: PacketId,
    },
    /// UNSUBACK of MQTT 5: the server answered UNSUBSCRIBE, and the packet identifier is free
    /// again. With MQTT 3.1.1, UNSUBACK is [`Acked`](Event::Acked).
    Unsubscribed {
        /// The identifier that `unsubscribe` returned.
        id: PacketId,
        /// One reason code for each filter, in their order [MQTT-3.11.3-1]: 0x80 or above if the
        /// server did not remove the subscription. [`ReasonCode::from`] converts such a code.
        codes: &'r [u8],
        /// The properties of UNSUBACK. They are empty if it is longer than `rx`.
        properties: T,
    },
    /// The server ended the connection with DISCONNECT, or refused it with CONNACK. The session
    /// [is closed](crate::Session::is_closed): close the transport. Only MQTT 5 has this event.
    Disconnected {
        /// The reason for ending or refusing the connection.
        code: ReasonCode,
        /// The properties, for example the [server
        /// reference](crate::Properties::server_reference). They are empty if they do not fit into
        /// `rx`.
        properties: T,
    },
    /// AUTH of MQTT 5: the server continues an authentication, or has completed a
    /// re-authentication.
    Auth {
        /// [`CONTINUE_AUTHENTICATION`](ReasonCode::CONTINUE_AUTHENTICATION): answer with
        /// [`authenticate`](crate::Session::authenticate).
        /// [`SUCCESS`](ReasonCode::SUCCESS): the re-authentication is complete.
        code: ReasonCode,
        /// The properties, among them the authentication method and its data.
        properties: T,
    },
    /// PUBLISH of MQTT 5 with a QoS 2 message that was delivered before. It is not delivered again,
    /// but it may set a topic alias. The session reports this only if the client has announced a
    /// [topic alias maximum](crate::Property::TopicAliasMaximum).
    Repeated {
        /// The topic. It is empty if the packet has only a topic alias, and if the topic does not
        /// fit into `rx`, as with [`Skipped`](Event::Skipped).
        topic: TopicName<'r>,
        /// The properties, which may contain a topic alias.
        properties: T,
    },
    /// PUBACK, PUBREC or PUBCOMP of MQTT 5 with success, and with properties or a reason code other
    /// than [`SUCCESS`](ReasonCode::SUCCESS). It replaces [`Acked`](Event::Acked) or
    /// [`Received`](Event::Received), and only with a profile that
    /// [reports such answers](crate::Profile::REPORTS_SUCCESS).
    Accepted {
        /// The reason code, below 0x80.
        code: ReasonCode,
        /// The identifier that `publish` returned.
        id: PacketId,
        /// True for PUBREC: the program no longer needs the payload, and another event follows when
        /// the packet identifier is free again. False for the others: it is free again.
        is_pubrec: bool,
        /// The properties of the acknowledgement. They are empty if it is longer than `rx`.
        properties: T,
    },
}

/// The state of the session when the broker has accepted a connection: the session is new, or the
/// broker has kept it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum SessionState {
    /// The broker has kept no session, so the client has to subscribe.
    New,
    /// The broker has kept the state of this [`Session`](crate::Session): both sides continue where
    /// they were. The broker may not have a subscription if
    /// [`OutcomeUnknown`](Event::OutcomeUnknown) has named the identifier of its SUBSCRIBE.
    Resumed,
    /// The broker has kept a session that this [`Session`](crate::Session) does not know, for
    /// example from before a restart. Subscriptions may exist, and messages may arrive for them.
    /// The broker may still hold QoS 2 messages under identifiers of this client, and mistake new
    /// messages under the same identifiers for repetitions. Therefore identifiers begin at the
    /// [offset](crate::Connect::identifier_offset()) of [`Connect`](crate::Connect). With MQTT 5
    /// and an offset of 0, the fault [`Unexpected`](crate::Fault::Unexpected) ends the connection
    /// instead.
    Unrecognized,
}

/// A received message, as [`Event::Message`] delivers it.
///
/// # Examples
/// ```
/// # use motemq::*;
/// # let mut session = Session::<[Slot; 1]>::new();
/// # let (mut rx, mut tx) = (Buffer::<[u8; 64]>::new(), Buffer::<[u8; 64]>::new());
/// # session.connect(&Connect::new("a"), &mut rx, &mut tx)?;
/// # let read = b"\x20\x02\0\0\x31\x06\0\x02upon";
/// # rx.space()[..read.len()].copy_from_slice(read);
/// # rx.commit(read.len());
/// # let mut count = 0;
/// while let Some(event) = session.next_event(&mut rx, &mut tx)? {
///     if let Event::Message(message) = event {
///         assert!(message.topic == "up" && message.payload == b"on" && message.remaining == 0);
///         assert!(message.qos() == QoS::AtMostOnce && message.retain());
///         # count += 1;
///     }
/// }
/// # assert_eq!(count, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Message<'r, T = ()> {
    /// The topic to which the message was published. With MQTT 5 it is empty if the packet has only
    /// a [topic alias](crate::Property::TopicAlias), which
    /// [`TopicAliases`](crate::TopicAliases) resolves. Servers use aliases only if the client has
    /// announced a [topic alias maximum](crate::Property::TopicAliasMaximum).
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
    /// Returns the packet identifier that the broker chose, or `None` with QoS 0 [MQTT-2.3.1-5].
    /// It is independent of the identifiers that commands return.
    pub fn id(&self) -> Option<PacketId> {
        if self.qos() == QoS::AtMostOnce {
            None
        } else {
            PacketId::new(self.id)
        }
    }

    /// Returns the quality of service with which the broker delivered the message.
    pub fn qos(&self) -> QoS {
        QoS::of_first_byte(self.first_byte)
    }

    /// Returns the retain flag: whether the broker had stored the message before this subscription
    /// was made [MQTT-3.3.1-8]. With MQTT 5 and
    /// [retain as published](crate::SubscriptionOptions::retain_as_published), it is the flag with
    /// which the message was published.
    pub fn retain(&self) -> bool {
        self.first_byte & 1 != 0
    }

    /// Returns the DUP flag: whether the broker may have sent the message before. If so, a QoS 1
    /// message may have been processed before. A QoS 2 message that has been acknowledged is not
    /// delivered again.
    pub fn dup(&self) -> bool {
        self.first_byte & wire::DUP != 0
    }

    /// Returns whether the message arrived under the packet identifier of a QoS 2 message whose
    /// PUBREL has not arrived yet. It is a repetition, unless the broker has forgotten which
    /// identifiers it has in use. This can be `true` only with a profile that
    /// [delivers such messages](crate::Profile::DELIVERS_REPEATED).
    pub fn is_repeated(&self) -> bool {
        self.first_byte & wire::REPEATED != 0
    }
}
