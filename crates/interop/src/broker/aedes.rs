//! aedes, from npm.
use super::{Broker, Fetched, Place, Started};
use motemq_rig::mosquitto::free_port;
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
            command.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(dir).arg("aedes-cli");
            command
        },
    }),
    version: |place| {
        let mut command = Command::new("node");
        command.args(["-p", "'aedes ' + require('./node_modules/aedes/package.json').version"]).current_dir(&place.fetched);
        command
    },
    start,
    login: None,
    known: &[
        "says that there is no session if it has no subscriptions",
        "sends messages again without DUP, and some of QoS 2 again after PUBREL",
        "closes the connection of another protocol version without CONNACK",
    ],
};

fn start(place: &Place) -> Result<Started, String> {
    let port = free_port();
    let mut command = Command::new("node");
    command.arg(place.fetched.join(PROGRAM)).args(["--protos", "tcp", "--host", "127.0.0.1", "--port", &port.to_string()]);
    command.current_dir(&place.dir);
    Ok(Started { group: place.start(command)?, listeners: vec![("TCP", format!("mqtt://127.0.0.1:{port}"))], afterwards: None })
}
