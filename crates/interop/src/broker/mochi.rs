//! mochi-mqtt, in a program of a few lines: `brokers/mochi`.
use super::{BOTH, Broker, Fetched, Listener, Place, Started};
use crate::{process::Signal, secrets::Secrets};
use motemq_testing::mosquitto::free_port;
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "mochi-mqtt",
    packages: &[("go", "golang-go")],
    fetched: Some(Fetched {
        program: "mochi",
        from: "mochi-mqtt from Go",
        get: |dir| {
            let mut command = Command::new("go");
            command.current_dir(super::sources("mochi"));
            command.args(["build", "-o"]).arg(dir.join("mochi"));
            command
        },
    }),
    version: |_| {
        let mut command = Command::new("go");
        command.current_dir(super::sources("mochi"));
        command.args(["list", "-m", "github.com/mochi-mqtt/server/v2"]);
        command
    },
    versions: BOTH,
    start,
    restarts: &[Signal::Terminate, Signal::Kill],
    login: None,
    known: &[
        "sends queued messages in random order, and sets the DUP flag although it sends them for the first time",
        "refuses MQTT 3.1.1 clients with codes of MQTT 5, and sends them DISCONNECT when it stops",
        "can lose acknowledged messages that it received shortly before a client reconnected",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, mutual, ws, wss] = [(); 5].map(|()| free_port());
    let mut command = Command::new(place.fetched.join("mochi"));
    command.arg(&place.dir).arg(&secrets.ca);
    command.arg(&secrets.server.0).arg(&secrets.server.1);
    command.args([tcp, tls, mutual, ws, wss].map(|port| port.to_string()));
    Started::one(
        place,
        command,
        vec![
            Listener::tcp(tcp),
            Listener::tls(tls),
            Listener::mutual(mutual),
            Listener::websocket(ws, "/mqtt"),
            Listener::secure_websocket(wss, "/mqtt"),
        ],
    )
}
