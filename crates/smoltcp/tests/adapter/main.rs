//! The tests that every adapter has to pass, over smoltcp, whose socket a gateway connects to real
//! ones; with both versions of MQTT.
mod gateway;
mod wire;

use motemq::{Mqtt5, Mqtt311};
use motemq_testing::adapter_tests::device::Device;
use wire::Wire;

mod mqtt311 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Wire, Mqtt311>);
}

mod mqtt5 {
    use super::*;
    motemq_testing::adapter_kit!(Device<Wire, Mqtt5>);
}
