//! The rules of the managed client that ARCHITECTURE.md lists, a module for each, under virtual time.
mod common;
mod rule_00_acknowledged_after_processed;
mod rule_00_messages_outlive_connections;
mod rule_01_application_stops_nothing;
mod rule_01_bursts_larger_than_the_bound;
mod rule_02_time_limits_measure_progress;
mod rule_03_dead_peers_are_found;
mod rule_04_given_up_messages_cost_nothing;
mod rule_05_reasons_are_told;
mod rule_06_failed_commands_do_nothing;
mod rule_07_returns_from_everything;
mod rule_08_every_address_has_its_turn;
mod rule_09_identifiers;
mod rule_10_leaving_says_disconnect;
mod rule_12_durable_requests;
mod rule_14_state_can_be_asked_for;
