//! The scenarios, each written once: `face` is one of the two.
mod rule_13_hostile_peers;
#[cfg(target_os = "linux")]
mod rule_13_hostile_peers_with_tls;
mod rule_13_slow_links;

use super::face;
use motemq_faces::table;
use std::time::Duration;

/// Longer than anything takes that works.
const SOON: Duration = Duration::from_secs(20);

table! {
    rule_13_slow_links:
        a_large_frame_that_comes_slowly
        records_that_come_slowly
        frames_in_records_that_come_slowly;
    #[cfg(target_os = "linux")]
    rule_13_hostile_peers_with_tls:
        pings_in_records_are_no_sign_of_life_of_the_broker
        fragments_in_records_pass_on_as_they_come
        a_record_that_comes_slowly_is_a_sign_of_life;
    rule_13_hostile_peers:
        fragments_pass_on_as_they_come
        a_frame_passes_on_as_it_comes
        pings_are_answered
        frames_are_short
        pings_are_no_sign_of_life_of_the_broker
        the_reason_of_a_closed_websocket_is_told
        another_protocol_is_named;
}
