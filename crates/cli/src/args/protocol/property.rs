//! `-D PACKET NAME VALUE [VALUE]`, as mosquitto's tools have it.
use clap::Command;
use motemq_std::Property;
use std::{
    ffi::{OsStr, OsString},
    fmt,
    num::{NonZeroU16, NonZeroU32},
    str::FromStr,
};

/// Stands between the words of a property on the command line, where no word can contain it.
const BETWEEN: char = '\0';

/// The packets that have properties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PacketKind {
    Connect,
    Publish,
    Subscribe,
    Unsubscribe,
    Disconnect,
    Will,
}

use PacketKind::{Connect, Disconnect, Publish, Subscribe, Unsubscribe, Will};

impl PacketKind {
    const ALL: [PacketKind; 6] = [Connect, Publish, Subscribe, Unsubscribe, Disconnect, Will];

    /// Returns the name that `-D` has for it.
    pub fn name(self) -> &'static str {
        match self {
            Connect => "connect",
            Publish => "publish",
            Subscribe => "subscribe",
            Unsubscribe => "unsubscribe",
            Disconnect => "disconnect",
            Will => "will",
        }
    }
}

/// A property of a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    pub packet: PacketKind,
    pub value: Value,
}

/// The value of a property, with the property it is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    PayloadFormatIndicator(bool),
    MessageExpiryInterval(u32),
    ContentType(String),
    ResponseTopic(String),
    CorrelationData(String),
    UserProperty(String, String),
    WillDelayInterval(u32),
    SubscriptionIdentifier(u32),
    TopicAlias,
    TopicAliasMaximum(u16),
    ReceiveMaximum(u16),
    MaximumPacketSize(u32),
    RequestProblemInformation(bool),
    RequestResponseInformation(bool),
    SessionExpiryInterval(u32),
    AuthenticationMethod(String),
    AuthenticationData(String),
}

/// The names of properties that clients send, and the packets in which MQTT 5 allows them.
const NAMES: [(&str, &[PacketKind]); 18] = [
    ("authentication-data", &[Connect]),
    ("authentication-method", &[Connect]),
    ("content-type", &[Publish, Will]),
    ("correlation-data", &[Publish, Will]),
    ("maximum-packet-size", &[Connect]),
    ("message-expiry-interval", &[Publish, Will]),
    ("payload-format-indicator", &[Publish, Will]),
    ("reason-string", &[Disconnect]),
    ("receive-maximum", &[Connect]),
    ("request-problem-information", &[Connect]),
    ("request-response-information", &[Connect]),
    ("response-topic", &[Publish, Will]),
    ("session-expiry-interval", &[Connect, Disconnect]),
    ("subscription-identifier", &[Subscribe]),
    ("topic-alias", &[Publish]),
    ("topic-alias-maximum", &[Connect]),
    ("user-property", &PacketKind::ALL),
    ("will-delay-interval", &[Will]),
];

