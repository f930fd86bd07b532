//! Code that the faces over the client have in common.
use crate::{Options, profile::Profile};
use core::time::Duration;

impl Options {
    /// Returns the client identifier.
    pub fn get_client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns how long it may take to open a connection to one address.
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

        /// Sets the version of MQTT. The default is MQTT 3.1.1. A stored session of the other
        /// version goes on, if the broker has kept it.
        pub fn version(mut self, version: $crate::Version) -> Self {
            self.client = self.client.version(version);
            self
        }

        /// Lets a client of MQTT 5 speak MQTT 3.1.1 to a broker that does not speak MQTT 5. A
        /// broker that refuses the version, or answers CONNECT as one of MQTT 3.1.1, or closes the
        /// connection instead, is tried with MQTT 3.1.1 at once. The state says which version is
        /// spoken.
        pub fn fall_back(mut self) -> Self {
            self.client = self.client.fall_back();
            self
        }

        /// Resumes the last session with this client identifier, or begins one that outlives the
        /// connection [MQTT-3.1.2-4].
        ///
        /// Messages that the broker holds for the session arrive as soon as the connection is made.
        /// Messages for which there is no stream wait, unacknowledged, until one that matches is
        /// opened.
        pub fn keep_session(mut self) -> Self {
            self.client = self.client.keep_session();
            self
        }

        /// Sets how long the broker keeps the session without a connection, in whole seconds;
        /// `None`: for ever. By default that is for ever if the session is
        /// [kept](Self::keep_session), and not at all if it is not. A session that is not kept by
        /// the client, and is by the broker, begins anew with each connection and outlives the last
        /// one, for another program to resume it.
        ///
        /// Only MQTT 5 has it: in MQTT 3.1.1 brokers keep sessions as long as they like. Brokers
        /// may allow less, which the [limits]($crate::ServerLimits::session_expiry) of a connection
        /// say.
        pub fn session_expiry(mut self, expiry: Option<::core::time::Duration>) -> Self {
            self.client = self.client.session_expiry(expiry);
            self
        }

        /// Sets how long the broker keeps the session when the client leaves, in whole seconds;
        /// `None`: for ever. The default is what [`session_expiry`](Self::session_expiry) says. It
        /// is left out if the broker does not keep the session anyway, and with
        /// MQTT 3.1.1.
        pub fn disconnect_session_expiry(mut self, expiry: Option<::core::time::Duration>) -> Self {
            self.client = self.client.disconnect_session_expiry(expiry);
            self
        }

        /// Sets how many messages with QoS 1 and 2 the broker may send before the first of them is
        /// acknowledged, at least 1. The default is the number for which the client has memory,
        /// which is at least [`in_flight`](Self::in_flight) and 16. Only MQTT 5 has this limit.
        pub fn receive_maximum(mut self, messages: u16) -> Self {
            self.client = self.client.receive_maximum(messages);
            self
        }

        /// Sets the size in bytes of the largest packet that the broker may send, at least 1. A
        /// broker does not send a message that is larger [MQTT-3.1.2-25]. By default there is no
        /// limit: large payloads are passed on in pieces. Only MQTT 5 has this limit.
        pub fn maximum_packet_size(mut self, bytes: u32) -> Self {
            self.client = self.client.maximum_packet_size(bytes);
            self
        }

        /// Lets the broker send numbers in place of topics that it has sent before: at most this
        /// number of topics. The client puts the topics back. The default is 0: each of them takes
        /// memory, up to 64 KiB. Only MQTT 5 has topic aliases.
        pub fn topic_alias_maximum(mut self, aliases: u16) -> Self {
            self.client = self.client.topic_alias_maximum(aliases);
            self
        }

        /// Sets which topics the client replaces by numbers when it publishes to them. The default
        /// is [`Never`]($crate::AliasPolicy::Never). Only MQTT 5 has topic aliases.
        pub fn alias_policy(mut self, policy: $crate::AliasPolicy) -> Self {
            self.client = self.client.alias_policy(policy);
            self
        }

