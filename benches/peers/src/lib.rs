//! Other crates for MQTT 3.1.1 and MQTT 5, measured by the side of Motemq: `cargo xtask bench codec`.
//!
//! Each file puts one crate behind [`Codec`](motemq_benches::Codec), as directly as its API allows.
mod mqtt5_protocol;
mod mqtt_protocol_core;
mod mqtt_protocol_core5;
mod mqttbytes5;
mod mqttrs;
mod ntex;
mod ntex5;
mod rumqttc;
mod rumqttc5;
mod rumqttc_next;
mod rumqttc_next5;

use motemq_benches::{Case, add, add_5, matching, ours};

/// Motemq, the limits and all others, verified.
pub fn all() -> Vec<Case> {
    let mut cases = ours();
    add::<rumqttc::Rumqttc>("rumqttc", &mut cases);
    add::<rumqttc_next::RumqttcNext>("rumqttc-v4-next", &mut cases);
    add::<mqttrs::Mqttrs>("mqttrs", &mut cases);
    add::<mqtt_protocol_core::MqttProtocolCore>("mqtt-protocol-core", &mut cases);
    add::<ntex::Ntex>("ntex-mqtt", &mut cases);
    add_5::<rumqttc5::Rumqttc5>("rumqttc", &mut cases);
    add_5::<rumqttc_next5::RumqttcNext5>("rumqttc-v5-next", &mut cases);
    add_5::<mqttbytes5::Mqttbytes5>("mqttbytes", &mut cases);
    add_5::<mqtt5_protocol::Mqtt5Protocol>("mqtt5-protocol", &mut cases);
    add_5::<mqtt_protocol_core5::MqttProtocolCore5>("mqtt-protocol-core", &mut cases);
    add_5::<ntex5::Ntex5>("ntex-mqtt", &mut cases);
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
