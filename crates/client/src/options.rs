//! The choices of the application.
mod connect;
mod settings;

use crate::{
    AliasPolicy, DisconnectReason, Exchange, MessageProperties, Reconnect,
    authentication::Authentication, profile::Profile, protocol::ALL_IDENTIFIERS,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};
use motemq::{QoS, ReasonCode, ReturnCode, Version};
use settings::UserProperty;
pub(crate) use settings::{PropertyPacket, Settings};

/// The treatment of further messages when the [queue](Options::queue) of messages that wait for a
/// connection is full.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// The new message is refused with [`Full`](crate::PublishError::Full).
    #[default]
    Wait,
    /// The oldest message that was never sent is dropped. It ends with
    /// [`Dropped`](crate::RequestError::Dropped).
    DropOldest,
}

/// The treatment of further messages with QoS 1 and 2 when as many bytes wait to be taken as
/// [`Options::backlog`] allows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The client does not acknowledge the message and those that follow. It ends the connection
    /// with [`Overrun`](crate::DisconnectReason::Overrun) when the broker has answered the requests
    /// in flight, and connects again when the application has taken messages. With a
    /// [kept session](Options::keep_session) the broker sends the messages again, so nothing is
    /// lost.
    #[default]
    Disconnect,
    /// The client acknowledges the message, drops it, and [counts](crate::Counters::discarded) it.
    Discard,
}

/// A will: the message that the broker publishes when the connection ends without DISCONNECT.
///
/// # Examples
/// ```
/// use motemq::QoS;
/// use motemq_client::Will;
/// let will = Will {
///     payload: b"offline".to_vec(),
///     qos: QoS::AtLeastOnce,
///     retain: true,
///     ..Will::new("node-7/state")
/// };
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Will {
    /// The topic to which the broker publishes the will, without wildcards.
    pub topic: String,
    /// The payload, at most 65,535 bytes.
    pub payload: Vec<u8>,
    /// The quality of service.
    pub qos: QoS,
    /// True if the broker stores the will for later subscribers.
    pub retain: bool,
    /// The time by which the broker delays the will, rounded up to whole seconds. If the client
    /// connects again before, the broker does not publish the will. Only MQTT 5 has this delay.
    pub delay: Duration,
    /// The properties of the message, which only MQTT 5 has.
    pub properties: MessageProperties,
}

impl Will {
    /// Makes a will with this topic, with an empty payload, QoS 0 and without the retain flag.
    pub fn new(topic: impl Into<String>) -> Self {
        Will {
            topic: topic.into(),
            payload: Vec::new(),
            qos: QoS::AtMostOnce,
            retain: false,
            delay: Duration::ZERO,
            properties: MessageProperties::default(),
        }
    }
}

/// The options of a [`Client`](crate::Client).
///
/// `Debug` does not show the password.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use motemq_client::{Options, Will};
/// let options = Options::new("node-7")
///     .keep_session()
///     .keep_alive(30)
///     .login("node", b"secret")
///     .will(Will::new("gone/node-7"))
///     .ack_timeout(Some(Duration::from_secs(5)));
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone, Hash)]
pub struct Options {
    pub(crate) client_id: String,
    // Most clients have none of them, and need no memory for them.
    login: Option<Box<Login>>,
    pub(crate) will: Option<Box<Will>>,
    profile: Option<Box<Profile>>,
    pub(crate) settings: Settings,
    in_flight: u16,
    pub(crate) keep_alive: u16,
    pub(crate) version: Version,
    pub(crate) falls_back: bool,
    pub(crate) clean: bool,
    pub(crate) durable: bool,
}

/// User name and password.
#[derive(Clone, Hash, Default)]
struct Login {
    user: Option<String>,
    password: Option<Vec<u8>>,
}

impl Login {
    /// Returns a login, unless it is empty.
    fn new(user: Option<String>, password: Option<Vec<u8>>) -> Option<Box<Self>> {
        let is_some = user.is_some() || password.is_some();
        is_some.then(|| Box::new(Login { user, password }))
    }
}

