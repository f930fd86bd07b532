//! The arguments of the commands: quality of service, messages, topic filters, and the options of a
//! connection.
mod filter;

use crate::{Property, TopicName};
use core::fmt;
pub use filter::{Filter, FilterOptions, RetainHandling, SubscriptionOptions};

/// The quality of service: how often a message can arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum QoS {
    /// At most once. The message is sent once, and is lost if the connection fails before it
    /// arrives.
    #[default]
    AtMostOnce = 0,
    /// At least once. The message is sent again after a reconnection until it is acknowledged, and
    /// can arrive more than once.
    AtLeastOnce = 1,
    /// Exactly once. The message is neither lost nor duplicated, at the cost of two more packets
    /// than with QoS 1.
    ExactlyOnce = 2,
}

impl QoS {
    /// Returns the QoS in the first byte of a PUBLISH that has been checked.
    pub(crate) fn of_first_byte(first_byte: u8) -> QoS {
        match first_byte >> 1 & 3 {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        }
    }
}

impl TryFrom<u8> for QoS {
    type Error = u8;

    /// Returns the QoS with this number.
    ///
    /// # Errors
    /// The number itself if it is 3 or more [MQTT-3.3.1-4].
    fn try_from(number: u8) -> Result<Self, u8> {
        match number {
            0 => Ok(QoS::AtMostOnce),
            1 => Ok(QoS::AtLeastOnce),
            2 => Ok(QoS::ExactlyOnce),
            _ => Err(number),
        }
    }
}

/// The knowledge that a topic is valid. It is not part of the content of a message, so all values
/// are equal.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Checked {
    /// Exists only with the feature `fast`. Without it, the code that checks again is smaller.
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

/// A message to be published, or a [will](Connect::will).
///
/// `T` is the type of its properties: `()` for none, and always with MQTT 3.1.1.
///
/// Its fields are in this order in memory, so that C passes it without a copy.
///
/// # Examples
/// ```
/// use motemq::{Publish, QoS};
/// let reading = Publish::to("cellar/temperature").payload(b"11.5").qos(QoS::AtLeastOnce).retain();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(C)]
pub struct Publish<'a, T = ()> {
    pub(crate) topic: &'a str,
    /// The payload, or its beginning if `remaining` is not 0.
    pub payload: &'a [u8],
    /// The number of bytes of the payload that follow `payload`, and are sent later.
    pub remaining: u32,
    /// The quality of service.
    pub qos: QoS,
    /// True if the broker stores the message for later subscribers.
    pub retain: bool,
    /// True if the topic is known to be a topic name.
    pub(crate) is_checked: Checked,
    /// The properties.
    pub properties: T,
}

impl<'a> Publish<'a> {
    /// Makes an empty message to a topic, with QoS 0 and without the retain flag. The topic has to
    /// be a [topic name](TopicName), which is checked when the message is sent.
    pub const fn to(topic: &'a str) -> Self {
        Publish {
            topic,
            is_checked: Checked::NO,
            retain: false,
            qos: QoS::AtMostOnce,
            remaining: 0,
            payload: &[],
            properties: (),
        }
    }

    /// Makes an empty message to a topic name that was parsed before, with QoS 0 and without the
    /// retain flag. With the feature `fast` the name is not checked again.
    pub const fn to_name(name: TopicName<'a>) -> Self {
        Publish {
            is_checked: Checked::YES,
            ..Publish::to(name.as_str())
        }
    }

    /// Sets the properties, which only MQTT 5 has.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Property, Publish};
    /// let request = Publish::to("clock").properties(&[Property::ResponseTopic("node/7".into())]);
    /// ```
    pub const fn properties(
        self,
        properties: &'a [Property<'a>],
    ) -> Publish<'a, &'a [Property<'a>]> {
        Publish {
            topic: self.topic,
            is_checked: self.is_checked,
            retain: self.retain,
            qos: self.qos,
            remaining: self.remaining,
            payload: self.payload,
            properties,
        }
    }
}