        /// Connects to another server if the broker of MQTT 5 names one, when it refuses a
        /// connection or ends one. The way there is the same, but for host and port. The server
        /// gets the login, so that this is for brokers that can be trusted with it; with TLS its
        /// certificate is checked for its own name.
        ///
        /// Of several servers, the first eight are tried, one after the other. If the broker has
        /// moved, later connections lead to that server, too, until none can be made. Servers that
        /// refer to each other do no harm: after five references without a message that was gained
        /// the client waits, as after other failures.
        pub fn follow_server_reference(mut self) -> Self {
            self.client = self.client.follow_server_reference();
            self
        }

        /// Authenticates in several steps, with this authentication method, which only MQTT 5 has.
        ///
        /// The function returns the data that the client sends next: first those of CONNECT, then
        /// the answers to what the broker says. At last it judges what the broker says when it
        /// accepts the client; before that, nothing else is sent. An error ends the connection with
        /// [`Authentication`]($crate::DisconnectReason::Authentication). The client calls it while
        /// it does nothing else, so that it has to compute, and not to wait. It may be called for
        /// several connections; all that it needs to know is what was said, and what it holds.
        ///
        /// If the client has [fallen back](Self::fall_back) to MQTT 3.1.1, there is no such
        /// authentication.
        pub fn authentication(
            mut self,
            method: impl Into<String>,
            next: impl Fn(&$crate::Exchange) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        ) -> Self {
            self.client = self.client.authentication(method, next);
            self
        }