impl Options {
    /// Makes the options of a clean session of MQTT 3.1.1 with a keep alive of 60 s and
    /// reconnection by [`Reconnect::back_off`].
    ///
    /// The broker finds the session by the client identifier. If two connections have the same
    /// client identifier, the broker closes the older one. Every broker accepts 1 to 23 letters and
    /// digits [MQTT-3.1.3-5]. If the client identifier is empty, the session must be clean, and the
    /// broker chooses an identifier.
    pub fn new(client_id: impl Into<String>) -> Self {
        Options {
            client_id: client_id.into(),
            login: None,
            will: None,
            profile: None,
            settings: Settings::default(),
            in_flight: 20,
            keep_alive: 60,
            version: Version::Mqtt311,
            falls_back: false,
            clean: true,
            durable: false,
        }
    }

    /// Sets the client identifier: see [`new`](Self::new).
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// Sets the version of MQTT. The default is MQTT 3.1.1.
    ///
    /// A session is not bound to a version: if the broker keeps the session although the version
    /// changes, the client sends the messages in flight again with the new version. If the broker
    /// does not, the client treats them as after the loss of a session.
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Lets a client of MQTT 5 use MQTT 3.1.1 with a broker that does not support MQTT 5.
    ///
    /// The client decides that a broker does not support MQTT 5 if the broker has never accepted it,
    /// and refuses the version, closes the connection instead of answering CONNECT, or answers with
    /// something that MQTT 5 does not have. The next attempt, which follows at once, uses MQTT
    /// 3.1.1. If the broker neither accepts nor refuses that connection, the attempt after it uses
    /// MQTT 5 again. [`State::Connected`](crate::State::Connected) contains the version in use.
    pub fn fall_back(mut self) -> Self {
        self.falls_back = true;
        self
    }

