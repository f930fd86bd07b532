//! The reasons why operations fail and clients end: one small enum for each kind.
mod authenticate;
mod disconnect;
mod reason;
mod response;

use crate::{Acknowledgement, InvalidProperties, profile::OverLimit};
use alloc::{boxed::Box, format, string::String, sync::Arc};
pub use authenticate::AuthenticateError;
use core::{fmt, time::Duration};
pub use disconnect::{DisconnectReason, Stage, TransportError, TransportErrorKind};
use motemq::{Fault, topic::TopicError};
pub use reason::BrokerReason;
pub(crate) use reason::PacketKind;
pub use response::ResponseError;

/// The most characters of a text that an error shows.
const SHOWN: usize = 80;

/// Returns the text as errors show it: in quotes, and shortened.
pub(crate) fn shortened(text: &str) -> String {
    let mut shown = String::from("\"");
    let mut chars = text.chars();
    for c in chars.by_ref().take(SHOWN) {
        shown.extend(c.escape_debug());
    }
    shown.push('"');
    if chars.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// Shows a time as people write it: `20 s`, `1.5 s`, `250 ms`, `2 min`.
pub(crate) struct Human(pub Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            60_000.. if ms.is_multiple_of(60_000) => write!(f, "{} min", ms / 60_000),
            1000.. if ms.is_multiple_of(1000) => write!(f, "{} s", ms / 1000),
            1000.. => write!(f, "{}.{} s", ms / 1000, ms % 1000 / 100),
            _ => write!(f, "{ms} ms"),
        }
    }
}

/// The reason why options cannot be used.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A session that outlives the connection needs a client identifier [MQTT-3.1.3-7].
    #[error("the session is to be kept, and the client identifier is empty: set client_id")]
    ClientIdMissing,
    /// A password requires a user name [MQTT-3.1.2-22].
    #[error("there is a password without a user name: set login")]
    UserMissing,
    /// A text contains U+0000 [MQTT-1.5.3-2].
    #[error("the {field} contains U+0000 at byte {at}: remove it")]
    NullCharacter {
        /// The name of the option.
        field: &'static str,
        /// The byte offset of the first U+0000.
        at: usize,
    },
    /// A text or a payload is longer than 65,535 bytes, the most that its length field can hold.
    #[error("the {field} has {len} bytes: shorten it to 65,535")]
    TooLong {
        /// The name of the option.
        field: &'static str,
        /// The length of the text or payload in bytes.
        len: usize,
    },
    /// The topic of the will is not a topic name.
    #[error("the topic of the will is not a topic name: {0}")]
    WillTopic(TopicError),
    /// A topic of the [alias policy](crate::AliasPolicy::Fixed) is not a topic name.
    #[error("a topic of the alias policy is not a topic name: {0}")]
    AliasTopic(TopicError),
    /// CONNECT exceeds a limit of the broker's profile.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The user properties of a SUBSCRIBE, UNSUBSCRIBE or DISCONNECT are too long.
    #[error(
        "the user properties of one packet have {len} bytes together: shorten them to {limit} \
         bytes"
    )]
    UserPropertiesTooLong {
        /// The length of the user properties in bytes, with 5 bytes more for each.
        len: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// CONNECT would be longer than the write buffer.
    #[error(
        "client identifier, will and login have {len} bytes together: shorten them to {limit} \
         bytes"
    )]
    ConnectTooLong {
        /// The length of CONNECT in bytes, or a little more.
        len: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
}

