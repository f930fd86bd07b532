//! The brokers. `docs/brokers.md` explains their limits.
use super::Profile;
use motemq::QoS;

/// The profile of AWS IoT Core with a client certificate. The broker does not answer packets that
/// it does not accept, for example with QoS 2. It requires a TLS server name (SNI), and may deliver
/// a message twice under different packet identifiers.
pub const AWS_IOT: Profile = Profile {
    name: "aws-iot",
    broker: "AWS IoT Core",
    port: 8883,
    tls: true,
    alpn: Some((443, "x-amzn-mqtt-ca")),
    client_id: 128,
    client_id_not: Some('$'),
    // The broker takes this for longer ones, and for none.
    keep_alive: Some(1200),
    qos: QoS::AtLeastOnce,
    topic: 256,
    slashes: 7,
    uncounted: Some("$aws/rules/"),
    payload: 128 << 10,
    filters: 8,
    in_flight: 100,
    ..Profile::ANY
};

/// The profile of Azure IoT Hub. The client identifier is the name of the device, or
/// `DEVICE/MODULE` for a module. The user name is `HUB/DEVICE/?api-version=2021-04-12`. The
/// password is a token that expires, unless the client has a certificate. The broker does not store
/// retained messages.
pub const AZURE_IOT_HUB: Profile = Profile {
    name: "azure-iot-hub",
    broker: "Azure IoT Hub",
    port: 8883,
    tls: true,
    client_id: 257,
    keep_alive: Some(1177),
    qos: QoS::AtLeastOnce,
    roots: &["devices/", "$iothub/"],
    payload: 256 << 10,
    filters: 5,
    ..Profile::ANY
};

/// The profile of HiveMQ Cloud, which requires a TLS server name (SNI).
pub const HIVEMQ_CLOUD: Profile = Profile {
    name: "hivemq-cloud",
    broker: "HiveMQ Cloud",
    port: 8883,
    tls: true,
    login: true,
    payload: 5 << 20,
    ..Profile::ANY
};

/// The profile of mosquitto with its default configuration. From version 2.1 on, it closes the
/// connection if a packet has more than 2,000,000 bytes. At most 20 messages are in flight to the
/// broker, which is also the number that it has in flight to each client.
pub const MOSQUITTO: Profile = Profile {
    name: "mosquitto",
    broker: "mosquitto",
    // A header is 9 bytes at most.
    message: 1_999_990,
    in_flight: 20,
    ..Profile::ANY
};
