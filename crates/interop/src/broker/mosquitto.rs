//! mosquitto, from Debian: the reference.
use super::{BOTH, Broker, Listener, Place, Started};
use crate::{process::Signal, secrets::Secrets};
use motemq_testing::mosquitto::{find, free_port};
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "mosquitto",
    packages: &[("mosquitto", "mosquitto")],
    fetched: None,
    version: |_| {
        // It knows no option that prints the version and nothing else.
        let mut command = Command::new("sh");
        command.args(["-c", "mosquitto -h | head -n 1"]);
        command
    },
    versions: BOTH,
    start,
    restarts: &[Signal::Terminate],
    login: None,
    known: &[
        "sends one copy of a message for overlapping filters, with the lower QoS",
        "sends a large message over WebSocket at a rate of 4 KB every 100 ms",
    ],
};

fn start(place: &Place, secrets: &Secrets) -> Result<Started, String> {
    let [tcp, tls, mutual, ws, wss] = [(); 5].map(|()| free_port());
    let (certificate, key) = (secrets.server.0.display(), secrets.server.1.display());
    let secure = format!(
        "cafile {}\ncertfile {certificate}\nkeyfile {key}",
        secrets.ca.display()
    );
    // As root it would become a user who cannot write here.
    let config = format!(
        "user root\nallow_anonymous true\npersistence true\npersistence_location {}/\n\
         listener {tcp} 127.0.0.1\n\
         listener {tls} 127.0.0.1\n{secure}\n\
         listener {mutual} 127.0.0.1\n{secure}\nrequire_certificate true\n\
         listener {ws} 127.0.0.1\nprotocol websockets\n\
         listener {wss} 127.0.0.1\nprotocol websockets\n{secure}\n",
        place.dir.display()
    );
    let config = place.write("mosquitto.conf", &config)?;
    let mut command = Command::new(find("mosquitto").unwrap_or_else(|| "mosquitto".into()));
    command.arg("-c").arg(config);
    let listeners = vec![
        Listener::tcp(tcp),
        Listener::tls(tls),
        Listener::mutual(mutual),
        Listener::websocket(ws, "/mqtt"),
        Listener::secure_websocket(wss, "/mqtt"),
    ];
    Started::one(place, command, listeners)
}
