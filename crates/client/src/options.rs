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

/// The treatment of messages that are to wait for a connection when no more may.
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

/// The treatment of messages with QoS 1 and 2 when all that wait to be taken are larger than
/// [`Options::backlog`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The message and all behind it are left to the broker. The connection ends with
    /// [`Overrun`](crate::DisconnectReason::Overrun) as soon as what the client awaits is answered,
    /// and is made again when the application has made room. With a kept session nothing is lost.
    #[default]
    Disconnect,
    /// The message is acknowledged and dropped, and
    /// [counted](crate::Counters::dropped).
    Discard,
}

/// The message that the broker publishes when the connection is lost.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Will {
    /// The topic, without wildcards.
    pub topic: String,
    /// The payload, at most 65,535 bytes.
    pub payload: Vec<u8>,
    /// The quality of service.
    pub qos: QoS,
    /// True if the broker stores it for later subscribers.
    pub retain: bool,
    /// The time by which the broker delays it, in whole seconds: a client that comes back in time
    /// leaves no will. Only MQTT 5 has it.
    pub delay: Duration,
    /// The properties, which only MQTT 5 has.
    pub properties: MessageProperties,
}

impl Will {
    /// Makes an empty message with QoS 0 that is not retained.
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
    /// Makes the options of a clean session with a keep alive of 60 s and reconnection by
    /// [`Reconnect::back_off`].
    ///
    /// The client identifier names the session at the broker. If two connections have the same
    /// client identifier, the broker closes the older one. Every broker accepts 1 to 23 letters and
    /// digits [MQTT-3.1.3-5]. With an empty client identifier, which requires a clean session, the
    /// broker chooses one.
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
    /// A session is not bound to a version: what was in flight over MQTT 3.1.1 is sent again over
    /// MQTT 5, and the other way round, if the broker has kept the session across the change, and
    /// is treated as after the loss of a session if the broker has not.
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Lets a client of MQTT 5 speak MQTT 3.1.1 to a broker that does not speak MQTT 5.
    ///
    /// A broker is taken for one if it refuses the version, or closes the connection instead of
    /// answering CONNECT, or answers with something that MQTT 5 does not have, without having
    /// accepted MQTT 5 before. The next attempt, which follows at once, is made with MQTT 3.1.1. If
    /// the broker neither accepts nor refuses that connection, MQTT 5 has its turn again. The
    /// version is part of [`State::Connected`](crate::State::Connected).
    pub fn fall_back(mut self) -> Self {
        self.falls_back = true;
        self
    }

