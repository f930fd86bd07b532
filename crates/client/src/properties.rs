//! The properties of a message, in memory of its own.
use crate::protocol::Protocol;
use alloc::{boxed::Box, sync::Arc, vec};
use core::fmt;
use motemq::{
    Out, Properties, Property, Publish, QoS, SendOptions, SendProperties, TopicName,
    packet::v5::{Packet, decode},
};

/// The properties of a received message, of a message to be published, or of a
/// [will](crate::Will). Only MQTT 5 has properties.
///
/// Cloning them copies no bytes, and a message without properties needs no memory for them.
///
/// # Examples
/// ```
/// use motemq::Property;
/// use motemq_client::MessageProperties;
/// let properties = MessageProperties::new(&[Property::ContentType("text/plain".into())])?;
/// assert_eq!(properties.get().content_type(), Some("text/plain".into()));
/// # Ok::<(), motemq_client::InvalidProperties>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct MessageProperties(Option<Arc<Box<[u8]>>>);

/// The properties of a message that is published: `()` for none, or a list, which only MQTT 5 has.
///
/// The trait is sealed.
///
/// # Examples
/// ```
/// use motemq::{Property, Publish};
/// use motemq_client::{Client, Options, Version};
/// let mut client = Client::new(Options::new("node-7").version(Version::Mqtt5)).unwrap();
/// let list = [Property::ResponseTopic("replies/7".into())];
/// let request = Publish::to("requests").properties(&list).qos(motemq::QoS::AtLeastOnce);
/// let request = client.publish(&request)?;
/// # Ok::<(), motemq_client::PublishError>(())
/// ```
pub trait PublishProperties<'p>: SendProperties<'p, Protocol> {}

impl<'p, T: SendProperties<'p, Protocol>> PublishProperties<'p> for T {}

/// The options of the topic filters of a subscription: `()` for none, or
/// [`SubscriptionOptions`](motemq::SubscriptionOptions), which only MQTT 5 has.
///
/// The trait is sealed.
///
/// # Examples
/// ```
/// use motemq::{Filter, QoS, RetainHandling, SubscriptionOptions};
/// use motemq_client::{Client, Options, Version};
/// let mut client = Client::new(Options::new("node-7").version(Version::Mqtt5)).unwrap();
/// let others = SubscriptionOptions {
///     no_local: true,
///     retain_handling: RetainHandling::DoNotSend,
///     ..SubscriptionOptions::default()
/// };
/// client.subscribe(&[Filter::new("chat", QoS::AtLeastOnce).options(others)])?;
/// # Ok::<(), motemq_client::SubscribeError>(())
/// ```
pub trait SubscribeOptions: SendOptions<Protocol> {}

impl<O: SendOptions<Protocol>> SubscribeOptions for O {}

/// Returns the same message to this topic with these properties.
pub(crate) fn with_properties<'p, T: Copy>(
    publish: &Publish<'p, T>,
    topic: &'p str,
    list: &'p [Property<'p>],
) -> Publish<'p, &'p [Property<'p>]> {
    let mut other = Publish::to(topic)
        .payload(publish.payload)
        .qos(publish.qos)
        .remaining(publish.remaining)
        .properties(list);
    other.retain = publish.retain;
    other
}

/// The error for properties that a message to be published cannot have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error(
    "a property cannot stand in a message that is published, is repeated, or has a value that MQTT \
     does not allow: see MQTT 5, section 3.3.2.3"
)]
pub struct InvalidProperties;

/// The longest that a property of PUBLISH is besides its text and data.
const LONGEST_NUMBER: usize = 8;

