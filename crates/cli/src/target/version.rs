//! The version of MQTT, and what only MQTT 5 has.
use crate::args::{
    ConnectionArgs, FilterArgs, PacketKind, Protocol, ProtocolArgs, SessionExpiry, Value,
};
use motemq_std::{AliasPolicy, MessageProperties, Options, Property, Version};
use std::time::Duration;

/// Returns the options with the version of MQTT and the properties of all packets but messages.
/// Those of an authentication are left out.
///
/// # Errors
/// The words for the user.
pub fn of(options: Options, args: &ConnectionArgs) -> Result<Options, String> {
    let protocol = &args.protocol;
    let mut options = match protocol.version() {
        Protocol::Mqtt311 => return Ok(options),
        Protocol::Mqtt5 => options.version(Version::Mqtt5),
        Protocol::Auto => options.version(Version::Mqtt5).fall_back(),
    };
    let mut expiry = None;
    for value in protocol.of(PacketKind::Connect) {
        options = match value {
            Value::TopicAliasMaximum(aliases) => options.topic_alias_maximum(*aliases),
            Value::ReceiveMaximum(messages) => options.receive_maximum(*messages),
            Value::MaximumPacketSize(bytes) => options.maximum_packet_size(*bytes),
            Value::RequestProblemInformation(is_wanted) => {
                options.request_problem_information(*is_wanted)
            }
            Value::RequestResponseInformation(is_wanted) => {
                options.request_response_information(*is_wanted)
            }
            Value::UserProperty(name, value) => options.user_property(name, value),
            Value::SessionExpiryInterval(seconds) => {
                expiry = Some(SessionExpiry::of(*seconds));
                options
            }
            _ => options,
        };
    }
    let expiry = protocol.session_expiry.or(expiry);
    if expiry == Some(SessionExpiry(None)) && args.id.is_none() {
        let words =
            "a session that is kept for ever needs a name, by which to resume it: say -i ID";
        return Err(words.into());
    }
    let options = match expiry {
        Some(SessionExpiry(expiry)) => options.session_expiry(expiry),
        None => options,
    };
    let is_kept = match expiry {
        Some(SessionExpiry(expiry)) => expiry != Some(Duration::ZERO),
        None => args.keep_session,
    };
    of_requests(options, protocol, is_kept)
}

/// Returns the options with the properties of SUBSCRIBE, UNSUBSCRIBE and DISCONNECT.
fn of_requests(
    mut options: Options,
    protocol: &ProtocolArgs,
    is_kept: bool,
) -> Result<Options, String> {
    type Add = fn(Options, String, String) -> Options;
    let packets: [(_, Add); 3] = [
        (PacketKind::Subscribe, Options::subscribe_user_property),
        (PacketKind::Unsubscribe, Options::unsubscribe_user_property),
        (PacketKind::Disconnect, Options::disconnect_user_property),
    ];
    for (packet, add) in packets {
        for value in protocol.of(packet) {
            options = match value {
                Value::UserProperty(name, value) => add(options, name.clone(), value.clone()),
                Value::SessionExpiryInterval(1..) if !is_kept => {
                    return Err(
                        "-D disconnect session-expiry-interval: the session ends with the \
                         connection, unless -c or -x is given"
                            .into(),
                    );
                }
                Value::SessionExpiryInterval(seconds) => {
                    let SessionExpiry(expiry) = SessionExpiry::of(*seconds);
                    options.disconnect_session_expiry(expiry)
                }
                _ => options,
            };
        }
    }
    Ok(options)
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