impl<'a, T: Copy> Publish<'a, T> {
    /// Returns the topic.
    pub const fn topic(&self) -> &'a str {
        self.topic
    }

    /// Sets the payload, which can be any bytes.
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = payload;
        self
    }

    /// Sets the quality of service.
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// Asks the broker to store the message for later subscribers. A message without payload makes
    /// the broker discard the stored message of its topic [MQTT-3.3.1-10].
    pub const fn retain(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Announces `len` bytes of the payload after those of [`payload`](Self::payload). A program
    /// with a session sends them with [`publish_chunk`](crate::Session::publish_chunk) or
    /// [`publish_direct`](crate::Session::publish_direct); `publish_from` of `motemq-std` and
    /// `motemq-tokio` reads them from a reader.
    ///
    /// Packets cannot be interleaved: until the last byte has been passed to the session, other
    /// commands return [`Busy`](crate::SendError::Busy), and neither acknowledgements nor PINGREQ
    /// are sent. Brokers count only complete packets as signs of life: mosquitto closes a
    /// connection whose PUBLISH takes longer than one and a half times the
    /// [keep alive](Connect::keep_alive). Choose a keep alive that suits the slowest upload.
    pub const fn remaining(mut self, len: u32) -> Self {
        self.remaining = len;
        self
    }
}

/// The options of a connection, which CONNECT carries.
///
/// `Debug` does not show the password. `T` is the type of the properties: `()` for none, and always
/// with MQTT 3.1.1.
///
/// # Examples
/// ```
/// use motemq::{Connect, Publish};
/// let connect = Connect::new("node-7")
///     .keep_session()
///     .keep_alive(30)
///     .login("node", b"secret")
///     .will(Publish::to("gone").payload(b"node-7"));
/// assert!(!format!("{connect:?}").contains("secret"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connect<'a, T = ()> {
    /// The client identifier, which names the session at the broker.
    pub client_id: &'a str,
    /// The message that the broker publishes when the connection ends without DISCONNECT.
    pub will: Option<Publish<'a, T>>,
    /// The user name.
    pub user: Option<&'a str>,
    /// The password, which can be any bytes. With MQTT 3.1.1 it requires a user name.
    pub password: Option<&'a [u8]>,
    /// The keep alive in seconds; 0 switches it off.
    pub keep_alive: u16,
    /// The time limit for CONNACK and PINGRESP in seconds; 0 switches it off. It is not sent.
    pub timeout: u8,
    /// True if the session is clean: it begins and ends with the connection. With MQTT 5 this is
    /// Clean Start: the session begins with the connection.
    pub clean: bool,
    /// The offset of the packet identifiers if the broker has a session that the client does not
    /// know: see [`identifier_offset()`](Self::identifier_offset()). It is not sent.
    pub identifier_offset: u16,
    /// The properties of CONNECT. Those of the will are part of the will.
    pub properties: T,
}

impl<'a> Connect<'a> {
    /// Makes the options of a clean session with a keep alive of 60 s and a time-out of 10 s,
    /// without will, user name and password.
    ///
    /// The client identifier names the session at the broker. If two connections have the same
    /// client identifier, the broker closes the older one. Every broker accepts 1 to 23 letters and
    /// digits [MQTT-3.1.3-5]. With an empty client identifier, which requires a clean session
    /// [MQTT-3.1.3-7], the broker chooses one.
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
            properties: (),
        }
    }

    /// Sets the properties of CONNECT, which only MQTT 5 has. If the will has properties, call
    /// this method before [`will`](Self::will()), with `&[]` if CONNECT itself has no properties.
    ///
    /// [`connect`](crate::Session::connect) adds two properties if the list does not have them: a
    /// [receive maximum](Property::ReceiveMaximum), the number of QoS 2 messages that the session
    /// can accept, if its profile receives such messages; and after
    /// [`keep_session`](Self::keep_session) a
    /// [session expiry interval](Property::SessionExpiryInterval) of `u32::MAX`, with which the
    /// session never expires.
    ///
    /// # Examples
    /// ```
    /// use motemq::{Connect, Property, Publish};
    /// let will = Publish::to("gone").properties(&[Property::WillDelayInterval(30)]);
    /// let connect = Connect::new("node-7")
    ///     .properties(&[Property::SessionExpiryInterval(3600)])
    ///     .will(will);
    /// ```
    pub const fn properties(
        self,
        properties: &'a [Property<'a>],
    ) -> Connect<'a, &'a [Property<'a>]> {
        Connect {
            client_id: self.client_id,
            will: match self.will {
                Some(will) => Some(will.properties(&[])),
                None => None,
            },
            user: self.user,
            password: self.password,
            keep_alive: self.keep_alive,
            timeout: self.timeout,
            clean: self.clean,
            identifier_offset: self.identifier_offset,
            properties,
        }
    }
}

