//! ejabberd, from Debian: a chat server that speaks MQTT too. It sends one message at a time, and chooses its identifiers at random.
use super::{Broker, Place, Started};
use motemq_rig::mosquitto::free_port;
use std::process::Command;

pub const BROKER: Broker = Broker {
    name: "ejabberd",
    packages: &[("ejabberdctl", "ejabberd")],
    fetched: None,
    version: |_| {
        let mut command = Command::new("dpkg-query");
        command.args(["--show", "--showformat", "ejabberd ${Version}", "ejabberd"]);
        command
    },
    start,
    login: Some(("interop", "interop")),
    known: &["takes an empty client identifier for a session that is kept", "sends queued messages with DUP the first time"],
};

/// Without ejabberdctl, which insists on a user of its own, and without Erlang's distribution, which would need one more process.
fn start(place: &Place) -> Result<Started, String> {
    let port = free_port();
    let config = format!(
        "hosts: [localhost]\nauth_method: [anonymous]\nanonymous_protocol: both\nallow_multiple_connections: true\nlisten:\n\
         \x20 - {{port: {port}, ip: \"127.0.0.1\", module: mod_mqtt, backlog: 100}}\nmodules:\n\
         \x20 mod_mqtt: {{access_publish: {{\"#\": [{{allow: all}}]}}, access_subscribe: {{\"#\": [{{allow: all}}]}}}}\n"
    );
    let mut command = Command::new("erl");
    command.args(["-noinput", "-mnesia", "dir"]).arg(format!("\"{}\"", place.dir.join("data").display())).args(["-s", "ejabberd"]);
    command.env("EJABBERD_CONFIG_PATH", place.write("ejabberd.yml", &config)?);
    command.env("EJABBERD_LOG_PATH", place.dir.join("ejabberd.log"));
    command.env("HOME", &place.dir);
    command.env("ERL_LIBS", format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH));
    Ok(Started { group: place.start(command)?, listeners: vec![("TCP", format!("mqtt://127.0.0.1:{port}"))], afterwards: None })
}