    /// Resumes the last session with this client identifier, or begins one that outlives the
    /// connection [MQTT-3.1.2-4].
    ///
    /// With MQTT 5 the session never expires, unless [`session_expiry`](Self::session_expiry)
    /// limits its time.
    ///
    /// Messages that the broker holds for the session arrive as soon as the connection is made.
    /// Messages for which there is no stream wait unacknowledged until the application opens a
    /// stream that matches.
    pub fn keep_session(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Sets for how long the broker keeps the session without a connection, rounded up to whole
    /// seconds, or `None` if the session never expires. By default it never expires if it is
    /// [kept](Self::keep_session), and ends with the connection if it is not. If the session has an
    /// expiry but is not kept, each connection begins a new session, and the last one outlives its
    /// connection, so that another program can resume it.
    ///
    /// Only MQTT 5 has this option: with MQTT 3.1.1, the broker decides how long it keeps a
    /// session. A broker can choose a shorter time: see
    /// [`ServerLimits::session_expiry`](crate::ServerLimits::session_expiry).
    pub fn session_expiry(mut self, expiry: Option<Duration>) -> Self {
        let seconds = expiry.map_or(u32::MAX, connect::seconds);
        self.settings.values_mut().mqtt5_mut().session_expiry = Some(seconds);
        self
    }

    /// Sets for how long the broker keeps the session after the client has disconnected, rounded up
    /// to whole seconds, or `None` if the session never expires. The default is the time of
    /// [`session_expiry`](Self::session_expiry). The option has no effect if the broker does not
    /// keep the session without a connection, and with MQTT 3.1.1.
    pub fn disconnect_session_expiry(mut self, expiry: Option<Duration>) -> Self {
        let seconds = expiry.map_or(u32::MAX, connect::seconds);
        self.settings.values_mut().mqtt5_mut().last_session_expiry = Some(seconds);
        self
    }

    /// Sets the number of messages with QoS 1 and 2, at least 1, that the broker may send before
    /// the client has acknowledged the first of them. The default is the number for which the
    /// client has memory, which is at least [`in_flight`](Self::in_flight) and 16. Only MQTT 5 has
    /// this limit.
    pub fn receive_maximum(mut self, messages: u16) -> Self {
        let messages = NonZeroU16::new(messages).unwrap_or(NonZeroU16::MIN);
        self.settings.values_mut().mqtt5_mut().receive_maximum = Some(messages);
        self
    }

    /// Sets the size in bytes, at least 1, of the largest packet that the broker may send. A broker
    /// does not send a message that is larger [MQTT-3.1.2-25]. By default there is no limit: large
    /// payloads are delivered in pieces. Only MQTT 5 has this limit.
    pub fn maximum_packet_size(mut self, bytes: u32) -> Self {
        let bytes = NonZeroU32::new(bytes).unwrap_or(NonZeroU32::MIN);
        self.settings.values_mut().mqtt5_mut().maximum_packet_size = Some(bytes);
        self
    }

    /// Sets whether the broker may explain failures with reason strings and user properties. With
    /// `false`, the broker leaves them out of all packets but CONNACK, DISCONNECT and messages
    /// [MQTT-3.1.2-29]. The default is `true`. Only MQTT 5 has this option.
    pub fn request_problem_information(mut self, is_wanted: bool) -> Self {
        let mqtt5 = self.settings.values_mut().mqtt5_mut();
        mqtt5.request_problem_information = Some(is_wanted);
        self
    }

    /// Sets whether the broker may send response information in CONNACK. By default it sends none
    /// [MQTT-3.1.2-28]. Only MQTT 5 has this option.
    pub fn request_response_information(mut self, is_wanted: bool) -> Self {
        let mqtt5 = self.settings.values_mut().mqtt5_mut();
        mqtt5.request_response_information = Some(is_wanted);
        self
    }

    /// Sets the number of topics that the broker may replace by topic aliases, which are numbers.
    /// The client replaces the aliases by their topics again. The default is 0, since each alias
    /// takes as much memory as its topic, up to 64 KiB. Only MQTT 5 has topic aliases.
    pub fn topic_alias_maximum(mut self, aliases: u16) -> Self {
        let mqtt5 = self.settings.values_mut().mqtt5_mut();
        mqtt5.topic_alias_maximum = aliases;
        self
    }

    /// Sets the topics that the client replaces by topic aliases when it publishes. The default is
    /// [`Never`](crate::AliasPolicy::Never). Only MQTT 5 has topic aliases.
    pub fn alias_policy(mut self, policy: AliasPolicy) -> Self {
        self.settings.values_mut().mqtt5_mut().alias_policy = policy;
        self
    }

    /// Lets the client connect to another server if the broker of MQTT 5 names one when it refuses
    /// or ends a connection. The client uses the same transport, with another host and port. The
    /// other server receives the user name and the password, so use this option only with brokers
    /// that are trusted. With TLS, the certificate of the other server is checked for its own name.
    ///
    /// If the broker names several servers, the client tries the first eight of them, one after the
    /// other. If the broker has moved permanently, later connections use the other server, too,
    /// until none can be made. After five references in a row without a message or an
    /// acknowledgement in between, the client waits, as after other failures.
    pub fn follow_server_reference(mut self) -> Self {
        self.settings.values_mut().mqtt5_mut().follows_references = true;
        self
    }

    /// Authenticates the client in several steps with AUTH packets and this authentication method,
    /// which only MQTT 5 has.
    ///
    /// The function returns the data that the client sends next: first the data of CONNECT, then
    /// each answer to data of the broker. When the broker accepts the client, the function is
    /// called a last time to check the data that the broker sent with it; the client sends nothing
    /// else before that call. An error ends the connection with
    /// [`Authentication`](crate::DisconnectReason::Authentication). The client waits for the
    /// function, so it must not block. The function can be called for several connections, and
    /// should depend only on the exchange and on data that does not change.
    ///
    /// After the client has [fallen back](Self::fall_back) to MQTT 3.1.1, it connects without this
    /// authentication.
    pub fn authentication(
        mut self,
        method: impl Into<String>,
        next: impl Fn(&Exchange) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        let authentication = Authentication::new(method.into(), next);
        self.settings.values_mut().mqtt5_mut().authentication = Some(authentication);
        self
    }

    /// Adds a user property to CONNECT, which only MQTT 5 has. The broker defines its meaning.
    pub fn user_property(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with_user_property(PropertyPacket::Connect, name.into(), value.into())
    }

    /// Adds a user property to each SUBSCRIBE, also when the client subscribes again by itself.
    /// Only MQTT 5 has user properties. Those of SUBSCRIBE can have up to 2,048 bytes together,
    /// where each counts as the bytes of its name and value and 5 more.
    pub fn subscribe_user_property(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.with_user_property(PropertyPacket::Subscribe, name.into(), value.into())
    }

    /// Adds a user property to each UNSUBSCRIBE. Only MQTT 5 has user properties. Those of
    /// UNSUBSCRIBE can have up to 2,048 bytes together, where each counts as the bytes of its name
    /// and value and 5 more.
    pub fn unsubscribe_user_property(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.with_user_property(PropertyPacket::Unsubscribe, name.into(), value.into())
    }

    /// Adds a user property to the DISCONNECT with which the client ends. It is left out if the
    /// packet would be larger than the broker accepts. Only MQTT 5 has user properties. Those of
    /// DISCONNECT can have up to 2,048 bytes together, where each counts as the bytes of its name
    /// and value and 5 more.
    pub fn disconnect_user_property(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.with_user_property(PropertyPacket::Disconnect, name.into(), value.into())
    }

    fn with_user_property(mut self, packet: PropertyPacket, name: String, value: String) -> Self {
        let mqtt5 = self.settings.values_mut().mqtt5_mut();
        let property = UserProperty {
            packet,
            name,
            value,
        };
        mqtt5.user_properties.push(property);
        self
    }

    /// Sets the keep alive: the longest time in seconds between two packets of the client, or 0 for
    /// no limit. The broker closes the connection when it has received nothing for one and a half
    /// times the keep alive. The default is 60 s. A broker of MQTT 5 can demand another one: see
    /// [`ServerLimits::keep_alive`](crate::ServerLimits::keep_alive).
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Sets the user name and the password. The password can be any bytes.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Login::new(Some(user.into()), Some(password.into()));
        self
    }

