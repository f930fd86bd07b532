//! What was over which limit.

/// Something that a broker does not allow; nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{broker} {limit}")]
pub struct OverLimit {
    /// Whose limit it is.
    pub broker: &'static str,
    /// Which one.
    pub limit: Limit,
}

/// A limit of a broker, and what was beyond it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// The client identifier is too long.
    #[error("takes client identifiers of {most} bytes at most, not {len}: shorten it")]
    ClientId {
        /// Bytes it has.
        len: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// The client identifier begins with what is reserved.
    #[error("takes no client identifier that begins with {with}: choose another one")]
    ClientIdBegins {
        /// The character.
        with: char,
    },
    /// User name or password is missing.
    #[error("lets nobody in without user name and password: give both")]
    Login,
    /// The keep-alive is too long, or there is none.
    #[error("takes a keep-alive of 1 to {most} s, not {seconds}: choose one in between")]
    KeepAlive {
        /// Seconds; 0: none.
        seconds: u16,
        /// Seconds allowed.
        most: u16,
    },
    /// The QoS is too high.
    #[error("takes QoS {most} at most, not QoS {qos}: choose a lower one")]
    QoS {
        /// What was asked for.
        qos: u8,
        /// What is allowed.
        most: u8,
    },
    /// The topic or filter is too long.
    #[error("takes topics and filters of {most} bytes at most, not {len}: shorten it")]
    Topic {
        /// Bytes it has.
        len: usize,
        /// Bytes allowed.
        most: usize,
    },
    /// The topic or filter has too many levels.
    #[error(
        "takes topics and filters with {most} slashes at most, not {slashes} as in {topic}: use fewer levels"
    )]
    Slashes {
        /// The topic or filter.
        topic: String,
        /// Slashes it has.
        slashes: usize,
        /// Slashes allowed.
        most: usize,
    },
    /// The topic or filter is none of those that there are.
    #[error("has only topics that begin with {}, not {topic}: use one of its own", roots.join(" or "))]
    Root {
        /// The topic or filter.
        topic: String,
        /// How they begin.
        roots: &'static [&'static str],
    },
    /// The payload is too long.
    #[error("takes payloads of {most} bytes at most, not {len}: send it in parts")]
    Payload {
        /// Bytes it has.
        len: u64,
        /// Bytes allowed.
        most: u32,
    },
    /// Topic and payload together are too long.
    #[error(
        "takes topic and payload of {most} bytes together at most, not {len}: send it in parts"
    )]
    Message {
        /// Bytes they have.
        len: u64,
        /// Bytes allowed.
        most: u32,
    },
    /// Too many filters at once.
    #[error("takes {most} filters in one SUBSCRIBE at most, not {count}: subscribe several times")]
    Filters {
        /// Filters given.
        count: usize,
        /// Filters allowed.
        most: usize,
    },
}