    /// Resumes the last session with this client identifier, or begins one that outlives the
    /// connection [MQTT-3.1.2-4].
    ///
    /// With MQTT 5 the broker is asked to keep it for ever, unless
    /// [`session_expiry`](Self::session_expiry) says how long.
    ///
    /// Messages that the broker holds for the session arrive as soon as the connection is made.
    /// Messages for which there is no stream wait, unacknowledged, until one that matches is
    /// opened.
    pub fn keep_session(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Sets how long the broker keeps the session without a connection, in whole seconds; `None`: for
    /// ever. By default that is for ever if the session is [kept](Self::keep_session), and not at
    /// all if it is not. A session that is not kept by the client, and is by the broker, begins anew
    /// with each connection and outlives the last one, for another program to resume it.
    ///
    /// Only MQTT 5 has it: in MQTT 3.1.1 brokers keep sessions as long as they like. Brokers may
    /// allow less, which the [limits](crate::ServerLimits::session_expiry) of a connection say.
    pub fn session_expiry(mut self, expiry: Option<Duration>) -> Self {
        let seconds = expiry.map_or(u32::MAX, connect::seconds);
        self.settings.values_mut().mqtt5_mut().session_expiry = Some(seconds);
        self
    }

    /// Sets how long the broker keeps the session when the client leaves, in whole seconds; `None`:
    /// for ever. The default is what [`session_expiry`](Self::session_expiry) says. It is left out
    /// if the broker does not keep the session anyway, and with MQTT 3.1.1.
    pub fn disconnect_session_expiry(mut self, expiry: Option<Duration>) -> Self {
        let seconds = expiry.map_or(u32::MAX, connect::seconds);
        self.settings.values_mut().mqtt5_mut().last_session_expiry = Some(seconds);
        self
    }

    /// Sets how many messages with QoS 1 and 2 the broker may send before the first of them is
    /// acknowledged, at least 1. The default is the number for which the client has memory, which
    /// is at least [`in_flight`](Self::in_flight) and 16. Only MQTT 5 has this limit.
    pub fn receive_maximum(mut self, messages: u16) -> Self {
        let messages = NonZeroU16::new(messages).unwrap_or(NonZeroU16::MIN);
        self.settings.values_mut().mqtt5_mut().receive_maximum = Some(messages);
        self
    }

    /// Sets the size in bytes of the largest packet that the broker may send, at least 1. A broker
    /// does not send a message that is larger [MQTT-3.1.2-25]. By default there is no limit: large
    /// payloads are passed on in pieces. Only MQTT 5 has this limit.
    pub fn maximum_packet_size(mut self, bytes: u32) -> Self {
        let bytes = NonZeroU32::new(bytes).unwrap_or(NonZeroU32::MIN);
        self.settings.values_mut().mqtt5_mut().maximum_packet_size = Some(bytes);
        self
    }

    /// Lets the broker send numbers in place of topics that it has sent before: at most this number
    /// of topics. The client puts the topics back. The default is 0: each of them takes memory, up
    /// to 64 KiB. Only MQTT 5 has topic aliases.
    pub fn topic_alias_maximum(mut self, aliases: u16) -> Self {
        let mqtt5 = self.settings.values_mut().mqtt5_mut();
        mqtt5.topic_alias_maximum = aliases;
        self
    }

    /// Sets which topics the client replaces by numbers when it publishes to them. The default is
    /// [`Never`](AliasPolicy::Never). Only MQTT 5 has topic aliases.
    pub fn alias_policy(mut self, policy: AliasPolicy) -> Self {
        self.settings.values_mut().mqtt5_mut().alias_policy = policy;
        self
    }

    /// Connects to another server if the broker of MQTT 5 names one, when it refuses a connection
    /// or ends one. The way there is the same, but for host and port. The server gets the login, so
    /// that this is for brokers that can be trusted with it; with TLS its certificate is checked
    /// for its own name.
    ///
    /// Of several servers, the first eight are tried, one after the other. If the broker has moved,
    /// later connections lead to that server, too, until none can be made.
    /// Servers that refer to each other do no harm: after five references without a message that
    /// was gained the client waits, as after other failures.
    pub fn follow_server_reference(mut self) -> Self {
        self.settings.values_mut().mqtt5_mut().follows_references = true;
        self
    }

    /// Authenticates in several steps, with this authentication method, which only MQTT 5 has.
    ///
    /// The function returns the data that the client sends next: first those of CONNECT, then the
    /// answers to what the broker says. At last it judges what the broker says when it accepts the
    /// client; before that, nothing else is sent. An error ends the connection with
    /// [`Authentication`](crate::DisconnectReason::Authentication). The client calls it while it
    /// does nothing else, so that it has to compute, and not to wait. It may be called for several
    /// connections; all that it needs to know is what was said, and what it holds.
    ///
    /// If the client has [fallen back](Self::fall_back) to MQTT 3.1.1, there is no such
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

    /// Adds a user property to CONNECT, which only MQTT 5 has. What it means, the broker says.
    pub fn user_property(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with_user_property(PropertyPacket::Connect, name.into(), value.into())
    }

    /// Adds a user property to each SUBSCRIBE, also when the client subscribes again by itself. Those
    /// of a packet may have 2,048 bytes together.
    pub fn subscribe_user_property(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.with_user_property(PropertyPacket::Subscribe, name.into(), value.into())
    }

    /// Adds a user property to each UNSUBSCRIBE. Those of a packet may have 2,048 bytes together.
    pub fn unsubscribe_user_property(
        self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.with_user_property(PropertyPacket::Unsubscribe, name.into(), value.into())
    }

    /// Adds a user property to the DISCONNECT with which the client leaves. It is left out if the
    /// packet would be larger than the broker accepts. Those of a packet may have 2,048 bytes
    /// together.
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
    /// times as long. The default is 60 s.
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Sets user name and password. The password can be any bytes.
    pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        self.login = Login::new(Some(user.into()), Some(password.into()));
        self
    }

