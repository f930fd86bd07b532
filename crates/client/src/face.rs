//! Code that the faces over the client have in common.
use crate::{Options, profile::Profile};
use core::time::Duration;

impl Options {
    /// Returns the client identifier.
    pub fn get_client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the time limit for opening a connection to one address.
    pub fn get_connect_timeout(&self) -> Duration {
        self.settings.connect_timeout
    }

    /// Returns the profile of the broker, if one was set.
    pub fn get_profile(&self) -> Option<&Profile> {
        self.limits()
    }
}

/// Defines the methods that the `Options` of every face have alike, inside of their `impl`. Their
/// field `client` has the options of the client.
#[doc(hidden)]
#[macro_export]
macro_rules! face_options {
    () => {
        /// Sets the client identifier: see [`new`](Self::new).
        pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
            self.client = self.client.client_id(client_id);
            self
        }

        /// Sets the version of MQTT. The default is MQTT 3.1.1.
        ///
        /// A session is not bound to a version: if the broker keeps the session although the
        /// version changes, the client sends the messages in flight again with the new version. If
        /// the broker does not, the client treats them as after the loss of a session.
        pub fn version(mut self, version: $crate::Version) -> Self {
            self.client = self.client.version(version);
            self
        }

        /// Lets a client of MQTT 5 use MQTT 3.1.1 with a broker that does not support MQTT 5.
        ///
        /// The client decides that a broker does not support MQTT 5 if the broker has never accepted
        /// it, and refuses the version, closes the connection instead of answering CONNECT, or
        /// answers with something that MQTT 5 does not have. The next attempt, which follows at
        /// once, uses MQTT 3.1.1. If the broker neither accepts nor refuses that connection, the
        /// attempt after it uses MQTT 5 again. [`State::Connected`]($crate::State::Connected)
        /// contains the version in use.
        pub fn fall_back(mut self) -> Self {
            self.client = self.client.fall_back();
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
            self.client = self.client.keep_session();
            self
        }

        /// Sets for how long the broker keeps the session without a connection, rounded up to whole
        /// seconds, or `None` if the session never expires. By default it never expires if it is
        /// [kept](Self::keep_session), and ends with the connection if it is not. If the session
        /// has an expiry but is not kept, each connection begins a new session, and the last one
        /// outlives its connection, so that another program can resume it.
        ///
        /// Only MQTT 5 has this option: with MQTT 3.1.1, the broker decides how long it keeps a
        /// session. A broker can choose a shorter time: see
        /// [`ServerLimits::session_expiry`]($crate::ServerLimits::session_expiry).
        pub fn session_expiry(mut self, expiry: Option<::core::time::Duration>) -> Self {
            self.client = self.client.session_expiry(expiry);
            self
        }

        /// Sets for how long the broker keeps the session after the client has disconnected,
        /// rounded up to whole seconds, or `None` if the session never expires. The default is the
        /// time of [`session_expiry`](Self::session_expiry). The option has no effect if the broker
        /// does not keep the session without a connection, and with MQTT 3.1.1.
        pub fn disconnect_session_expiry(mut self, expiry: Option<::core::time::Duration>) -> Self {
            self.client = self.client.disconnect_session_expiry(expiry);
            self
        }

        /// Sets the number of messages with QoS 1 and 2, at least 1, that the broker may send
        /// before the client has acknowledged the first of them. The default is the number for
        /// which the client has memory, which is at least [`in_flight`](Self::in_flight) and 16.
        /// Only MQTT 5 has this limit.
        pub fn receive_maximum(mut self, messages: u16) -> Self {
            self.client = self.client.receive_maximum(messages);
            self
        }

        /// Sets the size in bytes, at least 1, of the largest packet that the broker may send. A
        /// broker does not send a message that is larger [MQTT-3.1.2-25]. By default there is no
        /// limit: large payloads are delivered in pieces. Only MQTT 5 has this limit.
        pub fn maximum_packet_size(mut self, bytes: u32) -> Self {
            self.client = self.client.maximum_packet_size(bytes);
            self
        }

        /// Sets whether the broker may explain failures with reason strings and user properties.
        /// With `false`, the broker leaves them out of all packets but CONNACK, DISCONNECT and
        /// messages [MQTT-3.1.2-29]. The default is `true`. Only MQTT 5 has this option.
        pub fn request_problem_information(mut self, is_wanted: bool) -> Self {
            self.client = self.client.request_problem_information(is_wanted);
            self
        }

        /// Sets whether the broker may send response information in CONNACK. By default it sends
        /// none [MQTT-3.1.2-28]. Only MQTT 5 has this option.
        pub fn request_response_information(mut self, is_wanted: bool) -> Self {
            self.client = self.client.request_response_information(is_wanted);
            self
        }

        /// Sets the number of topics that the broker may replace by topic aliases, which are
        /// numbers. The client replaces the aliases by their topics again. The default is 0, since
        /// each alias takes as much memory as its topic, up to 64 KiB. Only MQTT 5 has topic
        /// aliases.
        pub fn topic_alias_maximum(mut self, aliases: u16) -> Self {
            self.client = self.client.topic_alias_maximum(aliases);
            self
        }

        /// Sets the topics that the client replaces by topic aliases when it publishes. The default
        /// is [`Never`]($crate::AliasPolicy::Never). Only MQTT 5 has topic aliases.
        pub fn alias_policy(mut self, policy: $crate::AliasPolicy) -> Self {
            self.client = self.client.alias_policy(policy);
            self
        }

        /// Lets the client connect to another server if the broker of MQTT 5 names one when it
        /// refuses or ends a connection. The client uses the same transport, with another host and
        /// port. The other server receives the user name and the password, so use this option only
        /// with brokers that are trusted. With TLS, the certificate of the other server is checked
        /// for its own name.
        ///
        /// If the broker names several servers, the client tries the first eight of them, one after
        /// the other. If the broker has moved permanently, later connections use the other server,
        /// too, until none can be made. After five references in a row without a message or an
        /// acknowledgement in between, the client waits, as after other failures.
        pub fn follow_server_reference(mut self) -> Self {
            self.client = self.client.follow_server_reference();
            self
        }

        /// Authenticates the client in several steps with AUTH packets and this authentication
        /// method, which only MQTT 5 has.
        ///
        /// The function returns the data that the client sends next: first the data of CONNECT,
        /// then each answer to data of the broker. When the broker accepts the client, the function
        /// is called a last time to check the data that the broker sent with it; the client sends
        /// nothing else before that call. An error ends the connection with
        /// [`Authentication`]($crate::DisconnectReason::Authentication). The client waits for the
        /// function, so it must not block. The function can be called for several connections, and
        /// should depend only on the exchange and on data that does not change.
        ///
        /// After the client has [fallen back](Self::fall_back) to MQTT 3.1.1, it connects without
        /// this authentication.
        pub fn authentication(
            mut self,
            method: impl Into<String>,
            next: impl Fn(&$crate::Exchange) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        ) -> Self {
            self.client = self.client.authentication(method, next);
            self
        }

        /// Adds a user property to CONNECT, which only MQTT 5 has. The broker defines its meaning.
        pub fn user_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.client = self.client.user_property(name, value);
            self
        }

        /// Adds a user property to each SUBSCRIBE, also when the client subscribes again by itself.
        /// Only MQTT 5 has user properties. Those of SUBSCRIBE can have up to 2,048 bytes together,
        /// where each counts as the bytes of its name and value and 5 more.
        pub fn subscribe_user_property(
            mut self,
            name: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.client = self.client.subscribe_user_property(name, value);
            self
        }

        /// Adds a user property to each UNSUBSCRIBE. Only MQTT 5 has user properties. Those of
        /// UNSUBSCRIBE can have up to 2,048 bytes together, where each counts as the bytes of its
        /// name and value and 5 more.
        pub fn unsubscribe_user_property(
            mut self,
            name: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.client = self.client.unsubscribe_user_property(name, value);
            self
        }

        /// Adds a user property to the DISCONNECT with which the client ends. It is left out if the
        /// packet would be larger than the broker accepts. Only MQTT 5 has user properties. Those
        /// of DISCONNECT can have up to 2,048 bytes together, where each counts as the bytes of its
        /// name and value and 5 more.
        pub fn disconnect_user_property(
            mut self,
            name: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.client = self.client.disconnect_user_property(name, value);
            self
        }

        /// Sets the keep alive: the longest time in seconds between two packets of the client, or 0
        /// for no limit. The broker closes the connection when it has received nothing for one and
        /// a half times the keep alive. The default is 60 s. A broker of MQTT 5 can demand another
        /// one: see [`ServerLimits::keep_alive`]($crate::ServerLimits::keep_alive).
        pub fn keep_alive(mut self, seconds: u16) -> Self {
            self.client = self.client.keep_alive(seconds);
            self
        }

        /// Sets the user name and the password. The password can be any bytes.
        pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
            self.client = self.client.login(user, password);
            self
        }

        /// Sets the user name, without a password.
        pub fn user(mut self, user: impl Into<String>) -> Self {
            self.client = self.client.user(user);
            self
        }

        /// Sets the will: the message that the broker publishes when the connection ends without
        /// `disconnect`.
        pub fn will(mut self, will: $crate::Will) -> Self {
            self.client = self.client.will(will);
            self
        }

        /// Sets the time limit for opening a connection to one address. The same limit applies to
        /// the broker's answer to CONNECT and to PINGREQ, rounded up to whole seconds, 1 to 255.
        /// The default is 10 s.
        pub fn connect_timeout(mut self, limit: ::core::time::Duration) -> Self {
            self.client = self.client.connect_timeout(limit);
            self
        }

        /// Sets the policy for the next attempt when a connection cannot be made or is lost. The
        /// default is [`Reconnect::back_off`]($crate::Reconnect::back_off).
        pub fn reconnect(mut self, reconnect: $crate::Reconnect) -> Self {
            self.client = self.client.reconnect(reconnect);
            self
        }

        /// Sets which reasons end the client instead of another attempt. The arguments of the
        /// function are the reason, and whether the broker has accepted a connection before. If
        /// there are several brokers, the client ends when each of them has given such a reason.
        ///
        /// By default the client ends
        ///
        /// - if the broker refuses CONNECT with the return code 1 or 2 of MQTT 3.1.1, or with the
        ///   reason code 0x84 (unsupported protocol version) or 0x85 (client identifier not valid)
        ///   of MQTT 5, since another attempt with the same options would fail, too;
        /// - if the broker has not accepted a connection before, and refuses CONNECT with any other
        ///   code but 3 (server unavailable) of MQTT 3.1.1, and 0x80, 0x83, 0x88, 0x89, 0x97, 0x9c
        ///   and 0x9f of MQTT 5, which can be temporary; or if the authentication function returns
        ///   an error;
        /// - if a broker of MQTT 5 ends the connection because another client has taken over the
        ///   session (0x8e).
        pub fn end_if(mut self, is_final: fn(&$crate::DisconnectReason, bool) -> bool) -> Self {
            self.client = self.client.end_if(is_final);
            self
        }

        /// Sets the time limit for the acknowledgement of a request after its last byte was sent,
        /// and for a transport that accepts no bytes; or `None` for no limit. The default is 20 s.
        /// The client checks the limit eight times within this time.
        ///
        /// A message that is not acknowledged in time is given up: it ends with
        /// [`NotAcknowledged`]($crate::RequestError::NotAcknowledged) and is not sent again. Other
        /// messages are not affected.
        pub fn ack_timeout(mut self, limit: Option<::core::time::Duration>) -> Self {
            self.client = self.client.ack_timeout(limit);
            self
        }

        /// Sets the number of messages with QoS 1 and 2 that may be in flight at the same time, 1
        /// to 16,384. The default is 20. With more than 20, mosquitto 2.0 changes the order of
        /// messages with QoS 2.
        pub fn in_flight(mut self, messages: usize) -> Self {
            self.client = self.client.in_flight(messages);
            self
        }

        /// Applies the limits of this broker: a packet that exceeds one of them is refused before
        /// anything is sent, and no more messages are in flight at the same time than the broker
        /// allows. If the broker requires ALPN on the port in use, the client uses it. Set the
        /// host, the port and TLS as without a profile.
        pub fn profile(mut self, broker: &$crate::profile::Profile) -> Self {
            self.client = self.client.profile(broker);
            self
        }

        /// Limits the number of messages, 1 to 32,767, that were given up after the time limit of
        /// [`ack_timeout`](Self::ack_timeout), and whose packet identifiers are still in use. When
        /// the limit is reached and there is no room for another message, the connection ends with
        /// [`Unanswered`]($crate::DisconnectReason::Unanswered). The default is 1,024.
        pub fn given_up(mut self, messages: usize) -> Self {
            self.client = self.client.given_up(messages);
            self
        }

        /// Sets the number and the total size in bytes of the messages that may wait for a
        /// connection, and the treatment of further messages. The defaults are 1,000 messages, 1
        /// MiB, and [`Wait`]($crate::WhenFull::Wait).
        pub fn queue(mut self, messages: usize, bytes: usize, when_full: $crate::WhenFull) -> Self {
            self.client = self.client.queue(messages, bytes, when_full);
            self
        }

        /// Lets messages with QoS 0 wait for a connection, too. By default they are refused with
        /// [`Offline`]($crate::PublishError::Offline).
        pub fn queue_qos0(mut self) -> Self {
            self.client = self.client.queue_qos0();
            self
        }

        /// Sets the number of messages of a stream, and their approximate total size in bytes, that
        /// may wait to be taken before the client stops reading. The client reads on while it waits
        /// for an answer of the broker, since the answer may follow further messages. A stream
        /// always accepts one message. The defaults are 256 messages and 1 MiB.
        pub fn streams(mut self, messages: usize, bytes: usize) -> Self {
            self.client = self.client.streams(messages, bytes);
            self
        }

        /// Sets the number of bytes that may wait to be taken in all streams together, and the
        /// treatment of further messages with QoS 1 and 2. Further messages with QoS 0 are dropped
        /// and [counted]($crate::Counters::dropped). The defaults are 16 MiB and
        /// [`Disconnect`]($crate::Overflow::Disconnect).
        pub fn backlog(mut self, bytes: usize, overflow: $crate::Overflow) -> Self {
            self.client = self.client.backlog(bytes, overflow);
            self
        }

        /// Sets the largest payload in bytes that the client collects in memory. The default is 16
        /// MiB. A payload that is larger than this or than the [backlog](Self::backlog) is
        /// delivered in the pieces in which it arrives, unless it arrives in one piece.
        pub fn max_message(mut self, bytes: usize) -> Self {
            self.client = self.client.max_message(bytes);
            self
        }

        /// Sets whether messages for which there is no stream are acknowledged and dropped, instead
        /// of waiting unacknowledged for a stream that matches. By default they are dropped in a
        /// clean session, since they could not be delivered later, and wait in a session that is
        /// [kept](Self::keep_session).
        pub fn discard_unclaimed(mut self, discard: bool) -> Self {
            self.client = self.client.discard_unclaimed(discard);
            self
        }
    };
}
