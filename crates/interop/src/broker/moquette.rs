//! Moquette, embedded in a program of a few lines: `brokers/moquette`.
use super::{Broker, Fetched, Listener, ONLY_311, Place, Started, java};
use crate::{process::Signal, secrets::Secrets};
use motemq_testing::mosquitto::free_port;

pub const BROKER: Broker = Broker {
    name: "Moquette",
    packages: java::PACKAGES,
    fetched: Some(Fetched {
        program: "classes/Moquette.class",
        from: "Moquette from Maven",
        get: |dir| java::maven("moquette", dir),
    }),
    version: |place| super::jar_version(place, "moquette-broker-"),
    versions: ONLY_311,
    start,
    restarts: &[Signal::Terminate],
    login: None,
    known: &[
        "sends neither PUBLISH nor PUBREL again when a client reconnects",
        "sends retained messages without RETAIN, and does not retain wills",
        "does not restart if it has stored a session that had ended",
        "answers CONNECT of MQTT 5 with a CONNACK of MQTT 5 that contains a code of MQTT 3.1.1, from which clients conclude that the broker does not support MQTT 5",
        "refuses an empty client identifier, even for a clean session",
        "accepts WebSocket frames of at most 65,536 bytes",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, ws, wss] = [(); 4].map(|()| free_port());
    let password = java::PASSWORD;
    let properties = format!(
        "host=127.0.0.1\nport={tcp}\nssl_port={tls}\nwebsocket_port={ws}\nsecure_websocket_port={wss}\n\
         websocket_path=/mqtt\nallow_anonymous=true\ntelemetry_enabled=false\npersistence_enabled=true\n\
         data_path={}\nnetty.mqtt.message_size=33554432\n\
         jks_path={}\nkey_store_password={password}\nkey_manager_password={password}\n",
        place.dir.join("data").display(),
        java::key_store(place, secrets)?.display(),
    );
    std::fs::create_dir_all(place.dir.join("data")).map_err(|error| error.to_string())?;
    let mut command = java::java(place, "Moquette");
    command.arg(place.write("moquette.properties", &properties)?);
    Started::one(
        place,
        command,
        vec![
            Listener::tcp(tcp),
            Listener::tls(tls),
            Listener::websocket(ws, "/mqtt"),
            Listener::secure_websocket(wss, "/mqtt"),
        ],
    )
}
