//! aedes, from npm.
use super::{Broker, Fetched, Listener, Place, Started};
use crate::secrets::Secrets;
use motemq_testing::mosquitto::free_port;
use std::process::Command;

const PROGRAM: &str = "node_modules/aedes-cli/bin/aedes";

pub const BROKER: Broker = Broker {
    name: "aedes",
    packages: &[("node", "nodejs"), ("npm", "npm")],
    fetched: Some(Fetched {
        program: PROGRAM,
        from: "aedes-cli from npm",
        get: |dir| {
            let mut command = Command::new("npm");
            command
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(dir)
                .arg("aedes-cli");
            command
        },
    }),
    version: |place| {
        let mut command = Command::new("node");
        command
            .args([
                "-p",
                "'aedes ' + require('./node_modules/aedes/package.json').version",
            ])
            .current_dir(&place.fetched);
        command
    },
    start,
    login: None,
    known: &[
        "reports no session if the session has no subscriptions",
        "sends messages again without the DUP flag, and some QoS 2 messages again after PUBREL",
        "closes connections of other protocol versions without CONNACK",
    ],
};

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
    Ok(Started {
        group: place.start(command)?,
        listeners,
        afterwards: None,
    })
}
