//! The scenarios, each written once: `face` is one of the two.
mod cut;
#[path = "../../table/scenarios/cuts.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod cuts;
mod few_slots;
mod messages;
mod refusals;
mod sessions;
#[cfg(unix)]
mod sessions_on_unix;
#[path = "../../table/scenarios/support.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use super::face;
use motemq_faces::table;
use motemq_testing::mosquitto::{self, Mosquitto};

/// A broker that accepts anonymous clients, or nothing: the scenario is not here.
fn open(scenario: &str) -> Option<Mosquitto> {
    mosquitto::for_test(scenario, &["allow_anonymous true"])
}

table! {
    cut:
        a_publisher_cut_at_any_byte_loses_and_doubles_nothing
        a_publisher_cut_at_random_loses_and_doubles_nothing
        a_subscriber_cut_at_any_byte_loses_and_doubles_nothing;
    few_slots:
        thirty_queued_qos_2_messages_pass_through_eight_slots;
    messages:
        each_qos_both_ways
        each_qos_both_ways_with_its_tools
        many_under_way_at_once_keep_their_order
        retained_messages_are_kept_and_removed
        wildcards
        payloads_of_a_megabyte_and_of_nothing
        a_client_sends_to_itself_while_it_receives
        an_idle_link_is_kept_alive;
    refusals:
        a_filter_that_is_refused_is_told_from_those_that_are_granted
        a_wrong_password_is_not_authorised
        a_client_with_the_same_identifier_takes_over
        reconnection_ends_when_it_was_tried_often_enough;
    sessions:
        a_subscription_lost_with_the_session_is_made_again
        a_session_kept_from_another_process_is_unrecognized
        the_will_is_published_when_the_link_breaks_and_only_then;
    #[cfg(unix)]
    sessions_on_unix:
        a_session_survives_the_restart_of_the_broker;
}