impl Given {
    /// Reads the words of a property.
    ///
    /// # Errors
    /// The words for the user.
    pub fn read(text: &str) -> Result<Self, String> {
        const FEW: &str = "say PACKET NAME VALUE, as in: publish content-type text/plain";
        let is_split = text.contains(BETWEEN);
        let words = text.trim_matches(|char: char| !is_split && char.is_whitespace());
        let split = |text| -> Result<(String, String), String> {
            let parts = str::split_once(text, |char: char| {
                char == BETWEEN || (!is_split && char.is_whitespace())
            });
            let (first, rest) = parts.ok_or(FEW)?;
            let rest = if is_split { rest } else { rest.trim_start() };
            Ok((first.into(), rest.into()))
        };
        let (packet, rest) = split(words)?;
        let (name, value) = split(&rest)?;
        let mut packets = PacketKind::ALL.into_iter();
        let packet = packets
            .find(|known| known.name() == packet)
            .ok_or_else(|| {
                let known = PacketKind::ALL.map(PacketKind::name).join(", ");
                format!("{packet:?} is no packet with properties: known are {known}")
            })?;
        let mut names = NAMES.iter();
        let (name, allowed) = names.find(|(known, _)| *known == name).ok_or_else(|| {
            let known = NAMES.map(|(name, _)| name).join(", ");
            format!("{name:?} is no property of a client: known are {known}")
        })?;
        if !allowed.contains(&packet) {
            let packet = packet.name();
            return Err(format!("{packet} packets have no property {name}"));
        }
        let value = match *name {
            "user-property" => {
                let (name, value) = split(&value).map_err(|_| {
                    "user-property has two values, its name and its value".to_owned()
                })?;
                Value::UserProperty(name, value)
            }
            "payload-format-indicator" => Value::PayloadFormatIndicator(flag(name, &value)?),
            "message-expiry-interval" => Value::MessageExpiryInterval(number(name, &value)?),
            "content-type" => Value::ContentType(value),
            "response-topic" => Value::ResponseTopic(value),
            "correlation-data" => Value::CorrelationData(value),
            "will-delay-interval" => Value::WillDelayInterval(number(name, &value)?),
            "subscription-identifier" => match number(name, &value)? {
                id @ 1..=268_435_455 => Value::SubscriptionIdentifier(id),
                _ => return Err(format!("{name} is 1 to 268,435,455")),
            },
            "topic-alias" => {
                number::<NonZeroU16>(name, &value)?;
                Value::TopicAlias
            }
            "topic-alias-maximum" => Value::TopicAliasMaximum(number(name, &value)?),
            "receive-maximum" => Value::ReceiveMaximum(number::<NonZeroU16>(name, &value)?.get()),
            "maximum-packet-size" => {
                Value::MaximumPacketSize(number::<NonZeroU32>(name, &value)?.get())
            }
            "request-problem-information" => Value::RequestProblemInformation(flag(name, &value)?),
            "request-response-information" => {
                Value::RequestResponseInformation(flag(name, &value)?)
            }
            "session-expiry-interval" => Value::SessionExpiryInterval(number(name, &value)?),
            "authentication-method" => Value::AuthenticationMethod(value),
            "authentication-data" => Value::AuthenticationData(value),
            _ => {
                let packet = packet.name();
                return Err(format!("motemq sends no {name} in {packet} packets"));
            }
        };
        Ok(Given { packet, value })
    }
}

/// Reads the number that a property is.
fn number<N: FromStr>(name: &str, text: &str) -> Result<N, String>
where
    N::Err: fmt::Display,
{
    text.parse()
        .map_err(|error| format!("{name} is a number, not {text:?}: {error}"))
}

/// Reads the 0 or 1 that a property is.
fn flag(name: &str, text: &str) -> Result<bool, String> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(format!("{name} is 0 or 1")),
    }
}

impl Value {
    /// Returns the property, if a message has it.
    pub fn of_message(&self) -> Option<Property<'_>> {
        Some(match self {
            Value::PayloadFormatIndicator(is_text) => Property::PayloadFormatIndicator(*is_text),
            Value::MessageExpiryInterval(seconds) => Property::MessageExpiryInterval(*seconds),
            Value::ContentType(text) => Property::ContentType(text.as_str().into()),
            Value::ResponseTopic(text) => Property::ResponseTopic(text.as_str().into()),
            Value::CorrelationData(data) => Property::CorrelationData(data.as_bytes()),
            Value::UserProperty(name, value) => {
                let (name, value) = (name.as_str().into(), value.as_str().into());
                Property::UserProperty { name, value }
            }
            _ => return None,
        })
    }
}

/// Joins the words of each property of a command line, the name of the program first: the parser
/// has options with one value, or with a fixed number of them.
pub fn joined(command: &Command, words: Vec<OsString>) -> Vec<OsString> {
    if !command
        .get_arguments()
        .any(|arg| arg.get_id() == "properties")
    {
        return words;
    }
    let mut joined = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let follows = follows(command, &word);
        joined.push(word);
        match follows {
            Follows::Nothing => {}
            Follows::Value => joined.extend(words.next()),
            Follows::Property => {
                let mut parts: Vec<_> = words.by_ref().take(3).collect();
                if parts.get(1).is_some_and(|name| name == "user-property") {
                    parts.extend(words.next());
                }
                joined.push(parts.join(OsStr::new(BETWEEN.encode_utf8(&mut [0; 4]))));
            }
            Follows::Words => {
                joined.extend(words);
                break;
            }
        }
    }
    joined
}

