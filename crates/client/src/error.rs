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
    /// A session that outlives the connection needs a name [MQTT-3.1.3-7].
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
        /// The byte offset of the first one.
        at: usize,
    },
    /// A text or a payload is longer than its length field can say.
    #[error("the {field} has {len} bytes: shorten it to 65,535")]
    TooLong {
        /// The name of the option.
        field: &'static str,
        /// Its length in bytes.
        len: usize,
    },
    /// The topic of the will is not a topic name.
    #[error("the topic of the will is not a topic name: {0}")]
    WillTopic(TopicError),
    /// A topic that is to have an alias is not a topic name.
    #[error("a topic that is to have an alias is not a topic name: {0}")]
    AliasTopic(TopicError),
    /// The broker would not accept CONNECT, as its profile says.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The user properties of a SUBSCRIBE, UNSUBSCRIBE or DISCONNECT are too long.
    #[error(
        "the user properties of one packet have {len} bytes together: shorten them to {limit} \
         bytes"
    )]
    UserPropertiesTooLong {
        /// Their length in bytes.
        len: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// CONNECT would be longer than the write buffer.
    #[error(
        "client identifier, will and login have {len} bytes together: shorten them to {limit} \
         bytes"
    )]
    ConnectTooLong {
        /// Their length in bytes.
        len: usize,
        /// The longest that fits.
        limit: usize,
    },
}

/// The reason why a message was not accepted. Nothing was done.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The topic is not a topic name.
    #[error("{topic} is not a topic name: {error}")]
    Topic {
        /// The text, shortened.
        topic: String,
        /// The fault in it.
        error: TopicError,
    },
    /// The message is longer than a packet of MQTT can be.
    #[error("the message has {len} bytes, and MQTT allows 268,435,455: send it in parts")]
    TooLong {
        /// The length of topic and payload in bytes, and of the properties, or a little more.
        len: u64,
    },
    /// The message is larger than everything that may wait for a connection, so it can never be
    /// accepted without one.
    #[error(
        "the message has {len} bytes, and at most {limit} bytes wait for a connection: enlarge \
         the queue, or publish while connected"
    )]
    LargerThanQueue {
        /// The length of topic and payload in bytes.
        len: usize,
        /// The size of the queue in bytes.
        limit: usize,
    },
    /// The broker would not accept it, as its profile or, with MQTT 5, its CONNACK says.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// The message announces a payload that follows, which only an upload can do.
    #[error("the message announces {remaining} bytes of payload that follow: begin an upload")]
    Incomplete {
        /// The bytes that are to follow.
        remaining: u32,
    },
    /// The topic and the payload at the beginning of an upload do not fit into the write buffer.
    #[error(
        "topic and payload of {len} bytes are given at the beginning of an upload: give at most \
         {limit} bytes, and the others afterwards"
    )]
    BeginningTooLong {
        /// The length of topic and payload in bytes.
        len: usize,
        /// The longest that fits.
        limit: usize,
    },
    /// A message cannot have these properties.
    #[error(transparent)]
    Properties(#[from] InvalidProperties),
    /// The message is no request: it names no response topic.
    #[error("the message names no response topic: respond only to messages that do")]
    ResponseTopicMissing,
    /// The message has properties, and the client speaks MQTT 3.1.1.
    #[error("the message has properties, which only MQTT 5 has: set the version to MQTT 5")]
    PropertiesUnsupported,
    /// Topic and properties are longer than the write buffer.
    #[error("topic and properties have {len} bytes together: use at most {limit} bytes")]
    PropertiesTooLong {
        /// Their length in bytes, or a little more.
        len: usize,
        /// The longest that fits.
        limit: usize,
    },
    /// There is no room now. [`Event::Room`](crate::Event::Room) says when to try again.
    #[error("there is no room for another message now: try again when there is")]
    Full,
    /// There is no connection, and the message would not wait for one.
    #[error("there is no connection: try again when there is, or let messages with QoS 0 wait")]
    Offline,
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
}

/// The reason why a subscription, or the end of one, failed. Unless it [`Failed`](Self::Failed)
/// after it was accepted, nothing was done.
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
        /// The text, shortened.
        filter: String,
        /// The fault in it.
        error: TopicError,
    },
    /// The broker would not accept them, as its profile or, with MQTT 5, its CONNACK says.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// Filters have options or an identifier, and the client speaks MQTT 3.1.1.
    #[error("the topic filters have options that only MQTT 5 has: set the version to MQTT 5")]
    OptionsUnsupported,
    /// A shared subscription cannot leave out what the client itself publishes [MQTT-3.8.3-4].
    #[error("{filter} is shared, and cannot leave out messages of the client itself: allow them")]
    SharedNoLocal {
        /// The filter, shortened.
        filter: String,
    },
    /// A filter begins like a shared subscription, and is none.
    #[error(
        "{filter} is no shared subscription: use $share/NAME/FILTER, without wildcards in NAME"
    )]
    Share {
        /// The filter, shortened.
        filter: String,
    },
    /// A subscription identifier is out of range.
    #[error("{identifier} is no subscription identifier: use 1 to 268,435,455")]
    Identifier {
        /// The number.
        identifier: u32,
    },
    /// The filters do not fit into the write buffer.
    #[error("the topic filters have {len} bytes together: use at most {limit} bytes at a time")]
    TooLong {
        /// Their length in bytes.
        len: usize,
        /// The longest that fits.
        limit: usize,
    },
    /// The client has ended.
    #[error(transparent)]
    Ended(Ended),
    /// It was accepted, and did not succeed: the broker refused a filter, for example. Faces that
    /// await the outcome return this.
    #[error(transparent)]
    Failed(#[from] RequestError),
}

