//! Messages, and their way to one client.
use super::{
    outbox::{Alias, Outbox},
    properties::Forwarded,
};
use crate::codec::Sent;
use motemq::{PacketId, Properties, Property, Publish, QoS, Version, topic::TopicName};
use std::sync::Arc;

/// A message as it was published; shared by all it goes to.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub properties: Forwarded,
    /// When it expires, in milliseconds.
    pub expiry: Option<u64>,
}

impl Message {
    /// Returns whether it is too late to deliver the message [MQTT-3.3.2-5].
    pub fn is_expired(&self, now: u64) -> bool {
        self.expiry.is_some_and(|expiry| expiry <= now)
    }
}

/// Returns when a message with these properties expires if it is published now.
pub(super) fn expiry(properties: Properties<'_>, now: u64) -> Option<u64> {
    let seconds = properties.message_expiry_interval()?;
    Some(now + u64::from(seconds) * 1000)
}

/// What is published for a client that is gone.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub message: Message,
    pub retain: bool,
    /// The milliseconds for which it is delayed.
    pub delay: u64,
    /// The seconds after which it expires, once it is published.
    expiry: Option<u32>,
}

impl From<Publish<'_, Properties<'_>>> for Will {
    fn from(will: Publish<'_, Properties<'_>>) -> Self {
        let delay = will.properties.iter().find_map(|property| match property {
            Property::WillDelayInterval(seconds) => Some(u64::from(seconds) * 1000),
            _ => None,
        });
        Will {
            message: Message {
                topic: will.topic().into(),
                payload: will.payload.into(),
                qos: will.qos,
                properties: will.properties.into(),
                expiry: None,
            },
            retain: will.retain,
            delay: delay.unwrap_or(0),
            expiry: will.properties.message_expiry_interval(),
        }
    }
}

impl Will {
    /// Returns the message that is published now.
    pub fn into_message(self, now: u64) -> Message {
        Message {
            expiry: self.expiry.map(|seconds| now + u64::from(seconds) * 1000),
            ..self.message
        }
    }
}

/// A message on its way to one client.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub message: Arc<Message>,
    pub qos: QoS,
    pub retain: bool,
    /// The identifiers of the subscriptions that it matches.
    pub identifiers: Vec<u32>,
}

impl Delivery {
    /// Appends the message. Returns `false` if the client does not accept packets of its length.
    pub fn append(&self, id: Option<PacketId>, dup: bool, now: u64, output: &mut Outbox) -> bool {
        let topic = self.message.topic.as_str();
        let mut list = Vec::new();
        let mut alias = Alias::None;
        if output.version() == Version::Mqtt5 {
            list = self.message.properties.list();
            // The seconds that are left [MQTT-3.3.2-6].
            let left = self.message.expiry.map(|at| at.saturating_sub(now) / 1000);
            list.extend(left.map(|seconds| Property::MessageExpiryInterval(seconds as u32)));
            let identifiers = self.identifiers.iter();
            list.extend(identifiers.map(|&number| Property::SubscriptionIdentifier(number)));
            alias = output.alias(topic);
        }
        if let Alias::New(number) | Alias::Known(number) = alias {
            let number = number.try_into().expect("they begin with 1");
            list.push(Property::TopicAlias(number));
        }
        let name = TopicName::new(topic).expect("it was checked when it came");
        let is_sent = output.send(&Sent::Publish {
            dup,
            qos: self.qos,
            retain: self.retain,
            id,
            topic: Some(name).filter(|_| !matches!(alias, Alias::Known(_))),
            payload: &self.message.payload,
            properties: &list,
        });
        if let Alias::New(number) = alias
            && is_sent
        {
            output.learn(topic, number);
        }
        is_sent
    }
}
