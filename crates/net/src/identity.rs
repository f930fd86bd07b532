//! Who we are to the broker: what CONNECT says.
use motemq::{Connect, Publish, QoS};
use std::{fmt, time::Duration};

/// The first run of a client uses identifiers up to this number, as many as a session has slots at
/// most. They are the likeliest to be held by the broker after a crash.
const FIRST_RUN: u16 = 4096;

/// What a client says of itself at the beginning of each connection.
///
/// ```
/// use motemq_net::Identity;
/// let mut identity = Identity::new("node-7");
/// identity.user = Some("node".into());
/// identity.password = Some(b"secret".to_vec());
/// assert_eq!(identity.connect().client_id, "node-7");
/// assert!(!format!("{identity:?}").contains("secret"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Names the session at the broker.
    pub client_id: String,
    /// Whether the session ends with the connection.
    pub clean: bool,
    /// Seconds; 0: off.
    pub keep_alive: u16,
    /// Who we are.
    pub user: Option<String>,
    /// Any bytes; goes with a user name only.
    pub password: Option<Vec<u8>>,
    /// What the broker publishes when the connection is lost. Most clients have none, and should
    /// need no memory for it.
    pub will: Option<Box<Will>>,
    /// How long the broker may take to answer; in whole seconds up to 255, rounded up.
    pub timeout: Duration,
}

/// What the broker publishes for us when the connection is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Will {
    /// Where to; no wildcards.
    pub topic: String,
    /// At most 65,535 bytes.
    pub payload: Vec<u8>,
    /// How often it may arrive.
    pub qos: QoS,
    /// Whether the broker keeps it.
    pub retain: bool,
}

impl Will {
    /// An empty message with QoS 0 that is not retained.
    pub fn new(topic: impl Into<String>) -> Self {
        Will {
            topic: topic.into(),
            payload: Vec::new(),
            qos: QoS::AtMostOnce,
            retain: false,
        }
    }
}

impl Identity {
    /// A clean session with a keep-alive of 60 s and 10 s for the broker's answers, without login
    /// and will.
    pub fn new(client_id: impl Into<String>) -> Self {
        Identity {
            client_id: client_id.into(),
            clean: true,
            keep_alive: 60,
            user: None,
            password: None,
            will: None,
            timeout: Duration::from_secs(10),
        }
    }

    /// No CONNECT takes more bytes.
    pub fn weight(&self) -> usize {
        let will = self
            .will
            .as_ref()
            .map_or(0, |will| will.topic.len() + will.payload.len());
        self.client_id.len()
            + will
            + self.user.as_ref().map_or(0, String::len)
            + self.password.as_ref().map_or(0, Vec::len)
            + 64
    }

    /// Returns what CONNECT says. If the broker has a session that is not known here, packet
    /// identifiers begin at a random number, another one for each call: the broker may still hold
    /// QoS 2 messages under the identifiers that were used before.
    pub fn connect(&self) -> Connect<'_> {
        Connect {
            client_id: &self.client_id,
            will: self.will.as_deref().map(
                |Will {
                     topic,
                     payload,
                     qos,
                     retain,
                 }| {
                    let mut will = Publish::to(topic).payload(payload).qos(*qos);
                    will.retain = *retain;
                    will
                },
            ),
            user: self.user.as_deref(),
            password: self.password.as_deref(),
            keep_alive: self.keep_alive,
            timeout: self.timeout.as_millis().div_ceil(1000).clamp(1, 255) as u8,
            clean: self.clean,
            identifier_offset: fastrand::u16(FIRST_RUN..),
            properties: (),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connect().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_after_a_crash_begin_elsewhere_each_time() {
        let identity = Identity::new("a");
        let offsets: Vec<_> = (0..100)
            .map(|_| identity.connect().identifier_offset)
            .collect();
        assert!(offsets.iter().all(|&offset| offset >= FIRST_RUN));
        assert!(offsets.iter().any(|offset| *offset != offsets[0]));
    }
}
