//! Events for the driver, the state of the connection, and counters.
use crate::{DisconnectReason, Ended, RequestId, ResponseId, StreamId};
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use motemq::{PacketId, QoS, SessionState, Version};

/// Something that an adapter passes on to the application, or acts on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The broker accepted the connection.
    Connected {
        /// The version of MQTT that both sides speak.
        version: Version,
        /// The part of the session that the broker has kept.
        session: SessionState,
        /// The limits of the broker.
        limits: ServerLimits,
    },
    /// An attempt to reach an address of a broker failed. If there are others, they have their
    /// turn.
    AttemptFailed {
        /// The broker, counted from 0.
        broker: u32,
        /// The reason why it failed.
        reason: DisconnectReason,
    },
    /// The connection was lost, or no broker could be reached.
    Disconnected {
        /// The reason why it ended.
        reason: DisconnectReason,
        /// The time at which the next attempt begins.
        retry_at: Duration,
        /// The number of connections before this one that ended in a row for the same reason
        /// without a message that was gained.
        repeated: u32,
    },
    /// The outcome of a request for which [`poll_outcome`](crate::Client::poll_outcome) returned
    /// `None` is known now.
    Completed {
        /// The request.
        request: RequestId,
    },
    /// There is a response for which [`poll_response`](crate::Client::poll_response) returned
    /// `None`, or it is known that there will be none.
    Responded {
        /// The response.
        response: ResponseId,
    },
    /// There is a message in a stream that was found empty, or more of a payload that was found
    /// pending, or the stream has ended.
    Delivered {
        /// The stream.
        stream: StreamId,
    },
    /// An authentication that was [begun anew](crate::Client::reauthenticate) has succeeded.
    Authenticated,
    /// A command that was refused with `Full` or `Offline` can be tried again.
    Room,
    /// The broker refuses topic filters that it had granted before. Streams that have no other
    /// filter end.
    Refused {
        /// The filters.
        filters: Vec<String>,
    },
    /// Messages for which there is no stream wait unacknowledged. Open a stream that matches, or
    /// unsubscribe: they hold up the acknowledgements of all others. The event is emitted once,
    /// and again only after a stream was opened.
    Unclaimed,
    /// A message was dropped: there is no stream for it, and it is too large to wait for one; or,
    /// with MQTT 5, topic and properties are longer than the read buffer. It was acknowledged then.
    Skipped {
        /// The length of its payload in bytes.
        len: u64,
    },
    /// The broker used an identifier for another message before it had released it, as brokers do
    /// that lost their state. The message was delivered. The event is emitted once for each
    /// connection.
    IdentifierReused {
        /// The identifier.
        id: PacketId,
    },
    /// The state has changed in a way that a crash must not undo. Take the
    /// [changes](crate::Client::take_changes), store them, then call
    /// [`on_persisted`](crate::Client::on_persisted). Until then no bytes leave that follow from
    /// the change. There is no other such event until then. It may come after
    /// [`Ended`](Self::Ended).
    Persist {
        /// The version of the state.
        version: u64,
    },
    /// The client has ended.
    Ended(Ended),
}

/// The state of a connection, with times on the clock of the client, or on another one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum State<T = Duration> {
    /// A connection is being made.
    Connecting {
        /// The reason why the last connection or attempt ended, if there was one.
        reason: Option<DisconnectReason>,
    },
    /// The broker has accepted the connection.
    Connected {
        /// The version of MQTT that both sides speak.
        version: Version,
        /// The part of the session that the broker has kept.
        session: SessionState,
        /// The limits of the broker.
        limits: ServerLimits,
        /// The time at which it accepted the connection.
        since: T,
    },
    /// There is no connection.
    Waiting {
        /// The reason why the last connection or attempt ended.
        reason: DisconnectReason,
        /// The time at which the next attempt begins, unless it waits for the application to take
        /// messages.
        retry_at: T,
    },
    /// There is no connection, and there will be none.
    Ended(Ended),
}

impl<T> State<T> {
    /// Returns why there is no connection, as far as there is a reason.
    pub fn reason(&self) -> Option<&DisconnectReason> {
        match self {
            State::Connecting { reason } => reason.as_ref(),
            State::Waiting { reason, .. } | State::Ended(Ended::GaveUp(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns whether there is a connection.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Connected { .. })
    }

    /// Returns the same state with its times on another clock.
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

/// The limits of the broker on a connection. With MQTT 3.1.1, in which brokers do not send them,
/// these are the limits of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The number of messages with QoS 1 and 2 that may be in flight to the broker.
    pub receive_maximum: u16,
    /// The length of the longest packet.
    pub maximum_packet_size: u32,
    /// The highest QoS.
    pub maximum_qos: QoS,
    /// True if messages can be retained.
    pub retain_available: bool,
    /// True if topic filters can have wildcards.
    pub wildcard_subscription_available: bool,
    /// True if subscriptions can have identifiers. With MQTT 3.1.1 they cannot.
    pub subscription_identifier_available: bool,
    /// True if subscriptions can be shared.
    pub shared_subscription_available: bool,
    /// The highest topic alias that the broker accepts; 0: none.
    pub topic_alias_maximum: u16,
    /// The keep alive in seconds that holds: that of the options, or the one that the broker
    /// demands [MQTT-3.1.2-21].
    pub keep_alive: u16,
    /// The seconds for which the broker keeps the session without a connection; `u32::MAX`: for
    /// ever.
    pub(crate) session_expiry: u32,
}

impl ServerLimits {
    /// The limits of MQTT 3.1.1, with a keep alive of 60 s and a session that is kept.
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

    /// Returns how long the broker keeps the session without a connection; `None`: for ever, or
    /// with MQTT 3.1.1 as long as it likes.
    pub fn session_expiry(&self) -> Option<Duration> {
        let is_for_ever = self.session_expiry == u32::MAX;
        (!is_for_ever).then(|| Duration::from_secs(self.session_expiry.into()))
    }
}

/// Counts of past events, and of messages that wait now.
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
    /// Messages received and dropped: there was no room for QoS 0, or no stream, or the payload
    /// was too long to wait for one.
    pub dropped: u64,
    /// Of the messages that were dropped, those with QoS 1 and 2 that were acknowledged, since
    /// the options say so.
    pub discarded: u64,
    /// Messages received under an identifier that stood for another message.
    pub identifiers_reused: u64,
    /// Bytes that the transport has taken.
    pub bytes_out: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Requests that are sent and not answered now.
    pub in_flight: usize,
    /// Messages that wait to be sent now.
    pub queued: usize,
    /// Bytes of messages that wait to be taken now.
    pub backlog: usize,
}
