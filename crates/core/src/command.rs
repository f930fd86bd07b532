//! The arguments of the commands.
use crate::TopicName;
use core::fmt;

/// How often a message may arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum QoS {
    /// At most once: it is sent, and lost if the link is.
    #[default]
    AtMostOnce = 0,
    /// At least once: it is sent until the broker has acknowledged it, and may arrive twice.
    AtLeastOnce = 1,
    /// Exactly once: neither lost nor doubled, for two more packets.
    ExactlyOnce = 2,
}

impl QoS {
    /// The QoS in the first byte of a PUBLISH, which has been checked.
    pub(crate) fn of_first_byte(first_byte: u8) -> QoS {
        match first_byte >> 1 & 3 {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        }
    }
}

/// From the number that stands on the wire; gives 3 and more back as the error [MQTT-3.3.1-4].
impl TryFrom<u8> for QoS {
    type Error = u8;

    fn try_from(number: u8) -> Result<Self, u8> {
        match number {
            0 => Ok(QoS::AtMostOnce),
            1 => Ok(QoS::AtLeastOnce),
            2 => Ok(QoS::ExactlyOnce),
            _ => Err(number),
        }
    }
}

/// Whether a topic is known to be valid. It is not part of what a message says, so all values are
/// equal.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Checked {
    /// Without the feature nobody asks: checking again is the smaller code.
    #[cfg(feature = "fast")]
    is_valid: bool,
}

impl Checked {
    pub const NO: Checked = Checked {
        #[cfg(feature = "fast")]
        is_valid: false,
    };

    pub const YES: Checked = Checked {
        #[cfg(feature = "fast")]
        is_valid: true,
    };

    #[cfg(feature = "fast")]
    #[inline(always)]
    pub fn is_valid(self) -> bool {
        self.is_valid
    }
}

impl PartialEq for Checked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Checked {}

impl core::hash::Hash for Checked {
    fn hash<H: core::hash::Hasher>(&self, _: &mut H) {}
}

/// A message to be published, or the [will](Connect::will).
///
/// ```
/// use motemq::{Publish, QoS};
/// let reading = Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce).retain();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Publish<'a> {
    pub(crate) topic: &'a str,
    /// The topic is known to be a topic name.
    pub(crate) is_checked: Checked,
    /// Whether the broker stores it for later subscribers.
    pub retain: bool,
    /// The quality of service.
    pub qos: QoS,
    /// Bytes of payload that follow behind `payload`.
    pub remaining: u32,
    /// The payload, or its beginning.
    pub payload: &'a [u8],
}

impl<'a> Publish<'a> {
    /// Makes an empty message with QoS 0 that is not retained. The topic has to be a
    /// [topic name](TopicName), which is checked when the message is sent.
    pub const fn to(topic: &'a str) -> Self {
        Publish {
            topic,
            is_checked: Checked::NO,
            retain: false,
            qos: QoS::AtMostOnce,
            remaining: 0,
            payload: &[],
        }
    }

    /// Makes an empty message with QoS 0 that is not retained, to a topic name that was parsed
    /// before. With the feature `fast` it is not checked again.
    pub const fn to_name(name: TopicName<'a>) -> Self {
        Publish {
            is_checked: Checked::YES,
            ..Publish::to(name.as_str())
        }
    }

    /// Returns the topic.
    pub const fn topic(&self) -> &'a str {
        self.topic
    }

    /// What it says; any bytes.
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = payload;
        self
    }

    /// How often it may arrive.
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// The broker keeps it for later subscribers; without payload: it forgets what it kept
    /// [MQTT-3.3.1-10].
    pub const fn retain(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Announces `len` bytes of payload behind [`payload`](Self::payload), which follow by
    /// [`publish_chunk`](crate::Session::publish_chunk) or
    /// [`publish_direct`](crate::Session::publish_direct).
    ///
    /// Packets cannot interleave: until the last byte is given, other commands say `Busy`, and no
    /// acknowledgement and no PINGREQ leaves. Brokers count packets, not bytes; mosquitto
    /// closes a connection whose PUBLISH takes longer than one and a half
    /// [keep-alives](Connect::keep_alive): size the keep-alive by the slowest upload.
    pub const fn remaining(mut self, len: u32) -> Self {
        self.remaining = len;
        self
    }
}

