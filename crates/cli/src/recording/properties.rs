//! The properties of messages of MQTT 5.
use base64::{Engine, engine::general_purpose::STANDARD};
use motemq_std::{MessageProperties, Property, motemq};
use serde::{Deserialize, Serialize};

/// The properties that the publisher of a message has given it. Those that belong to one connection
/// are left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_format_indicator: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_expiry_interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_data_base64: Option<String>,
    /// Names and values. A name may be repeated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_properties: Vec<(String, String)>,
    #[serde(skip)]
    correlation_data: Vec<u8>,
}

impl Properties {
    /// Returns those of a message that was received.
    pub fn of(received: motemq::Properties<'_>) -> Self {
        let mut properties = Properties::default();
        for property in received.iter() {
            match property {
                Property::PayloadFormatIndicator(is_text) => {
                    properties.payload_format_indicator = Some(is_text.into());
                }
                Property::MessageExpiryInterval(seconds) => {
                    properties.message_expiry_interval = Some(seconds);
                }
                Property::ContentType(text) => properties.content_type = Some(text.to_string()),
                Property::ResponseTopic(text) => properties.response_topic = Some(text.to_string()),
                Property::CorrelationData(data) => {
                    properties.correlation_data_base64 = Some(STANDARD.encode(data));
                    properties.correlation_data = data.into();
                }
                Property::UserProperty { name, value } => {
                    let pair = (name.to_string(), value.to_string());
                    properties.user_properties.push(pair);
                }
                _ => {}
            }
        }
        properties
    }

    /// Decodes what a line has encoded.
    ///
    /// # Errors
    /// The reason why a message cannot have these properties.
    pub fn decoded(mut self) -> Result<Self, String> {
        if let Some(text) = &self.correlation_data_base64 {
            let data = STANDARD.decode(text);
            self.correlation_data =
                data.map_err(|error| format!("correlation_data_base64: {error}"))?;
        }
        MessageProperties::new(&self.list()).map_err(|error| error.to_string())?;
        Ok(self)
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Properties::default()
    }

    /// Returns the list of them, to be published.
    pub fn list(&self) -> Vec<Property<'_>> {
        let mut list = Vec::new();
        let is_text = self.payload_format_indicator.map(|value| value != 0);
        list.extend(is_text.map(Property::PayloadFormatIndicator));
        list.extend(
            self.message_expiry_interval
                .map(Property::MessageExpiryInterval),
        );
        let text = self.content_type.as_deref();
        list.extend(text.map(|text| Property::ContentType(text.into())));
        let text = self.response_topic.as_deref();
        list.extend(text.map(|text| Property::ResponseTopic(text.into())));
        if self.correlation_data_base64.is_some() {
            list.push(Property::CorrelationData(&self.correlation_data));
        }
        for (name, value) in &self.user_properties {
            let (name, value) = (name.as_str().into(), value.as_str().into());
            list.push(Property::UserProperty { name, value });
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_come_back_as_they_were() {
        let list = [
            Property::PayloadFormatIndicator(true),
            Property::MessageExpiryInterval(60),
            Property::ContentType("text/plain".into()),
            Property::ResponseTopic("replies/7".into()),
            Property::CorrelationData(b"\xff\0"),
            Property::UserProperty {
                name: "a".into(),
                value: "ä".into(),
            },
            Property::UserProperty {
                name: "a".into(),
                value: "".into(),
            },
        ];
        let properties = Properties::of(MessageProperties::new(&list).unwrap().get());
        let line = serde_json::to_string(&properties).unwrap();
        let wanted = r#"{"payload_format_indicator":1,"message_expiry_interval":60,"content_type":"text/plain","response_topic":"replies/7","correlation_data_base64":"/wA=","user_properties":[["a","ä"],["a",""]]}"#;
        assert_eq!(line, wanted);
        let read: Properties = serde_json::from_str(&line).unwrap();
        assert_eq!(read.decoded().unwrap().list(), list);
    }

    #[test]
    fn no_properties_are_an_empty_list() {
        let none = Properties::of(MessageProperties::default().get());
        assert!(none.is_empty() && none.list().is_empty());
        let empty = MessageProperties::new(&[Property::CorrelationData(b"")]).unwrap();
        let empty = Properties::of(empty.get());
        assert!(!empty.is_empty());
        assert_eq!(empty.list(), [Property::CorrelationData(b"")]);
    }

    #[test]
    fn properties_that_no_message_can_have_are_refused() {
        for line in [
            r#"{"correlation_data_base64":"/w"}"#,
            r#"{"response_topic":"a/#"}"#,
            r#"{"content_type":"\u0000"}"#,
        ] {
            let read: Properties = serde_json::from_str(line).unwrap();
            assert!(read.decoded().is_err(), "{line}");
        }
    }
}