/// The reason why the client did not accept a message to be published. Nothing was sent, and
/// nothing waits to be sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The topic is not a topic name.
    #[error("{topic} is not a topic name: {error}")]
    Topic {
        /// The topic, shortened to 80 characters.
        topic: String,
        /// The reason why it is not a topic name.
        error: TopicError,
    },
    /// The message is longer than a packet of MQTT can be.
    #[error("the message has {len} bytes, and MQTT allows 268,435,455: send it in parts")]
    TooLong {
        /// The length of topic, payload and properties in bytes, or a little more.
        len: u64,
    },
    /// The message is larger than the [queue](crate::Options::queue), so it cannot wait for a
    /// connection.
    #[error(
        "the message has {len} bytes, and at most {limit} bytes wait for a connection: enlarge \
         the queue, or publish while connected"
    )]
    LargerThanQueue {
        /// The length of topic, payload and properties in bytes.
        len: usize,
        /// The size of the queue in bytes, or 0 if no message may wait.
        limit: usize,
    },
    /// The message exceeds a limit of the broker. The limit is part of the broker's profile or, with
    /// MQTT 5, of its CONNACK.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The message announces [remaining](motemq::Publish::remaining) bytes of payload, which only
    /// an upload can send: `publish_from` of `motemq-std` and `motemq-tokio`, or
    /// [`begin_upload`](crate::Client::begin_upload) of this crate.
    #[error(
        "the message announces {remaining} bytes of payload that follow: only an upload sends them"
    )]
    Incomplete {
        /// The number of bytes that the message announces.
        remaining: u32,
    },
    /// The topic and the payload at the beginning of an upload do not fit into the write buffer.
    #[error(
        "the upload begins with topic and payload of {len} bytes: begin with at most {limit} \
         bytes, and send the others in chunks"
    )]
    BeginningTooLong {
        /// The length of topic, properties and this payload in bytes.
        len: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// A message cannot have these properties.
    #[error(transparent)]
    Properties(#[from] InvalidProperties),
    /// The message is not a request, since it has no response topic.
    #[error("the message names no response topic: respond only to messages that do")]
    ResponseTopicMissing,
    /// The message has properties, and the client uses MQTT 3.1.1, which has none.
    #[error("the message has properties, which only MQTT 5 has: set the version to MQTT 5")]
    PropertiesUnsupported,
    /// Topic and properties are longer than the write buffer.
    #[error("topic and properties have {len} bytes together: use at most {limit} bytes")]
    PropertiesTooLong {
        /// The length of topic and properties in bytes, or a little more.
        len: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// There is no room for the message now. The method `publish` of `motemq-std` and
    /// `motemq-tokio` waits for room. A driver tries again after
    /// [`Event::Room`](crate::Event::Room).
    #[error("there is no room for another message now: try again when there is")]
    Full,
    /// There is no connection, and messages with QoS 0 do not wait for one, unless
    /// [`Options::queue_qos0`](crate::Options::queue_qos0) is set. The method `publish` of
    /// `motemq-std` and `motemq-tokio` waits for a connection. A driver tries again after
    /// [`Event::Room`](crate::Event::Room).
    #[error("there is no connection: try again when there is, or let messages with QoS 0 wait")]
    Offline,
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}

/// The reason why SUBSCRIBE or UNSUBSCRIBE failed. With all reasons but [`Failed`](Self::Failed),
/// nothing was sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// There are no filters, or too many of them.
    #[error("{count} topic filters: use 1 to 255 at a time")]
    Count {
        /// The number of filters.
        count: usize,
    },
    /// A filter is not a topic filter.
    #[error("{filter} is not a topic filter: {error}")]
    Filter {
        /// The filter, shortened to 80 characters.
        filter: String,
        /// The reason why it is not a topic filter.
        error: TopicError,
    },
    /// The filters exceed a limit of the broker. The limit is part of the broker's profile or, with
    /// MQTT 5, of its CONNACK.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The filters have options or a subscription identifier, and the client uses MQTT 3.1.1, which
    /// has neither.
    #[error("the topic filters have options that only MQTT 5 has: set the version to MQTT 5")]
    OptionsUnsupported,
    /// A shared subscription has the option
    /// [`no_local`](motemq::SubscriptionOptions::no_local), which is not allowed [MQTT-3.8.3-4].
    #[error(
        "{filter} is a shared subscription, which cannot have the option No Local: do not set it"
    )]
    SharedNoLocal {
        /// The filter, shortened to 80 characters.
        filter: String,
    },
    /// A filter begins with `$share`, but does not have the form `$share/NAME/FILTER`.
    #[error(
        "{filter} is not a shared subscription: use $share/NAME/FILTER, without wildcards in NAME"
    )]
    Share {
        /// The filter, shortened to 80 characters.
        filter: String,
    },
    /// A subscription identifier is not in the range of 1 to 268,435,455.
    #[error("{identifier} is not a subscription identifier: use 1 to 268,435,455")]
    Identifier {
        /// The subscription identifier.
        identifier: u32,
    },
    /// The filters, with their user properties, do not fit into the write buffer.
    #[error("the topic filters have {len} bytes together: use at most {limit} bytes at a time")]
    TooLong {
        /// The length of the filters and of the user properties in bytes.
        len: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
    /// The client accepted the request, but the request failed: for example, the broker refused a
    /// filter. Only methods that wait for the outcome return this reason, such as those of
    /// `motemq-std` and `motemq-tokio`.
    #[error(transparent)]
    Failed(#[from] RequestError),
}

/// The reason why the client did not accept a chunk of a payload.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// There is no room for the chunk now. Try again after [`Event::Room`](crate::Event::Room).
    #[error("there is no room for more of the payload now: try again when there is")]
    Full,
    /// The chunk is longer than the rest of the payload that was announced.
    #[error("the piece has {len} bytes, and {remaining} bytes of the payload remain: shorten it")]
    TooLong {
        /// The length of the chunk in bytes.
        len: usize,
        /// The number of bytes of the payload that are still to be sent.
        remaining: u32,
    },
    /// The connection ended, or the upload was aborted or completed before. If it was not complete,
    /// nothing was published.
    #[error("the connection ended before the payload was complete: publish it again")]
    Lost,
}

/// The result of a request: the broker's answer, or the reason why the request has failed.
pub type Outcome = Result<Acknowledgement, RequestError>;

/// Returns the reason as a part of a sentence.
fn because(reason: Option<&BrokerReason>) -> String {
    reason.map_or(String::new(), |reason| format!(": {reason}"))
}

