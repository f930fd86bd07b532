//! The rows of MQTT 5 in `docs/codec.md`.
use super::{Figure, report::table};

/// Those who speak MQTT 5, the limit first, then Motemq.
pub const WHO: [&str; 9] = [
    "slices",
    "motemq packet",
    "motemq session",
    "rumqttc",
    "rumqttc-v5-next",
    "mqttbytes",
    "mqtt5-protocol",
    "mqtt-protocol-core",
    "ntex-mqtt",
];

/// How packets are read or written, and which. The five properties are payload format indicator,
/// message expiry interval, content type, correlation data and user property.
pub const ROWS: [(&str, &str); 18] = [
    (
        "decode5/publish_16B",
        "read PUBLISH, 16 bytes, no properties, through a packet value",
    ),
    (
        "decode5/publish_256B_qos1",
        "read PUBLISH, 256 bytes, QoS 1, no properties, through a packet value",
    ),
    (
        "decode5/publish_16B_properties",
        "read PUBLISH, 16 bytes, five properties, through a packet value",
    ),
    (
        "decode5/connect",
        "read CONNECT with everything but properties, through a packet value",
    ),
    (
        "decode5/subscribe_8",
        "read SUBSCRIBE of 8, through a packet value",
    ),
    (
        "encode5/publish_16B",
        "write PUBLISH, 16 bytes, no properties, through a packet value that is there already",
    ),
    (
        "build5/publish_16B",
        "the same from `&str` and `&[u8]`, through a packet value",
    ),
    (
        "write5/publish_16B",
        "the same from `&str` and `&[u8]`, in place",
    ),
    (
        "write5/publish_256B_qos1",
        "write PUBLISH, 256 bytes, QoS 1, no properties, from `&str` and `&[u8]`, in place",
    ),
    (
        "encode5/publish_16B_properties",
        "write PUBLISH, 16 bytes, five properties, through a packet value that is there already",
    ),
    (
        "build5/publish_16B_properties",
        "the same from `&str` and `&[u8]`, through a packet value",
    ),
    (
        "write5/publish_16B_properties",
        "the same from `&str` and `&[u8]`, in place",
    ),
    (
        "encode5/connect",
        "write CONNECT with everything but properties, through a packet value",
    ),
    (
        "build5/connect",
        "the same from `&str` and `&[u8]`, through a packet value",
    ),
    ("write5/connect", "the same in place"),
    (
        "encode5/subscribe_8",
        "write SUBSCRIBE of 8, through a packet value",
    ),
    (
        "build5/subscribe_8",
        "the same from `&str` and `&[u8]`, through a packet value",
    ),
    ("write5/subscribe_8", "the same in place"),
];

/// Returns both tables, with their headings.
pub fn tables(times: &[Figure], instructions: &[Figure]) -> String {
    format!(
        "### Nanoseconds per packet of MQTT 5\n\n{}\n### Instructions per packet of MQTT 5\n\n{}",
        table(&WHO, &ROWS, times, ""),
        table(&WHO, &ROWS, instructions, "")
    )
}
