//! Other crates for MQTT 3.1.1, measured by the side of Motemq: `cargo xtask bench codec`.
//!
//! Each file puts one crate behind [`Codec`](motemq_benches::Codec), as directly as its API allows.
mod mqtt_protocol_core;
mod mqttrs;
mod ntex;
mod rumqttc;
mod rumqttc_next;

use motemq_benches::{Case, add, matching, ours};

/// Motemq, the limits and all others, verified.
pub fn all() -> Vec<Case> {
    let mut cases = ours();
    add::<rumqttc::Rumqttc>("rumqttc", &mut cases);
    add::<rumqttc_next::RumqttcNext>("rumqttc-v4-next", &mut cases);
    add::<mqttrs::Mqttrs>("mqttrs", &mut cases);
    add::<mqtt_protocol_core::MqttProtocolCore>("mqtt-protocol-core", &mut cases);
    add::<ntex::Ntex>("ntex-mqtt", &mut cases);
    matching(
        "rumqttc",
        |filter, topic| ::rumqttc::matches(topic, filter),
        &mut cases,
    );
    matching(
        "rumqttc-v4-next",
        |filter, topic| ::rumqttc_next::matches(topic, filter),
        &mut cases,
    );
    cases
}
