//! The codec for tools, and the functions for topics.
use crate::entries;
use core::mem::MaybeUninit;
use motemq::{
    Out, Properties, Property, SendError,
    packet::{Filters, Malformed, Packet, decode, v5},
    topic::{TopicError, TopicFilter, TopicName, matches},
};

entries! {
    mq_encode(p: &Packet<'_>, tx: &mut Out<'_>) -> Result<(), SendError> = p.encode(tx);
    mq_encode_5(p: &v5::Packet<'_>, tx: &mut Out<'_>) -> Result<(), SendError> = p.encode(tx);
    mq_encode_5_list(p: &v5::Packet<'_, &[Property<'_>]>, tx: &mut Out<'_>) -> Result<(), SendError> = p.encode(tx);
    mq_topic_name(text: &'static &'static str) -> Result<TopicName<'static>, TopicError> = TopicName::new(text);
    mq_topic_filter(text: &'static &'static str) -> Result<TopicFilter<'static>, TopicError> = TopicFilter::new(text);
    mq_matches(filter: &&str, topic: &&str) -> bool = matches(filter, topic);
    mq_topic_matches(topic: &TopicName<'_>, filter: &&str) -> bool = topic.matches(filter);
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_decode<'i>(
    bytes: &&'i [u8],
    to: &mut MaybeUninit<Result<Option<(Packet<'i>, usize)>, Malformed>>,
) {
    to.write(decode(bytes));
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_filters(filters: &Filters<'_>, length: &mut usize) {
    filters
        .iter()
        .for_each(|filter| *length = length.wrapping_add(filter.filter.len()));
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_decode_5<'i>(
    bytes: &&'i [u8],
    to: &mut MaybeUninit<Result<Option<(v5::Packet<'i>, usize)>, v5::DecodeError>>,
) {
    to.write(v5::decode(bytes));
}

#[unsafe(no_mangle)]
pub extern "C" fn mq_properties(properties: &Properties<'_>, each: extern "C" fn(&Property<'_>)) {
    properties.iter().for_each(|property| each(&property));
    let found = [
        properties.response_topic(),
        properties.content_type(),
        properties.reason_string(),
        properties.server_reference(),
        properties.assigned_client_identifier(),
        properties.authentication_method(),
    ];
    for text in found.into_iter().flatten() {
        each(&Property::ContentType(text));
    }
    for (name, value) in properties.user_properties() {
        each(&Property::UserProperty { name, value });
    }
    for data in [
        properties.correlation_data(),
        properties.authentication_data(),
    ] {
        each(&Property::CorrelationData(data.unwrap_or_default()));
    }
    for number in properties.subscription_identifiers() {
        each(&Property::SubscriptionIdentifier(number));
    }
    each(&Property::MessageExpiryInterval(
        properties.message_expiry_interval().unwrap_or_default(),
    ));
    each(&Property::ServerKeepAlive(
        properties.topic_alias().unwrap_or_default(),
    ));
}