    /// Sets the user name, without a password.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.login = Login::new(Some(user.into()), None);
        self
    }

    /// Sets the will: the message that the broker publishes when the connection ends without
    /// [`disconnect`](crate::Client::disconnect).
    pub fn will(mut self, will: Will) -> Self {
        self.will = Some(Box::new(will));
        self
    }

    /// Sets the time limit for opening a connection to one address. The same limit applies to the
    /// broker's answer to CONNECT and to PINGREQ, rounded up to whole seconds, 1 to 255. The
    /// default is 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.values_mut().connect_timeout = limit;
        self
    }

    /// Sets the number of brokers, at least 1, which are tried in turn. The client counts them from
    /// 0; the driver knows their addresses. The default is 1.
    pub fn brokers(mut self, brokers: u32) -> Self {
        if brokers.max(1) != self.settings.brokers {
            self.settings.values_mut().brokers = brokers.max(1);
        }
        self
    }

    /// Sets the policy for the next attempt when a connection cannot be made or is lost. The
    /// default is [`Reconnect::back_off`](crate::Reconnect::back_off).
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.settings.values_mut().reconnect = reconnect;
        self
    }

    /// Sets which reasons end the client instead of another attempt. The arguments of the function
    /// are the reason, and whether the broker has accepted a connection before. If there are
    /// several brokers, the client ends when each of them has given such a reason.
    ///
    /// By default the client ends
    ///
    /// - if the broker refuses CONNECT with the return code 1 or 2 of MQTT 3.1.1, or with the
    ///   reason code 0x84 (unsupported protocol version) or 0x85 (client identifier not valid) of
    ///   MQTT 5, since another attempt with the same options would fail, too;
    /// - if the broker has not accepted a connection before, and refuses CONNECT with any other
    ///   code but 3 (server unavailable) of MQTT 3.1.1, and 0x80, 0x83, 0x88, 0x89, 0x97, 0x9c and
    ///   0x9f of MQTT 5, which can be temporary; or if the authentication function returns an
    ///   error;
    /// - if a broker of MQTT 5 ends the connection because another client has taken over the
    ///   session (0x8e).
    pub fn end_if(mut self, is_final: fn(&DisconnectReason, bool) -> bool) -> Self {
        self.settings.values_mut().is_final = is_final;
        self
    }

    /// Sets the time limit for the acknowledgement of a request after its last byte was sent, and
    /// for a transport that accepts no bytes; or `None` for no limit. The default is 20 s. The
    /// client checks the limit eight times within this time.
    ///
    /// A message that is not acknowledged in time is given up: it ends with
    /// [`NotAcknowledged`](crate::RequestError::NotAcknowledged) and is not sent again. Other
    /// messages are not affected.
    pub fn ack_timeout(mut self, limit: Option<Duration>) -> Self {
        self.settings.values_mut().ack_timeout = limit;
        self
    }

    /// Sets the number of messages with QoS 1 and 2 that may be in flight at the same time, 1 to
    /// 16,384. The default is 20. With more than 20, mosquitto 2.0 changes the order of messages
    /// with QoS 2.
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.clamp(1, 16_384) as u16;
        self
    }

    /// Applies the limits of this broker: a packet that exceeds one of them is refused with an
    /// [`OverLimit`](crate::profile::OverLimit) error before anything is sent, and no more messages
    /// are in flight at the same time than the broker allows. The driver has to choose port, TLS
    /// and ALPN.
    pub fn profile(mut self, broker: &Profile) -> Self {
        self.profile = Some(Box::new(*broker));
        self
    }

    /// Limits the number of messages, 1 to 32,767, that were given up after the time limit of
    /// [`ack_timeout`](Self::ack_timeout), and whose packet identifiers are still in use. When the
    /// limit is reached and there is no room for another message, the connection ends with
    /// [`Unanswered`](crate::DisconnectReason::Unanswered). The default is 1,024.
    pub fn given_up(mut self, messages: usize) -> Self {
        self.settings.values_mut().given_up = messages.clamp(1, ALL_IDENTIFIERS / 2);
        self
    }

    /// Sets the number and the total size in bytes of the messages that may wait for a connection,
    /// and the treatment of further messages. The defaults are 1,000 messages, 1 MiB, and
    /// [`Wait`](crate::WhenFull::Wait).
    pub fn queue(mut self, messages: usize, bytes: usize, when_full: WhenFull) -> Self {
        let values = self.settings.values_mut();
        values.queue_messages = messages;
        values.queue_bytes = bytes;
        values.when_full = when_full;
        self
    }

    /// Lets messages with QoS 0 wait for a connection, too. By default they are refused with
    /// [`Offline`](crate::PublishError::Offline).
    pub fn queue_qos0(mut self) -> Self {
        self.settings.values_mut().queue_qos0 = true;
        self
    }

    /// Sets the number of messages of a stream, and their approximate total size in bytes, that may
    /// wait to be taken before the client stops reading. The client reads on while it waits for an
    /// answer of the broker, since the answer may follow further messages. A stream always accepts
    /// one message. The defaults are 256 messages and 1 MiB.
    pub fn streams(mut self, messages: usize, bytes: usize) -> Self {
        let values = self.settings.values_mut();
        values.stream_messages = messages.max(1);
        values.stream_bytes = bytes.max(1);
        self
    }

    /// Sets the number of bytes that may wait to be taken in all streams together, and the
    /// treatment of further messages with QoS 1 and 2. Further messages with QoS 0 are dropped and
    /// [counted](crate::Counters::dropped). The defaults are 16 MiB and
    /// [`Disconnect`](crate::Overflow::Disconnect).
    pub fn backlog(mut self, bytes: usize, overflow: Overflow) -> Self {
        let values = self.settings.values_mut();
        values.backlog = bytes;
        values.overflow = overflow;
        self
    }

    /// Sets the largest payload in bytes that the client collects in memory. The default is 16 MiB.
    /// A payload that is larger than this or than the [backlog](Self::backlog) is delivered in the
    /// pieces in which it arrives, unless it arrives in one piece.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.settings.values_mut().max_message = bytes;
        self
    }

    /// Sets whether messages for which there is no stream are acknowledged and dropped, instead of
    /// waiting unacknowledged for a stream that matches. By default they are dropped in a clean
    /// session, since they could not be delivered later, and wait in a session that is
    /// [kept](Self::keep_session).
    pub fn discard_unclaimed(mut self, discard: bool) -> Self {
        self.settings.values_mut().discard_unclaimed = Some(discard);
        self
    }

    /// Makes the client durable: it sends nothing that depends on a change of its state before that
    /// change is stored, as [`Event::Persist`](crate::Event::Persist) describes. Use it with a
    /// session that is [kept](Self::keep_session).
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Returns the profile of the broker, if one was set.
    #[inline]
    pub(crate) fn limits(&self) -> Option<&Profile> {
        self.profile.as_deref()
    }

    /// Returns how many messages may be in flight at once.
    #[inline]
    pub(crate) fn max_in_flight(&self) -> usize {
        match &self.profile {
            Some(profile) => self.in_flight.min(profile.in_flight).into(),
            None => self.in_flight.into(),
        }
    }

    pub(crate) fn discards_unclaimed(&self) -> bool {
        self.settings.discard_unclaimed.unwrap_or(self.clean)
    }
}