/// The reason why a piece of a payload was not accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// There is no room now. [`Event::Room`](crate::Event::Room) says when to try again.
    #[error("there is no room for more of the payload now: try again when there is")]
    Full,
    /// The piece is longer than the rest of the payload that was announced.
    #[error("the piece has {len} bytes, and {remaining} bytes of the payload remain: shorten it")]
    TooLong {
        /// The length of the piece in bytes.
        len: usize,
        /// The bytes of the payload that are still to be given.
        remaining: u32,
    },
    /// The connection ended, or the upload was aborted or completed before. If it was not complete,
    /// nothing was published.
    #[error("the connection ended before the payload was complete: publish it again")]
    Lost,
}

/// The result of a request: what the broker says of it, or the reason why it did not succeed.
pub type Outcome = Result<Acknowledgement, RequestError>;

/// Returns the reason as a part of a sentence.
fn because(reason: Option<&BrokerReason>) -> String {
    reason.map_or(String::new(), |reason| format!(": {reason}"))
}

/// The reason why a request that was accepted did not succeed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It waited for a connection, and a newer message took its place. It was never sent.
    #[error("dropped, since newer messages needed the room: enlarge the queue, or send it again")]
    Dropped,
    /// Its message expiry interval passed before it could be sent. It was never sent.
    #[error("it expired before it could be sent: give it more time")]
    Expired,
    /// The application withdrew it.
    #[error("the application withdrew it")]
    Withdrawn,
    /// The broker did not acknowledge a message in time after its last byte had been sent. It is not
    /// sent again.
    #[error(
        "not acknowledged within {}: it may have arrived or not; ask the receiver before sending \
         it again", Human(*.0)
    )]
    NotAcknowledged(Duration),
    /// The broker did not answer a subscription, or the end of one, in time.
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
        /// The filters that are refused, shortened.
        filters: String,
        /// A code for each filter of the subscription: the QoS granted, or 0x80 or above.
        codes: Box<[u8]>,
        /// With MQTT 5, the reason for the first of them.
        reason: Option<BrokerReason>,
    },
    /// The broker of MQTT 5 refuses to end one or more subscriptions, which go on.
    #[error("the broker refuses to end the subscription to {filters}: {reason}")]
    UnsubscribeRefused {
        /// The filters, shortened.
        filters: String,
        /// A reason code for each filter of the request.
        codes: Box<[u8]>,
        /// The reason for the first that is refused.
        reason: BrokerReason,
    },
    /// It waited for a connection, or was to be sent again over one, and the broker of MQTT 5 would
    /// not accept it, as CONNACK says.
    #[error(transparent)]
    OverLimit(OverLimit),
    /// The broker of MQTT 5 refuses a message. It was not published.
    #[error("the broker refused the message: {0}")]
    MessageRefused(BrokerReason),
    /// It was sent, and the session ended before the broker answered.
    #[error(
        "the session ended before the broker answered: the broker may have received it or not; \
         keep the session to avoid this"
    )]
    OutcomeUnknown,
    /// It was sent, and the client ended before the broker answered.
    #[error("the broker may have received it or not: before it answered, {0}")]
    OutcomeUnknownAtEnd(Ended),
    /// The broker broke the protocol over it on two connections in a row. It is not sent again.
    #[error("the broker broke the protocol over it twice, and may have received it or not ({})", disconnect::fault_text(.0))]
    Abandoned(Fault),
    /// The broker of MQTT 5 ended two connections in a row over it, with a reason code that is about
    /// a packet. It is not sent again.
    #[error(
        "the broker ended two connections in a row over it, and may have received it or not: {0}"
    )]
    Rejected(BrokerReason),
    /// Its payload was being uploaded when the connection ended or the upload was aborted. Nothing
    /// was published.
    #[error("the connection ended before its payload was complete: publish it again")]
    UploadLost,
    /// It was never sent, since the client ended before.
    #[error("it was not sent, since {0}")]
    Ended(Ended),
}

/// The reason why a client has ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The application closed it, and everything was completed.
    #[error("the client was closed")]
    Closed,
    /// The application closed it, and the time was up before everything was completed.
    #[error("the client was closed before everything was completed: allow more time")]
    Unfinished,
    /// There is to be no other attempt to connect.
    #[error(transparent)]
    GaveUp(DisconnectReason),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(Arc<str>),
    /// The driver stopped: it was dropped, or it panicked.
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
