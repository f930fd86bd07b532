//! Which limit was exceeded.
use alloc::string::String;

/// The error for a packet that exceeds a limit of the broker. Nothing was sent. The limit is part of
/// the broker's [profile](super::Profile) or, with MQTT 5, of its CONNACK.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("{broker} {limit}")]
pub struct OverLimit {
    /// The name of the broker.
    pub broker: &'static str,
    /// The limit, and the value that exceeds it.
    pub limit: Limit,
}

/// A limit of a broker, and the value that exceeds it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// The client identifier is too long.
    #[error("accepts client identifiers of at most {most} bytes, not {len}: shorten it")]
    ClientId {
        /// The length of the client identifier in bytes.
        len: usize,
        /// The greatest length in bytes.
        most: usize,
    },
    /// The client identifier begins with a reserved character.
    #[error("accepts no client identifier that begins with {with}: use another one")]
    ClientIdBegins {
        /// The reserved character.
        with: char,
    },
    /// The user name or the password is missing.
    #[error("accepts no connection without user name and password: set both")]
    Login,
    /// The keep alive is too long, or is switched off.
    #[error("accepts a keep alive of 1 to {most} s, not {seconds}: use one in between")]
    KeepAlive {
        /// The keep alive in seconds, or 0 if it is switched off.
        seconds: u16,
        /// The longest keep alive in seconds.
        most: u16,
    },
    /// The quality of service is too high.
    #[error("accepts QoS {most} at most, not QoS {qos}: use a lower one")]
    QoS {
        /// The QoS of the message or filter.
        qos: u8,
        /// The highest QoS that the broker accepts.
        most: u8,
    },
    /// The topic or filter is too long.
    #[error("accepts topics and filters of at most {most} bytes, not {len}: shorten it")]
    Topic {
        /// The length of the topic or filter in bytes.
        len: usize,
        /// The greatest length in bytes.
        most: usize,
    },
    /// The topic or filter has too many levels.
    #[error(
        "accepts topics and filters with at most {most} slashes, not {slashes} as in {topic}: use fewer levels"
    )]
    Slashes {
        /// The topic or filter, shortened to 80 characters.
        topic: String,
        /// The number of slashes in it.
        slashes: usize,
        /// The greatest number of slashes.
        most: usize,
    },
    /// The topic or filter does not begin as the topics of the broker do.
    #[error("accepts only topics that begin with {}, not {topic}: use one of these", roots.join(" or "))]
    Root {
        /// The topic or filter, shortened to 80 characters.
        topic: String,
        /// The texts with which the topics of the broker begin.
        roots: &'static [&'static str],
    },
    /// The payload is too long.
    #[error("accepts payloads of at most {most} bytes, not {len}: send it in parts")]
    Payload {
        /// The length of the payload in bytes.
        len: u64,
        /// The greatest length in bytes.
        most: u32,
    },
    /// Topic and payload together are too long.
    #[error(
        "accepts topic and payload of at most {most} bytes together, not {len}: send it in parts"
    )]
    Message {
        /// The length of topic and payload together in bytes.
        len: u64,
        /// The greatest length in bytes.
        most: u32,
    },
    /// The message has the retain flag, and the broker supports no retained messages.
    #[error("accepts no retained messages: publish it without retain")]
    Retain,
    /// The packet is too long.
    #[error("accepts packets of at most {most} bytes, not {len}: send the message in parts")]
    Packet {
        /// The length of the packet in bytes.
        len: u64,
        /// The greatest length in bytes.
        most: u32,
    },
    /// A topic filter has wildcards, and the broker supports none.
    #[error("accepts no wildcards in topic filters, as in {filter}: name the topics")]
    Wildcards {
        /// The topic filter, shortened to 80 characters.
        filter: String,
    },
    /// A subscription is shared, and the broker supports no shared subscriptions.
    #[error("accepts no shared subscriptions, such as {filter}: subscribe to the filter alone")]
    Shared {
        /// The topic filter, shortened to 80 characters.
        filter: String,
    },
    /// A subscription has a subscription identifier, and the broker supports none.
    #[error("accepts no subscription identifiers: subscribe without one")]
    SubscriptionIdentifiers,
    /// One SUBSCRIBE has too many filters.
    #[error(
        "accepts at most {most} filters in one SUBSCRIBE, not {count}: subscribe several times"
    )]
    Filters {
        /// The number of filters.
        count: usize,
        /// The greatest number of filters.
        most: usize,
    },
}
