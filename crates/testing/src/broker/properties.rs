//! The properties of a message that a server passes on unaltered.
use motemq::{Properties, Property};

/// The properties of a message that every receiver gets [MQTT-3.3.2-4] [MQTT-3.3.2-15]
/// [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20].
#[derive(Clone, Debug, Default)]
pub(super) struct Forwarded {
    is_text: Option<bool>,
    content_type: Option<String>,
    response_topic: Option<String>,
    correlation_data: Option<Vec<u8>>,
    user_properties: Vec<(String, String)>,
}

impl From<Properties<'_>> for Forwarded {
    fn from(properties: Properties<'_>) -> Self {
        let mut kept = Forwarded::default();
        for property in properties.iter() {
            match property {
                Property::PayloadFormatIndicator(is_text) => kept.is_text = Some(is_text),
                Property::ContentType(text) => kept.content_type = Some(text.as_str().into()),
                Property::ResponseTopic(text) => kept.response_topic = Some(text.as_str().into()),
                Property::CorrelationData(data) => kept.correlation_data = Some(data.into()),
                Property::UserProperty { name, value } => kept
                    .user_properties
                    .push((name.as_str().into(), value.as_str().into())),
                _ => {}
            }
        }
        kept
    }
}

impl Forwarded {
    /// Returns the properties, those of the user in their order.
    pub fn list(&self) -> Vec<Property<'_>> {
        let mut list = Vec::new();
        list.extend(self.is_text.map(Property::PayloadFormatIndicator));
        let content_type = self.content_type.as_deref();
        list.extend(content_type.map(|text| Property::ContentType(text.into())));
        let response_topic = self.response_topic.as_deref();
        list.extend(response_topic.map(|text| Property::ResponseTopic(text.into())));
        let correlation_data = self.correlation_data.as_deref();
        list.extend(correlation_data.map(Property::CorrelationData));
        let users = self.user_properties.iter();
        list.extend(users.map(|(name, value)| Property::UserProperty {
            name: name.as_str().into(),
            value: value.as_str().into(),
        }));
        list
    }
}
