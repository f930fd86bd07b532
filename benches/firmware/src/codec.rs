//! The codec for tools, and the functions for topics.
use crate::entries;
use core::mem::MaybeUninit;
use motemq::{
    Out, SendError,
    packet::{Filters, Malformed, Packet, decode},
    topic::{Topic, is_filter, is_name, matches},
};

entries! {
    mq_encode(p: &Packet<'_>, tx: &mut Out<'_>) -> Result<(), SendError> = p.encode(tx);
    mq_is_name(text: &&str) -> bool = is_name(text);
    mq_is_filter(text: &&str) -> bool = is_filter(text);
    mq_matches(filter: &&str, topic: &&str) -> bool = matches(filter, topic);
    mq_topic_matches(topic: &Topic<'_>, filter: &&str) -> bool = topic.matches(filter);
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
