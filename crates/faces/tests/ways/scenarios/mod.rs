//! The scenarios, each written once: `face` is one of the two.
mod barred_ways;
#[cfg(target_os = "linux")]
mod barred_ways_on_linux;
mod kit;
mod open_ways;
#[cfg(unix)]
mod open_ways_on_unix;
#[path = "../../table/scenarios/support.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use super::face;
use motemq_faces::table;

table! {
    barred_ways:
        what_we_object_to
        what_the_broker_objects_to
        whoever_says_nothing_is_given_up;
    #[cfg(target_os = "linux")]
    barred_ways_on_linux:
        a_missing_client_certificate_is_told_in_tls_1_2
        nobody_is_told_of_a_bad_certificate_who_showed_none;
    open_ways:
        tls_works
        client_certificates_work
        a_websocket_works
        a_secure_websocket_works
        another_broker_over_tls;
    #[cfg(unix)]
    open_ways_on_unix:
        a_unix_socket_works
        a_proxy_that_wants_alpn_and_a_certificate;
}
