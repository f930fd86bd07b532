//! Sessions of MQTT 5 at real servers: mosquitto, and aedes 2. Where one is not installed its tests
//! are `not here`, by name, unless `MOTEMQ_REQUIRE` is set.
mod limits;
mod peer;
mod scenarios;

use motemq_testing::{aedes, mosquitto};

/// Each scenario at each server.
macro_rules! scenarios {
    ($($name:ident)*) => {
        mod at_mosquitto {
            use super::*;

            $(#[test]
            fn $name() {
                let test = concat!("at_mosquitto::", stringify!($name));
                if let Some(server) = mosquitto::for_test(test, &["allow_anonymous true"]) {
                    scenarios::$name(server.addr());
                    assert!(!server.log().contains("error"), "{}", server.log());
                }
            })*
        }

        mod at_aedes {
            use super::*;

            $(#[test]
            fn $name() {
                let test = concat!("at_aedes::", stringify!($name));
                if let Some(server) = aedes::for_test(test, "topicAliasMaximum: 10") {
                    scenarios::$name(server.addr());
                    assert_eq!(server.log(), "");
                }
            })*
        }
    };
}

scenarios! {
    properties_come_back
    an_identifier_is_assigned
    options_of_subscriptions
    shared_subscriptions
    topic_aliases
    a_session_is_resumed
    a_session_expires
    what_was_in_flight_is_sent_again
    messages_expire
    a_will_that_is_wanted
    a_takeover_ends_the_older_connection
    nobody_wants_it
}
