//! Events for the driver, the state of the connection, and counters.
use crate::{DisconnectReason, Ended, RequestId, ResponseId, StreamId};
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use motemq::{PacketId, QoS, SessionState, Version};

/// Something that has happened, which an adapter reports to the application or acts on.
/// [`Client::poll_event`](crate::Client::poll_event) returns it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The broker accepted the connection.
    Connected {
        /// The version of MQTT of the connection.
        version: Version,
        /// The state of the session, which shows whether the broker has kept it.
        session: SessionState,
        /// The limits of the broker.
        limits: ServerLimits,
    },
    /// An attempt to reach an address of a broker failed. If there are other addresses, the client
    /// tries them.
    AttemptFailed {
        /// The broker, counted from 0.
        broker: u32,
        /// The reason why the attempt failed.
        reason: DisconnectReason,
    },
    /// The connection was lost, or no broker could be reached.
    Disconnected {
        /// The reason why the connection or the last attempt ended.
        reason: DisconnectReason,
        /// The time at which the next attempt begins.
        retry_at: Duration,
        /// The number of connections in a row before this one that ended for the same reason
        /// without a received message or an acknowledgement.
        repeated: u32,
    },
    /// The outcome of a request is known now, for which
    /// [`poll_outcome`](crate::Client::poll_outcome) returned `None` before.
    Completed {
        /// The request whose outcome is known.
        request: RequestId,
    },
    /// A response has arrived, or it is known that there will be none. Before,
    /// [`poll_response`](crate::Client::poll_response) returned `None` for it.
    Responded {
        /// The response that [`poll_response`](crate::Client::poll_response) returns now.
        response: ResponseId,
    },
    /// A stream has a message, or a payload in pieces has its next piece, or the stream has ended.
    /// Before, [`take`](crate::Client::take) or [`read_payload`](crate::Client::read_payload)
    /// returned `Pending`.
    Delivered {
        /// The stream of the message.
        stream: StreamId,
    },
    /// A [re-authentication](crate::Client::reauthenticate) has succeeded.
    Authenticated,
    /// A command that failed with `Full` or `Offline` can be tried again.
    Room,
    /// The client subscribed again after the loss of a session, and the broker refused topic
    /// filters that it had granted before. Streams that have no other filter end.
    Refused {
        /// The filters that the broker refused.
        filters: Vec<String>,
    },
    /// Messages for which there is no stream wait unacknowledged. Open a stream that matches, or
    /// unsubscribe, since these messages delay the acknowledgements of all later ones. The event is
    /// emitted once, and again only after a stream was opened.
    Unclaimed,
    /// A message was acknowledged and dropped: there is no stream for it, and it is too large to
    /// wait for one; or, with MQTT 5, its topic and properties are longer than the read buffer.
    Skipped {
        /// The length of the payload in bytes, in the second case together with the properties.
        len: u64,
    },
    /// The broker used a packet identifier for another message before it had released it. Brokers
    /// do so if they have lost their state. The message was delivered. The event is emitted at most
    /// once for each connection.
    IdentifierReused {
        /// The packet identifier.
        id: PacketId,
    },
    /// The state of a [durable](crate::Options::durable) client has changed in a way that a crash
    /// must not undo. Take the [changes](crate::Client::take_changes), store them, then call
    /// [`on_persisted`](crate::Client::on_persisted). Until then, the client sends no bytes that
    /// depend on the change, and emits no other event of this kind. The event can come after
    /// [`Ended`](Self::Ended).
    Persist {
        /// The version of the state that has to be stored.
        version: u64,
    },
    /// The client has ended, for this reason.
    Ended(Ended),
}

/// The state of a client's connection. `T` is the type of its times: in this crate, a [`Duration`]
/// since the client was made; in `motemq-std` and `motemq-tokio`, their `Instant`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum State<T = Duration> {
    /// The client is making a connection.
    Connecting {
        /// The reason why the last connection or attempt ended, if there was one.
        reason: Option<DisconnectReason>,
    },
    /// The broker has accepted the connection.
    Connected {
        /// The version of MQTT of the connection.
        version: Version,
        /// The state of the session, which shows whether the broker has kept it.
        session: SessionState,
        /// The limits of the broker.
        limits: ServerLimits,
        /// The time at which the broker accepted the connection.
        since: T,
    },
    /// There is no connection, and the client waits before it makes another one.
    Waiting {
        /// The reason why the last connection or attempt ended.
        reason: DisconnectReason,
        /// The time at which the next attempt begins. After
        /// [`Overrun`](DisconnectReason::Overrun), it begins later if the application has not taken
        /// messages by then.
        retry_at: T,
    },
    /// The client has ended, for this reason. It makes no more connections.
    Ended(Ended),
}

