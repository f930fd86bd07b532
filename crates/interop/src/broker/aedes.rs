//! aedes, from npm: version 1 with its own command, version 2 in a program of a few lines:
//! `brokers/aedes2.mjs`.
use super::{BOTH, Broker, Fetched, Listener, ONLY_311, Place, Started};
use crate::secrets::Secrets;
use motemq_testing::{aedes::PACKAGE, mosquitto::free_port};
use std::{path::Path, process::Command};

const PROGRAM: &str = "node_modules/aedes-cli/bin/aedes";

pub const BROKER: Broker = Broker {
    name: "aedes",
    packages: &[("node", "nodejs"), ("npm", "npm")],
    fetched: Some(Fetched {
        program: PROGRAM,
        from: "aedes-cli from npm",
        get: |dir| npm(dir, &["aedes-cli"]),
    }),
    version,
    versions: ONLY_311,
    start,
    restarts: &[],
    login: None,
    known: &[
        "reports no session if the session has no subscriptions",
        "sends messages again without the DUP flag, and some QoS 2 messages again after PUBREL",
        "closes connections of other protocol versions without CONNACK",
    ],
};

/// Version 2, which speaks MQTT 5.
pub const BROKER_2: Broker = Broker {
    name: "aedes 2",
    packages: BROKER.packages,
    fetched: Some(Fetched {
        program: "node_modules/aedes/aedes.js",
        from: "aedes 2 from npm",
        get: |dir| npm(dir, &[PACKAGE, "ws"]),
    }),
    version,
    versions: BOTH,
    start: start_2,
    restarts: &[],
    login: None,
    known: &[],
};

fn npm(dir: &Path, packages: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(dir)
        .args(packages);
    command
}

fn version(place: &Place) -> Command {
    let mut command = Command::new("node");
    command
        .args([
            "-p",
            "'aedes ' + require('./node_modules/aedes/package.json').version",
        ])
        .current_dir(&place.fetched);
    command
}

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let ports = [(); 4].map(|()| free_port().to_string());
    let [tcp, tls, ws, wss] = &ports;
    let mut command = Command::new("node");
    command.arg(place.fetched.join(PROGRAM)).args([
        "--protos",
        "tcp",
        "tls",
        "ws",
        "wss",
        "--host",
        "127.0.0.1",
    ]);
    command.args([
        "--port",
        tcp,
        "--tls-port",
        tls,
        "--ws-port",
        ws,
        "--wss-port",
        wss,
        "--reject-unauthorized",
        "false",
    ]);
    command
        .arg("--cert")
        .arg(&secrets.server.0)
        .arg("--key")
        .arg(&secrets.server.1);
    command.current_dir(&place.dir);
    let [tcp, tls, ws, wss] = ports.map(|port| port.parse().unwrap_or_default());
    let listeners = vec![
        Listener::tcp(tcp),
        Listener::tls(tls),
        Listener::websocket(ws, "/mqtt"),
        Listener::secure_websocket(wss, "/mqtt"),
    ];
    Started::one(place, command, listeners)
}

fn start_2(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, ws, wss] = [(); 4].map(|()| free_port());
    let mut command = Command::new("node");
    command.arg(super::sources("aedes2.mjs"));
    command.arg(&place.fetched);
    command.arg(&secrets.server.0).arg(&secrets.server.1);
    command.args([tcp, tls, ws, wss].map(|port| port.to_string()));
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