impl<'a, T: Copy> Connect<'a, T> {
    /// Asks the broker to resume the session with this client identifier, or to begin a session
    /// that outlives the connection if there is none [MQTT-3.1.2-4].
    ///
    /// With MQTT 5, the session never expires unless the [properties](Self::properties()) contain
    /// a [session expiry interval](Property::SessionExpiryInterval). Also set an
    /// [identifier offset](Self::identifier_offset()) other than 0 with MQTT 5. Without one, a
    /// program that was started again cannot connect while the broker has its earlier session.
    pub const fn keep_session(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Sets the keep alive: the longest time in seconds between two packets of the client, or 0 for
    /// no limit [MQTT-3.1.2-23]. The broker closes the connection when it has received nothing for
    /// one and a half times the keep alive [MQTT-3.1.2-24]. With MQTT 5, a
    /// [server keep alive](Property::ServerKeepAlive) in CONNACK replaces it [MQTT-3.1.2-21].
    pub const fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Sets the longest time in seconds for which nothing may be received while a CONNACK or
    /// PINGRESP is outstanding, or 0 for no limit.
    pub const fn timeout(mut self, seconds: u8) -> Self {
        self.timeout = seconds;
        self
    }

    /// Sets where packet identifiers begin if the broker has a session that the
    /// [`Session`](crate::Session) does not know, which `Connected` reports as
    /// [`Unrecognized`](crate::SessionState::Unrecognized). The next identifier is this offset
    /// plus the number of the next slot, counted from 1; an offset that leaves too few identifiers
    /// for all slots is lowered. Use a random number for each connection.
    ///
    /// After a crash without a snapshot, the broker may still hold a QoS 2 message under one of the
    /// identifiers that were in use. It takes a new message under that identifier for a repetition
    /// of the old one, and drops it [MQTT-2.3.1-2]. Identifiers at a random offset are unlikely to
    /// be among the old ones.
    ///
    /// With MQTT 5 and an offset of 0, a session that the client does not know ends the connection
    /// with [`Unexpected`](crate::Fault::Unexpected) [MQTT-3.2.2-4].
    pub const fn identifier_offset(mut self, offset: u16) -> Self {
        self.identifier_offset = offset;
        self
    }

    /// Sets the will: the message that the broker publishes when the connection ends without
    /// [`disconnect`](crate::Session::disconnect) [MQTT-3.1.2-8]. Its payload can have up to 65,535
    /// bytes.
    ///
    /// A will that has properties, which only MQTT 5 has, is set after
    /// [`properties`](Self::properties()), and one that has none before it.
    pub const fn will(mut self, will: Publish<'a, T>) -> Self {
        self.will = Some(will);
        self
    }

    /// Sets the user name. The password stays as it is.
    pub const fn user(mut self, user: &'a str) -> Self {
        self.user = Some(user);
        self
    }

    /// Sets the user name and the password, which requires a user name [MQTT-3.1.2-22].
    pub const fn login(mut self, user: &'a str, password: &'a [u8]) -> Self {
        self.user = Some(user);
        self.password = Some(password);
        self
    }
}

impl<T: fmt::Debug> fmt::Debug for Connect<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("client_id", &self.client_id)
            .field("clean", &self.clean)
            .field("keep_alive", &self.keep_alive)
            .field("will", &self.will)
            .field("user", &self.user)
            .field("password", &self.password.map(|_| "***"))
            .field("properties", &self.properties)
            .finish()
    }
}