/// A topic filter and the QoS wished for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Filter<'a> {
    /// Its text.
    pub filter: &'a str,
    /// The QoS at which messages are wished for.
    pub qos: QoS,
}

impl<'a> Filter<'a> {
    /// 1 to 65,535 bytes without U+0000, with `+` for one level and `#` for the rest [MQTT-4.7.1-2]
    /// [MQTT-4.7.1-3]; checked when it is sent.
    pub const fn new(filter: &'a str, qos: QoS) -> Self {
        Filter { filter, qos }
    }
}

/// What is said at the beginning of a connection.
///
/// ```
/// use motemq::{Connect, Publish};
/// let hello = Connect::new("node-7").keep_session().keep_alive(30).login("node", b"secret").will(Publish::to("gone").payload(b"node-7"));
/// assert!(!format!("{hello:?}").contains("secret"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connect<'a> {
    /// Names the session at the broker.
    pub client_id: &'a str,
    /// What the broker publishes when the connection is lost.
    pub will: Option<Publish<'a>>,
    /// Who we are.
    pub user: Option<&'a str>,
    /// Any bytes; goes with a user name only.
    pub password: Option<&'a [u8]>,
    /// Seconds; 0: off.
    pub keep_alive: u16,
    /// Seconds that an answer may take; not sent.
    pub timeout: u8,
    /// Whether the session ends with the connection.
    pub clean: bool,
    /// Where packet identifiers begin if the broker has a session that we do not know; not sent.
    pub identifier_offset: u16,
}

impl<'a> Connect<'a> {
    /// A clean session with a keep-alive of 60 s and a time-out of 10 s, without will and login.
    ///
    /// The client identifier names the session at the broker; two connections with one identifier
    /// throw each other out. Every broker takes 1 to 23 letters and digits [MQTT-3.1.3-5]. An
    /// empty one, allowed for clean sessions only [MQTT-3.1.3-7], lets the broker choose.
    pub const fn new(client_id: &'a str) -> Self {
        Connect {
            client_id,
            will: None,
            user: None,
            password: None,
            keep_alive: 60,
            timeout: 10,
            clean: true,
            identifier_offset: 0,
        }
    }

    /// Continues the last session with this client identifier, or begins one that outlives the
    /// connection [MQTT-3.1.2-4].
    pub const fn keep_session(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Seconds within which the broker hears from us; 0: it need not [MQTT-3.1.2-23]. It hangs up
    /// after one and a half times as long.
    pub const fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Seconds that the broker may be silent when it owes us a CONNACK or PINGRESP; 0: forever.
    pub const fn timeout(mut self, seconds: u8) -> Self {
        self.timeout = seconds;
        self
    }

    /// Sets where packet identifiers begin if the broker has a session that the
    /// [`Session`](crate::Session) does not know, so that `Connected` says
    /// [`Unrecognized`](crate::SessionState::Unrecognized): the first identifier is this offset
    /// plus 1. Use a random number for each connection.
    ///
    /// After a crash without a snapshot the broker may still hold a QoS 2 message under one of the
    /// identifiers used before. It takes a new message under that identifier for a repetition of
    /// the old one, and drops it [MQTT-2.3.1-2]. Identifiers that begin elsewhere do not meet the
    /// old ones, as far as chance allows.
    pub const fn identifier_offset(mut self, offset: u16) -> Self {
        self.identifier_offset = offset;
        self
    }

    /// What the broker publishes when the connection ends otherwise than by `disconnect`
    /// [MQTT-3.1.2-8]. Its payload is at most 65,535 bytes.
    pub const fn will(mut self, will: Publish<'a>) -> Self {
        self.will = Some(will);
        self
    }

    /// Says who we are, without a password.
    pub const fn user(mut self, user: &'a str) -> Self {
        self.user = Some(user);
        self
    }

    /// Says who we are. There is no password without a user name [MQTT-3.1.2-22].
    pub const fn login(mut self, user: &'a str, password: &'a [u8]) -> Self {
        self.user = Some(user);
        self.password = Some(password);
        self
    }
}

impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("client_id", &self.client_id)
            .field("clean", &self.clean)
            .field("keep_alive", &self.keep_alive)
            .field("will", &self.will)
            .field("user", &self.user)
            .field("password", &self.password.map(|_| "***"))
            .finish()
    }
}
