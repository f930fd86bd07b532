//! The version of MQTT, and what only MQTT 5 has.
use crate::args::{
    ConnectionArgs, FilterArgs, PacketKind, Protocol, ProtocolArgs, SessionExpiry, Value,
};
use motemq_std::{AliasPolicy, MessageProperties, Options, Property, Version};
use std::time::Duration;

/// Returns the options with the version of MQTT and the properties of CONNECT.
///
/// # Errors
/// The words for the user.
pub fn of(options: Options, args: &ConnectionArgs) -> Result<Options, String> {
    let protocol = &args.protocol;
    let mut options = match protocol.protocol_version {
        None | Some(Protocol::Mqtt311) => return Ok(options),
        Some(Protocol::Mqtt5) => options.version(Version::Mqtt5),
        Some(Protocol::Auto) => options.version(Version::Mqtt5).fall_back(),
    };
    let mut expiry = None;
    for value in protocol.of(PacketKind::Connect) {
        options = match value {
            Value::TopicAliasMaximum(aliases) => options.topic_alias_maximum(*aliases),
            Value::ReceiveMaximum(messages) => options.receive_maximum(*messages),
            Value::MaximumPacketSize(bytes) => options.maximum_packet_size(*bytes),
            Value::UserProperty(name, value) => options.user_property(name, value),
            Value::SessionExpiryInterval(seconds) if args.keep_session => {
                expiry = Some(SessionExpiry::of(*seconds));
                options
            }
            Value::SessionExpiryInterval(_) => {
                return Err("session-expiry-interval is for a session that is kept: say -c".into());
            }
            _ => options,
        };
    }
    Ok(match protocol.session_expiry.or(expiry) {
        Some(SessionExpiry(expiry)) => options.session_expiry(expiry),
        None => options,
    })
}

/// Returns the delay and the properties of the will.
///
/// # Errors
/// The words for the user.
pub fn of_will(protocol: &ProtocolArgs) -> Result<(Duration, MessageProperties), String> {
    let mut delay = Duration::ZERO;
    for value in protocol.of(PacketKind::Will) {
        if let Value::WillDelayInterval(seconds) = value {
            delay = Duration::from_secs((*seconds).into());
        }
    }
    Ok((delay, checked(protocol, PacketKind::Will)?))
}

/// Checks that there are no properties of a will that there is not.
///
/// # Errors
/// The words for the user.
pub fn without_will(protocol: &ProtocolArgs) -> Result<(), String> {
    match protocol.of(PacketKind::Will).next() {
        Some(_) => Err("-D will: there is no will: say --will-topic, too".into()),
        None => Ok(()),
    }
}

/// Checks the properties of messages.
///
/// # Errors
/// The words for the user.
pub fn message(protocol: &ProtocolArgs) -> Result<(), String> {
    checked(protocol, PacketKind::Publish).map(drop)
}

fn checked(protocol: &ProtocolArgs, packet: PacketKind) -> Result<MessageProperties, String> {
    let list: Vec<Property<'_>> = protocol.of(packet).filter_map(Value::of_message).collect();
    MessageProperties::new(&list).map_err(|error| format!("-D {}: {error}", packet.name()))
}

/// Returns the options with aliases for these topics, if they are to have them.
pub fn with_aliases(options: Options, protocol: &ProtocolArgs, topics: &[String]) -> Options {
    let mut values = protocol.of(PacketKind::Publish);
    if values.any(|value| *value == Value::TopicAlias) {
        options.alias_policy(AliasPolicy::Fixed(topics.to_vec()))
    } else {
        options
    }
}

/// Checks the options of subscriptions.
///
/// # Errors
/// The words for the user.
pub fn check_filters(protocol: &ProtocolArgs, filter: &FilterArgs) -> Result<(), String> {
    filter
        .named()
        .map_or(Ok(()), |option| protocol.needs_5(option))
}
