//! Connections that are cut.
use super::{cuts, open};

pub fn a_publisher_cut_at_any_byte_loses_and_doubles_nothing() {
    if let Some(broker) = open("a_publisher_cut_at_any_byte_loses_and_doubles_nothing") {
        cuts::cut_publisher_everywhere(broker.addr());
    }
}

/// The subscriber is not cut: mosquitto 2.0 publishes again what it has released already if a
/// connection is cut early, and then early again. Nor does the order count, which it was seen to
/// change when connections were cut.
pub fn a_publisher_cut_at_random_loses_and_doubles_nothing() {
    if let Some(broker) = open("a_publisher_cut_at_random_loses_and_doubles_nothing") {
        (0..5).for_each(|seed| cuts::cut_at_random(broker.addr(), seed, false));
    }
}

pub fn a_subscriber_cut_at_any_byte_loses_and_doubles_nothing() {
    if let Some(broker) = open("a_subscriber_cut_at_any_byte_loses_and_doubles_nothing") {
        cuts::cut_subscriber_everywhere(broker.addr());
    }
}