    /// Sets the user name, without a password.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.login = Login::new(Some(user.into()), None);
        self
    }

    /// Sets the message that the broker publishes when the connection ends without
    /// [`disconnect`](crate::Client::disconnect).
    pub fn will(mut self, will: Will) -> Self {
        self.will = Some(Box::new(will));
        self
    }

    /// Sets how long it may take to open a connection to one address, and again for the broker's
    /// answer (in whole seconds up to 255, rounded up), which is also how long the answer to a ping
    /// may take. The default is 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.values_mut().connect_timeout = limit;
        self
    }

    /// Sets the number of brokers, which take turns; where they are only the driver knows. The
    /// default is 1.
    pub fn brokers(mut self, brokers: u32) -> Self {
        if brokers.max(1) != self.settings.brokers {
            self.settings.values_mut().brokers = brokers.max(1);
        }
        self
    }

    /// Sets what to do when the connection cannot be made or is lost.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.settings.values_mut().reconnect = reconnect;
        self
    }

    /// Sets which reasons end the client instead of another attempt. The function gets the reason,
    /// and whether there was a good connection before. If there are several brokers, the client
    /// ends when each of them has given such a reason.
    ///
    /// By default the client ends if the broker refuses CONNECT with a code other than 3 (server
    /// unavailable) before there was a good connection, and later only for the codes 1 and 2, which
    /// cannot change without other options. With MQTT 5 the codes that may pass are more, those
    /// that cannot change are 0x84 (unsupported protocol version) and 0x85 (client identifier not
    /// valid), and the client also ends if the broker says that another client has taken its
    /// session over (0x8e).
    pub fn end_if(mut self, is_final: fn(&DisconnectReason, bool) -> bool) -> Self {
        self.settings.values_mut().is_final = is_final;
        self
    }

    /// Sets how long the broker may take to acknowledge a request after its last byte was sent, and
    /// how long the transport may take no byte; `None`: without a limit. The default is 20 s. The
    /// clock is looked at eight times within the limit.
    ///
    /// A message that is not acknowledged in time is given up: it ends with
    /// [`NotAcknowledged`](crate::RequestError::NotAcknowledged) and is not sent again. Others are
    /// not affected.
    pub fn ack_timeout(mut self, limit: Option<Duration>) -> Self {
        self.settings.values_mut().ack_timeout = limit;
        self
    }

    /// Sets how many messages with QoS 1 and 2 may be in flight at once, 1 to 16,384. The default
    /// is 20.
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.clamp(1, 16_384) as u16;
        self
    }

    /// Keeps to what this broker allows: what it would not accept is refused with an
    /// [`OverLimit`](crate::profile::OverLimit) error before anything is sent, and no more messages
    /// are in flight at once than it allows. Port, TLS and ALPN are the driver's to choose.
    pub fn profile(mut self, broker: &Profile) -> Self {
        self.profile = Some(Box::new(*broker));
        self
    }

    /// Sets how many messages that were given up may hold packet identifiers before the connection
    /// ends with [`Unanswered`](crate::DisconnectReason::Unanswered). The default is 1024.
    pub fn given_up(mut self, messages: usize) -> Self {
        self.settings.values_mut().given_up = messages.clamp(1, ALL_IDENTIFIERS / 2);
        self
    }

    /// Sets how many messages may wait for a connection, of how many bytes together, and what
    /// happens when no more may. The defaults are 1,000 messages, 1 MiB, and
    /// [`Wait`](WhenFull::Wait).
    pub fn queue(mut self, messages: usize, bytes: usize, when_full: WhenFull) -> Self {
        let values = self.settings.values_mut();
        values.queue_messages = messages;
        values.queue_bytes = bytes;
        values.when_full = when_full;
        self
    }

    /// Lets messages with QoS 0 wait for a connection, too.
    pub fn queue_qos0(mut self) -> Self {
        self.settings.values_mut().queue_qos0 = true;
        self
    }

    /// Sets how many messages of a stream, of about how many bytes together, may wait to be taken
    /// before the client stops reading. It reads on while an answer of the broker is awaited, since
    /// that may stand behind further messages. A stream always takes one message. The defaults are
    /// 256 messages and 1 MiB.
    pub fn streams(mut self, messages: usize, bytes: usize) -> Self {
        let values = self.settings.values_mut();
        values.stream_messages = messages.max(1);
        values.stream_bytes = bytes.max(1);
        self
    }

    /// Sets how many bytes may wait to be taken in all streams together, and what happens beyond.
    /// Messages with QoS 0 are dropped then, and [counted](crate::Counters::dropped). The defaults
    /// are 16 MiB and [`Disconnect`](Overflow::Disconnect).
    pub fn backlog(mut self, bytes: usize, overflow: Overflow) -> Self {
        let values = self.settings.values_mut();
        values.backlog = bytes;
        values.overflow = overflow;
        self
    }

    /// Sets the largest payload in bytes that is put together in memory; the default is 16 MiB.
    /// A larger one, or one larger than the [backlog](Self::backlog), is passed on in the pieces in
    /// which it arrives. If it arrives in one piece, it is whole all the same.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.settings.values_mut().max_message = bytes;
        self
    }

    /// Sets whether messages for which there is no stream are acknowledged and dropped, instead of
    /// waiting unacknowledged for a stream that matches. By default they are dropped in a clean
    /// session, since they could not be delivered later, and wait in a kept one.
    pub fn discard_unclaimed(mut self, discard: bool) -> Self {
        self.settings.values_mut().discard_unclaimed = Some(discard);
        self
    }

    /// Lets nothing leave before the change that it follows from is stored: see
    /// [`Event::Persist`](crate::Event::Persist). It is for sessions that are kept.
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
