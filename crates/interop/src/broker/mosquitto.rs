//! mosquitto, from Debian: the reference.
use super::{Broker, Place, Started};
use motemq_rig::mosquitto::{find, free_port};
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
    start,
    login: None,
    known: &["sends one copy of a message for overlapping filters, with the lower QoS"],
};

fn start(place: &Place) -> Result<Started, String> {
    let port = free_port();
    // As root it would become a user who cannot write here.
    let lines = [format!("listener {port} 127.0.0.1"), "allow_anonymous true".into(), "user root".into()];
    let config = place.write("mosquitto.conf", &lines.join("\n"))?;
    let mut command = Command::new(find("mosquitto").unwrap_or_else(|| "mosquitto".into()));
    command.arg("-c").arg(config);
    Ok(Started { group: place.start(command)?, listeners: vec![("TCP", format!("mqtt://127.0.0.1:{port}"))], afterwards: None })
}