/// The words behind a word.
#[derive(PartialEq, Eq, Debug)]
enum Follows {
    /// None that belong to it.
    Nothing,
    /// The value of an option.
    Value,
    /// The words of a property.
    Property,
    /// No options.
    Words,
}

/// Returns which words belong to this one.
fn follows(command: &Command, word: &OsStr) -> Follows {
    let word = word.to_string_lossy();
    let of = |arg: &clap::Arg| match arg.get_id().as_str() {
        "properties" => Follows::Property,
        _ => Follows::Value,
    };
    if word == "--" {
        return Follows::Words;
    }
    let mut options = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        let found = options.find(|arg| {
            let names = arg.get_long_and_visible_aliases().unwrap_or_default();
            arg.get_action().takes_values() && names.contains(&long)
        });
        return found.map_or(Follows::Nothing, of);
    }
    let Some(shorts) = word.strip_prefix('-') else {
        return Follows::Nothing;
    };
    for (at, short) in shorts.char_indices() {
        let found = command
            .get_arguments()
            .find(|arg| arg.get_short() == Some(short) && arg.get_action().takes_values());
        if let Some(arg) = found {
            let is_last = at + short.len_utf8() == shorts.len();
            return if is_last { of(arg) } else { Follows::Nothing };
        }
    }
    Follows::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Grammar;

    #[test]
    fn properties_have_the_names_of_mosquitto() {
        let read = |text: &str| Given::read(text).unwrap();
        let given = read("publish user-property a b c");
        assert_eq!(given.packet, Publish);
        assert_eq!(given.value, Value::UserProperty("a".into(), "b c".into()));
        let given = read("will\0user-property\0a b\0");
        assert_eq!(given.value, Value::UserProperty("a b".into(), "".into()));
        let given = read("publish\0correlation-data\0 x ");
        assert_eq!(given.value, Value::CorrelationData(" x ".into()));
        let given = read("connect session-expiry-interval 7");
        assert_eq!(given.value, Value::SessionExpiryInterval(7));
    }

    #[test]
    fn properties_that_no_packet_has_say_why() {
        for (text, words) in [
            ("", "say PACKET NAME VALUE"),
            ("publish content-type", "say PACKET NAME VALUE"),
            ("publish\0content-type", "say PACKET NAME VALUE"),
            (
                "pub content-type x",
                "no packet with properties: known are connect, publish",
            ),
            (
                "publish content x",
                "no property of a client: known are auth",
            ),
            (
                "connect content-type x",
                "connect packets have no property content-type",
            ),
            (
                "publish message-expiry-interval x",
                "is a number, not \"x\"",
            ),
            ("publish message-expiry-interval -1", "is a number"),
            ("publish payload-format-indicator 2", "is 0 or 1"),
            ("publish topic-alias 0", "is a number"),
            ("connect receive-maximum 0", "is a number"),
            ("subscribe subscription-identifier 0", "is 1 to 268,435,455"),
            ("publish user-property a", "has two values"),
            ("connect request-problem-information 2", "is 0 or 1"),
            ("connect request-response-information x", "is 0 or 1"),
            (
                "publish request-problem-information 0",
                "publish packets have no property request-problem-information",
            ),
            (
                "disconnect reason-string x",
                "sends no reason-string in disconnect packets",
            ),
            ("disconnect session-expiry-interval x", "is a number"),
            ("unsubscribe user-property a", "has two values"),
        ] {
            let error = Given::read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn the_words_of_a_property_are_one_value() {
        let command = Grammar::Publish.command();
        for (line, wanted) in [
            (
                "-D publish content-type x -r",
                "-D|publish+content-type+x|-r",
            ),
            (
                "--property will user-property -a -b -r",
                "--property|will+user-property+-a+-b|-r",
            ),
            ("-rD publish content-type x", "-rD|publish+content-type+x"),
            ("-m -D -t -D", "-m|-D|-t|-D"),
            ("-mD publish", "-mD|publish"),
            ("-D publish", "-D|publish"),
            ("-D", "-D|"),
            ("-- -D a b c", "--|-D|a|b|c"),
        ] {
            let words = line.split(' ').map(Into::into).collect();
            let words = joined(&command, words);
            let shown: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
            assert_eq!(shown.join("|").replace(BETWEEN, "+"), wanted, "{line}");
        }
    }
}
