//! The codec for tools, and the functions for topics.
use crate::entries;
use core::mem::MaybeUninit;
use motemq::{
    Out, SendError,
    packet::{Filters, Malformed, Packet, decode},
    topic::{TopicError, TopicFilter, TopicName, matches},
};

entries! {
    mq_encode(p: &Packet<'_>, tx: &mut Out<'_>) -> Result<(), SendError> = p.encode(tx);
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