/// The reason why a request that the client accepted has failed. A request is a message to be
/// published, a SUBSCRIBE or an UNSUBSCRIBE.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The message waited for a connection, and newer messages needed its room: see
    /// [`WhenFull::DropOldest`](crate::WhenFull::DropOldest). It was never sent.
    #[error("dropped, since newer messages needed the room: enlarge the queue, or send it again")]
    Dropped,
    /// The message expiry interval passed before the message could be sent. It was never sent.
    #[error("it expired before it could be sent: use a longer message expiry interval")]
    Expired,
    /// The application [withdrew](crate::Client::withdraw) the request. In `motemq-std` and
    /// `motemq-tokio`, dropping a subscription that was not sent withdraws it.
    #[error("the application withdrew it")]
    Withdrawn,
    /// The broker did not acknowledge a message within this time after its last byte had been sent:
    /// see [`Options::ack_timeout`](crate::Options::ack_timeout). It is not sent again.
    #[error(
        "not acknowledged within {}: it may or may not have arrived; ask the receiver before sending \
         it again", Human(*.0)
    )]
    NotAcknowledged(Duration),
    /// The broker did not answer SUBSCRIBE or UNSUBSCRIBE within this time: see
    /// [`Options::ack_timeout`](crate::Options::ack_timeout).
    #[error(
        "the broker did not answer within {}: check its rules for the topic filters, and its log",
        Human(*.0)
    )]
    NotAnswered(Duration),
    /// The broker refuses one or more filters of a subscription.
    #[error(
        "the broker refuses to subscribe to {filters}{}: check its rules for this client",
        because(reason.as_ref())
    )]
    Refused {
        /// The filters that the broker refused, each shortened to 80 characters.
        filters: String,
        /// A code for each filter of the subscription: the QoS granted, or 0x80 or above for a
        /// refusal.
        codes: Box<[u8]>,
        /// With MQTT 5, the reason for the first refusal.
        reason: Option<BrokerReason>,
    },
    /// The broker of MQTT 5 refuses to end one or more subscriptions, which continue.
    #[error("the broker refuses to end the subscription to {filters}: {reason}")]
    UnsubscribeRefused {
        /// The filters of these subscriptions, each shortened to 80 characters.
        filters: String,
        /// A [reason code](motemq::ReasonCode) for each filter of the request.
        codes: Box<[u8]>,
        /// The reason for the first refusal.
        reason: BrokerReason,
    },
    /// The request waited for a connection, or had to be sent again, and exceeds a limit of the new
    /// connection. A broker of MQTT 5 announces its limits in CONNACK.
    #[error(transparent)]
    OverLimit(OverLimit),
    /// The broker of MQTT 5 refuses a message. It was not published.
    #[error("the broker refused the message: {0}")]
    MessageRefused(BrokerReason),
    /// The request was sent, and the session ended before the broker answered.
    #[error(
        "the session ended before the broker answered: the broker may or may not have received it; \
         keep the session to avoid this"
    )]
    OutcomeUnknown,
    /// The request was sent, and the client ended before the broker answered.
    #[error("the broker may or may not have received it: before it answered, {0}")]
    OutcomeUnknownAtEnd(Ended),
    /// The broker violated the protocol on two connections in a row while it had to answer this
    /// request. It is not sent again.
    #[error("the broker violated the protocol twice because of it, and may or may not have received it ({})", disconnect::fault_text(.0))]
    Abandoned(Fault),
    /// The broker of MQTT 5 ended two connections in a row because of this request, with a reason
    /// code that is about a packet. It is not sent again.
    #[error(
        "the broker ended two connections in a row because of it, and may or may not have \
         received it: {0}"
    )]
    Rejected(BrokerReason),
    /// The connection ended, or the upload was aborted, before the payload was complete. Nothing
    /// was published.
    #[error("the connection ended before its payload was complete: publish it again")]
    UploadLost,
    /// The client ended before the request could be sent.
    #[error("it was not sent, since {0}")]
    Ended(Ended),
}

/// The reason why a client has ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The application disconnected the client, or dropped all handles, and all messages were
    /// completed.
    #[error("the client was closed")]
    Closed,
    /// The application disconnected the client, and the time limit passed before all messages were
    /// completed.
    #[error("the client was closed before everything was completed: allow more time")]
    Unfinished,
    /// The client makes no other attempt to connect, for this reason: see
    /// [`Reconnect`](crate::Reconnect) and [`Options::end_if`](crate::Options::end_if).
    #[error(transparent)]
    GaveUp(DisconnectReason),
    /// The store failed, with this message.
    #[error("the store failed: {0}")]
    Store(Arc<str>),
    /// The driver of the client stopped: it was dropped, or it panicked.
    #[error("the driver of the client stopped: keep it running")]
    DriverStopped,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn errors_show_values_shortened_and_times_as_people_write_them() {
        assert_eq!(shortened("a\0\"b"), "\"a\\0\\\"b\"");
        assert_eq!(shortened(&"x".repeat(80)).len(), 82);
        assert_eq!(shortened(&"x".repeat(70_000)).len(), 85);
        for (ms, text) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (1000, "1 s"),
            (1500, "1.5 s"),
            (20_000, "20 s"),
            (90_000, "90 s"),
            (120_000, "2 min"),
        ] {
            assert_eq!(Human(Duration::from_millis(ms)).to_string(), text);
        }
    }
}
