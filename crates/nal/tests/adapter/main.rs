//! The tests that every adapter has to pass, over `embedded-nal` and over `embedded-io-async`, with
//! both versions of MQTT.
mod asynchronous;
mod polled;

use asynchronous::{Halved, Undivided};
use motemq::{Mqtt5, Mqtt311};
use motemq_testing::adapter_tests::device::Device;
use polled::Polled;

mod link_mqtt311 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Polled, Mqtt311>);
}

mod link_mqtt5 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Polled, Mqtt5>);
}

mod halves_mqtt311 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Halved, Mqtt311>);
}

mod halves_mqtt5 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Halved, Mqtt5>);
}

mod whole_mqtt311 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Undivided, Mqtt311>);
}

mod whole_mqtt5 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Undivided, Mqtt5>);
}