        /// Adds a user property to CONNECT, which only MQTT 5 has. What it means, the broker says.
        pub fn user_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.client = self.client.user_property(name, value);
            self
        }

        /// Adds a user property to each SUBSCRIBE, also when the client subscribes again by itself.
        /// Those of a packet may have 2,048 bytes together.
        pub fn subscribe_user_property(
            mut self,
            name: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.client = self.client.subscribe_user_property(name, value);
            self
        }

        /// Adds a user property to each UNSUBSCRIBE. Those of a packet may have 2,048 bytes
        /// together.
        pub fn unsubscribe_user_property(
            mut self,
            name: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.client = self.client.unsubscribe_user_property(name, value);
            self
        }

        /// Adds a user property to the DISCONNECT with which the client leaves. It is left out if
        /// the packet would be larger than the broker accepts. Those of a packet may have 2,048
        /// bytes together.
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
        /// a half times as long. The default is 60 s.
        pub fn keep_alive(mut self, seconds: u16) -> Self {
            self.client = self.client.keep_alive(seconds);
            self
        }

        /// Sets user name and password. The password can be any bytes.
        pub fn login(mut self, user: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
            self.client = self.client.login(user, password);
            self
        }

        /// Sets the user name, without a password.
        pub fn user(mut self, user: impl Into<String>) -> Self {
            self.client = self.client.user(user);
            self
        }

        /// Sets the message that the broker publishes when the connection ends without
        /// `disconnect`.
        pub fn will(mut self, will: $crate::Will) -> Self {
            self.client = self.client.will(will);
            self
        }

        /// Sets how long it may take to open a connection to one address, and again for the
        /// broker's answer (in whole seconds up to 255, rounded up), which is also how long the
        /// answer to a ping may take. The default is 10 s.
        pub fn connect_timeout(mut self, limit: ::core::time::Duration) -> Self {
            self.client = self.client.connect_timeout(limit);
            self
        }

        /// Sets what to do when the connection cannot be made or is lost. The default is
        /// [`Reconnect::back_off`]($crate::Reconnect::back_off).
        pub fn reconnect(mut self, reconnect: $crate::Reconnect) -> Self {
            self.client = self.client.reconnect(reconnect);
            self
        }

        /// Sets which reasons end the client instead of another attempt. The function gets the
        /// reason, and whether there was a good connection before. If there are several brokers,
        /// the client ends when each of them has given such a reason.
        ///
        /// By default the client ends if the broker refuses CONNECT with a code other than 3
        /// (server unavailable) before there was a good connection, and later only for the codes 1
        /// and 2, which cannot change without other options.
        pub fn end_if(mut self, is_final: fn(&$crate::DisconnectReason, bool) -> bool) -> Self {
            self.client = self.client.end_if(is_final);
            self
        }

        /// Sets how long the broker may take to acknowledge a request after its last byte was sent,
        /// and how long the transport may take no byte; `None`: without a limit. The default is
        /// 20 s. The clock is looked at eight times within the limit.
        ///
        /// A message that is not acknowledged in time is given up: it ends with
        /// [`NotAcknowledged`]($crate::RequestError::NotAcknowledged) and is not sent again. Others
        /// are not affected.
        pub fn ack_timeout(mut self, limit: Option<::core::time::Duration>) -> Self {
            self.client = self.client.ack_timeout(limit);
            self
        }

        /// Sets how many messages with QoS 1 and 2 may be in flight at once, 1 to 16,384. The
        /// default is 20. If there are more, mosquitto 2.0 changes the order of those with QoS 2.
        pub fn in_flight(mut self, messages: usize) -> Self {
            self.client = self.client.in_flight(messages);
            self
        }

        /// Keeps to what this broker allows: what it would not accept is refused before anything is
        /// sent, and no more messages are in flight at once than it allows. Where the broker
        /// requires ALPN, it is used; host and port are given apart.
        pub fn profile(mut self, broker: &$crate::profile::Profile) -> Self {
            self.client = self.client.profile(broker);
            self
        }

        /// Sets how many messages that were given up may hold packet identifiers before the
        /// connection ends with [`Unanswered`]($crate::DisconnectReason::Unanswered). The default
        /// is 1024.
        pub fn given_up(mut self, messages: usize) -> Self {
            self.client = self.client.given_up(messages);
            self
        }

        /// Sets how many messages may wait for a connection, of how many bytes together, and what
        /// happens when no more may. The defaults are 1,000 messages, 1 MiB, and
        /// [`Wait`]($crate::WhenFull::Wait).
        pub fn queue(mut self, messages: usize, bytes: usize, when_full: $crate::WhenFull) -> Self {
            self.client = self.client.queue(messages, bytes, when_full);
            self
        }

        /// Lets messages with QoS 0 wait for a connection, too.
        pub fn queue_qos0(mut self) -> Self {
            self.client = self.client.queue_qos0();
            self
        }

        /// Sets how many messages of a stream, of about how many bytes together, may wait to be
        /// taken before the client stops reading. It reads on while an answer of the broker is
        /// awaited, since that may stand behind further messages. A stream always takes one
        /// message. The defaults are 256 messages and 1 MiB.
        pub fn streams(mut self, messages: usize, bytes: usize) -> Self {
            self.client = self.client.streams(messages, bytes);
            self
        }

        /// Sets how many bytes may wait to be taken in all streams together, and what happens
        /// beyond. Messages with QoS 0 are dropped then, and
        /// [counted]($crate::Counters::dropped). The defaults are 16 MiB and
        /// [`Disconnect`]($crate::Overflow::Disconnect).
        pub fn backlog(mut self, bytes: usize, overflow: $crate::Overflow) -> Self {
            self.client = self.client.backlog(bytes, overflow);
            self
        }

        /// Sets the largest payload in bytes that is put together in memory; the default is 16 MiB.
        /// A larger one, or one larger than the [backlog](Self::backlog), is passed on in the
        /// pieces in which it arrives. If it arrives in one piece, it is whole all the same.
        pub fn max_message(mut self, bytes: usize) -> Self {
            self.client = self.client.max_message(bytes);
            self
        }

        /// Sets whether messages for which there is no stream are acknowledged and dropped, instead
        /// of waiting unacknowledged for a stream that matches. By default they are dropped in a
        /// clean session, since they could not be delivered later, and wait in a kept one.
        pub fn discard_unclaimed(mut self, discard: bool) -> Self {
            self.client = self.client.discard_unclaimed(discard);
            self
        }
    };
}
