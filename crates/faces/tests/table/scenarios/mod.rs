//! The scenarios, each written once: `face` is one of the two.
mod authentication;
mod cuts;
mod support;

mod delivery;
#[cfg(all(feature = "store", unix))]
mod full_disks;
mod large;
mod mqtt_5;
mod proxies;
mod queue;
mod responses;
mod rule_00_acknowledged_after_processed;
mod rule_01_application_stops_nothing;
mod rule_02_time_limits_measure_progress;
mod rule_03_dead_peers_are_found;
mod rule_04_given_up_messages_cost_nothing;
mod rule_05_reasons_are_told;
mod rule_06_failed_commands_do_nothing;
mod rule_07_returns_from_everything;
mod rule_08_every_address_has_its_turn;
mod rule_09_identifiers;
mod rule_10_leaving_says_disconnect;
#[cfg(feature = "store")]
mod rule_11_store_apart;
#[cfg(feature = "store")]
mod rule_12_durable_requests;
mod rule_14_state_can_be_asked_for;
mod sessions;
mod websocket;

use super::face;
use motemq_faces::table;

table! {
    delivery:
        messages_of_each_qos_arrive
        a_thousand_are_under_way_at_once
        handles_are_shared_between_threads
        many_threads_use_one_client
        a_publisher_cut_at_any_byte_loses_and_doubles_nothing
        a_subscriber_cut_at_any_byte_loses_and_doubles_nothing
        both_ends_cut_at_random_lose_and_double_nothing
        a_large_message_leaves_at_once;
    #[cfg(all(feature = "store", unix))]
    full_disks:
        a_full_disk_is_reported_and_loses_nothing_that_was_accepted;
    large:
        a_message_too_large_for_memory_is_streamed_or_discarded
        large_payloads_pass_in_both_directions_at_once
        large_messages_are_sent_again_when_they_were_cut
        a_reader_that_is_dropped_loses_its_message_only
        a_large_message_is_read_in_pieces
        a_source_that_fails_publishes_nothing;
    mqtt_5:
        messages_have_properties
        properties_need_mqtt_5
        an_older_broker_is_spoken_to_in_its_version
        what_the_broker_refuses_has_its_reason
        what_the_broker_accepts_has_its_reason
        the_end_of_a_connection_has_its_reason
        the_limits_of_the_broker_are_kept
        a_will_has_properties
        subscriptions_have_options_and_identifiers
        topics_have_aliases
        a_server_that_the_broker_names_is_followed
        a_client_without_an_identifier_is_given_one;
    responses:
        many_requests_have_their_responses
        a_request_has_one_time_limit
        a_request_without_a_connection_says_why
        a_request_without_a_response_says_why
        requests_of_mqtt_3_1_1_name_no_topic;
    authentication:
        clients_authenticate_in_several_steps_and_anew;
    proxies:
        proxies_lead_to_the_broker
        tls_goes_through_proxies
        a_missing_broker_is_reported
        refusals_are_reported
        a_missing_proxy_is_reported;
    queue:
        what_waits_for_a_connection_is_bounded
        the_oldest_gives_way_if_that_is_wished
        as_many_are_under_way_as_may_be
        what_is_larger_than_the_queue_waits_for_a_connection;
    rule_00_acknowledged_after_processed:
        asking_for_the_next_acknowledges
        acknowledgements_by_hand_leave_in_order
        what_was_taken_when_the_link_broke_does_not_come_again
        what_was_taken_while_there_was_no_connection_does_not_come_again
        leaving_acknowledges_what_was_taken_only
        what_comes_before_the_answer_to_a_subscription_finds_its_stream
        messages_find_their_streams
        unclaimed_messages_wait_where_they_could_come_again;
    rule_01_application_stops_nothing:
        a_handler_that_publishes_cannot_lock_itself_out
        a_handler_answers
        a_full_stream_bars_nothing_and_loses_nothing
        an_answer_behind_many_messages_is_found
        a_client_whose_messages_are_taken_slowly_stays_connected
        a_client_whose_messages_are_not_taken_stays_connected
        qos_0_is_dropped_when_too_much_waits
        an_overrun_ends_the_connection_until_there_is_room
        an_overrun_is_discarded_if_that_is_wished
        a_slow_hook_bars_nothing;
    rule_02_time_limits_measure_progress:
        a_broker_that_takes_no_bytes_is_left
        a_broker_that_only_sends_is_left
        the_system_holds_little_of_a_large_message;
    rule_03_dead_peers_are_found:
        an_idle_client_says_nothing_but_pings
        a_dead_link_is_found_in_time
        a_dead_link_is_found_by_a_client_that_sends;
    rule_04_given_up_messages_cost_nothing:
        silence_is_given_up
        what_was_given_up_is_not_sent_again
        silence_about_a_message_ends_the_message_only
        silence_about_a_subscription_ends_the_subscription_only
        without_another_connection_silence_is_borne;
    rule_05_reasons_are_told:
        a_missing_broker_is_named
        a_broker_that_does_not_answer_is_named
        a_connection_that_is_reset_before_an_answer_says_what_to_check
        without_another_attempt_the_reason_is_told_by_every_call
        without_another_attempt_the_loss_is_the_end
        everything_that_waits_ends_with_the_driver
        filters_that_are_refused_are_named
        the_loss_of_a_subscription_is_told
        an_upload_that_is_cut_says_why
        publish_once_says_why
        publish_once_tells_of_an_acknowledgement_although_leaving_takes_long
        a_message_over_which_the_broker_goes_wrong_twice_is_abandoned
        a_stopped_attempt_to_connect_is_not_a_failed_one;
    rule_06_failed_commands_do_nothing:
        arguments_are_checked_before_anything_is_sent
        a_wrong_topic_is_refused_at_once
        a_message_that_never_fits_drops_no_other
        what_a_broker_would_not_take_is_not_sent
        no_more_are_under_way_than_the_broker_has_places_for;
    rule_07_returns_from_everything:
        a_first_refusal_is_the_end
        an_unavailable_broker_is_asked_again
        a_later_refusal_is_the_end_unless_it_may_pass
        a_message_that_ends_each_connection_is_sent_until_the_client_leaves
        each_attempt_has_its_own_login
        the_way_may_change_with_each_attempt
        an_attempt_that_panics_is_told_and_made_again
        a_client_comes_back_from_each_loss
        waiting_for_a_connection_is_limited;
    rule_08_every_address_has_its_turn:
        a_broker_that_is_not_there_leaves_the_turn_to_the_next
        brokers_are_tried_one_after_the_other
        a_client_connects_from_the_address_that_is_chosen;
    rule_09_identifiers:
        after_a_restart_without_state_a_message_is_not_taken_for_an_older_one;
    rule_10_leaving_says_disconnect:
        leaving_has_a_limit
        leaving_does_not_wait_for_subscriptions
        leaving_ends_any_wait
        a_client_without_handles_leaves
        wills_are_for_clients_that_do_not_leave
        a_stream_is_a_handle
        leaving_without_a_connection_tells_what_was_not_sent
        an_upload_that_is_given_up_ends_the_connection;
    #[cfg(feature = "store")]
    rule_11_store_apart:
        a_store_that_does_not_fit_is_an_error
        what_waits_for_the_disk_ends_with_the_driver;
    #[cfg(feature = "store")]
    rule_12_durable_requests:
        messages_survive_their_process
        messages_survive_a_kill
        what_was_published_is_on_the_disk
        what_was_taken_without_a_connection_is_on_the_disk;
    rule_14_state_can_be_asked_for:
        states_can_be_watched
        a_state_is_watched_while_there_is_no_connection
        what_has_happened_is_counted;
    sessions:
        subscriptions_lost_with_the_session_are_made_again
        long_subscriptions_are_made_again_in_several_packets
        in_a_resumed_session_everything_is_sent_again_in_order
        in_a_new_session_qos_1_is_sent_again_and_qos_2_is_not
        a_lost_session_begins_anew
        what_was_acknowledged_meanwhile_is_not_sent_again
        what_was_held_meanwhile_comes;
    websocket:
        frames_may_be_cut_anywhere
        the_request_is_as_wanted_each_time
        servers_that_do_not_speak_mqtt;
}
