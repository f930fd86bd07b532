//! Which limit was exceeded.
use alloc::string::String;

/// Something that a broker does not allow, as its [profile](super::Profile) or, with MQTT 5, the
/// broker itself says. Nothing was sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("{broker} {limit}")]
pub struct OverLimit {
    /// The name of the broker.
    pub broker: &'static str,
    /// The limit.
    pub limit: Limit,
}

/// A limit of a broker, and the value that exceeds it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// The client identifier is too long.
    #[error("accepts client identifiers of {most} bytes at most, not {len}: shorten it")]
    ClientId {
        /// Its length in bytes.
        len: usize,
        /// The longest length in bytes.
        most: usize,
    },
    /// The client identifier begins with a reserved character.
    #[error("accepts no client identifier that begins with {with}: use another one")]
    ClientIdBegins {
        /// The character.
        with: char,
    },
    /// User name or password is missing.
    #[error("accepts no connection without user name and password: set both")]
    Login,
    /// The keep alive is too long, or there is none.
    #[error("accepts a keep alive of 1 to {most} s, not {seconds}: use one in between")]
    KeepAlive {
        /// The keep alive in seconds; 0: none.
        seconds: u16,
        /// The longest keep alive in seconds.
        most: u16,
    },
    /// The QoS is too high.
    #[error("accepts QoS {most} at most, not QoS {qos}: use a lower one")]
    QoS {
        /// The QoS asked for.
        qos: u8,
        /// The highest QoS.
        most: u8,
    },
    /// The topic or filter is too long.
    #[error("accepts topics and filters of {most} bytes at most, not {len}: shorten it")]
    Topic {
        /// Its length in bytes.
        len: usize,
        /// The longest length in bytes.
        most: usize,
    },
    /// The topic or filter has too many levels.
    #[error(
        "accepts topics and filters with {most} slashes at most, not {slashes} as in {topic}: use fewer levels"
    )]
    Slashes {
        /// The topic or filter.
        topic: String,
        /// The number of its slashes.
        slashes: usize,
        /// The most slashes.
        most: usize,
    },
    /// The topic or filter is none of those that the broker has.
    #[error("has only topics that begin with {}, not {topic}: use one of its own", roots.join(" or "))]
    Root {
        /// The topic or filter.
        topic: String,
        /// The texts with which they begin.
        roots: &'static [&'static str],
    },
    /// The payload is too long.
    #[error("accepts payloads of {most} bytes at most, not {len}: send it in parts")]
    Payload {
        /// Its length in bytes.
        len: u64,
        /// The longest length in bytes.
        most: u32,
    },
    /// Topic and payload together are too long.
    #[error(
        "accepts topic and payload of {most} bytes together at most, not {len}: send it in parts"
    )]
    Message {
        /// Their length in bytes.
        len: u64,
        /// The longest length in bytes.
        most: u32,
    },
    /// A message is to be retained.
    #[error("accepts no retained messages: publish it without retain")]
    Retain,
    /// The packet is too long.
    #[error("accepts packets of {most} bytes at most, not {len}: send the message in parts")]
    Packet {
        /// The length of the packet in bytes.
        len: u64,
        /// The longest length in bytes.
        most: u32,
    },
    /// A topic filter has wildcards.
    #[error("accepts no wildcards in topic filters, as in {filter}: name the topics")]
    Wildcards {
        /// The topic filter.
        filter: String,
    },
    /// A subscription is shared.
    #[error("accepts no shared subscriptions, as {filter}: subscribe to the filter alone")]
    Shared {
        /// The topic filter.
        filter: String,
    },
    /// A subscription has an identifier.
    #[error("accepts no subscription identifiers: subscribe without one")]
    SubscriptionIdentifiers,
    /// Too many filters at once.
    #[error(
        "accepts {most} filters in one SUBSCRIBE at most, not {count}: subscribe several times"
    )]
    Filters {
        /// The number of filters.
        count: usize,
        /// The most filters.
        most: usize,
    },
}