/// The default of [`Options::end_if`].
fn is_final(reason: &DisconnectReason, was_connected: bool) -> bool {
    match *reason {
        DisconnectReason::Refused(
            ReturnCode::UNACCEPTABLE_PROTOCOL_VERSION | ReturnCode::IDENTIFIER_REJECTED,
        ) => true,
        DisconnectReason::Refused(ReturnCode::SERVER_UNAVAILABLE) => false,
        DisconnectReason::Refused(_) | DisconnectReason::Authentication(_) => !was_connected,
        DisconnectReason::RefusedWith(ref reason) => match reason.code() {
            ReasonCode::UNSUPPORTED_PROTOCOL_VERSION | ReasonCode::CLIENT_IDENTIFIER_NOT_VALID => {
                true
            }
            ReasonCode::UNSPECIFIED_ERROR
            | ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR
            | ReasonCode::SERVER_UNAVAILABLE
            | ReasonCode::SERVER_BUSY
            | ReasonCode::QUOTA_EXCEEDED
            | ReasonCode::USE_ANOTHER_SERVER
            | ReasonCode::CONNECTION_RATE_EXCEEDED => false,
            _ => !was_connected,
        },
        DisconnectReason::Disconnected(ref reason) => {
            reason.code() == ReasonCode::SESSION_TAKEN_OVER
        }
        _ => false,
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("connect", &self.connect(0))
            .field("version", &self.version)
            .field("connect_timeout", &self.settings.connect_timeout)
            .field("brokers", &self.settings.brokers)
            .field("reconnect", &self.settings.reconnect)
            .field("ack_timeout", &self.settings.ack_timeout)
            .field("in_flight", &self.in_flight)
            .field("max_message", &self.settings.max_message)
            .finish_non_exhaustive()
    }
}
