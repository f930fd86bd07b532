//! The properties of MQTT 5, as mosquitto_sub prints them.
use super::json::quoted;
use motemq::{Properties, Property};
use std::borrow::Cow;

/// Returns what a property is printed as: nothing if the message does not have it.
pub fn value(char: char, properties: Properties<'_>) -> Cow<'_, [u8]> {
    let mut parts = properties
        .iter()
        .filter_map(|property| part(char, property));
    let Some(mut all) = parts.next() else {
        return Cow::default();
    };
    for part in parts {
        let all = all.to_mut();
        all.push(b' ');
        all.extend_from_slice(&part);
    }
    all
}

/// Returns a property as this character prints it.
fn part(char: char, property: Property<'_>) -> Option<Cow<'_, [u8]>> {
    let number = |number: u32| number.to_string().into_bytes().into();
    Some(match (char, property) {
        ('A', Property::TopicAlias(alias)) => number(alias.get().into()),
        ('C', Property::ContentType(text)) | ('R', Property::ResponseTopic(text)) => {
            text.as_bytes().into()
        }
        ('D', Property::CorrelationData(data)) => data.into(),
        ('E', Property::MessageExpiryInterval(seconds)) => number(seconds),
        ('F', Property::PayloadFormatIndicator(is_text)) => number(is_text.into()),
        ('P', Property::UserProperty { name, value }) => {
            [name.as_bytes(), b":", value.as_bytes()].concat().into()
        }
        ('S', Property::SubscriptionIdentifier(identifier)) => number(identifier),
        _ => return None,
    })
}

/// Returns the object of properties in JSON, with mosquitto's keys: in the order in which they came,
/// those of the user together.
pub fn object(properties: Properties<'_>) -> String {
    let mut members: Vec<String> = Vec::new();
    let mut has_user_properties = false;
    for property in properties.iter() {
        let (key, value) = match property {
            Property::TopicAlias(alias) => ("topic-alias", alias.to_string()),
            Property::ContentType(text) => ("content-type", quoted(text.as_bytes())),
            Property::ResponseTopic(text) => ("response-topic", quoted(text.as_bytes())),
            Property::CorrelationData(data) => ("correlation-data", quoted(data)),
            Property::MessageExpiryInterval(seconds) => {
                ("message-expiry-interval", seconds.to_string())
            }
            Property::PayloadFormatIndicator(is_text) => {
                ("payload-format-indicator", u8::from(is_text).to_string())
            }
            Property::SubscriptionIdentifier(identifier) => {
                ("subscription-identifier", identifier.to_string())
            }
            Property::UserProperty { .. } if !has_user_properties => {
                has_user_properties = true;
                let pairs = properties.user_properties().map(|(name, value)| {
                    let (name, value) = (quoted(name.as_bytes()), quoted(value.as_bytes()));
                    format!("{name}:{value}")
                });
                let pairs: Vec<_> = pairs.collect();
                ("user-properties", format!("{{{}}}", pairs.join(",")))
            }
            _ => continue,
        };
        members.push(format!("\"{key}\":{value}"));
    }
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use motemq_std::MessageProperties;

    #[test]
    fn properties_are_printed_as_mosquitto_prints_them() {
        let pair = |name: &'static str, value: &'static str| Property::UserProperty {
            name: name.into(),
            value: value.into(),
        };
        let list = [
            Property::ContentType("text/plain".into()),
            Property::CorrelationData(b"x\"y"),
            pair("a", "b"),
            Property::PayloadFormatIndicator(true),
            pair("a", "c d"),
            Property::MessageExpiryInterval(60),
            Property::ResponseTopic("re/s".into()),
        ];
        let properties = MessageProperties::new(&list).unwrap();
        for (char, wanted) in [
            ('A', ""),
            ('C', "text/plain"),
            ('D', "x\"y"),
            ('E', "60"),
            ('F', "1"),
            ('P', "a:b a:c d"),
            ('R', "re/s"),
            ('S', ""),
        ] {
            assert_eq!(&*value(char, properties.get()), wanted.as_bytes(), "{char}");
        }
        let wanted = r#"{"content-type":"text/plain","correlation-data":"x\"y","user-properties":{"a":"b","a":"c d"},"payload-format-indicator":1,"message-expiry-interval":60,"response-topic":"re/s"}"#;
        assert_eq!(object(properties.get()), wanted);
    }
}