impl MessageProperties {
    /// Makes properties of a message to be published.
    ///
    /// # Errors
    /// [`InvalidProperties`] for properties that a PUBLISH cannot have, and for a topic alias,
    /// which belongs to one connection.
    pub fn new(properties: &[Property<'_>]) -> Result<Self, InvalidProperties> {
        if properties.is_empty() {
            return Ok(MessageProperties::default());
        }
        let length = room_for(properties).ok_or(InvalidProperties)? + 16;
        // A packet that carries them checks and encodes them.
        let packet = Packet::Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: false,
            id: None,
            topic: TopicName::new("t").ok(),
            payload: &[],
            properties,
        };
        let (mut bytes, mut end) = (vec![0; length], 0);
        let encoded = packet.encode(&mut Out::new(&mut bytes, &mut end));
        encoded.map_err(|_| InvalidProperties)?;
        match decode(&bytes) {
            Ok(Some((Packet::Publish { properties, .. }, _))) => Ok(Self::received(properties)),
            _ => Err(InvalidProperties),
        }
    }

    /// Returns a copy of received properties.
    #[inline]
    pub(crate) fn received(properties: Properties<'_>) -> Self {
        if properties.is_empty() {
            return MessageProperties(None);
        }
        MessageProperties(Some(Arc::new(properties.as_bytes().into())))
    }

    /// Returns the properties.
    pub fn get(&self) -> Properties<'_> {
        Properties::of_publish(self.as_bytes()).unwrap_or_default()
    }

    /// Returns the properties that a message to be published can have: those of a message that was
    /// received may name subscriptions, and an alias of its topic.
    pub(crate) fn to_publish(&self) -> impl Iterator<Item = Property<'_>> {
        self.get().iter().filter(|property| {
            !matches!(
                property,
                Property::SubscriptionIdentifier(_) | Property::TopicAlias(_)
            )
        })
    }

    /// Returns the properties as they are encoded.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], |bytes| bytes)
    }

    /// Returns the length of the properties as they are encoded.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |bytes| bytes.len())
    }

    /// Returns whether there are no properties.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Returns how much room properties take at most, with their length before them. `None`: there is
/// one that a message that is published cannot have.
pub(crate) fn room_for(properties: &[Property<'_>]) -> Option<usize> {
    let mut room = 4;
    for property in properties {
        room += LONGEST_NUMBER
            + match property {
                Property::ContentType(text) | Property::ResponseTopic(text) => {
                    text.as_bytes().len()
                }
                Property::CorrelationData(data) => data.len(),
                Property::UserProperty { name, value } => {
                    name.as_bytes().len() + value.as_bytes().len()
                }
                Property::PayloadFormatIndicator(_) | Property::MessageExpiryInterval(_) => 0,
                _ => return None,
            };
    }
    Some(room)
}

impl fmt::Debug for MessageProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec::Vec};

    #[test]
    fn properties_are_those_of_the_list() {
        let long = "x".repeat(60_000);
        let list = [
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(7),
            Property::ContentType(long.as_str().into()),
            Property::ResponseTopic("re".into()),
            Property::CorrelationData(b"41"),
            Property::UserProperty {
                name: "a".into(),
                value: "b".into(),
            },
            Property::UserProperty {
                name: "a".into(),
                value: long.as_str().into(),
            },
        ];
        let properties = MessageProperties::new(&list).unwrap();
        assert_eq!(properties.get().iter().collect::<Vec<_>>(), list);
        let text = format!("{properties:?}");
        assert!(text.contains("message expiry interval 7"));
        assert!(!properties.is_empty());
        let none = MessageProperties::new(&[]).unwrap();
        assert!(none.is_empty() && none.get().is_empty());
    }

    #[test]
    fn what_a_message_cannot_have_is_refused() {
        for property in [
            Property::SubscriptionIdentifier(1),
            Property::TopicAlias(core::num::NonZeroU16::MIN),
            Property::WillDelayInterval(1),
            Property::ResponseTopic("a/#".into()),
            Property::ContentType("\0".into()),
        ] {
            let refused = MessageProperties::new(&[property]);
            assert_eq!(refused, Err(InvalidProperties), "{property:?}");
        }
        let twice = [Property::MessageExpiryInterval(1); 2];
        assert_eq!(MessageProperties::new(&twice), Err(InvalidProperties));
    }
}
