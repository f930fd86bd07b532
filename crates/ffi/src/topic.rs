//! Matching of topics, for programs with several subscriptions.
use crate::{arguments::Text, error::ARGUMENT};
use core::ffi::c_int;

#[unsafe(export_name = name!("topic_matches"))]
unsafe extern "C" fn topic_matches(filter: Text, topic: Text) -> c_int {
    match (filter.get(), topic.get()) {
        (Some(filter), Some(topic)) => motemq::topic::matches(filter, topic).into(),
        _ => ARGUMENT,
    }
}
