//! Options that most clients leave as they are.
use super::{Overflow, WhenFull, is_final};
use crate::{
    AliasPolicy, DisconnectReason, Reconnect, authentication::Authentication, inbox::SoftLimit,
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{
    num::{NonZeroU16, NonZeroU32},
    ops::Deref,
    time::Duration,
};
use motemq::Property;

/// The values of these options.
#[derive(Clone, Hash, Debug)]
pub(crate) struct Values {
    pub connect_timeout: Duration,
    pub brokers: u32,
    pub reconnect: Reconnect,
    pub is_final: fn(&DisconnectReason, bool) -> bool,
    pub ack_timeout: Option<Duration>,
    pub given_up: usize,
    pub queue_messages: usize,
    pub queue_bytes: usize,
    pub when_full: WhenFull,
    pub queue_qos0: bool,
    pub stream_messages: usize,
    pub stream_bytes: usize,
    pub backlog: usize,
    pub overflow: Overflow,
    pub max_message: usize,
    pub discard_unclaimed: Option<bool>,
    pub mqtt5: Option<Box<Mqtt5Values>>,
}

/// The values of options that only MQTT 5 has.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Mqtt5Values {
    /// The seconds for which the broker is asked to keep the session, if they are given.
    pub session_expiry: Option<u32>,
    /// The same when the client leaves.
    pub last_session_expiry: Option<u32>,
    pub receive_maximum: Option<NonZeroU16>,
    pub maximum_packet_size: Option<NonZeroU32>,
    pub request_problem_information: Option<bool>,
    pub request_response_information: Option<bool>,
    pub user_properties: Vec<UserProperty>,
    pub topic_alias_maximum: u16,
    pub alias_policy: AliasPolicy,
    pub follows_references: bool,
    pub authentication: Option<Authentication>,
}

/// The packets other than messages that have user properties of the application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum PropertyPacket {
    Connect,
    Subscribe,
    Unsubscribe,
    Disconnect,
}

/// A user property of every packet of a kind.
#[derive(Clone, Hash, Debug)]
pub(crate) struct UserProperty {
    pub packet: PropertyPacket,
    pub name: String,
    pub value: String,
}

impl UserProperty {
    /// Returns its length in a packet.
    pub fn length(&self) -> usize {
        self.name.len() + self.value.len() + 5
    }

    /// Returns it as it is sent.
    pub fn to_send(&self) -> Property<'_> {
        Property::UserProperty {
            name: self.name.as_str().into(),
            value: self.value.as_str().into(),
        }
    }
}

impl Values {
    const DEFAULT: Values = Values {
        connect_timeout: Duration::from_secs(10),
        brokers: 1,
        reconnect: Reconnect::back_off(),
        is_final,
        ack_timeout: Some(Duration::from_secs(20)),
        given_up: 1024,
        queue_messages: 1000,
        queue_bytes: 1 << 20,
        when_full: WhenFull::Wait,
        queue_qos0: false,
        stream_messages: 256,
        stream_bytes: 1 << 20,
        backlog: 16 << 20,
        overflow: Overflow::Disconnect,
        max_message: 16 << 20,
        discard_unclaimed: None,
        mqtt5: None,
    };

    /// Returns the values that only MQTT 5 has, to be changed.
    pub fn mqtt5_mut(&mut self) -> &mut Mqtt5Values {
        self.mqtt5.get_or_insert_with(Box::default)
    }

    /// Returns how much may wait in a stream before reading stops.
    #[inline]
    pub fn stream(&self) -> SoftLimit {
        SoftLimit {
            messages: self.stream_messages,
            bytes: self.stream_bytes,
        }
    }

    /// Returns the largest payload in bytes that is put together in memory.
    #[inline]
    pub fn largest_message(&self) -> usize {
        self.max_message.min(self.backlog)
    }
}

/// The values, which take no memory while all of them are the defaults. Clones share them.
#[derive(Clone, Hash, Debug, Default)]
pub(crate) struct Settings(Option<Arc<Values>>);

impl Settings {
    /// Returns the values, to be changed.
    pub fn values_mut(&mut self) -> &mut Values {
        let values = self.0.get_or_insert_with(|| Arc::new(Values::DEFAULT));
        Arc::make_mut(values)
    }
}

impl Deref for Settings {
    type Target = Values;

    #[inline]
    fn deref(&self) -> &Values {
        match &self.0 {
            Some(values) => values,
            None => &Values::DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn values_are_the_defaults_until_they_are_changed() {
        let mut settings = Settings::default();
        assert_eq!(settings.brokers, 1);
        settings.values_mut().brokers = 2;
        let clone = settings.clone();
        settings.values_mut().given_up = 7;
        assert_eq!((settings.brokers, settings.given_up), (2, 7));
        assert_eq!((clone.brokers, clone.given_up), (2, 1024));
    }

    #[test]
    fn an_empty_stream_is_never_full() {
        let options = Options::new("a").streams(0, 0);
        let SoftLimit { messages, bytes } = options.settings.stream();
        assert_eq!((messages, bytes), (1, 1));
    }

    /// Half of all identifiers are left for messages that are not given up.
    #[test]
    fn only_so_many_messages_can_be_given_up_that_others_have_identifiers() {
        for (messages, limit) in [(0, 1), (1, 1), (1024, 1024), (65_535, 32_767)] {
            let options = Options::new("a").given_up(messages);
            assert_eq!(options.settings.given_up, limit);
        }
    }
}