impl<T> State<T> {
    /// Returns the reason why there is no connection, or `None` if there is a connection or no
    /// reason.
    pub fn reason(&self) -> Option<&DisconnectReason> {
        match self {
            State::Connecting { reason } => reason.as_ref(),
            State::Waiting { reason, .. } | State::Ended(Ended::GaveUp(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns whether there is a connection that the broker has accepted.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Connected { .. })
    }

    /// Returns the same state with the result of `time` in place of each time, for example a time
    /// of another clock.
    pub fn map_time<U>(self, time: impl FnOnce(T) -> U) -> State<U> {
        match self {
            State::Connecting { reason } => State::Connecting { reason },
            State::Connected {
                version,
                session,
                limits,
                since,
            } => State::Connected {
                version,
                session,
                limits,
                since: time(since),
            },
            State::Waiting { reason, retry_at } => State::Waiting {
                reason,
                retry_at: time(retry_at),
            },
            State::Ended(ended) => State::Ended(ended),
        }
    }
}

/// The length of the longest packet that MQTT has.
pub(crate) const LONGEST_PACKET: u32 = 268_435_460;

/// The limits of the broker for a connection. A broker of MQTT 5 announces them in CONNACK. With
/// MQTT 3.1.1 they are the limits of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The number of messages with QoS 1 and 2 that may be in flight to the broker.
    pub receive_maximum: u16,
    /// The length in bytes of the longest packet that the broker accepts.
    pub maximum_packet_size: u32,
    /// The highest quality of service with which the broker accepts messages.
    pub maximum_qos: QoS,
    /// True if the broker supports retained messages.
    pub retain_available: bool,
    /// True if the broker supports wildcards in topic filters.
    pub wildcard_subscription_available: bool,
    /// True if the broker supports subscription identifiers, which MQTT 3.1.1 does not have.
    pub subscription_identifier_available: bool,
    /// True if the broker supports shared subscriptions.
    pub shared_subscription_available: bool,
    /// The highest topic alias that the broker accepts, or 0 if it accepts none.
    pub topic_alias_maximum: u16,
    /// The keep alive of the connection in seconds: that of the options, or the one that the broker
    /// of MQTT 5 demands [MQTT-3.1.2-21].
    pub keep_alive: u16,
    /// The time in seconds for which the broker keeps the session without a connection. `u32::MAX`
    /// means that the session never expires.
    pub(crate) session_expiry: u32,
}

impl ServerLimits {
    /// The limits of MQTT 3.1.1, with a keep alive of 60 s and a session that never expires.
    pub const MQTT_3_1_1: ServerLimits = ServerLimits {
        receive_maximum: u16::MAX,
        maximum_packet_size: LONGEST_PACKET,
        maximum_qos: QoS::ExactlyOnce,
        retain_available: true,
        wildcard_subscription_available: true,
        subscription_identifier_available: false,
        shared_subscription_available: true,
        topic_alias_maximum: 0,
        keep_alive: 60,
        session_expiry: u32::MAX,
    };

    /// Returns for how long the broker keeps the session without a connection, or `None` if the
    /// session never expires. With MQTT 3.1.1, `None` means that the broker decides.
    pub fn session_expiry(&self) -> Option<Duration> {
        let is_for_ever = self.session_expiry == u32::MAX;
        (!is_for_ever).then(|| Duration::from_secs(self.session_expiry.into()))
    }
}

/// The numbers of events since the client was made, and of messages that are waiting.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Connections that the broker accepted.
    pub connections: u64,
    /// Messages sent, without those that were sent again.
    pub sent: u64,
    /// Messages sent again after a reconnection.
    pub resent: u64,
    /// Requests that the broker acknowledged.
    pub acknowledged: u64,
    /// Messages received.
    pub received: u64,
    /// Messages received and dropped: there was no room for a message with QoS 0, or no stream, or
    /// the payload was too long to wait for a stream.
    pub dropped: u64,
    /// The dropped messages with QoS 1 and 2 that were acknowledged, because the options require
    /// it.
    pub discarded: u64,
    /// Messages received under a packet identifier that was still in use for another message.
    pub identifiers_reused: u64,
    /// Bytes that the transport has accepted.
    pub bytes_out: u64,
    /// Bytes that the client has read.
    pub bytes_in: u64,
    /// Requests that were sent and that the broker has not answered yet.
    pub in_flight: usize,
    /// Messages that wait to be sent now.
    pub queued: usize,
    /// The size in bytes of the messages that wait to be taken now.
    pub backlog: usize,
}
